"""SQL of one field: its typed value, its JSON form, and the rules a value can break.

The rules come from the object's facts (describe), so they are those of the org that is pushed to.
Codes are Salesforce's own where Salesforce would refuse the row with that code; `UNMAPPED_VALUE`,
`AMBIGUOUS_LOOKUP`, `DATE_OUT_OF_RANGE` and the notes are ours.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from crm_sync.mapping.model import FieldRule, Lookup, Mapping
from crm_sync.salesforce.describe import FieldFacts

__all__ = ["as_json", "lookup_problems", "problems", "typed"]

NUMBERS = frozenset({"currency", "double", "percent", "int", "long"})
MOMENTS = frozenset({"date", "datetime"})
_OTHERS = NUMBERS | MOMENTS | {"boolean", "time"}


def is_text(facts: FieldFacts) -> bool:
    """Whether the field takes text, a picklist value or an Id."""
    return facts.type not in _OTHERS


def typed(rule: FieldRule, facts: FieldFacts) -> sql.Composable:
    """The value in the type that the field has; an empty text is null, as in Salesforce."""
    value: sql.Composable = sql.SQL("value.{}").format(sql.Identifier(facts.name))
    if rule.values is not None:
        value = _mapped(rule, value)
    if is_text(facts):
        value = sql.SQL("nullif({}::text, '')").format(value)
    else:
        kind = {
            "boolean": "boolean",
            "date": "date",
            "datetime": "timestamptz",
            "time": "time",
        }.get(facts.type, "numeric")
        if rule.values is not None:
            value = sql.SQL("nullif({}, '')").format(value)
        value = sql.SQL("{}::{}").format(value, sql.SQL(kind))  # pyright: ignore
    if rule.if_null is not None:
        value = sql.SQL("coalesce({}, {})").format(value, sql.Literal(rule.if_null))
    return value


def _mapped(rule: FieldRule, value: sql.Composable) -> sql.Composable:
    otherwise = sql.SQL("{}::text").format(value) if rule.otherwise == "keep" else sql.SQL("null")
    if not rule.values:
        return otherwise
    arms = [
        sql.SQL("when {} then {}").format(sql.Literal(given), sql.Literal(sent))
        for given, sent in rule.values.items()
    ]
    return sql.SQL("(case {}::text {} else {} end)").format(value, sql.SQL(" ").join(arms), otherwise)


def as_json(rule: FieldRule, facts: FieldFacts) -> sql.Composable:
    """The value as the REST API wants it: a date as text, a datetime in UTC to the second.

    A number keeps no trailing zeros, so that 100.0 and 100.00 are the same payload.
    """
    sent: sql.Composable = sql.SQL("sent.{}").format(sql.Identifier(facts.name))
    if facts.type in NUMBERS:
        return sql.SQL("to_jsonb(trim_scale(nullif({}, 'NaN')))").format(sent)
    if facts.type == "date":
        return sql.SQL("to_jsonb(to_char({}, 'YYYY-MM-DD'))").format(sent)
    if facts.type == "datetime":
        return sql.SQL(
            "to_jsonb(to_char({} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))"
        ).format(sent)
    if facts.type == "time":
        return sql.SQL("to_jsonb(to_char({}, 'HH24:MI:SS\"Z\"'))").format(sent)
    if facts.type != "boolean" and rule.too_long == "truncate" and facts.length:
        return sql.SQL("to_jsonb(left({}, {}))").format(sent, sql.Literal(facts.length))
    return sql.SQL("to_jsonb({})").format(sent)


def problems(mapping: Mapping, name: str, facts: FieldFacts) -> Iterable[sql.Composable]:
    """One CASE per rule that this field's value can break, each null where all is well."""
    rule = mapping.fields[name]
    sent: sql.Composable = sql.SQL("sent.{}").format(sql.Identifier(name))
    value: sql.Composable = sql.SQL("value.{}").format(sql.Identifier(name))
    say = _Say(mapping, name, rule)
    if rule.values is not None and rule.otherwise == "error":
        keys = sql.SQL(", ").join(sql.Literal(k) for k in rule.values)
        yield say(
            sql.SQL("{}::text not in ({})").format(value, keys),
            "UNMAPPED_VALUE",
            f"{say.subject} holds a value that the value map of {name} does not list.",
            f"Add it to values of {name} in {mapping.name}.yaml, or say otherwise: keep.",
        )
    if is_required(rule, facts):
        yield say(
            sql.SQL("{} is null").format(sent),
            "REQUIRED_FIELD_MISSING",
            f"{say.subject} is empty, and {mapping.object}.{name} is required.",
            f"Fill {say.source}, or give {name} an if_null in {mapping.name}.yaml.",
        )
    if rule.if_null is not None:
        yield say(
            sql.SQL("nullif({}::text, '') is null").format(value),
            "DEFAULT_SENT",
            f"{say.subject} is empty; {rule.if_null!r} is sent, as {mapping.name}.yaml says.",
            "",
            severity="note",
        )
    if is_text(facts):
        yield from _text_problems(rule, facts, sent, say)
    elif facts.type in NUMBERS:
        yield from _number_problems(facts, sent, say)
    elif facts.type in MOMENTS:
        # Salesforce takes the years 1700 to 4000 (Salesforce Help, "Valid dates").
        yield say(
            sql.SQL("{} not between '1700-01-01' and '4000-12-31'").format(sent),
            "DATE_OUT_OF_RANGE",
            f"{say.subject} lies outside the years 1700 to 4000 that Salesforce takes.",
            f"Correct {say.source}.",
        )


def is_required(rule: FieldRule, facts: FieldFacts) -> bool:
    """Whether a record cannot be without this field: the mapping or the org says so."""
    by_org = not facts.nillable and not facts.defaulted and facts.createable
    return rule.required or (by_org and facts.type != "boolean")


def _text_problems(
    rule: FieldRule, facts: FieldFacts, sent: sql.Composable, say: _Say
) -> Iterable[sql.Composable]:
    if facts.length:
        too_long = sql.SQL("char_length({}) > {}").format(sent, sql.Literal(facts.length))
        counted = f"{say.subject} has %s characters; {say.field} takes {facts.length}"
        if rule.too_long == "truncate":
            yield say(too_long, "TRUNCATED", counted + " and is cut.", "", "note", length_of=sent)
        else:
            mend = f"Shorten {say.source}, or let {say.mapping}.yaml say too_long: truncate."
            yield say(too_long, "STRING_TOO_LONG", counted + ".", mend, length_of=sent)
    if facts.type == "picklist" and facts.restricted and facts.values:
        listed = sql.SQL(", ").join(sql.Literal(v) for v in facts.values)
        yield say(
            sql.SQL("{} not in ({})").format(sent, listed),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{say.field} takes listed values only, and {say.source} gives another.",
            f"Use one of the org's values, or map it with values in {say.mapping}.yaml.",
        )
    if facts.type == "email":
        yield say(
            sql.SQL("{} !~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:].]+$'").format(sent),
            "INVALID_EMAIL_ADDRESS",
            f"{say.subject} is not an e-mail address.",
            f"Correct {say.source}.",
        )


def _number_problems(
    facts: FieldFacts, sent: sql.Composable, say: _Say
) -> Iterable[sql.Composable]:
    whole = facts.digits if facts.type == "int" else facts.precision - facts.scale
    if whole > 0:
        yield say(
            sql.SQL("{} = 'NaN' or abs({}) >= 1e{}").format(sent, sent, sql.Literal(whole)),
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{say.subject} is too large; {say.field} takes {whole} digits before the point.",
            f"Correct {say.source}.",
        )
        yield say(
            sql.SQL("scale(trim_scale({})) > {}").format(sent, sql.Literal(facts.scale)),
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{say.subject} has more decimals than the {facts.scale} that {say.field} takes.",
            f"Round {say.source}, or round in the mapping's sql.",
        )


def lookup_problems(mapping: Mapping, name: str, lookup: Lookup) -> Iterable[sql.Composable]:
    """Rules of a lookup: at most one parent, and a referenced record that exists."""
    say = _Say(mapping, name, None)
    if len(lookup.branches) > 1:
        parts = [
            sql.SQL("value.{}::text").format(sql.Identifier(f"{name}.{n}"))
            for n in range(len(lookup.branches))
        ]
        yield say(
            sql.SQL("num_nonnulls({}) > 1").format(sql.SQL(", ").join(parts)),
            "AMBIGUOUS_LOOKUP",
            f"{name} has more than one parent; a record takes one.",
            f"Keep one parent in {mapping.source.table}.",
        )
    reference = lookup.reference
    if reference:
        given = sql.SQL("nullif(value.{}::text, '') is not null and {}.value is null").format(
            sql.Identifier(f"{name}.0"), sql.Identifier(f"found {name}")
        )
        column = f"{mapping.source.table}.{reference.column}" if reference.column else "the SQL"
        sentence = f"No single active {reference.object} has the {reference.by} in {column}"
        strict = lookup.required
        yield say(
            given,
            "REFERENCE_NOT_FOUND",
            f"{sentence}{'' if strict else f'; {name} is left empty'}.",
            f"Correct {column}, or add the {reference.object} in Salesforce.",
            severity="error" if strict else "note",
        )


class _Say:
    """Composes one problem as CASE … THEN jsonb END, naming field, column and mend."""

    def __init__(self, mapping: Mapping, name: str, rule: FieldRule | None) -> None:
        self.mapping = mapping.name
        self.name = name
        self.field = f"{mapping.object}.{name}"
        self.column = f"{mapping.source.table}.{rule.column}" if rule and rule.column else None
        self.source = self.column or f"the SQL of {name}"
        self.subject = self.column or f"The SQL of {name}"

    def __call__(
        self,
        when: sql.Composable,
        code: str,
        sentence: str,
        mend: str,
        severity: str = "error",
        length_of: sql.Composable | None = None,
    ) -> sql.Composable:
        said: sql.Composable = sql.Literal(sentence)
        if length_of is not None:
            said = sql.SQL("format({}, char_length({}))").format(said, length_of)
        column = sql.SQL("null") if self.column is None else sql.Literal(self.column)
        return sql.SQL(
            "case when {} then jsonb_build_object('code', {}, 'field', {}, 'column', {},\n"
            "            'sentence', {}, 'mend', {}, 'severity', {}) end"
        ).format(
            when, sql.Literal(code), sql.Literal(self.name), column, said,
            sql.Literal(mend), sql.Literal(severity),
        )  # fmt: skip
