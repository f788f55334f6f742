"""The tables of docs/salesforce-mapping.md: fields, lookups and values of one mapping.

In: a mapping, the facts of its fields, a payload of sample data. Out: Markdown tables.
"""

from __future__ import annotations

from crm_sync.mapping.markdown import code, prose, table
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import FieldRule, Lookup, Reference
from crm_sync.salesforce.describe import FieldFacts

__all__ = ["fields_table", "lookups_table", "type_name", "values_table", "written"]

TYPE_NAMES = {
    "boolean": "Checkbox", "combobox": "Combobox", "currency": "Currency", "date": "Date",
    "datetime": "Date/Time", "double": "Number", "email": "Email", "id": "Id", "int": "Number",
    "long": "Number", "multipicklist": "Picklist (multi-select)", "percent": "Percent",
    "phone": "Phone", "picklist": "Picklist", "reference": "Lookup", "string": "Text",
    "textarea": "Text area", "time": "Time", "url": "URL",
}  # fmt: skip
WITH_LENGTH = frozenset({"combobox", "email", "phone", "string", "textarea", "url"})
WITH_DIGITS = frozenset({"currency", "double", "percent"})
LONGEST_EXAMPLE = 70

AS_IT_IS = "as it is"
"""The rule where there is none."""
BY_SQL = "as the SQL computes it"
OTHER_PARENT = "where those above are empty"
ON_EDITED = {
    "hold": "where people edited it in Salesforce, the row is held",
    "overwrite": "where people edited it in Salesforce, it is overwritten",
}
EACH_TIME = "changes with time, so every row is compared each time"
NONE = "\N{EN DASH}"

Facts = dict[str, FieldFacts]


def fields_table(mapping: Mapping, fields: Facts, example: dict[str, object]) -> str:
    """Every field that is no lookup: its name, where its value comes from, by what rule."""
    shown = _examples(example, list(mapping.fields))
    rows = [
        (
            f"`{name}`",
            _label(name, fields),
            type_name(fields.get(name)),
            _origin(rule),
            _rules(rule, fields.get(name)) or (BY_SQL if rule.sql else AS_IT_IS),
            shown[name],
        )
        for name, rule in mapping.fields.items()
    ]
    return table(("Field", "Label", "Type", "Source", "Rule", "Example"), rows)


def _label(name: str, fields: Facts) -> str:
    return prose(fields[name].label) if name in fields else NONE * bool(fields)


def _examples(example: dict[str, object], names: list[str]) -> dict[str, str]:
    """By field; nothing at all where no field has one."""
    found = {name: _example(example.get(name)) for name in names}
    return {name: text or NONE * any(found.values()) for name, text in found.items()}


def _origin(rule: FieldRule) -> str:
    if rule.column:
        return code(rule.column)
    if rule.sql:
        return code(rule.sql)
    return f"always {code(written(rule.constant))}"


def _rules(rule: FieldRule, facts: FieldFacts | None) -> str:
    said = [prose(rule.about.rstrip("."))] if rule.about else []
    if rule.required or _is_needed(facts):
        said.append("required")
    if rule.values is not None:
        other = {
            "error": "any other value makes the row invalid",
            "keep": "other values as they are",
            "blank": "other values leave it empty",
        }.get(rule.otherwise, f"other values become {code(rule.otherwise)}")
        said.append(f"by the table of values below; {other}")
    if rule.if_null is not None:
        said.append(f"{code(written(rule.if_null))} where null, with a note")
    if rule.too_long == "truncate":
        length = f" to {facts.length:,} characters" if facts and facts.length else ""
        said.append(f"cut{length}, with a note")
    if facts and facts.type in ("picklist", "multipicklist") and rule.values is None:
        said.append(
            "a value that the org does not list makes the row invalid"
            if facts.restricted
            else "Salesforce takes any value"
        )
    if rule.write == "on_create":
        said.append("written on create only")
    if rule.on_edited:
        said.append(ON_EDITED[rule.on_edited])
    if rule.sensitive:
        said.append("reports hide its values")
    if rule.time_dependent:
        said.append(EACH_TIME)
    return "; ".join(said)


def _is_needed(facts: FieldFacts | None) -> bool:
    """Whether the org takes no new record without this field."""
    return bool(facts and facts.createable and not facts.nillable and not facts.defaulted)


def lookups_table(
    mapping: Mapping, fields: Facts, example: dict[str, object], objects: dict[str, str]
) -> str:
    """Every lookup, a row for each record that it may name. `objects`: by mapping."""
    with_example = any(name in example for name in mapping.lookups)
    rows: list[tuple[str, ...]] = []
    for name, lookup in mapping.lookups.items():
        for number, (parent, names, origin) in enumerate(_parents(lookup, objects)):
            rule = _lookup_rules(lookup, fields.get(name)) if number == 0 else OTHER_PARENT
            if about := lookup.origins[number].about:
                rule = f"{prose(about.rstrip('.'))}; {rule}" if rule else prose(about.rstrip("."))
            rows.append(
                (
                    f"`{name}`",
                    _label(name, fields),
                    names,
                    origin,
                    rule or AS_IT_IS,
                    _parent(example.get(name), parent) or NONE * with_example,
                )
            )
    return table(("Field", "Label", "Names", "Source", "Rule", "Example"), rows)


def _parents(lookup: Lookup, objects: dict[str, str]) -> list[tuple[str, str, str]]:
    """Of each branch: the mapping, what it names, and by which column, SQL or constant."""
    if reference := lookup.reference:
        origin = code(reference.column or reference.sql or "")
        if reference.constant is not None:
            origin = f"always {code(reference.constant)}"
        kind = "RecordType of this object" if reference.object == "RecordType" else reference.object
        return [("", f"the {kind} whose `{reference.by}` is", origin)]
    return [
        (b.mapping, objects.get(b.mapping, b.mapping), code(b.column or b.sql or ""))
        for b in lookup.branches
    ]


def _parent(example: object, mapping: str) -> str:
    """The record that a lookup names through this mapping, of an example of keys by mapping; or the
    value itself where it names a record that is not ours.
    """
    if not isinstance(example, dict):
        return _example(example)
    keys: dict[str, object] = example
    return f"Id of {mapping} {code(str(keys[mapping]))}" if mapping in keys else ""


def _lookup_rules(lookup: Lookup, facts: FieldFacts | None) -> str:
    said: list[str] = []
    if lookup.required or _is_needed(facts):
        said.append("required")
    if lookup.branches:
        said.append("the row waits until its parent has a record")
    if lookup.reference:
        said.append(_not_found(lookup.reference))
    if lookup.write == "on_create":
        said.append("written on create only")
    if lookup.on_edited:
        said.append(ON_EDITED[lookup.on_edited])
    if lookup.sensitive:
        said.append("reports hide its values")
    if any(origin.time_dependent for origin in lookup.origins):
        said.append(EACH_TIME)
    return "; ".join(said)


def _not_found(reference: Reference) -> str:
    if reference.otherwise == "error":
        return "a row whose record is not found is invalid"
    if reference.otherwise == "blank":
        return "empty where none is found, with a note"
    owner = "the target's default owner or else " if reference.object == "User" else ""
    return f"where none is found, {owner}Salesforce's own default, with a note"


def values_table(rule: FieldRule) -> str:
    """A value map: what stands in the source, and what is sent for it."""
    rows = [
        (code(given), prose(sent) if sent is not None else "*empty*")
        for given, sent in (rule.values or {}).items()
    ]
    return table((code(rule.origin), "In Salesforce"), rows)


def type_name(facts: FieldFacts | None) -> str:
    """Type and length as Salesforce's setup pages write them: `Text(255)`, `Currency(16, 2)`."""
    if facts is None:
        return "not in the org that was described"
    name = TYPE_NAMES.get(facts.type, facts.type)
    if facts.type == "textarea" and facts.length > 255:
        name = "Long text area"
    if facts.type in WITH_LENGTH and facts.length:
        name += f"({facts.length})"
    elif facts.type in WITH_DIGITS and facts.precision:
        name += f"({facts.precision - facts.scale}, {facts.scale})"
    elif facts.type == "reference":
        name += f"({', '.join(facts.reference_to)})"
    if facts.restricted:
        name += ", restricted"
    if facts.unique:
        name += ", unique"
    return name


def _example(value: object) -> str:
    if value is None:
        return ""
    text = " ".join(written(value).split())
    if len(text) > LONGEST_EXAMPLE:
        text = text[: LONGEST_EXAMPLE - 1].rstrip() + "…"
    return prose(text)


def written(value: object) -> str:
    """A value as a mapping file writes it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
