"""A run's database session: its limits and memory, and what its end means for the run.

A run's connection is idle while Salesforce works, and its plan may take minutes; so the time limits
that a role or database carries (Supabase: 2 minutes for a statement, 8 seconds for some roles) are
lifted for this session alone. Waiting for a lock stays bounded, and a dead server is noticed by
keepalives: nothing hangs for ever. Behind a transaction pooler, where the session is not ours, a
plan's transaction lifts them for itself.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg
from psycopg import errors

from crm_sync.errors import CrmSyncError, DatabaseError, LockLost
from crm_sync.mapping.sql_errors import said

__all__ = ["lift_limits", "locked_out", "stopped", "trouble"]

_LIMITS = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",  # PostgreSQL 17 and newer
    "lock_timeout": "60s",
    # A process that is gone with its machine or network ends no connection: the server would hold
    # the run's lock for two hours, the system's default. These are ours for our end, for its end.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    # Plans avoid nested loops; where one is the only way its cost counts as huge, and PostgreSQL
    # would spend seconds on compiling each statement (seen on 15 with LLVM).
    "jit": "off",
    # A plan sorts and joins wide rows, and keeps them in temporary tables; the defaults (4 MB and
    # 8 MB) send all of it to files. A server of 500 MB bears these.
    "work_mem": "32MB",
    "temp_buffers": "32MB",
}
_OF_A_SESSION = frozenset({
    "idle_session_timeout",
    "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count",
    "temp_buffers",  # cannot be set once a session had temporary tables, whoever made them
})  # fmt: skip


def lift_limits(connection: psycopg.Connection[Any], *, for_transaction: bool = False) -> None:
    """Sets the limits of this session, or of this transaction alone, as far as the server has
    them.
    """
    left_out = _OF_A_SESSION if for_transaction else ()
    limits = {name: value for name, value in _LIMITS.items() if name not in left_out}
    connection.execute(
        "select set_config(s.name, l.value, %s)"
        " from unnest(%s::text[], %s::text[]) as l(name, value)"
        " join pg_catalog.pg_settings s using (name)",
        [for_transaction, list(limits), list(limits.values())],
    )
    if for_transaction:
        return
    with suppress(psycopg.Error):  # not every server's system can tell
        # A killed run's statement would else go on, and hold the run's lock, until it is done.
        connection.execute("set client_connection_check_interval = '2s'")


def locked_out() -> DatabaseError:
    """What a lock that was not given in time means."""
    return DatabaseError(
        "Another session has locked a table that the run needs.",
        "Wait until it ends (see pg_stat_activity), then run again.",
    )


def stopped(error: errors.QueryCanceled) -> DatabaseError:
    """What it means that PostgreSQL ended a statement: its time was over, or a person said so."""
    if "timeout" not in (error.diag.message_primary or ""):
        return DatabaseError(
            "Somebody cancelled a statement of the run in PostgreSQL.",
            "Run again: it continues where this run stopped.",
        )
    return DatabaseError(
        "PostgreSQL ended a statement because it took longer than its statement_timeout.",
        "As the database's owner, `alter role crm_sync set statement_timeout = 0`, then run again.",
    )


def trouble(error: psycopg.Error) -> CrmSyncError:
    """What an error of PostgreSQL in the middle of a sync means for the run."""
    if isinstance(error, errors.LockNotAvailable):
        return locked_out()
    if isinstance(error, errors.QueryCanceled):
        return stopped(error)
    lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    if lost and (error.sqlstate or "08")[:2] in ("08", "57"):
        return LockLost(
            "The connection to PostgreSQL is gone; nothing more was sent.",
            "Run again: it continues where this run stopped.",
        )
    return DatabaseError(
        f"PostgreSQL stopped the run: {said(error)}.",
        "Run again: it continues where this run stopped.",
    )
