"""Schema sync of another version than the program's: its owner upgrades it, or nothing happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from crm_sync.blocks import blocks
from crm_sync.errors import DatabaseError, NotApplied
from crm_sync.schema.applying import apply_files
from crm_sync.schema.version import NEEDED, version_of
from tests.integration.sync.practice import Practice
from tests.support.postgres import ROOT, SCHEMA_FILES

FILES = {file.name: file.read_text(encoding="utf-8") for file in SCHEMA_FILES}
VERSIONS = Path(__file__).parents[1] / "database" / "versions"


def make_older(connection: psycopg.Connection[Any], number: int) -> None:
    """Puts schema sync back to an earlier version, with what it holds; also kept as schema kept."""
    text = (VERSIONS / f"{number}.sql").read_text(encoding="utf-8")
    tables = re.findall(r"create table sync\.(\w+)", text)
    with connection.transaction():
        connection.execute("alter schema sync rename to newer")
        connection.execute(text.encode())
        connection.execute("create schema kept")
        for table in tables:
            columns = sql.SQL(", ").join(map(sql.Identifier, columns_of(connection, table)))
            copy = "insert into sync.{0} ({1}) overriding system value select {1} from newer.{0}"
            connection.execute(sql.SQL(copy).format(sql.Identifier(table), columns))
            connection.execute(
                sql.SQL("create table kept.{0} as select {1} from newer.{0}").format(
                    sql.Identifier(table), columns
                )
            )
        connection.execute("drop schema newer cascade")


def columns_of(connection: psycopg.Connection[Any], table: str) -> list[str]:
    return [
        row[0]
        for row in connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
            " and not attisdropped order by attnum",
            [f"sync.{table}"],
        )
    ]


def everything(connection: psycopg.Connection[Any], schema: str) -> dict[str, list[str]]:
    """The rows that stand in schema kept, as `schema` has them."""
    tables = connection.execute(
        "select c.relname::text, array_agg(a.attname::text order by a.attnum)"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0"
        " where c.relnamespace = 'kept'::regnamespace group by 1"
    ).fetchall()
    found = {}
    for table, names in tables:
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        rows = connection.execute(
            sql.SQL("select (r.*)::text from (select {} from {}) r order by 1").format(
                columns, sql.Identifier(schema, table)
            )
        )
        found[table] = [row[0] for row in rows]
    return found


@pytest.fixture
def older(filled: Practice) -> Practice:
    """A practice that was synced, with a refused row and a change to send, at version 1."""
    filled.refuse({"object": "Lead"})
    filled.add("leads", last_name="Refused")
    filled.sync()
    make_older(filled.connection, 1)
    return filled


def test_an_older_schema_sync_stops_the_program_and_db_apply_upgrades_it(older: Practice) -> None:
    with pytest.raises(DatabaseError) as caught:
        older.sync()
    assert str(caught.value) == (
        f"Schema sync of this database is version 1, and this crm-sync needs {NEEDED}. Run "
        "`crm-sync db apply` as the owner: it upgrades the schema and keeps what it holds."
    )
    before = everything(older.connection, "kept")
    assert before["record"]
    assert before["plan"]
    assert before["history"]
    done = apply_files(older.connection, FILES, keep=True)
    assert (done.upgraded, done.remaining) == ((1, NEEDED), [])
    assert everything(older.connection, "sync") == before
    assert version_of(older.connection) == NEEDED
    with older.planned() as report:
        assert [(row.mapping, row.state) for row in report.rows()] == [("lead", "refused")]
    older.org.calls.clear()
    older.sync()
    assert older.writes() == []


def test_an_upgrade_is_all_or_nothing(older: Practice) -> None:
    broken = {**FILES, "schema.sql": FILES["schema.sql"] + "\nselect 1 / 0;\n"}
    with pytest.raises(NotApplied, match="division by zero"):
        apply_files(older.connection, broken, keep=True)
    assert version_of(older.connection) == 1
    assert older.value("select to_regclass('sync.made') is null")


def test_a_dry_run_tells_the_upgrade_and_does_not_make_it(older: Practice) -> None:
    done = apply_files(older.connection, FILES, keep=False)
    assert done.upgraded == (1, NEEDED)
    assert version_of(older.connection) == 1


def test_the_file_alone_leaves_an_older_schema_sync_as_it_is(older: Practice) -> None:
    with pytest.raises(psycopg.errors.RaiseException) as caught:
        older.connection.execute(FILES["schema.sql"].encode())
    assert "`crm-sync db apply` upgrades it" in (caught.value.diag.message_hint or "")
    assert version_of(older.connection) == 1


def test_a_newer_database_stops_the_program(practice: Practice) -> None:
    practice.connection.execute(
        "create or replace function sync.version() returns integer language sql as 'select 99'"
    )
    said = (
        f"Schema sync of this database is version 99, and this crm-sync knows {NEEDED}. "
        "A newer crm-sync works with this database: install that one."
    )
    with pytest.raises(DatabaseError) as caught:
        practice.sync()
    assert str(caught.value) == said
    with pytest.raises(DatabaseError) as caught:
        apply_files(practice.connection, FILES, keep=True)
    assert str(caught.value) == said
    with pytest.raises(psycopg.errors.RaiseException, match="is version 99"):
        practice.connection.execute(FILES["schema.sql"].encode())


def test_file_and_program_name_the_same_version_and_each_step_ends_with_its_own() -> None:
    text = (ROOT / "schema.sql").read_text(encoding="utf-8")
    assert re.findall(r"wanted constant integer := (\d+);", text) == [str(NEEDED)]
    assert re.findall(r"as \$\$\n    select (\d+)\n\$\$;", text) == [str(NEEDED)]
    steps = blocks("crm_sync.schema", "upgrades.sql")
    assert list(steps) == [f"to_{number}" for number in range(2, NEEDED + 1)]
    for name, step in steps.items():
        assert step.endswith(f"as 'select {name.removeprefix('to_')}';")
