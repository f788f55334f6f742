"""SQL of one field's value: in the type that Salesforce's field has, and as JSON."""

from __future__ import annotations

from psycopg import sql

from crm_sync.mapping.parts import FieldRule
from crm_sync.mapping.saying import length
from crm_sync.salesforce.describe import FieldFacts

__all__ = [
    "MOMENTS",
    "NUMBERS",
    "as_json",
    "is_text",
    "keeps_decimals",
    "trimmed",
    "typed",
    "written",
]

NUMBERS = frozenset({"currency", "double", "percent", "int", "long"})
MOMENTS = frozenset({"date", "datetime"})
_OTHERS = NUMBERS | MOMENTS | {"boolean", "time"}


def is_text(facts: FieldFacts) -> bool:
    """Whether the field takes text, a picklist value or an Id."""
    return facts.type not in _OTHERS


def typed(rule: FieldRule, facts: FieldFacts) -> sql.Composable:
    """The value in the type that the field has.

    As in Salesforce, a text neither begins nor ends with white space (Apex Developer Guide,
    Primitive Data Types), and an empty text is null.
    """
    value: sql.Composable = sql.SQL("value.{}").format(sql.Identifier(facts.name))
    if rule.values is not None:
        value = sql.SQL("nullif({}, '')").format(_mapped(rule, value))
    elif is_text(facts):
        value = sql.SQL("nullif({}, '')").format(trimmed(value))
    if not is_text(facts):
        value = sql.SQL("{}::{}").format(value, _type(facts))
    if rule.if_null is None:
        return value
    default = written(rule.if_null) if is_text(facts) else rule.if_null
    return sql.SQL("coalesce({}, {})").format(value, sql.Literal(default))


def trimmed(value: sql.Composable) -> sql.Composable:
    return sql.SQL(r"btrim({}::text, E' \t\n\x0B\f\r')").format(value)


def _type(facts: FieldFacts) -> sql.SQL:
    """PostgreSQL's type for a field that takes no text."""
    match facts.type:
        case "boolean":
            return sql.SQL("boolean")
        case "date":
            return sql.SQL("date")
        case "datetime":
            return sql.SQL("timestamptz")
        case "time":
            return sql.SQL("time")
        case _:
            return sql.SQL("numeric")


def written(value: str | float | bool) -> str:
    """A scalar as a mapping file writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mapped(rule: FieldRule, value: sql.Composable) -> sql.Composable:
    arms = [
        sql.SQL("            when {} then {}\n").format(sql.Literal(given), sql.Literal(sent))
        for given, sent in (rule.values or {}).items()
    ]
    if rule.otherwise == "keep":
        arms.append(sql.SQL("            else {}\n").format(trimmed(value)))
    elif rule.other_value:
        arms.append(
            sql.SQL("            else case when {} <> '' then {} end\n").format(
                trimmed(value), sql.Literal(rule.other_value)
            )
        )
    return sql.SQL("case {}::text\n{}        end").format(value, sql.Composed(arms))


def as_json(rule: FieldRule, facts: FieldFacts) -> sql.Composable:
    """The value as the REST API wants it: a date as text, a datetime in UTC to the second.

    A number keeps no trailing zeros, so that 100.0 and 100.00 are the same payload, and no more
    decimals than Salesforce keeps. JSON knows neither NaN nor infinity: they are null here, and
    `problems` makes their row invalid.
    """
    sent: sql.Composable = sql.SQL("sent.{}").format(sql.Identifier(facts.name))
    if facts.type in NUMBERS:
        kept = sent
        if keeps_decimals(facts):
            kept = sql.SQL("trunc({}, {})").format(sent, sql.Literal(facts.scale))
        return sql.SQL("to_jsonb(case when abs({}) < 'Infinity' then trim_scale({}) end)").format(
            sent, kept
        )
    if facts.type == "datetime":
        return sql.SQL(
            "to_jsonb(to_char({} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))"
        ).format(sent)
    if facts.type == "time":
        return sql.SQL("to_jsonb(to_char({}, 'HH24:MI:SS\"Z\"'))").format(sent)
    if is_text(facts) and rule.too_long == "truncate" and facts.length:
        return sql.SQL("to_jsonb({})").format(_cut(sent, facts.length))
    # A date's JSON is ISO 8601 whatever DateStyle says. to_char would go by way of a timestamp: it
    # ends the statement for a year that no timestamp has, and moves a day that a time zone skipped.
    return sql.SQL("to_jsonb({})").format(sent)


def _cut(text: sql.Composable, most: int) -> sql.Composable:
    """The longest beginning of a text that Salesforce takes; it breaks no character.

    A sign before each character that counts twice makes it two, so that `left` counts as Salesforce
    does; then the signs are taken out, also the last one, whose character found no place.
    """
    limit = sql.Literal(most)
    return sql.SQL(
        "\n            case when octet_length({}) <= {} then {}"
        "\n            when {} <= {} then {}"
        "\n            else rtrim(regexp_replace(left(regexp_replace("
        "\n                {}, '([\\U00010000-\\U0010FFFF])', E'\\x01\\\\1', 'g'), {}),"
        "\n                '\\x01(?=[\\U00010000-\\U0010FFFF]|$)', '', 'g'),"
        "\n                E' \\t\\n\\x0B\\f\\r') end"
    ).format(text, limit, text, length(text), limit, text, text, limit)


def keeps_decimals(facts: FieldFacts) -> bool:
    """Whether the field has decimals of which describe tells the number."""
    return facts.type not in ("int", "long") and facts.precision > 0
