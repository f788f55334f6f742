"""The SQL of the shipped mappings is the reviewed one, on any server and in any session."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest

from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.check import check_mappings
from crm_sync.mapping.compile import compile_mapping
from crm_sync.mapping.load import load_mappings
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sample import generate, load
from tests.integration.mapping.golden import GOLDEN, golden
from tests.support.postgres import ROOT, Database

Connection = psycopg.Connection[Any]
Facts = dict[str, ObjectFacts]
LONGEST_LINE = 150
SAMPLE_DAY = date(2026, 11, 24)


def kept() -> dict[str, str]:
    return {file.stem: file.read_text(encoding="utf-8") for file in GOLDEN.glob("*.sql")}


def test_the_sql_is_the_reviewed_one(connection: Connection, facts: Facts) -> None:
    assert golden(connection, facts) == kept(), "python -m tools.regenerate writes it anew"


def test_neither_the_role_nor_the_session_changes_the_sql(database: Database, facts: Facts) -> None:
    options = (
        "-c DateStyle=German -c TimeZone=Asia/Tokyo -c search_path=sync -c quote_all_identifiers=on"
        " -c IntervalStyle=sql_standard"
    )
    with psycopg.connect(database.sync_url, options=options) as connection:
        assert golden(connection, facts) == kept()


def test_the_sql_can_be_read(facts: Facts) -> None:
    for name, text in kept().items():
        for line in text.splitlines():
            assert len(line) <= LONGEST_LINE, name
            assert line == line.rstrip(), name


@pytest.fixture
def practice(connection: Connection) -> Connection:
    """The owner's connection to a database that holds the sample data."""
    load(connection, SAMPLE_DAY)
    return connection


def test_each_row_of_the_sample_data_comes_once_with_every_field(
    practice: Connection, facts: Facts
) -> None:
    catalog = read_catalog(practice)
    mappings = load_mappings(ROOT / "mappings")
    check_mappings(practice, mappings, catalog, facts)
    of_the_sample = generate(SAMPLE_DAY)
    for mapping in mappings:
        query = compile_mapping(mapping, catalog, facts[mapping.object])
        rows = practice.execute(query).fetchall()
        where = f" where {mapping.source.where.sql}" if mapping.source.where else ""
        counted = practice.execute(f"select count(*) from {mapping.source.table}{where}".encode())
        assert len(rows) == len({row[1] for row in rows}) == counted.fetchall()[0][0]
        assert rows or mapping.source.table not in of_the_sample
        assert {row[0] for row in rows} <= {mapping.name}
        for _, _, label, payload, lookups, problems in rows:
            assert list(payload.keys() - mapping.fields.keys()) == []
            assert len(payload) == len(mapping.fields)
            assert label
            assert [entry["field"] for entry in lookups] == list(mapping.lookups)
            assert all(p["severity"] in ("error", "note") for p in problems)
