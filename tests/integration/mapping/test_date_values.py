"""Dates and moments: the payload is right in every session, and no date ends the plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from hypothesis import example, given
from hypothesis import strategies as st

from tests.integration.mapping import calendar_dates as dates
from tests.integration.mapping.conftest import ROWS
from tests.integration.mapping.described import field, thing
from tests.integration.mapping.planned import create_table, mapping, planned

Connection = psycopg.Connection[Any]
OUTSIDE = "DATE_OUT_OF_RANGE"
ENDLESS = ("infinity", "-infinity")

zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kolkata", "America/St_Johns",
     "Australia/Lord_Howe", "Pacific/Kiritimati"]
)  # fmt: skip
sessions = st.fixed_dictionaries(
    {
        "TimeZone": zones,
        "DateStyle": st.sampled_from(["ISO, DMY", "SQL, DMY", "Postgres, MDY", "German"]),
        "IntervalStyle": st.sampled_from(["postgres", "postgres_verbose", "sql_standard"]),
        "search_path": st.sampled_from(["public", "sync", "pg_catalog, public"]),
        "bytea_output": st.sampled_from(["hex", "escape"]),
    }
)

FACTS = thing(
    [
        field("Day", "date"),
        field("Needed", "date", nillable=False),
        field("Default", "date"),
        field("Moment", "datetime"),
        field("DayText", length=255),
        field("MomentDay", "date"),
        field("Length", length=255),
    ]
)


def day_or_none(text: str | None, number: int | None) -> tuple[str | None, bool]:
    """What JSON holds of a day that Salesforce takes, and whether it takes it."""
    if text is None:
        return None, True
    day = None if number is None else dates.day_of(number)
    return (day.iso, True) if day is not None and day.is_taken else (None, False)


numbered_days = st.one_of(
    dates.day_numbers.map(lambda n: (dates.day_text(n), n)),
    st.sampled_from([(text, None) for text in (*ENDLESS, None)]),
)
numbered_moments = st.one_of(
    dates.moments.map(lambda n: (dates.moment_text(n), n)),
    st.sampled_from([(text, None) for text in (*ENDLESS, None)]),
)
APIA_SKIPPED = ("2011-12-30", dates.number_of(2011, 12, 30))


@ROWS
@given(
    st.lists(st.tuples(numbered_days, numbered_moments), min_size=50, max_size=100), zones, sessions
)
@example([(APIA_SKIPPED, (None, None))], "Pacific/Apia", {"TimeZone": "Pacific/Apia"})
def test_a_day_and_a_moment_arrive_or_their_row_says_why_not(
    connection: Connection,
    generated: list[tuple[tuple[str | None, int | None], tuple[str | None, int | None]]],
    zone: str,
    session: dict[str, str],
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "d date, m timestamptz")
    mapped = mapping(
        {"Day": "d", "Needed": "d", "Default": {"column": "d", "if_null": "2026-02-28"},
         "Moment": "m"},
        time_zone=zone,
    )  # fmt: skip
    texts = [(day[0], moment[0]) for day, moment in generated]
    found = planned(connection, mapped, FACTS, texts, session)
    for (day, moment), row in zip(generated, found, strict=True):
        iso, is_taken = day_or_none(*day)
        problems = set() if is_taken else {(n, OUTSIDE) for n in ("Day", "Needed", "Default")}
        if day[0] is None:
            problems |= {("Needed", "REQUIRED_FIELD_MISSING"), ("Default", "DEFAULT_SENT")}
        if is_taken:
            default = iso or "2026-02-28"
            assert (row.payload["Day"], row.payload["Default"]) == (iso, default), day
        _, moment_is_taken = day_or_none(
            moment[0], None if moment[1] is None else moment[1] // dates.DAY
        )
        if not moment_is_taken:
            problems.add(("Moment", OUTSIDE))
        elif moment[1] is not None:
            assert row.payload["Moment"] == dates.moment_json(moment[1])
        else:
            assert row.payload["Moment"] is None
        assert row.problems == problems, (day, moment)


modern = st.integers(0, dates.number_of(2037) * dates.DAY - 1)
local_days = st.integers(0, dates.number_of(2037) - 1)
CHANGES = [  # the hours around a change of clocks, in UTC
    int(datetime.fromisoformat(f"{text}+00:00").timestamp() * 1_000_000)
    for text in ("2026-03-29 00:59:59", "2026-03-29 01:00:00", "2026-10-25 00:59:59",
                 "2026-10-25 01:00:00", "2026-03-08 06:59:59", "2026-11-01 06:00:00",
                 "2011-12-30 09:59:59", "2011-12-30 10:00:00")
]  # fmt: skip


@ROWS
@given(
    st.lists(st.tuples(modern | st.sampled_from(CHANGES), local_days), min_size=50, max_size=120),
    zones,
    sessions,
)
@example([(change, 0) for change in CHANGES], "Europe/Berlin", {"TimeZone": "Pacific/Apia"})
@example([(change, 0) for change in CHANGES], "Pacific/Apia", {"DateStyle": "German"})
def test_the_mapping_decides_in_which_zone_a_moment_has_its_day(
    connection: Connection,
    generated: list[tuple[int, int]],
    zone: str,
    session: dict[str, str],
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "m timestamptz, d date, i interval")
    mapped = mapping(
        {
            "Moment": "m",
            "MomentDay": {"sql": "m::date"},
            "Day": {"sql": "d + 1"},
            "DayText": "d",
            "Length": "i",
        },
        time_zone=zone,
    )
    texts = [(dates.moment_text(m), dates.day_text(d), f"{d} days") for m, d in generated]
    found = planned(connection, mapped, FACTS, texts, session)
    for (moment, day), row in zip(generated, found, strict=True):
        local = dates.python_moment(moment).astimezone(ZoneInfo(zone))
        assert row.payload == {
            "Moment": dates.moment_json(moment),
            "MomentDay": local.date().isoformat(),
            "Day": dates.day_of(day + 1).iso,
            "DayText": dates.day_of(day).iso,
            "Length": f"P{day}D" if day else "PT0S",
        }
        assert row.is_valid


@ROWS
@given(
    st.lists(st.tuples(modern | st.sampled_from(CHANGES)), min_size=50, max_size=120),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    sessions,
)
@example([(change + hour * 3_600_000_000,) for change in CHANGES for hour in range(-5, 5)],
         "Europe/Berlin", {"TimeZone": "America/New_York"})  # fmt: skip
def test_a_time_without_zone_is_one_of_the_mapping_zone(
    connection: Connection, generated: list[tuple[int]], zone: str, session: dict[str, str]
) -> None:
    """An hour that comes twice is the later one, an hour that is left out goes by the clock before:
    so PostgreSQL has it."""
    connection.execute("drop table if exists public.thing")
    create_table(connection, "t timestamp")
    mapped = mapping({"Moment": "t"}, time_zone=zone)
    texts = [(dates.moment_text(wall, ""),) for (wall,) in generated]
    found = planned(connection, mapped, FACTS, texts, session)
    for (wall,), row in zip(generated, found, strict=True):
        naive = dates.python_moment(wall).replace(tzinfo=None)
        first = naive.replace(tzinfo=ZoneInfo(zone), fold=0).timestamp()
        second = naive.replace(tzinfo=ZoneInfo(zone), fold=1).timestamp()
        expected = int(max(first, second) // 1) * 1_000_000
        assert row.payload["Moment"] == dates.moment_json(expected)


@ROWS
@given(st.lists(st.tuples(st.integers(0, dates.DAY - 1) | st.none()), min_size=20, max_size=60))
def test_a_time_of_day_is_sent_to_the_second(
    connection: Connection, generated: list[tuple[int | None]]
) -> None:
    connection.execute("drop table if exists public.thing")
    create_table(connection, "t time")
    texts = [(None if t is None else dates.clock(t),) for (t,) in generated]
    found = planned(connection, mapping({"T": "t"}), thing([field("T", "time")]), texts)
    for (text,), row in zip(texts, found, strict=True):
        assert row.payload == {"T": None if text is None else f"{text[:8]}Z"}
