"""Opportunities: what follows from stage, amount and close date."""

from typing import Any

import pytest

from .client import Client

DERIVED = ("IsClosed", "IsWon", "Probability", "ForecastCategory", "ForecastCategoryName")


def opportunity(client: Client, key: str, **fields: Any) -> str:
    facts = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-08-31", **fields}
    return client.upsert_one("Opportunity", CRM_Id__c=key, **facts)


@pytest.mark.parametrize(
    ("stage", "derived"),
    [
        ("Proposal/Price Quote", (False, False, 75.0, "Pipeline", "Pipeline")),
        ("Closed Won", (True, True, 100.0, "Closed", "Closed")),
        ("Closed Lost", (True, False, 0.0, "Omitted", "Omitted")),
        ("Invented", (False, False, 0.0, "Pipeline", "Pipeline")),
    ],
)
def test_the_stage_decides_what_is_derived(
    client: Client, stage: str, derived: tuple[Any, ...]
) -> None:
    found = client.row("Opportunity", opportunity(client, stage, StageName=stage), *DERIVED)
    assert tuple(found.values()) == derived


def test_a_change_of_stage_changes_them_again(client: Client) -> None:
    record_id = opportunity(client, "change", StageName="Closed Won", Amount=200)
    assert client.row("Opportunity", record_id, "ExpectedRevenue", "LastStageChangeDate") == {
        "ExpectedRevenue": 200.0,
        "LastStageChangeDate": None,
    }
    client.update("Opportunity", record_id, StageName="Value Proposition")
    found = client.row(
        "Opportunity", record_id, "IsWon", "Probability", "ExpectedRevenue", "LastStageChangeDate"
    )
    assert found.pop("LastStageChangeDate")
    assert found == {"IsWon": False, "Probability": 50.0, "ExpectedRevenue": 100.0}


def test_a_given_probability_stands(client: Client) -> None:
    record_id = opportunity(client, "own", StageName="Qualification", Probability=33)
    client.update("Opportunity", record_id, Description="later")
    assert client.row("Opportunity", record_id, "Probability") == {"Probability": 33.0}


def test_the_fiscal_period_follows_the_close_date(client: Client) -> None:
    record_id = opportunity(client, "fiscal")
    assert client.row("Opportunity", record_id, "Fiscal", "FiscalYear", "FiscalQuarter") == {
        "Fiscal": "2026 3",
        "FiscalYear": 2026,
        "FiscalQuarter": 3,
    }


@pytest.mark.parametrize("name", ["IsClosed", "IsWon", "ExpectedRevenue", "ForecastCategory"])
def test_derived_fields_cannot_be_written(client: Client, name: str) -> None:
    [error] = client.update("Opportunity", opportunity(client, "ro"), **{name: None})["errors"]
    expected = {"IsClosed": "JSON_PARSER_ERROR", "IsWon": "JSON_PARSER_ERROR"}
    assert error["statusCode"] == expected.get(name, "INVALID_FIELD_FOR_INSERT_UPDATE")
