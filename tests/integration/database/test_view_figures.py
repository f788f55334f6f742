"""The figures of schema analytics over a small practice, each computed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.integration.database.practice import Practice, Row
from tests.support.postgres import Database


@pytest.fixture
def practice(database: Database) -> Iterator[Practice]:
    with psycopg.connect(database.owner_url, options="-c TimeZone=UTC") as connection:
        yield Practice(connection)
        connection.rollback()


def picked(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def test_kpi(practice: Practice) -> None:
    assert practice.rows("select * from analytics.kpi") == [
        {
            "as_of": practice.today,
            "pipeline_value": 300,
            "pipeline_count": 3,
            "estimated_value_all_leads": 1750,
            "lead_count": 6,
            "won_count": 2,
            "lost_count": 1,
            "win_rate": Decimal("0.6667"),
            "contracted_revenue": 5000,
            "contracted_project_count": 5,
            "active_projects": 3,
            "active_project_value": 1500,
            "overdue_projects": 1,
            "average_project_value": 1250,
            "account_count": 4,
            "active_account_count": 3,
            "open_activity_count": 2,
            "overdue_activity_count": 1,
        }
    ]


def test_pipeline_by_status(practice: Practice) -> None:
    found = practice.rows("select * from analytics.pipeline_by_status order by lead_status_sort")
    columns = ("lead_status_label", "is_pipeline", "lead_count", "estimated_value")
    assert [picked(row, *columns) for row in found] == [
        ("New", True, 1, 100),
        ("Contacted", True, 1, 200),
        ("Qualified", True, 1, 0),
        ("Won", False, 2, 450),
        ("Lost", False, 1, 1000),
    ]


def test_a_status_without_leads_stands_in_the_pipeline_with_0(practice: Practice) -> None:
    practice.connection.execute("delete from public.leads where lead_status = 'new'")
    row = practice.by("lead_status", "pipeline_by_status")["new"]
    assert picked(row, "lead_count", "estimated_value") == (0, 0)


def test_pipeline_by_source(practice: Practice) -> None:
    columns = (
        "lead_count",
        "estimated_value",
        "pipeline_count",
        "pipeline_value",
        "won_count",
        "lost_count",
        "win_rate",
    )
    found = practice.by("lead_source", "pipeline_by_source")
    assert {source: picked(row, *columns) for source, row in found.items()} == {
        "Web": (3, 1300, 2, 300, 0, 1, 0),
        "Referral": (1, 400, 0, 0, 1, 0, 1),
        "Not stated": (2, 50, 1, 0, 1, 0, 1),
    }


def test_days_in_each_status_of_a_lead(practice: Practice) -> None:
    found = practice.rows("select * from analytics.lead_status_duration order by lead_status_sort")
    columns = ("lead_status", "times_entered", "days", "is_current")
    assert [picked(row, *columns) for row in found] == [
        ("new", 2, 5, False),
        ("contacted", 1, 1, False),
        ("qualified", 1, Decimal("9.5"), False),
        ("won", 1, Decimal("14.5"), True),
    ]


def test_lead_conversion(practice: Practice) -> None:
    found = practice.by("company_name", "lead_conversion")
    assert len(found) == 6
    won = found["Alpha"]
    assert picked(won, "is_won", "is_lost", "is_pipeline", "is_converted") == (
        True,
        False,
        False,
        True,
    )
    assert won["converted_account_id"] == str(practice.alpha)
    assert picked(
        won, "days_to_close", "days_in_new", "days_in_contacted", "days_in_qualified"
    ) == (
        Decimal("15.5"),
        5,
        1,
        Decimal("9.5"),
    )
    assert won["closed_on"] == practice.ago(14.5).date()
    assert found["Two"]["closed_on"] is None
    assert found["Two"]["days_to_close"] is None


def test_days_in_lead_status_keep_those_that_left_apart(practice: Practice) -> None:
    for days in (10, 20):
        lead = practice.lead("More", "qualified", None, None)
        for old, new, ago in ((None, "new", 30 + days), ("new", "qualified", 30)):
            practice.connection.execute(
                "insert into public.lead_status_changes (lead_id, old_status, new_status,"
                " changed_at) values (%s, %s, %s, %s)",
                (lead, old, new, practice.ago(ago)),
            )
    found = practice.by("lead_status", "days_in_lead_status")
    columns = (
        "lead_count",
        "left_count",
        "average_days_until_left",
        "median_days_until_left",
        "current_count",
        "average_days_so_far",
    )
    assert picked(found["new"], *columns) == (3, 3, Decimal("11.67"), 10, 0, None)
    assert picked(found["qualified"], *columns) == (3, 1, Decimal("9.5"), Decimal("9.5"), 2, 30)
    assert picked(found["lost"], *columns) == (0, 0, None, None, 0, None)


def test_revenue_by_account(practice: Practice) -> None:
    columns = (
        "project_count",
        "contracted_project_count",
        "contracted_revenue",
        "share_of_revenue",
        "revenue_rank",
        "active_value",
        "on_hold_value",
        "completed_value",
        "proposed_value",
    )
    found = practice.by("company_name", "revenue_by_account")
    assert {name: picked(row, *columns) for name, row in found.items()} == {
        "Alpha": (5, 3, 3500, Decimal("0.7"), 1, 1500, 0, 2000, 9000),
        "Beta": (2, 2, 1500, Decimal("0.3"), 2, 0, 1500, 0, 0),
        "Gamma": (0, 0, 0, 0, 3, 0, 0, 0, 0),
        "Delta": (0, 0, 0, 0, 3, 0, 0, 0, 0),
    }


@pytest.mark.parametrize(
    ("view", "column"),
    [
        ("revenue_by_account", "contracted_revenue"),
        ("project_detail", "contracted_revenue"),
        ("account_overview", "contracted_revenue"),
        ("client_health", "contracted_revenue"),
    ],
)
def test_money_never_sums_twice(practice: Practice, view: str, column: str) -> None:
    assert practice.rows(f"select sum({column}) as total from analytics.{view}") == [
        {"total": 5000}
    ]


def test_a_practice_without_revenue_has_shares_of_0(practice: Practice) -> None:
    practice.connection.execute("delete from public.projects")
    found = practice.rows("select share_of_revenue from analytics.revenue_by_account")
    assert found == [{"share_of_revenue": 0}] * 4


def test_project_detail(practice: Practice) -> None:
    found = practice.by("project_name", "project_detail")
    assert len(found) == 7
    columns = (
        "account_name",
        "is_overdue",
        "days_overdue",
        "planned_days",
        "contracted_revenue",
        "activity_count",
        "hours",
        "value_per_hour",
        "last_activity_on",
        "last_contact_on",
    )
    assert picked(found["A late"], *columns) == (
        "Alpha",
        True,
        5,
        56,
        500,
        2,
        5,
        100,
        practice.ago(2).date(),
        practice.ago(3).date(),
    )
    assert picked(found["A offer"], "contract_value", "contracted_revenue") == (9000, 0)
    assert found["A offer"]["revenue_date"] == practice.ago(310).date()
    assert {name for name, row in found.items() if row["is_overdue"]} == {"A late"}


def test_active_projects_are_only_the_active_ones(practice: Practice) -> None:
    found = practice.by("project_name", "active_project")
    assert {name: row["days_left"] for name, row in found.items()} == {
        "A active": 10,
        "A late": -5,
        "B open": None,
    }


def test_account_overview(practice: Practice) -> None:
    found = practice.by("company_name", "account_overview")
    columns = (
        "active_project_count",
        "overdue_project_count",
        "converted_lead_count",
        "activity_count",
        "open_activity_count",
        "overdue_activity_count",
    )
    assert {name: picked(row, *columns) for name, row in found.items()} == {
        "Alpha": (2, 1, 1, 9, 2, 1),
        "Beta": (1, 0, 0, 1, 0, 0),
        "Gamma": (0, 0, 0, 0, 0, 0),
        "Delta": (0, 0, 0, 0, 0, 0),
    }


def test_the_last_contact_is_over_the_accounts_its_projects_and_its_leads_activities(
    practice: Practice,
) -> None:
    def alpha() -> Row:
        return practice.by("company_name", "account_overview")["Alpha"]

    assert alpha()["last_contact_on"] == practice.ago(1).date()  # the lead's e-mail
    assert alpha()["last_activity_on"] == practice.ago(0.5).date()  # the note
    practice.connection.execute("delete from public.activities where lead_id is not null")
    assert alpha()["last_contact_on"] == practice.ago(3).date()  # the project's meeting
    practice.connection.execute("delete from public.activities where project_id is not null")
    assert alpha()["last_contact_on"] == practice.ago(10).date()  # its own call


def test_client_health(practice: Practice) -> None:
    found = practice.by("company_name", "client_health")
    columns = ("health", "days_of_silence", "overdue_project_count")
    assert {name: picked(row, *columns) for name, row in found.items()} == {
        "Alpha": ("at_risk", 1, 1),  # an overdue project
        "Beta": ("at_risk", 40, 0),  # an active project and 40 days of silence
        "Gamma": ("quiet", 200, 0),  # never spoken with since the account was made
        "Delta": ("dormant", 300, 0),
    }
    practice.connection.execute("update public.projects set end_date = null")
    assert practice.by("company_name", "client_health")["Alpha"]["health"] == "good"


def test_the_timeline_names_each_activity_once_with_its_client(practice: Practice) -> None:
    found = practice.rows("select * from analytics.activity_timeline")
    assert len(found) == 10
    clients = {row["related_type"]: row["account_name"] for row in found if row["lead_id"]}
    assert clients == {"lead": "Alpha"}
    by_project = {row["related_name"] for row in found if row["project_id"]}
    assert by_project == {"A late"}
    assert sum(row["is_contact"] for row in found) == 5
    assert sum(row["has_happened"] for row in found) == 7
    assert sum(row["is_open"] for row in found) == 2
    assert sum(row["is_overdue"] for row in found) == 1


def test_an_activity_of_an_open_lead_belongs_to_no_client(practice: Practice) -> None:
    lead = practice.lead("New one", "new", None, None)
    practice.activity("call", 1, lead_id=lead)
    found = practice.rows(
        f"select account_id, related_name from analytics.activity_timeline where lead_id = '{lead}'"
    )
    assert found == [{"account_id": None, "related_name": "New one"}]


def test_days_in_each_status_of_a_project(practice: Practice) -> None:
    found = practice.rows(
        f"select * from analytics.project_status_duration where project_id = '{practice.late}'"
    )
    columns = ("project_status", "times_entered", "days", "is_current")
    assert [picked(row, *columns) for row in found] == [("active", 1, 310, True)]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (None, "No end date"),
        (0, "Due today"),
        (1, "1 day left"),
        (12, "12 days left"),
        (-1, "Overdue by 1 day"),
        (-12, "Overdue by 12 days"),
    ],
)
def test_a_deadline_is_said_in_words(practice: Practice, days: int | None, said: str) -> None:
    end = None if days is None else practice.day(-days)
    practice.project(practice.gamma, "Now", "active", None, None, end)
    practice.project(practice.gamma, "Later", "on_hold", None, None, end)
    found = practice.by("project_name", "project_detail")
    assert picked(found["Now"], "days_left", "deadline") == (days, said)
    assert picked(found["Later"], "days_left", "deadline") == (None, None)


@pytest.mark.parametrize(
    ("days", "band", "order"),
    [
        (0, "Up to 30 days", 1),
        (30, "Up to 30 days", 1),
        (31, "31 to 60 days", 2),
        (61, "61 to 90 days", 3),
        (91, "91 to 180 days", 4),
        (181, "More than 180 days", 5),
    ],
)
def test_an_open_lead_has_an_age(practice: Practice, days: int, band: str, order: int) -> None:
    for name, status in (("Open", "qualified"), ("Closed", "lost")):
        lead = practice.lead(name, status, None, None)
        practice.connection.execute(
            "update public.leads set created_at = %s where id = %s", (practice.ago(days), lead)
        )
    found = practice.by("company_name", "lead")
    columns = ("age_days", "age_band", "age_band_sort")
    assert picked(found["Open"], *columns) == (days, band, order)
    assert picked(found["Closed"], *columns) == (None, None, None)


def test_how_far_a_lead_came_is_remembered(practice: Practice) -> None:
    fell = practice.lead("Fell", "lost", None, None)
    back = practice.lead("Back", "new", None, None)
    for lead, old, new in ((fell, "new", "contacted"), (back, "new", "qualified")):
        practice.connection.execute(
            "insert into public.lead_status_changes (lead_id, old_status, new_status, changed_at)"
            " values (%s, %s, %s, %s)",
            (lead, old, new, practice.ago(5)),
        )
    found = practice.by("company_name", "lead")
    columns = ("reached_contacted", "reached_qualified", "is_won", "is_lost")
    assert {name: picked(row, *columns) for name, row in found.items()} == {
        "One": (False, False, False, False),
        "Two": (True, False, False, False),
        "Three": (True, True, False, False),
        "Alpha": (True, True, True, False),
        "Five": (True, True, True, False),
        "Six": (False, False, False, True),
        "Fell": (True, False, False, True),
        "Back": (True, True, False, False),
    }
    assert found["Alpha"]["account_id"] == str(practice.alpha)
    assert found["Two"]["account_id"] is None


def test_a_source_stands_once_under_its_most_frequent_spelling(practice: Practice) -> None:
    for spelling in ("WEB", "web ", "Fair"):
        practice.lead("More", "new", None, spelling)
    sources = practice.by("lead_source_key", "lead_source")
    assert sorted(row["lead_source"] for row in sources.values()) == [
        "Fair",
        "Not stated",
        "Referral",
        "Web",
    ]
    leads = practice.rows("select lead_source_key from analytics.lead")
    assert {row["lead_source_key"] for row in leads} == sources.keys()


def test_no_two_clients_have_one_name(practice: Practice) -> None:
    shouted = practice.account("ALPHA ", 20)
    numbered = practice.account("Alpha (1)", 10)
    found = {
        str(row["account_id"]): row for row in practice.by("account_label", "account").values()
    }
    labels = {key: row["account_label"] for key, row in found.items()}
    assert labels[str(practice.alpha)] == f"Alpha ({str(practice.alpha)[:8]})"
    assert labels[str(shouted)] == f"ALPHA ({str(shouted)[:8]})"
    assert labels[str(numbered)] == "Alpha (1)"
    assert labels[str(practice.beta)] == "Beta"
    assert len({label.lower() for label in labels.values()}) == len(labels) == 6
    # The first contracted project, else the day on which it was entered.
    assert found[str(practice.beta)]["client_since"] == practice.day(100)
    assert found[str(practice.gamma)]["client_since"] == practice.day(200)


def test_no_two_projects_have_one_label(practice: Practice) -> None:
    def project(account: UUID, name: str) -> str:
        return str(practice.project(account, name, "active", 1, None, None))

    of_beta = project(practice.beta, "Retainer")
    of_gamma = project(practice.gamma, "RETAINER")
    twins = [project(practice.delta, "Retainer"), project(practice.delta, "retainer ")]
    # Called as another one would be labelled.
    alone, named_so = (
        project(practice.alpha, "retainer"),
        project(practice.beta, "Retainer · ALPHA"),
    )
    rows = practice.rows("select project_id, project_label from analytics.project_detail")
    labels = {row["project_id"]: row["project_label"] for row in rows}
    assert labels[of_beta] == "Retainer · Beta"
    assert labels[of_gamma] == "RETAINER · Gamma"
    assert [labels[key] for key in twins] == [
        f"Retainer · Delta ({twins[0][:8]})",
        f"retainer · Delta ({twins[1][:8]})",
    ]
    assert labels[alone] == f"retainer · Alpha ({alone[:8]})"
    assert labels[named_so] == f"Retainer · ALPHA ({named_so[:8]})"
    assert labels[str(practice.late)] == "A late"
    assert len({label.lower() for label in labels.values()}) == len(labels) == 13


def test_workload_by_month_is_what_each_months_end_finds(practice: Practice) -> None:
    practice.connection.execute("alter table public.projects disable trigger user")
    project = practice.project(practice.delta, "D", "completed", 700, None, None)
    for old, new, moment in (
        (None, "proposed", "2020-01-31 23:59"),
        ("proposed", "active", "2020-03-15"),  # after two months' ends
        ("active", "on_hold", "2020-04-10"),
        ("on_hold", "active", "2020-04-20"),  # gone before April's end
        ("active", "completed", "2020-06-01"),
    ):
        practice.connection.execute(
            "insert into public.project_status_changes (project_id, old_status, new_status,"
            " changed_at) values (%s, %s, %s, %s)",
            (project, old, new, moment),
        )
    found = practice.rows(
        "select to_char(month_start, 'YYYY-MM') as month, project_status, project_count,"
        " contract_value from analytics.workload_by_month"
        f" where account_id = '{practice.delta}' order by 1"
    )
    assert [tuple(row.values()) for row in found] == [
        ("2020-01", "proposed", 1, 700),
        ("2020-02", "proposed", 1, 700),
        ("2020-03", "active", 1, 700),
        ("2020-04", "active", 1, 700),
        ("2020-05", "active", 1, 700),
    ]


def test_workload_adds_up_the_projects_of_a_client(practice: Practice) -> None:
    now = practice.rows(
        "select a.company_name, w.project_status, w.project_count, w.contract_value"
        " from analytics.workload_by_month w join analytics.account_overview a using (account_id)"
        " where w.month_start = (select max(month_start) from analytics.workload_by_month)"
        " order by 1, 2"
    )
    assert [tuple(row.values()) for row in now] == [
        ("Alpha", "active", 2, 1500),
        ("Alpha", "proposed", 1, 9000),
        ("Beta", "active", 1, 0),
        ("Beta", "on_hold", 1, 1500),
    ]
