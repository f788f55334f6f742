"""getUpdated and getDeleted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from crm_sync.localorg.serve import LocalOrg

from .client import Client

NOON = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[Client]:
    with LocalOrg(clock=clock) as org:
        yield Client(org)


def asked(client: Client, which: str, start: str, end: str) -> requests.Response:
    return client.call("GET", f"/sobjects/Account/{which}/", params={"start": start, "end": end})


def answered(client: Client, which: str, start: str, end: str) -> dict[str, Any]:
    answer = asked(client, which, start, end)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_updated_lists_living_records_stamped_in_the_span(client: Client, clock: Clock) -> None:
    first = client.upsert_one("Account", CRM_Id__c="1", Name="A")
    clock.now += timedelta(minutes=10)
    second = client.upsert_one("Account", CRM_Id__c="2", Name="B")
    gone = client.upsert_one("Account", CRM_Id__c="3", Name="C")
    client.org.delete(gone)
    whole = answered(client, "updated", "2026-05-04T12:00:00Z", "2026-05-04T13:00:00Z")
    assert whole == {"ids": [first, second], "latestDateCovered": "2026-05-04T12:10:00.000+0000"}
    late = answered(client, "updated", "2026-05-04T12:05:00Z", "2026-05-04T13:00:00Z")
    assert late["ids"] == [second]


def test_deleted_lists_what_went_into_the_bin_and_when(client: Client, clock: Clock) -> None:
    one = client.upsert_one("Account", CRM_Id__c="1", Name="A")
    clock.now += timedelta(minutes=5)
    client.org.delete(one)
    told = answered(client, "deleted", "2026-05-04T12:00:00+00:00", "2026-05-04T13:00:00+00:00")
    assert told == {
        "deletedRecords": [{"deletedDate": "2026-05-04T12:05:30.000+0000", "id": one}],
        "earliestDateAvailable": "2026-04-19T12:05:30.000+0000",
        "latestDateCovered": "2026-05-04T12:05:00.000+0000",
    }
    client.org.purge()
    emptied = answered(client, "deleted", "2026-05-04T12:00:00Z", "2026-05-04T13:00:00Z")
    assert emptied["deletedRecords"] == []


def test_what_is_covered_ends_before_now_so_that_nothing_is_lost_after_it(
    client: Client, clock: Clock
) -> None:
    first = client.upsert_one("Account", CRM_Id__c="1", Name="A")
    told = answered(client, "updated", "2026-05-04T11:00:00Z", "2026-05-05T12:00:00Z")
    assert told["ids"] == [first]
    late = client.upsert_one("Account", CRM_Id__c="2", Name="B")
    clock.now += timedelta(minutes=10)
    following = answered(client, "updated", told["latestDateCovered"], "2026-05-05T12:00:00Z")
    assert late in following["ids"]
    past = answered(client, "updated", "2026-05-04T11:00:00Z", "2026-05-04T12:05:00Z")
    assert past["latestDateCovered"] == "2026-05-04T12:05:00.000+0000"


def test_seconds_are_ignored_at_both_ends(client: Client, clock: Clock) -> None:
    client.upsert_one("Account", CRM_Id__c="1", Name="A")
    clock.now += timedelta(minutes=5)
    inside = answered(client, "updated", "2026-05-04T12:00:59Z", "2026-05-04T12:01:59Z")
    assert len(inside["ids"]) == 1
    assert inside["latestDateCovered"] == "2026-05-04T12:01:00.000+0000"


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (
            "2026-05-04T12:00:00Z",
            "2026-05-04T12:00:59Z",
            "endDate must be at least one minute greater than the startDate",
        ),
        (
            "2026-04-01T12:00:00Z",
            "2026-05-04T12:00:00Z",
            "startDate cannot be more than 30 days ago",
        ),
    ],
)
def test_an_impossible_span_is_refused(client: Client, start: str, end: str, message: str) -> None:
    answer = asked(client, "updated", start, end)
    assert answer.status_code == 400
    assert answer.json() == [{"message": message, "errorCode": "INVALID_REPLICATION_DATE"}]


def test_a_date_that_is_none_is_refused(client: Client) -> None:
    answer = asked(client, "deleted", "yesterday", "today")
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"
