"""Makes docs/salesforce-mapping.md: what becomes of every column in Salesforce, in words.

In: mappings in the order of sending, field facts of their objects, and per mapping one payload of
sample data. Out: Markdown, the same for the same input. Its tables: `document_fields.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from crm_sync.mapping.document_fields import (
    fields_table,
    lookups_table,
    type_name,
    values_table,
    written,
)
from crm_sync.mapping.form import DEFAULTS
from crm_sync.mapping.load import JOINED
from crm_sync.mapping.markdown import anchor, code, prose, table
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Expression
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts

__all__ = ["commented_fields", "document"]

INTRODUCTION = """\
# From the CRM to Salesforce

This page is made by `crm-sync docs` from the files in `mappings/`; change those, not this. It says
for every object which field gets which value, and by what rule. Types and lengths are those that
Salesforce describes; examples come from the sample data. The language of these files:
[mapping-reference.md](mapping-reference.md).

Rules that hold everywhere:

- A null is left out when a record is created, so that Salesforce's defaults apply, and clears the
  field when a record is updated. An empty text counts as null.
- An update carries only the fields that changed since they were last sent.
- A value that Salesforce would refuse (too long, malformed, not in a restricted picklist, missing
  where required) makes the row *invalid*: the dry run shows it with its column, and it is not sent.
  All rules: [predicted-refusals.md](predicted-refusals.md).
- Many rows at once go by Bulk API 2.0, few by Composite. A record is the same either way, and an
  object that needs what Bulk lacks never goes by Bulk, which is said there.
- *Written on create only* leaves a field to the people in Salesforce once the record exists.
- *With a note* means that the dry run says so for each row.
- *As it is*: the value goes to Salesforce unchanged.
- *Reports hide its values*: every output shows their kind and length instead.
"""


def document(
    mappings: Sequence[Mapping],
    facts: dict[str, ObjectFacts],
    examples: dict[str, dict[str, object]],
    suggested: dict[str, tuple[str, ...]] | None = None,
    tables: dict[str, str] | None = None,
) -> str:
    """The page. `facts` by object name, `tables` of schema public with their comments; the rest by
    mapping name: `examples` one payload each, `suggested` the lines that a mapping file holds
    commented out (see `commented_fields`).
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
    blocks.append(_not_mapped(mappings, tables or {}))
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


def _not_mapped(mappings: Sequence[Mapping], tables: dict[str, str]) -> str:
    """Tables that no mapping writes from: what they hold is not for Salesforce."""
    read = {mapping.source.table for mapping in mappings}
    rows = [(code(name), prose(comment)) for name, comment in tables.items() if name not in read]
    if not rows:
        return ""
    said = "No mapping reads these, so nothing of them goes to Salesforce:"
    return f"## Tables that stay in the CRM\n\n{said}\n\n" + table(("Table", "What it holds"), rows)


def _overview(mappings: Sequence[Mapping]) -> str:
    rows = [
        (
            f"[{m.object}](#{anchor(_title(m, mappings))})",
            code(m.source.table),
            _where(m.source.where) if m.source.where else "all rows",
            "`" + m.external_id.field + "`" + (f", {code(m.external_id.prefix)} before the key"
                                               if m.external_id.prefix else ""),
        )
        for m in mappings
    ]  # fmt: skip
    return "## Objects, in the order of sending\n\n" + table(
        ("Object", "Source table", "Rows", "External ID"), rows
    )


def _diagram(mappings: Sequence[Mapping], objects: dict[str, str]) -> str:
    """Who names whom, as a drawing that GitHub renders; dotted lines lead to records not ours."""
    lines = ["```mermaid", "graph LR"]
    lines += [f'    {m.name}["{m.object} ({m.source.table})"]' for m in mappings]
    outside = {r.object for m in mappings for r in m.references.values()}
    lines += [f'    of_org_{name}(["{name}"])' for name in sorted(outside)]
    nodes = len(lines)
    for mapping in mappings:
        for field, lookup in mapping.lookups.items():
            lines += [
                f"    {mapping.name} -->|{field}| {branch.mapping}"
                for branch in lookup.branches
                if branch.mapping in objects
            ]
            if lookup.reference:
                lines.append(f"    {mapping.name} -.->|{field}| of_org_{lookup.reference.object}")
    if len(lines) == nodes:
        return ""
    said = "Which records name which others"
    if outside:
        said += "; rounded: records of the org that are not ours"
    return "\n".join([f"{said}:\n", *lines, "```"])


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
        "### Fields\n\n" + fields_table(mapping, fields, example),
    ]
    if mapping.lookups:
        blocks.append("### Lookups\n\n" + lookups_table(mapping, fields, example, objects))
    blocks += [
        f"### Values of `{name}`\n\n" + values_table(rule)
        for name, rule in mapping.fields.items()
        if rule.values is not None
    ]
    not_mapped = {c: why for c, why in mapping.not_mapped.items() if c not in mapping.columns}
    if not_mapped:
        rows = [(code(column), prose(why)) for column, why in not_mapped.items()]
        blocks.append("### Not mapped, and why\n\n" + table(("Column", "Why"), rows))
    return blocks


def _in_words(expression: Expression) -> str:
    """SQL, and what it says where the file says so."""
    about = f" ({prose(expression.about.rstrip('.'))})" if expression.about else ""
    return code(expression.sql) + about


def _where(where: Expression) -> str:
    """For people who read no SQL; the chapter has it."""
    return prose(where.about.rstrip(".")) if where.about else code(where.sql)


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
            f"; only rows where {_in_words(source.where)}. A row that leaves them counts as deleted"
        )
    if mapping.narrowed:
        to, alone = code(mapping.narrowed.target), code(mapping.narrowed.sql)
        from_ += f". The target {to} receives of these only rows where {alone}"
    external = fields.get(mapping.external_id.field)
    kind = f" ({type_name(external)})" if external else ""
    prefix = f"{code(mapping.external_id.prefix)} and " if mapping.external_id.prefix else ""
    lines = [
        f"**Source:** {from_}.",
        f"**External ID:** `{mapping.external_id.field}`{kind} holds {prefix}"
        f"{code(f'{source.table}.{source.key}')}.",
        f"**Name in reports:** {_in_words(mapping.label)}.",
        f"**When the row is deleted:** {_on_delete(mapping)}",
        f"**When the record was deleted in Salesforce:** {_on_missing(mapping)}",
        f"**When people edited in Salesforce what changes:** {_on_edited(mapping)}",
    ]
    if mapping.converted:
        named = " and ".join(f"the {n} that {code(c)} names" for n, c in mapping.converted.items())
        lines.append(
            f"**When people convert it in Salesforce:** {named} gets what they made of it, where "
            "it has no record yet; the lead is closed."
        )
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
    if field := mapping.external_id.formerly:
        lines.append(f"**Former external ID field:** `{field}`; the keys in it are carried over.")
    if source.formerly:
        lines.append(f"**Former table:** `{source.formerly}`; its records stay.")
    if source.former_key:
        lines.append(
            f"**Former keys:** in column `{source.former_key}`; records get their keys of today."
        )
    if shared := _shared(mapping):
        lines.append(f"**Said in {code(DEFAULTS)}:** {shared}.")
    if not mapping.enabled:
        lines.append("**Switched off:** nothing is sent; its records are kept as they are.")
    return "\n".join(f"- {line}" for line in lines)


def _shared(mapping: Mapping) -> str:
    """What a mapping has from the file that it shares with others."""
    paths = [
        path
        for path, place in mapping.lines.items()
        if path and Path(place.rsplit(":", 2)[0]).name == DEFAULTS
    ]
    keys = {".".join(path[:2] if path[0] in JOINED else path[:1]): None for path in paths}
    return ", ".join(code(key) for key in keys if key not in JOINED)


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
        values = ", ".join(f"`{f}` = {code(written(v))}" for f, v in rule.values.items())
        return f"its record stays and gets {values}."
    return "its record stays as it is."


def _on_missing(mapping: Mapping) -> str:
    if mapping.on_missing == "recreate":
        return "it is created again."
    return "the row is held until a person decides."


def _on_edited(mapping: Mapping) -> str:
    if mapping.on_edited == "hold":
        return "the row is held until a person decides."
    return "it is overwritten, and the run's report names it."
