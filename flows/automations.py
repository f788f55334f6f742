"""Create the automations of automations.yaml on the Prefect server, or bring them up to date.

    python -m flows.automations --notify slack-webhook/crm

`prefect automation create` makes a second one of the same name instead; this may be repeated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from ruamel.yaml import YAML

FILE = Path(__file__).with_name("automations.yaml")
PLACEHOLDER = "NOTIFY"


def main(arguments: list[str] | None = None) -> int:
    """Create or update each automation; without a notification block, those that need none."""
    parser = argparse.ArgumentParser(prog="python -m flows.automations")
    parser.add_argument("--notify", metavar="TYPE/NAME", help="a notification block of the server")
    notify: str | None = parser.parse_args(arguments).notify
    with get_client(sync_client=True) as client:
        block_id = find_block(client, notify) if notify else None
        if notify and block_id is None:
            print(
                f"There is no block {notify}; create it under Blocks, or leave --notify out.",
                file=sys.stderr,
            )
            return 2
        for name, automation in read_automations(block_id):
            if automation is None:
                print(f"left out, it needs --notify: {name}")
            else:
                print(f"{store(client, automation)}: {name}")
    return 0


def find_block(client: SyncPrefectClient, reference: str) -> str | None:
    """The Id of a block, from `type/name`; None where there is no such block."""
    type_slug, _, name = reference.partition("/")
    if not type_slug or not name:
        return None
    try:
        return str(client.read_block_document_by_name(name, type_slug).id)
    except ObjectNotFound:
        return None


def read_automations(block_id: str | None) -> Iterator[tuple[str, AutomationCore | None]]:
    """Each automation by name; None for one that notifies when there is no block to do it."""
    for content in YAML(typ="safe").load(FILE.read_text("utf-8"))["automations"]:
        waiting = [action for action in content["actions"] if PLACEHOLDER in action.values()]
        for action in waiting:
            action["block_document_id"] = block_id
        is_usable = block_id is not None or not waiting
        yield content["name"], AutomationCore.model_validate(content) if is_usable else None


def store(client: SyncPrefectClient, automation: AutomationCore) -> str:
    """Create the automation, or replace the one of the same name."""
    former = client.read_automations_by_name(automation.name)
    if former:
        client.update_automation(former[0].id, automation)
        return "updated"
    client.create_automation(automation)
    return "created"


if __name__ == "__main__":
    sys.exit(main())
