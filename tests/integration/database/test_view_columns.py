"""The columns of schema analytics, by name, type and order: the contract with Power BI.

A report that was built on these names breaks when one changes: change them on purpose, here first.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.integration.database.rows import values


def columns(**types: str) -> dict[str, str]:
    return types


MONEY, SHARE, INSTANT = "numeric(18,2)", "numeric(9,4)", "timestamp with time zone"

CONTRACT = {
    "account_overview": columns(
        account_id="text",
        company_name="text",
        industry="text",
        website="text",
        phone="text",
        email="text",
        primary_contact="text",
        billing_city="text",
        billing_country="text",
        account_status="text",
        account_status_label="text",
        owner_email="text",
        created_on="date",
        project_count="bigint",
        active_project_count="bigint",
        overdue_project_count="bigint",
        first_project_on="date",
        latest_project_on="date",
        contracted_revenue=MONEY,
        share_of_revenue=SHARE,
        revenue_rank="bigint",
        proposed_value=MONEY,
        converted_lead_count="bigint",
        activity_count="bigint",
        open_activity_count="bigint",
        overdue_activity_count="bigint",
        last_contact_at=INSTANT,
        last_contact_on="date",
        last_activity_on="date",
        days_of_silence="integer",
    ),
    "account_status": columns(
        account_status="text",
        account_status_label="text",
        account_status_sort="integer",
    ),
    "active_project": columns(
        project_id="text",
        project_name="text",
        account_id="text",
        account_name="text",
        project_status_label="text",
        start_date="date",
        end_date="date",
        days_left="integer",
        is_overdue="boolean",
        days_overdue="integer",
        contract_value=MONEY,
        hours=MONEY,
        value_per_hour=MONEY,
        last_activity_on="date",
        last_contact_on="date",
        owner_email="text",
    ),
    "activity_timeline": columns(
        activity_id="text",
        activity_type="text",
        activity_type_label="text",
        activity_type_sort="integer",
        subject="text",
        notes="text",
        occurred_at=INSTANT,
        occurred_on="date",
        month_start="date",
        duration_minutes="integer",
        due_date="date",
        completed="boolean",
        has_happened="boolean",
        is_contact="boolean",
        is_open="boolean",
        is_overdue="boolean",
        related_type="text",
        related_id="text",
        related_name="text",
        lead_id="text",
        project_id="text",
        account_id="text",
        account_name="text",
        owner_email="text",
    ),
    "activity_type": columns(
        activity_type="text",
        activity_type_label="text",
        activity_type_sort="integer",
        is_contact_type="boolean",
    ),
    "calendar": columns(
        date="date",
        year="integer",
        quarter="integer",
        quarter_label="text",
        month="integer",
        month_name="text",
        month_label="text",
        month_start="date",
        month_sort="integer",
        iso_week="integer",
        weekday="integer",
        weekday_name="text",
        is_weekend="boolean",
        is_today="boolean",
        months_from_today="integer",
    ),
    "client_health": columns(
        account_id="text",
        company_name="text",
        account_status="text",
        account_status_label="text",
        contracted_revenue=MONEY,
        share_of_revenue=SHARE,
        active_project_count="bigint",
        overdue_project_count="bigint",
        open_activity_count="bigint",
        overdue_activity_count="bigint",
        last_contact_on="date",
        last_activity_on="date",
        days_of_silence="integer",
        health="text",
        health_label="text",
        health_sort="integer",
    ),
    "days_in_lead_status": columns(
        lead_status="text",
        lead_status_label="text",
        lead_status_sort="integer",
        lead_count="bigint",
        left_count="bigint",
        average_days_until_left=MONEY,
        median_days_until_left=MONEY,
        current_count="bigint",
        average_days_so_far=MONEY,
    ),
    "kpi": columns(
        as_of="date",
        pipeline_value=MONEY,
        pipeline_count="bigint",
        estimated_value_all_leads=MONEY,
        lead_count="bigint",
        won_count="bigint",
        lost_count="bigint",
        win_rate=SHARE,
        contracted_revenue=MONEY,
        contracted_project_count="bigint",
        active_projects="bigint",
        active_project_value=MONEY,
        overdue_projects="bigint",
        average_project_value=MONEY,
        account_count="bigint",
        active_account_count="bigint",
        open_activity_count="bigint",
        overdue_activity_count="bigint",
    ),
    "lead_conversion": columns(
        lead_id="text",
        company_name="text",
        contact_name="text",
        lead_source="text",
        industry="text",
        lead_status="text",
        lead_status_label="text",
        lead_status_sort="integer",
        is_pipeline="boolean",
        is_won="boolean",
        is_lost="boolean",
        is_converted="boolean",
        converted_account_id="text",
        estimated_value=MONEY,
        owner_email="text",
        created_on="date",
        contacted_on="date",
        qualified_on="date",
        closed_on="date",
        days_to_close=MONEY,
        days_in_new=MONEY,
        days_in_contacted=MONEY,
        days_in_qualified=MONEY,
    ),
    "lead_status": columns(
        lead_status="text",
        lead_status_label="text",
        lead_status_sort="integer",
        is_pipeline="boolean",
    ),
    "lead_status_duration": columns(
        lead_id="text",
        lead_status="text",
        lead_status_label="text",
        lead_status_sort="integer",
        first_entered_on="date",
        times_entered="bigint",
        days=MONEY,
        is_current="boolean",
    ),
    "monthly_activity": columns(
        month_start="date",
        activity_type="text",
        activity_type_label="text",
        activity_type_sort="integer",
        activity_count="bigint",
        account_count="bigint",
        hours=MONEY,
    ),
    "pipeline_by_source": columns(
        lead_source="text",
        lead_count="bigint",
        estimated_value=MONEY,
        pipeline_count="bigint",
        pipeline_value=MONEY,
        won_count="bigint",
        lost_count="bigint",
        win_rate=SHARE,
    ),
    "pipeline_by_status": columns(
        lead_status="text",
        lead_status_label="text",
        lead_status_sort="integer",
        is_pipeline="boolean",
        lead_count="bigint",
        estimated_value=MONEY,
    ),
    "practice": columns(
        time_zone="text",
        today="date",
    ),
    "project_detail": columns(
        project_id="text",
        project_name="text",
        description="text",
        account_id="text",
        account_name="text",
        project_status="text",
        project_status_label="text",
        project_status_sort="integer",
        is_contracted="boolean",
        is_active="boolean",
        is_overdue="boolean",
        days_overdue="integer",
        start_date="date",
        end_date="date",
        planned_days="integer",
        revenue_date="date",
        contract_value=MONEY,
        contracted_revenue=MONEY,
        activity_count="bigint",
        hours=MONEY,
        value_per_hour=MONEY,
        last_activity_on="date",
        last_contact_on="date",
        owner_email="text",
        created_on="date",
    ),
    "project_status": columns(
        project_status="text",
        project_status_label="text",
        project_status_sort="integer",
        is_contracted="boolean",
        is_active="boolean",
    ),
    "project_status_duration": columns(
        project_id="text",
        project_status="text",
        project_status_label="text",
        project_status_sort="integer",
        first_entered_on="date",
        times_entered="bigint",
        days=MONEY,
        is_current="boolean",
    ),
    "revenue_by_account": columns(
        account_id="text",
        company_name="text",
        industry="text",
        account_status="text",
        account_status_label="text",
        project_count="bigint",
        contracted_project_count="bigint",
        contracted_revenue=MONEY,
        share_of_revenue=SHARE,
        revenue_rank="bigint",
        active_value=MONEY,
        on_hold_value=MONEY,
        completed_value=MONEY,
        proposed_value=MONEY,
    ),
    "sync_health": columns(
        org_id="text",
        org_name="text",
        org_kind="text",
        mapping="text",
        object="text",
        state="text",
        state_label="text",
        state_sort="integer",
        row_count="bigint",
        last_run_at=INSTANT,
        last_run_status="text",
    ),
}


def test_the_contract_names_every_view(connection: psycopg.Connection[Any]) -> None:
    views = values(connection, "select viewname from pg_views where schemaname = 'analytics'")
    assert sorted(views) == sorted(CONTRACT)


@pytest.mark.parametrize("view", CONTRACT)
def test_a_view_has_exactly_its_columns_in_this_order(
    connection: psycopg.Connection[Any], view: str
) -> None:
    found = connection.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 order by attnum",
        (f"analytics.{view}",),
    ).fetchall()
    assert found == list(CONTRACT[view].items())


def test_one_column_name_has_one_type_everywhere() -> None:
    types: dict[str, set[str]] = {}
    for view in CONTRACT.values():
        for column, kind in view.items():
            types.setdefault(column, set()).add(kind)
    assert {column: kinds for column, kinds in types.items() if len(kinds) > 1} == {}


def test_nothing_that_power_bi_takes_amiss() -> None:
    kinds = {kind for view in CONTRACT.values() for kind in view.values()}
    assert kinds == {
        "text",
        "bigint",
        "integer",
        "boolean",
        "date",
        MONEY,
        SHARE,
        INSTANT,
    }  # no uuid, no enum, no numeric without scale
