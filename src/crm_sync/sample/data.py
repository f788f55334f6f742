"""The sample as rows for one day.

In: today. Out: plain Python values, ready for COPY. Imports `blueprint`, `workdays`, `rows`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from crm_sync.sample.blueprint import blueprint
from crm_sync.sample.rows import Day, Moment, Value
from crm_sync.sample.workdays import Workdays

__all__ = ["SampleData", "SampleRow", "generate"]

SampleRow: TypeAlias = dict[str, str | int | bool | Decimal | UUID | date | datetime | None]
"""One row by column name: money as Decimal with two places, times in UTC."""

SampleData: TypeAlias = dict[str, list[SampleRow]]
"""Rows by table, in the order in which they can be loaded (parents first)."""


def generate(today: date) -> SampleData:
    """All rows of the sample as they stand on `today`; the same for the same day, always.

    Keys, texts and amounts do not depend on the day, only dates do: all that has happened lies
    before `today`, what is planned after it, meetings on weekdays between 07:30 and 16:00 UTC.
    """
    workdays = Workdays(today)
    return {
        table: [{name: _plain(value, workdays) for name, value in row.items()} for row in rows]
        for table, rows in blueprint().items()
    }


def _plain(
    value: Value, workdays: Workdays
) -> str | int | bool | Decimal | UUID | date | datetime | None:
    if isinstance(value, Moment):
        midnight = datetime.combine(workdays.day(value.distance), time(), tzinfo=UTC)
        return midnight + timedelta(minutes=value.minute)
    if isinstance(value, Day):
        return workdays.day(value.distance)
    if isinstance(value, Decimal):
        return value.quantize(Decimal("0.01"))
    return value
