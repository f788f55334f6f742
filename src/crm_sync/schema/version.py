"""The version of schema sync: what this program needs, what a database has, and the way there.

Version 1 had no number yet. A database that is older is upgraded by its owner (`crm-sync db
apply`), in the transaction that then applies schema.sql: all of it or nothing. One that is newer
than the program is left alone.
"""

from __future__ import annotations

from typing import Any

import psycopg

from crm_sync.errors import DatabaseError
from crm_sync.schema.statements import statements

__all__ = ["NEEDED", "require_version", "upgrade", "version_of"]

NEEDED = 2
"""What schema.sql makes, and what this program reads and writes."""


def version_of(connection: psycopg.Connection[Any]) -> int | None:
    """The version of a database's schema sync; None where there is none.

    Raises psycopg.errors.InsufficientPrivilege for a role that may not ask.
    """
    row = connection.execute(statements("version")["known"]).fetchone()
    has_tables, has_number = row or (False, False)
    if has_number:
        found = connection.execute(statements("version")["number"]).fetchone() or (NEEDED,)
        return int(found[0])
    return 1 if has_tables else None


def require_version(connection: psycopg.Connection[Any]) -> None:
    """Raises DatabaseError unless schema sync is what this program needs, or there is none."""
    found = version_of(connection)
    if found is None or found == NEEDED:
        return
    refuse_newer(found)
    raise DatabaseError(
        f"Schema sync of this database is version {found}, and this crm-sync needs {NEEDED}.",
        "Run `crm-sync db apply` as the owner: it upgrades the schema and keeps what it holds.",
    )


def refuse_newer(found: int) -> None:
    """Raises DatabaseError for a version that this program does not know."""
    if found > NEEDED:
        raise DatabaseError(
            f"Schema sync of this database is version {found}, and this crm-sync knows {NEEDED}.",
            "A newer crm-sync works with this database: install that one.",
        )


def upgrade(connection: psycopg.Connection[Any]) -> tuple[int, int] | None:
    """Takes schema sync from its version to ours, one step after the other, inside the caller's
    transaction; gives both versions, or None where there was nothing to do.

    Raises DatabaseError where it is newer.
    """
    found = version_of(connection)
    if found is None or found == NEEDED:
        return None
    refuse_newer(found)
    for number in range(found + 1, NEEDED + 1):
        connection.execute(statements("upgrades")[f"to_{number}"])
    return found, NEEDED
