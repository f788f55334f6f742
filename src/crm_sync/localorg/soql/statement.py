"""A compiled query: SQL that SQLite runs, and what its rows become.

This is what the query end points and Bulk queries share: ``columns`` describe the values one by one
(a flat row), ``shape`` builds the record of an answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from crm_sync.localorg.records.store import Record
from crm_sync.localorg.schema import Field, ObjectType

Row = tuple[Any, ...]
Make = Callable[[Row, str], Any]
"""(row, start of URLs) → JSON value."""

PARENTS = "/*parents*/"
"""Stands in the SQL of a child query for the Ids of its parents; its parameter is the first."""

RECORD_ID, PARENT_ID = 0, 1
"""Columns of the SQL: the record's own Id and, in a child query, its parent's."""


class Shape(Protocol):
    """Builds one record of an answer from a row."""

    def build(self, row: Row, base: str) -> Record | None: ...


@dataclass(frozen=True)
class Column:
    """One thing that the query selects.

    ``path`` is how it is reached (``("Account", "Name")``), or the name of an aggregate. ``kind``
    is a type of describes. ``display`` is what was asked (``count(Id)``). Of a child query,
    ``statement`` is set and ``make`` is not to be used.
    """

    path: tuple[str, ...]
    kind: str
    field: Field | None
    display: str
    make: Make
    is_aggregate: bool = False
    statement: "Statement | None" = None


@dataclass(frozen=True)
class Statement:
    """One SELECT. A ``count`` has one row with one number and no columns."""

    kind: Literal["records", "aggregate", "count"]
    object_type: ObjectType
    sql: str
    parameters: tuple[Any, ...]
    columns: tuple[Column, ...]
    shape: Shape
    is_grouped: bool = False

    @property
    def children(self) -> tuple[tuple[str, "Statement"], ...]:
        """Child queries by the name of their relationship."""
        return tuple((c.path[0], c.statement) for c in self.columns if c.statement is not None)
