"""What PostgreSQL knows of the source tables: columns, types, foreign keys, row level security.

In: a connection. Out: `TableFacts` by table name, which compiling and checking read. The statements
stand in `catalog.sql`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg

from crm_sync.blocks import blocks

__all__ = ["Catalog", "ForeignKey", "TableFacts", "read_catalog"]


@dataclass(frozen=True)
class ForeignKey:
    """`column` of this table names `target_column` of `target`."""

    column: str
    target: str
    target_column: str


@dataclass(frozen=True)
class TableFacts:
    """One table of schema public. `hides_rows`: row level security may keep rows from our role.

    `kind` is table (a partitioned one, too), view, materialized view or foreign table: only a table
    can be a source, the others are here so that they can be told from a name that does not exist.
    """

    name: str
    columns: dict[str, str]
    foreign_keys: tuple[ForeignKey, ...] = ()
    hides_rows: bool = False
    readable: bool = True
    kind: str = "table"


Catalog = dict[str, TableFacts]

_T = TypeVar("_T")


def read_catalog(connection: psycopg.Connection[Any]) -> Catalog:
    """The tables and views of schema public, as our role may see them."""
    statements = blocks("crm_sync.mapping", "catalog.sql")
    columns: dict[str, dict[str, str]] = {}
    seen: dict[str, tuple[bool, str]] = {}
    for table, column, type_, may_read, kind in connection.execute(statements["columns"].encode()):
        columns.setdefault(table, {})[column] = type_
        seen[table] = (may_read, kind)
    keys = _grouped(
        (table, ForeignKey(column, target, target_column))
        for table, column, target, target_column in connection.execute(
            statements["foreign_keys"].encode()
        )
    )
    hiding = {row[0] for row in connection.execute(statements["hiding"].encode())}
    return {
        name: TableFacts(
            name=name,
            columns=found,
            foreign_keys=tuple(keys.get(name, ())),
            hides_rows=name in hiding,
            readable=seen[name][0],
            kind=seen[name][1],
        )
        for name, found in columns.items()
    }


def _grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, list[_T]]:
    result: dict[str, list[_T]] = {}
    for key, value in pairs:
        result.setdefault(key, []).append(value)
    return result
