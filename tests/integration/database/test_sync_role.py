"""crm_sync: sees every row, keeps its state, and may do nothing else."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.rows import MAPPED, add, add_each, value

Connection = psycopg.Connection[Any]
STATE = (
    "org",
    "target",
    "mapping",
    "describe",
    "reference",
    "change",
    "record",
    "plan",
    "job",
    "job_row",
    "history",
    "run",
)


def test_it_sees_every_row_under_row_level_security(
    connection: Connection, sync_connection: Connection
) -> None:
    add_each(connection)
    for table in MAPPED:
        assert value(sync_connection, f"select row_security_active('public.{table}')")
        assert value(sync_connection, f"select count(*) from public.{table}") == 1
    assert value(sync_connection, "select count(*) from sync.change") == len(MAPPED)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.accounts (company_name) values ('x')",
        "update public.leads set notes = 'x'",
        "delete from public.projects",
        "truncate public.activities",
        "select from public.lead_status_changes",
        "select from public.practice_setting",
        "select from analytics.kpi",
        "select public.convert_lead(gen_random_uuid())",
        "insert into sync.change (table_name) values ('accounts')",
        "truncate sync.record",
        "create table public.mine ()",
        "create table sync.mine ()",
        "create schema mine",
        "alter table sync.record add column mine text",
        "drop table sync.run",
        "alter table public.accounts disable row level security",
        "alter table public.accounts disable trigger note_update",
        "create role mine",
        "set role crm_owner",
    ],
)
def test_it_may_not(sync_connection: Connection, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        sync_connection.execute(statement.encode())


def test_it_keeps_its_state(sync_connection: Connection) -> None:
    org = "00D000000000001AAA"
    writes = [
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
        "update sync.org set position = pg_current_snapshot(), run_number = run_number + 1"
        " where org_id = %s",
    ]
    for statement in writes:
        assert sync_connection.execute(statement.encode(), (org,)).rowcount == 1
    for table in STATE:
        wanted = 0 if table == "change" else 1
        assert value(sync_connection, f"select count(*) from sync.{table}") == wanted
    assert value(sync_connection, "select pg_try_advisory_lock(1)")
    sync_connection.execute("delete from sync.org")
    for table in STATE:
        assert value(sync_connection, f"select count(*) from sync.{table}") == 0


def test_it_sweeps_changes_beside_others(
    connection: Connection, sync_connection: Connection
) -> None:
    add(connection, "accounts")
    add(connection, "leads")
    swept = sync_connection.execute(
        "delete from sync.change where ctid in"
        " (select ctid from sync.change for update skip locked)"
    )
    assert swept.rowcount == 2


@pytest.mark.parametrize(
    "statement",
    [
        "insert into sync.org (org_id, name, kind, instance_url, database_system_identifier,"
        " database_oid) values ('00D000000000001', 'x', 'local', 'x', 1, 1)",
        "insert into sync.org (org_id, name, kind, instance_url, database_system_identifier,"
        " database_oid) values ('00D000000000001AAA', 'x', 'toy', 'x', 1, 1)",
    ],
)
def test_an_org_has_a_long_id_and_a_known_kind(sync_connection: Connection, statement: str) -> None:
    with pytest.raises(errors.CheckViolation):
        sync_connection.execute(statement.encode())
