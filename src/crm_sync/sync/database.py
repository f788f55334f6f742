"""The connection to PostgreSQL: opened once per run, checked, and every failure in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from crm_sync.errors import DatabaseError

__all__ = ["connect", "is_transaction_pooler"]

TRANSACTION_POOLER_PORT = 6543
"""Supabase's and PgBouncer's transaction mode at Supabase (Supabase docs, Connect to Postgres)."""

_CODES = {
    "28P01": ("The password for {user} is wrong.", "Correct it in CRM_SYNC_DATABASE_URL."),
    "28000": ("The server refuses the user {user}.", "Check the user name and pg_hba.conf."),
    "3D000": ("There is no database {dbname}.", "Correct the name in CRM_SYNC_DATABASE_URL."),
    "53300": ("The server has no connection left.", "Close some, or use the session pooler."),
}


@contextmanager
def connect(url: str, *, schema: bool = True) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection. `schema`: requires schema.sql to have been applied.

    Raises DatabaseError; no message holds the URL or the password.
    """
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise DatabaseError(
            "The database URL is not a PostgreSQL URL.",
            "Write postgresql://user:password@host:5432/name; percent-encode the password.",
        ) from None
    where = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
    try:
        connection = psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=int(parts.get("connect_timeout") or 10),
            application_name="crm-sync",
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
    except psycopg.OperationalError as error:
        raise _explained(error, parts, where) from None
    with connection:
        _check(connection, url, parts, schema=schema)
        yield connection


def _explained(error: psycopg.OperationalError, parts: dict[str, Any], where: str) -> DatabaseError:
    text = str(error)
    for code, (sentence, mend) in _CODES.items():
        if error.sqlstate == code or _says(code, text):
            return DatabaseError(
                sentence.format(user=parts.get("user"), dbname=parts.get("dbname")), mend
            )
    if "could not translate host name" in text or "Name or service not known" in text:
        return DatabaseError(f"There is no host {parts.get('host')}.", "Check the database URL.")
    if "certificate" in text or "SSL" in text:
        return DatabaseError(
            f"No secure connection to {where}.",
            "Check sslmode and sslrootcert; Supabase's certificate is on its dashboard.",
        )
    return DatabaseError(
        f"PostgreSQL cannot be reached at {where}.",
        "Check that it runs, the host and port of CRM_SYNC_DATABASE_URL, and the network.",
    )


def _says(code: str, text: str) -> bool:
    """libpq gives no SQLSTATE for a refused connection, only the server's English words."""
    words = {"28P01": "password authentication failed", "3D000": "does not exist",
             "53300": "too many"}  # fmt: skip
    return code in words and words[code] in text and "FATAL" in text


def _check(
    connection: psycopg.Connection[Any], url: str, parts: dict[str, Any], *, schema: bool
) -> None:
    pid = connection.execute("select pg_backend_pid()").fetchone()
    direct = pid is not None and pid[0] == connection.info.backend_pid
    same = False
    if not direct:
        # Two clients at once with one backend: a transaction pooler. One lock would hold for both.
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as other:
            second = other.execute("select pg_backend_pid()").fetchone()
            first = connection.execute("select pg_backend_pid()").fetchone()
            same = first == second
    if is_transaction_pooler(int(parts.get("port") or 5432), direct=direct, shared=same):
        raise DatabaseError(
            "This is a transaction pooler, which cannot hold a lock for a run.",
            "Use Supabase's session pooler or the direct connection, both on port 5432.",
        )
    if not schema:
        return
    row = connection.execute("select to_regclass('sync.record') is not null").fetchone()
    if not row or not row[0]:
        raise DatabaseError(
            "The schema is not applied in this database.",
            "Run `crm-sync db apply` as the owner, or run schema.sql and views.sql yourself.",
        )
    allowed = connection.execute(
        "select has_schema_privilege('sync', 'usage')"
        " and has_table_privilege('sync.record', 'insert')"
    ).fetchone()
    if not allowed or not allowed[0]:
        raise DatabaseError(
            f"The user {connection.info.user} may not write schema sync.",
            "Sign in as the role crm_sync (see README, Your own database).",
        )


def is_transaction_pooler(port: int, *, direct: bool, shared: bool) -> bool:
    """Whether a connection goes through a pooler that changes backends between transactions.

    `direct`: our backend is the one that answered at connecting. `shared`: a second client met the
    same backend while we were connected.
    """
    return not direct and (shared or port == TRANSACTION_POOLER_PORT)
