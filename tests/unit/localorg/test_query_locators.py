"""Results of several pages: they stay as they were, and are released in the end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import Client, typed

ROWS = 450


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def many(clock: Clock) -> Iterator[Client]:
    with LocalOrg(clock=clock) as org:
        client = Client(org)
        parent = client.upsert_one("Account", CRM_Id__c="a", Name="A")
        for start in range(0, ROWS, 150):
            rows = [{"Subject": f"{n:03}", "WhatId": parent} for n in range(start, start + 150)]
            client.call("POST", "/composite/sobjects", {"records": typed("Task", *rows)})
        yield client


def page(client: Client, soql: str) -> dict[str, Any]:
    answer = client.call(
        "GET", "/query", params={"q": soql}, headers={"Sforce-Query-Options": "batchSize=200"}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def follow(client: Client, first: dict[str, Any]) -> list[Any]:
    """The subjects of all pages."""
    found = [r["Subject"] for r in first["records"]]
    while not first["done"]:
        first = client.call("GET", first["nextRecordsUrl"]).json()
        assert first["totalSize"] == ROWS
        found += [r["Subject"] for r in first["records"]]
    return found


def test_a_result_stays_as_it_was_while_others_write(many: Client) -> None:
    first = page(many, "SELECT Id, Subject FROM Task ORDER BY Subject")
    last_id = many.query("SELECT Id FROM Task WHERE Subject = '449'")[0]["Id"]
    many.update("Task", last_id, Subject="changed")
    assert follow(many, first) == [f"{n:03}" for n in range(ROWS)]
    many.update("Task", last_id, Subject="449")


def test_a_page_may_be_asked_for_again(many: Client) -> None:
    first = page(many, "SELECT Subject FROM Task")
    url = first["nextRecordsUrl"]
    assert many.call("GET", url).json() == many.call("GET", url).json()


def test_many_children_have_pages_of_their_own(many: Client) -> None:
    soql = "SELECT Name, (SELECT Subject FROM Tasks ORDER BY Subject) FROM Account"
    [record] = page(many, soql)["records"]
    children = record["Tasks"]
    assert (children["totalSize"], children["done"], len(children["records"])) == (ROWS, False, 200)
    assert follow(many, children) == [f"{n:03}" for n in range(ROWS)]


def test_a_user_keeps_ten_results_open(many: Client) -> None:
    urls = [page(many, "SELECT Subject FROM Task")["nextRecordsUrl"] for _ in range(11)]
    assert many.call("GET", urls[0]).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert [many.call("GET", url).status_code for url in urls[1:]] == [200] * 10


def test_a_result_is_released_after_two_days(many: Client, clock: Clock) -> None:
    many.org.set_policies(session_seconds=30 * 24 * 60 * 60)
    url = page(many, "SELECT Subject FROM Task")["nextRecordsUrl"]
    clock.now += timedelta(days=1)
    assert many.call("GET", url).status_code == 200
    clock.now += timedelta(days=2, seconds=1)
    answer = many.call("GET", url)
    assert (answer.status_code, answer.json()) == (
        400,
        [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}],
    )


def test_a_locator_beyond_the_result_is_refused(many: Client) -> None:
    url = page(many, "SELECT Subject FROM Task")["nextRecordsUrl"]
    assert many.call("GET", url.replace("-200", "-450")).status_code == 400


def test_too_many_groups_are_refused(many: Client) -> None:
    soql = "SELECT Id, COUNT(Subject) FROM Task GROUP BY Id"
    answer = many.call(
        "GET", "/query", params={"q": soql}, headers={"Sforce-Query-Options": "batchSize=200"}
    )
    assert answer.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
