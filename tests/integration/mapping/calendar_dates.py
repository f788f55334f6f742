"""Dates and moments beyond Python's calendar, made from numbers; for PostgreSQL as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

DAY = 86_400_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY, LAST_DAY = -2_440_588, 2_145_042_541  # 4714-11-24 BC and 5874897-12-31, from 1970
FIRST_MOMENT, END_OF_MOMENTS = FIRST_DAY * DAY, 9_223_371_331_200_000_000 + 10_957 * DAY


@dataclass(frozen=True)
class Day:
    """A day of the proleptic Gregorian calendar; year 0 is 1 BC."""

    year: int
    month: int
    day: int

    @property
    def iso(self) -> str:
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"

    @property
    def is_taken(self) -> bool:
        """Whether Salesforce takes it."""
        return 1700 <= self.year <= 4000


def day_of(number: int) -> Day:
    """The day so many days after 1970-01-01: eras of 400 years that begin in March."""
    era, of_era = divmod(number + 719_468, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    march = (5 * of_year + 2) // 153
    month = march + 3 if march < 10 else march - 9
    return Day(era * 400 + year + (month <= 2), month, of_year - (153 * march + 2) // 5 + 1)


def day_text(number: int) -> str:
    """That day as PostgreSQL reads it under any DateStyle."""
    day = day_of(number)
    if day.year > 0:
        return day.iso
    return f"{1 - day.year:04d}-{day.month:02d}-{day.day:02d} BC"


def clock(microseconds: int) -> str:
    """The time of day, `HH:MM:SS.ffffff`."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:06d}"


def moment_text(microseconds: int, ending: str = "+00") -> str:
    """A moment, in microseconds from 1970 in UTC, as PostgreSQL reads it."""
    number, of_day = divmod(microseconds, DAY)
    day, _, before_christ = day_text(number).partition(" ")
    return f"{day} {clock(of_day)}{ending} {before_christ}".strip()


def moment_json(microseconds: int) -> str:
    """A moment as the REST API wants it: in UTC, to the second."""
    number, of_day = divmod(microseconds, DAY)
    return f"{day_of(number).iso}T{clock(of_day)[:8]}Z"


def python_moment(microseconds: int) -> datetime:
    """A moment of the years that Python has."""
    return EPOCH + timedelta(microseconds=microseconds)


def number_of(year: int, month: int = 1, day: int = 1) -> int:
    """Days from 1970 of a day that Python has."""
    return (datetime(year, month, day, tzinfo=UTC) - EPOCH).days


LIMITS = [number_of(1700), number_of(4001), number_of(1), number_of(9999, 12, 31) + 1, 0]
day_numbers = st.one_of(
    st.integers(number_of(1690), number_of(4010)),
    st.integers(FIRST_DAY, LAST_DAY),
    st.sampled_from([FIRST_DAY, LAST_DAY, *LIMITS, *(n - 1 for n in LIMITS)]),
)
moments = st.one_of(
    st.integers(number_of(1690) * DAY, number_of(4010) * DAY),
    st.integers(FIRST_MOMENT, END_OF_MOMENTS - 1),
    st.sampled_from([FIRST_MOMENT, END_OF_MOMENTS - 1]),
    st.sampled_from([n * DAY - before for n in LIMITS for before in (0, 1)]),
)
