"""The sample goes out of a database again as it came: its rows, and no other."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest

from crm_sync.errors import SetupError
from crm_sync.sample import generate, load, remove, story
from crm_sync.sample.keys import TABLES, sample_keys
from tests.integration.database.rows import add

Connection = psycopg.Connection[Any]
TODAY = date(2026, 11, 24)
EVERY = (*TABLES, "lead_status_changes", "project_status_changes")


def counts(connection: Connection) -> dict[str, int]:
    return {
        table: connection.execute(f"select count(*) from {table}".encode()).fetchone()[0]  # type: ignore[index]
        for table in EVERY
    }


def test_the_keys_are_those_of_the_sample_and_no_others() -> None:
    for table, keys in sample_keys().items():
        assert keys == {str(row["id"]) for row in generate(TODAY)[table]}


def test_what_was_loaded_is_removed_and_an_own_row_stays(connection: Connection) -> None:
    loaded = load(connection, TODAY)
    account = add(connection, "accounts", company_name="Ours")
    add(connection, "projects", account_id=account, start_date="2026-01-05")
    before = counts(connection)
    assert remove(connection) == {table: loaded[table] for table in reversed(TABLES)}
    left = counts(connection)
    assert {table: before[table] - left[table] for table in EVERY} == {t: loaded[t] for t in EVERY}
    assert (left["accounts"], left["projects"], left["project_status_changes"]) == (1, 1, 1)


def test_where_there_is_none_nothing_is_removed(connection: Connection) -> None:
    add(connection, "accounts", company_name="Ours")
    assert remove(connection) == dict.fromkeys(reversed(TABLES), 0)
    assert counts(connection)["accounts"] == 1


def test_after_the_removal_it_can_be_loaded_again(connection: Connection) -> None:
    load(connection, TODAY)
    remove(connection)
    assert load(connection, TODAY)["accounts"] == 60


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("projects", {"account_id": story.BIGGEST_CLIENT, "start_date": "2026-01-05"}),
        ("activities", {"account_id": story.BIGGEST_CLIENT}),
        ("activities", {"project_id": story.OVERDUE_PROJECT}),
        ("activities", {"lead_id": story.WAITING_LEAD}),
    ],
)
def test_a_row_of_somebody_else_that_hangs_on_it_is_in_the_way(
    connection: Connection, table: str, values: dict[str, Any]
) -> None:
    load(connection, TODAY)
    own = add(connection, table, **values)
    before = counts(connection)
    with pytest.raises(SetupError) as caught:
        remove(connection)
    assert str(caught.value) == (
        f"1 row hangs on the sample data without being part of it: {table} {own}. Nothing was "
        "removed. Delete such rows, or let them refer to something of yours, and run again."
    )
    assert counts(connection) == before


def test_rows_of_a_table_of_ones_own_are_in_the_way_too(connection: Connection) -> None:
    load(connection, TODAY)
    connection.execute("create table invoice (account uuid references accounts on delete cascade)")
    connection.execute("insert into invoice values (%s)", [story.BIGGEST_CLIENT])
    with pytest.raises(SetupError, match=r"1 row hangs .*: a row of public.invoice\."):
        remove(connection)
    connection.execute("drop table invoice")


def test_several_are_counted_and_the_first_are_named(connection: Connection) -> None:
    load(connection, TODAY)
    for _ in range(5):
        add(connection, "activities", account_id=story.BIGGEST_CLIENT)
    with pytest.raises(SetupError, match=r"5 rows hang .* and 2 more\. Nothing was removed"):
        remove(connection)
