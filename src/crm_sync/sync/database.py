"""The connection to PostgreSQL: opened once per run, checked, and every failure in one sentence.

No message repeats the URL or the password, nor a part of either that was taken for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from crm_sync.errors import DatabaseError
from crm_sync.schema.version import require_version
from crm_sync.sync.session import lift_limits, locked_out

__all__ = ["connect", "is_transaction_pooler"]

TRANSACTION_POOLER_PORT = 6543
"""The transaction mode of both of Supabase's poolers (Supabase docs, Connect to Postgres)."""
CONNECT_SECONDS = 10

_URL = re.compile(r"postgres(?:ql)?://(?:[^@/?#\s]*@)?[^@?\s]*(?:\?[^@\s]*)?")
"""A URL whose password holds no sign that would end it early: libpq would look for a host there."""
_CODES = {
    "28P01": (
        "The password for {user} is wrong, or there is no such role.",
        "Correct it in CRM_SYNC_DATABASE_URL.",
    ),
    "28000": ("The server refuses the user {user}.", "Check the user name and pg_hba.conf."),
    "3D000": ("There is no database {dbname}.", "Correct the name in CRM_SYNC_DATABASE_URL."),
    "53300": ("The server has no connection left.", "Close some, or use the session pooler."),
    "57P03": ("PostgreSQL at {where} is starting or stopping.", "Run again in a moment."),
}
# libpq hands on no SQLSTATE of a refused connection, only the server's words. In another language
# than English they are shown as they are.
_WORDS = {
    "28P01": ("password authentication failed", "no password supplied"),
    "28000": ("no pg_hba.conf entry", "authentication failed", "is not permitted to log in"),
    "3D000": ('^database ".*" does not exist',),
    "53300": ("too many", "remaining connection slots", "Max client connections reached"),
    "57P03": ("is starting up", "is shutting down", "not yet accepting connections"),
}
_NOT_POSTGRESQL = (
    "invalid response to ssl negotiation",
    "invalid response to gssapi negotiation",
    "expected authentication request from server",
)
"""libpq's words for an answer in another protocol (its catalog, fe-connect.c)."""
_UNREACHABLE = (
    ("connection refused", "nothing listens there", "Start it, or correct host and port"),
    ("no such file", "there is no such socket", "Start it, or correct the socket's directory"),
    ("server closed the connection", "it hangs up at once",
     "Check that PostgreSQL and no other service listens there, or correct host and port"),
    ("timeout", "no answer came", "Check host, port and firewall"),
    ("network is unreachable", "there is no way to that network",
     "Supabase's direct connection needs IPv6; its session pooler does not. Correct the host"),
)  # fmt: skip


@contextmanager
def connect(url: str, *, schema: bool = True) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection. `schema`: requires schema.sql to have been applied.

    Raises DatabaseError, also for what PostgreSQL says to a statement inside the `with` that nobody
    there has explained.
    """
    parts = _parts(url)
    with _open(url, parts) as connection:
        try:
            lift_limits(connection)
            _check_pooler(connection, url, parts)
            if schema:
                _check_schema(connection)
            yield connection
        except psycopg.Error as error:
            raise _interrupted(error, connection) from error


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
        )
    except psycopg.OperationalError as error:
        raise _refused(str(error), parts) from None


def _parts(url: str) -> dict[str, Any]:
    """What libpq reads in a URL, or in `key=value` pairs."""
    is_url = "://" in url
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        parts = None
    if parts is None or (is_url and not _URL.fullmatch(url)):
        raise DatabaseError(
            "The database URL cannot be read.",
            "Write postgresql://user:password@host:5432/name, and percent-encode what the password "
            "holds of @ / : ? # % and blanks (@ is %40, / is %2F).",
        ) from None
    ports = str(parts.get("port") or 5432).split(",")
    if not all(port.isdecimal() for port in ports):
        raise DatabaseError(
            "The port in the database URL is not a number.",
            "Write postgresql://user:password@host:5432/name.",
        )
    if not str(parts.get("connect_timeout") or 0).strip().isdecimal():
        raise DatabaseError(
            "The connect_timeout in the database URL is not a number.", "Write whole seconds."
        )
    return parts


def _place(parts: dict[str, Any]) -> str:
    return f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}"


def _refused(text: str, parts: dict[str, Any]) -> DatabaseError:
    """Why there is no connection: `text` is libpq's, which names no password."""
    where = _place(parts)
    names = {"user": parts.get("user"), "dbname": parts.get("dbname"), "where": where}
    said = text.split("FATAL:")[-1].strip().splitlines()[0] if "FATAL:" in text else None
    if said is not None:
        for code, words in _WORDS.items():
            if any(re.search(word, said) for word in words):
                sentence, mend = _CODES[code]
                return DatabaseError(sentence.format(**names), mend)
        return DatabaseError(
            f"PostgreSQL at {where} refuses the connection: {said.rstrip('.')}.",
            "Correct CRM_SYNC_DATABASE_URL.",
        )
    lower = text.lower()
    if "could not translate host name" in lower or "name or service not known" in lower \
            or "failed to resolve host" in lower or "nodename nor servname" in lower:  # fmt: skip
        return DatabaseError(
            f"There is no host {parts.get('host')}.", "Correct the host in CRM_SYNC_DATABASE_URL."
        )
    if any(sign in lower for sign in _NOT_POSTGRESQL):
        return DatabaseError(
            f"Something other than PostgreSQL answers at {where}.",
            "Correct host and port in CRM_SYNC_DATABASE_URL.",
        )
    if "server closed" not in lower and ("certificate" in lower or "ssl" in lower):
        return DatabaseError(
            f"There is no secure connection to {where}.",
            "Check sslmode and sslrootcert; Supabase's certificate is on its dashboard.",
        )
    for sign, reason, mend in _UNREACHABLE:
        if sign in lower:
            return DatabaseError(
                f"PostgreSQL cannot be reached at {where}: {reason}.",
                f"{mend} in CRM_SYNC_DATABASE_URL.",
            )
    return DatabaseError(
        f"PostgreSQL cannot be reached at {where}.",
        "Check that it runs, and host and port in CRM_SYNC_DATABASE_URL.",
    )


def _interrupted(error: psycopg.Error, connection: psycopg.Connection[Any]) -> DatabaseError:
    """What PostgreSQL said to a statement; the connection may be gone."""
    if isinstance(error, errors.LockNotAvailable):
        return locked_out()
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


def _check_pooler(connection: psycopg.Connection[Any], url: str, parts: dict[str, Any]) -> None:
    """Raises DatabaseError behind a pooler that hands one backend to several clients."""
    before = _backend(connection)
    direct = before == connection.info.backend_pid
    shared = False
    if not direct:
        with _open(url, parts) as other:
            shared = _backend(other) == before
        # A pooler that takes its backends in turn gives the second client another one, and then
        # us, too.
        shared = shared or _backend(connection) != before
    port = int(str(parts.get("port") or 5432).split(",")[0])
    if is_transaction_pooler(port, direct=direct, shared=shared):
        raise DatabaseError(
            f"{_place(parts)} is a transaction pooler, which cannot hold a lock for a run.",
            "Use Supabase's session pooler or the direct connection, both on port 5432.",
        )


def _backend(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select pg_backend_pid()").fetchone() or (0,)
    return int(row[0])


def is_transaction_pooler(port: int, *, direct: bool, shared: bool) -> bool:
    """Whether a connection goes through a pooler that changes backends between transactions.

    `direct`: our backend is the one that answered at connecting. `shared`: a second client met the
    same backend while we were connected, or ours changed.
    """
    return not direct and (shared or port == TRANSACTION_POOLER_PORT)


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
