"""SQL of the rules that a field's value, a lookup or a key can break.

The rules come from the object's facts (describe), so they are those of the org that is pushed to.
What they are called, and who says that Salesforce has them, stands in `refusals.py`; those of texts
are in `text_rules.py`, those of events in `event_rules.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from crm_sync.mapping import refusals
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import DefaultedReference, FieldRule, Lookup
from crm_sync.mapping.saying import Say, both, length, listed
from crm_sync.mapping.text_rules import picklist_problems, text_problems
from crm_sync.mapping.values import MOMENTS, NUMBERS, is_text, keeps_decimals, trimmed
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts

__all__ = [
    "CAN_BE_INACTIVE",
    "is_required",
    "key_problem",
    "lookup_problems",
    "problems",
    "record_type_problem",
]

CAN_BE_INACTIVE = frozenset({"RecordType", "User"})
"""Objects whose inactive records no other may name (Object Reference, IsActive). A campaign has an
IsActive, too, but may be named without it.
"""


def problems(mapping: Mapping, name: str, facts: FieldFacts) -> Iterable[sql.Composable]:
    """One CASE per rule that this field's value can break, each null where all is well."""
    rule = mapping.fields[name]
    sent: sql.Composable = sql.SQL("sent.{}").format(sql.Identifier(name))
    value: sql.Composable = sql.SQL("value.{}").format(sql.Identifier(name))
    say = Say(mapping, name, rule)
    is_missing: sql.Composable = sql.SQL("{} is null").format(sent)
    if rule.values is not None and rule.otherwise == "error":
        is_unlisted = sql.SQL("{}::text not in ({})").format(value, listed(rule.values))
        is_missing = both(is_missing, sql.SQL("({}) is not true").format(is_unlisted))
        yield say(
            refusals.UNMAPPED,
            is_unlisted,
            f"{say.subject} holds a value that the value map of {name} does not list.",
            f"Add it to values of {name} in {mapping.name}.yaml, or say otherwise: keep.",
        )
    if is_required(rule, facts):
        yield say(
            refusals.DEMANDED if rule.required else refusals.EMPTY,
            is_missing,
            f"{say.subject} is empty, and {mapping.object}.{name} is required.",
            f"Fill {say.origin}, or give {name} an if_null in {mapping.name}.yaml.",
        )
    if rule.if_null is not None:
        yield say(
            refusals.DEFAULTED,
            _gives_nothing(rule, value),
            f"{say.subject} {'is empty' if rule.values is None else 'gives no value'}; "
            f"{rule.if_null!r} is sent, as {mapping.name}.yaml says.",
            "",
        )
    if facts.type in ("picklist", "multipicklist"):
        yield from picklist_problems(rule, facts, sent, say)
    if is_text(facts):
        yield from text_problems(rule, facts, sent, say)
    elif facts.type in NUMBERS:
        yield from _number_problems(facts, sent, say)
    elif facts.type in MOMENTS:
        yield _moment_problem(facts, sent, say)


def _gives_nothing(rule: FieldRule, value: sql.Composable) -> sql.Composable:
    """Whether `if_null` takes effect: nothing is there, or the value map makes nothing of it."""
    if rule.values is None:
        return sql.SQL("nullif({}, '') is null").format(trimmed(value))
    kept = [given for given, sent in rule.values.items() if sent]
    if rule.otherwise == "keep" or rule.other_value:
        dropped = [given for given in dict.fromkeys(["", *rule.values]) if given not in kept]
        blank = sql.SQL("{} = '' and {}::text not in ({})").format(
            trimmed(value), value, listed(kept or [""])
        )
        return sql.SQL("({}::text in ({})) is not false\n                or {}").format(
            value, listed(dropped or [""]), blank
        )
    if not kept:
        return sql.SQL("true")
    return sql.SQL("({}::text in ({})) is not true").format(value, listed(kept))


def is_required(rule: FieldRule | Lookup, facts: FieldFacts) -> bool:
    """Whether a record cannot be without this field: the mapping or the org says so."""
    by_org = not facts.nillable and not facts.defaulted and facts.createable
    return rule.required or (by_org and facts.type != "boolean")


_DEGREES = {"Latitude": 90, "Longitude": 180}


def _number_problems(facts: FieldFacts, sent: sql.Composable, say: Say) -> Iterable[sql.Composable]:
    # NaN and infinity are null in the payload, as if there were nothing to send.
    depends = sql.SQL("case when abs({}) < 'Infinity' then jsonb_build_array({}) end").format(
        sent, sql.Literal(say.name)
    )
    is_whole = facts.type in ("int", "long")
    digits = facts.digits if is_whole else facts.precision - facts.scale
    if facts.digits or facts.precision:
        # NaN and infinity, too, are larger than every number. Salesforce reads a double (SOAP API
        # Developer Guide, Primitive Data Types), in which 9999999999999999.99 is 1e16.
        too_large = "abs({0}) >= 1e{1}"
        if not is_whole:
            # PostgreSQL refuses to make a double of what is larger than 1.8e308, or all but zero.
            too_large = (
                "case when abs({0}) < 1e300 then round(abs({0}), 30)::float8 >= 1e{1}"
                " else {0} is not null end"
            )
        yield say(
            refusals.WHOLE_TOO_LARGE if is_whole else refusals.NUMBER_TOO_LARGE,
            sql.SQL(too_large).format(sent, sql.Literal(digits)),
            f"{say.subject} is too large, or no number; {say.field} takes {digits} digits before "
            "the point.",
            f"Correct {say.origin}.",
            sent=depends,
        )
    else:
        yield say(
            refusals.NO_NUMBER,
            sql.SQL("abs({}) >= 'Infinity'").format(sent),
            f"{say.subject} is not a finite number.",
            f"Correct {say.origin}.",
        )
    if is_whole:
        yield say(
            refusals.NOT_WHOLE,
            sql.SQL("scale(trim_scale({})) > 0").format(sent),
            f"{say.subject} has decimals, and {say.field} takes whole numbers.",
            f"Round {say.origin}, or round in the mapping's sql.",
            sent=[say.name],
        )
    elif keeps_decimals(facts):
        yield say(
            refusals.DECIMALS_CUT,
            sql.SQL("scale(trim_scale({})) > {}").format(sent, sql.Literal(facts.scale)),
            f"{say.subject} has more decimals than the {facts.scale} that {say.field} keeps; the "
            "others are cut off.",
            f"Round {say.origin}, or round in the mapping's sql.",
            sent=[say.name],
        )
    for ending, degrees in _DEGREES.items():
        if facts.name.endswith((ending, f"{ending}__s")):
            yield say(
                refusals.NO_PLACE,
                sql.SQL("abs({}) > {}").format(sent, sql.Literal(degrees)),
                f"{say.subject} is beyond {degrees} degrees.",
                f"Correct {say.origin}.",
                sent=depends,
            )


def _moment_problem(facts: FieldFacts, sent: sql.Composable, say: Say) -> sql.Composable:
    # The years 1700 to 4000; a moment in UTC.
    zone = sql.SQL(" 00:00Z" if facts.type == "datetime" else "")
    return say(
        refusals.NO_DATE,
        sql.SQL("{} < '1700-01-01{}' or {} >= '4001-01-01{}'").format(sent, zone, sent, zone),
        f"{say.subject} lies outside the years 1700 to 4000 that Salesforce takes.",
        f"Correct {say.origin}.",
        # An infinite moment is null in the payload, as if there were nothing to send.
        sent=sql.SQL("case when isfinite({}) then jsonb_build_array({}) end").format(
            sent, sql.Literal(say.name)
        ),
    )


def lookup_problems(
    mapping: Mapping, name: str, lookup: Lookup, facts: FieldFacts | None = None
) -> Iterable[sql.Composable]:
    """Rules of a lookup: at most one parent, and a referenced record that exists.

    That a parent is missing where one is required is said by `decide` of `sync/plan.sql`.
    """
    say = Say(mapping, name, lookup)
    if len(lookup.branches) > 1:
        parts = [
            sql.SQL("value.{}::text").format(sql.Identifier(f"{name}.{n}"))
            for n in range(len(lookup.branches))
        ]
        yield say(
            refusals.AMBIGUOUS,
            sql.SQL("num_nonnulls({}) > 1").format(sql.SQL(", ").join(parts)),
            f"{name} has more than one parent; a record takes one.",
            f"Keep one parent in {mapping.source.table}.",
        )
    reference = lookup.reference
    if not reference:
        return
    value = sql.SQL("nullif(value.{}::text, '')").format(sql.Identifier(f"{name}.0"))
    has_default = isinstance(reference, DefaultedReference)
    strict = lookup.required or (facts is not None and is_required(lookup, facts))
    if strict and not has_default:
        yield say(
            refusals.DEMANDED if lookup.required else refusals.NO_PARENT,
            sql.SQL("{} is null").format(value),
            f"{say.subject} is empty, and {say.field} is required.",
            f"Fill {say.origin}.",
        )
    given = repr(reference.constant) if reference.constant is not None else f"in {say.source}"
    kind = reference.object
    if kind in CAN_BE_INACTIVE:
        kind = f"active {kind}"
    if reference.object == "RecordType":
        kind += f" of {mapping.object}"
    # Where the org wants a record, there is nothing to leave to it.
    is_refused = reference.otherwise == "error" or (strict and not has_default)
    instead = "" if is_refused else _INSTEAD[reference.otherwise].format(name)
    if has_default:
        instead = "; the target's default owner stands for it"
    yield say(
        refusals.NO_REFERENCE,
        sql.SQL("{} is not null and {}.value is null").format(
            value, sql.Identifier(f"found {name}")
        ),
        f"No single {kind} has the {reference.by} {given}{instead}.",
        f"Correct {'it' if reference.constant is not None else say.origin}, or add the "
        f"{reference.object} in Salesforce.",
        severity="error" if is_refused else "note",
    )


_INSTEAD = {"blank": "; {} is left empty", "default": "; {} is left to Salesforce"}


def key_problem(mapping: Mapping, key_type: str, facts: ObjectFacts) -> Iterable[sql.Composable]:
    """A key that is too long for the external ID; keys of a fixed length were checked before."""
    field = facts.fields.get(mapping.external_id.field)
    if field is None or not field.length or key_type.strip('"') in _SHORT_KEYS:
        return
    room = field.length - len(mapping.external_id.prefix)
    key = f"{mapping.source.table}.{mapping.source.key}"
    text = sql.SQL("source.{}::text").format(sql.Identifier(mapping.source.key))
    yield Say(mapping, field.name, None)(
        refusals.KEY_TOO_LONG,
        sql.SQL("{} > {}").format(length(text), sql.Literal(room)),
        f"{key} is longer than the {room} characters that {mapping.object}.{field.name} has for "
        "it.",
        f"Make {field.name} longer in Setup, or name a shorter key.",
    )


_SHORT_KEYS = ("uuid", "bigint", "integer", "smallint")


def record_type_problem(mapping: Mapping, facts: ObjectFacts) -> Iterable[sql.Composable]:
    """A record type that describe does not offer to our user (recordTypeInfos)."""
    name = "RecordTypeId"
    rule = mapping.rules.get(name)
    offered = [r.id for r in facts.record_types if r.is_offered]
    if rule is None or not facts.record_types:
        return
    if isinstance(rule, Lookup):
        if not rule.reference:
            return
        value: sql.Composable = sql.SQL("{}.salesforce_id").format(sql.Identifier(f"found {name}"))
    else:
        value = sql.SQL("sent.{}").format(sql.Identifier(name))
    say = Say(mapping, name, rule)
    # An empty list would be no SQL; where none is offered, every one is wrong.
    yield say(
        refusals.NO_RECORD_TYPE,
        sql.SQL("left({}, 15) not in ({})" if offered else "{} is not null").format(
            value, listed(i[:15] for i in offered)
        ),
        f"{say.subject} names a record type that {mapping.object} does not offer to our user.",
        f"Correct {say.origin}, or let a permission set assign the record type, and activate it.",
        sent=[name],
    )
