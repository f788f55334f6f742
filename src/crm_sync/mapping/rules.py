"""SQL of one field: its typed value, its JSON form, and the rules a value can break.

The rules come from the object's facts (describe), so they are those of the org that is pushed to.
Codes are Salesforce's own where Salesforce would refuse the row with that code; `UNMAPPED_VALUE`,
`AMBIGUOUS_LOOKUP`, `DATE_OUT_OF_RANGE` and the notes are ours.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from crm_sync.mapping.model import DefaultedReference, FieldRule, Lookup, Mapping, Reference
from crm_sync.salesforce.describe import FieldFacts

__all__ = ["CAN_BE_INACTIVE", "as_json", "lookup_problems", "problems", "typed"]

CAN_BE_INACTIVE = frozenset({"RecordType", "User"})
"""Objects whose inactive records no other may name (Object Reference, IsActive). A campaign has an
IsActive, too, but may be named without it.
"""

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
        value = sql.SQL("nullif({}, '')").format(_trimmed(value))
    if not is_text(facts):
        value = sql.SQL("{}::{}").format(value, _type(facts))
    if rule.if_null is None:
        return value
    default = _written(rule.if_null) if is_text(facts) else rule.if_null
    return sql.SQL("coalesce({}, {})").format(value, sql.Literal(default))


def _trimmed(value: sql.Composable) -> sql.Composable:
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


def _written(value: str | float | bool) -> str:
    """A scalar as a mapping file writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mapped(rule: FieldRule, value: sql.Composable) -> sql.Composable:
    arms = [
        sql.SQL("            when {} then {}\n").format(sql.Literal(given), sql.Literal(sent))
        for given, sent in (rule.values or {}).items()
    ]
    if rule.otherwise == "keep":
        arms.append(sql.SQL("            else {}\n").format(_trimmed(value)))
    elif rule.other_value:
        arms.append(
            sql.SQL("            else case when {} <> '' then {} end\n").format(
                _trimmed(value), sql.Literal(rule.other_value)
            )
        )
    return sql.SQL("case {}::text\n{}        end").format(value, sql.Composed(arms))


def as_json(rule: FieldRule, facts: FieldFacts) -> sql.Composable:
    """The value as the REST API wants it: a date as text, a datetime in UTC to the second.

    A number keeps no trailing zeros, so that 100.0 and 100.00 are the same payload. JSON knows
    neither NaN nor infinity: they are null here, and `problems` makes their row invalid.
    """
    sent: sql.Composable = sql.SQL("sent.{}").format(sql.Identifier(facts.name))
    if facts.type in NUMBERS:
        return sql.SQL("to_jsonb(case when abs({}) < 'Infinity' then trim_scale({}) end)").format(
            sent, sent
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


# Salesforce is written in Java, where a character outside the basic plane counts twice (U).
_TWICE = sql.SQL(r"regexp_count({}, '[\U00010000-\U0010FFFF]')")


def _length(text: sql.Composable) -> sql.Composable:
    """The length of a text as Salesforce counts it."""
    return sql.SQL("char_length({}) + {}").format(text, _TWICE.format(text))


def _cut(text: sql.Composable, length: int) -> sql.Composable:
    """The longest beginning of a text that Salesforce takes; it breaks no character.

    A sign before each character that counts twice makes it two, so that `left` counts as Salesforce
    does; then the signs are taken out, also the last one, whose character found no place.
    """
    limit = sql.Literal(length)
    return sql.SQL(
        "\n            case when octet_length({}) <= {} then {}"
        "\n            when {} <= {} then {}"
        "\n            else rtrim(regexp_replace(left(regexp_replace("
        "\n                {}, '([\\U00010000-\\U0010FFFF])', E'\\x01\\\\1', 'g'), {}),"
        "\n                '\\x01(?=[\\U00010000-\\U0010FFFF]|$)', '', 'g'),"
        "\n                E' \\t\\n\\x0B\\f\\r') end"
    ).format(text, limit, text, _length(text), limit, text, text, limit)


def problems(mapping: Mapping, name: str, facts: FieldFacts) -> Iterable[sql.Composable]:
    """One CASE per rule that this field's value can break, each null where all is well."""
    rule = mapping.fields[name]
    sent: sql.Composable = sql.SQL("sent.{}").format(sql.Identifier(name))
    value: sql.Composable = sql.SQL("value.{}").format(sql.Identifier(name))
    say = _Say(mapping, name, rule)
    is_missing: sql.Composable = sql.SQL("{} is null").format(sent)
    if rule.values is not None and rule.otherwise == "error":
        is_unlisted = sql.SQL("{}::text not in ({})").format(value, _listed(rule.values))
        is_missing = _both(is_missing, sql.SQL("({}) is not true").format(is_unlisted))
        yield say(
            is_unlisted,
            "UNMAPPED_VALUE",
            f"{say.subject} holds a value that the value map of {name} does not list.",
            f"Add it to values of {name} in {mapping.name}.yaml, or say otherwise: keep.",
        )
    if is_required(rule, facts):
        yield say(
            is_missing,
            "REQUIRED_FIELD_MISSING",
            f"{say.subject} is empty, and {mapping.object}.{name} is required.",
            f"Fill {say.source}, or give {name} an if_null in {mapping.name}.yaml.",
        )
    if rule.if_null is not None:
        yield say(
            _gives_nothing(rule, value),
            "DEFAULT_SENT",
            f"{say.subject} {'is empty' if rule.values is None else 'gives no value'}; "
            f"{rule.if_null!r} is sent, as {mapping.name}.yaml says.",
            "",
            severity="note",
        )
    if is_text(facts):
        yield from _text_problems(rule, facts, sent, say)
    elif facts.type in NUMBERS:
        yield from _number_problems(facts, sent, say)
        if say.field == "Event.DurationInMinutes":
            yield _longer_than_a_day(sent, say)
    elif facts.type in MOMENTS:
        yield from _moment_problems(facts, sent, say)


def _both(one: sql.Composable, other: sql.Composable) -> sql.Composable:
    return sql.SQL("{}\n                and {}").format(one, other)


def _listed(texts: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Literal(text) for text in texts)


def _gives_nothing(rule: FieldRule, value: sql.Composable) -> sql.Composable:
    """Whether `if_null` takes effect: nothing is there, or the value map makes nothing of it."""
    if rule.values is None:
        return sql.SQL("nullif({}, '') is null").format(_trimmed(value))
    kept = [given for given, sent in rule.values.items() if sent]
    if rule.otherwise == "keep" or rule.other_value:
        dropped = [given for given in dict.fromkeys(["", *rule.values]) if given not in kept]
        blank = sql.SQL("{} = '' and {}::text not in ({})").format(
            _trimmed(value), value, _listed(kept or [""])
        )
        return sql.SQL("({}::text in ({})) is not false\n                or {}").format(
            value, _listed(dropped or [""]), blank
        )
    if not kept:
        return sql.SQL("true")
    return sql.SQL("({}::text in ({})) is not true").format(value, _listed(kept))


def is_required(rule: FieldRule, facts: FieldFacts) -> bool:
    """Whether a record cannot be without this field: the mapping or the org says so."""
    by_org = not facts.nillable and not facts.defaulted and facts.createable
    return rule.required or (by_org and facts.type != "boolean")


def _text_problems(
    rule: FieldRule, facts: FieldFacts, sent: sql.Composable, say: _Say
) -> Iterable[sql.Composable]:
    if facts.length:
        # No text has fewer bytes than Salesforce counts characters: mostly the first test decides.
        limit = sql.Literal(facts.length)
        too_long = _both(
            sql.SQL("octet_length({}) > {}").format(sent, limit),
            sql.SQL("{} > {}").format(_length(sent), limit),
        )
        counted = f"{say.subject} has %s characters; {say.field} takes {facts.length}"
        if rule.too_long == "truncate":
            yield say(too_long, "TRUNCATED", counted + " and is cut.", "", "note", length_of=sent)
        else:
            mend = f"Shorten {say.source}, or let {say.mapping}.yaml say too_long: truncate."
            yield say(too_long, "STRING_TOO_LONG", counted + ".", mend, length_of=sent)
    if facts.restricted and facts.values:
        is_other = sql.SQL("{} not in ({})").format(sent, _listed(facts.values))
        if facts.type == "multipicklist":
            is_other = sql.SQL("not string_to_array({}, ';') <@ array[{}]").format(
                sent, _listed(facts.values)
            )
        yield say(
            is_other,
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
    is_whole = facts.type in ("int", "long")
    digits = facts.digits if is_whole else facts.precision - facts.scale
    if facts.digits or facts.precision:
        # NaN and infinity, too, are larger than every number.
        yield say(
            sql.SQL("abs({}) >= 1e{}").format(sent, sql.Literal(digits)),
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{say.subject} is too large, or no number; {say.field} takes {digits} digits before "
            "the point.",
            f"Correct {say.source}.",
        )
    else:
        yield say(
            sql.SQL("abs({}) >= 'Infinity'").format(sent),
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{say.subject} is not a finite number.",
            f"Correct {say.source}.",
        )
    if is_whole or facts.precision:
        yield say(
            sql.SQL("scale(trim_scale({})) > {}").format(sent, sql.Literal(facts.scale)),
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{say.subject} has more decimals than the {facts.scale} that {say.field} takes.",
            f"Round {say.source}, or round in the mapping's sql.",
        )


def _longer_than_a_day(sent: sql.Composable, say: _Say) -> sql.Composable:
    """An event of more than a day, which an org takes only with multiday events enabled.

    (Object Reference, Event; without them it answers "Duration must be between 0 and 1440 minutes",
    third party.) Describe does not tell the setting, so the row is sent, with this note.
    """
    return say(
        sql.SQL("{} > 1440").format(sent),
        "EVENT_LONGER_THAN_A_DAY",
        f"{say.subject} is over 1,440 minutes; Salesforce takes that only with multiday events"
        " enabled.",
        f"Shorten {say.source}, or enable multiday events (Setup, Activity Settings).",
        severity="note",
    )


def _moment_problems(
    facts: FieldFacts, sent: sql.Composable, say: _Say
) -> Iterable[sql.Composable]:
    # Salesforce takes the years 1700 to 4000 (Salesforce Help, "Valid dates"); a moment in UTC.
    zone = sql.SQL(" 00:00Z" if facts.type == "datetime" else "")
    yield say(
        sql.SQL("{} < '1700-01-01{}' or {} >= '4001-01-01{}'").format(sent, zone, sent, zone),
        "DATE_OUT_OF_RANGE",
        f"{say.subject} lies outside the years 1700 to 4000 that Salesforce takes.",
        f"Correct {say.source}.",
    )


def lookup_problems(mapping: Mapping, name: str, lookup: Lookup) -> Iterable[sql.Composable]:
    """Rules of a lookup: at most one parent, and a referenced record that exists."""
    reference = lookup.reference
    say = _Say(mapping, name, reference)
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
    if reference:
        yield from _reference_problems(mapping, name, lookup.required, reference, say)


def _reference_problems(
    mapping: Mapping, name: str, required: bool, reference: Reference, say: _Say
) -> Iterable[sql.Composable]:
    value = sql.SQL("nullif(value.{}::text, '')").format(sql.Identifier(f"{name}.0"))
    if required:
        yield say(
            sql.SQL("{} is null").format(value),
            "REQUIRED_FIELD_MISSING",
            f"{say.subject} is empty, and {mapping.object}.{name} is required.",
            f"Fill {say.source}.",
        )
    given = repr(reference.constant) if reference.constant is not None else f"in {say.source}"
    kind = reference.object
    if kind in CAN_BE_INACTIVE:
        kind = f"active {kind}"
    if reference.object == "RecordType":
        kind += f" of {mapping.object}"
    instead = {
        "error": "",
        "blank": f"; {name} is left empty",
        "default": f"; {name} is left to Salesforce",
    }[reference.otherwise]
    if isinstance(reference, DefaultedReference):
        instead = "; the target's default owner stands for it"
    yield say(
        sql.SQL("{} is not null and {}.value is null").format(
            value, sql.Identifier(f"found {name}")
        ),
        "REFERENCE_NOT_FOUND",
        f"No single {kind} has the {reference.by} {given}{instead}.",
        f"Correct {'it' if reference.constant is not None else say.source}, or add the "
        f"{reference.object} in Salesforce.",
        severity="error" if reference.otherwise == "error" else "note",
    )


class _Say:
    """Composes one problem as CASE … THEN jsonb END, naming field, column and mend."""

    def __init__(self, mapping: Mapping, name: str, rule: FieldRule | Reference | None) -> None:
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
            said = sql.SQL(
                "format(\n                    {},\n                    {}\n                )"
            ).format(said, _length(length_of))
        column = sql.SQL("null") if self.column is None else sql.Literal(self.column)
        return sql.SQL(
            "case\n"
            "            when {}\n"
            "            then jsonb_build_object(\n"
            "                'code', {}, 'severity', {},\n"
            "                'field', {}, 'column', {},\n"
            "                'sentence', {},\n"
            "                'mend', {}\n"
            "            )\n"
            "        end"
        ).format(
            when, sql.Literal(code), sql.Literal(severity), sql.Literal(self.name), column, said,
            sql.Literal(mend),
        )  # fmt: skip
