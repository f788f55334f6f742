# ruff: noqa: S608 - names and expressions are the catalog's own
"""Applies schema.sql and views.sql, and tells what that did not bring.

In: a connection of the database's owner, and the files' text. Out: an `Applied`. With `keep` false
all of it is tried out in a transaction that is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors, sql

from crm_sync.errors import NotApplied
from crm_sync.schema.difference import SHAPE, Difference, added_by_hand, differences
from crm_sync.schema.picture import Picture, Thing, picture_of_files, read_picture
from crm_sync.schema.statements import statements
from crm_sync.schema.version import upgrade

__all__ = ["Applied", "apply_files"]


@dataclass
class Applied:
    """What became of it. `upgraded`: the version of schema sync before and after, where it changed;
    `brought`: each thing that the files made or changed; `remaining`: what they did not bring;
    `own`: what people added; `not_compared`: why that could not be found out.
    """

    upgraded: tuple[int, int] | None = None
    brought: list[str] = field(default_factory=list)
    remaining: list[Difference] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    not_compared: str = ""


def apply_files(
    connection: psycopg.Connection[Any], files: Mapping[str, str], *, keep: bool
) -> Applied:
    """Each file in a transaction of its own, the first with the upgrade of schema sync.

    Raises NotApplied, and DatabaseError where schema sync is newer than the program.
    """
    done = Applied()
    whole = nullcontext() if keep else connection.transaction(force_rollback=True)
    with whole:
        before = read_picture(connection)
        wanted = _wanted(connection, files, done)
        for number, (name, text) in enumerate(files.items()):
            with _explained(connection, name, before, wanted), connection.transaction():
                if number == 0:
                    done.upgraded = upgrade(connection)
                connection.execute(text.encode())
        after = read_picture(connection)
        done.brought = list(_changes(before, after))
        if wanted is None:
            return done
        made = _made(connection)
        done.remaining = list(differences(wanted, after, made, _Rows(connection)))
        done.own = added_by_hand(wanted, after, made)
        still = [str(thing) for thing in after if str(thing) in made]
        connection.execute(
            statements("made")["keep"], {"things": sorted({*map(str, wanted), *still})}
        )
    return done


def _wanted(
    connection: psycopg.Connection[Any], files: Mapping[str, str], done: Applied
) -> Picture | None:
    """None, with the reason, where it cannot be found out. A mistake in a file tells itself when
    it is applied.
    """
    try:
        return picture_of_files(connection, files)
    except psycopg.Error as error:
        if connection.closed or connection.broken:
            raise
        done.not_compared = (error.diag.message_primary or type(error).__name__).rstrip(".")
        return None


@contextmanager
def _explained(
    connection: psycopg.Connection[Any], name: str, before: Picture, wanted: Picture | None
) -> Iterator[None]:
    """What PostgreSQL says to a file, with what differs from it."""
    try:
        yield
    except psycopg.Error as error:
        if connection.closed or connection.broken:
            raise
        said = (error.diag.message_primary or type(error).__name__).rstrip(".")
        remaining, views = [], []
        if wanted is not None and isinstance(error, _DIFFERENT):
            found = differences(wanted, before, (), _Rows(connection))
            remaining = [one for one in found if one.thing.kind in SHAPE]
            views = _views_on_ours(connection, wanted)
        raise NotApplied(
            f"{name} was not applied: PostgreSQL says: {said}.",
            error.diag.message_hint
            if error.diag.message_hint and not remaining
            else _mend(error, name, connection.info.user, remaining, views),
            tuple(remaining),
        ) from error


def _mend(
    error: psycopg.Error, name: str, user: str, remaining: list[Difference], views: list[str]
) -> str:
    if isinstance(error, errors.InsufficientPrivilege):
        return (
            f"You are {user}; apply it as the owner of the database (CRM_SYNC_OWNER_DATABASE_URL)."
        )
    if isinstance(error, errors.UnsafeNewEnumValueUsage):
        return "The new value can be used once schema.sql is applied: run it without --dry-run."
    if remaining:
        return "Run the SQL above, which brings it in line with schema.sql, and apply it again."
    if views and isinstance(error, errors.InvalidTableDefinition):
        return (
            f"Views of your own stand on those of {name}: {', '.join(views)}. Drop them, apply it "
            "again, and make them again."
        )
    if isinstance(error, _DIFFERENT):
        return (
            f"Something in this database is not as {name} made it: bring it in line with {name}, "
            "or take another database."
        )
    return "Nothing of the file was kept. Mend that, and apply it again."


_DIFFERENT = (
    errors.UndefinedColumn,
    errors.UndefinedTable,
    errors.DatatypeMismatch,
    errors.WrongObjectType,
    errors.InvalidTableDefinition,
    errors.UndefinedObject,
    errors.UndefinedFunction,
    errors.InvalidTextRepresentation,
)
"""What PostgreSQL says where a file meets a table, type or view that is not its own of today."""


def _changes(before: Picture, after: Picture) -> list[str]:
    """What comes with a new table, or goes with one, is not told apart from it."""
    made = [f"makes the {t}" for t in after if t not in before and _has_table(t, before)]
    other = [f"changes the {t}" for t, facts in after.items() if t in before and before[t] != facts]
    gone = [f"drops the {t}" for t in before if t not in after and _has_table(t, after)]
    return [*made, *other, *gone]


def _has_table(thing: Thing, picture: Picture) -> bool:
    return not thing.table or Thing("table", "", thing.table) in picture


def _made(connection: psycopg.Connection[Any]) -> set[str]:
    return {row[0] for row in connection.execute(statements("made")["things"])}


def _views_on_ours(connection: psycopg.Connection[Any], wanted: Picture) -> list[str]:
    ours = [thing.name for thing in wanted if thing.kind == "view"]
    found = connection.execute(statements("picture")["standing_on_views"], {"ours": ours})
    return [row[0] for row in found]


@dataclass(frozen=True)
class _Rows:
    """`difference.Rows` of a database. Names in a picture are quoted already."""

    connection: psycopg.Connection[Any]

    def has_rows(self, table: str) -> bool:
        return bool(self._value(f"select exists (select from {table})"))

    def without_value(self, table: str, column: str) -> int:
        return int(self._value(f"select count(*) from {table} where {column} is null") or 0)

    def breaking(self, table: str, check: str) -> int | None:
        try:
            with self.connection.transaction():
                return int(self._value(f"select count(*) from {table} where not {check}") or 0)
        except psycopg.Error:  # of a column that is still missing, for example
            return None

    def standing_on(self, table: str, column: str) -> tuple[list[str], list[str]]:
        rows = self.connection.execute(
            statements("picture")["standing_on"], {"table": table, "column": column}
        ).fetchall()
        return (
            [name for kind, name in rows if kind == "view"],
            [name for kind, name in rows if kind == "column"],
        )

    def _value(self, statement: str) -> Any:
        # Names and expressions are the catalog's own.
        row = self.connection.execute(sql.SQL(statement)).fetchone()
        return row[0] if row else None
