"""Loads the sample into a database that holds no rows yet.

In: a connection as the owner of the tables, with schema.sql applied. Out: rows in the public
tables. Imports `data` and the errors; its statements stand in `load.sql`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.blocks import blocks
from crm_sync.errors import DatabaseError, SetupError
from crm_sync.sample.data import SampleRow, generate

__all__ = ["load"]


def load(connection: psycopg.Connection[Any], today: date) -> dict[str, int]:
    """Load the sample as of `today` in one transaction; the number of rows by table.

    Raises `SetupError` when there are accounts, leads, projects or activities already, and
    `DatabaseError` when the tables are missing or belong to somebody else.
    """
    data = generate(today)
    own = {name: text.encode() for name, text in blocks("crm_sync.sample", "load.sql").items()}
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(own["lock_tables"])
            _refuse_rows(cursor, own["table_with_rows"])
            cursor.execute(own["history_by_hand"])
            for table, rows in data.items():
                _copy(cursor, table, rows)
            cursor.execute(own["history_by_trigger"])
    except psycopg.errors.UndefinedTable as error:
        raise DatabaseError(
            "The database has no CRM tables yet.", "Apply the schema first: crm-sync db apply."
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            "This role does not own the tables, so it may not load the sample data.",
            "Connect as the role that applied schema.sql.",
        ) from error
    return {table: len(rows) for table, rows in data.items()}


def _refuse_rows(cursor: psycopg.Cursor[Any], question: bytes) -> None:
    found = cursor.execute(question).fetchone()
    if found is not None and found[0] is not None:
        raise SetupError(
            f"The table {found[0]} holds rows already; sample data goes into an empty database.",
            "Create another database for it. Nothing was loaded.",
        )


def _copy(cursor: psycopg.Cursor[Any], table: str, rows: list[SampleRow]) -> None:
    columns = list(rows[0])
    command = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier("public", table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(command) as copy:
        for row in rows:
            copy.write_row([row[column] for column in columns])
