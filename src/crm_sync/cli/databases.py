"""`db apply`, `db seed`, `target accept`: changes to the database that are not a sync."""

from __future__ import annotations

import sys
from datetime import date

import psycopg

from crm_sync.cli.exits import OK, PROBLEMS
from crm_sync.errors import DatabaseError
from crm_sync.files import sql_file
from crm_sync.salesforce.client import Client
from crm_sync.settings import load_settings
from crm_sync.sync import state
from crm_sync.sync.database import connect

__all__ = ["accept", "apply", "seed", "unseed"]


def apply(*, quiet: bool) -> int:
    """Applies schema.sql and views.sql, each in one transaction."""
    missing: list[str] = []
    with connect(load_settings().owner_database(), schema=False) as connection:
        connection.add_notice_handler(lambda notice: _note_missing_role(notice, missing))
        for name in ("schema.sql", "views.sql"):
            try:
                with connection.transaction():
                    connection.execute(sql_file(name).encode())
            except psycopg.Error as error:
                said = (error.diag.message_primary or type(error).__name__).rstrip(".")
                raise DatabaseError(
                    f"{name} was not applied: PostgreSQL says: {said}.",
                    error.diag.message_hint or _mend(error, connection.info.user),
                ) from error
            if not quiet:
                print(f"{name} applied to {connection.info.dbname} as {connection.info.user}.")
    for said in missing:
        print(said, file=sys.stderr)
    return PROBLEMS if missing else OK


def _mend(error: psycopg.Error, user: str) -> str:
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return (
            f"You are {user}; apply it as the owner of the database (CRM_SYNC_OWNER_DATABASE_URL)."
        )
    if isinstance(error, _DIFFERENT):
        return (
            "Something in this database is not as schema.sql made it: bring it in line with "
            "schema.sql, or take another database."
        )
    return "Nothing of the file was kept. Mend that, and apply it again."


_DIFFERENT = (
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedTable,
    psycopg.errors.DatatypeMismatch,
    psycopg.errors.WrongObjectType,
    psycopg.errors.InvalidTableDefinition,
    psycopg.errors.UndefinedObject,
)
"""What PostgreSQL says where `create table if not exists` met another table."""


def _note_missing_role(notice: psycopg.errors.Diagnostic, missing: list[str]) -> None:
    """schema.sql says so where the owner may not create a role, and what an administrator runs."""
    said = notice.message_primary or ""
    if said.startswith("Role ") and said not in missing:
        missing.append(" ".join(part for part in (said, notice.message_hint) if part))


def seed(*, quiet: bool) -> int:
    """Loads the sample data; refuses a database that holds rows."""
    from crm_sync.sample import load

    with connect(load_settings().owner_database()) as connection:
        counts = load(connection, date.today())
    if not quiet:
        print("Loaded: " + ", ".join(f"{n:,} {table}" for table, n in counts.items()) + ".")
    return OK


def unseed(*, quiet: bool) -> int:
    """Removes the sample data, and nothing else."""
    from crm_sync.sample import remove

    with connect(load_settings().owner_database()) as connection:
        counts = remove(connection)
    if not quiet:
        said = ", ".join(f"{n:,} {table}" for table, n in counts.items() if n)
        print(f"Removed: {said}." if said else "There is no sample data here.")
    return OK


def accept(name: str, *, this_database: bool, quiet: bool) -> int:
    """Binds the target anew, after naming what it leads to."""
    settings = load_settings()
    name, where = settings.chosen(name)
    with connect(settings.database()) as connection:
        org = state.accept(connection, Client(name, where), database=this_database)
        database = connection.info.dbname
    if not quiet:
        print(org.sentence())
        print(
            f"The state of this org belongs to this database now ({database})."
            if this_database
            else f"The target {name} is bound to this org."
        )
        print("The next dry run looks there for records of ours before it counts rows as new.")
    return OK
