"""What a row of the sample is made of before today is known.

In: nothing. Out: the types that the other modules of the sample share, and the keys of its rows.
Imports nothing of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID, uuid5

__all__ = ["Blueprint", "Day", "Moment", "Row", "Value", "key", "moment", "money"]

NAMESPACE = UUID("5a3b1e00-0000-4000-8000-c0ffee000000")
"""Every key of the sample is made from this one, so a sample row can be told from a real one."""


@dataclass(frozen=True, slots=True, order=True)
class Day:
    """A date, `distance` quarter days of work before today (see `workdays`)."""

    distance: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: a day as in `Day`, and the minute of that day in UTC.

    Between 07:30 and 15:30 UTC it is office time in Hamburg and Bristol in summer and winter.
    """

    distance: int
    minute: int


Value: TypeAlias = str | int | bool | Decimal | UUID | Day | Moment | None
Row: TypeAlias = dict[str, Value]
Blueprint: TypeAlias = dict[str, list[Row]]
"""Rows by table, in the order in which the tables are loaded (parents first)."""


def key(table: str, number: int | str) -> UUID:
    """The primary key of a sample row; the same in every database and for every today."""
    return uuid5(NAMESPACE, f"{table}:{number}")


def moment(row: Row, column: str) -> Moment:
    """The value of a column that always holds a point in time."""
    value = row[column]
    if not isinstance(value, Moment):
        raise TypeError(f"{column} of {row['id']} is no moment: {value!r}")
    return value


def money(row: Row, column: str) -> Decimal:
    """The value of a column that holds an amount in this row."""
    value = row[column]
    if not isinstance(value, Decimal):
        raise TypeError(f"{column} of {row['id']} is no amount: {value!r}")
    return value
