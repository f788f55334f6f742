"""`status`, `problems`, `history`: what schema sync knows. No call to Salesforce.

The shape of its JSON: `report/shapes.py` (docs/output.schema.json).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import psycopg

from crm_sync.cli import tables
from crm_sync.cli import watch as watching
from crm_sync.cli.exits import OK, PROBLEMS
from crm_sync.errors import MappingError, SettingsError
from crm_sync.mapping.load import select
from crm_sync.mapping.of_target import mappings_of
from crm_sync.names import nearest
from crm_sync.report import terminal
from crm_sync.report.as_json import change_as_json, dumped, row_as_json
from crm_sync.report.console import make_console
from crm_sync.report.headline import counted
from crm_sync.report.links import record_link
from crm_sync.report.model import Org, PlanRow
from crm_sync.report.shapes import VERSION
from crm_sync.report.values import visible
from crm_sync.settings import Settings, load_settings
from crm_sync.sync import overview
from crm_sync.sync.database import connect
from crm_sync.sync.mask import Masking

__all__ = ["history", "problems", "status"]


def status(target: str | None, *, watch: bool, as_json: bool, quiet: bool) -> int:
    """Every org that the state knows, or the target's. `watch`: as soon as no run is at work."""
    settings = load_settings()
    with connect(settings.database()) as connection:
        orgs = overview.orgs(connection, target)
        if target is not None and not orgs:
            settings.chosen(target)  # a name that is none is an error
        if watch and any(org.at_work for org in orgs):
            watching.watch(connection, target, quiet=quiet)
            orgs = overview.orgs(connection, target)
        size = overview.size(connection)
    unreadable: dict[str, None] = {}
    known = {org.id: _enabled(settings, org, unreadable) for org in orgs}
    synced = {name for org in orgs for name in org.targets}
    wanted = settings.targets if target is None else [target]
    never = sorted(set(wanted) - synced)
    if as_json:
        said = [_status_json(org, known[org.id]) for org in orgs]
        _print_json("status", orgs=said, never_synced=never, size=asdict(size))
    elif not quiet:
        tables.status(make_console(), orgs, never, size, known)
        for reason in unreadable:
            print(f"Which mappings are enabled cannot be told. {reason}")
    return OK


def _enabled(
    settings: Settings, org: overview.KnownOrg, unreadable: dict[str, None]
) -> dict[str, bool] | None:
    """Which mappings of an org's target are enabled; or None, and why is noted: the state can be
    told without them.
    """
    target = next((name for name in org.targets if name in settings.targets), None)
    try:
        return {m.name: m.enabled for m in mappings_of(settings, target)}
    except (MappingError, SettingsError) as error:
        unreadable[str(error)] = None
        return None


def _status_json(org: overview.KnownOrg, known: dict[str, bool] | None) -> dict[str, Any]:
    said = asdict(org)
    said["last_run"] = said["runs"][0] if said["runs"] else None
    for state in said["mappings"]:
        state["enabled"] = None if known is None else known.get(state["mapping"], False)
    return said


def problems(target: str | None, names: list[str], *, rows: int, as_json: bool, quiet: bool) -> int:
    """Rows that are not in order. Exit code 1 where there are any."""
    settings = load_settings()
    files = mappings_of(settings, settings.chosen(target)[0])
    known = select(files, names)
    with _state_of(settings, target) as (connection, org):
        masking = Masking(files, settings.mask_emails_and_phones)
        found = list(overview.problems(connection, org.id, known, masking))
    if as_json:
        _print_json("problems", org=asdict(org), rows=[row_as_json(row, org) for row in found])
    elif not quiet:
        print(org.sentence())
        _print_problems(found, rows, org)
    return PROBLEMS if found else OK


def _print_problems(rows: list[PlanRow], limit: int, org: Org) -> None:
    if not rows:
        print("Every row is in order.")
        return
    verb = "is" if len(rows) == 1 else "are"
    states = ", ".join(f"{n:,} {state}" for state, n in Counter(r.state for r in rows).items())
    print(f"{counted(len(rows), 'row')} {verb} not in order: {states}.\n", flush=True)
    terminal.rows_in_full((_fields_at_fault(row) for row in rows[:limit]), org=org)
    if len(rows) > limit:
        print(f"and {len(rows) - limit:,} more: crm-sync problems --rows {len(rows)}")


def _fields_at_fault(row: PlanRow) -> PlanRow:
    """The row with those fields alone that its problems name."""
    named = {problem.field for problem in row.problems}
    return replace(row, changes=tuple(c for c in row.changes if c.field in named))


def history(
    target: str | None, table: str | None = None, *, key: str, rows: int, as_json: bool
) -> int:
    """What was sent of one row, newest first; `table`: it, or the mapping that reads it."""
    settings = load_settings()
    try:
        files, unreadable = mappings_of(settings, settings.chosen(target)[0]), ""
    except MappingError as error:
        files, unreadable = (), str(error)
    masking = Masking(files, settings.mask_emails_and_phones or bool(unreadable))
    with _state_of(settings, target) as (connection, org):
        if table is not None:
            _check_table(table, overview.sources(connection, org.id))
        entries = overview.history(connection, org.id, key, masking, table)
    if as_json:
        said = [_entry_json(entry, org) for entry in entries]
        _print_json("history", org=asdict(org), table=table, key=key, entries=said)
        return OK
    print(org.sentence(), flush=True)
    if unreadable:
        print(f"Values are masked: which are sensitive cannot be told. {unreadable}")
    if entries:
        tables.history(make_console(), entries[:rows])
        if len(entries) > rows:
            print(f"and {len(entries) - rows:,} older: --rows {len(entries)}")
    else:
        whose = f"a row of {table}" if table else "a row"
        print(f"Nothing was sent of {whose} with the key or Salesforce Id {visible(key)}.")
    return OK


def _check_table(table: str, sources: dict[str, str]) -> None:
    """Raises SettingsError for what is neither a mapping nor the table of one."""
    known = list(dict.fromkeys([*sources.values(), *sources]))
    if table not in known:
        raise SettingsError(
            f"Nothing was ever sent of a table or mapping {visible(table)}.",
            f"{nearest(table, known)} Known: {', '.join(known)}.".strip(),
        )


def _entry_json(entry: overview.Entry, org: Org) -> dict[str, Any]:
    changes = [change_as_json(change) for change in entry.changes]
    link = record_link(org, entry.salesforce_id)
    return {**asdict(entry), "changes": changes, "link": link}


@contextmanager
def _state_of(
    settings: Settings, target: str | None
) -> Iterator[tuple[psycopg.Connection[Any], Org]]:
    name, _ = settings.chosen(target)
    with connect(settings.database()) as connection:
        org = overview.org_of(connection, name)
        if org is None:
            raise SettingsError(
                f"The target {name} was never synced.", f"Run `crm-sync sync --target {name}`."
            )
        yield connection, org


def _print_json(kind: str, **content: Any) -> None:
    whole = {"version": VERSION, "kind": kind, **content}
    print(dumped(whole))
