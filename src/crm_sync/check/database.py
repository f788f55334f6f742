"""The database as a whole: the triggers on mapped tables, Power BI's role, row level security.

In: a connection and the mappings. Out: findings. The statements stand in `database.sql`; what is
asked of triggers is what a sync asks (`sync/due.sql`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.blocks import blocks
from crm_sync.files import sql_file
from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.compile import raw
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.sync.statements import statements

__all__ = ["database_wide_findings"]

DATABASE = "database"
"""What a finding is about that no line of a file is to blame for."""
READER = "powerbi_reader"
SHOWN = 5


def database_wide_findings(
    connection: psycopg.Connection[Any], mappings: Sequence[Mapping], catalog: Catalog
) -> Iterator[Finding]:
    """What is not right with triggers, Power BI's role and row level security."""
    yield from _triggers(connection, mappings, catalog)
    yield from _reader(connection)
    yield from _open_tables(connection, mappings)


def _triggers(
    connection: psycopg.Connection[Any], mappings: Sequence[Mapping], catalog: Catalog
) -> Iterator[Finding]:
    """Tables whose changes nobody notes: each sync compares all of their rows, and takes longer.
    And triggers beside those that do not run.
    """
    places = _places(mappings)
    tables = [name for name in places if name in catalog and catalog[name].kind == "table"]
    told: set[tuple[str, str]] = set()
    rows = connection.execute(statements("due")["source_states"], {"tables": tables})
    for table, complaint, _ in sorted(rows):
        if complaint is None:
            continue
        lacking = _ask(connection, "noting_triggers", table=table)
        told |= {(table, trigger) for _, _, trigger in lacking}
        sentence, _, is_ours = str(complaint).partition("; ")
        if is_ours:
            sentence = f"does not note every change ({_each(lacking)})"
        yield said_of(
            *places[table], "triggers",
            f"{table} {sentence}: each sync compares every row of it.",
            _noting_mend(table, lacking)
            if is_ours
            else "Map the tables that it is divided into, or none of them.",
            severity="warning",
        )  # fmt: skip
    for table, trigger in _ask(connection, "silent_triggers", tables=tables):
        if (table, trigger) not in told:
            yield said_of(
                *places[table], "triggers",
                f"The trigger {trigger} of {table} is disabled: what it does at a write is left "
                "undone.",
                f"alter table public.{table} enable trigger {trigger}; or drop it, if it is not "
                "wanted.",
                severity="warning",
            )  # fmt: skip

    yield from _missing(connection, places, tables)


_TRIGGER = re.compile(
    r"create or replace trigger (\w+) [\w ]+ on public\.(\w+)\s[^;]*?"
    r"execute function public\.(\w+)\(\)"
)


def _missing(
    connection: psycopg.Connection[Any],
    places: dict[str, tuple[Mapping, tuple[str, ...]]],
    tables: Sequence[str],
) -> Iterator[Finding]:
    """Triggers that schema.sql gives a table, and that it lacks. (What notes changes is told by
    itself.)
    """
    given = [found for found in _TRIGGER.findall(sql_file("schema.sql")) if found[1] in tables]
    missing = _ask(
        connection, "missing_triggers",
        names=[name for name, _, _ in given],
        tables=[table for _, table, _ in given],
        functions=[function for _, _, function in given],
    )  # fmt: skip
    for table, trigger in missing:
        yield said_of(
            *places[table], "triggers",
            f"{table} lacks the trigger {trigger}, which schema.sql gives it: what it does at a "
            "write is left undone.",
            "Let the owner run crm-sync db apply.", severity="warning",
        )  # fmt: skip


def _each(lacking: Sequence[tuple[Any, ...]]) -> str:
    """Which writes nobody notes, and why."""
    return ", ".join(
        f"{write}: {f'trigger {trigger} is disabled' if trigger else 'no trigger'}"
        for _, write, trigger in lacking
    )


def _noting_mend(table: str, lacking: Sequence[tuple[Any, ...]]) -> str:
    if disabled := [trigger for _, _, trigger in lacking if trigger]:
        return "; ".join(f"alter table public.{table} enable trigger {name}" for name in disabled)
    return (
        "`crm-sync db apply` makes the triggers of our own tables; for others see schema.sql, "
        "section 5."
    )


def _places(mappings: Sequence[Mapping]) -> dict[str, tuple[Mapping, tuple[str, ...]]]:
    """The tables that mappings read, each with where the first mapping names it."""
    places: dict[str, tuple[Mapping, tuple[str, ...]]] = {}
    for mapping in mappings:
        places.setdefault(mapping.source.table, (mapping, ("source", "table")))
        for alias, target in mapping.source.join.items():
            places.setdefault(target, (mapping, ("source", "join", alias)))
    return places


def _ask(connection: psycopg.Connection[Any], name: str, **values: Any) -> list[tuple[Any, ...]]:
    statement = blocks("crm_sync.check", "database.sql")[name]
    return connection.execute(statement.encode(), values or None).fetchall()


def _reader(connection: psycopg.Connection[Any]) -> Iterator[Finding]:
    """What Power BI needs, and what it must not have."""
    roles = _ask(connection, "reader")
    has_views = _ask(connection, "has_views")[0][0]
    if not has_views and not roles:
        yield Finding(
            "power-bi", "information", DATABASE, "Nothing is here for Power BI.",
            "If it is to read this database: crm-sync db apply",
        )  # fmt: skip
        return
    if not has_views or not roles:
        lacking = f"the role {READER}" if has_views else "schema analytics"
        yield Finding(
            "power-bi", "warning", DATABASE, f"Power BI cannot read: {lacking} is missing.",
            f"create role {READER} login; then crm-sync db apply"
            if has_views
            else "crm-sync db apply",
        )  # fmt: skip
    if has_views:
        for role, count in _ask(connection, "exposed_views"):
            yield Finding(
                "power-bi", "error", DATABASE,
                f"{role} may read {count} view{'s' if count > 1 else ''} of schema analytics: "
                "every caller of the API would see all rows.",
                f"revoke all on all tables in schema analytics from {role}",
            )  # fmt: skip
    if has_views and roles:
        yield from _rights(connection, *roles[0])


def _rights(
    connection: psycopg.Connection[Any], can_login: bool, is_super: bool, bypasses: bool
) -> Iterator[Finding]:
    if is_super or bypasses:
        yield Finding(
            "power-bi", "error", DATABASE,
            f"{READER} is {'a superuser' if is_super else 'not bound by row level security'}.",
            f"alter role {READER} nosuperuser nobypassrls",
        )  # fmt: skip
    if not can_login:
        yield Finding(
            "power-bi", "warning", DATABASE, f"{READER} may not sign in.",
            f"Let the owner run crm-sync db login {READER}.",
        )  # fmt: skip
    if unreadable := [row[0] for row in _ask(connection, "unreadable_views")]:
        yield Finding(
            "power-bi", "warning", DATABASE,
            f"{READER} cannot read {_some(unreadable, 'view')} of schema analytics.",
            "Apply views.sql again as the owner: crm-sync db apply",
        )  # fmt: skip
    tables = [] if is_super else [row[0] for row in _ask(connection, "readers_tables")]
    if tables:
        yield Finding(
            "power-bi", "error", DATABASE,
            f"{READER} has rights on {_some(tables, 'table')}; it needs the views only.",
            f"revoke all on {tables[0]} from {READER}, and likewise the others.",
        )  # fmt: skip
    if invokers := [row[0] for row in _ask(connection, "invoker_views")]:
        yield Finding(
            "power-bi", "warning", DATABASE,
            f"{_some(invokers, 'view')} of schema analytics run with the reader's rights, and "
            f"{READER} has none on the tables.",
            f"alter view analytics.{invokers[0]} reset (security_invoker)",
        )  # fmt: skip


def _open_tables(
    connection: psycopg.Connection[Any], mappings: Sequence[Mapping]
) -> Iterator[Finding]:
    """Tables of which every caller of the API sees, or changes, all rows."""
    places = _places(mappings)
    for table, roles in _ask(connection, "open_tables", tables=list(places)):
        yield said_of(
            *places[table], "row-level-security",
            f"{table} has no row level security, and {roles} may reach it: every caller of the API "
            "would see all rows.",
            f"alter table public.{table} enable row level security; schema.sql has the policies.",
        )  # fmt: skip
    policies: dict[tuple[str, str], dict[str, tuple[list[str], str | None, str | None]]] = {}
    for table, policy, role, *rest in _ask(connection, "wide_policies", tables=list(places)):
        policies.setdefault((table, policy), {})[role] = (rest[0], rest[1], rest[2])
    for (table, policy), roles in policies.items():
        # Who is not signed in comes as anon, or as whoever connects; one is enough to tell.
        role = next(name for name in ("anon", "public", "authenticated") if name in roles)
        privileges, seen, written = roles[role]
        if open_to := _open(connection, table, privileges, seen, written):
            is_anybody = role != "authenticated"
            yield said_of(
                *places[table], "row-level-security",
                f"The policy {policy} of {table} lets {role} {' and '.join(open_to)} every row: "
                + (
                    "every caller of the API may."
                    if is_anybody
                    else "whoever signs up may, if strangers can."
                ),
                f"drop policy {policy} on public.{table}; or give it a condition, as schema.sql "
                "has it.",
                severity="error" if is_anybody else "warning",
            )  # fmt: skip


def _open(
    connection: psycopg.Connection[Any],
    table: str,
    privileges: Sequence[str],
    seen: str | None,
    written: str | None,
) -> list[str]:
    """What a policy lets a role do to every row: its condition is always true."""
    is_seen = seen is not None and _is_always_true(connection, table, seen)
    # Without a condition of its own, what is written must satisfy the one for what is seen.
    is_written = is_seen if written is None else _is_always_true(connection, table, written)
    return [p for p in privileges if (is_written if p == "insert" else is_seen)]


def _is_always_true(connection: psycopg.Connection[Any], table: str, condition: str) -> bool:
    """Whether PostgreSQL, planning it, finds nothing in a condition that a row could decide. What
    our role may not plan, such as a function of others, is no constant.
    """
    query = sql.SQL("explain (format json) select from public.{} where ({})").format(
        sql.Identifier(table), raw(condition)
    )
    try:
        with connection.transaction(force_rollback=True):
            ((plan,),) = connection.execute(query).fetchall()
    except psycopg.Error:
        return False
    # One that is never true, or that reads no row, has a filter of its own: "One-Time Filter".
    text = json.dumps(plan)
    return "Filter" not in text and " Cond" not in text


def _some(names: list[str], what: str) -> str:
    shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    return f"{len(names)} {what}{'s' if len(names) > 1 else ''} ({shown})"
