"""Values that may not fit are found by their types: no row is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.fit import fit_findings
from crm_sync.salesforce.describe import FieldFacts
from tests.integration.mapping.described import field, from_file, thing

TABLE = """
create type stage as enum ('open', 'won', 'lost');
create domain short as varchar(30);
create table things (
    id integer primary key, name text, wide varchar(500), narrow varchar(20), tiny short,
    bounded text check (char_length(bounded) <= 300), listed text check (listed in ('a', 'b''s')),
    excluded text check (not (excluded in ('x', 'y'))),
    stage stage, amount numeric(12, 4), large numeric(20, 2), free numeric, whole bigint,
    moment timestamptz, local timestamp, day date, yes boolean
)
"""
TEXT = field("Field", length=80)
PICKLIST = field("Field", "picklist", length=40, values=("open", "won"))
RESTRICTED = field("Field", "picklist", length=40, values=("open", "won"), restricted=True)
MONEY = field("Field", "currency", precision=18, scale=2)
WHOLE = field("Field", "int", digits=8)
DATE, MOMENT = field("Field", "date"), field("Field", "datetime")

CASES: dict[str, tuple[FieldFacts, str, str | None]] = {
    "a longer text": (TEXT, "wide", "things.wide holds up to 500 characters; Thing__c.Field takes"),
    "a longer text that is cut": (TEXT, "{column: wide, too_long: truncate}", None),
    "a shorter text": (TEXT, "narrow", None),
    "a text of a domain": (field("Field", length=20), "tiny", "things.tiny holds up to 30 charact"),
    "a text without a bound": (TEXT, "name", None),
    "a text that a CHECK bounds": (TEXT, "bounded", "things.bounded holds up to 300 characters"),
    "SQL that gives a longer text": (TEXT, '{sql: "name::varchar(99)"}', "The SQL of Field holds"),
    "a constant that is too long": (
        field("Field", length=3), "{constant: four}", "The constant of Field has 4 characters",
    ),
    "an emoji counts twice": (
        field("Field", length=3), "{column: narrow, too_long: truncate, if_null: 'ab😀'}",
        "The if_null of Field has 4 characters",
    ),
    "an enum without a map": (
        PICKLIST, "stage", "things.stage can be 'lost', which Thing__c.Field does not list in this "
        "org: it would go in as it is.",
    ),
    "an enum into a restricted picklist": (RESTRICTED, "stage", "Salesforce refuses it."),
    "an enum into a text": (TEXT, "stage", None),
    "an enum with a part of it mapped": (
        PICKLIST, "{column: stage, values: {open: open, won: won}}",
        "things.stage can be 'lost', which values of Field does not list: such a row is invalid.",
    ),
    "an enum with the rest kept": (
        PICKLIST, "{column: stage, values: {open: won}, otherwise: keep}", "can be 'lost', which",
    ),
    "an enum with the rest left empty": (
        PICKLIST, "{column: stage, values: {open: open}, otherwise: null}", None,
    ),
    "an enum with a word for the rest": (
        PICKLIST, "{column: stage, values: {open: open}, otherwise: won}", None,
    ),
    "a word for the rest that is too long": (
        field("Field", length=3), "{column: stage, values: {open: yes}, otherwise: maybe}",
        "The otherwise of Field has 5 characters; Thing__c.Field takes 3.",
    ),
    "a map of what no row has": (
        PICKLIST, "{column: stage, values: {open: open, win: won, won: won, lost: won}}",
        "things.stage is never 'win', which values of Field lists.",
    ),
    "a text that a CHECK lists": (
        PICKLIST, "{column: listed, values: {a: open}}", "things.listed can be \"b's\"",
    ),
    "a text that a CHECK excludes": (PICKLIST, "excluded", None),
    "more decimals": (MONEY, "amount", "things.amount has 4 decimals; Thing__c.Field takes 2"),
    "decimals that SQL rounds": (MONEY, '{sql: "amount::numeric(12,2)"}', None),
    "decimals for a whole number": (WHOLE, "amount", "things.amount has 4 decimals; Thing__c.Fiel"),
    "more digits": (MONEY, "large", "things.large has up to 18 digits before the point"),
    "a numeric without bounds": (MONEY, "free", None),
    "a whole number": (MONEY, "whole", None),
    "a text for a number": (MONEY, "name", "things.name is a text, and Thing__c.Field takes"),
    "a text for a date": (DATE, "name", "is a text, and Thing__c.Field takes the type date"),
    "a moment for a day": (DATE, "moment", "things.moment turns a moment into a day"),
    "a moment for a moment": (MOMENT, "moment", None),
    "a day for a moment": (MOMENT, "day", "things.day turns a moment into a day, or a day"),
    "a local time for a moment": (MOMENT, "local", "things.local turns a moment into a day"),
    "a day for a day": (DATE, "day", None),
    "SQL that makes a day of a moment": (DATE, '{sql: "moment::date + 3"}', "The SQL of Field"),
    "SQL that cuts a moment in its zone": (
        DATE, "{sql: \"(date_trunc('month', moment) + interval '1 day')::date\"}", "The SQL",
    ),
    "SQL that names its zone": (
        DATE, "{sql: \"(moment at time zone 'Europe/Berlin')::date\"}", None,
    ),
}  # fmt: skip


def said(connection: psycopg.Connection[Any], folder: Path, facts: FieldFacts, rule: str) -> str:
    connection.execute(TABLE)
    text = f"object: Thing__c\nsource: {{table: things}}\nlabel: id\nfields:\n  Field: {rule}\n"
    found = list(
        fit_findings(connection, from_file(folder, text), read_catalog(connection), thing([facts]))
    )
    return " ".join(finding.sentence for finding in found)


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_is_said(
    connection: psycopg.Connection[Any], tmp_path: Path, case: str
) -> None:
    facts, rule, wanted = CASES[case]
    told = said(connection, tmp_path, facts, rule)
    assert wanted in told if wanted else told == "", told


def test_a_mapping_that_says_its_zone_has_decided(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    assert said(connection, tmp_path, DATE, "moment\ntime_zone: UTC") == ""


def test_no_row_is_read(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    """An expression that fails for a row says nothing here: `row-fails` does."""
    connection.execute(TABLE + "; insert into things (id) values (0)")
    text = "object: Thing__c\nsource: {table: things}\nlabel: id\nfields:\n  Field: {sql: 1 / id}\n"
    mapping = from_file(tmp_path, text)
    facts = thing([MONEY])
    assert list(fit_findings(connection, mapping, read_catalog(connection), facts)) == []
