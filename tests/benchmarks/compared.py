"""The bare SQL of a full compare: each row as its mapping makes it, beside the record it became."""

from __future__ import annotations

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


def different(connection: psycopg.Connection[Any]) -> int:
    """How many records do not hold what their rows say; counted as a plan does, in one go."""
    found = connection.execute("select object, facts from sync.describe").fetchall()
    facts = {name: ObjectFacts.model_validate(told) for name, told in found}
    connection.execute("set search_path = public, pg_temp")
    connection.execute("set enable_nestloop = off")  # as while a plan is made
    catalog = read_catalog(connection)
    total = 0
    for mapping in load_mappings(mappings_directory()):
        connection.execute("select set_config('TimeZone', %s, false)", [mapping.time_zone])
        query = _DIFFERENT.format(
            source=compile_mapping(mapping, catalog, facts[mapping.object]),
            mapping=sql.Literal(mapping.name),
        )
        row = connection.execute(query).fetchone()
        assert row is not None
        total += row[0]
    return total
