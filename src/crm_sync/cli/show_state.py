"""`status`, `problems`, `history`: what schema sync knows. No call to Salesforce."""

from __future__ import annotations

import json
import sys
from typing import Any

from crm_sync.cli.app import OK, PROBLEMS
from crm_sync.errors import SettingsError
from crm_sync.mapping.load import load_mappings, select
from crm_sync.report import terminal
from crm_sync.report.as_json import row_as_json
from crm_sync.report.console import make_console
from crm_sync.settings import load_settings
from crm_sync.sync import overview
from crm_sync.sync.database import connect

__all__ = ["history", "problems", "status"]


def status(target: str | None, *, as_json: bool) -> int:
    """Every org that the state knows, or the target's."""
    settings = load_settings()
    with connect(settings.database()) as connection:
        orgs = overview.orgs(connection, target)
        known = {m.name for m in load_mappings(settings.mappings) if m.enabled}
    if as_json:
        _print_json({"version": 1, "orgs": orgs})
        return OK
    console = make_console()
    if not orgs:
        console.print("No sync has run yet. Try `crm-sync dry-run`.")
    for org in orgs:
        console.print(f"{org['name']} ({org['org_id']}, {org['kind']}), target {org['target']}")
        run = org["last_run"]
        if run:
            calls = f"{run['calls']} API calls"
            console.print(f"  last run {run['run_number']}: {run['status']}, {run['at']}, {calls}")
            if run["message"]:
                console.print(f"  {run['message']}")
        for row in org["mappings"]:
            idle = "" if row["mapping"] in known else "  (no enabled mapping has this name)"
            states = ", ".join(f"{n} {s}" for s, n in row["open"].items())
            console.print(
                f"  {row['mapping']}: {row['in_order']} in order"
                + (f", {states}" if states else "") + idle
            )  # fmt: skip
        console.print(
            f"  schema sync: {org['size']}, {org['changes']} changes noted and not yet swept"
        )
    return OK


def problems(target: str | None, names: list[str], *, as_json: bool) -> int:
    """Rows that are not in order. Exit code 1 where there are any."""
    settings = load_settings()
    known = select(load_mappings(settings.mappings), names)
    with connect(settings.database()) as connection:
        org_id = _org_of(connection, settings, target)
        rows = list(overview.problems(connection, org_id, known))
    if as_json:
        _print_json({"version": 1, "rows": [row_as_json(row) for row in rows]})
    elif rows:
        terminal.rows_in_full(rows)
    else:
        print("Every row is in order.")
    return PROBLEMS if rows else OK


def history(target: str | None, key: str, *, as_json: bool) -> int:
    """What was sent of one row, newest first."""
    settings = load_settings()
    with connect(settings.database()) as connection:
        org_id = _org_of(connection, settings, target)
        entries = overview.history(connection, org_id, key)
    if as_json:
        _print_json({"version": 1, "entries": entries})
        return OK
    console = make_console()
    if not entries:
        console.print(f"Nothing was sent of a row with the key {key}.")
    for entry in entries:
        console.print(
            f"{entry['at']}  run {entry['run_number']}  {entry['mapping']}  {entry['action']}"
            f"  {entry['outcome']}  {entry['salesforce_id'] or ''}".rstrip()
        )
        for field, value in (entry["fields"] or {}).items():
            before, after = _said(value["before"]), _said(value["after"])
            console.print(f"    {field}: {before} -> {after}")
        if entry["problem"]:
            console.print(f"    {entry['problem']['sentence']} {entry['problem']['mend']}".rstrip())
    return OK


def _org_of(connection: Any, settings: Any, target: str | None) -> str:
    name, _ = settings.chosen(target)
    org_id = overview.org_of(connection, name)
    if org_id is None:
        raise SettingsError(
            f"Target {name} was never synced.", f"Run `crm-sync sync --target {name}` first."
        )
    return org_id


def _said(value: Any) -> str:
    return "—" if value is None else str(value)


def _print_json(content: Any) -> None:
    json.dump(content, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")
