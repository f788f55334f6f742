"""Records what the client and the local org say to each other, into tests/recorded/.

    python -m tools.record            write the files
    python -m tools.record --check    change nothing; exit 1 when a file is not as it would be

Each `NAME.sql` there is a short life of a few rows, step by step, for the mapping NAME; beside it
`NAME.json` has what the sync after each step says and hears once it has signed in, and
`first_sync.json` what a sync says to an org that it does not know yet, the same for all.

Secrets are blanked, the org has a fixed Id and a stopped clock, so a recording changes only when
the client or the org does. Of a describe the file keeps what a client of ours reads.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from crm_sync.demo.embedded import OWNER, create_database, server_url
from crm_sync.demo.servers import demo_servers
from crm_sync.files import sql_file
from crm_sync.localorg.calls import RecordedCall
from crm_sync.localorg.serve import LocalOrg
from crm_sync.settings import Settings
from crm_sync.sync import run

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "tests" / "recorded"
FIRST_SYNC = "first_sync"
ORG_ID = "00DLo0000recOrd"
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOST = "https://recorded.example.com"
BLANKED = frozenset({"client_id", "client_secret", "access_token", "signature", "issued_at"})
BLANK = "(blanked)"
WIDTH = 100
FIELD_KEYS = (
    "name", "label", "type", "length", "precision", "scale", "digits", "createable", "updateable",
    "nillable", "defaultedOnCreate", "restrictedPicklist", "unique", "caseSensitive", "externalId",
    "idLookup", "referenceTo", "relationshipName",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One change of the rows. `refuse` is a fault rule of the local org, in force for this step."""

    name: str
    sql: str
    refuse: dict[str, Any] | None


def read_steps(mapping: str) -> list[Step]:
    """The steps of a mapping's file, in order."""
    text = (RECORDED / f"{mapping}.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- step: (.*)\n", text, flags=re.MULTILINE)
    steps: list[Step] = []
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        rule = "".join(re.findall(r"^-- refuse: (.*)$", body, re.MULTILINE))
        steps.append(Step(name, body, json.loads(rule) if rule else None))
    return steps


def main(arguments: list[str] | None = None) -> int:
    """Record every scenario; with --check compare only."""
    parser = argparse.ArgumentParser(prog="python -m tools.record")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if stale")
    is_check = parser.parse_args(arguments).check
    stale = 0
    for name, content in recordings():
        file, text = RECORDED / f"{name}.json", pretty(content) + "\n"
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{file.relative_to(ROOT)}: {'stale' if is_check else 'written'}")
        if not is_check:
            file.write_text(text, encoding="utf-8", newline="\n")
    return 1 if is_check and stale else 0


def recordings() -> Iterator[tuple[str, Any]]:
    """Each file's name and content."""
    with demo_servers(org=False) as servers:
        for number, file in enumerate(sorted(RECORDED.glob("*.sql"))):
            name = file.stem
            database = f"recorded_{name}"
            create_database(servers.admin_url, database)
            owner_url = server_url(servers.admin_url, OWNER, database)
            with recorded_org() as org, psycopg.connect(owner_url, autocommit=True) as owner:
                for schema in ("schema.sql", "views.sql"):
                    owner.execute(sql_file(schema).encode())
                settings = settings_of(org, server_url(servers.admin_url, "crm_sync", database))
                run.sync(settings)
                first = exchanges(org)
                if number == 0:
                    yield FIRST_SYNC, {"exchanges": first}
                yield (
                    name,
                    {"steps": [taken(step, org, owner, settings) for step in read_steps(name)]},
                )


@contextmanager
def recorded_org() -> Iterator[LocalOrg]:
    """An org that is the same at each recording."""
    with LocalOrg(data=None, org_id=ORG_ID, clock=lambda: NOW) as org:
        yield org


def settings_of(org: LocalOrg, database_url: str) -> Settings:
    """Where a recording's sync goes."""
    target = {
        "instance_url": org.instance_url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "ca_bundle": str(org.ca_bundle),
        "attempts": 1,
    }
    return Settings.model_validate(
        {
            "database_url": database_url,
            "mappings": ROOT / "mappings",
            "targets": {"recorded": target},
        }
    )


def taken(
    step: Step, org: LocalOrg, owner: psycopg.Connection[Any], settings: Settings
) -> dict[str, Any]:
    """One step: its SQL, and what the sync after it says and hears."""
    owner.execute(step.sql.encode())
    org.faults = [step.refuse] if step.refuse else []
    report = run.sync(settings)
    return {
        "step": step.name,
        "status": report.status,
        "exchanges": [e for e in exchanges(org) if not e["path"].endswith("/token")],
    }


def exchanges(org: LocalOrg) -> list[dict[str, Any]]:
    """The calls since the last step, without what differs from one recording to the next."""
    found = [_exchange(call, org.instance_url) for call in org.calls]
    org.calls.clear()
    return found


def _exchange(call: RecordedCall, instance_url: str) -> dict[str, Any]:
    said = {
        "method": call.method,
        "path": call.path,
        "client": call.client,
        "body": call.body,
        "status": call.status,
        "answer": _slim(call.answer),
    }
    found: dict[str, Any] = json.loads(json.dumps(exchange_body(said)).replace(instance_url, HOST))
    return found


def exchange_body(value: Any) -> Any:
    """A body as a recording has it: secrets blanked."""
    if isinstance(value, dict):
        return {k: BLANK if k in BLANKED else exchange_body(v) for k, v in value.items()}
    if isinstance(value, list):
        return [exchange_body(v) for v in value]
    return value


def _slim(value: Any) -> Any:
    """Describes have some 70 keys per field; the rest of an answer stays as it is."""
    if isinstance(value, list):
        return [_slim(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "fields" in value and "childRelationships" in value:
        return {
            **{k: value[k] for k in ("name", "label", "createable", "updateable", "deletable")},
            "fields": [_slim_field(field) for field in value["fields"]],
            "childRelationships": [
                {k: child[k] for k in ("childSObject", "field", "cascadeDelete")}
                for child in value["childRelationships"]
                if child["cascadeDelete"]
            ],
        }
    return {k: _slim(v) for k, v in value.items()}


def _slim_field(field: dict[str, Any]) -> dict[str, Any]:
    values = [{k: v[k] for k in ("value", "active")} for v in field.get("picklistValues", ())]
    return {**{k: field[k] for k in FIELD_KEYS if field.get(k)}, "picklistValues": values}


def pretty(value: Any, indent: str = "") -> str:
    """JSON that a person reads in a review: what fits into a line stands in one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not isinstance(value, (dict, list)):
        return line
    deeper = indent + " "
    if isinstance(value, dict):
        parts = [f"{json.dumps(k)}: {pretty(v, deeper)}" for k, v in value.items()]
    else:
        parts = [pretty(v, deeper) for v in value]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    return f"{begin}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{end}"


if __name__ == "__main__":
    sys.exit(main())
