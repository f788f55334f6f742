"""Undelete, the emptied bin, and merges."""

from collections.abc import Iterator
from typing import Any

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import Client

OPPORTUNITY: dict[str, Any] = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}


@pytest.fixture
def client() -> Iterator[Client]:
    with LocalOrg() as org:
        yield Client(org)


def undelete(client: Client, record_id: str) -> int:
    return client.call("POST", "/local/undelete", {"id": record_id}).status_code


def test_an_undeleted_account_brings_back_what_it_took_along(client: Client) -> None:
    parent = client.upsert_one("Account", CRM_Id__c="p", Name="P")
    child = client.upsert_one("Account", CRM_Id__c="c", Name="C", ParentId=parent)
    contact = client.upsert_one("Contact", CRM_Id__c="p", LastName="L", AccountId=parent)
    deal = client.upsert_one("Opportunity", CRM_Id__c="o", AccountId=parent, **OPPORTUNITY)
    task = client.upsert_one("Task", CRM_Id__c="t", Subject="T", WhatId=deal)
    earlier = client.upsert_one("Task", CRM_Id__c="t2", Subject="T", WhatId=parent)
    client.org.delete(earlier)
    client.org.delete(parent)
    for name in ("Contact", "Opportunity", "Task"):
        assert client.org.store.count(name) == 0
    assert client.row("Account", child, "ParentId") == {"ParentId": None}
    assert undelete(client, parent) == 200
    for name, record_id in (("Contact", contact), ("Opportunity", deal), ("Task", task)):
        assert client.row(name, record_id, "IsDeleted") == {"IsDeleted": False}
    assert client.row("Account", child, "ParentId") == {"ParentId": parent}
    assert client.row("Task", earlier, "IsDeleted") == {"IsDeleted": True}


def test_a_key_that_was_taken_meanwhile_keeps_a_record_in_the_bin(client: Client) -> None:
    old = client.upsert_one("Account", CRM_Id__c="taken", Name="Old")
    client.org.delete(old)
    new = client.upsert_one("Account", CRM_Id__c="taken", Name="New")
    assert new != old
    answer = client.call("POST", "/local/undelete", {"id": old})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    assert client.row("Account", old, "IsDeleted") == {"IsDeleted": True}


def test_an_emptied_bin_leaves_nothing(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="gone", Name="A")
    client.org.delete(one)
    assert client.call("POST", "/local/purge").json() == {"purged": 1}
    assert client.query(f"SELECT Id FROM Account WHERE Id = '{one}'", "queryAll") == []
    assert undelete(client, one) == 404
    assert client.call("GET", f"/sobjects/Account/{one}").status_code == 404


def test_a_merge_points_every_child_to_the_winner(client: Client) -> None:
    winner = client.upsert_one("Account", CRM_Id__c="w", Name="W")
    loser = client.upsert_one("Account", CRM_Id__c="l", Name="L")
    contact = client.upsert_one("Contact", CRM_Id__c="k", LastName="K", AccountId=loser)
    deal = client.upsert_one("Opportunity", CRM_Id__c="o", AccountId=loser, **OPPORTUNITY)
    task = client.upsert_one("Task", CRM_Id__c="t", Subject="T", WhatId=deal)
    times = {"ActivityDateTime": "2026-05-04T09:00:00Z", "DurationInMinutes": 30}
    about = client.upsert_one("Event", CRM_Id__c="e", Subject="E", WhatId=loser, **times)
    client.org.merge(winner, loser)
    assert client.row("Contact", contact, "AccountId") == {"AccountId": winner}
    assert client.row("Opportunity", deal, "AccountId") == {"AccountId": winner}
    assert client.row("Task", task, "WhatId", "AccountId") == {"WhatId": deal, "AccountId": winner}
    assert client.row("Event", about, "WhatId", "AccountId") == {
        "WhatId": winner,
        "AccountId": winner,
    }
    assert client.row("Account", loser, "IsDeleted", "MasterRecordId") == {
        "IsDeleted": True,
        "MasterRecordId": winner,
    }


def test_a_loser_that_comes_back_names_its_winner_no_more(client: Client) -> None:
    winner = client.upsert_one("Account", CRM_Id__c="w", Name="W")
    loser = client.upsert_one("Account", CRM_Id__c="l", Name="L")
    client.org.merge(winner, loser)
    assert client.org.undelete(loser)["MasterRecordId"] is None
    assert client.row("Account", loser, "IsDeleted", "MasterRecordId") == {
        "IsDeleted": False,
        "MasterRecordId": None,
    }


def test_contacts_merge_too(client: Client) -> None:
    winner = client.upsert_one("Contact", CRM_Id__c="w", LastName="W")
    loser = client.upsert_one("Contact", CRM_Id__c="l", LastName="L")
    task = client.upsert_one("Task", CRM_Id__c="t", Subject="T", WhoId=loser)
    client.org.merge(winner, loser)
    assert client.row("Task", task, "WhoId") == {"WhoId": winner}
