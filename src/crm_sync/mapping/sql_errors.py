"""Which part of a mapping PostgreSQL complains about, and for which row where it is a value.

In: a mapping and what PostgreSQL said of its statement. Out: the error with the line of the mapping
file. The mapping is tried part by part; nothing is read unless PostgreSQL plans all parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Map
from itertools import chain
from typing import Any

import psycopg
from psycopg import errors, sql

from crm_sync.errors import CrmSyncError, DatabaseError, MappingError
from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.compile import compile_mapping, one_value_each
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Expression
from crm_sync.names import nearest
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["explain_error", "refusal", "row_failures", "said", "sql_findings"]

Path_ = tuple[str, ...]
_CORRECT = "Correct the SQL, or the columns that it names."
"""What to do about what PostgreSQL says, where no name is near."""


def refusal(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog, facts: ObjectFacts
) -> psycopg.Error | None:
    """What PostgreSQL has against the mapping's statement when it plans it; no row is read."""
    for query in (one_value_each(mapping, catalog), compile_mapping(mapping, catalog, facts)):
        if error := _attempt(connection, sql.SQL("explain ") + query):
            return error
    return None


def explain_error(
    connection: psycopg.Connection[Any],
    mapping: Mapping,
    catalog: Catalog,
    facts: Map[str, ObjectFacts],
    error: psycopg.Error,
) -> CrmSyncError:
    """The error that a mapping's statement met, in words for the mapping's author.

    Raises `error` itself where the connection is lost: that is nobody's mapping.
    """
    if connection.closed:
        raise error
    source = mapping.source
    match error:
        case errors.UniqueViolation():
            return MappingError(
                f"{source.table}.{source.key} is not unique: two rows have the same key.",
                "Name the primary key, or a column that is unique.",
                mapping.where("source", "key"),
            )
        case errors.NotNullViolation():
            return MappingError(
                f"{source.table}.{source.key} is null in a row, and a key cannot be.",
                "Name the primary key, or leave those rows out with `where`.",
                mapping.where("source", "key"),
            )
        case errors.InsufficientPrivilege():
            return DatabaseError(
                f"Our role may not do what {mapping.name} needs. PostgreSQL says: {said(error)}.",
                "Sign in as the role crm_sync, or grant to the role that you use.",
            )
        case _:
            return _placed(connection, mapping, catalog, facts[mapping.object], error)


def _placed(
    connection: psycopg.Connection[Any],
    mapping: Mapping,
    catalog: Catalog,
    facts: ObjectFacts,
    error: psycopg.Error,
) -> MappingError:
    found = chain(
        sql_findings(connection, mapping, catalog, facts),
        row_failures(connection, mapping, catalog, facts),
    )
    if told := next(found, None):
        return MappingError(told.sentence, told.mend, told.where)
    return MappingError(f"PostgreSQL says: {said(error)}.", _CORRECT, mapping.where())


def row_failures(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog, facts: ObjectFacts
) -> Iterator[Finding]:
    """Every part of a mapping that PostgreSQL plans and that fails for a row: the first such row.
    Every row is read once for each part.
    """

    def failure(part: Mapping) -> psycopg.Error | None:
        return _ran(connection, compile_mapping(part, catalog, facts))

    for path, part, found in _failing(mapping, failure):
        key = _first_bad(connection, part, catalog, facts)
        yield said_of(
            mapping, path, "row-fails",
            f"{'.'.join(path)}: PostgreSQL says: {said(found)}, at {mapping.source.table} row "
            f"{key}.",
            "Correct that row, or let the SQL allow for it.",
        )  # fmt: skip


def sql_findings(
    connection: psycopg.Connection[Any], mapping: Mapping, catalog: Catalog, facts: ObjectFacts
) -> Iterator[Finding]:
    """Every part of a mapping that PostgreSQL does not plan; no row is read."""
    error = refusal(connection, mapping, catalog, facts)
    if error is None:
        return
    if isinstance(error, errors.InsufficientPrivilege):
        told = explain_error(connection, mapping, catalog, {mapping.object: facts}, error)
        yield said_of(
            mapping, ("source",), "no-right", told.sentence, told.mend, error=DatabaseError
        )
        return
    is_found = False
    for path, _, found in _failing(mapping, lambda part: refusal(connection, part, catalog, facts)):
        is_found = True
        yield _refused(mapping, path, catalog, found)
    if not is_found:  # each part alone is in order
        yield said_of(mapping, (), "sql-refused", f"PostgreSQL says: {said(error)}.", _CORRECT)


def _failing(
    mapping: Mapping, attempt: Callable[[Mapping], psycopg.Error | None]
) -> Iterator[tuple[Path_, Mapping, psycopg.Error]]:
    """The parts for which an attempt fails, each for itself: of a table that cannot be read nothing
    more is tried, and a `where` that fails is left out for the others, which hold it.
    """
    is_filtered = True
    for path, whole in _parts(mapping):
        part = whole if is_filtered else _unfiltered(whole)
        if found := attempt(part):
            yield path, part, found
            if path == ("source",):
                return
            is_filtered = is_filtered and path not in dict(mapping.conditions)


def _refused(mapping: Mapping, path: Path_, catalog: Catalog, error: psycopg.Error) -> Finding:
    return said_of(
        mapping,
        path,
        "sql-refused",
        f"{'.'.join(path)}: {_said_of_expression(error)}.",
        _hint(error, mapping, catalog) or _CORRECT,
    )


def _words(error: psycopg.Error) -> str:
    return (error.diag.message_primary or type(error).__name__).rstrip(".")


def said(error: psycopg.Error) -> str:
    """PostgreSQL's words without the values that it quotes: they may be a row's.

    Errors of data and of constraints (SQLSTATE classes 22 and 23) quote values; others quote names.
    """
    words = _words(error)
    if (error.sqlstate or "")[:2] in ("22", "23", "P0"):
        words = re.sub(r'"(.|\n)*"', '"…"', words)
    return words


def _said_of_expression(error: psycopg.Error) -> str:
    """PostgreSQL's words; where they speak of the statement around the expression, ours."""
    match error:
        case errors.GroupingError() | errors.WindowingError():
            return "an aggregate or window function reads other rows; an expression reads its own"
        case errors.FeatureNotSupported():
            return "it may give several rows, or none; an expression gives one value"
        case _:
            return f"PostgreSQL says: {_words(error)}"  # no row was read: the words are the file's


def _parts(mapping: Mapping) -> Iterable[tuple[Path_, Mapping]]:
    """The mapping with one part of it at a time, to find the part that does not work."""
    bare = mapping.model_copy(update={"fields": {}, "lookups": {}, "label": Expression(sql="''")})
    yield ("source",), _unfiltered(bare)
    # A row that `where` leaves out is never computed, so the other parts keep it.
    for path, condition in mapping.conditions:
        yield path, bare if condition is mapping.narrowed else bare.model_copy(update=_OPEN)
    yield ("label",), bare.model_copy(update={"label": mapping.label})
    for name, rule in mapping.fields.items():
        yield ("fields", name), bare.model_copy(update={"fields": {name: rule}})
    for name, lookup in mapping.lookups.items():
        yield ("lookups", name), bare.model_copy(update={"lookups": {name: lookup}})


_OPEN: dict[str, Any] = {"narrowed": None}


def _unfiltered(mapping: Mapping) -> Mapping:
    source = mapping.source.model_copy(update={"where": None})
    return mapping.model_copy(update={"source": source, **_OPEN})


def _ran(connection: psycopg.Connection[Any], query: sql.Composed) -> psycopg.Error | None:
    """The error of a statement when every value of every row is computed."""
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


def _first_bad(
    connection: psycopg.Connection[Any], part: Mapping, catalog: Catalog, facts: ObjectFacts
) -> str:
    """The key of the first row, in key order, at which the statement fails, found by halving."""
    source = part.source
    rows = connection.execute(
        sql.SQL('select {key}::text from public.{table} order by {key}::text collate "C"').format(
            key=sql.Identifier(source.key), table=sql.Identifier(source.table)
        )
    )
    keys = [row[0] for row in rows]
    low, high = 0, len(keys)
    while high - low > 1:
        middle = (low + high) // 2
        some = compile_mapping(part, catalog, facts, keys=keys[low:middle])
        low, high = (low, middle) if _ran(connection, some) else (middle, high)
    return keys[low] if keys else "?"


def _hint(error: psycopg.Error, mapping: Mapping, catalog: Catalog) -> str:
    """The nearest column or table name, for one that PostgreSQL does not know."""
    quoted = re.search(r'"([^"]+)"|(\w+\.\w+)', error.diag.message_primary or "")
    if quoted is None:
        return ""
    unknown: str = quoted[1] or quoted[2]
    tables = {mapping.source.table: mapping.source.table, **mapping.source.join}
    match error:
        case errors.UndefinedTable():
            return nearest(unknown, tables)
        case errors.UndefinedColumn():
            alias, _, column = unknown.rpartition(".")
            table = tables.get(alias, mapping.source.table)
            return nearest(column, catalog[table].columns)
        case _:
            return ""
