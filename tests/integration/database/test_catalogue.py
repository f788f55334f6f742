"""What holds for every object of the schema, read from PostgreSQL's catalogue."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.integration.database.rows import values

OURS = "('public'::regnamespace, 'sync'::regnamespace, 'analytics'::regnamespace)"

UNCOMMENTED = {
    "schemas": """
        select nspname from pg_namespace
        where nspname in ('sync', 'analytics') and obj_description(oid, 'pg_namespace') is null""",
    "tables and views": f"""
        select oid::regclass::text from pg_class
        where relnamespace in {OURS} and relkind in ('r', 'v')
          and obj_description(oid, 'pg_class') is null""",
    "columns": f"""
        select a.attrelid::regclass || '.' || a.attname
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace in {OURS} and c.relkind in ('r', 'v') and a.attnum > 0
          and not a.attisdropped and col_description(a.attrelid, a.attnum) is null""",
    "enums": f"""
        select typname from pg_type
        where typnamespace in {OURS} and typtype = 'e'
          and obj_description(oid, 'pg_type') is null""",
    "functions": f"""
        select oid::regprocedure::text from pg_proc
        where pronamespace in {OURS} and obj_description(oid, 'pg_proc') is null""",
}


@pytest.mark.parametrize("kind", UNCOMMENTED)
def test_everything_has_a_comment(connection: psycopg.Connection[Any], kind: str) -> None:
    assert values(connection, UNCOMMENTED[kind]) == []


def test_every_foreign_key_has_an_index(connection: psycopg.Connection[Any]) -> None:
    without = values(
        connection,
        """
        select f.conrelid::regclass || ' ' || f.conname
        from pg_constraint f
        where f.contype = 'f'
          and not exists (
              select from pg_index i
              where i.indrelid = f.conrelid and i.indpred is null
                and (i.indkey::smallint[])[0:cardinality(f.conkey) - 1] = f.conkey
          )
        """,
    )
    assert without == []


def test_every_foreign_key_says_on_delete_in_a_comment(
    connection: psycopg.Connection[Any],
) -> None:
    silent = values(
        connection,
        """
        select f.conname
        from pg_constraint f
        where f.contype = 'f'
          and position(
                case f.confdeltype
                    when 'c' then 'ON DELETE CASCADE'
                    when 'r' then 'ON DELETE RESTRICT'
                    when 'n' then 'ON DELETE SET NULL' else 'ON DELETE' end
                in coalesce(col_description(f.conrelid, f.conkey[1]), '')
                   || coalesce(obj_description(f.confrelid, 'pg_class'), '')) = 0
        """,
    )
    assert silent == []


def test_every_table_has_row_level_security(connection: psycopg.Connection[Any]) -> None:
    assert (
        values(
            connection,
            f"""
        select oid::regclass::text from pg_class
        where relnamespace in {OURS} and relkind = 'r' and not relrowsecurity""",
        )
        == []
    )


def test_every_table_of_the_practice_has_a_uuid_key_and_money_and_times_have_one_type(
    connection: psycopg.Connection[Any],
) -> None:
    columns = {
        (table, column): kind
        for table, column, kind in connection.execute(
            """
            select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
            from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
            """
        )
    }
    assert {kind for (_, column), kind in columns.items() if column == "id"} == {"uuid"}
    assert {kind for (_, column), kind in columns.items() if column.endswith("_value")} == {
        "numeric(14,2)"
    }
    assert {kind for (_, column), kind in columns.items() if column.endswith("_at")} == {
        "timestamp with time zone"
    }
    assert {kind for (_, column), kind in columns.items() if column.endswith("_status")} == {
        "account_status",
        "lead_status",
        "project_status",
    }
    assert "timestamp without time zone" not in columns.values()


def test_every_function_sets_its_search_path_and_is_closed_to_the_public(
    connection: psycopg.Connection[Any],
) -> None:
    ours = f"pronamespace in {OURS}"
    assert (
        values(
            connection,
            f"""
        select oid::regprocedure::text from pg_proc
        where {ours} and not coalesce('search_path=""' = any (proconfig), false)""",
        )
        == []
    )
    assert (
        values(
            connection,
            f"""
        select oid::regprocedure::text from pg_proc
        where {ours} and has_function_privilege('public', oid, 'execute')""",
        )
        == []
    )


def test_nobody_in_general_may_do_anything(connection: psycopg.Connection[Any]) -> None:
    assert (
        values(
            connection,
            f"""
        select c.oid::regclass::text
        from pg_class c cross join lateral aclexplode(c.relacl) g
        where c.relnamespace in {OURS} and g.grantee = 0""",
        )
        == []
    )
    assert (
        values(
            connection,
            """
        select nspname from pg_namespace
        where nspname in ('sync', 'analytics') and has_schema_privilege('public', oid, 'usage')
           or nspname = 'public' and has_schema_privilege('public', oid, 'create')""",
        )
        == []
    )


def test_each_enum_has_exactly_its_values(
    connection: psycopg.Connection[Any],
) -> None:
    found: dict[str, str] = dict(
        connection.execute(
            """
            select t.typname, string_agg(e.enumlabel, ' ' order by e.enumsortorder)
            from pg_enum e join pg_type t on t.oid = e.enumtypid group by t.typname
            """
        ).fetchall()
    )
    assert found == {
        "lead_status": "new contacted qualified won lost",
        "account_status": "active dormant",
        "project_status": "proposed active on_hold completed cancelled",
        "activity_type": "call email meeting work note",
    }
