"""The practice's working time, in which the sample data counts its distances from today.

In: a day, and distances in quarter days of work. Out: calendar days. Imports nothing of the
project.

The rows must look the same whatever today is: meetings on weekdays, a quiet August and December,
an order of events that never turns round. Distances in calendar days give none of that, so every
row says how many *quarter days of work* it lies before today (or, negative, after). An ordinary
weekday has four; a weekday in August one and in December two, because little is done then; a
weekend and the days from 24 December to 1 January none. Equally spaced work thus thins out in
the quiet weeks by itself, and two events four or more apart never fall on the same day.

`crm_sync.sample.script` writes the same rule in SQL; a test holds the two together.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta

__all__ = ["DAYS_AHEAD", "DAYS_BACK", "Workdays", "quarter_days"]

DAYS_BACK = 1200
"""Days before today that the rows may reach: three years and some months."""

DAYS_AHEAD = 400
"""Days after today, for planned ends and due dates."""


def quarter_days(day: date) -> int:
    """How much is worked on `day`: 4 on an ordinary weekday, 0 when nobody works."""
    turn_of_year = (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1)
    if day.isoweekday() > 5 or turn_of_year:
        return 0
    if day.month == 8:
        return 1
    return 2 if day.month == 12 else 4


class Workdays:
    """Turns a distance in quarter days into a weekday, seen from `today`."""

    def __init__(self, today: date) -> None:
        self.today = today
        self._back = _distances(today, -1, DAYS_BACK)
        self._ahead = _distances(today, 1, DAYS_AHEAD)

    def day(self, distance: int) -> date:
        """The working day nearest to today with at least |distance| quarter days in between.

        The days counted are those after the result up to and with today (negative distance:
        after today up to and with the result). So 1 is always before today and -1 always after,
        and 0 is today or the last working day before it.
        """
        distances, days = self._ahead if distance < 0 else self._back
        return days[bisect_left(distances, abs(distance))]


def _distances(today: date, step: int, reach: int) -> tuple[list[int], list[date]]:
    """The working days of one direction with their distances, both ascending from today.

    Back, today itself has distance 0; ahead, it is not among the days.
    """
    distances: list[int] = []
    days: list[date] = []
    worked = 0
    for offset in range(0 if step < 0 else 1, reach + 1):
        day = today + timedelta(days=step * offset)
        here = quarter_days(day)
        if here == 0:
            continue
        if step > 0:
            worked += here
        distances.append(worked)
        days.append(day)
        if step < 0:
            worked += here
    return distances, days
