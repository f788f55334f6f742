"""`crm-sync db apply` as the owner of a database sees it."""

from __future__ import annotations

from typing import Any

import psycopg

from crm_sync.schema.version import NEEDED
from tests.integration.database.rows import add
from tests.support.command_line import Desk
from tests.support.postgres import Database

BY_HAND = (
    "alter table public.activities drop constraint activities_duration_not_negative",
    "drop index public.leads_converted_account_id",
    "alter table public.accounts add column favourite text",
)


def other_than_the_files(connection: psycopg.Connection[Any]) -> None:
    for statement in BY_HAND:
        connection.execute(statement.encode())


def test_what_the_files_do_not_bring_is_printed_as_sql_that_does(
    desk: Desk, connection: psycopg.Connection[Any]
) -> None:
    other_than_the_files(connection)
    ran = desk.run("db", "apply")
    assert (ran.code, ran.err) == (1, "")
    applied, views, alone, *rest = ran.out.splitlines()
    assert applied.startswith("schema.sql applied to ")
    assert views.startswith("views.sql applied to ")
    assert alone == (
        "Left alone, since the files did not make it: column public.accounts.favourite."
    )
    assert rest == [
        "-- 1 thing is not as in the files, and the files alone do not change that.",
        "-- Run this as the owner, then `crm-sync db apply` again:",
        "",
        "-- The constraint public.activities.activities_duration_not_negative is missing: CHECK "
        "((duration_minutes >= 0)).",
        "alter table public.activities add constraint activities_duration_not_negative CHECK "
        "((duration_minutes >= 0));",
    ]
    sql = desk.run("db", "apply", "--quiet").out
    assert sql.splitlines() == rest
    connection.execute(sql.encode())
    ran = desk.run("db", "apply")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "The database is as the files say.")


def test_a_dry_run_shows_what_would_come_and_changes_nothing(
    desk: Desk, connection: psycopg.Connection[Any]
) -> None:
    other_than_the_files(connection)
    for _ in range(2):
        ran = desk.run("db", "apply", "--dry-run")
        assert (ran.code, ran.err) == (1, "")
        lines = ran.out.splitlines()
        assert lines[0].startswith("schema.sql would be applied to ")
        assert lines[2] == "  It makes the index public.leads.leads_converted_account_id."
        assert "add constraint activities_duration_not_negative" in lines[-1]


def test_a_dry_run_of_a_database_as_the_files_say(desk: Desk) -> None:
    ran = desk.run("db", "apply", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "The database is as the files say."


def test_a_dry_run_of_an_empty_database(desk: Desk, empty_database: Database) -> None:
    desk.secrets["CRM_SYNC_OWNER_DATABASE_URL"] = empty_database.owner_url
    desk.settle()
    ran = desk.run("db", "apply", "--dry-run")
    assert (ran.code, ran.err) == (1, "")
    assert "  It makes the table public.accounts.\n" in ran.out
    assert ran.out.splitlines()[-1] == "The database would then be as the files say."
    with psycopg.connect(empty_database.owner_url) as owner:
        assert owner.execute("select to_regnamespace('sync')").fetchone() == (None,)


def test_a_file_that_stops_at_a_difference_shows_what_mends_it(
    desk: Desk, connection: psycopg.Connection[Any]
) -> None:
    add(connection, "accounts")
    connection.execute("alter table public.accounts drop column phone cascade")
    ran = desk.run("db", "apply", "--debug")
    assert ran.code == 2
    assert "alter table public.accounts add column phone text;" in ran.out
    line = desk.refused("db", "apply")
    assert line == (
        'schema.sql was not applied: PostgreSQL says: column "phone" of relation '
        '"public.accounts" does not exist. Run the SQL above, which brings it in line with '
        "schema.sql, and apply it again."
    )
    connection.execute(desk.run("db", "apply").out.encode())
    assert desk.run("db", "apply").code == 0


def test_an_upgrade_is_told(desk: Desk, connection: psycopg.Connection[Any]) -> None:
    for statement in (
        "drop function sync.version()",
        "drop table sync.made",
    ):
        connection.execute(statement.encode())
    assert "is version 1, and this crm-sync needs" in desk.refused("status")
    ran = desk.run("db", "apply", "--dry-run")
    assert ran.code == 1
    assert f"Schema sync would be upgraded from version 1 to {NEEDED}." in ran.out
    ran = desk.run("db", "apply")
    assert (ran.code, ran.err) == (0, "")
    assert f"Schema sync upgraded from version 1 to {NEEDED}." in ran.out
    assert desk.run("status").code == 0


def test_a_newer_database_is_left_alone(desk: Desk, connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "create or replace function sync.version() returns integer language sql as 'select 99'"
    )
    for command in (
        ["db", "apply"],
        ["db", "apply", "--dry-run"],
        ["status"],
        ["sync"],
        ["problems"],
    ):
        assert desk.refused(*command) == (
            f"Schema sync of this database is version 99, and this crm-sync knows {NEEDED}. "
            "A newer crm-sync works with this database: install that one."
        )
