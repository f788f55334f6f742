"""Date literals: TODAY, LAST_N_DAYS:7, THIS_FISCAL_QUARTER …, each a range of days (D).

Ranges are counted in the user's time zone and, for weeks, by the first day of the week of the
user's locale; fiscal ones by the month with which the org's fiscal year begins.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

Days = tuple[date, date]
"""A first day, and the day after the last."""

_FIXED = re.compile(
    r"(?:yesterday|today|tomorrow|(?:last|next)_90_days"
    r"|(?:last|this|next)_(?:week|month|quarter|year|fiscal_quarter|fiscal_year))"
)
_COUNTED = re.compile(
    r"(?:(?P<side>last|next)_n_(?P<units>days|weeks|months|quarters|years|fiscal_quarters|fiscal_years)"
    r"|n_(?P<ago>days|weeks|months|quarters|years|fiscal_quarters|fiscal_years)_ago):(?P<n>\d+)"
)
_FIRST, _LAST = date(1700, 1, 1), date(4002, 1, 1)
"""No record's day lies outside of them, so that a range ends there."""
_MOST = 100_000
"""A count above this would leave the calendar."""


@dataclass(frozen=True)
class Calendar:
    """What a literal means depends on these."""

    now: datetime
    zone: tzinfo
    weeks_begin_on_sunday: bool = True
    fiscal_month: int = 1

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The moment in UTC at which the day begins for the user."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def is_known(word: str) -> bool:
    """Is the lower-case word a date literal?"""
    return bool(_FIXED.fullmatch(word) or _COUNTED.fullmatch(word))


def days_of(word: str, calendar: Calendar) -> Days:
    """The range of a literal in lower case; it must be a known one."""
    today = calendar.today
    counted = _COUNTED.fullmatch(word)
    if counted is None:
        return _fixed(word, today, calendar)
    n = min(int(counted["n"]), _MOST)
    if counted["ago"]:
        period = _period(counted["ago"].removesuffix("s"), calendar)
        return period(today, -n), period(today, 1 - n)
    period = _period(counted["units"].removesuffix("s"), calendar)
    if counted["side"] == "next":
        return period(today, 1), period(today, n + 1)
    # The last n days include today, the last n weeks, months … not the current one (D).
    return period(today, -n), period(today, 1 if counted["units"] == "days" else 0)


def _fixed(word: str, today: date, calendar: Calendar) -> Days:
    one = timedelta(days=1)
    if word == "last_90_days":
        return today - 90 * one, today + one
    if word == "next_90_days":
        return today + one, today + 91 * one
    shift = {"yesterday": -1, "today": 0, "tomorrow": 1}.get(word)
    if shift is not None:
        return today + shift * one, today + (shift + 1) * one
    side, _, unit = word.partition("_")
    period = _period(unit, calendar)
    steps = {"last": -1, "this": 0, "next": 1}[side]
    return period(today, steps), period(today, steps + 1)


def _period(unit: str, calendar: Calendar) -> Callable[[date, int], date]:
    """(day, n) → first day of the period n periods after the one that the day is in."""
    if unit == "day":
        return lambda day, n: _limited(day.toordinal() + n)
    if unit == "week":
        first = 6 if calendar.weeks_begin_on_sunday else 0
        return lambda day, n: _limited(day.toordinal() - (day.weekday() - first) % 7 + 7 * n)
    begin = calendar.fiscal_month if unit.startswith("fiscal_") else 1
    length = {"month": 1, "quarter": 3, "year": 12}[unit.removeprefix("fiscal_")]

    def first_of(day: date, n: int) -> date:
        since = day.year * 12 + day.month - begin
        return _month(since - since % length + n * length + begin - 1)

    return first_of


def _limited(ordinal: int) -> date:
    return date.fromordinal(min(max(ordinal, _FIRST.toordinal()), _LAST.toordinal()))


def _month(number: int) -> date:
    """First day of a month counted from January of year 0."""
    limited = min(max(number, _FIRST.year * 12), _LAST.year * 12)
    return date(limited // 12, limited % 12 + 1, 1)
