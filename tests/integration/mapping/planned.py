"""Runs a mapping over generated rows as a plan does; gives what the plan then knows of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.options import Options
from crm_sync.sync.plan import create_tables, load_source
from crm_sync.sync.prepare import plan_transaction
from crm_sync.sync.scope import Scope

Connection = psycopg.Connection[Any]
TABLE = "thing"


@dataclass(frozen=True)
class Planned:
    """One row of the plan's source: the payload's numbers as Decimal, problems as (field, code)."""

    payload: dict[str, Any]
    problems: frozenset[tuple[str, str]]
    is_valid: bool
    sentences: tuple[str, ...]


def mapping(fields: Map[str, Any], **more: Any) -> Mapping:
    """A mapping of the table `thing` to Thing__c."""
    return Mapping.model_validate(
        {
            "name": TABLE,
            "object": "Thing__c",
            "source": {"table": TABLE},
            "label": "id",
            "fields": dict(fields),
            **more,
        }
    )


def create_table(connection: Connection, columns: str) -> None:
    """The source table: `id` and these columns, as `name type, …`."""
    connection.execute(f"create table public.{TABLE} (id integer primary key, {columns})".encode())


def planned(
    connection: Connection,
    mapped: Mapping,
    facts: ObjectFacts,
    rows: Iterable[Sequence[Any]],
    session: Map[str, str] | None = None,
) -> list[Planned]:
    """What a plan makes of these rows, in their order, in a session with these settings.

    A row's values may be text: PostgreSQL reads them. Nothing stays in the database.
    """
    for name, value in (session or {}).items():
        connection.execute("select set_config(%s, %s, false)", [name, value])
    with plan_transaction(connection, keep=False):
        create_tables(connection)
        copy = sql.SQL("copy public.{} from stdin").format(sql.Identifier(TABLE))
        with connection.cursor().copy(copy) as writing:
            for number, row in enumerate(rows):
                writing.write_row([number, *row])
        scope = Scope(
            connection=connection,
            org_id="00D000000000000AAA",
            run_number=1,
            mappings=(mapped,),
            known=(mapped,),
            facts={mapped.object: facts},
            catalog=read_catalog(connection),
            options=Options(),
        )
        load_source(scope, mapped, due=False)
        found = connection.execute(
            "select payload::text, problems::text from source_row order by key::integer"
        ).fetchall()
    return [_read(payload, problems) for payload, problems in found]


def _read(payload: str, problems: str) -> Planned:
    said = json.loads(problems)
    return Planned(
        payload=json.loads(payload, parse_float=Decimal, parse_int=Decimal),
        problems=frozenset((p["field"], p["code"]) for p in said),
        is_valid=not any(p["severity"] == "error" for p in said),
        sentences=tuple(p["sentence"] for p in said),
    )
