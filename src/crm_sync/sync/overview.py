"""What schema sync knows, read for people: orgs and their runs, open rows, one row's history.

In: a connection. Out: frozen classes. No call to Salesforce.
"""

from __future__ import annotations

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
from crm_sync.sync.read import problem_rows
from crm_sync.sync.statements import statements

__all__ = [
    "Entry",
    "KnownOrg",
    "LastRun",
    "MappingState",
    "StateSize",
    "history",
    "org_of",
    "orgs",
    "problems",
    "size",
]


@dataclass(frozen=True)
class LastRun:
    """A run as it was noted. `counts` has a mapping's counts by name; a living run has no end."""

    run_number: int
    mode: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    calls: int
    message: str | None
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class MappingState:
    """One mapping's rows in one org: those in order, and the open ones by state."""

    mapping: str
    object: str
    in_order: int
    open: dict[str, int]


@dataclass(frozen=True)
class KnownOrg:
    """An org that a sync has worked on."""

    id: str
    name: str
    kind: str
    instance_url: str
    username: str | None
    targets: tuple[str, ...]
    last_run: LastRun | None
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
        found = cursor.execute(statements("overview")["orgs"], {"target": target}).fetchall()
        return [
            KnownOrg(
                id=row["org_id"],
                name=row["name"],
                kind=row["kind"],
                instance_url=row["instance_url"],
                username=row["username"],
                targets=tuple(row["targets"]),
                last_run=_last_run(row),
                mappings=tuple(
                    MappingState(**state)
                    for state in cursor.execute(
                        statements("overview")["states"], {"org": row["org_id"]}
                    ).fetchall()
                ),
            )
            for row in found
        ]


def _last_run(row: dict[str, Any]) -> LastRun | None:
    if row["run_number"] is None:
        return None
    return LastRun(**{name: row[name] for name in LastRun.__dataclass_fields__})


def size(connection: psycopg.Connection[Any]) -> StateSize:
    """What the state takes."""
    row = connection.execute(statements("overview")["size"]).fetchone() or (0, 0)
    return StateSize(int(row[0]), int(row[1]))


def org_of(connection: psycopg.Connection[Any], target: str) -> Org | None:
    """The org that a target is bound to, or None before its first sync."""
    row = connection.execute(statements("overview")["org_of"], {"target": target}).fetchone()
    return Org(*row) if row else None


def problems(
    connection: psycopg.Connection[Any], org_id: str, known: Sequence[Mapping]
) -> Iterator[PlanRow]:
    """The rows of these mappings that are not in order."""
    return problem_rows(connection, org_id, tuple(known), _facts(connection, org_id))


def history(connection: psycopg.Connection[Any], org_id: str, key: str) -> list[Entry]:
    """What was sent of a row, newest first; `key` is its key, external ID or Salesforce Id."""
    facts = _facts(connection, org_id)
    values = {"org": org_id, "key": key, "salesforce_id": long_id(key)}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statements("overview")["history"], values).fetchall()
    return [_entry(row, facts) for row in rows]


def _entry(row: dict[str, Any], facts: dict[str, ObjectFacts]) -> Entry:
    fields = facts[row["object"]].fields if row["object"] in facts else {}
    order = list(fields)
    return Entry(
        at=row["at"],
        run_number=row["run_number"],
        mapping=row["mapping"],
        object=row["object"] or "",
        table=row["source_table"] or "",
        key=row["key"],
        action=row["action"],
        outcome=row["outcome"],
        salesforce_id=row["salesforce_id"],
        changes=tuple(
            FieldChange(
                field=name,
                type=fields[name].type if name in fields else "string",
                before=change.get("before"),
                after=change.get("after"),
            )
            for name, change in sorted(
                (row["fields"] or {}).items(),
                key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order),
            )
        ),
        problem=Problem(
            **{name: row["problem"].get(name) or "" for name in ("code", "sentence", "mend")},
            field=row["problem"].get("field"),
            column=row["problem"].get("column"),
        )
        if row["problem"]
        else None,
    )


def _facts(connection: psycopg.Connection[Any], org_id: str) -> dict[str, ObjectFacts]:
    return {
        name: ObjectFacts.model_validate(content)
        for name, content in connection.execute(statements("overview")["facts"], {"org": org_id})
    }
