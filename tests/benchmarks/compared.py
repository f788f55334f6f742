"""The bare SQL of what we do besides sending: each row as its mapping makes it, beside the record
that it became; and the same rows written down once as records and once as history.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.files import mappings_directory
from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.compile import compile_mapping
from crm_sync.mapping.load import load_mappings
from crm_sync.salesforce.describe import ObjectFacts

_DIFFERENT = sql.SQL(
    "select count(*) from ({source}) s join sync.record r on r.mapping = {mapping}"
    " and r.key = s.key where not r.payload @> s.payload"
)


_WRITTEN = sql.SQL(
    "with made as (\n{source}), kept as (\n"
    "    insert into kept_record (org_id, mapping, key, label, payload, run_number)\n"
    "    select 'org', {mapping}, key, label, payload, 1 from made\n)\n"
    "insert into kept_history (org_id, run_number, mapping, key, action, outcome, after)\n"
    "select 'org', 1, {mapping}, key, 'create', 'recorded', payload from made"
)


def different(connection: psycopg.Connection[Any]) -> int:
    """How many records do not hold what their rows say; counted as a plan does, in one go."""
    total = 0
    for query in _composed(connection, _DIFFERENT):
        row = connection.execute(query).fetchone()
        assert row is not None
        total += row[0]
    return total


def write(connection: psycopg.Connection[Any]) -> int:
    """Writes each row into a table like sync.record and into one like sync.history; how many."""
    for table in ("record", "history"):
        connection.execute(f"create table kept_{table} (like sync.{table} including all)".encode())
    return sum(connection.execute(query).rowcount for query in _composed(connection, _WRITTEN))


def _composed(connection: psycopg.Connection[Any], text: sql.SQL) -> Iterator[sql.Composed]:
    """For each mapping, once the session is as that of a plan."""
    found = connection.execute("select object, facts from sync.describe").fetchall()
    facts = {name: ObjectFacts.model_validate(told) for name, told in found}
    connection.execute("set search_path = public, pg_temp")
    connection.execute("set enable_nestloop = off")  # as while a plan is made
    catalog = read_catalog(connection)
    for mapping in load_mappings(mappings_directory()):
        connection.execute("select set_config('TimeZone', %s, false)", [mapping.time_zone])
        yield text.format(
            source=compile_mapping(mapping, catalog, facts[mapping.object]),
            mapping=sql.Literal(mapping.name),
        )
