"""Contacts in WhoId, campaigns in WhatId, members of campaigns."""

import pytest

from .client import Client

TIMES = {"ActivityDateTime": "2026-05-04T09:00:00Z", "DurationInMinutes": 30}


def test_a_contact_composes_its_name_and_address(client: Client) -> None:
    one = client.upsert_one(
        "Contact", CRM_Id__c="1", FirstName="Ada", LastName="L", MailingCity="Bonn"
    )
    record = client.call("GET", f"/sobjects/Contact/{one}").json()
    assert record["Name"] == "Ada L"
    assert record["MailingAddress"]["city"] == "Bonn"
    assert record["OtherAddress"] is None


def test_a_contact_goes_with_its_account_and_takes_its_activities(client: Client) -> None:
    account = client.upsert_one("Account", CRM_Id__c="2", Name="A")
    contact = client.upsert_one("Contact", CRM_Id__c="2", LastName="L", AccountId=account)
    task = client.upsert_one("Task", CRM_Id__c="2", Subject="T", WhoId=contact)
    client.org.delete(account)
    assert client.row("Contact", contact, "IsDeleted") == {"IsDeleted": True}
    assert client.row("Task", task, "IsDeleted") == {"IsDeleted": True}


def test_a_contact_may_stand_beside_what_an_activity_is_about(client: Client) -> None:
    contact = client.upsert_one("Contact", CRM_Id__c="3", LastName="L")
    campaign = client.upsert_one("Campaign", CRM_Id__c="3", Name="C")
    client.upsert_one(
        "Event",
        CRM_Id__c="3",
        Subject="E",
        Who={"attributes": {"type": "Contact"}, "CRM_Id__c": "3"},
        What={"attributes": {"type": "Campaign"}, "CRM_Id__c": "3"},
        **TIMES,
    )
    [event] = client.query("SELECT WhoId, WhatId FROM Event WHERE CRM_Id__c = '3'")
    assert event == {"WhoId": contact, "WhatId": campaign}


def test_an_activity_belongs_to_its_contacts_account_unless_it_is_about_another(
    client: Client,
) -> None:
    account = client.upsert_one("Account", CRM_Id__c="6", Name="A")
    other = client.upsert_one("Account", CRM_Id__c="7", Name="B")
    contact = client.upsert_one("Contact", CRM_Id__c="6", LastName="L", AccountId=account)
    campaign = client.upsert_one("Campaign", CRM_Id__c="6", Name="C")

    def account_of(what: str | None) -> object:
        task = client.upsert_one("Task", CRM_Id__c="6", Subject="T", WhoId=contact, WhatId=what)
        return client.row("Task", task, "AccountId")["AccountId"]

    assert account_of(campaign) == account
    assert account_of(None) == account
    assert account_of(other) == other


def test_a_campaign_starts_planned(client: Client) -> None:
    one = client.upsert_one("Campaign", CRM_Id__c="4", Name="C")
    row = client.row("Campaign", one, "Status", "IsActive", "NumberOfLeads")
    assert row == {"Status": "Planned", "IsActive": False, "NumberOfLeads": 0}


def test_a_member_is_a_lead_or_a_contact(client: Client) -> None:
    campaign = client.upsert_one("Campaign", CRM_Id__c="5", Name="C")
    lead = client.upsert_one("Lead", CRM_Id__c="5", LastName="L", Company="C")
    contact = client.upsert_one("Contact", CRM_Id__c="5", LastName="L")
    path = "/sobjects/CampaignMember"
    made = client.call(
        "POST", path, {"CampaignId": campaign, "LeadId": lead, "Status": "Responded"}
    )
    assert made.status_code == 201
    member = client.row("CampaignMember", made.json()["id"], "Type", "HasResponded")
    assert member == {"Type": "Lead", "HasResponded": True}
    both = {"CampaignId": campaign, "LeadId": lead, "ContactId": contact}
    assert client.call("POST", path, both).status_code == 400
    none = client.call("POST", path, {"CampaignId": campaign}).json()
    assert none[0]["errorCode"] == "REQUIRED_FIELD_MISSING"


@pytest.mark.parametrize("name", ["Contact", "Campaign", "CampaignMember"])
def test_what_is_required_is_told(client: Client, name: str) -> None:
    [error] = client.call("POST", f"/sobjects/{name}", {}).json()
    assert error["errorCode"] == "REQUIRED_FIELD_MISSING"
