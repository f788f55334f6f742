"""The measures over the sample data against the figures that the views of schema analytics have.

Two computations of one number: the measure's SQL, row by row over the star, and the view, which
adds up by itself.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tools.powerbi.model import Model
from tools.powerbi.star import rows

Reader = psycopg.Connection[Any]

OF_THE_PRACTICE = {
    "Total Estimated Pipeline Value": "pipeline_value",
    "Open Leads": "pipeline_count",
    "Estimated Lead Value": "estimated_value_all_leads",
    "Leads": "lead_count",
    "Won Leads": "won_count",
    "Lost Leads": "lost_count",
    "Win Rate": "win_rate",
    "Total Contracted Revenue": "contracted_revenue",
    "Active Projects": "active_projects",
    "Active Value": "active_project_value",
    "Overdue Projects": "overdue_projects",
    "Clients": "account_count",
    "Active Clients": "active_account_count",
    "Open Activities": "open_activity_count",
    "Overdue Activities": "overdue_activity_count",
}
"""Measure → column of analytics.kpi."""


def view(reader: Reader, query: str) -> list[dict[str, Any]]:
    with reader.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode()).fetchall()


def shown(
    reader: Reader, model: Model, columns: list[tuple[str, str]], *measures: str
) -> list[tuple[Any, ...]]:
    """Rows as tuples, blanks as 0, shares with the four digits that views have."""
    return [
        tuple(_like_a_view(value) for value in row.values())
        for row in rows(reader, model, columns, measures)
    ]


def _like_a_view(value: Any) -> Any:
    if value is None:
        return 0
    return round(value, 4) if isinstance(value, Decimal) else value


def test_the_practices_figures(reader: Reader, model: Model) -> None:
    [kpi] = view(reader, "select * from analytics.kpi")
    [found] = shown(reader, model, [], *OF_THE_PRACTICE)
    assert dict(zip(OF_THE_PRACTICE, found, strict=True)) == {
        measure: kpi[column] for measure, column in OF_THE_PRACTICE.items()
    }


def test_revenue_of_each_client_with_its_share_and_place(reader: Reader, model: Model) -> None:
    expected = view(
        reader,
        "select a.account_label, r.contracted_revenue, r.share_of_revenue, r.revenue_rank"
        " from analytics.revenue_by_account r join analytics.account a using (account_id)"
        " where r.contracted_revenue > 0 order by 1",
    )
    measures = ("Total Contracted Revenue", "Client Revenue Share", "Client Revenue Rank")
    found = shown(reader, model, [("Account", "Account")], *measures)
    assert sorted(row for row in found if row[1]) == [tuple(row.values()) for row in expected]


def test_the_last_of_the_pareto_is_the_whole(reader: Reader, model: Model) -> None:
    measures = ("Client Revenue Rank", "Cumulative Revenue Share", "Client Revenue Share")
    found = shown(reader, model, [("Account", "Account")], *measures)
    by_place = sorted((row[1:] for row in found if row[1]), key=lambda row: row[0])
    assert by_place[0][1] == by_place[0][2]
    assert by_place[-1][1] == 1
    assert [row[1] for row in by_place] == sorted(row[1] for row in by_place)


def test_leads_of_each_status_and_source(reader: Reader, model: Model) -> None:
    for column, name in (("Lead Status", "lead_status"), ("Lead Source", "lead_source")):
        source = "pipeline_by_status" if name == "lead_status" else "pipeline_by_source"
        label = "lead_status_label" if name == "lead_status" else "lead_source"
        expected = view(
            reader,
            f"select {label}, lead_count, estimated_value from analytics.{source} order by 1",
        )
        found = shown(reader, model, [(column, column)], "Leads", "Estimated Lead Value")
        assert sorted(found) == [tuple(row.values()) for row in expected]


def test_the_present_workload_is_that_of_the_projects(reader: Reader, model: Model) -> None:
    columns = [("Account", "Account")]
    now = shown(reader, model, columns, "Projects in Progress", "Value in Progress by Month")
    assert now
    assert now == shown(reader, model, columns, "Active Projects", "Active Value")


def test_hours_of_each_month_and_kind(reader: Reader, model: Model) -> None:
    expected = view(
        reader,
        "select month_start, activity_type_label, hours from analytics.monthly_activity"
        " where hours > 0 order by 1, 2",
    )
    columns = [("Date", "Month Start"), ("Activity Type", "Activity Type")]
    found = [
        (month, kind, round(Decimal(hours), 2))
        for month, kind, hours in shown(reader, model, columns, "Hours")
        if hours
    ]
    assert sorted(found) == [tuple(row.values()) for row in expected]
