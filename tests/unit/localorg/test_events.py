"""Events: their times."""

from typing import Any

import pytest

from .client import Client

TIMES = ("StartDateTime", "ActivityDateTime", "EndDateTime", "DurationInMinutes", "ActivityDate")
START = "2026-05-04T09:00:00.000+0000"


def event(client: Client, key: str, **fields: Any) -> str:
    return client.upsert_one("Event", CRM_Id__c=key, Subject="E", **fields)


@pytest.mark.parametrize(
    "given",
    [
        {"ActivityDateTime": START, "DurationInMinutes": 90},
        {"StartDateTime": START, "EndDateTime": "2026-05-04T12:30:00+02:00"},
        {"StartDateTime": START, "ActivityDateTime": START, "DurationInMinutes": 90},
        {
            "StartDateTime": START,
            "DurationInMinutes": 90,
            "EndDateTime": "2026-05-04T10:30:00Z",
        },
    ],
)
def test_a_start_with_a_length_or_an_end_gives_all_times(
    client: Client, given: dict[str, Any]
) -> None:
    assert client.row("Event", event(client, "t", **given), *TIMES) == {
        "StartDateTime": START,
        "ActivityDateTime": START,
        "EndDateTime": "2026-05-04T10:30:00.000+0000",
        "DurationInMinutes": 90,
        "ActivityDate": "2026-05-04",
    }


def test_an_event_without_a_start_or_an_end_names_what_is_missing(client: Client) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "ActivityDateTime"),
        ({"DurationInMinutes": 30}, "ActivityDateTime"),
        ({"ActivityDate": "2026-05-04", "DurationInMinutes": 30}, "ActivityDateTime"),
        ({"ActivityDateTime": START}, "EndDateTime"),
    ]
    for number, (given, missing) in enumerate(cases):
        error = client.error("Event", CRM_Id__c=f"m{number}", Subject="E", **given)
        assert error == {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": f"Required fields are missing: [{missing}]",
            "fields": [missing],
        }


def test_before_version_39_the_missing_end_is_the_duration(client: Client) -> None:
    body = {"Subject": "E", "ActivityDateTime": START}
    [error] = client.call("POST", "/sobjects/Event", body, version="38.0").json()
    assert error["fields"] == ["DurationInMinutes"]


@pytest.mark.parametrize(
    "given",
    [
        {"ActivityDateTime": START, "DurationInMinutes": 1441},
        {"ActivityDateTime": START, "EndDateTime": "2026-05-05T09:01:00Z"},
        {"ActivityDateTime": START, "EndDateTime": "2026-05-04T08:59:00Z"},
    ],
)
def test_an_event_lasts_between_nothing_and_a_day(client: Client, given: dict[str, Any]) -> None:
    error = client.error("Event", CRM_Id__c="long", Subject="E", **given)
    assert error == {
        "statusCode": "FIELD_INTEGRITY_EXCEPTION",
        "message": "Duration must be between 0 and 1440 minutes: Duration",
        "fields": ["DurationInMinutes"],
    }


@pytest.mark.parametrize(
    "given",
    [
        {"StartDateTime": START, "ActivityDateTime": "2026-05-04T09:01Z", "DurationInMinutes": 5},
        {"StartDateTime": START, "DurationInMinutes": 5, "EndDateTime": "2026-05-04T09:06:00Z"},
        {"IsAllDayEvent": True, "ActivityDate": "2026-05-05", "StartDateTime": START},
    ],
)
def test_times_that_do_not_agree_are_refused(client: Client, given: dict[str, Any]) -> None:
    error = client.error("Event", CRM_Id__c="odd", Subject="E", **given)
    assert error["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"


def test_an_all_day_event_needs_a_day_only(client: Client) -> None:
    record_id = event(client, "day", IsAllDayEvent=True, ActivityDate="2026-05-04")
    found = client.row("Event", record_id, "ActivityDate", "DurationInMinutes", "StartDateTime")
    assert found == {
        "ActivityDate": "2026-05-04",
        "DurationInMinutes": 1440,
        "StartDateTime": "2026-05-04T00:00:00.000+0000",
    }


def test_a_moved_start_takes_the_end_along(client: Client) -> None:
    record_id = event(client, "moved", StartDateTime=START, DurationInMinutes=60)
    client.update("Event", record_id, StartDateTime="2026-05-04T11:00:00Z")
    assert client.row("Event", record_id, "ActivityDateTime", "EndDateTime") == {
        "ActivityDateTime": "2026-05-04T11:00:00.000+0000",
        "EndDateTime": "2026-05-04T12:00:00.000+0000",
    }
    client.update("Event", record_id, DurationInMinutes=30)
    assert client.row("Event", record_id, "EndDateTime") == {
        "EndDateTime": "2026-05-04T11:30:00.000+0000"
    }


def test_a_private_event_has_no_relations(client: Client) -> None:
    account = client.upsert_one("Account", CRM_Id__c="a", Name="A")
    error = client.error(
        "Event",
        CRM_Id__c="private",
        ActivityDateTime=START,
        DurationInMinutes=5,
        IsPrivate=True,
        WhatId=account,
    )
    assert error["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"
