"""What stands in a database of what schema.sql and views.sql make, and what the files would make.

In: a connection of the database's owner. Out: a `Picture`. What the files make is found out by
letting the same server run them: inside a transaction that is rolled back, the live schemas stand
aside under other names and the files fill new ones. So both pictures come from one PostgreSQL, with
its version, roles and extensions, and are compared word by word. No live table is locked by that,
and nobody else sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.schema.statements import statements

__all__ = ["SCHEMAS", "Picture", "Thing", "picture_of_files", "read_picture"]

SCHEMAS = ("public", "sync", "analytics")
"""The schemas that the files make or write into."""

_KINDS = ("enums", "tables", "columns", "constraints", "indexes", "triggers", "policies",
          "functions", "views")  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """One thing that the files make. `table`: with its schema, and empty for what belongs to none;
    `name`: quoted as one writes it, with its schema where there is no table.
    """

    kind: str
    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.table}.{self.name}" if self.table else f"{self.kind} {self.name}"


Picture = Mapping[Thing, Mapping[str, Any]]
"""Every thing with its facts (`picture.sql` says which), in the order in which it can be made."""


def read_picture(connection: psycopg.Connection[Any]) -> Picture:
    """What stands in the database now. Runs inside the caller's transaction, or in its own."""
    found: dict[Thing, Mapping[str, Any]] = {}
    with connection.transaction():
        before = _set(connection, "search_path", "")
        for kind in _KINDS:
            rows = connection.execute(statements("picture")[kind], {"schemas": list(SCHEMAS)})
            found.update({Thing(*row[:3]): row[3] for row in rows})
        _set(connection, "search_path", before)
    return found


def _set(connection: psycopg.Connection[Any], name: str, value: str) -> str:
    """Sets a setting for the transaction; gives what it was."""
    row = connection.execute(
        "select current_setting(%(name)s), set_config(%(name)s, %(value)s, true)",
        {"name": name, "value": value},
    ).fetchone() or ("",)
    return str(row[0])


def picture_of_files(connection: psycopg.Connection[Any], files: Mapping[str, str]) -> Picture:
    """What the files make in a database without them. `files`: their text, by name.

    Leaves nothing behind. Raises psycopg.Error: InsufficientPrivilege where the user does not own
    the live schemas.
    """
    with connection.transaction(force_rollback=True):
        rows = connection.execute(
            "select nspname::text from pg_catalog.pg_namespace where nspname = any(%s)",
            [list(SCHEMAS)],
        ).fetchall()
        for (name,) in rows:
            connection.execute(
                sql.SQL("alter schema {} rename to {}").format(
                    sql.Identifier(name), sql.Identifier(f"{name}_set_aside_by_crm_sync")
                )
            )
        connection.execute("create schema public")
        for text in files.values():
            connection.execute(text.encode())
        return read_picture(connection)
