"""What an administrator may have switched on: rules of the org's own making, off at first.

In: a list of rules in JSON, each with ``rule`` and, but for row locks, ``object``:

    {"rule": "validation", "object", "when": {field: condition}, "message", "field"?}
    {"rule": "duplicate", "object", "fields": [...], "action": "alert" | "block"}
    {"rule": "automation", "object", "set": {field: value}, "when"?}
    {"rule": "cpu", "object", "rows": n}      a trigger that runs out of time on more rows
    {"rule": "row-locks"}                     overlapping work on one parent is refused

A condition is {"blank": true}, {"changed": true}, or {"=" | "!=" | "<" | ">": value}; all of a
``when`` must hold. They run in Salesforce's order (D, Order of Execution): validation rules,
duplicate rules, then what happens after the save.
"""

import json
import operator
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sync.localorg import kinds
from crm_sync.localorg.errors import DuplicatesError, RowError
from crm_sync.localorg.records import values
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.locks import Locks
from crm_sync.localorg.records.store import Record, Store
from crm_sync.localorg.schema import Field, ObjectType, Schema

if TYPE_CHECKING:
    from crm_sync.localorg.records.save import WriteContext

RuleFacts = Mapping[str, Any]
TRIGGER_CHUNK = 200
"""Rows that a trigger sees at a time (D, Apex, Triggers and Bulk)."""
DUPLICATE_MESSAGE = "Use one of these records?"
"""The alert text of Salesforce's standard duplicate rules (3)."""
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"<": operator.lt, ">": operator.gt}
_CONDITIONS = {"blank": kinds.FLAG, "changed": kinds.FLAG}
_COMPARISONS = dict.fromkeys(("=", "!=", "<", ">"), kinds.ANYTHING)
_FIELDS = kinds.Kind(
    "a list of field names", lambda value: kinds.TEXTS.fits(value) and len(value) > 0
)
_NUMBER = kinds.number("a number", -sys.float_info.max)
_OBJECT = {"object": kinds.TEXT}
_NEEDED: dict[str, kinds.Kinds] = {
    "validation": {**_OBJECT, "when": kinds.MAP, "message": kinds.TEXT},
    "duplicate": {**_OBJECT, "fields": _FIELDS},
    "automation": {**_OBJECT, "set": kinds.MAP},
    "cpu": {**_OBJECT, "rows": kinds.COUNT},
    "row-locks": {},
}
_OPTIONAL: dict[str, kinds.Kinds] = {
    "validation": {"field": kinds.TEXT},
    "duplicate": {"action": kinds.one_of("alert", "block")},
    "automation": {"when": kinds.MAP},
}


@dataclass(frozen=True)
class DuplicateOptions:
    """``Sforce-Duplicate-Rule-Header`` (D, v52): all of it is off where the header is absent."""

    allow_save: bool = False
    include_record_details: bool = False

    @classmethod
    def of_header(cls, text: str) -> "DuplicateOptions":
        parts = (part.partition("=") for part in text.replace(";", ",").split(","))
        on = {name.strip().lower() for name, _, value in parts if value.strip().lower() == "true"}
        return cls("allowsave" in on, "includerecorddetails" in on)


class Automation:
    """The rules that are switched on."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.rules: list[RuleFacts] = []
        self.locks: Locks | None = None

    def adopt(self, schema: Schema) -> None:
        """Go on with this schema."""
        self._schema = schema

    def names(self, object_name: str, field_name: str) -> bool:
        """Does a rule that is switched on name this field?"""
        return any(
            str(rule.get("object", "")).lower() == object_name.lower()
            and f'"{field_name}"' in json.dumps(rule)
            for rule in self.rules
        )

    def replace(self, store: Store, rules: Iterable[RuleFacts], locks: Locks) -> None:
        """Switch on these and no others. Raises ValueError for one that cannot be understood."""
        listed = [self._checked(rule) for rule in rules]
        for rule in listed:
            if rule["rule"] == "duplicate":
                object_type = self._schema[rule["object"]]
                store.index(object_type, object_type[rule["fields"][0]])
        self.rules = listed
        self.locks = locks if any(rule["rule"] == "row-locks" for rule in listed) else None

    def before_save(
        self, context: "WriteContext", object_type: ObjectType, rows: list[Row]
    ) -> None:
        """Validation and duplicate rules, and row locks."""
        for rule in self._of("validation", object_type):
            _validate(rule, rows)
        for rule in self._of("duplicate", object_type):
            _find_duplicates(context, rule, object_type, [row for row in rows if row.is_alive])
        if self.locks is not None:
            _lock_parents(self.locks, object_type, [row for row in rows if row.is_alive])

    def after_save(self, object_type: ObjectType, rows: list[Row]) -> list[Row]:
        """What triggers and flows do once the rows are good: for each of them the row as they
        write it, with what they give it as its ``values``, or none at all where no flow runs.
        """
        for rule in self._of("cpu", object_type):
            for start in range(0, len(rows), TRIGGER_CHUNK):
                chunk = rows[start : start + TRIGGER_CHUNK]
                if len(chunk) > int(rule["rows"]):
                    for row in chunk:
                        row.error = _out_of_time(row)
        written = [
            Row(row.object_type, id=row.id, old=row.old, new=dict(row.new), error=row.error)
            for row in rows
        ]
        for rule in self._of("automation", object_type):
            given = {
                object_type[name].name: values.parser(object_type[name])(value)
                for name, value in rule["set"].items()
            }
            for row in written:
                if row.is_alive and _holds(rule.get("when", {}), row):
                    row.values |= given
                    row.new |= given
        return written if any(row.values for row in written) else []

    def _of(self, kind: str, object_type: ObjectType) -> list[RuleFacts]:
        return [
            rule
            for rule in self.rules
            if rule["rule"] == kind and rule["object"].lower() == object_type.name.lower()
        ]

    def _checked(self, rule: Any) -> RuleFacts:
        """The rule. Raises ValueError with a sentence about what it cannot be."""
        kinds.check(kinds.MAP, rule, "A rule")
        facts: RuleFacts = rule
        kind = facts.get("rule")
        if not isinstance(kind, str) or kind not in _NEEDED:
            known = ", ".join(sorted(_NEEDED))
            raise ValueError(f"There is no rule {json.dumps(kind)}; there are: {known}.")
        inside = f"The {kind} rule"
        given = {name: value for name, value in facts.items() if name != "rule"}
        kinds.check_map(given, _NEEDED[kind], _OPTIONAL.get(kind), inside=inside)
        if kind == "row-locks":
            return facts
        object_type = self._schema.find(given["object"])
        if object_type is None:
            raise ValueError(f"{inside} names an unknown object: {given['object']}.")
        when, changes = given.get("when", {}), given.get("set", {})
        named = [*given.get("fields", ()), *when, *changes]
        unknown = [name for name in named if object_type.find(name) is None]
        if unknown:
            raise ValueError(f"{inside} names unknown fields: {', '.join(unknown)}.")
        for name, conditions in when.items():
            kinds.check_map(
                conditions, {}, {**_CONDITIONS, **_COMPARISONS}, inside=f"{inside}'s when.{name}"
            )
            for sign in _COMPARISONS.keys() & conditions.keys():
                _check_compared(object_type[name], sign, conditions[sign], inside)
        for name, value in changes.items():
            _check_set(object_type, object_type[name], value, inside)
        return facts


def _check_value(field: Field, value: Any, inside: str) -> None:
    if value is None:
        return
    try:
        values.parser(field)(value)
    except RowError as error:
        raise ValueError(f"{inside} has no value for {field.name}: {error.message}") from None


def _check_compared(field: Field, sign: str, value: Any, inside: str) -> None:
    """A value is compared with stored ones, so it must be of the kind in which they are kept."""
    _check_value(field, value, inside)
    what = f"{inside} compares {field.name} by {sign}"
    value_of = f"{what}: the value"
    if not field.is_stored:
        raise ValueError(f"{what}, which has no value of its own.")
    if value is None:
        if sign in _COMPARE:
            raise ValueError(f"{what} with null, which is neither less nor greater than a value.")
    elif field.type == "boolean":
        kinds.check(kinds.FLAG, value, value_of)
    elif field.is_number or field.type == "int":
        kinds.check(_NUMBER, value, value_of)
    else:
        kinds.check(kinds.TEXT, value, value_of)


def _check_set(object_type: ObjectType, field: Field, value: Any, inside: str) -> None:
    """A flow writes what a user can write, and leaves nothing empty that must not be."""
    _check_value(field, value, inside)
    if not field.describe["updateable"]:
        raise ValueError(f"{inside} sets {field.name}, which nobody can write.")
    if value is None and field.name in object_type.required:
        raise ValueError(f"{inside} empties {field.name}, which is required.")


def _validate(rule: RuleFacts, rows: list[Row]) -> None:
    for row in rows:
        if row.is_alive and _holds(rule["when"], row):
            fields = [rule["field"]] if rule.get("field") else []
            row.error = RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["message"], fields)


def _holds(when: Mapping[str, Mapping[str, Any]], row: Row) -> bool:
    for name, conditions in when.items():
        field = row.object_type[name]
        value = row.new.get(field.name)
        if field.type == "boolean":
            value = bool(value)
        old = None if row.old is None else row.old.get(field.name)
        if not all(_is(sign, wanted, value, old) for sign, wanted in conditions.items()):
            return False
    return True


def _is(sign: str, wanted: Any, value: Any, old: Any) -> bool:
    if sign == "blank":
        return (value is None) is bool(wanted)
    if sign == "changed":
        return (value != old) is bool(wanted)
    if sign in ("=", "!="):
        return (value == wanted) is (sign == "=")
    return value is not None and _COMPARE[sign](value, wanted)


def _out_of_time(row: Row) -> RowError:
    """3 (integrations' logs): the limit ends the whole chunk, whichever row used the time."""
    return RowError(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        f"{row.object_type.name}AfterSave: System.LimitException: Apex CPU time limit exceeded",
    )


def _lock_parents(locks: Locks, object_type: ObjectType, rows: list[Row]) -> None:
    """The parents whose link a row sets are locked with it (D, Record Locking Cheat Sheet)."""
    parents = [f.name for f in object_type.fields if f.children or f.cascade]
    for row in rows:
        changed = (n for n in parents if row.old is None or row.old.get(n) != row.new.get(n))
        wanted = [parent for n in changed if (parent := row.new.get(n))]
        taken = locks.contended([*wanted, *([row.id] if row.id else [])])
        if taken is not None:
            row.error = RowError(
                "UNABLE_TO_LOCK_ROW",
                f"unable to obtain exclusive access to this record or 1 records: {taken}",
            )


def _find_duplicates(
    context: "WriteContext", rule: RuleFacts, object_type: ObjectType, rows: list[Row]
) -> None:
    """Living records that agree in all fields of the rule, without regard to case."""
    options = context.duplicate_options
    is_alert = rule.get("action", "alert") == "alert"
    if is_alert and options.allow_save:
        return
    fields = [object_type[name] for name in rule["fields"]]
    wanted = {row.new[fields[0].name] for row in rows if row.new.get(fields[0].name) is not None}
    found: dict[tuple[Any, ...], list[Record]] = {}
    for record in context.store.where_in(object_type, fields[0], wanted):
        if not record.get("IsDeleted"):
            key = tuple(_folded(record.get(f.name)) for f in fields)
            found.setdefault(key, []).append(record)
    for row in rows:
        key = tuple(_folded(row.new.get(f.name)) for f in fields)
        matches = [r for r in found.get(key, []) if r["Id"] != row.id]
        is_new = row.old is None or any(row.old.get(f.name) != row.new.get(f.name) for f in fields)
        if matches and is_new and None not in key:
            row.error = DuplicatesError(
                DUPLICATE_MESSAGE,
                _result(context, object_type, matches, is_alert, options.include_record_details),
            )


def _result(
    context: "WriteContext",
    object_type: ObjectType,
    matches: list[Record],
    is_alert: bool,
    has_details: bool,
) -> dict[str, Any]:
    """The duplicate result as it was logged by integrations (3, rudder-transformer's tests)."""
    base = f"/services/data/v{context.api_version:.1f}/sobjects/{object_type.name}"
    shown = [f for f in object_type.stored if has_details and f.type != "boolean"]
    matched = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {
                "attributes": {"type": object_type.name, "url": f"{base}/{match['Id']}"},
                "Id": match["Id"],
                **{f.name: match.get(f.name) for f in shown},
            },
        }
        for match in matches
    ]
    return {
        "allowSave": is_alert,
        "duplicateRule": f"Standard_{object_type.name}_Duplicate_Rule",
        "duplicateRuleEntityType": object_type.name,
        "errorMessage": DUPLICATE_MESSAGE,
        "matchResults": [
            {
                "entityType": object_type.name,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": matched,
                "rule": f"Standard_{object_type.name}_Match_Rule_v1_0",
                "size": len(matched),
                "success": True,
            }
        ],
    }


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
