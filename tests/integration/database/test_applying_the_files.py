"""schema.sql and views.sql as a person applies them: again, in one go, without rights, upgraded."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from psycopg import errors

from crm_sync.schema.applying import apply_files
from tests.integration.database.rows import add, value, values
from tests.support.postgres import SCHEMA_FILES, Database, Server

SCHEMA, VIEWS = (file.read_text(encoding="utf-8") for file in SCHEMA_FILES)

# Everything that the files make, with its rights and comments; oids left out.
PICTURE = """
select c.relkind::text, c.oid::regclass::text, c.relacl::text, c.relrowsecurity::text,
       obj_description(c.oid, 'pg_class')
from pg_class c
where c.relnamespace in ('public'::regnamespace, 'sync'::regnamespace, 'analytics'::regnamespace)
union all
select 'column', a.attrelid::regclass || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
       a.attnotnull::text, col_description(a.attrelid, a.attnum)
from pg_attribute a
join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'v')
where a.attnum > 0
  and c.relnamespace in ('public'::regnamespace, 'sync'::regnamespace, 'analytics'::regnamespace)
union all
select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid), null, null
from pg_constraint
where connamespace in ('public'::regnamespace, 'sync'::regnamespace)
union all
select 'function', oid::regprocedure::text, proacl::text, pg_get_functiondef(oid),
       obj_description(oid, 'pg_proc')
from pg_proc
where pronamespace in ('public'::regnamespace, 'sync'::regnamespace, 'analytics'::regnamespace)
union all
select 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid), tgenabled::text, null
from pg_trigger
where not tgisinternal
union all
select 'policy', polrelid::regclass || '.' || polname, polroles::regrole[]::text,
       pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
from pg_policy
union all
select 'schema', nspname, nspacl::text, null, obj_description(oid, 'pg_namespace')
from pg_namespace
where nspname in ('public', 'sync', 'analytics')
union all
select 'default rights', defaclrole::regrole::text, defaclacl::text, null, null
from pg_default_acl
order by 1, 2, 3
"""


def apply_both(connection: psycopg.Connection[Any]) -> None:
    connection.execute(SCHEMA.encode())
    connection.execute(VIEWS.encode())


def picture(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return connection.execute(PICTURE.encode()).fetchall()


def test_applying_both_files_again_changes_nothing(connection: psycopg.Connection[Any]) -> None:
    before = picture(connection)
    apply_both(connection)
    assert picture(connection) == before
    assert len(before) > 300


def test_both_files_apply_in_one_transaction(empty_database: Database) -> None:
    with psycopg.connect(empty_database.owner_url) as owner:
        apply_both(owner)
        apply_both(owner)
    with psycopg.connect(empty_database.owner_url) as owner:
        assert value(owner, "select account_count from analytics.kpi") == 0


def test_rows_and_settings_survive_applying_again(connection: psycopg.Connection[Any]) -> None:
    account = add(connection, "accounts")
    lead = add(connection, "leads")
    connection.execute("update public.practice_setting set time_zone = 'Europe/Berlin'")
    apply_both(connection)
    assert values(connection, "select id from public.accounts") == [account]
    assert values(connection, "select lead_id from public.lead_status_changes") == [lead]
    assert value(connection, "select time_zone from analytics.practice") == "Europe/Berlin"


def test_the_files_need_no_psql_and_no_extension() -> None:
    for text in (SCHEMA, VIEWS):
        assert not re.search(r"^\\", text, re.MULTILINE)
        assert "create extension" not in text.lower()
        assert "concurrently" not in text.lower()


def test_an_owner_who_may_not_create_roles_is_told_what_to_run(
    server: Server, empty_database: Database
) -> None:
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute("create role plain_owner login nosuperuser nocreaterole")
    try:
        with psycopg.connect(empty_database.admin_url, autocommit=True) as admin:
            admin.execute(f'alter database "{empty_database.name}" owner to plain_owner'.encode())
        notices: list[str] = []
        # Under names that this server does not know: its roles are there from other tests.
        schema, views = (
            text.replace("crm_sync", "absent_sync").replace("powerbi_reader", "absent_reader")
            for text in (SCHEMA, VIEWS)
        )
        with psycopg.connect(
            server.url("plain_owner", empty_database.name), autocommit=True
        ) as owner:
            owner.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
            for _ in range(2):
                owner.execute(schema.encode())
                owner.execute(views.encode())
            add(owner, "accounts")
            assert value(owner, "select account_count from analytics.kpi") == 1
            assert value(owner, "select count(*) from sync.change") == 1
        for role in ("absent_sync", "absent_reader"):
            assert any(f"CREATE ROLE {role} LOGIN" in notice for notice in notices)
    finally:
        with psycopg.connect(empty_database.admin_url, autocommit=True) as admin:
            admin.execute("drop owned by plain_owner cascade")
            admin.execute(f'alter database "{empty_database.name}" owner to current_user'.encode())
            admin.execute("drop role plain_owner")


def test_views_of_an_older_shape_are_replaced(
    database: Database, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("drop view analytics.kpi")
    connection.execute("create view analytics.kpi as select 'old' as pipeline_value")
    connection.execute(VIEWS.encode())
    assert value(connection, "select lead_count from analytics.kpi") == 0
    with psycopg.connect(database.reader_url) as reader:
        assert value(reader, "select lead_count from analytics.kpi") == 0


def test_a_view_of_ones_own_on_ours_survives(connection: psycopg.Connection[Any]) -> None:
    connection.execute("create view public.my_kpi as select pipeline_value from analytics.kpi")
    connection.execute(VIEWS.encode())
    assert value(connection, "select pipeline_value from public.my_kpi") == 0


def test_a_stricter_is_staff_of_ones_own_survives(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "create or replace function public.is_staff() returns boolean"
        " language sql stable set search_path = '' as 'select false'"
    )
    connection.execute(SCHEMA.encode())
    assert value(connection, "select public.is_staff()") is False


def test_an_unknown_time_zone_is_refused(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.InvalidParameterValue, match="Mars/Olympus"):
        connection.execute("update public.practice_setting set time_zone = 'Mars/Olympus'")
    with pytest.raises(errors.CheckViolation):
        connection.execute("insert into public.practice_setting values (false, 'UTC')")


def test_state_of_an_older_shape_keeps_what_it_says(connection: psycopg.Connection[Any]) -> None:
    """Of the many that had no version yet."""
    org, job = "00D000000000001AAA", "750000000000001AAA"
    for statement in (
        "drop function sync.version()",
        "alter table sync.plan add column job_id text",
        "alter table sync.history add column fields jsonb, drop column before, drop column after",
        "alter table sync.record add foreign key (org_id) references sync.org on delete cascade",
        "insert into sync.org (org_id, name, kind, instance_url, database_system_identifier,"
        f" database_oid) values ('{org}', 'Local org', 'local', 'https://127.0.0.1', 1, 1)",
        "insert into sync.plan (org_id, mapping, key, position, action, state, salesforce_id,"
        " fingerprint, run_number, attempts, job_id)"
        f" values ('{org}', 'account', 'a', 1, 'update', 'sending', '001', 'f', 1, 1, '{job}'),"
        f" ('{org}', 'account', 'b', 2, 'create', 'planned', null, 'f', 1, 0, null)",
        "insert into sync.history (org_id, run_number, mapping, key, action, outcome, fields)"
        f" values ('{org}', 1, 'account', 'a', 'update', 'recorded',"
        """ '{"Phone": {"before": null, "after": "1"}}')""",
    ):
        connection.execute(statement.encode())
    files = {"schema.sql": SCHEMA, "views.sql": VIEWS}
    assert apply_files(connection, files, keep=True).remaining == []
    assert values(connection, "select key || ' ' || salesforce_id from sync.job_row") == ["a 001"]
    assert values(connection, "select key || state || attempts from sync.plan order by key") == [
        "aplanned0",
        "bplanned0",
    ]
    found = connection.execute("select before, after from sync.history").fetchone()
    assert found == ({"Phone": None}, {"Phone": "1"})
    connection.execute("delete from sync.org")
    assert value(connection, "select count(*) from sync.record") == 0
