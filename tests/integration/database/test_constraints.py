"""Each rule of the tables refuses what breaks it, and says its name."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.rows import add, value

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("accounts", {"company_name": ""}, "accounts_company_name_not_blank"),
    ("accounts", {"company_name": " \t\n"}, "accounts_company_name_not_blank"),
    ("accounts", {"email": "anna.example.com"}, "accounts_email_is_an_address"),
    ("accounts", {"owner_email": "two@at@example.com"}, "accounts_owner_email_is_an_address"),
    ("leads", {"company_name": " "}, "leads_company_name_not_blank"),
    ("leads", {"first_name": " "}, "leads_first_name_not_blank"),
    ("leads", {"last_name": ""}, "leads_last_name_not_blank"),
    ("leads", {"email": "anna@localhost"}, "leads_email_is_an_address"),
    ("leads", {"email": "anna maria@example.com"}, "leads_email_is_an_address"),
    ("leads", {"owner_email": ""}, "leads_owner_email_is_an_address"),
    ("leads", {"estimated_value": "-0.01"}, "leads_estimated_value_not_negative"),
    ("projects", {"project_name": "  "}, "projects_project_name_not_blank"),
    ("projects", {"owner_email": "nobody"}, "projects_owner_email_is_an_address"),
    ("leads", {"estimated_value": "NaN"}, "leads_estimated_value_not_negative"),
    ("projects", {"contract_value": -1}, "projects_contract_value_not_negative"),
    ("projects", {"contract_value": "NaN"}, "projects_contract_value_not_negative"),
    ("projects", {"end_date": "infinity"}, "projects_dates_are_finite"),
    ("activities", {"occurred_at": "-infinity"}, "activities_moments_are_finite"),
    ("activities", {"due_date": "infinity"}, "activities_moments_are_finite"),
    (
        "projects",
        {"start_date": "2026-05-02", "end_date": "2026-05-01"},
        "projects_end_not_before_start",
    ),
    ("activities", {"subject": " "}, "activities_subject_not_blank"),
    ("activities", {"duration_minutes": -5}, "activities_duration_not_negative"),
    ("activities", {"owner_email": "x@y"}, "activities_owner_email_is_an_address"),
]


@pytest.mark.parametrize(("table", "values", "constraint"), REFUSED)
def test_a_row_that_breaks_a_rule_is_refused_by_its_name(
    connection: psycopg.Connection[Any], table: str, values: dict[str, Any], constraint: str
) -> None:
    if table in ("projects", "activities"):
        values = {"account_id": add(connection, "accounts"), **values}
    with pytest.raises(errors.CheckViolation) as refused:
        add(connection, table, **values)
    assert refused.value.diag.constraint_name == constraint


def test_an_activity_has_exactly_one_parent(connection: psycopg.Connection[Any]) -> None:
    account = add(connection, "accounts")
    lead = add(connection, "leads")
    project = add(connection, "projects", account_id=account)
    keys = {"account_id": account, "lead_id": lead, "project_id": project}
    too_many_or_none: list[dict[str, Any]] = [
        {},
        {"account_id": account, "lead_id": lead},
        {"lead_id": lead, "project_id": project},
        keys,
    ]
    for parents in too_many_or_none:
        with pytest.raises(errors.CheckViolation) as refused:
            add(connection, "activities", **parents)
        assert refused.value.diag.constraint_name == "activities_exactly_one_parent"
    for column, key in keys.items():
        activity = add(connection, "activities", **{column: key})
        found = connection.execute(
            "select related_type, related_id from public.activities where id = %s", (activity,)
        ).fetchone()
        assert found == (column.removesuffix("_id"), key)


def test_what_an_activity_belongs_to_cannot_be_written_by_hand(
    connection: psycopg.Connection[Any],
) -> None:
    account = add(connection, "accounts")
    with pytest.raises(errors.GeneratedAlways):
        add(connection, "activities", account_id=account, related_type="lead")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("projects", "account_id"),
        ("leads", "converted_account_id"),
        ("activities", "lead_id"),
        ("activities", "account_id"),
        ("activities", "project_id"),
    ],
)
def test_a_key_that_points_nowhere_is_refused(
    connection: psycopg.Connection[Any], table: str, column: str
) -> None:
    values: dict[str, Any] = {column: uuid4()}
    if table == "leads":
        values["lead_status"] = "won"
    with pytest.raises(errors.ForeignKeyViolation) as refused:
        add(connection, table, **values)
    assert refused.value.diag.constraint_name == f"{table}_{column}_fkey"


def test_only_a_won_lead_is_converted(connection: psycopg.Connection[Any]) -> None:
    account = add(connection, "accounts")
    with pytest.raises(errors.CheckViolation) as refused:
        add(connection, "leads", lead_status="qualified", converted_account_id=account)
    assert refused.value.diag.constraint_name == "leads_converted_is_won"
    lead = add(connection, "leads", lead_status="won", converted_account_id=account)
    with pytest.raises(errors.CheckViolation):
        connection.execute("update public.leads set lead_status = 'lost' where id = %s", (lead,))


def test_what_only_salesforce_refuses_is_kept(connection: psycopg.Connection[Any]) -> None:
    account = add(connection, "accounts", company_name="Donaudampfschiff " * 40)
    add(connection, "leads", last_name=None, email="müller..anna@straße.example")
    add(connection, "projects", account_id=account, start_date="2026-05-01", end_date="2026-05-01")
    add(connection, "activities", account_id=account, activity_type="meeting")


def test_updated_at_is_the_time_of_the_last_write_whatever_the_writer_says(
    connection: psycopg.Connection[Any],
) -> None:
    account = add(connection, "accounts", updated_at="2001-01-01")
    assert value(connection, "select extract(year from updated_at)::int from accounts") == 2001
    owners = {
        "accounts": account,
        "leads": add(connection, "leads"),
        "projects": add(connection, "projects", account_id=account),
        "activities": add(connection, "activities", account_id=account),
    }
    for table, key in owners.items():
        with connection.transaction():
            connection.execute(
                f"update public.{table} set owner_email = 'anna@example.com',"
                " updated_at = '2001-01-01' where id = %s".encode(),
                (key,),
            )
            assert value(
                connection, f"select updated_at = now() from public.{table} where id = %s", key
            )
