"""The connection to PostgreSQL: opened once per run, checked, and every failure in one sentence.

No message repeats the URL or the password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

from crm_sync.errors import DatabaseError
from crm_sync.schema.version import require_version
from crm_sync.settings import Settings
from crm_sync.settings_sources import variable
from crm_sync.sync.address import parts_of, place, port, sslmode
from crm_sync.sync.session import lift_limits, locked_out, stopped
from crm_sync.sync.unreachable import refused

__all__ = ["connect", "connect_as_owner", "is_transaction_pooler"]

TRANSACTION_POOLER_PORT = 6543
"""The transaction mode of both of Supabase's poolers (Supabase docs, Connect to Postgres)."""
_SUPABASE = re.compile(r"\.supabase\.(?:com|co)$", re.IGNORECASE)
CONNECT_SECONDS = 10


@contextmanager
def connect(
    url: str, *, schema: bool = True, in_one_transaction: bool = False
) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection. `schema`: requires schema.sql to have been applied.

    `in_one_transaction`: all that matters happens in one transaction, which sets what it needs for
    itself (`lift_limits`), and the rest are single statements; then a transaction pooler will do,
    too. Nothing is set or prepared on its backend, which the next client gets as it is.

    Raises DatabaseError, also for what PostgreSQL says to a statement inside the `with` that nobody
    there has explained.
    """
    parts = parts_of(url)
    with _open(url, parts) as connection:
        try:
            if not _is_shared(connection, url, parts):
                lift_limits(connection)
            elif in_one_transaction:
                connection.prepare_threshold = None
            else:
                raise DatabaseError(
                    f"{place(parts)} is a transaction pooler, which cannot hold a lock for a run.",
                    "Use Supabase's session pooler or the direct connection, both on port 5432.",
                )
            if schema:
                _check_schema(connection)
            yield connection
        except psycopg.Error as error:
            raise _interrupted(error, connection) from error


@contextmanager
def connect_as_owner(
    settings: Settings, *, schema: bool = True
) -> Iterator[psycopg.Connection[Any]]:
    """As `connect`, as whoever owns the tables; what is to be mended is called by its variable."""
    try:
        with connect(settings.owner_database(), schema=schema) as connection:
            yield connection
    except DatabaseError as error:
        ours, owner = variable("database_url"), variable("owner_database_url")
        if not settings.names_owner or ours not in error.mend:
            raise
        raise DatabaseError(error.sentence, error.mend.replace(ours, owner)) from error


def _open(url: str, parts: dict[str, Any]) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=int(parts.get("connect_timeout") or CONNECT_SECONDS),
            application_name="crm-sync",
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            sslmode=sslmode(parts),
        )
    except psycopg.OperationalError as error:
        raise refused(str(error), parts) from None


def _interrupted(error: psycopg.Error, connection: psycopg.Connection[Any]) -> DatabaseError:
    """What PostgreSQL said to a statement; the connection may be gone."""
    if isinstance(error, errors.LockNotAvailable):
        return locked_out()
    if isinstance(error, errors.QueryCanceled):
        return stopped(error)
    said = (error.diag.message_primary or "").rstrip(".")
    if connection.closed or connection.broken:
        return DatabaseError(
            "The connection to PostgreSQL was lost" + (f": {said}." if said else "."),
            "Run again when it is back.",
        )
    if isinstance(error, errors.InsufficientPrivilege):
        return DatabaseError(
            f"PostgreSQL refuses something to {connection.info.user}: {said}.",
            "Sign in as the role crm_sync; schema.sql grants it what it needs.",
        )
    if isinstance(error, errors.DiskFull):
        return DatabaseError("The disk of the database is full.", "Free some space there.")
    return DatabaseError(
        f"PostgreSQL says: {said or type(error).__name__}.", "`--debug` shows where."
    )


def _is_shared(connection: psycopg.Connection[Any], url: str, parts: dict[str, Any]) -> bool:
    """Whether a pooler hands our backend to other clients between transactions."""
    before = _backend(connection)
    direct = before == connection.info.backend_pid
    shared = False
    if not direct:
        with _open(url, parts) as other:
            shared = _backend(other) == before
        # A pooler that takes its backends in turn gives the second client another one, and then
        # us, too.
        shared = shared or _backend(connection) != before
    host = str(parts.get("host") or "")
    return is_transaction_pooler(host, port(parts), direct=direct, shared=shared)


def _backend(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select pg_backend_pid()").fetchone() or (0,)
    return int(row[0])


def is_transaction_pooler(host: str, port: int, *, direct: bool, shared: bool) -> bool:
    """Whether a connection goes through a pooler that changes backends between transactions.

    `direct`: our backend is the one that answered at connecting. `shared`: a second client met the
    same backend while we were connected, or ours changed. At Supabase the port alone says so,
    whatever its pooler tells of backends.
    """
    if port != TRANSACTION_POOLER_PORT:
        return not direct and shared
    return not direct or _SUPABASE.search(host) is not None


def _check_schema(connection: psycopg.Connection[Any]) -> None:
    row = connection.execute(
        "select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'insert')"
        " from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'sync' and c.relname = 'record'"
    ).fetchone()
    if row is None:
        raise DatabaseError(
            "The schema is not applied in this database.",
            "Run `crm-sync db apply` as the owner, or run schema.sql and views.sql yourself.",
        )
    if not row[0]:
        raise DatabaseError(
            f"The user {connection.info.user} may not write schema sync.",
            "Sign in as the role crm_sync (see README, Your own database).",
        )
    require_version(connection)
