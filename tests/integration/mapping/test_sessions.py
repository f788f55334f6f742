"""A payload is the same in every session, whatever the role, the database or the client set."""

from __future__ import annotations

from typing import Any

import psycopg
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg import sql

from tests.integration.mapping.conftest import ROWS
from tests.integration.mapping.described import field, thing
from tests.integration.mapping.planned import create_table, mapping, planned
from tests.support.postgres import Database

Connection = psycopg.Connection[Any]

SETTINGS = {
    "TimeZone": ("UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"),
    "DateStyle": ("ISO, MDY", "ISO, DMY", "SQL, DMY", "Postgres, MDY", "German, YMD"),
    "IntervalStyle": ("postgres", "postgres_verbose", "sql_standard", "iso_8601"),
    "search_path": ("public", "sync", "pg_catalog, public", "other, public", '"$user", public'),
    "extra_float_digits": ("-15", "-4", "0", "1", "3"),
    "bytea_output": ("hex", "escape"),
    "lc_monetary": ("C", "POSIX"),
    "lc_numeric": ("C", "POSIX"),
    "lc_time": ("C", "POSIX"),
    "timezone_abbreviations": ("Default", "India", "Australia"),
    "quote_all_identifiers": ("off", "on"),
    "array_nulls": ("on", "off"),
    "backslash_quote": ("on", "off"),
    "standard_conforming_strings": ("on", "off"),
    "transform_null_equals": ("off", "on"),
}
FARTHEST = {name: values[-1] for name, values in SETTINGS.items()}
sessions = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in SETTINGS.items()}
)

EXPRESSIONS = {
    "Moment": ("m", "2026-03-29 01:59:59.123456+01"),
    "MomentDay": ("m::date", "2026-03-29"),
    "Clock": ("m::time", "01:59:59.123456"),
    "Day": ("d", "2026-02-01"),
    "Read": ("'26/02/01'::date", "2026-02-01"),
    "Length": ("i", "P1Y2M3DT4H5M6.7S"),
    "Float": ("f", "0.1234567890123"),
    "Single": ("r::text", "1e-07"),
    "Bytes": ("b", "\\x00ff5c"),
    "Price": ("p", "-$1,234.50"),
    "Months": ("to_char(d, 'TMMonth TMDay')", "February Sunday"),
    "Number": ("to_char(n, 'FM999G999D99L')", "12,345.67"),
    "Zone": ("'2026-01-01 00:00 IST'::timestamptz::text", "2025-12-31 23:00:00+01"),
    "Quoted": ("quote_ident('plain')", "plain"),
    "Array": ("array_to_string('{NULL,a}'::text[], ',', 'none')", "none,a"),
    "Escaped": (r"E'it\'s'", "it's"),
    "Backslash": (r"'a\b'", r"a\b"),
    "Null": ("coalesce((t = null)::text, 'unknown')", "unknown"),
    "Table": ("thing.t", "text"),
    # Of these every system has but one, under two names.
    "Locale": (
        "current_setting('lc_time') || current_setting('lc_numeric') || "
        "current_setting('lc_monetary')",
        "CCC",
    ),
}
"""By field the SQL, and the text that it gives of the row below in Europe/Berlin."""
ROW = ("2026-03-29 00:59:59.123456+00", "2026-02-01", "1 year 2 mons 3 days 04:05:06.7",
       "0.1234567890123",
       "1e-07", r"\x00ff5c", "-1234.5", "12345.67", "text")  # fmt: skip
COLUMNS = (
    "m timestamptz, d date, i interval, f float8, r float4, b bytea, p money, n numeric, t text"
)
FACTS = thing([field(name, length=255) for name in EXPRESSIONS])
MAPPING = mapping(
    {name: {"sql": text} for name, (text, _) in EXPRESSIONS.items()}, time_zone="Europe/Berlin"
)
EXPECTED = {name: text for name, (_, text) in EXPRESSIONS.items()}


@ROWS
@given(sessions)
@example({})
@example(FARTHEST)
def test_no_setting_of_a_session_changes_a_payload(
    connection: Connection, session: dict[str, str]
) -> None:
    connection.execute("reset all")
    connection.execute("drop table if exists public.thing")
    connection.execute("create schema if not exists other")
    connection.execute("create table if not exists other.thing (id integer, t text)")
    create_table(connection, COLUMNS)
    (row,) = planned(connection, MAPPING, FACTS, [ROW], session)
    assert row.payload == EXPECTED
    assert row.problems == set()


def test_no_setting_of_the_role_changes_a_payload(
    connection: Connection, database: Database
) -> None:
    for name, value in FARTHEST.items():
        parts = sql.SQL(", ").join(sql.Literal(part.strip(' "')) for part in value.split(","))
        connection.execute(
            sql.SQL("alter role {} in database {} set {} to {}").format(
                sql.Identifier(connection.info.user), sql.Identifier(database.name),
                sql.Identifier(name), parts if name == "search_path" else sql.Literal(value),
            )
        )  # fmt: skip
    with psycopg.connect(database.owner_url, autocommit=True) as later:
        assert later.execute("show timezone").fetchone() == ("Pacific/Apia",)
        create_table(later, COLUMNS)
        (row,) = planned(later, MAPPING, FACTS, [ROW])
    assert row.payload == EXPECTED
