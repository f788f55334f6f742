"""The types of custom fields: what a definition must and may say, and how the field is described.

A definition is a CustomField document (D, Metadata API, CustomField) without its name. Here it is
checked and becomes the facts of a describe, and the other way round for fields that come with the
org. Sentences about what must and what cannot be said are of live orgs (3); those about bounds U.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.schema import Facts, Field, Schema

Definition = dict[str, Any]

_NUMBERS = ("precision", "scale")
_KEYED = ("unique", "externalId", "required")
_LONG_TEXT = range(256, 131073)


@dataclass(frozen=True)
class FieldKind:
    """``needs`` and ``takes`` are keys of the definition, besides those that every field has."""

    type: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    length: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


KINDS: Mapping[str, FieldKind] = {
    "Text": FieldKind("string", ("length",), (*_KEYED, "caseSensitive", "defaultValue")),
    "TextArea": FieldKind("textarea", (), ("required", "defaultValue"), 255),
    "LongTextArea": FieldKind("textarea", ("length", "visibleLines"), ("defaultValue",)),
    "Html": FieldKind(
        "textarea",
        ("length", "visibleLines"),
        (),
        0,
        {"extraTypeInfo": "richtextarea", "htmlFormatted": True},
    ),
    "Number": FieldKind("double", _NUMBERS, (*_KEYED, "defaultValue")),
    "Currency": FieldKind("currency", _NUMBERS, ("required", "defaultValue")),
    "Percent": FieldKind("percent", _NUMBERS, ("required", "defaultValue")),
    "Checkbox": FieldKind("boolean", ("defaultValue",), ("populateExistingRows",)),
    "Date": FieldKind("date", (), ("required",)),
    "DateTime": FieldKind("datetime", (), ("required",)),
    "Email": FieldKind("email", (), (*_KEYED, "defaultValue"), 80),
    "Phone": FieldKind("phone", (), ("required", "defaultValue"), 40),
    "Url": FieldKind("url", (), ("required", "defaultValue"), 255),
    "Picklist": FieldKind("picklist", ("valueSet",), ("required",), 255),
    "MultiselectPicklist": FieldKind(
        "multipicklist", ("valueSet", "visibleLines"), ("required",), 4099
    ),
    "Lookup": FieldKind(
        "reference",
        ("referenceTo", "relationshipName"),
        ("required", "deleteConstraint", "relationshipLabel"),
    ),
}
_ABOUT_ANY = (
    "type",
    "label",
    "description",
    "inlineHelpText",
    "indexed",
    "deprecated",
    "trackFeedHistory",
    "trackHistory",
    "trackTrending",
    "businessOwnerGroup",
    "businessOwnerUser",
    "businessStatus",
    "complianceGroup",
    "securityClassification",
    "isFilteringDisabled",
    "isSortingDisabled",
)


def check(definition: Definition, schema: Schema) -> None:
    """RowError for the first thing that is wrong with a definition."""
    kind_name = definition.get("type")
    if not kind_name:
        raise _wrong("Required field is missing: type", "type", "REQUIRED_FIELD_MISSING")
    kind = KINDS.get(kind_name)
    if kind is None or definition.get("formula"):
        what = "fields with a formula" if kind else f"fields of type {kind_name}"
        raise _wrong(f"The local org makes no {what}.", "type", "UNKNOWN_EXCEPTION")
    if not definition.get("label"):
        raise _wrong("Must specify a non-empty label for the CustomField", "label")
    if len(definition["label"]) > 40:
        raise _wrong("Label: data value too large (max length=40)", "label", "STRING_TOO_LONG")
    for name in kind.needs:
        if definition.get(name) is None:
            raise _wrong(f"Must specify '{name}' for a CustomField of type {kind_name}", name)
    allowed = (*_ABOUT_ANY, *kind.needs, *kind.takes)
    for name, value in definition.items():
        if name == "lookupFilter" and kind.type == "reference":
            raise _wrong("The local org has no lookup filters.", name, "UNKNOWN_EXCEPTION")
        # False says of a field what is so anyway (R, metadata/upsert-customfields-request.xml).
        if name not in allowed and value not in (False, "", []):
            text = f"Can not specify '{name}' for a CustomField of type {kind_name}"
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text)  # names no field (R, amp-labs)
    _check_bounds(definition, kind)
    default_of(definition)
    if kind.type == "reference":
        _check_parent(definition, schema)
    if "valueSet" in kind.needs:
        _check_values(definition)


def _check_bounds(definition: Definition, kind: FieldKind) -> None:
    if "length" in kind.needs:
        lengths = range(1, 256) if kind.type == "string" else _LONG_TEXT
        if kind.type != "string" and definition["length"] < lengths[0]:  # R, amp-labs
            text = f"Invalid length, minimum is: {lengths[0]}"
            raise RowError("FIELD_INTEGRITY_EXCEPTION", text)
        if definition["length"] not in lengths:
            raise _wrong(f"Length must be between {lengths[0]} and {lengths[-1]}", "length")
    if kind.needs == _NUMBERS:
        precision, scale = definition["precision"], definition["scale"]
        if not 1 <= precision <= 18 or not 0 <= scale <= precision:
            raise _wrong("Precision must be between 1 and 18, and scale not greater", "precision")


def _check_parent(definition: Definition, schema: Schema) -> None:
    target = definition["referenceTo"]
    if schema.find(target) is None:
        raise RowError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"In field: referenceTo - no CustomObject named {target} found",
            ["referenceTo"],
        )
    constraint = definition.get("deleteConstraint") or "SetNull"
    if constraint != "SetNull":
        raise _wrong(
            f"The local org knows deleteConstraint SetNull only, not {constraint}.",
            "deleteConstraint",
            "UNKNOWN_EXCEPTION",
        )


def _check_values(definition: Definition) -> None:
    if "valueSetDefinition" not in definition["valueSet"]:
        raise _wrong(
            "The local org has no global value sets: give a valueSetDefinition.",
            "valueSet",
            "UNKNOWN_EXCEPTION",
        )
    names = [value.get("fullName") for value in _values(definition)]
    for name in names:
        if not name:
            raise _wrong("Required field is missing: fullName", "value", "REQUIRED_FIELD_MISSING")
        if names.count(name) > 1:
            raise _wrong(f"Duplicate value found: {name}", "value", "DUPLICATE_VALUE")


def _wrong(message: str, name: str, code: str = "FIELD_INTEGRITY_EXCEPTION") -> RowError:
    return RowError(code, message, [name])


def _values(definition: Definition) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = definition["valueSet"]["valueSetDefinition"].get("value", [])
    return found


def default_of(definition: Definition) -> Any:
    """The default value that a definition writes as a formula: a literal, or RowError."""
    if "valueSet" in definition:
        return next((v["fullName"] for v in _values(definition) if v.get("default")), None)
    written = definition.get("defaultValue")
    kind = KINDS[definition["type"]]
    if written in (None, ""):
        return None
    if kind.type == "boolean" and written.lower() in ("true", "false"):
        return written.lower() == "true"
    if kind.needs == _NUMBERS:
        try:
            return float(written)
        except ValueError:
            pass
    elif kind.type != "boolean" and len(written) > 1 and written[0] == written[-1] in ("'", '"'):
        return written[1:-1]
    raise _wrong(
        f"The local org evaluates no formulas: a default value is a literal, not {written}",
        "defaultValue",
        "UNKNOWN_EXCEPTION",
    )


def described(name: str, definition: Definition) -> Facts:
    """What a description in ``objects/`` would say of the field."""
    kind = KINDS[definition["type"]]
    is_required = bool(definition.get("required"))
    is_key = bool(definition.get("externalId"))
    facts: Facts = {
        "name": name,
        "label": definition["label"],
        "type": kind.type,
        "custom": True,
        "createable": True,
        "updateable": True,
        "permissionable": not is_required,
        "nillable": not is_required and kind.type != "boolean",
        "unique": bool(definition.get("unique")),
        "externalId": is_key,
        "idLookup": is_key,
        "caseSensitive": bool(definition.get("caseSensitive")),
        "inlineHelpText": definition.get("inlineHelpText"),
        "length": definition.get("length") or kind.length,
        **kind.facts,
    }
    if kind.needs == _NUMBERS:
        facts |= {key: definition[key] for key in _NUMBERS}
    default = default_of(definition)
    if default is not None:
        facts["default"] = default
    if kind.type == "boolean":
        facts["defaultValue"] = bool(default)
    elif "valueSet" not in definition:
        facts["defaultValueFormula"] = definition.get("defaultValue") or None
    if "valueSet" in definition:
        facts |= _described_values(definition, default)
    if kind.type == "reference":
        target = definition["referenceTo"]
        facts |= {
            "length": 18,
            "referenceTo": [target],
            "relationshipName": f"{name.removesuffix('__c')}__r",
            "children": {target: f"{definition['relationshipName'].removesuffix('__r')}__r"},
        }
    return facts


def _described_values(definition: Definition, default: Any) -> Facts:
    listed = _values(definition)
    if definition["valueSet"]["valueSetDefinition"].get("sorted"):
        listed = sorted(listed, key=lambda value: value.get("label") or value["fullName"])
    return {
        "restrictedPicklist": bool(definition["valueSet"].get("restricted")),
        "picklist": [[v["fullName"], v.get("label") or v["fullName"]] for v in listed],
        "default": default,
    }


def definition_of(described_field: Field) -> Definition:
    """The definition of a field that came with the org."""
    facts = described_field.describe
    names = [n for n, kind in KINDS.items() if kind.type == facts["type"]]
    if facts["type"] == "textarea":
        is_html, is_long = facts["htmlFormatted"], facts["length"] > 255
        names = ["Html" if is_html else "LongTextArea" if is_long else "TextArea"]
    name = names[0] if names else "Text"
    kind = KINDS[name]
    definition: Definition = {"type": name, "label": facts["label"]}
    if "length" in kind.needs:
        definition["length"] = facts["length"]
    if "visibleLines" in kind.needs:
        definition["visibleLines"] = 4
    if kind.needs == _NUMBERS:
        definition |= {key: facts[key] for key in _NUMBERS}
    if kind.type == "boolean":
        definition["defaultValue"] = str(bool(facts["defaultValue"])).lower()
    if kind.type == "reference":
        target = described_field.reference_to[0]
        child = described_field.children.get(target) or f"{described_field.name[:-3]}s"
        definition |= {"referenceTo": target, "relationshipName": child.removesuffix("__r")}
    if "valueSet" in kind.needs:
        definition["valueSet"] = _value_set(facts)
    for key in _KEYED:
        if key in kind.takes:
            definition[key] = not facts["nillable"] if key == "required" else bool(facts[key])
    if definition.get("unique") and kind.type == "string":
        definition["caseSensitive"] = bool(facts["caseSensitive"])
    return definition


def _value_set(facts: Facts) -> Definition:
    values = [
        {"fullName": v["value"], "default": v["defaultValue"], "label": v["label"]}
        for v in facts["picklistValues"]
    ]
    return {
        "restricted": facts["restrictedPicklist"],
        "valueSetDefinition": {"sorted": False, "value": values},
    }


def shown_type(described_field: Field) -> str:
    """A field's type as the pages of Setup name it (D, FieldDefinition.DataType)."""
    facts = described_field.describe
    length, precision, scale = facts["length"], facts["precision"], facts["scale"]
    match described_field.type:
        case "string" | "id":
            shown = f"Text({length})"
        case "textarea":
            shown = f"Long Text Area({length})" if length > 255 else f"Text Area({length})"
            shown = f"Rich Text Area({length})" if facts["htmlFormatted"] else shown
        case "double" | "currency" | "percent" as kind:
            name = {"double": "Number"}.get(kind, kind.capitalize())
            shown = f"{name}({precision - scale}, {scale})"
        case "int":
            shown = f"Number({facts['digits']}, 0)"
        case "reference":
            shown = f"Lookup({','.join(described_field.reference_to)})"
        case other:
            shown = _SHOWN.get(other, other.capitalize())
    keys = [" (External ID)"] if facts["externalId"] else []
    if facts["unique"] and facts["custom"]:
        case = "Sensitive" if facts["caseSensitive"] else "Insensitive"
        keys.append(f" (Unique Case {case})" if described_field.is_text else " (Unique)")
    return shown + "".join(keys)


_SHOWN = {
    "boolean": "Checkbox",
    "datetime": "Date/Time",
    "multipicklist": "Picklist (Multi-Select)",
    "url": "URL",
    "combobox": "Picklist",
}
