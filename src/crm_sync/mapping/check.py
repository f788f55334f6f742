"""Finds what is wrong with a mapping against a database and an org, and says where.

In: mappings, the catalog, the facts. Out: findings with the line of the mapping file, of the kind
that a sync stops for; `check_mappings` raises the first, `crm-sync check` shows them all, with what
`fit.py` and the package `crm_sync.check` add. PostgreSQL is asked to plan the statement (EXPLAIN),
so no row is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from typing import Any

import psycopg
from psycopg import errors

from crm_sync.errors import DatabaseError, OrgAccessError
from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.expression import complaint
from crm_sync.mapping.finding import Finding, raise_first, said_of
from crm_sync.mapping.finding_kinds import Kind
from crm_sync.mapping.model import Mapping, converted_id
from crm_sync.mapping.parent_types import parent_type_findings
from crm_sync.mapping.parts import Branch, Expression, FieldRule, Lookup
from crm_sync.mapping.references import no_field, reference_findings
from crm_sync.mapping.source import source_findings
from crm_sync.mapping.sql_errors import explain_error, sql_findings
from crm_sync.mapping.values import written
from crm_sync.mapping.volatility import volatility_findings
from crm_sync.names import nearest, nearest_value
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts

__all__ = [
    "check_mappings",
    "database_findings",
    "explain_error",
    "field_findings",
    "lookup_findings",
    "sound_part",
    "unlisted_values",
]

Path_ = tuple[str, ...]
OURS = "crm_sync"
"""The role of a sync (schema.sql)."""


def check_mappings(
    connection: psycopg.Connection[Any],
    mappings: Sequence[Mapping],
    catalog: Catalog,
    facts: Map[str, ObjectFacts],
    known: Sequence[Mapping] = (),
) -> None:
    """Raises the first error of these mappings against database and org; `known`: others besides
    them, whose records they may name.
    """
    by_name = {m.name: m for m in (*known, *mappings)}
    objects = {m.name: m.object for m in by_name.values()}
    for mapping in mappings:
        known_fields = facts[mapping.object]
        raise_first(field_findings(mapping, known_fields))
        raise_first(lookup_findings(mapping, objects, known_fields))
        raise_first(reference_findings(mapping, facts))
        raise_first(database_findings(connection, mapping, catalog, known_fields))
        raise_first(parent_type_findings(mapping, by_name, catalog))


def database_findings(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog, facts: ObjectFacts
) -> Iterator[Finding]:
    """A mapping against the database. Its SQL is looked at as far as its tables are in order."""
    yield from _hidden_rows(connection, mapping, catalog)
    found = [*source_findings(mapping, catalog), *_no_expressions(mapping)]
    yield from found
    yield from _time_zone(connection, mapping)
    if (sound := sound_part(mapping, found)) is None:
        return
    refused = list(sql_findings(connection, sound, catalog, facts))
    yield from refused
    if (sound := sound_part(sound, refused)) is not None:
        yield from volatility_findings(connection, sound, catalog, facts)


def sound_part(mapping: Mapping, found: Iterable[Finding]) -> Mapping | None:
    """The mapping without the parts that findings are about; None where its source is wrong."""
    wrong = {f.path for f in found if f.severity == "error" and f.path[:1] in _SQL_PARTS}
    if any(path[0] == "source" and path != ("source", "where") for path in wrong):
        return None
    return _without(mapping, wrong)


_SQL_PARTS = (("source",), ("label",), ("fields",), ("lookups",), ("time_zone",), ("targets",))
"""Keys of a mapping of which SQL is made, or in which it runs."""


def _without(mapping: Mapping, wrong: Iterable[Path_]) -> Mapping:
    """The mapping without the parts at these paths; for a check alone."""
    wrong = set(wrong)
    names = {path[1] for path in wrong if path[0] in ("fields", "lookups")}
    changes: dict[str, Any] = {
        "fields": {name: rule for name, rule in mapping.fields.items() if name not in names},
        "lookups": {name: look for name, look in mapping.lookups.items() if name not in names},
    }
    if ("label",) in wrong:
        changes["label"] = Expression(sql="''")
    if ("time_zone",) in wrong:
        changes["time_zone"] = "UTC"
    if ("source", "where") in wrong:
        changes["source"] = mapping.source.model_copy(update={"where": None})
    if any(path[0] == "targets" for path in wrong):
        changes["narrowed"] = None
    return mapping.model_copy(update=changes)


def _hidden_rows(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog
) -> Iterator[Finding]:
    """Whether our role reads every row of a mapping's tables."""
    places: list[tuple[Path_, str]] = [(("source", "table"), mapping.source.table)]
    places += [(("source", "join", alias), name) for alias, name in mapping.source.join.items()]
    for path, table in places:
        facts = catalog.get(table)
        if facts is None or facts.kind != "table" or (facts.readable and not facts.hides_rows):
            continue  # of what is no table `source_findings` says so
        is_ours = connection.execute("select current_user").fetchone() == (OURS,)
        if not facts.readable:
            yield said_of(
                mapping, path, "no-right", f"Our role may not read {table}.",
                f"Let the owner grant it: grant select on public.{table} to {OURS}"
                if is_ours
                else f"Sign in as the role {OURS}, or grant select to the role that you use.",
                error=DatabaseError,
            )  # fmt: skip
        else:
            yield said_of(
                mapping, path, "row-level-security",
                f"Row level security may hide rows of {table} from our role; hidden rows would "
                "look deleted.",
                f"Let the owner run crm-sync db apply, or: create policy sync_reads_every_row on "
                f"public.{table} for select to {OURS} using (true)"
                if is_ours
                else f"Sign in as the role {OURS}; schema.sql gives it a policy that shows every "
                "row.",
                error=DatabaseError,
            )  # fmt: skip


def _time_zone(connection: psycopg.Connection[Any], mapping: Mapping) -> Iterator[Finding]:
    """A time zone that PostgreSQL does not know, or knows by no name: what has a digit or a sign
    may be a POSIX specification, in which `UTC+2` lies west of Greenwich and letters mean nothing
    (PostgreSQL manual, POSIX Time Zone Specifications).
    """
    zone = mapping.time_zone
    mend = " Name one like Europe/Berlin."
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("select set_config('TimeZone', %s, true)", [zone])
    except errors.InvalidParameterValue:
        pass
    else:
        if not _POSIX.search(zone):
            return
        mend += " A fixed distance has its sign turned: Etc/GMT-2 is two hours east of Greenwich."
    # Read only where it is needed: the view opens every file of the time zones.
    known = connection.execute("select name from pg_timezone_names order by name").fetchall()
    names = [row[0] for row in known]
    if zone.lower() not in {name.lower() for name in names}:
        yield said_of(
            mapping, ("time_zone",), "unknown-time-zone",
            f"PostgreSQL knows no time zone {zone!r}.", f"{nearest(zone, names)}{mend}".strip(),
        )  # fmt: skip


_POSIX = re.compile(r"[\d+<]")
"""What a POSIX specification of a time zone has, and few names have."""


def _no_expressions(mapping: Mapping) -> Iterator[Finding]:
    """SQL that is not a plain expression."""
    for path, expression in mapping.expressions:
        if said := complaint(expression.sql):
            yield said_of(
                mapping, path, "no-expression", f"{'.'.join(path)}: {said}.", "Give one expression."
            )


def field_findings(
    mapping: Mapping, facts: ObjectFacts, hidden: frozenset[str] | None = None
) -> Iterator[Finding]:
    """Where the org lacks a field, or does not let us write it as the mapping wants. `hidden`:
    fields that are there and that our user may not see, or None where nobody asked.
    """
    yield from _object_rights(mapping, facts)
    yield from _external_id(mapping, facts, hidden)
    for name, rule in mapping.rules.items():
        path = ("fields" if name in mapping.fields else "lookups", name)
        field = facts.fields.get(name)
        if field is None:
            yield no_field(mapping, path, name, facts, hidden)
            continue
        if facts.createable:
            yield from _read_only(mapping, path, field, rule.write, facts)
        if isinstance(rule, FieldRule):
            yield from _constant(mapping, path, rule)
        if isinstance(rule, Lookup) and field.type != "reference":
            yield said_of(
                mapping, path, "no-reference",
                f"{mapping.object}.{name} holds a {field.type}; a lookup fills a reference.",
                f"Put {name} under fields.",
            )  # fmt: skip
    yield from _on_delete(mapping, facts)


def _constant(mapping: Mapping, path: Path_, rule: FieldRule) -> Iterator[Finding]:
    """A constant that the value map beside it does not list, so that no row is valid."""
    if rule.constant is None or rule.values is None or rule.otherwise != "error":
        return
    text = written(rule.constant)
    if text not in rule.values:
        yield said_of(
            mapping, path, "value-unmapped",
            f"{'.'.join(path)}: the constant {text!r} is none of the values beside it: every row "
            "is invalid.",
            f"{nearest(text, rule.values)} Leave one of the two out: a constant is sent as it is.",
        )  # fmt: skip


def _object_rights(mapping: Mapping, facts: ObjectFacts) -> Iterator[Finding]:
    lacking = [
        word
        for word, may in (("create", facts.createable), ("update", facts.updateable))
        if not may
    ]
    if lacking:
        yield said_of(
            mapping, ("object",), "object-not-writable",
            f"our user may not {' or '.join(lacking)} {mapping.object} records.",
            "Let a permission set grant it: crm-sync org setup.", error=OrgAccessError,
        )  # fmt: skip


def lookup_findings(
    mapping: Mapping, objects: Map[str, str], facts: ObjectFacts
) -> Iterator[Finding]:
    """Where a lookup names records of an object that its field cannot hold (describe, referenceTo).
    `objects`: the object of each mapping by its name.
    """
    for name, lookup in mapping.lookups.items():
        if name not in facts.fields:
            continue  # `field_findings` says so
        allowed = facts.fields[name].reference_to
        for origin in lookup.origins:
            named = objects.get(origin.mapping) if isinstance(origin, Branch) else origin.object
            if allowed and named is not None and named not in allowed:
                yield said_of(
                    mapping, ("lookups", name), "wrong-parent",
                    f"{mapping.object}.{name} holds a reference to {' or '.join(allowed)}, not to "
                    f"{named}.",
                    "Name a mapping or object of that kind.",
                )  # fmt: skip
    yield from _converted(mapping, objects, facts)


def _converted(mapping: Mapping, objects: Map[str, str], facts: ObjectFacts) -> Iterator[Finding]:
    """Mappings whose rows a lead cannot become."""
    for name in mapping.converted:
        path = ("converted", name)
        if name not in objects:
            yield said_of(
                mapping, path, "parent-not-enabled",
                f"There is no enabled mapping {name}: what leads become is no row's record.",
                f"{nearest(name, objects)} Enable it, or take the line out.", severity="warning",
            )  # fmt: skip
        elif converted_id(objects[name]) not in facts.fields:
            yield said_of(
                mapping, path, "wrong-parent",
                f"A lead becomes an Account, a Contact or an Opportunity, no {objects[name]}.",
                "Name a mapping of these.",
            )  # fmt: skip


def unlisted_values(mapping: Mapping, facts: ObjectFacts) -> Iterator[Finding]:
    """Picklist values that the file writes and the org does not list.

    Most standard picklists take any text (describe says restrictedPicklist false; R), so a typing
    error in a value map would go in silently.
    """
    for name, rule in mapping.fields.items():
        field = facts.fields.get(name)
        if field is None or field.type not in ("picklist", "multipicklist") or not field.values:
            continue
        here = ("fields", name)
        places: dict[Path_, Any] = {
            # Where there is a value map, a constant is what it reads.
            (*here, "constant"): rule.constant if rule.values is None else None,
            (*here, "if_null"): rule.if_null,
            **{(*here, "values", text): sent for text, sent in (rule.values or {}).items()},
            (*here, "otherwise"): rule.other_value,
        }
        places["on_delete", "set", name] = mapping.on_delete.values.get(name)
        told: set[str] = set()
        for path, value in places.items():
            text = "" if value is None else str(value)
            parts = text.split(";") if field.type == "multipicklist" else [text]
            if not text or text in told or set(parts) <= set(field.values):
                continue
            told.add(text)
            yield said_of(
                mapping, path, "unlisted-value",
                f"{mapping.object}.{name} lists no value {text!r} in this org"
                f"{', and takes listed ones only' if field.restricted else ''}.",
                nearest_value(text, field.values),
                severity="error" if field.restricted and path[-1] == "constant" else "warning",
            )  # fmt: skip


def _on_delete(mapping: Mapping, facts: ObjectFacts) -> Iterator[Finding]:
    if mapping.on_delete.action == "delete" and not facts.deletable:
        yield said_of(
            mapping, ("on_delete",), "object-not-writable",
            f"our user may not delete {mapping.object} records.",
            "Let a permission set grant it (crm-sync org setup), or say on_delete: ignore.",
            error=OrgAccessError,
        )  # fmt: skip
    for name in mapping.on_delete.values:
        path = ("on_delete", "set", name)
        rule = mapping.fields.get(name)
        if rule is None:
            yield said_of(
                mapping, path, "on-delete-field",
                f"on_delete sets {name}, which fields does not write.",
                nearest(name, mapping.fields) + " Only a mapped field can be set and set back.",
            )  # fmt: skip
        elif rule.write == "on_create":
            yield said_of(
                mapping, path, "on-delete-field",
                f"on_delete sets {name}, which is written on create only.",
                "Only a field that updates write can be set and set back.",
            )  # fmt: skip


def _read_only(
    mapping: Mapping, path: Path_, field: FieldFacts, write: str, facts: ObjectFacts
) -> Iterator[Finding]:
    is_updated = write == "always" and facts.updateable
    if field.createable and (field.updateable or not is_updated):
        return
    name = f"{mapping.object}.{field.name}"
    if field.createable:
        yield said_of(
            mapping, path, "create-only", f"{name} can be written on create only.",
            "Say write: on_create.",
        )  # fmt: skip
    elif field.calculated:
        yield said_of(
            mapping, path, "not-writable", f"{name} is a formula: nobody writes it.",
            "Take the field out of the mapping.",
        )  # fmt: skip
    else:
        yield said_of(
            mapping, path, "not-writable", f"our user may not write {name}, or it is read-only.",
            "Let a permission set grant edit access, or take the field out of the mapping.",
            error=OrgAccessError,
        )  # fmt: skip


def _external_id(
    mapping: Mapping, facts: ObjectFacts, hidden: frozenset[str] | None
) -> Iterator[Finding]:
    name = mapping.external_id.field
    field = facts.fields.get(name)

    def say(kind: Kind, sentence: str, mend: str) -> Finding:
        return said_of(mapping, ("external_id",), kind, sentence, mend, error=OrgAccessError)

    if field is None:
        # A custom field of tasks and events is made on the object Activity.
        owner = "Activity" if mapping.object in ("Task", "Event") else mapping.object
        if hidden and name in hidden:
            yield say(
                "hidden-field", f"{mapping.object}.{name} is there, and our user may not see it.",
                "Let a permission set grant read and edit access to the field: crm-sync org setup.",
            )  # fmt: skip
            return
        doubt = ", or our user may not see it" if hidden is None else ""
        yield say(
            "external-id", f"{mapping.object} has no field {name} in this org{doubt}.",
            f"Create {owner}.{name} as Text(64), External ID, Unique (case-sensitive), and grant "
            "it in a permission set: crm-sync org setup does both.",
        )  # fmt: skip
        return
    if not field.external_id:
        yield say(
            "external-id", f"{mapping.object}.{name} is not an External ID.",
            "Tick External ID on the field in Setup.",
        )  # fmt: skip
    if not field.unique:
        yield say(
            "external-id",
            f"{mapping.object}.{name} is not unique; a repeated create could double a record.",
            "Tick Unique (case-sensitive) on the field in Setup.",
        )  # fmt: skip
    if field.type == "string" and 0 < field.length < mapping.external_id.longest:
        yield say(
            "external-id",
            f"{mapping.object}.{name} takes {field.length} characters, too few for a key.",
            "Make it Text(64).",
        )  # fmt: skip
    if facts.createable and not field.createable:
        yield say(
            "external-id", f"our user may not write {mapping.object}.{name}.",
            "Let a permission set grant edit access to the field: crm-sync org setup.",
        )  # fmt: skip
