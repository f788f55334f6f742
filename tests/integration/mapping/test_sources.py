"""A source is a table, partitioned or not; what only looks like one is refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.errors import CrmSyncError, MappingError
from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.check import check_mappings
from crm_sync.mapping.model import Mapping
from tests.integration.mapping.described import field, from_file, thing
from tests.integration.mapping.planned import planned
from tests.support.postgres import Database

Connection = psycopg.Connection[Any]
FACTS = thing([field("Text", length=255), field("Other", length=255)])
TEXT = "object: Thing__c\nsource: {table: thing}\nlabel: name\nfields: {Text: name}\n"
BENEATH = "create table public.beneath (id integer primary key, name text);"


def said(connection: Connection, mapped: Mapping) -> str:
    with pytest.raises(CrmSyncError) as caught:
        check_mappings(connection, [mapped], read_catalog(connection), {"Thing__c": FACTS})
    assert isinstance(caught.value, MappingError)
    return str(caught.value).rsplit("thing.yaml:", 1)[-1]


@pytest.mark.parametrize("kind", ["view", "materialized view"])
def test_a_view_is_refused_with_the_reason(
    connection: Connection, sync_connection: Connection, tmp_path: Path, kind: str
) -> None:
    connection.execute(BENEATH.encode())
    connection.execute(f"create {kind} public.thing as select * from public.beneath".encode())
    expected = (
        f"2:10: thing is a {kind}: it has no key, no foreign keys and no change triggers of its "
        "own, and row level security beneath it may hide rows unseen. Name the table beneath it, "
        "and say what it computes with sql, join and where."
    )
    mapped = from_file(tmp_path, TEXT)
    assert said(connection, mapped) == expected
    assert said(sync_connection, mapped) == expected, "also where we may not read it"


def test_a_foreign_table_is_refused_with_the_reason(
    connection: Connection, database: Database, tmp_path: Path
) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("create foreign data wrapper elsewhere")
        admin.execute("create server elsewhere foreign data wrapper elsewhere")
        admin.execute("create foreign table public.thing (id int, name text) server elsewhere")
    assert said(connection, from_file(tmp_path, TEXT)) == (
        "2:10: thing is a foreign table: its rows change on another server, where no trigger of "
        "ours notes it and no key is sure. Load its rows into a table of this database, and name "
        "that."
    )


def test_a_joined_view_is_refused_too_and_no_view_is_suggested(
    connection: Connection, tmp_path: Path
) -> None:
    connection.execute(BENEATH.encode())
    connection.execute("create table public.thing (id integer primary key, name text)")
    connection.execute("create view public.things as select * from public.beneath")
    joined = TEXT.replace("table: thing", "table: thing, join: {t: things}")
    assert said(connection, from_file(tmp_path, joined)).startswith("2:31: things is a view: ")
    misspelt = TEXT.replace("table: thing", "table: things_")
    assert "'thing'" in said(connection, from_file(tmp_path, misspelt))


PARTITIONED = """
create table public.parent (id integer, name text, primary key (id)) partition by range (id);
create table public.parent_low partition of public.parent for values from (0) to (2);
create table public.parent_high partition of public.parent for values from (2) to (1000);
insert into public.parent values (1, 'one'), (2, 'two');
create table public.thing (id integer, name text, parent_id integer references public.parent,
    primary key (id)) partition by hash (id);
create table public.thing_0 partition of public.thing for values with (modulus 2, remainder 0);
create table public.thing_1 partition of public.thing for values with (modulus 2, remainder 1);
create trigger note_insert after insert on public.thing referencing new table as new_rows
    for each statement execute function sync.note_change();
create trigger note_update after update on public.thing
    referencing old table as old_rows new table as new_rows
    for each statement execute function sync.note_change();
"""


def test_a_partitioned_table_is_a_table_with_its_key_its_joins_and_its_triggers(
    connection: Connection, tmp_path: Path
) -> None:
    connection.execute(PARTITIONED.encode())
    mapped = from_file(
        tmp_path,
        "object: Thing__c\nsource: {table: thing, join: {parent: parent}}\nlabel: name\n"
        "fields: {Text: name, Other: {sql: parent.name}}\n",
    )
    check_mappings(connection, [mapped], read_catalog(connection), {"Thing__c": FACTS})
    found = planned(connection, mapped, FACTS, [("a", 1), ("b", 2), ("c", None)])
    assert [row.payload for row in found] == [
        {"Text": "a", "Other": "one"},
        {"Text": "b", "Other": "two"},
        {"Text": "c", "Other": None},
    ]
    connection.execute("insert into public.thing values (7, 'a', 1), (8, 'b', 2)")
    connection.execute("update public.thing set id = 9 where id = 7")
    noted = connection.execute("select key from sync.change where table_name = 'thing' order by 1")
    assert [row[0] for row in noted] == ["7", "7", "8", "9"]


def test_row_level_security_of_a_partitioned_table_counts(
    connection: Connection, sync_connection: Connection, tmp_path: Path
) -> None:
    connection.execute(PARTITIONED.encode())
    connection.execute("grant select on public.thing to crm_sync")
    connection.execute("alter table public.thing enable row level security")
    with pytest.raises(CrmSyncError, match="may hide rows of thing"):
        check_mappings(
            sync_connection, [from_file(tmp_path, TEXT)], read_catalog(sync_connection),
            {"Thing__c": FACTS},
        )  # fmt: skip
