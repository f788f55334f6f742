"""Months, days and the calendar follow the practice's time zone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg

from tests.integration.database.rows import add, value, values

Connection = psycopg.Connection[Any]


def test_the_practices_time_zone_decides_the_month(connection: Connection) -> None:
    account = add(connection, "accounts", created_at="2025-01-01 12:00+00")
    add(connection, "activities", account_id=account, occurred_at="2026-01-31 23:30+00")
    months = "select distinct month_start from analytics.monthly_activity where activity_count > 0"
    assert values(connection, months) == [date(2026, 1, 1)]
    connection.execute("update public.practice_setting set time_zone = 'Europe/Berlin'")
    assert values(connection, months) == [date(2026, 2, 1)]
    # Neither the session's zone nor its way of writing dates has a say.
    connection.execute("set TimeZone = 'America/New_York'")
    connection.execute("set DateStyle = 'German'")
    assert values(connection, months) == [date(2026, 2, 1)]
    assert values(connection, "select occurred_on from analytics.activity_timeline") == [
        date(2026, 2, 1)
    ]


def test_today_is_the_practices_today(connection: Connection) -> None:
    today = "select today from analytics.practice"
    connection.execute("update public.practice_setting set time_zone = 'Pacific/Kiritimati'")
    ahead: date = value(connection, today)
    connection.execute("update public.practice_setting set time_zone = 'Pacific/Pago_Pago'")
    assert ahead - value(connection, today) == timedelta(days=1)


def test_without_the_setting_days_are_those_of_utc(connection: Connection) -> None:
    connection.execute("delete from public.practice_setting")
    assert value(connection, "select time_zone from analytics.practice") == "UTC"


def test_monthly_activity_has_every_kind_in_every_month_between(connection: Connection) -> None:
    account = add(connection, "accounts")
    for moment, minutes in (("2025-11-10", 30), ("2025-11-20", 60), ("2026-02-01", None)):
        add(
            connection,
            "activities",
            account_id=account,
            activity_type="work",
            occurred_at=moment,
            duration_minutes=minutes,
        )
    add(
        connection,
        "activities",
        account_id=account,
        occurred_at="2025-12-01",
        due_date="2025-12-02",
    )
    found = connection.execute(
        "select month_start, activity_count, account_count, hours from analytics.monthly_activity"
        " where activity_type = 'work' order by 1"
    ).fetchall()
    assert found == [
        (date(2025, 11, 1), 2, 1, 1.5),
        (date(2025, 12, 1), 0, 0, 0),
        (date(2026, 1, 1), 0, 0, 0),
        (date(2026, 2, 1), 1, 1, 0),
    ]
    assert value(connection, "select count(*) from analytics.monthly_activity") == 4 * 5
    # The open thing to do has not happened.
    assert value(connection, "select sum(activity_count) from analytics.monthly_activity") == 3


def test_the_calendar_has_every_day_of_the_years_in_use_once(connection: Connection) -> None:
    this_year: int = value(
        connection, "select extract(year from today)::int from analytics.practice"
    )
    account = add(connection, "accounts")
    add(
        connection,
        "projects",
        account_id=account,
        start_date=date(this_year - 2, 6, 1),
        end_date=date(this_year + 1, 2, 1),
    )
    days = values(connection, "select date from analytics.calendar order by date")
    assert days[0] == date(this_year - 2, 1, 1)
    assert days[-1] == date(this_year + 1, 12, 31)
    assert len(days) == len(set(days)) == (days[-1] - days[0]).days + 1
    assert value(connection, "select count(*) from analytics.calendar where is_today") == 1
    months = "select min(months_from_today), max(months_from_today) from analytics.calendar"
    lowest, highest = connection.execute(months.encode()).fetchone() or (None, None)
    month = value(connection, "select extract(month from today)::int from analytics.practice")
    assert (lowest, highest) == (-24 - month + 1, 12 + 12 - month)


def test_a_day_of_the_calendar(connection: Connection) -> None:
    add(connection, "accounts", created_at="2021-01-03 12:00+00")
    found = connection.execute(
        "select year, quarter, quarter_label, month, month_name, month_label, month_start,"
        " month_sort, iso_week, weekday, weekday_name, is_weekend"
        " from analytics.calendar where date = '2021-01-03'"
    ).fetchone()
    assert found == (
        2021,
        1,
        "Q1 2021",
        1,
        "January",
        "Jan 2021",
        date(2021, 1, 1),
        202101,
        53,
        7,
        "Sunday",
        True,
    )


def test_the_calendar_reaches_back_to_the_first_change_of_a_status(connection: Connection) -> None:
    project = add(connection, "projects", account_id=add(connection, "accounts"))
    connection.execute(
        "insert into project_status_changes (project_id, old_status, new_status, changed_at)"
        " values (%s, 'active', 'proposed', '2019-03-01 12:00+00')",
        (project,),
    )
    assert value(connection, "select min(date) from analytics.calendar") == date(2019, 1, 1)
    lost = (
        "select count(*) from analytics.workload_by_month"
        " where month_start not in (select date from analytics.calendar)"
    )
    assert value(connection, lost) == 0


def test_a_mistyped_year_does_not_blow_up_the_calendar(connection: Connection) -> None:
    account = add(connection, "accounts")
    add(connection, "projects", account_id=account, start_date="0206-01-01", end_date="9999-12-31")
    assert value(connection, "select count(*) from analytics.calendar") < 33 * 366


def test_every_status_has_a_label_and_its_place(connection: Connection) -> None:
    labels = {
        "lead_status": ["New", "Contacted", "Qualified", "Won", "Lost"],
        "project_status": ["Proposed", "Active", "On hold", "Completed", "Cancelled"],
        "account_status": ["Active", "Dormant"],
        "activity_type": ["Call", "E-mail", "Meeting", "Work", "Note"],
    }
    for view, wanted in labels.items():
        query = f"select {view}_label from analytics.{view} order by {view}_sort"
        assert values(connection, query) == wanted


def test_a_status_added_later_shows_under_its_own_name(connection: Connection) -> None:
    connection.execute("alter type public.lead_status add value 'on_ice' before 'won'")
    add(connection, "leads", lead_status="on_ice")
    found = connection.execute(
        "select lead_status_label, lead_count, is_pipeline from analytics.pipeline_by_status"
        " where lead_status = 'on_ice'"
    ).fetchone()
    assert found == ("On Ice", 1, False)
