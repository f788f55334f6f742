"""Rows for tests: a valid row of each table, of which a test says only what matters to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from crm_sync.mapping.load import load_mappings
from tests.support.postgres import ROOT

VALID: dict[str, dict[str, Any]] = {
    "accounts": {"company_name": "Harbour Pilots Ltd"},
    "leads": {"company_name": "Lighthouse Books"},
    "projects": {"project_name": "Tide tables"},
    "activities": {"activity_type": "call", "subject": "Talked about tides"},
}
"""What a row needs, save its parents. The order is that of `add_each`: parents first."""

PARENTS = {"projects": {"account_id": "accounts"}, "activities": {"account_id": "accounts"}}
"""The parent that a row cannot do without: column → table."""

MAPPED = tuple(sorted({mapping.source.table for mapping in load_mappings(ROOT / "mappings")}))
"""The tables that the shipped mappings read: what holds for one holds for each."""

ORG = "00D000000000001AAA"
STATE_ROWS = (
    "insert into sync.org (org_id, name, kind, instance_url, database_system_identifier,"
    " database_oid) select %s, 'Local org', 'local', 'https://127.0.0.1', system_identifier,"
    " (select oid from pg_database where datname = current_database())"
    " from pg_control_system()",
    "insert into sync.target (target, org_id) values ('local', %s)",
    "insert into sync.mapping values (%s, 'lead', 'Lead', 'CRM_Id__c', '', 'leads', 'id', 'f')",
    "insert into sync.describe (org_id, object, facts) values (%s, 'Lead', '{}')",
    "insert into sync.reference (org_id, object, field, value, salesforce_id)"
    " values (%s, 'User', 'Email', 'anna@example.com', '005000000000001AAA')",
    "insert into sync.record (org_id, mapping, key, run_number) values (%s, 'lead', 'a', 1)",
    "insert into sync.plan (org_id, mapping, key, position, action, state, fingerprint,"
    " run_number) values (%s, 'lead', 'b', 1, 'create', 'planned', 'f', 1)",
    "insert into sync.job (org_id, job_id, run_number, mapping, action, key_column, prefix,"
    " rows) values (%s, '750000000000001AAA', 1, 'lead', 'create', 'CRM_Id__c', '', 1)",
    "insert into sync.job_row (org_id, job_id, key, position)"
    " values (%s, '750000000000001AAA', 'b', 1)",
    "insert into sync.history (org_id, run_number, mapping, key, action, outcome)"
    " values (%s, 1, 'lead', 'a', 'create', 'recorded')",
    "insert into sync.run (org_id, run_number, target, mode) values (%s, 1, 'local', 'full')",
    "insert into sync.moved (org_id, salesforce_id) values (%s, '001000000000001AAA')",
)
"""A row of each table of schema sync that a sync writes; the parameter is the org's Id."""


def add(connection: psycopg.Connection[Any], table: str, **values: Any) -> UUID:
    """Insert a row of a table in schema public and return its id."""
    row = VALID.get(table, {}) | values
    statement = sql.SQL("insert into public.{} ({}) values ({}) returning id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    found = connection.execute(statement, list(row.values())).fetchone()
    assert found is not None
    return found[0]


def add_each(connection: psycopg.Connection[Any]) -> dict[str, UUID]:
    """One row of every mapped table, parents first; their ids by table."""
    ids: dict[str, UUID] = {}
    for table in VALID:
        parents = {column: ids[parent] for column, parent in PARENTS.get(table, {}).items()}
        ids[table] = add(connection, table, **parents)
    assert ids.keys() == set(MAPPED), "VALID has a row for each table that a mapping reads"
    return ids


def value(connection: psycopg.Connection[Any], statement: str, *parameters: Any) -> Any:
    """The first column of the first row that a statement returns."""
    found = connection.execute(statement.encode(), parameters).fetchone()
    assert found is not None, f"no row: {statement}"
    return found[0]


def values(connection: psycopg.Connection[Any], statement: str, *parameters: Any) -> list[Any]:
    """The first column of every row that a statement returns."""
    return [row[0] for row in connection.execute(statement.encode(), parameters)]
