"""Finds what is wrong with a mapping against a database and an org, and says where.

In: a mapping, the catalog, the facts. Out: MappingError or OrgAccessError with the line of the
mapping file. `check_mappings` asks PostgreSQL to plan the statement (EXPLAIN), so no row is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.errors import CrmSyncError, MappingError, OrgAccessError
from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.compile import compile_mapping
from crm_sync.mapping.expression import complaint
from crm_sync.mapping.model import FieldRule, Mapping
from crm_sync.names import nearest
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts

__all__ = ["check_fields", "check_mappings", "explain_error"]


def check_mappings(
    connection: psycopg.Connection[Any],
    mappings: Sequence[Mapping],
    catalog: Catalog,
    facts: Map[str, ObjectFacts],
) -> None:
    """Raises the first error of these mappings against database and org."""
    for mapping in mappings:
        check_expressions(mapping)
        check_fields(mapping, facts)
        query = compile_mapping(mapping, catalog, facts[mapping.object])
        error = _planned(connection, query)
        if error is not None:
            raise explain_error(connection, mapping, catalog, facts, error)


def check_expressions(mapping: Mapping) -> None:
    """Raises MappingError for SQL that is not a plain expression."""
    for path, text in _expressions(mapping):
        if said := complaint(text):
            raise MappingError(
                f"{'.'.join(path)}: {said}.", "Give one expression.", mapping.where(*path)
            )


def _expressions(mapping: Mapping) -> Iterable[tuple[tuple[str, ...], str]]:
    yield ("label",), mapping.label
    if mapping.source.where:
        yield ("source", "where"), mapping.source.where
    for name, rule in mapping.fields.items():
        if rule.sql:
            yield ("fields", name), rule.sql
    for name, lookup in mapping.lookups.items():
        for origin in (*lookup.branches, *([lookup.reference] if lookup.reference else [])):
            if origin.sql:
                yield ("lookups", name), origin.sql


def check_fields(mapping: Mapping, facts: Map[str, ObjectFacts]) -> None:
    """Raises where the org lacks a field, or does not let us write it as the mapping wants."""
    known = facts[mapping.object]
    _check_external_id(mapping, known)
    for name, rule in {**mapping.fields, **mapping.lookups}.items():
        kind = "fields" if name in mapping.fields else "lookups"
        where = mapping.where(kind, name)
        field = known.fields.get(name)
        if field is None:
            raise MappingError(
                f"{mapping.object} has no field {name} in this org, or our user may not see it."
                + nearest(name, known.fields),
                "Correct the name, or let a permission set grant the field.",
                where,
            )
        _check_writable(mapping, field, rule.write, where)
    for name in mapping.on_delete.values:
        if name not in mapping.fields:
            raise MappingError(
                f"on_delete sets {name}, which fields does not write.",
                "Only a mapped field can be set and set back.",
                mapping.where("on_delete"),
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
        raise OrgAccessError(
            f"{where}: {mapping.object} has no field {name} in this org, or our user may not see it.",
            f"Create {'Activity' if mapping.object in ('Task', 'Event') else mapping.object}.{name} "
            "as Text(64), External ID, Unique (case-sensitive), and grant it in a permission set.",
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


def explain_error(
    connection: psycopg.Connection[Any],
    mapping: Mapping,
    catalog: Catalog,
    facts: Map[str, ObjectFacts],
    error: psycopg.Error,
) -> CrmSyncError:
    """Which part of a mapping PostgreSQL complains about, and for which row where it is a value."""
    if isinstance(error, psycopg.errors.UniqueViolation):
        return MappingError(
            f"{mapping.name} gives more than one row for one key of {mapping.source.table}.",
            "A join is many-to-one, and an expression gives one value.",
            mapping.where("source"),
        )
    said = (error.diag.message_primary or type(error).__name__).rstrip(".")
    for path, part in _parts(mapping):
        query = compile_mapping(part, catalog, facts[mapping.object])
        if _planned(connection, query) is not None:
            hint = _hint(error, mapping, catalog)
            return MappingError(
                f"{'.'.join(path)}: PostgreSQL says: {said}.{hint}", where=mapping.where(*path)
            )
        if _ran(connection, query) is not None:
            key = _first_bad(connection, query)
            return MappingError(
                f"{'.'.join(path)}: PostgreSQL says: {said}, at {mapping.source.table} row {key}.",
                "Correct that row, or let the SQL allow for it.",
                mapping.where(*path),
            )
    return MappingError(f"PostgreSQL says: {said}.", where=mapping.where())


def _parts(mapping: Mapping) -> Iterable[tuple[tuple[str, ...], Mapping]]:
    """The mapping with one part of it at a time, to find the part that does not work."""
    none: dict[str, Any] = {"fields": {}, "lookups": {}, "label": "''"}
    bare = mapping.model_copy(update=none)
    source = mapping.source
    yield ("source",), bare.model_copy(update={"source": source.model_copy(update={"where": None})})
    yield ("source", "where"), bare
    yield ("label",), bare.model_copy(update={"label": mapping.label})
    for name, rule in mapping.fields.items():
        loose: FieldRule = rule
        yield ("fields", name), bare.model_copy(update={"fields": {name: loose}})
    for name, lookup in mapping.lookups.items():
        yield ("lookups", name), bare.model_copy(update={"lookups": {name: lookup}})


def _planned(connection: psycopg.Connection[Any], query: sql.Composed) -> psycopg.Error | None:
    return _attempt(connection, sql.SQL("explain ") + query)


def _ran(connection: psycopg.Connection[Any], query: sql.Composed) -> psycopg.Error | None:
    return _attempt(
        connection,
        sql.SQL("select count(*), max(payload::text), max(lookups::text), max(problems::text), "
                "max(label) from (") + query + sql.SQL(") q"),
    )  # fmt: skip


def _attempt(connection: psycopg.Connection[Any], query: sql.Composed) -> psycopg.Error | None:
    """Runs a statement in a transaction of its own (or a savepoint); gives its error."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(query)
    except psycopg.Error as error:
        return error
    return None


def _first_bad(connection: psycopg.Connection[Any], query: sql.Composed) -> str:
    """The key of the first row, in key order, at which the statement fails, found by halving."""
    base = sql.SQL("select key from (") + query + sql.SQL(") q order by key collate \"C\"")
    with connection.transaction(force_rollback=True):
        # Only the keys: PostgreSQL does not compute columns that nobody reads.
        keys = [row[0] for row in connection.execute(base)]
    low, high = 0, len(keys)
    while high - low > 1:
        middle = (low + high) // 2
        some = sql.SQL(" where key = any({})").format(sql.Literal(keys[low:middle]))
        failing = _attempt(
            connection,
            sql.SQL("select max(payload::text), max(problems::text), max(lookups::text), max(label)"
                    " from (") + query + sql.SQL(") q") + some,
        )  # fmt: skip
        low, high = (low, middle) if failing is not None else (middle, high)
    return keys[low] if keys else "?"


def _hint(error: psycopg.Error, mapping: Mapping, catalog: Catalog) -> str:
    if not isinstance(error, psycopg.errors.UndefinedColumn):
        return ""
    names = (error.diag.message_primary or "").split('"')
    columns = catalog[mapping.source.table].columns
    return nearest(names[1].split(".")[-1], columns) if len(names) > 1 else ""
