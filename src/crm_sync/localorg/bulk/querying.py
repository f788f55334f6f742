"""SOQL as a Bulk query sees it: a SELECT to run, names for the header, cells for the rows.

All that this package knows of ``soql`` is here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.values import as_java_writes
from crm_sync.localorg.schema import Field, Schema
from crm_sync.localorg.soql.compile import Column, compile_query
from crm_sync.localorg.soql.parse import Query, parse

Show = Callable[[Any], str]
IN_QUERY_ORDER_FROM = 50.0
"""API version from which columns come as selected; before, by the alphabet (D)."""


@dataclass(frozen=True)
class Selection:
    """A query ready to run; each column has its place in the rows of ``sql`` and its form."""

    object_name: str
    sql: str
    parameters: list[Any]
    names: list[str]
    places: list[tuple[int, Show]]

    def cells(self, row: tuple[Any, ...]) -> list[str]:
        return [show(row[index]) for index, show in self.places]


def select(schema: Schema, soql: str, *, with_deleted: bool, api_version: float) -> Selection:
    """Understand a query; ApiError for one that is wrong or that Bulk API does not run."""
    query = parse(soql)
    _refuse_unsupported(query)
    compiled = compile_query(schema, query, with_deleted=with_deleted)
    columns = [(_name(column), column) for column in compiled.columns]
    if any(column.field is not None and not column.field.is_stored for _, column in columns):
        raise _unsupported("Selecting compound data")
    if api_version < IN_QUERY_ORDER_FROM:
        columns.sort(key=lambda named: named[0])
    return Selection(
        schema[query.object_name].name,
        compiled.sql,
        compiled.parameters,
        [name for name, _ in columns],
        [(next(iter(c.stored.values())), _show(c.name, c.field)) for _, c in columns],
    )


def _refuse_unsupported(query: Query) -> None:
    """D, Understanding Bulk API 2.0 Query; the texts are 3 (Data Loader), that of OFFSET U."""
    if query.is_aggregate or query.is_count:
        raise _unsupported("Aggregate Relationships")
    if query.offset:
        raise _unsupported("OFFSET")


def _unsupported(what: str) -> ApiError:
    return ApiError(400, "API_ERROR", f"{what} not supported in Bulk Query")


def _name(column: Column) -> str:
    return ".".join([*column.place.relationships, column.name])


def _show(name: str, field: Field | None) -> Show:
    """The text of a stored value; null is empty."""
    kind = field.type if field is not None else "boolean" if name == "IsActive" else "string"
    if kind == "boolean":
        return _boolean
    if kind == "datetime":
        return _datetime
    if field is not None and field.is_number:
        return _number
    return _text


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _boolean(value: Any) -> str:
    return "" if value is None else "true" if value else "false"


def _number(value: Any) -> str:
    """As Java shows a double, so 1.2E7 for twelve millions (3)."""
    return "" if value is None else as_java_writes(float(value))


def _datetime(value: Any) -> str:
    """With a Z where JSON has +0000 (3)."""
    return "" if value is None else value.replace("+0000", "Z")
