"""Finds what is wrong with a mapping against a database and an org, and says where.

In: mappings, the catalog, the facts. Out: MappingError, OrgAccessError or DatabaseError with the
line of the mapping file. `check_mappings` asks PostgreSQL to plan the statement (EXPLAIN), so no
row is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from typing import Any

import psycopg
from psycopg import errors

from crm_sync.errors import DatabaseError, MappingError, OrgAccessError
from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.expression import complaint
from crm_sync.mapping.model import Branch, Lookup, Mapping
from crm_sync.mapping.references import check_references
from crm_sync.mapping.sql_errors import explain_error, refusal
from crm_sync.mapping.volatility import check_volatility
from crm_sync.names import nearest
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts

__all__ = [
    "check_fields",
    "check_lookups",
    "check_mappings",
    "check_visible",
    "explain_error",
    "unlisted_values",
]


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
    objects = {m.name: m.object for m in (*mappings, *known)}
    for mapping in mappings:
        check_visible(mapping, catalog)
        check_expressions(mapping)
        check_fields(mapping, facts)
        check_lookups(mapping, objects, facts[mapping.object])
        check_references(mapping, facts)
        check_time_zone(connection, mapping)
        if error := refusal(connection, mapping, catalog, facts[mapping.object]):
            raise explain_error(connection, mapping, catalog, facts, error)
        check_volatility(connection, mapping, catalog, facts[mapping.object])


def check_visible(mapping: Mapping, catalog: Catalog) -> None:
    """Raises DatabaseError unless our role reads every row of a mapping's tables."""
    for table in (mapping.source.table, *mapping.source.join.values()):
        facts = catalog.get(table)
        if facts is None or facts.kind != "table":
            continue  # compiling says so
        if not facts.readable:
            raise DatabaseError(
                f"Our role may not read {table}.",
                "Sign in as the role crm_sync, or grant select to the role that you use.",
            )
        if facts.hides_rows:
            raise DatabaseError(
                f"Row level security may hide rows of {table} from our role; hidden rows would "
                "look deleted.",
                "Sign in as the role crm_sync; schema.sql gives it a policy that shows every row.",
            )


def check_time_zone(connection: psycopg.Connection[Any], mapping: Mapping) -> None:
    """Raises MappingError for a time zone that PostgreSQL does not know."""
    zone = mapping.time_zone
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("select set_config('TimeZone', %s, true)", [zone])
    except errors.InvalidParameterValue:
        known = connection.execute("select name from pg_timezone_names order by name")
        raise MappingError(
            f"PostgreSQL knows no time zone {zone!r}." + nearest(zone, [row[0] for row in known]),
            "Name one like Europe/Berlin.",
            mapping.where("time_zone"),
        ) from None


def check_expressions(mapping: Mapping) -> None:
    """Raises MappingError for SQL that is not a plain expression."""
    for path, expression in mapping.expressions:
        if said := complaint(expression.sql):
            raise MappingError(
                f"{'.'.join(path)}: {said}.", "Give one expression.", mapping.where(*path)
            )


def check_fields(mapping: Mapping, facts: Map[str, ObjectFacts]) -> None:
    """Raises where the org lacks a field, or does not let us write it as the mapping wants."""
    known = facts[mapping.object]
    _check_external_id(mapping, known)
    for name, rule in mapping.rules.items():
        where = mapping.where("fields" if name in mapping.fields else "lookups", name)
        field = known.fields.get(name)
        if field is None:
            raise MappingError(
                f"{mapping.object} has no field {name} in this org, or our user may not see it."
                + nearest(name, known.fields),
                "Correct the name, or let a permission set grant the field.",
                where,
            )
        _check_writable(mapping, field, rule.write, where)
        if isinstance(rule, Lookup) and field.type != "reference":
            raise MappingError(
                f"{mapping.object}.{name} holds a {field.type}; a lookup fills a reference.",
                f"Put {name} under fields.",
                where,
            )
    _check_on_delete(mapping, known)


def check_lookups(mapping: Mapping, objects: Map[str, str], facts: ObjectFacts) -> None:
    """Raises MappingError where a lookup names records of an object that its field cannot hold
    (describe, referenceTo). `objects`: the object of each mapping by its name.
    """
    for name, lookup in mapping.lookups.items():
        allowed = facts.fields[name].reference_to
        for origin in lookup.origins:
            named = objects.get(origin.mapping) if isinstance(origin, Branch) else origin.object
            if named is not None and named not in allowed:  # loading knows what is no mapping
                raise MappingError(
                    f"{mapping.object}.{name} holds a reference to {' or '.join(allowed)}, not to "
                    f"{named}.",
                    "Name a mapping or object of that kind.",
                    mapping.where("lookups", name),
                )


def unlisted_values(mapping: Mapping, facts: ObjectFacts) -> Iterable[str]:
    """A sentence for each picklist value that the file writes and the org does not list.

    Most standard picklists take any text (describe says restrictedPicklist false; R), so a typing
    error in a value map would go in silently.
    """
    for name, rule in mapping.fields.items():
        field = facts.fields.get(name)
        if field is None or field.type not in ("picklist", "multipicklist") or not field.values:
            continue
        written = [rule.constant, rule.if_null, *(rule.values or {}).values(), rule.other_value]
        written.append(mapping.on_delete.values.get(name))
        texts = dict.fromkeys(str(value) for value in written if value not in (None, ""))
        for text in texts:
            parts = text.split(";") if field.type == "multipicklist" else [text]
            if not set(parts) <= set(field.values):
                yield (
                    f"{mapping.where('fields', name)}: {mapping.object}.{name} lists no value "
                    f"{text!r} in this org.{nearest(text, field.values)}"
                )


def _check_on_delete(mapping: Mapping, known: ObjectFacts) -> None:
    where = mapping.where("on_delete")
    if mapping.on_delete.action == "delete" and not known.deletable:
        raise OrgAccessError(
            f"{where}: our user may not delete {mapping.object} records.",
            "Let a permission set grant it, or say on_delete: ignore.",
        )
    for name in mapping.on_delete.values:
        where = mapping.where("on_delete", "set", name)
        rule = mapping.fields.get(name)
        if rule is None:
            raise MappingError(
                f"on_delete sets {name}, which fields does not write."
                + nearest(name, mapping.fields),
                "Only a mapped field can be set and set back.",
                where,
            )
        if rule.write == "on_create":
            raise MappingError(
                f"on_delete sets {name}, which is written on create only.",
                "Only a field that updates write can be set and set back.",
                where,
            )


def _check_writable(mapping: Mapping, field: FieldFacts, write: str, where: str) -> None:
    lacking = not field.createable or (write == "always" and not field.updateable)
    if not lacking:
        return
    if field.createable:
        raise MappingError(
            f"{mapping.object}.{field.name} can be written on create only.",
            "Say write: on_create.",
            where,
        )
    raise OrgAccessError(
        f"{where}: our user may not write {mapping.object}.{field.name}, or it is read-only.",
        "Let a permission set grant edit access, or take the field out of the mapping.",
    )


def _check_external_id(mapping: Mapping, known: ObjectFacts) -> None:
    name = mapping.external_id.field
    where = mapping.where("external_id")
    field = known.fields.get(name)
    if field is None:
        # A custom field of tasks and events is made on the object Activity.
        owner = "Activity" if mapping.object in ("Task", "Event") else mapping.object
        raise OrgAccessError(
            f"{where}: {mapping.object} has no field {name} in this org, or our user may not see "
            "it.",
            f"Create {owner}.{name} as Text(64), External ID, Unique (case-sensitive), and grant "
            "it in a permission set.",
        )
    if not field.external_id:
        raise OrgAccessError(
            f"{where}: {mapping.object}.{name} is not an External ID.",
            "Tick External ID on the field in Setup.",
        )
    if not field.unique:
        raise OrgAccessError(
            f"{where}: {mapping.object}.{name} is not unique; a repeated create could double a "
            "record.",
            "Tick Unique (case-sensitive) on the field in Setup.",
        )
    if field.type == "string" and 0 < field.length < len(mapping.external_id.prefix) + 36:
        raise OrgAccessError(
            f"{where}: {mapping.object}.{name} takes {field.length} characters, too few for a key.",
            "Make it Text(64).",
        )
