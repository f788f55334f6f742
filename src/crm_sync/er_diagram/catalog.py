"""What the catalog says of a schema: tables, views, columns, keys, access, functions, enums.

In: a connection. Out: a `Schema`, sorted by name, so that the same schema always gives the same
picture and the same page. The statements stand in `catalog.sql`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from crm_sync.blocks import blocks

__all__ = [
    "Column",
    "Constraint",
    "Enum",
    "ForeignKey",
    "Function",
    "Grant",
    "Policy",
    "Schema",
    "Table",
    "read",
    "schema_names",
]


@dataclass(frozen=True)
class Column:
    """One column. `type` as one writes it in DDL; `enum` names its enum, if it has one; `default`
    of a generated column is how it is computed.
    """

    name: str
    type: str
    enum: str | None
    is_required: bool
    is_key: bool
    is_generated: bool
    default: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Constraint:
    """A key or check of a table, its definition as one writes it in DDL."""

    kind: str
    name: str
    definition: str


@dataclass(frozen=True)
class Grant:
    """What a role that is not the owner may do with a table or view."""

    role: str
    rights: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """Which rows row level security opens to a role, for some of its rights: `reads` is the
    condition on rows that are there, `writes` that on rows as they are written.
    """

    role: str
    rights: tuple[str, ...]
    reads: str
    writes: str


@dataclass(frozen=True)
class Table:
    """One table or view with its columns in their order."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...] = ()
    grants: tuple[Grant, ...] = ()
    policies: tuple[Policy, ...] = ()
    has_row_security: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """A child's column that names a parent's row. `on_delete` in SQL's words."""

    child: str
    column: str
    parent: str
    parent_column: str
    on_delete: str
    is_required: bool
    is_unique: bool


@dataclass(frozen=True)
class Enum:
    """An enum and its values in their order."""

    name: str
    values: tuple[str, ...]
    comment: str = ""


@dataclass(frozen=True)
class Function:
    """A function. `roles` may call it; a trigger's function is called by nobody."""

    name: str
    arguments: str
    returns: str
    comment: str
    is_trigger: bool
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Schema:
    """A schema. `foreign_keys` are those between its own tables; `users` may name what is in it."""

    name: str
    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...]
    enums: tuple[Enum, ...]
    views: tuple[Table, ...] = ()
    functions: tuple[Function, ...] = ()
    comment: str = ""
    users: tuple[str, ...] = ()


SHORT_TYPES = {
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "character varying": "varchar",
    "double precision": "float8",
}

_T = TypeVar("_T")


def schema_names(connection: psycopg.Connection[Any]) -> list[str]:
    """The schemas of a database that people made, public first."""
    return [str(row[0]) for row in connection.execute(_block("schemas"))]


def read(connection: psycopg.Connection[Any], schema: str) -> Schema:
    """Reads a schema. Needs no right but to connect: the catalog is open to everyone."""
    asked = {"schema": schema}
    with connection.transaction():
        # Types of a schema on the search path would be written without it.
        connection.execute("select set_config('search_path', %s, true)", [f'"{schema}"'])
        comment = "".join(
            str(row[0]) for row in connection.execute(_block("schema_comment"), asked)
        )
        relations: dict[str, list[Table]] = {"table": [], "view": []}
        for oid, name, kind, said, is_secured in connection.execute(
            _block("relations"), asked
        ).fetchall():
            relations[kind].append(_table(connection, oid, name, said, is_secured))
        enums = tuple(
            Enum(str(name), tuple(values), str(said))
            for name, values, said in connection.execute(_block("enums"), asked).fetchall()
        )
        return Schema(
            schema,
            tuple(relations["table"]),
            tuple(_rows(connection, "foreign_keys", ForeignKey, asked)),
            enums,
            tuple(relations["view"]),
            tuple(
                replace(f, roles=tuple(f.roles))
                for f in _rows(connection, "functions", Function, asked)
            ),
            comment,
            tuple(str(row[0]) for row in connection.execute(_block("schema_users"), asked)),
        )


def _table(
    connection: psycopg.Connection[Any], oid: int, name: str, comment: str, is_secured: bool
) -> Table:
    asked = {"relation": oid}
    return Table(
        name,
        comment,
        tuple(
            replace(c, type=SHORT_TYPES.get(c.type, c.type))
            for c in _rows(connection, "columns", Column, asked)
        ),
        tuple(_rows(connection, "constraints", Constraint, asked)),
        tuple(
            replace(g, rights=tuple(g.rights)) for g in _rows(connection, "grants", Grant, asked)
        ),
        tuple(
            replace(p, rights=tuple(p.rights)) for p in _rows(connection, "policies", Policy, asked)
        ),
        is_secured,
    )


def _rows(
    connection: psycopg.Connection[Any], name: str, kind: type[_T], asked: dict[str, Any]
) -> Iterable[_T]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(_block(name), asked).fetchall()


def _block(name: str) -> bytes:
    return blocks("crm_sync.er_diagram", "catalog.sql")[name].encode()
