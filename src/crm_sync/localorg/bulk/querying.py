"""SOQL as a Bulk query sees it: a statement to run, names for the header, cells for the rows.

All that this package knows of ``soql`` is here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.values import as_java_writes
from crm_sync.localorg.rest.query import compiled
from crm_sync.localorg.schema import NUMBER_TYPES
from crm_sync.localorg.soql.parse import parse
from crm_sync.localorg.soql.statement import Column, Row, Statement

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

Show = Callable[[Any], str]
IN_QUERY_ORDER_FROM = 50.0
"""API version from which columns come as selected; before, by the alphabet (D)."""


@dataclass(frozen=True)
class Selection:
    """A query ready to run."""

    statement: Statement
    columns: list[Column]

    @property
    def names(self) -> list[str]:
        return [_name(column) for column in self.columns]

    def cells(self, row: Row) -> list[str]:
        """The texts of a row of the statement's SQL."""
        return [_show(column)(column.make(row, "")) for column in self.columns]


def select(
    org: "Org", soql: str, user_id: str, *, with_deleted: bool, api_version: float
) -> Selection:
    """Understand a query of this user.

    Raises ApiError for one that is wrong, names what he may not read, or that Bulk API does not
    run.
    """
    statement = compiled(org, soql, user_id, with_deleted=with_deleted)
    _refuse_unsupported(statement, parse(soql).offset)
    columns = list(statement.columns)
    if api_version < IN_QUERY_ORDER_FROM:
        columns.sort(key=_name)
    return Selection(statement, columns)


def _refuse_unsupported(statement: Statement, offset: int) -> None:
    """D, Understanding Bulk API 2.0 Query; the texts are R (salesforcer) and 3 (Data Loader), those
    of OFFSET and TYPEOF U."""
    if statement.kind != "records":
        raise _unsupported("Aggregate Relationships")
    if statement.children:
        raise _unsupported("Aggregate Relationships", "Bulk V2 Query with CSV content type")
    if offset:
        raise _unsupported("OFFSET")
    if any(column.kind == "typeof" for column in statement.columns):
        raise _unsupported("TYPEOF")
    if any(c.field is not None and not c.field.is_stored for c in statement.columns):
        raise _unsupported("Selecting compound data")


def _unsupported(what: str, where: str = "Bulk Query") -> ApiError:
    return ApiError(400, "API_ERROR", f"{what} not supported in {where}")


def _name(column: Column) -> str:
    return ".".join(column.path)


def _show(column: Column) -> Show:
    """How a value of the column becomes text; null is empty."""
    if column.kind == "boolean":
        return _boolean
    if column.kind == "datetime":
        return _datetime
    return _number if column.kind in NUMBER_TYPES else _text


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
