"""Values that may not fit the field that they go to, judged by their types; no row is read.

In: a mapping that PostgreSQL can plan, and the object's facts. Out: findings, mostly warnings: the
rows that do not fit are invalid, or arrive other than meant. PostgreSQL knows the type of every
expression, so SQL is judged as columns are. The statements stand in `fit.sql`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.blocks import blocks
from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.compile import expression_view, joins_of, values_of
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.finding_kinds import Kind, Severity
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import FieldRule
from crm_sync.mapping.source import table_of
from crm_sync.mapping.values import MOMENTS, NUMBERS, is_text, keeps_decimals
from crm_sync.mapping.volatility import alone
from crm_sync.names import nearest
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts

__all__ = ["fit_findings"]

_BOUND = re.compile(
    r"\b(?:char_length|character_length|length)\(\(?(\w+)\)?(?:::text)?\) (<=?) (\d+)"
)
_LISTED = re.compile(r"= ANY \(+ARRAY\[(.*)\]")
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_TEXTS = frozenset({"text", "varchar", "bpchar", "citext", "name"})
_PICKLISTS = frozenset({"picklist", "multipicklist"})


@dataclass(frozen=True)
class ValueType:
    """What a value can be. `length`: of a text, at most; `digits`: precision and scale of a
    numeric; `listed`: the only texts that it can be, by its enum or a CHECK.
    """

    name: str
    base: str
    length: int | None = None
    digits: tuple[int, int] | None = None
    listed: tuple[str, ...] = ()


def fit_findings(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog, facts: ObjectFacts
) -> Iterator[Finding]:
    """What may not fit, field by field, as the file has them."""
    types = _types(connection, mapping, catalog)
    for name, rule in mapping.fields.items():
        field = facts.fields.get(name)
        if field is None:
            continue
        say = _Say(mapping, name, rule)
        yield from _written(rule, field, say)
        if name not in types:
            continue
        kind = types[name]
        yield from _listed(rule, field, kind, say)
        if rule.values is not None:
            continue
        if is_text(field):
            yield from _texts(rule, field, kind, say)
        elif kind.base in _TEXTS:
            yield say(
                "text-as-other",
                f"{say.subject} is a text, and {say.field} takes the type {field.type}: a row "
                "whose text is none ends the run.",
                "Give SQL that makes one of it.",
            )
        elif field.type in NUMBERS:
            yield from _numbers(field, kind, say)
        elif field.type in MOMENTS:
            yield from _days(connection, rule, field, kind, catalog, say)


class _Say:
    """Makes a finding about one field."""

    def __init__(self, mapping: Mapping, name: str, rule: FieldRule) -> None:
        self.mapping = mapping
        self.name = name
        self.field = f"{mapping.object}.{name}"
        column = rule.column
        self.subject = f"{mapping.source.table}.{column}" if column else f"The SQL of {name}"

    def __call__(
        self, kind: Kind, sentence: str, mend: str, severity: Severity = "warning", at: str = ""
    ) -> Finding:
        """`at`: a text of the value map, if it is about one."""
        part = ("values", at) if at else ()
        path = ("fields", self.name, *part)
        return said_of(self.mapping, path, kind, sentence, mend, severity=severity)


def _types(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog
) -> dict[str, ValueType]:
    """The type of each field's value by the field's name; a constant has none."""
    table = table_of(mapping, catalog)
    names = [name for name, rule in mapping.fields.items() if rule.constant is None]
    if not names:
        return {}
    query = sql.Composed(
        [
            sql.SQL("select {}\nfrom public.{} as source\n").format(
                sql.SQL(", ").join(sql.SQL("value.{}").format(sql.Identifier(n)) for n in names),
                sql.Identifier(table.name),
            ),
            *joins_of(mapping, table),
            *values_of(mapping, table, names),
            sql.SQL("limit 0"),
        ]
    )
    result = connection.execute(query).pgresult
    if result is None:
        raise AssertionError("a SELECT has a result")
    rows = connection.execute(
        blocks("crm_sync.mapping", "fit.sql")["types"].encode(),
        {
            "types": [result.ftype(n) for n in range(len(names))],
            "modifiers": [result.fmod(n) for n in range(len(names))],
        },
    )
    types = {
        names[number - 1]: ValueType(
            name, base, length, tuple(digits) if digits else None, tuple(labels or ())
        )
        for number, name, base, length, digits, labels in rows
    }
    bounds = _bounds(connection, table.name)
    for name in names:
        column = mapping.fields[name].column
        if column in bounds:
            length, listed = bounds[column]
            known = types[name]
            types[name] = replace(
                known, length=known.length or length, listed=known.listed or listed
            )
    return types


def _bounds(
    connection: psycopg.Connection[Any], table: str
) -> dict[str, tuple[int | None, tuple[str, ...]]]:
    """By column: the longest text that a CHECK lets in, and the only texts, where it lists them."""
    found: dict[str, tuple[int | None, tuple[str, ...]]] = {}
    statement = blocks("crm_sync.mapping", "fit.sql")["constraints"]
    for column, text in connection.execute(statement.encode(), {"table": table}):
        length, listed = found.get(column, (None, ()))
        if bound := _BOUND.search(text):
            length = int(bound[3]) - (bound[2] == "<")
        if (array := _LISTED.search(text)) and "NOT (" not in text:
            listed = tuple(each.replace("''", "'") for each in _LITERAL.findall(array[1]))
        found[column] = (length, listed)
    return found


def _written(rule: FieldRule, field: FieldFacts, say: _Say) -> Iterator[Finding]:
    """Texts of the file that the field is too short for."""
    if not is_text(field) or not field.length:
        return
    written = (
        ("constant", rule.constant), ("if_null", rule.if_null), ("otherwise", rule.other_value),
    )  # fmt: skip
    for key, value in written:
        if value is not None and _counted(str(value)) > field.length:
            yield say(
                "text-too-long",
                f"The {key} of {say.name} has {_counted(str(value))} characters; {say.field} takes "
                f"{field.length}.",
                "Shorten it.",
                "error" if key == "constant" and rule.too_long == "error" else "warning",
            )


def _counted(text: str) -> int:
    """Characters as Salesforce counts them (see `saying.py`)."""
    return len(text.encode("utf-16-le")) // 2


def _listed(rule: FieldRule, field: FieldFacts, kind: ValueType, say: _Say) -> Iterator[Finding]:
    """Values of an enum, or of a CHECK, without a partner in the value map or in the picklist."""
    if rule.values is not None:
        yield from _never_read(rule.values, kind, say)
        lacking = [text for text in kind.listed if text not in rule.values]
        if rule.otherwise == "error":
            for text in lacking:
                yield say(
                    "value-unmapped",
                    f"{say.subject} can be {text!r}, which values of {say.name} does not list: "
                    "such a row is invalid.",
                    f"Add {text} to values of {say.name}, or say otherwise.",
                )
            return
        if rule.otherwise != "keep":
            return
    else:
        lacking = list(kind.listed)
    if field.type not in _PICKLISTS or not field.values:
        return
    for text in lacking:
        if text not in field.values:
            refused = "Salesforce refuses it" if field.restricted else "it would go in as it is"
            yield say(
                "source-value-unlisted",
                f"{say.subject} can be {text!r}, which {say.field} does not list in this org: "
                f"{refused}.",
                f"{nearest(text, field.values, likeness=0.75)} Map it with values of "
                f"{say.name}.".strip(),
            )


def _never_read(values: Iterable[str], kind: ValueType, say: _Say) -> Iterator[Finding]:
    if not kind.listed:
        return
    for text in values:
        if text not in kind.listed:
            yield say(
                "value-never-read",
                f"{say.subject} is never {text!r}, which values of {say.name} lists.",
                nearest(text, kind.listed).strip() or "Take it out.",
                at=text,
            )


def _texts(rule: FieldRule, field: FieldFacts, kind: ValueType, say: _Say) -> Iterator[Finding]:
    if kind.length and field.length and kind.length > field.length and rule.too_long == "error":
        yield say(
            "text-too-long",
            f"{say.subject} holds up to {kind.length:,} characters; {say.field} takes "
            f"{field.length:,}, and longer rows are invalid.",
            "Say too_long: truncate, or make the column shorter.",
        )


def _numbers(field: FieldFacts, kind: ValueType, say: _Say) -> Iterator[Finding]:
    if kind.digits is None:
        return
    precision, scale = kind.digits
    is_whole = field.type in ("int", "long")
    if (is_whole or keeps_decimals(field)) and scale > field.scale:
        more = "a row with more is invalid" if is_whole else "more are cut off"
        yield say(
            "numeric-scale",
            f"{say.subject} has {scale} decimals; {say.field} takes {field.scale}, and {more}.",
            f"Round it: sql: round({say.subject.rpartition('.')[2]}, {field.scale})"
            if not say.subject.startswith("The ")
            else "Round it in the SQL.",
        )
    most = field.digits if is_whole else field.precision - field.scale
    if most and precision - scale > most:
        yield say(
            "numeric-digits",
            f"{say.subject} has up to {precision - scale} digits before the point; {say.field} "
            f"takes {most}, and a row with more is invalid.",
            "Make the column smaller, or send another unit.",
        )


def _days(
    connection: psycopg.Connection[Any],
    rule: FieldRule,
    field: FieldFacts,
    kind: ValueType,
    catalog: Catalog,
    say: _Say,
) -> Iterator[Finding]:
    """A moment that becomes a day, or a day that becomes a moment, in a zone that nobody chose."""
    if "time_zone" in say.mapping.model_fields_set:
        return
    is_turned = {
        "date": kind.base == "timestamptz",
        "datetime": kind.base in ("date", "timestamp"),
    }[field.type]
    if not is_turned and (rule.sql is None or not _turns(connection, say, catalog)):
        return
    yield say(
        "time-zone-undecided",
        f"{say.subject} turns a moment into a day, or a day into a moment, and the mapping does "
        "not say in which time zone; UTC is used.",
        "Write time_zone: Europe/Berlin, or time_zone: UTC, into the mapping.",
    )


def _turns(connection: psycopg.Connection[Any], say: _Say, catalog: Catalog) -> bool:
    expression = dict(say.mapping.expressions)["fields", say.name]
    with connection.transaction(force_rollback=True):
        connection.execute(expression_view(alone(say.mapping, expression), catalog))
        statement = blocks("crm_sync.mapping", "fit.sql")["zone_conversions"]
        return connection.execute(statement.encode()).fetchone() is not None
