"""What schema sync knows, read for people: orgs and their runs, open rows, one row's history.

In: a connection. Out: frozen classes. No call to Salesforce.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from crm_sync.mapping.model import Mapping
from crm_sync.report.model import FieldChange, Org, PlanRow, Problem
from crm_sync.salesforce.connect import long_id
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.mask import Mask, Masking
from crm_sync.sync.read import field_change, problem_rows
from crm_sync.sync.statements import statements
from crm_sync.sync.told import problem_of

__all__ = [
    "Entry",
    "KnownOrg",
    "MappingAtWork",
    "MappingState",
    "NotedRun",
    "RunAtWork",
    "StateSize",
    "history",
    "org_of",
    "orgs",
    "problems",
    "runs_at_work",
    "size",
    "sources",
]


RUNS = 5
"""Runs of an org that are told."""


@dataclass(frozen=True)
class NotedRun:
    """A run as it was noted. `counts` has a mapping's counts by name; a living run has no end and
    no `seconds`, and notes its calls when it ends.
    """

    run_number: int
    mode: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    calls: int
    message: str | None
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class MappingAtWork:
    """One mapping's rows in a run that is at work: still planned, on their way, and confirmed."""

    mapping: str
    object: str
    planned: int
    sending: int
    recorded: int


@dataclass(frozen=True)
class RunAtWork:
    """A run that is at work now, in this process or elsewhere. No mapping while it compares."""

    org: str
    run_number: int
    started_at: datetime
    mappings: tuple[MappingAtWork, ...]


@dataclass(frozen=True)
class MappingState:
    """One mapping's rows in one org: those in order, and the open ones by state."""

    mapping: str
    object: str
    in_order: int
    open: dict[str, int]


@dataclass(frozen=True)
class KnownOrg:
    """An org that a sync has worked on. `runs`: the last ones, newest first. `changes_waiting`:
    what its next plan reads; None where it compares every row.
    """

    id: str
    name: str
    kind: str
    instance_url: str
    username: str | None
    edition: str | None
    targets: tuple[str, ...]
    runs: tuple[NotedRun, ...]
    changes_waiting: int | None
    at_work: RunAtWork | None
    mappings: tuple[MappingState, ...]


@dataclass(frozen=True)
class StateSize:
    """How much schema sync takes of the database, in bytes, and the changes that it notes."""

    bytes: int
    changes: int


@dataclass(frozen=True)
class Entry:
    """One attempt to send a row, as `sync.history` keeps it."""

    at: datetime
    run_number: int
    mapping: str
    object: str
    table: str
    key: str
    action: str
    outcome: str
    salesforce_id: str | None
    changes: tuple[FieldChange, ...]
    problem: Problem | None


def orgs(connection: psycopg.Connection[Any], target: str | None) -> list[KnownOrg]:
    """Every org that was synced, or the one that a target is bound to."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = _read(cursor, "orgs", target=target)
        known: list[KnownOrg] = []
        for row in found:
            org = {"org": row["org_id"]}
            runs = tuple(NotedRun(**run) for run in _read(cursor, "runs", **org, limit=RUNS))
            known.append(
                KnownOrg(
                    id=row["org_id"],
                    name=row["name"],
                    kind=row["kind"],
                    instance_url=row["instance_url"],
                    username=row["username"],
                    edition=row["edition"],
                    targets=tuple(row["targets"]),
                    runs=runs,
                    changes_waiting=_read(cursor, "changes_waiting", **org)[0]["number"],
                    at_work=_at_work(cursor, row, runs),
                    mappings=tuple(
                        MappingState(**state) for state in _read(cursor, "states", **org)
                    ),
                )
            )
        return known


def runs_at_work(connection: psycopg.Connection[Any], target: str | None) -> list[RunAtWork]:
    """The runs that are at work now: on any org, or on the one that a target is bound to."""
    found: list[RunAtWork] = []
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in _read(cursor, "orgs", target=target):
            runs = [NotedRun(**run) for run in _read(cursor, "runs", org=row["org_id"], limit=1)]
            if at_work := _at_work(cursor, row, runs):
                found.append(at_work)
    return found


def _at_work(
    cursor: psycopg.Cursor[dict[str, Any]], org: dict[str, Any], runs: Sequence[NotedRun]
) -> RunAtWork | None:
    if not runs or runs[0].status != "running":
        return None
    rows = _read(cursor, "at_work", org=org["org_id"], run=runs[0].run_number)
    mappings = tuple(MappingAtWork(**row) for row in rows)
    return RunAtWork(org["name"], runs[0].run_number, runs[0].started_at, mappings)


def _read(
    cursor: psycopg.Cursor[dict[str, Any]], block: str, **values: Any
) -> list[dict[str, Any]]:
    """The rows of a block of overview.sql."""
    return cursor.execute(statements("overview")[block], values).fetchall()


def size(connection: psycopg.Connection[Any]) -> StateSize:
    """What the state takes."""
    row = connection.execute(statements("overview")["size"]).fetchone() or (0, 0)
    return StateSize(int(row[0]), int(row[1]))


def org_of(connection: psycopg.Connection[Any], target: str) -> Org | None:
    """The org that a target is bound to, or None before its first sync."""
    row = connection.execute(statements("overview")["org_of"], {"target": target}).fetchone()
    return Org(*row) if row else None


def problems(
    connection: psycopg.Connection[Any],
    org_id: str,
    known: Sequence[Mapping],
    masking: Masking,
) -> Iterator[PlanRow]:
    """The rows of these mappings that are not in order."""
    facts = _facts(connection, org_id)
    return problem_rows(connection, org_id, tuple(known), facts, masking.mask(facts))


def history(
    connection: psycopg.Connection[Any],
    org_id: str,
    key: str,
    masking: Masking,
    table: str | None = None,
) -> list[Entry]:
    """What was sent of a row, newest first; `key` is its key, external ID or Salesforce Id, which
    counts alone where it is one. `table`: of this table, or mapping, alone.
    """
    facts = _facts(connection, org_id)
    mask = masking.mask(facts)
    is_id = re.fullmatch(r"[A-Za-z0-9]{15}([A-Z0-5]{3})?", key)
    given = long_id(key) if is_id else None
    values = {"org": org_id, "key": key, "salesforce_id": given, "table": table}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statements("overview")["history"], values).fetchall()
    return [_entry(row, facts, mask) for row in rows]


def sources(connection: psycopg.Connection[Any], org_id: str) -> dict[str, str]:
    """The table of each mapping that has state in an org."""
    return dict(connection.execute(statements("overview")["sources"], {"org": org_id}).fetchall())


def _entry(row: dict[str, Any], facts: dict[str, ObjectFacts], mask: Mask) -> Entry:
    fields = facts[row["object"]].fields if row["object"] in facts else {}
    order = list(fields)
    after, before, edited = (row[name] or {} for name in ("after", "before", "edited"))
    changes = [
        field_change(
            fields, name, before.get(name), after.get(name),
            is_edited=name in edited, current=edited.get(name),
        )
        for name in sorted(
            after.keys() | edited.keys(),
            key=lambda name: (order.index(name) if name in order else len(order), name),
        )
    ]  # fmt: skip
    return Entry(
        at=row["at"],
        run_number=row["run_number"],
        mapping=row["mapping"],
        object=row["object"] or "",
        table=row["source_table"] or "",
        key=mask.key(row["key"]),
        action=row["action"],
        outcome=row["outcome"],
        salesforce_id=row["salesforce_id"],
        changes=mask.changes(row["mapping"], changes),
        problem=mask.problem(row["mapping"], problem_of(row["problem"]), changes)
        if row["problem"]
        else None,
    )


def _facts(connection: psycopg.Connection[Any], org_id: str) -> dict[str, ObjectFacts]:
    return {
        name: ObjectFacts.model_validate(content)
        for name, content in connection.execute(statements("overview")["facts"], {"org": org_id})
    }
