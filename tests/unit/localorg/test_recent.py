"""Recently viewed records."""

from collections.abc import Iterator

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import BASE, Client


@pytest.fixture
def client() -> Iterator[Client]:
    with LocalOrg() as org:
        yield Client(org)


def view(client: Client, record_id: str) -> None:
    assert client.call("POST", "/local/view", {"id": record_id}).status_code == 200


def test_what_a_person_saw_comes_last_first(client: Client) -> None:
    account = client.upsert_one("Account", CRM_Id__c="1", Name="A")
    lead = client.upsert_one("Lead", CRM_Id__c="1", LastName="L", Company="C")
    assert client.call("GET", "/recent").json() == []
    for seen in (account, lead, account):
        view(client, seen)
    assert client.call("GET", "/recent/").json() == [
        {
            "attributes": {"type": "Account", "url": f"{BASE}/sobjects/Account/{account}"},
            "Id": account,
            "Name": "A",
        },
        {
            "attributes": {"type": "Lead", "url": f"{BASE}/sobjects/Lead/{lead}"},
            "Id": lead,
            "Name": "L",
        },
    ]
    assert len(client.call("GET", "/recent", params={"limit": "1"}).json()) == 1
    assert client.row("Account", account, "LastViewedDate")["LastViewedDate"] is not None


def test_an_object_tells_its_recent_items_and_no_deleted_ones(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="1", Name="A")
    lead = client.upsert_one("Lead", CRM_Id__c="1", LastName="L", Company="C")
    view(client, one)
    view(client, lead)
    [item] = client.call("GET", "/sobjects/Account").json()["recentItems"]
    assert item["Id"] == one
    client.org.delete(one)
    assert client.call("GET", "/sobjects/Account").json()["recentItems"] == []
