"""Finds SQL of a mapping whose value changes while its row does not.

In: a mapping that PostgreSQL can plan. Out: findings with the line of the file. What gives
another value each time (random) is refused: its row would never be at rest. What depends on the
clock, the session or other rows must say `time_dependent: true`.

PostgreSQL itself is asked: it parses the expressions into a temporary view, which is rolled back,
and `volatility.sql` reads from it which functions they call. A word like 'today' in a string
becomes a date while PostgreSQL parses, so such strings are tried with another word in its place.
Not seen is a row's own text: a column that holds the word "today" and is cast to a date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg
from psycopg import errors, sql

from crm_sync.blocks import blocks
from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.compile import expression_view, one_value_each
from crm_sync.mapping.expression import clock_word, without_clock_words
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Expression
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["alone", "volatility_findings"]

Function = tuple[str, str, bool]
"""How it is called, v, s or c as in `volatility.sql`, and whether it is PostgreSQL's own."""
_TIMES = frozenset({"date", "datetime", "time"})


def volatility_findings(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog, facts: ObjectFacts
) -> Iterator[Finding]:
    """What may change while its row does not: for each part the first reason."""
    yield from _written_times(mapping, facts)
    all_sql = [expression.sql for _, expression in mapping.expressions]
    if not _called(connection, mapping, catalog) and not any(map(clock_word, all_sql)):
        return
    for path, expression in mapping.expressions:
        if (found := _unsteady(connection, mapping, path, expression, catalog)) is not None:
            yield found


def _unsteady(
    connection: psycopg.Connection[Any],
    mapping: Mapping,
    path: tuple[str, ...],
    expression: Expression,
    catalog: Catalog,
) -> Finding | None:
    single = alone(mapping, expression)
    called = _called(connection, single, catalog)
    name = ".".join(path)
    for function, volatility, is_built_in in called:
        if volatility == "v":
            return said_of(
                mapping,
                path,
                "volatile",
                f"{name}: {function} gives another value each time (PostgreSQL calls it "
                "volatile), so its row would never be at rest.",
                "Use a column that holds the value."
                if is_built_in
                else f"Declare the function STABLE or IMMUTABLE if it is: alter function "
                f"{function} immutable.",
            )
    if expression.time_dependent:
        return None
    mend = "Say time_dependent: true beside the sql; then every row is always compared."
    if expression is mapping.narrowed:
        mend = "What a target receives must depend on the row alone; say it in the mapping's where."
    for function, volatility, is_built_in in called:
        if volatility == "s":
            return said_of(
                mapping,
                path,
                "time-dependent",
                f"{name}: {function} depends on more than the row, so the value may change "
                "while the row does not.",
                mend
                if is_built_in
                else f"{mend} Or declare the function IMMUTABLE if its arguments alone decide.",
            )
    for text in _read_as_times(connection, single, catalog, called):
        return said_of(
            mapping,
            path,
            "time-dependent",
            f"{name}: {text} reads the clock, so the value changes while the row does not.",
            mend,
        )
    return None


def alone(mapping: Mapping, expression: Expression) -> Mapping:
    """The mapping with nothing but one expression of it, which may stand anywhere."""
    source = mapping.source.model_copy(update={"where": None})
    bare: dict[str, Any] = {"source": source, "narrowed": None, "fields": {}, "lookups": {}}
    return mapping.model_copy(update={**bare, "label": expression})


def _called(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog
) -> list[Function]:
    """Functions of the mapping's SQL that may give another value for the same row."""
    with connection.transaction(force_rollback=True):
        connection.execute(expression_view(mapping, catalog))
        statement = blocks("crm_sync.mapping", "volatility.sql")["dependence"]
        return connection.execute(statement.encode()).fetchall()


def _read_as_times(
    connection: psycopg.Connection[Any], single: Mapping, catalog: Catalog, called: list[Function]
) -> Iterable[str]:
    """Strings of the expression with a word such as 'today' that PostgreSQL takes for a time."""
    for text, changed in without_clock_words(single.label.sql):
        if any(volatility == "c" for _, volatility, _ in called):
            yield text
        other = single.model_copy(update={"label": Expression(sql=changed)})
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(sql.SQL("explain ") + one_value_each(other, catalog))
        except errors.InvalidDatetimeFormat:
            yield text


def _written_times(mapping: Mapping, facts: ObjectFacts) -> Iterator[Finding]:
    """Where a date field is to get the text 'today' or the like."""
    for name, rule in mapping.fields.items():
        if name not in facts.fields or facts.fields[name].type not in _TIMES:
            continue
        written = (rule.constant, rule.if_null, rule.other_value, *(rule.values or {}).values())
        for text in written:
            if isinstance(text, str) and clock_word(text):
                yield said_of(
                    mapping,
                    ("fields", name),
                    "time-dependent",
                    f"fields.{name}: {text!r} reads the clock, so the value changes while the row "
                    "does not.",
                    "Write sql: current_date and time_dependent: true, or a fixed date.",
                )
