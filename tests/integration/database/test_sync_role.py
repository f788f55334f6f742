"""crm_sync: sees every row, keeps its state, and may do nothing else."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.rows import MAPPED, ORG, STATE_ROWS, add, add_each, value

Connection = psycopg.Connection[Any]
STATE = (
    "org",
    "target",
    "mapping",
    "describe",
    "reference",
    "change",
    "record",
    "moved",
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
    move = (
        "update sync.org set position = pg_current_snapshot(), run_number = run_number + 1"
        " where org_id = %s"
    )
    for statement in (*STATE_ROWS, move):
        assert sync_connection.execute(statement.encode(), (ORG,)).rowcount == 1
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
