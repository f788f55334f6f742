"""SQL whose value changes while its row does not is declared or refused, wherever it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.errors import MappingError
from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.check import check_mappings
from crm_sync.mapping.model import Mapping
from crm_sync.sync.plan import create_tables
from crm_sync.sync.prepare import plan_transaction
from tests.integration.mapping.described import field, from_file, thing
from tests.support.postgres import Database

Connection = psycopg.Connection[Any]
FACTS = thing(
    [
        field("Text", length=255),
        field("Day", "date"),
        field("Moment", "datetime"),
        field("Parent", "reference", reference_to=["Thing__c"]),
        field("Owner", "reference", reference_to=["User"]),
    ]
)
SCHEMA = """
create table public.thing (
    id integer primary key, name text, born date, made timestamptz, wall timestamp, price money,
    parent_id integer references thing);
create function public.careless(text) returns text language sql as 'select $1';
create function public.steady(text) returns text language sql immutable as 'select $1';
create function public.looks_up(text) returns text language sql stable as 'select $1';
create function public.careless_less(text, text) returns boolean language sql
    as 'select $1 < $2';
create operator public.<~ (leftarg = text, rightarg = text, function = public.careless_less);
"""


@pytest.fixture
def things(connection: Connection) -> Connection:
    """The owner's connection to a database with the table and functions above."""
    connection.execute(SCHEMA.encode())
    return connection


def check(connection: Connection, mapped: Mapping) -> str:
    """What the check says of a mapping, without its file's directory; nothing if all is well."""
    try:
        with plan_transaction(connection, keep=True):
            create_tables(connection)
            check_mappings(connection, [mapped], read_catalog(connection), {"Thing__c": FACTS})
    except MappingError as error:
        said = str(error)
        assert "\n" not in said
        return said.rsplit("thing.yaml:", 1)[-1]
    return ""


def of_field(expression: str, declared: str = "", name: str = "Text") -> str:
    return (
        "object: Thing__c\nsource: {table: thing}\nlabel: name\nfields:\n"
        f"  {name}: {{sql: {json.dumps(expression)}{declared}}}\n"
    )


DECLARED = ", time_dependent: true"
DEPENDS = "depends on more than the row, so the value may change while the row does not. Say time_"
CLOCKS = {
    "now()": "now()",
    "now() - made": "now()",
    "NOW ( )": "now()",
    "current_date": "current_date",
    "name || current_time(2)": "current_time",
    "CURRENT_TIMESTAMP(0)": "current_timestamp",
    "localtime": "localtime",
    "localtimestamp(3)": "localtimestamp",
    "transaction_timestamp()": "transaction_timestamp()",
    "statement_timestamp()": "statement_timestamp()",
    "age(born)": "age(timestamp with time zone)",
    "extract(year from age(wall))": "age(timestamp without time zone)",
    "case when name like 'a%' then coalesce(born, current_date) end": "current_date",
    "made between now() and now()": "now()",
    "born = any(array[current_date, born])": "current_date",
    "current_user": "current_user",
    "current_setting('application_name')": "current_setting(text)",
    "pg_backend_pid()": "pg_backend_pid()",
    "to_tsvector(name)": "to_tsvector(text)",
    "looks_up(name)": "looks_up(text)",
    "upper(public.looks_up(name))": "looks_up(text)",
}


@pytest.mark.parametrize("expression", CLOCKS)
def test_what_depends_on_more_than_the_row_is_declared(
    things: Connection, tmp_path: Path, expression: str
) -> None:
    said = check(things, from_file(tmp_path, of_field(expression)))
    assert said.startswith(f"5:3: fields.Text: {CLOCKS[expression]} {DEPENDS}"), said
    assert ("IMMUTABLE" in said) == ("looks_up" in expression)
    assert check(things, from_file(tmp_path, of_field(expression, DECLARED))) == ""


VOLATILE = {
    "random()": "random()",
    "now() + random() * interval '1 day'": "random()",
    "gen_random_uuid()": "gen_random_uuid()",
    "clock_timestamp()": "clock_timestamp()",
    "timeofday()": "timeofday()",
    "nextval('thing_numbers')": "nextval(regclass)",
    "careless(name)": "careless(text)",
    "name <~ 'a'": "careless_less(text,text)",
}


@pytest.mark.parametrize("declared", ["", DECLARED])
@pytest.mark.parametrize("expression", VOLATILE)
def test_what_is_another_value_each_time_is_refused_declared_or_not(
    things: Connection, tmp_path: Path, expression: str, declared: str
) -> None:
    things.execute("create sequence public.thing_numbers")
    said = check(things, from_file(tmp_path, of_field(expression, declared)))
    function = VOLATILE[expression]
    assert said.startswith(
        f"5:3: fields.Text: {function} gives another value each time (PostgreSQL calls it "
        "volatile), so its row would never be at rest. "
    )
    mend = "Use a column that holds the value."
    if "careless" in function:
        mend = f"STABLE or IMMUTABLE if it is: alter function {function} immutable."
    assert said.endswith(mend)


WORDS = {
    "'today'::date": "'today'",
    "date 'Tomorrow'": "'Tomorrow'",
    "cast('now' as timestamptz)": "'now'",
    "timestamp 'yesterday 12:00'": "'yesterday 12:00'",
    "'now'::time": "'now'",
    "made > 'today'": "'today'",
    "born in ('2026-01-01', 'today')": "'today'",
    "'now'::text::timestamptz": "'now'",
    "('today ' || '12:00')::timestamp": "'today '",
    "'[today,tomorrow)'::daterange @> born": "'[today,tomorrow)'",
    "born = any('{today}')": "'{today}'",
    "e'today'::date": "e'today'",
}


@pytest.mark.parametrize("expression", WORDS)
def test_a_word_that_becomes_a_date_is_declared(
    things: Connection, tmp_path: Path, expression: str
) -> None:
    said = check(things, from_file(tmp_path, of_field(expression)))
    assert said == (
        f"5:3: fields.Text: {WORDS[expression]} reads the clock, so the value changes while the "
        "row does not. Say time_dependent: true beside the sql; then every row is always compared."
    )
    assert check(things, from_file(tmp_path, of_field(expression, DECLARED))) == ""


STEADY = (
    "'epoch'::timestamptz",
    "'infinity'::date",
    "date '2026-11-24' + 90",
    "case name when 'today' then 'now' else 'tomorrow' end",
    "name || ' as of yesterday'",
    "'{\"now\": \"today\"}'::jsonb ->> 'now'",
    "to_char(made, 'YYYY-MM') || made::text || made::date",
    "date_trunc('month', made) at time zone 'Europe/Berlin'",
    "made + interval '1 month' > '2026-01-01'",
    "extract(epoch from age(made, wall))",
    "concat_ws(' ', name, born, price) || format('%s', made)",
    "to_date(name, 'YYYY') = born and to_timestamp(1) = made",
    "jsonb_build_object('a', made)::text || to_jsonb(born)",
    "name::date - born",
    "price::numeric::text || price::text",
    "steady(name)",
    "name similar to '(a|b)%' and name ~* '^now'",
    "greatest(made, wall)",
)


@pytest.mark.parametrize("expression", STEADY)
def test_what_the_row_alone_decides_needs_no_word(
    things: Connection, tmp_path: Path, expression: str
) -> None:
    assert check(things, from_file(tmp_path, of_field(expression))) == ""


HEAD = "object: Thing__c\nsource:\n  table: thing\n"
REST = "label: name\nfields: {Text: name}\n"
PLACES = {
    "where": (HEAD + "  where: born < current_date\n" + REST, "4:3: source.where: current_date"),
    "a literal in where": (HEAD + "  where: born < 'today'\n" + REST, "4:3: source.where: 'today'"),
    "the label": (HEAD + "label: name || age(born)\nfields: {Text: name}\n", "4:1: label: age("),
    "a parent": (
        HEAD + REST + "lookups:\n  Parent:\n    mapping: thing\n"
        "    sql: case when born < now() then parent_id end\n",
        "7:3: lookups.Parent: now()",
    ),
    "the second of two parents": (
        HEAD + REST + "lookups:\n  Parent:\n    - {mapping: thing, column: parent_id}\n"
        "    - {mapping: thing, sql: case when born < now() then parent_id end}\n",
        "9:7: lookups.Parent.1: now()",
    ),
    "a record that is not ours": (
        HEAD + REST + "lookups:\n  Owner: {object: User, by: Email, sql: looks_up(name)}\n",
        "7:3: lookups.Owner: looks_up(text)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PLACES)
def test_it_is_named_wherever_it_stands(things: Connection, tmp_path: Path, case: str) -> None:
    text, said = PLACES[case]
    assert check(things, from_file(tmp_path, text)).startswith(said)


def test_it_can_be_declared_wherever_it_stands(things: Connection, tmp_path: Path) -> None:
    text = (
        HEAD + "  where: {sql: born < current_date, time_dependent: true}\n"
        "label: {sql: name || age(born), time_dependent: true}\n"
        "fields: {Text: name}\n"
        "lookups:\n"
        "  Parent:\n"
        "    - {mapping: thing, column: parent_id}\n"
        "    - {mapping: thing, sql: case when born < now() then parent_id end, "
        "time_dependent: true}\n"
        "  Owner: {object: User, by: Email, sql: looks_up(name), time_dependent: true}\n"
    )
    assert check(things, from_file(tmp_path, text)) == ""
    assert "label: random() gives another value" in check(
        things, from_file(tmp_path, text.replace("age(born)", "random()"))
    )


@pytest.mark.parametrize("rule", ["constant: today", "column: born, if_null: NOW",
                                  "column: name, values: {soon: tomorrow}"])  # fmt: skip
def test_a_date_field_takes_no_word_for_today(
    things: Connection, tmp_path: Path, rule: str
) -> None:
    head = "object: Thing__c\nsource: {table: thing}\nlabel: name\nfields:\n"
    said = check(things, from_file(tmp_path, head + f"  Day: {{{rule}}}\n"))
    assert said.startswith("5:3: fields.Day: ")
    assert "reads the clock" in said
    assert check(things, from_file(tmp_path, head + "  Text: {constant: today}\n")) == ""


def test_the_check_leaves_nothing_and_needs_no_more_than_the_sync_may(
    things: Connection, sync_connection: Connection, database: Database, tmp_path: Path
) -> None:
    things.execute("grant select on public.thing to crm_sync")
    mapped = from_file(tmp_path, of_field("current_date", DECLARED))
    assert check(sync_connection, mapped) == ""
    with psycopg.connect(database.admin_url) as admin:
        left = admin.execute("select count(*) from pg_class where relname = 'crm_sync_expression'")
        assert left.fetchone() == (0,)
