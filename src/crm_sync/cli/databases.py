"""`db apply`, `db seed`, `target accept`: changes to the database that are not a sync."""

from __future__ import annotations

from datetime import date

import psycopg

from crm_sync.cli.app import OK
from crm_sync.errors import DatabaseError
from crm_sync.files import sql_file
from crm_sync.salesforce.client import Client
from crm_sync.settings import load_settings
from crm_sync.sync import state
from crm_sync.sync.database import connect

__all__ = ["accept", "apply", "seed"]


def apply(*, quiet: bool) -> int:
    """Applies schema.sql and views.sql, each in one transaction."""
    with connect(load_settings().owner_database(), schema=False) as connection:
        for name in ("schema.sql", "views.sql"):
            try:
                with connection.transaction():
                    connection.execute(sql_file(name).encode())
            except psycopg.Error as error:
                said = error.diag.message_primary or type(error).__name__
                raise DatabaseError(
                    f"{name} was not applied: PostgreSQL says: {said}.",
                    error.diag.message_hint or "Apply it as the owner of the database.",
                ) from error
            if not quiet:
                print(f"{name} applied.")
    return OK


def seed(*, quiet: bool) -> int:
    """Loads the sample data; refuses a database that holds rows."""
    from crm_sync.sample import load

    with connect(load_settings().owner_database(), schema=False) as connection:
        counts = load(connection, date.today())
    if not quiet:
        print(", ".join(f"{number:,} {table}" for table, number in counts.items()) + " loaded.")
    return OK


def accept(name: str, *, this_database: bool) -> int:
    """Binds the target anew, after naming what it leads to."""
    settings = load_settings()
    name, where = settings.chosen(name)
    with connect(settings.database()) as connection:
        org = state.accept(connection, Client(name, where), database=this_database)
    print(org.sentence())
    what = "this database" if this_database else "this org"
    print(f"Target {name} is bound to {what}. The next dry run searches it for records of ours.")
    return OK
