"""powerbi_reader: reads the views of schema analytics, all rows, and nothing else."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.rows import add, value, values

Connection = psycopg.Connection[Any]


def test_it_sees_the_rows_behind_row_level_security(
    connection: Connection, reader_connection: Connection
) -> None:
    account = add(connection, "accounts", company_name="Harbour Pilots Ltd")
    add(connection, "leads", estimated_value=1200)
    add(connection, "projects", account_id=account, project_status="active", contract_value=900)
    add(connection, "activities", account_id=account)
    assert values(reader_connection, "select company_name from analytics.client_health") == [
        "Harbour Pilots Ltd"
    ]
    found = reader_connection.execute(
        "select pipeline_value, contracted_revenue from analytics.kpi"
    ).fetchone()
    assert found == (1200, 900)
    assert value(reader_connection, "select count(*) from analytics.activity_timeline") == 1


def test_it_reads_every_view(connection: Connection, reader_connection: Connection) -> None:
    views = values(
        connection, "select viewname from pg_views where schemaname = 'analytics' order by 1"
    )
    assert len(views) > 20
    for view in views:
        reader_connection.execute(f"select * from analytics.{view}".encode()).fetchall()


def test_it_has_no_right_on_any_table_function_or_sequence(
    reader_connection: Connection,
) -> None:
    ours = "('public'::regnamespace, 'sync'::regnamespace)"
    readable = values(
        reader_connection,
        f"""
        select oid::regclass::text from pg_class
        where relnamespace in {ours} and relkind in ('r', 'v', 'm', 'f', 'p')
          and has_any_column_privilege(oid, 'select, insert, update, references')""",
    )
    callable_ones = values(
        reader_connection,
        f"select oid::regprocedure::text from pg_proc where pronamespace in {ours}"
        " and has_function_privilege(oid, 'execute')",
    )
    assert readable == callable_ones == []


@pytest.mark.parametrize(
    "statement",
    [
        "select from public.accounts",
        "select from public.practice_setting",
        "select from sync.org",
        "insert into analytics.account_status values ('x', 'x', 1)",
        "delete from analytics.calendar",
        "create view analytics.mine as select 1",
        "create table public.mine ()",
        "create schema mine",
    ],
)
def test_it_may_not(reader_connection: Connection, statement: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
        reader_connection.execute(statement.encode())


def test_it_writes_nothing_through_a_view(connection: Connection) -> None:
    assert (
        values(
            connection,
            """
        select c.oid::regclass::text from pg_class c
        where c.relnamespace = 'analytics'::regnamespace
          and (has_table_privilege('powerbi_reader', c.oid, 'insert, update, delete')
               or not has_table_privilege('powerbi_reader', c.oid, 'select'))""",
        )
        == []
    )
