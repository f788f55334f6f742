"""Takes the sample out of a database again: its rows, and no other.

In: a connection as the owner of the tables. Out: the number of rows by table. A row that somebody
else made and that hangs on one of the sample is in the way: it is named, and nothing goes. Imports
`keys` and the errors; its statements stand in `remove.sql`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.blocks import blocks
from crm_sync.errors import DatabaseError, SetupError
from crm_sync.sample.keys import TABLES, sample_keys

__all__ = ["remove"]

LOGS = frozenset({"lead_status_changes", "project_status_changes"})
"""What triggers write beside a row, and what goes with it."""
_SHOWN = 3


def remove(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Deletes the rows of the sample in one transaction; how many by table, parents first.

    Raises `SetupError` where a row that is none of the sample hangs on one, and `DatabaseError`
    when the tables are missing or belong to somebody else. Then nothing is deleted.
    """
    own = {name: text.encode() for name, text in blocks("crm_sync.sample", "remove.sql").items()}
    ids = {table: sorted(keys) for table, keys in sample_keys().items()}
    counts: dict[str, int] = {}
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(own["lock_tables"])
            found = cursor.execute(own["references"], {"tables": list(TABLES)}).fetchall()
            hanging = [one for reference in found for one in _hanging(cursor, reference, ids)]
            if hanging:
                raise _in_the_way(hanging)
            for table in TABLES:
                statement = sql.SQL("delete from public.{} where id::text = any(%s)").format(
                    sql.Identifier(table)
                )
                counts[table] = cursor.execute(statement, [ids[table]]).rowcount
    except psycopg.errors.UndefinedTable as error:
        raise DatabaseError(
            "The database has no CRM tables yet.", "There is no sample data to remove."
        ) from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            "This role does not own the tables, so it may not remove the sample data.",
            "Connect as the role that applied schema.sql.",
        ) from error
    return dict(reversed(counts.items()))


def _hanging(
    cursor: psycopg.Cursor[Any], reference: tuple[str, str, str, str], ids: dict[str, list[str]]
) -> Iterator[str]:
    """Rows of one table that name a row of the sample and are none themselves, as `table key`."""
    schema, table, column, parent = reference
    if schema == "public" and table in LOGS:
        return
    is_ours = schema == "public" and table in TABLES
    statement = sql.SQL(
        "select {row} from {table} as t where t.{column}::text = any(%s) and not {own} order by 1"
    ).format(
        row=sql.SQL("t.id::text" if is_ours else "t.ctid::text"),
        table=sql.Identifier(schema, table),
        column=sql.Identifier(column),
        own=sql.SQL("t.id::text = any(%s)" if is_ours else "%s::text[] is null"),
    )
    for (key,) in cursor.execute(statement, [ids[parent], ids[table] if is_ours else []]):
        yield f"{table} {key}" if is_ours else f"a row of {schema}.{table}"


def _in_the_way(hanging: list[str]) -> SetupError:
    named = list(dict.fromkeys(hanging))
    shown = ", ".join(named[:_SHOWN])
    more = f" and {len(named) - _SHOWN:,} more" if len(named) > _SHOWN else ""
    rows = "row hangs" if len(hanging) == 1 else "rows hang"
    return SetupError(
        f"{len(hanging):,} {rows} on the sample data without being part of it: {shown}{more}. "
        "Nothing was removed.",
        "Delete such rows, or let them refer to something of yours, and run again.",
    )
