"""The semantic model against a live database: what it imports is there, and of a fitting type."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.powerbi import project
from tools.powerbi import model as semantic
from tools.powerbi.model import Model, Table

Reader = psycopg.Connection[Any]

TABLES = tuple(semantic.read(project.MODEL).tables)
FITTING = {
    "text": "string",
    "integer": "int64",
    "bigint": "int64",
    "numeric(18,2)": "decimal",
    "boolean": "boolean",
    "date": "dateTime",
}
"""PostgreSQL's type → the dataType that Power BI's connector makes of it."""


def view(table: Table) -> sql.Identifier:
    return sql.Identifier("analytics", table.view)


def folded(column: str) -> sql.Composed:
    """A text as Power BI compares it: without regard to capitals and to blanks at its end."""
    return sql.SQL("rtrim(lower({}::text))").format(sql.Identifier(column))


@pytest.mark.parametrize("name", TABLES)
def test_a_column_stands_in_its_view_with_a_type_that_fits(
    reader: Reader, model: Model, name: str
) -> None:
    table = model.tables[name]
    there: dict[str, str] = dict(
        reader.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = to_regclass(%s) and attnum > 0",
            (f"analytics.{table.view}",),
        ).fetchall()
    )
    for column in table.columns.values():
        assert column.source in there, f"analytics.{table.view} has no column {column.source}"
        assert FITTING[there[column.source]] == column.kind, column.source


@pytest.mark.parametrize("name", TABLES)
def test_power_bis_role_reads_what_the_table_asks_for(
    reader: Reader, model: Model, name: str
) -> None:
    table = model.tables[name]
    wanted = sql.SQL(", ").join(map(sql.Identifier, table.selected))
    row = reader.execute(sql.SQL("select {} from {}").format(wanted, view(table))).fetchone()
    assert row is not None, "the sample has rows for every table"


@pytest.mark.parametrize("name", TABLES)
def test_a_key_is_there_and_unique_as_power_bi_compares_texts(
    reader: Reader, model: Model, name: str
) -> None:
    table = model.tables[name]
    if table.key is None:
        return
    counted = reader.execute(
        sql.SQL("select count(*), count(distinct {}) from {}").format(
            folded(table.key.source), view(table)
        )
    ).fetchone()
    assert counted is not None
    assert counted[0] == counted[1] > 0


@pytest.mark.parametrize("name", TABLES)
def test_what_a_column_is_sorted_by_is_one_for_each_value(
    reader: Reader, model: Model, name: str
) -> None:
    table = model.tables[name]
    for column in table.columns.values():
        if column.sort_by is None:
            continue
        by = table.columns[column.sort_by]
        several = reader.execute(
            sql.SQL(
                "select {value} from {view} group by {value} having count(distinct {by}) > 1"
            ).format(value=folded(column.source), view=view(table), by=sql.Identifier(by.source))
        ).fetchall()
        assert several == [], column.name


def test_the_many_side_finds_its_key_or_is_blank(reader: Reader, model: Model) -> None:
    for relation in model.relations:
        many, one = model.tables[relation.many[0]], model.tables[relation.one[0]]
        key = sql.Identifier(model.column(*relation.many).source)
        lost = reader.execute(
            sql.SQL(
                "select count(*) from {many} m where {key} is not null"
                " and not exists (select from {one} o where o.{unique} = m.{key})"
            ).format(
                many=view(many),
                one=view(one),
                key=key,
                unique=sql.Identifier(model.column(*relation.one).source),
            )
        ).fetchone()
        assert lost == (0,), relation


def test_only_a_lead_and_an_activity_may_have_no_client(reader: Reader, model: Model) -> None:
    blank = set()
    for relation in model.relations:
        column = sql.Identifier(model.column(*relation.many).source)
        query = sql.SQL("select exists (select from {} where {} is null)").format(
            view(model.tables[relation.many[0]]), column
        )
        if reader.execute(query).fetchone() == (True,):
            blank.add(relation.many)
    assert blank == {("Lead", "Account Key"), ("Activity", "Account Key")}
