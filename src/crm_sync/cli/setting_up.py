"""`org setup`: calls the library, asks the person, shows what was done."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from crm_sync.check.everything import described_objects
from crm_sync.check.saved import Described, read_described
from crm_sync.cli.exits import OK, PROBLEMS, STOPPED
from crm_sync.errors import OrgChangedError, SettingsError, SetupError
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.of_target import mappings_of
from crm_sync.org_setup.carrying_out import carry_out
from crm_sync.org_setup.difference import difference
from crm_sync.org_setup.naming import FieldNames
from crm_sync.org_setup.page import Known, page
from crm_sync.org_setup.present import assignee, fields_of_org, held, present
from crm_sync.org_setup.saying import (
    for_the_administrator,
    outcome_lines,
    plan_lines,
    question,
)
from crm_sync.org_setup.source import source_files, write_source
from crm_sync.org_setup.steps import KEY, VIEW, Plan
from crm_sync.org_setup.undo import undo
from crm_sync.org_setup.wanted import Wanted, wanted
from crm_sync.report.model import Org
from crm_sync.report.output import write
from crm_sync.salesforce.metadata import MetadataClient
from crm_sync.settings import Settings, load_settings
from crm_sync.sync.state import ask_org

__all__ = ["Choice", "setup"]


@dataclass(frozen=True)
class Choice:
    """What the command line chose. `describes`: saved ones, instead of an org."""

    target: str | None
    dry_run: bool
    back: bool
    with_fields: bool
    list_views: bool
    assign_to: str | None
    yes: bool
    page: Path | None
    source: Path | None
    offline: bool
    describes: Path | None


def setup(choice: Choice) -> int:
    """Sets the org up, or takes it back. Exit code 1 where something is left for a person."""
    settings = load_settings()
    if choice.offline:
        name = settings.chosen(choice.target)[0] if choice.target else None
        return _offline(choice, settings, _mappings(settings, name))
    name, target = settings.chosen(choice.target)
    mappings = _mappings(settings, name)
    if not choice.dry_run:
        settings.for_target(name).require_mappings()
    client = MetadataClient(name, target)
    org = ask_org(client)
    print(org.sentence())
    _check_kind(org)
    who = assignee(client, choice.assign_to)
    names, absent = fields_of_org(client, mappings)
    want = wanted(mappings, names, absent, views=choice.list_views)
    there = present(client, want, names)
    if choice.back:
        values = held(client, want, there) if choice.with_fields else None
        plan = undo(want, there, who, values)
    else:
        plan = difference(want, there, who)
    for line in plan_lines(plan):
        print(line)
    written = _write(choice, want, client.target.api_version, Known(org, who.username, plan))
    if not plan.steps:
        print("Nothing to do.")
        return PROBLEMS if plan.problems else OK
    if not there.may_change and (plan.of(KEY, VIEW) or not there.sees_permissions):
        for line in for_the_administrator(
            who, target=org.target, views=choice.list_views, written=written
        ):
            print(line)
        return PROBLEMS
    if choice.dry_run:
        print("This was a dry run: nothing was changed.")
        return PROBLEMS if plan.problems else OK
    if written and not choice.yes and not _is_terminal():
        print("Nothing was changed in the org: nobody could be asked, and --yes was not given.")
        return OK
    if not _is_agreed(org, plan, choice):
        print("Nothing was changed.")
        return STOPPED
    return _carry_out(client, plan)


def _mappings(settings: Settings, target: str | None) -> list[Mapping]:
    return [m for m in mappings_of(settings, target) if m.enabled]


def _offline(choice: Choice, settings: Settings, mappings: Sequence[Mapping]) -> int:
    described: dict[str, Described] = {}
    if choice.describes is not None:
        described, damaged = read_described(choice.describes, described_objects(mappings))
        for name, file in damaged.items():
            raise SettingsError(
                f"{file} is not the describe of {name}.", "Save it anew: crm-sync describe --save"
            )
    want = wanted(mappings, FieldNames(described), views=choice.list_views)
    for problem in want.problems:
        print(f"Not in order: {problem}")
    version = next((t.api_version for t in settings.targets.values()), "60.0")
    _write(choice, want, version, None)
    return PROBLEMS if want.problems else OK


def _write(choice: Choice, want: Wanted, api_version: str, known: Known | None) -> list[str]:
    """The page and the source folder, where they are asked for; what was written."""
    written: list[str] = []
    if choice.page:
        written.append(str(write(choice.page, page(want, known))))
    if choice.source:
        username = known.username if known else choice.assign_to
        files = source_files(want, api_version, username)
        written.append(str(write_source(choice.source, files)))
    for path in written:
        print(f"Written: {path}")
    return written


def _check_kind(org: Org) -> None:
    """Raises OrgChangedError where the address says sandbox and the org says production: the
    addresses of sandboxes end so (Salesforce Help, My Domain URL Formats).
    """
    host = urlparse(org.instance_url).hostname or ""
    if org.kind == "production" and host.endswith(".sandbox.my.salesforce.com"):
        raise OrgChangedError(
            f"The address of target {org.target} is a sandbox's ({host}), and the org says that it "
            "is production. Nothing was changed.",
            "Correct instance_url of the target.",
        )


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _is_agreed(org: Org, plan: Plan, choice: Choice) -> bool:
    """Asks. In production always, on a terminal, and by the org's name."""
    if org.kind == "production":
        if not _is_terminal():
            raise SetupError(
                f"{org.name} ({org.id}) is {org.called}, and there is no terminal to ask on: "
                "nothing was changed.",
                "Run this on a terminal, or let the administrator deploy what --source writes.",
            )
    elif choice.yes:
        return True
    elif not _is_terminal():
        raise SetupError(
            "Nothing was changed: there is no terminal to ask on.", "Add --yes to go on unasked."
        )
    try:
        answer = input(question(org, plan, back=choice.back)).strip()
    except EOFError:
        return False
    if org.kind == "production":
        return answer == org.name
    return answer.lower() in ("y", "yes")


def _carry_out(client: MetadataClient, plan: Plan) -> int:
    outcome = carry_out(client, plan)
    for line in outcome_lines(outcome):
        print(line)
    if outcome.ended is not None:
        raise outcome.ended
    return OK if outcome.is_whole and not plan.problems else PROBLEMS
