"""What PostgreSQL refuses of a mapping is said with file:line:column, the part, and the row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.errors import CrmSyncError, DatabaseError, MappingError
from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.check import check_mappings, explain_error
from crm_sync.mapping.model import Mapping
from tests.integration.mapping.described import field, from_file, thing
from tests.integration.mapping.planned import planned

Connection = psycopg.Connection[Any]
FACTS = thing(
    [
        field("Text", length=255),
        field("Number", "double", precision=18, scale=2),
        field("Parent", "reference", reference_to=["Thing__c"]),
        field("Owner", "reference", reference_to=["User"]),
    ]
)
SCHEMA = """
create table public.owner (id integer primary key, title text, size integer);
create table public.thing (
    id integer primary key, name text, email text, size integer, owner_id integer references owner,
    first_id integer references thing, second_id integer references thing);
create table public.other (id integer primary key);
"""
HEAD = "object: Thing__c\nsource: {table: thing, join: {owner: owner}}\nlabel: name\n"


@pytest.fixture
def things(connection: Connection) -> Connection:
    """The owner's connection to a database with a table `thing` that may join `owner`."""
    connection.execute(SCHEMA.encode())
    return connection


def said(connection: Connection, mapped: Mapping) -> str:
    """What the check says of a mapping, the directory of its file taken off."""
    with pytest.raises(CrmSyncError) as caught:
        check_mappings(connection, [mapped], read_catalog(connection), {"Thing__c": FACTS})
    text = str(caught.value)
    assert "\n" not in text
    return text.rsplit("thing.yaml:", 1)[-1] if isinstance(caught.value, MappingError) else text


EXPRESSIONS = {
    "nmae": "PostgreSQL says: column \"nmae\" does not exist. Did you mean 'name'?",
    "owner.titel": "PostgreSQL says: column owner.titel does not exist. Did you mean 'title'?",
    "ownr.title": (
        "PostgreSQL says: missing FROM-clause entry for table \"ownr\". Did you mean 'owner'?"
    ),
    "lowr(name)": "PostgreSQL says: function lowr(text) does not exist.",
    "name + 1": "PostgreSQL says: operator does not exist: text + integer.",
    "name ||": 'PostgreSQL says: syntax error at or near ")".',
    "1 / 0": "PostgreSQL says: division by zero.",
    "name, size": "a comma parts two expressions. Give one expression.",
    "(select max(size) from other)": "select is refused: an expression reads its own row and its",
    "name -- size": "a comment does not belong in an expression.",
    "name; drop table thing": "a semicolon does not belong in an expression.",
    "unnest(array[name, name])": "it may give several rows, or none; an expression gives one va",
    "regexp_matches(name, 'a')": "it may give several rows, or none; an expression gives one va",
    "generate_series(1, size)": "it may give several rows, or none; an expression gives one value",
    "max(name)": "an aggregate or window function reads other rows; an expression reads its own",
    "row_number() over ()": "an aggregate or window function reads other rows; an expression re",
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_that_is_wrong_is_named_with_its_place(
    things: Connection, tmp_path: Path, expression: str
) -> None:
    fields = f"fields:\n  Number: size\n  Text:\n    sql: {json.dumps(expression)}\n"
    mapped = from_file(tmp_path, HEAD + fields)
    assert said(things, mapped).startswith(f"6:3: fields.Text: {EXPRESSIONS[expression]}")


def test_a_wrong_expression_is_named_wherever_it_stands(things: Connection, tmp_path: Path) -> None:
    fields = "fields: {Text: name}\n"
    where = "object: Thing__c\nsource:\n  table: thing\n  where: nmae = 'a'\nlabel: name\n"
    assert said(things, from_file(tmp_path, where + fields)).startswith(
        "4:3: source.where: PostgreSQL says: column \"nmae\" does not exist. Did you mean 'name'?"
    )
    label = HEAD.replace("label: name", "label: upper(nmae)")
    assert said(things, from_file(tmp_path, label + fields)).startswith(
        '3:1: label: PostgreSQL says: column "nmae" does not exist.'
    )
    lookups = "lookups:\n  Parent: {mapping: thing, sql: coalesce(frist_id)}\n"
    assert said(things, from_file(tmp_path, HEAD + fields + lookups)).startswith(
        '6:3: lookups.Parent: PostgreSQL says: column "frist_id" does not exist. Did you mean '
    )
    subquery = where.replace("nmae = 'a'", "exists (select from other)")
    assert said(things, from_file(tmp_path, subquery + fields)).startswith(
        "4:3: source.where: select is refused"
    )


def test_unknown_tables_and_columns_are_named_with_the_nearest(
    things: Connection, tmp_path: Path
) -> None:
    def of(text: str) -> str:
        return said(things, from_file(tmp_path, text))

    whole = HEAD + "fields:\n  Text: name\nlookups:\n  Parent: {mapping: thing, column: first_id}\n"
    assert of(whole.replace("table: thing", "table: thign")).startswith(
        "2:10: There is no table thign. Did you mean 'thing'? Apply schema.sql"
    )
    assert of(whole.replace("table: thing", "table: thing, key: idd")).startswith(
        "2:24: thing has no column idd. Did you mean 'id'?"
    )
    assert of(whole.replace("Text: name", "Text: nmae")).startswith(
        "5:3: thing has no column nmae. Did you mean 'name'?"
    )
    assert of(whole.replace("first_id", "frist_id")).startswith(
        "7:3: thing has no column frist_id. Did you mean 'first_id'?"
    )
    assert of(whole.replace("owner: owner", "owner: onwer")).startswith(
        "2:31: There is no table onwer. Did you mean 'owner'?"
    )


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("other", "thing has no foreign key to other; a join needs exactly one. Add a"),
        ("thing", "thing has 2 foreign keys to thing; a join needs exactly one. Take "),
    ],
)
def test_a_join_needs_exactly_one_foreign_key(
    things: Connection, tmp_path: Path, table: str, sentence: str
) -> None:
    text = HEAD.replace("owner: owner", f"a: {table}") + "fields: {Text: name}\n"
    assert said(things, from_file(tmp_path, text)).startswith(f"2:31: {sentence}")


def test_a_foreign_key_into_another_schema_is_none_to_a_table_of_that_name(
    things: Connection, tmp_path: Path
) -> None:
    things.execute("create schema elsewhere create table other (id integer primary key)")
    things.execute("alter table thing add elsewhere_id integer references elsewhere.other")
    text = HEAD.replace("owner: owner", "a: other") + "fields: {Text: name}\n"
    assert "has no foreign key to other" in said(things, from_file(tmp_path, text))


def test_an_unknown_time_zone_is_named_with_the_nearest(things: Connection, tmp_path: Path) -> None:
    text = HEAD + "fields: {Text: name}\ntime_zone: Europe/Berln\n"
    assert said(things, from_file(tmp_path, text)) == (
        "5:1: PostgreSQL knows no time zone 'Europe/Berln'. Did you mean 'Europe/Berlin'? "
        "Name one like Europe/Berlin."
    )


def test_a_default_of_the_wrong_type_is_named(things: Connection, tmp_path: Path) -> None:
    text = HEAD + "fields:\n  Number: {column: size, if_null: none}\n"
    assert said(things, from_file(tmp_path, text)).startswith(
        '5:3: fields.Number: PostgreSQL says: invalid input syntax for type numeric: "none".'
    )


BAD_ROW = {
    "a field": ("  Number: {sql: 100 / size}\n", "", "5:3: fields.Number: PostgreSQL says: divisi"),
    "a cast to the field's type": (
        "  Number: name\n", "", "5:3: fields.Number: PostgreSQL says: invalid input syntax for",
    ),
    "a lookup": (
        "  Text: name\n", "lookups:\n  Parent: {mapping: thing, sql: 100 / size}\n",
        "7:3: lookups.Parent: PostgreSQL says: division by zero",
    ),
    "the label": ("  Text: name\n", "label", "3:1: label: PostgreSQL says: division by zero"),
    "where": ("  Text: name\n", "where", "2:46: source.where: PostgreSQL says: division by zero"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_ROW)
def test_an_expression_that_one_row_breaks_names_field_and_row(
    things: Connection, tmp_path: Path, case: str
) -> None:
    fields, more, sentence = BAD_ROW[case]
    head = HEAD
    if more == "label":
        head, more = HEAD.replace("label: name", "label: 100 / size"), ""
    elif more == "where":
        head, more = HEAD.replace("owner}}", "owner}, where: 100 / size > 0}"), ""
    mapped = from_file(tmp_path, head + "fields:\n" + fields + more)
    catalog = read_catalog(things)
    check_mappings(things, [mapped], catalog, {"Thing__c": FACTS})  # the plan alone is fine
    rows = [(str(1000 + n), None, n % 7 or 1, None, None, None) for n in range(60)]
    rows[41] = ("one", None, 0, None, None, None)
    rows[47] = ("two", None, 0, None, None, None)
    with pytest.raises(MappingError) as caught:
        planned(things, mapped, FACTS, rows)
    text = str(caught.value).rsplit("thing.yaml:", 1)[-1]
    assert text.startswith(sentence)
    assert text.endswith(", at thing row 41. Correct that row, or let the SQL allow for it."), text


def test_a_key_that_is_not_unique_or_null_is_named(things: Connection, tmp_path: Path) -> None:
    text = HEAD.replace("table: thing", "table: thing, key: email") + "fields: {Text: name}\n"
    mapped = from_file(tmp_path, text)

    def of(*emails: str | None) -> str:
        with pytest.raises(MappingError) as caught:
            planned(things, mapped, FACTS, [(None, e, 1, None, None, None) for e in emails])
        return str(caught.value).rsplit("thing.yaml:", 1)[-1]

    assert of("a", "b", "a") == (
        "2:24: thing.email is not unique: two rows have the same key. Name the primary key, or a "
        "column that is unique."
    )
    assert of("a", None).startswith("2:24: thing.email is null in a row, and a key cannot be.")


def test_a_lost_connection_is_nobodys_mapping(things: Connection, tmp_path: Path) -> None:
    mapped = from_file(tmp_path, HEAD + "fields: {Text: name}\n")
    catalog = read_catalog(things)
    with pytest.raises(psycopg.OperationalError) as lost:
        things.execute("select pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(psycopg.OperationalError):
        explain_error(things, mapped, catalog, {"Thing__c": FACTS}, lost.value)


def test_a_missing_privilege_is_for_the_database_not_for_the_mapping(
    things: Connection, sync_connection: Connection, tmp_path: Path
) -> None:
    mapped = from_file(tmp_path, HEAD + "fields: {Text: name}\n")
    catalog = read_catalog(things)
    things.execute("revoke all on schema public from public, crm_sync")
    with pytest.raises(DatabaseError, match="Our role may not do what thing needs"):
        check_mappings(sync_connection, [mapped], catalog, {"Thing__c": FACTS})


def test_the_check_reads_no_row(things: Connection, tmp_path: Path) -> None:
    things.execute("insert into thing (id, name, size) values (1, 'a', 0)")
    mapped = from_file(tmp_path, HEAD + "fields: {Number: {sql: 100 / size}}\n")
    check_mappings(things, [mapped], read_catalog(things), {"Thing__c": FACTS})


def test_names_that_only_look_like_ours_do_no_harm(things: Connection, tmp_path: Path) -> None:
    """Columns called like parts of the compiled SQL: the row's own come first."""
    things.execute("alter table thing add value text, add sent text, add source text, add key text")
    text = HEAD + "fields: {Text: {sql: value || sent || source || key || thing.name}}\n"
    mapped = from_file(tmp_path, text)
    values = ("n", None, 1, None, None, None, "v", "s", "o", "k")
    (row,) = planned(things, mapped, FACTS, [values])
    assert row.payload == {"Text": "vsokn"}


def test_percent_signs_and_braces_are_text(things: Connection, tmp_path: Path) -> None:
    text = HEAD + "fields: {Text: {sql: \"'100% {0} %s ' || name\"}}\n"
    (row,) = planned(things, from_file(tmp_path, text), FACTS, [("n", None, 1, None, None, None)])
    assert row.payload == {"Text": "100% {0} %s n"}
