"""sync.change: every write of a mapped table leaves its key there, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.integration.database.rows import MAPPED, add, add_each, value

Connection = psycopg.Connection[Any]


def noted(connection: Connection) -> list[tuple[str, str | None]]:
    """The changes noted since the last call, sorted; they are taken away."""
    found = connection.execute("delete from sync.change returning table_name, key").fetchall()
    return sorted(found, key=lambda change: (change[0], change[1] or ""))


def rows_of_every_table(connection: Connection) -> dict[str, UUID]:
    keys = add_each(connection)
    noted(connection)
    return keys


@pytest.mark.parametrize("table", MAPPED)
def test_insert_update_and_delete_note_the_key(connection: Connection, table: str) -> None:
    keys = add_each(connection)
    key = keys[table]
    assert sorted(noted(connection)) == sorted((name, str(added)) for name, added in keys.items())
    connection.execute(
        f"update public.{table} set owner_email = 'anna@example.com' where id = %s".encode(), (key,)
    )
    assert noted(connection) == [(table, str(key))]
    for child in takewhile(lambda name: name != table, reversed(keys)):
        connection.execute(f"delete from public.{child}".encode())
    noted(connection)
    connection.execute(f"delete from public.{table} where id = %s".encode(), (key,))
    assert noted(connection) == [(table, str(key))]


@pytest.mark.parametrize("table", MAPPED)
def test_an_update_that_changes_nothing_but_updated_at_is_none(
    connection: Connection, table: str
) -> None:
    rows_of_every_table(connection)
    before = value(connection, f"select updated_at from public.{table}")
    connection.execute(f"update public.{table} set created_at = created_at".encode())
    connection.execute(f"update public.{table} set updated_at = '2001-01-01'".encode())
    assert value(connection, f"select updated_at from public.{table}") > before
    assert noted(connection) == []


def test_only_the_rows_that_differ_are_noted(connection: Connection) -> None:
    add(connection, "accounts", phone="+44 20 7946 0001")
    other = add(connection, "accounts", phone=None)
    noted(connection)
    connection.execute("update public.accounts set phone = '+44 20 7946 0001'")
    assert noted(connection) == [("accounts", str(other))]
    connection.execute("update public.accounts set phone = null where id = %s", (other,))
    assert noted(connection) == [("accounts", str(other))]


def test_a_changed_key_notes_the_old_one_and_the_new(connection: Connection) -> None:
    old, new = add(connection, "accounts"), uuid4()
    noted(connection)
    connection.execute("update public.accounts set id = %s where id = %s", (new, old))
    assert noted(connection) == sorted([("accounts", str(old)), ("accounts", str(new))])


def test_a_cascade_notes_the_children_too(connection: Connection) -> None:
    keys = rows_of_every_table(connection)
    connection.execute("delete from public.projects")
    noted(connection)
    connection.execute("delete from public.accounts")
    assert {("accounts", str(keys["accounts"])), ("activities", str(keys["activities"]))} <= set(
        noted(connection)
    )


def test_an_upsert_notes_inserted_and_updated_rows(connection: Connection) -> None:
    there, fresh = add(connection, "accounts"), uuid4()
    same = add(connection, "accounts", company_name="Same")
    noted(connection)
    connection.execute(
        "insert into public.accounts (id, company_name) values (%s, 'New name'), (%s, 'Fresh'),"
        " (%s, 'Same') on conflict (id) do update set company_name = excluded.company_name",
        (there, fresh, same),
    )
    assert noted(connection) == sorted([("accounts", str(there)), ("accounts", str(fresh))])


def test_merge_notes_what_it_did(connection: Connection) -> None:
    there, fresh = add(connection, "accounts"), uuid4()
    noted(connection)
    connection.execute(
        "merge into public.accounts a using (values (%s::uuid), (%s)) as s (id) on a.id = s.id"
        " when matched then delete"
        " when not matched then insert (id, company_name) values (s.id, 'Fresh')",
        (there, fresh),
    )
    assert noted(connection) == sorted([("accounts", str(there)), ("accounts", str(fresh))])


def test_copy_notes_every_row(connection: Connection) -> None:
    keys = [uuid4() for _ in range(300)]
    with (
        connection.cursor() as cursor,
        cursor.copy("copy public.accounts (id, company_name) from stdin") as copy,
    ):
        for key in keys:
            copy.write_row((key, "Copied"))
    assert noted(connection) == sorted(("accounts", str(key)) for key in keys)


def test_truncate_leaves_a_mark_for_the_whole_table(connection: Connection) -> None:
    rows_of_every_table(connection)
    connection.execute("truncate public.accounts cascade")
    found = noted(connection)
    assert {table for table, _ in found} >= {"accounts", "projects", "activities"}
    assert [key for _, key in found] == [None] * len(found)


def test_a_write_that_is_rolled_back_was_never_noted(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        add(connection, "accounts")
    assert noted(connection) == []
    with connection.transaction():
        kept = add(connection, "accounts")
        with connection.transaction(force_rollback=True):
            add(connection, "accounts")
    assert noted(connection) == [("accounts", str(kept))]


def test_a_change_carries_the_writers_transaction(connection: Connection) -> None:
    with connection.transaction():
        xid = value(connection, "select pg_current_xact_id()::text")
        with connection.transaction():  # a savepoint
            add(connection, "accounts")
    assert value(connection, "select xid::text from sync.change") == xid


def test_conversion_notes_the_lead_and_the_new_account(connection: Connection) -> None:
    lead = add(connection, "leads", lead_status="won")
    noted(connection)
    account = value(connection, "select public.convert_lead(%s)", lead)
    assert noted(connection) == [("accounts", str(account)), ("leads", str(lead))]


def test_history_and_settings_are_not_noted(connection: Connection) -> None:
    lead = add(connection, "leads")
    connection.execute("update public.leads set lead_status = 'contacted'")
    connection.execute("update public.practice_setting set time_zone = 'Europe/Berlin'")
    assert noted(connection) == [("leads", str(lead)), ("leads", str(lead))]


def each_at_once(connection: Connection) -> None:
    connection.execute(
        "with gone as (delete from public.activities returning account_id),"
        " renamed as (update public.accounts set company_name = 'Renamed' returning id)"
        " insert into public.leads (company_name) select 'From a CTE' from gone"
    )


def a_replaced_row(connection: Connection) -> None:
    connection.execute("delete from public.activities")
    connection.execute("insert into public.leads (company_name) select 'x' from public.accounts")
    connection.execute("update public.accounts set website = 'https://www.example.com'")


@pytest.mark.parametrize("write", [each_at_once, a_replaced_row])
def test_several_tables_written_in_turn_or_at_once_are_noted_each(
    connection: Connection, write: Callable[[Connection], None]
) -> None:
    keys = rows_of_every_table(connection)
    write(connection)
    changes = noted(connection)
    assert ("activities", str(keys["activities"])) in changes
    assert ("accounts", str(keys["accounts"])) in changes
    assert [table for table, _ in changes] == ["accounts", "activities", "leads"]
