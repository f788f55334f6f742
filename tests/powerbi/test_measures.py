"""Each measure's SQL over a small practice, against figures computed by hand.

The practice is that of the tests of the views, with more clients and a history of projects:
contracted revenue is Alpha 3500, Beta 1500, Gamma and Zeta 1000 each, Delta none: 7000 together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.integration.database.practice import Practice
from tests.support.postgres import Server, temporary_database
from tools.powerbi.model import Model, ModelError
from tools.powerbi.star import Field, Filter, rows

ACCOUNT, STATUS = ("Account", "Account"), ("Lead Status", "Lead Status")
MONTH, PROJECT_STATUS = ("Date", "Month Start"), ("Project Status", "Project Status")

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def practice(server: Server, template: str) -> Iterator[Practice]:
    with (
        temporary_database(server, template) as database,
        psycopg.connect(database.owner_url, options="-c TimeZone=UTC") as connection,
    ):
        made = Practice(connection)
        zeta = made.account("Zeta", 30)
        for client in (made.gamma, zeta):
            made.project(client, "Done", "completed", 1000, made.day(150), made.day(140))
        held = connection.execute(
            "select id from projects where project_name = 'B held'"
        ).fetchone()
        assert held is not None
        for old, new, back in (("on_hold", "active", 5), ("active", "on_hold", 2)):
            connection.execute(
                "insert into project_status_changes (project_id, old_status, new_status,"
                " changed_at) values (%s, %s, %s, %s)",
                (*held, old, new, datetime.combine(month(made, back), time(12))),
            )
        yield made


def month(practice: Practice, back: int) -> date:
    """The first day of the month so many months ago."""
    counted = practice.today.year * 12 + practice.today.month - 1 - back
    return date(counted // 12, counted % 12 + 1, 1)


@pytest.fixture
def ask(practice: Practice, model: Model) -> Ask:
    """Rows as tuples: columns, then measures."""

    def asked(columns: list[Field], *measures: str, **more: Any) -> list[tuple[Any, ...]]:
        found = rows(practice.connection, model, columns, measures, **more)
        return [tuple(row.values()) for row in found]

    return asked


def only(column: str, *values: Any, table: str = "Account") -> list[Filter]:
    return [Filter(table, column, "in", values)]


def test_every_measure_of_the_whole_practice(practice: Practice, model: Model) -> None:
    (found,) = rows(practice.connection, model, [], list(model.measures))
    assert {name.partition(".")[2]: value for name, value in found.items()} == {
        "Clients": 5,
        "Active Clients": 4,
        "Clients Without Contact 30 Days": 2,  # Beta and Gamma; Delta is dormant, Zeta 30 days old
        "Days Since Last Contact": 300,
        "Last Contact": practice.ago(1).date(),
        "Activities": 10,
        "Touchpoints": 5,
        "Touchpoints in Month": 5,
        "Hours": Decimal("5.25"),  # 15 + 90 + 210 minutes; the meeting to come does not count
        "Open Activities": 2,
        "Overdue Activities": 1,
        "Leads": 6,
        "Estimated Lead Value": 1750,
        "Open Leads": 3,
        "Total Estimated Pipeline Value": 300,
        "Average Open Lead Age": 30,
        "Won Leads": 2,
        "Lost Leads": 1,
        "Win Rate": pytest.approx(Decimal(2) / 3),
        "Leads Reached Contacted": 4,  # Two, Three, Alpha, Five
        "Leads Reached Qualified": 3,
        "Leads Reached": None,  # of one status only
        "New to Contacted Rate": pytest.approx(Decimal(4) / 6),
        "Contacted to Qualified Rate": Decimal("0.75"),
        "Qualified to Won Rate": pytest.approx(Decimal(2) / 3),
        "Projects": 9,
        "Contract Value": 20000,
        "Total Contracted Revenue": 7000,
        "Cumulative Contracted Revenue": 7000,
        "Client Revenue Share": 1,
        "Revenue Share of Top 3 Clients": pytest.approx(Decimal(6) / 7),
        "Client Revenue Rank": None,
        "Cumulative Revenue Share": None,
        "Active Projects": 3,
        "Active Value": 1500,
        "On Hold Projects": 1,
        "On Hold Value": 1500,
        "Overdue Projects": 1,
        "Average Days Left": Decimal("2.5"),  # 10 left and 5 over; the third is open-ended
        "Projects in Progress": 3,
        "Value in Progress by Month": 1500,
        "Projects by Status": 5,
    }


def test_leads_by_status_stand_in_their_order(ask: Ask) -> None:
    measures = ("Leads", "Estimated Lead Value", "Total Estimated Pipeline Value")
    assert ask([STATUS], *measures) == [
        ("New", 1, 100, 100),
        ("Contacted", 1, 200, 200),
        ("Qualified", 1, None, None),
        ("Won", 2, 450, None),
        ("Lost", 1, 1000, None),
    ]


def test_the_funnel_counts_who_came_at_least_so_far(ask: Ask) -> None:
    assert ask([STATUS], "Leads Reached") == [
        ("New", 6),
        ("Contacted", 4),
        ("Qualified", 3),
        ("Won", 2),
    ]


def test_leads_by_source_with_their_rates(ask: Ask) -> None:
    measures = ("Leads", "Win Rate", "Open Leads", "New to Contacted Rate")
    assert ask([("Lead Source", "Lead Source")], *measures) == [
        ("Not stated", 2, 1, 1, 1),
        ("Referral", 1, 1, None, 1),
        ("Web", 3, 0, 2, pytest.approx(Decimal(1) / 3)),
    ]


def test_the_pipeline_does_not_follow_the_client(ask: Ask) -> None:
    measures = ("Leads", "Open Leads", "Total Estimated Pipeline Value", "Average Open Lead Age")
    assert ask([], *measures, filters=only("Account", "Alpha")) == [(1, 3, 300, 30)]
    assert ask([], *measures, filters=only("Account", "Gamma")) == [(None, 3, 300, 30)]


def test_revenue_by_client_with_rank_share_and_pareto(ask: Ask) -> None:
    measures = (
        "Total Contracted Revenue",
        "Client Revenue Rank",
        "Client Revenue Share",
        "Cumulative Revenue Share",
    )
    by_revenue = [("Project.Total Contracted Revenue", True), ("Account.Account", False)]

    def of(part: int) -> Any:
        return pytest.approx(Decimal(part) / 7000)

    expected = [
        ("Alpha", 3500, 1, of(3500), of(3500)),
        ("Beta", 1500, 2, of(1500), of(5000)),
        ("Gamma", 1000, 3, of(1000), of(7000)),  # as large as Zeta: both count in both
        ("Zeta", 1000, 3, of(1000), of(7000)),
    ]
    assert ask([ACCOUNT], *measures, order=by_revenue) == expected
    # A chosen client keeps its place among all.
    assert ask([ACCOUNT], *measures, filters=only("Account", "Beta")) == expected[1:2]
    assert ask([], *measures, filters=only("Account", "Beta")) == [expected[1][1:]]


def test_the_concentration_does_not_follow_the_client(ask: Ask) -> None:
    name = "Revenue Share of Top 3 Clients"
    assert ask([], name, filters=only("Account", "Zeta")) == [(pytest.approx(Decimal(6) / 7),)]


def test_projects_by_status(ask: Ask) -> None:
    measures = ("Projects", "Contract Value", "Total Contracted Revenue", "Projects by Status")
    assert ask([PROJECT_STATUS], *measures) == [
        ("Proposed", 1, 9000, None, 1),
        ("Active", 3, 1500, 1500, 3),
        ("On hold", 1, 1500, 1500, 1),
        ("Completed", 3, 4000, 4000, None),
        ("Cancelled", 1, 4000, None, None),
    ]


def test_delivery_by_client(ask: Ask) -> None:
    measures = ("Active Projects", "Active Value", "On Hold Projects", "Overdue Projects")
    assert ask([ACCOUNT], *measures, "Average Days Left") == [
        ("Alpha", 2, 1500, None, 1, Decimal("2.5")),
        ("Beta", 1, None, 1, None, None),
    ]


def test_the_deadline_in_words_is_sorted_by_its_days(ask: Ask) -> None:
    active = only("Is Active", True, table="Project Status")
    found = ask([("Project", "Deadline"), ("Project", "Project")], "Projects", filters=active)
    assert found == [
        ("No end date", "B open", 1),
        ("Overdue by 5 days", "A late", 1),
        ("10 days left", "A active", 1),
    ]


def test_revenue_adds_up_over_months_and_stops_at_the_last(ask: Ask, practice: Practice) -> None:
    found = ask([MONTH], "Total Contracted Revenue", "Cumulative Contracted Revenue")
    by_day = {300: 2000, 150: 2000, 100: 1500, 60: 500, 40: 1000, 20: 0}
    expected: dict[date, int] = {}
    for days, money in by_day.items():
        first = practice.day(days).replace(day=1)
        expected[first] = expected.get(first, 0) + money
    assert {start: money for start, money, _ in found if money} == {
        start: money for start, money in expected.items() if money
    }
    running = 0
    for start, _, cumulative in found:
        running += expected.get(start, 0)
        assert cumulative == running
    assert found[-1][0] == max(expected)
    assert found[-1][2] == 7000


def test_a_month_in_between_keeps_what_was_reached(ask: Ask, practice: Practice) -> None:
    between = practice.day(220).replace(day=1)
    chosen = only("Month Start", between, table="Date")
    measures = ("Total Contracted Revenue", "Cumulative Contracted Revenue")
    assert ask([], *measures, filters=chosen) == [(None, 2000)]
    assert ask([], *measures, filters=[*chosen, *only("Account", "Beta")]) == [(None, None)]


def test_a_project_outside_of_the_calendar_counts_in_no_month(practice: Practice, ask: Ask) -> None:
    with practice.connection.transaction(force_rollback=True):
        before = ask([MONTH], "Cumulative Contracted Revenue")
        far = practice.today.year
        for year in (far - 200, far + 200):
            practice.project(practice.beta, f"In {year}", "active", 11, date(year, 5, 1), None)
        measures = ("Total Contracted Revenue", "Cumulative Contracted Revenue")
        assert ask([], *measures) == [(7022, 7000)]
        found = ask([MONTH], *measures)
        assert found[0] == (None, 22, None)
        # Years were added to the calendar; the line stops where it stopped before.
        assert [(row[0], row[2]) for row in found[1:]] == before
        asked = ask([], *measures, filters=only("Month Start", month(practice, -12), table="Date"))
        assert asked == [(None, None)]


def test_projects_in_progress_month_by_month(ask: Ask, practice: Practice) -> None:
    found = {row[0]: row[1:] for row in ask([MONTH], "Projects in Progress", "Projects by Status")}
    # Three were active and one was proposed all the time; B held was active in three months.
    began = practice.ago(310).date().replace(day=1)
    assert min(found) == began
    assert max(found) == month(practice, 0)
    assert {back: found[month(practice, back)] for back in range(7)} == {
        6: (3, 5),
        5: (4, 5),
        4: (4, 5),
        3: (4, 5),
        2: (3, 5),
        1: (3, 5),
        0: (3, 5),
    }


def test_a_longer_period_shows_its_last_month(ask: Ask, practice: Practice) -> None:
    until = [Filter("Date", "Date", "<", (month(practice, 2),))]
    assert ask([], "Projects in Progress", filters=until) == [(4,)]
    assert ask([ACCOUNT], "Projects in Progress", "Value in Progress by Month", filters=until) == [
        ("Alpha", 2, 1500),
        ("Beta", 2, 1500),
    ]


def test_touchpoints_by_kind_and_client(ask: Ask) -> None:
    kind = ("Activity Type", "Activity Type")
    assert ask([kind], "Activities", "Touchpoints", "Hours") == [
        ("Call", 5, 3, Decimal("0.25")),
        ("E-mail", 1, 1, None),
        ("Meeting", 2, 1, Decimal("1.5")),
        ("Work", 1, None, Decimal("3.5")),
        ("Note", 1, None, None),
    ]
    assert ask([ACCOUNT], "Touchpoints", "Open Activities", "Overdue Activities") == [
        ("Alpha", 4, 2, 1),
        ("Beta", 1, None, None),
    ]


def test_a_month_without_touchpoints_shows_0_up_to_the_present_one(
    ask: Ask, practice: Practice
) -> None:
    with practice.connection.transaction(force_rollback=True):
        practice.activity("email", 130, account_id=practice.gamma)
        found = ask([MONTH], "Touchpoints in Month")
        first = practice.day(130).replace(day=1)
        back = (practice.today.year - first.year) * 12 + practice.today.month - first.month
        expected = {month(practice, months): 0 for months in range(back, -1, -1)}
        for days in (130, 40, 12, 10, 3, 1):
            expected[practice.day(days).replace(day=1)] += 1
        assert found == list(expected.items())
        assert 0 in expected.values()
        # Who was spoken with once shows how long that is ago; who never was shows nothing.
        of_gamma = ask([MONTH], "Touchpoints in Month", filters=only("Account", "Gamma"))
        assert of_gamma == [(start, int(start == first)) for start in expected]
        assert ask([MONTH], "Touchpoints in Month", filters=only("Account", "Delta")) == []


def test_each_kind_of_touchpoint_begins_with_its_first(ask: Ask, practice: Practice) -> None:
    kind = ("Activity Type", "Activity Type")
    found = ask([MONTH, kind], "Touchpoints in Month")
    for name, days in (("Call", 40), ("E-mail", 1), ("Meeting", 3)):
        months = [start for start, shown, _ in found if shown == name]
        assert months[0] == practice.day(days).replace(day=1)
        assert months[-1] == month(practice, 0)
    assert {shown for _, shown, _ in found} == {"Call", "E-mail", "Meeting"}


def test_contact_by_client(ask: Ask, practice: Practice) -> None:
    measures = ("Days Since Last Contact", "Last Contact", "Clients Without Contact 30 Days")
    assert ask([ACCOUNT], *measures) == [
        ("Alpha", 1, practice.ago(1).date(), None),
        ("Beta", 40, practice.ago(40).date(), 1),
        ("Delta", 300, None, None),
        ("Gamma", 200, None, 1),
        ("Zeta", 30, None, None),
    ]


def test_clients_of_one_name_are_told_apart(practice: Practice, ask: Ask) -> None:
    with practice.connection.transaction(force_rollback=True):
        other = str(practice.account("alpha ", 10))
        assert [name for (name,) in ask([ACCOUNT]) if name and "lpha" in name] == [
            f"Alpha ({str(practice.alpha)[:8]})",
            f"alpha ({other[:8]})",
        ]


def test_revenue_of_projects_of_one_name_stands_at_each(practice: Practice, ask: Ask) -> None:
    with practice.connection.transaction(force_rollback=True):
        for client, money in ((practice.beta, 5), (practice.gamma, 7)):
            practice.project(client, "Retainer", "active", money, practice.day(20), None)
        found = ask([("Project", "Project")], "Total Contracted Revenue")
        assert [row for row in found if "Retainer" in row[0]] == [
            ("Retainer · Beta", 5),
            ("Retainer · Gamma", 7),
        ]


def test_sources_that_differ_in_capitals_are_one(practice: Practice, ask: Ask) -> None:
    with practice.connection.transaction(force_rollback=True):
        practice.lead("Seven", "new", 1, "WEB")
        assert ("Web", 4) in ask([("Lead Source", "Lead Source")], "Leads")


# What stands for Power BI here: filters, blanks, groups. ------------------------------------------


def test_a_blank_client_is_shown_where_a_row_has_none(practice: Practice, ask: Ask) -> None:
    assert ask([ACCOUNT], "Leads") == [(None, 5), ("Alpha", 1)]
    assert ask([ACCOUNT], "Leads", filters=[Filter("Account", "Account", "not in", (None,))]) == [
        ("Alpha", 1)
    ]
    assert ask([], "Leads", filters=only("Account", None)) == [(5,)]
    assert (None,) in ask([ACCOUNT])
    assert ask([PROJECT_STATUS])[0] == ("Proposed",)


def test_a_blank_counts_as_0_where_sizes_are_compared(ask: Ask) -> None:
    below = [Filter("Project", "Days Left", "<", (8,))]
    assert ask([], "Projects", filters=below) == [(8,)]  # all but the one with 10 days
    above = [Filter("Project", "Days Left", ">", (0,))]
    assert ask([], "Projects", filters=above) == [(1,)]


def test_a_filter_on_a_fact_leaves_other_facts_alone(ask: Ask) -> None:
    overdue = only("Is Overdue", True, table="Project")
    assert ask([], "Projects", "Leads", filters=overdue) == [(1, 6)]


def test_columns_of_a_row_and_its_parents_stand_together(ask: Ask) -> None:
    columns = [ACCOUNT, ("Project", "Project"), PROJECT_STATUS]
    found = ask(columns, "Contract Value", filters=only("Is Active", True, table="Project Status"))
    assert found == [
        ("Alpha", "A active", "Active", 1000),
        ("Alpha", "A late", "Active", 500),
        ("Beta", "B open", "Active", 0),  # no value, and still a project
    ]


def test_columns_without_a_relation_are_combined(ask: Ask) -> None:
    found = ask([STATUS, ("Lead Source", "Lead Source")], "Leads")
    assert len(found) == 6
    assert ("Won", "Referral", 1) in found


def test_an_order_and_a_limit_give_the_largest(ask: Ask) -> None:
    largest = [("Project.Contract Value", True)]
    assert ask([("Project", "Project")], "Contract Value", order=largest, limit=2) == [
        ("A offer", 9000),
        ("A off", 4000),
    ]


def test_a_name_that_the_model_has_not_is_refused(ask: Ask) -> None:
    with pytest.raises(ModelError, match=r"no column Account\[Nam\]"):
        ask([("Account", "Nam")])
    with pytest.raises(ModelError, match=r"no measure \[Lead\]"):
        ask([], "Lead")
    with pytest.raises(ModelError, match=r"no column Lead\[Acount\]"):
        ask([], "Leads", filters=only("Acount", "x", table="Lead"))
