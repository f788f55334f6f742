"""Writes docs/salesforce-mapping.md: what becomes of every column in Salesforce, in words.

In: mappings in the order of sending, field facts of their objects, and per mapping one payload of
sample data. Out: Markdown, the same for the same input. Called by `crm-sync docs`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from crm_sync.mapping.markdown import anchor, code, prose, table
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import FieldRule, Lookup, Reference
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts

__all__ = ["commented_fields", "document"]

INTRODUCTION = """\
# From the CRM to Salesforce

This page is generated from the files in `mappings/` by `crm-sync docs`; change those, not this.
It says for every object which field gets which value, and by what rule. Types and lengths are those
that Salesforce describes; examples come from the sample data.

Rules that hold everywhere:

- A null is left out when a record is created, so that Salesforce's defaults apply, and clears the
  field when a record is updated. An empty text counts as null.
- An update carries only the fields that changed since they were last sent.
- A value that Salesforce would refuse (too long, malformed, not in a restricted picklist, missing
  where required) makes the row *invalid*: the dry run shows it with its column, and it is not sent.
- Many rows at once go by Bulk API 2.0, few by Composite. A record is the same either way, and an
  object that needs what Bulk lacks never goes by Bulk, which is said there.
- *Written on create only* leaves a field to the people in Salesforce once the record exists.
- *With a note* means that the dry run says so for each row.
"""

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


def document(
    mappings: Sequence[Mapping],
    facts: dict[str, ObjectFacts],
    examples: dict[str, dict[str, object]],
    suggested: dict[str, tuple[str, ...]] | None = None,
) -> str:
    """The page. `facts` by object name; the rest by mapping name: `examples` one payload each,
    `suggested` the lines that a mapping file holds commented out (see `commented_fields`).
    """
    objects = {mapping.name: mapping.object for mapping in mappings}
    blocks = [INTRODUCTION.rstrip(), _overview(mappings), _diagram(mappings, objects)]
    for mapping in mappings:
        siblings = [
            other.object
            for other in mappings
            if other is not mapping and other.source.table == mapping.source.table
        ]
        blocks += _object(
            mapping, facts.get(mapping.object), examples.get(mapping.name, {}), objects, siblings
        )
        if lines := (suggested or {}).get(mapping.name):
            blocks.append(_suggested(mapping, lines))
    return "\n\n".join(block for block in blocks if block) + "\n"


def commented_fields(text: str) -> tuple[str, ...]:
    """The field lines that a mapping file holds commented out, for custom fields of an org."""
    return tuple(re.findall(r"^ *# (\w+__c: .+)$", text, flags=re.MULTILINE))


def _suggested(mapping: Mapping, lines: tuple[str, ...]) -> str:
    fields = "\n".join(f"  {line}" for line in lines)
    return (
        f"With custom fields in your org, uncomment in `{mapping.name}.yaml`:\n\n"
        f"```yaml\nfields:\n{fields}\n```"
    )


def _overview(mappings: Sequence[Mapping]) -> str:
    rows = [
        (
            f"[{m.object}](#{anchor(_title(m, mappings))})",
            code(m.source.table),
            code(m.source.where.sql) if m.source.where else "all rows",
            "`" + m.external_id.field + "`" + (f", {code(m.external_id.prefix)} before the key"
                                               if m.external_id.prefix else ""),
        )
        for m in mappings
    ]  # fmt: skip
    return "## Objects, in the order of sending\n\n" + table(
        ("Object", "Source table", "Rows", "External ID"), rows
    )


def _diagram(mappings: Sequence[Mapping], objects: dict[str, str]) -> str:
    """Who names whom, as a drawing that GitHub renders."""
    lines = ["```mermaid", "graph LR"]
    lines += [f'    {m.name}["{m.object} ({m.source.table})"]' for m in mappings]
    for mapping in mappings:
        for field, lookup in mapping.lookups.items():
            lines += [
                f"    {mapping.name} -->|{field}| {branch.mapping}"
                for branch in lookup.branches
                if branch.mapping in objects
            ]
    return "\n".join([*lines, "```"]) if len(lines) > len(mappings) + 2 else ""


def _object(
    mapping: Mapping,
    facts: ObjectFacts | None,
    example: dict[str, object],
    objects: dict[str, str],
    siblings: list[str],
) -> list[str]:
    """A mapping's chapter. `siblings` are the objects of other mappings over the same table."""
    fields = facts.fields if facts else {}
    blocks = [
        f"## {_title_of(mapping, list(objects.values()))}",
        prose(mapping.about),
        _facts_list(mapping, fields, siblings),
        "### Fields\n\n" + _fields(mapping, fields, example),
    ]
    if mapping.lookups:
        blocks.append("### Lookups\n\n" + _lookups(mapping, fields, example, objects))
    blocks += [
        f"### Values of `{name}`\n\n" + _values(rule)
        for name, rule in mapping.fields.items()
        if rule.values is not None
    ]
    if mapping.not_mapped:
        rows = [(code(column), prose(why)) for column, why in mapping.not_mapped.items()]
        blocks.append("### Not mapped, and why\n\n" + table(("Column", "Why"), rows))
    return blocks


def _title(mapping: Mapping, mappings: Sequence[Mapping]) -> str:
    return _title_of(mapping, [m.object for m in mappings])


def _title_of(mapping: Mapping, objects: list[str]) -> str:
    """The object; with the mapping's name where two mappings write the same object."""
    if objects.count(mapping.object) > 1:
        return f"{mapping.object} ({mapping.name})"
    return mapping.object


def _facts_list(mapping: Mapping, fields: dict[str, FieldFacts], siblings: list[str]) -> str:
    source = mapping.source
    joins = [f"{code(table)} as {code(alias)}" for alias, table in source.join.items()]
    from_ = f"table {code(source.table)}" + (f", joined with {', '.join(joins)}" if joins else "")
    if source.where:
        from_ += (
            f"; only rows where {code(source.where.sql)}. A row that leaves them counts as deleted"
        )
    external = fields.get(mapping.external_id.field)
    kind = f" ({_type(external)})" if external else ""
    prefix = f"{code(mapping.external_id.prefix)} and " if mapping.external_id.prefix else ""
    lines = [
        f"**Source:** {from_}.",
        f"**External ID:** `{mapping.external_id.field}`{kind} holds {prefix}"
        f"{code(f'{source.table}.{source.key}')}.",
        f"**Name in reports:** {code(mapping.label.sql)}.",
        f"**When the row is deleted:** {_on_delete(mapping)}",
        f"**When the record was deleted in Salesforce:** {_on_missing(mapping)}",
    ]
    if siblings and source.where:
        others = " or ".join(siblings)
        lines.append(
            f"**When a row moves to {others}:** its record is deleted here and created there."
        )
    if mapping.time_zone != "UTC" or _has_dates(mapping, fields):
        lines.append(f"**Time zone of computed dates:** {mapping.time_zone}.")
    if mapping.rule_that_runs != "none":
        lines.append(f"**Assignment rule:** {_assigning(mapping)} runs, and may change the owner.")
    if mapping.duplicate_rule == "allow":
        lines.append(
            "**Possible duplicates:** a record that a duplicate rule warns of is saved all the "
            "same; one that a rule blocks is refused."
        )
    if lacked := mapping.lacked_by_bulk:
        lines.append(
            f"**Way to Salesforce:** by Composite, however many rows there are, since Bulk API 2.0 "
            f"lacks {lacked}."
        )
    changing = [
        name
        for name, expression in (("which rows count", source.where), ("the name", mapping.label))
        if expression and expression.time_dependent
    ]
    if changing:
        lines.append(
            f"**Changes with time:** {' and '.join(changing)}, so every row is compared each time."
        )
    if mapping.formerly:
        lines.append(f"**Former name:** `{mapping.formerly}`; its records follow.")
    if not mapping.enabled:
        lines.append("**Switched off:** nothing is sent; its records are kept as they are.")
    return "\n".join(f"- {line}" for line in lines)


def _assigning(mapping: Mapping) -> str:
    rule = mapping.rule_that_runs
    return "the org's active one" if rule == "active" else code(rule)


def _has_dates(mapping: Mapping, fields: dict[str, FieldFacts]) -> bool:
    return any(
        rule.sql is not None and name in fields and fields[name].type in ("date", "datetime")
        for name, rule in mapping.fields.items()
    )


def _on_delete(mapping: Mapping) -> str:
    rule = mapping.on_delete
    if rule.action == "delete":
        return "its record is deleted, too (it lies in Salesforce's recycle bin for a while)."
    if rule.action == "set":
        values = ", ".join(f"`{f}` = {code(_written(v))}" for f, v in rule.values.items())
        return f"its record stays and gets {values}."
    return "its record stays as it is."


def _on_missing(mapping: Mapping) -> str:
    if mapping.on_missing == "recreate":
        return "it is created again."
    return "the row is held until a person decides."


def _fields(mapping: Mapping, fields: dict[str, FieldFacts], example: dict[str, object]) -> str:
    rows = [
        (
            f"`{name}`",
            prose(fields[name].label) if name in fields else "",
            _type(fields.get(name)),
            _origin(rule),
            _rules(rule, fields.get(name)),
            _example(example.get(name)),
        )
        for name, rule in mapping.fields.items()
    ]
    return table(("Field", "Label", "Type", "Source", "Rule", "Example"), rows)


def _origin(rule: FieldRule) -> str:
    if rule.column:
        return code(rule.column)
    if rule.sql:
        return code(rule.sql)
    return f"always {code(_written(rule.constant))}"


def _rules(rule: FieldRule, facts: FieldFacts | None) -> str:
    said: list[str] = []
    if rule.required or (facts and facts.createable and not facts.nillable and not facts.defaulted):
        said.append("required")
    if rule.values is not None:
        other = {
            "error": "any other value makes the row invalid",
            "keep": "other values as they are",
            "blank": "other values leave it empty",
        }.get(rule.otherwise, f"other values become {code(rule.otherwise)}")
        said.append(f"by the table of values below; {other}")
    if rule.if_null is not None:
        said.append(f"{code(_written(rule.if_null))} where null, with a note")
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
    if rule.sensitive:
        said.append("reports hide its values")
    if rule.time_dependent:
        said.append("changes with time, so every row is compared each time")
    return "; ".join(said)


def _lookups(
    mapping: Mapping,
    fields: dict[str, FieldFacts],
    example: dict[str, object],
    objects: dict[str, str],
) -> str:
    rows: list[tuple[str, ...]] = []
    for name, lookup in mapping.lookups.items():
        parents = _parents(lookup, objects)
        for number, (parent, origin) in enumerate(parents):
            is_first = number == 0
            rows.append(
                (
                    f"`{name}`" if is_first else "",
                    prose(fields[name].label) if is_first and name in fields else "",
                    parent,
                    origin,
                    _lookup_rules(lookup) if is_first else "",
                    _example(example.get(name)) if is_first else "",
                )
            )
    shown = table(("Field", "Label", "Names", "Source", "Rule", "Example"), rows)
    if any(len(lookup.branches) > 1 for lookup in mapping.lookups.values()):
        shown += "\n\nOf several sources the first that is not null counts."
    return shown


def _parents(lookup: Lookup, objects: dict[str, str]) -> list[tuple[str, str]]:
    """What each branch names, and by which column or SQL."""
    if reference := lookup.reference:
        origin = reference.column or reference.sql or reference.constant or ""
        kind = "RecordType of this object" if reference.object == "RecordType" else reference.object
        return [(f"the {kind} whose `{reference.by}` is", code(origin))]
    return [
        (objects.get(branch.mapping, branch.mapping), code(branch.column or branch.sql or ""))
        for branch in lookup.branches
    ]


def _lookup_rules(lookup: Lookup) -> str:
    said: list[str] = []
    if lookup.required:
        said.append("required")
    if lookup.branches:
        said.append("the row waits until its parent has a record")
    if lookup.reference:
        said.append(_not_found(lookup.reference))
    if lookup.write == "on_create":
        said.append("written on create only")
    if lookup.sensitive:
        said.append("reports hide its values")
    if any(origin.time_dependent for origin in lookup.origins):
        said.append("changes with time, so every row is compared each time")
    return "; ".join(said)


def _not_found(reference: Reference) -> str:
    if reference.otherwise == "error":
        return "a row whose record is not found is invalid"
    if reference.otherwise == "blank":
        return "empty where none is found, with a note"
    owner = "the target's default owner or else " if reference.object == "User" else ""
    return f"where none is found, {owner}Salesforce's own default, with a note"


def _values(rule: FieldRule) -> str:
    rows = [
        (code(given), prose(sent) if sent is not None else "*empty*")
        for given, sent in (rule.values or {}).items()
    ]
    return table((code(rule.origin), "In Salesforce"), rows)


def _type(facts: FieldFacts | None) -> str:
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
    if isinstance(value, dict):  # a parent without an Id: {"mapping", "key"}
        pairs: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType]
        return f"Id of {pairs.get('mapping', 'parent')} {code(str(pairs.get('key', '')))}"
    text = " ".join(_written(value).split())
    if len(text) > LONGEST_EXAMPLE:
        text = text[: LONGEST_EXAMPLE - 1].rstrip() + "…"
    return prose(text)


def _written(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
