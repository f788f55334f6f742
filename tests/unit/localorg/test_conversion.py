"""Lead conversion: an account, a contact, an opportunity, and the lead's activities."""

from datetime import date

from .client import Client


def lead(client: Client, key: str) -> str:
    return client.upsert_one(
        "Lead",
        CRM_Id__c=key,
        FirstName="Ada",
        LastName="Lovelace",
        Company="Engines",
        Email="ada@example.com",
        Phone="1",
        City="London",
        LeadSource="Web",
        Industry="Technology",
    )


def test_a_lead_becomes_an_account_and_a_contact(client: Client) -> None:
    one = lead(client, "c1")
    converted = client.call("POST", "/local/convert-lead", {"id": one}).json()
    assert converted["ConvertedOpportunityId"] is None
    assert converted["Status"] == "Closed - Converted"
    account = client.row(
        "Account", converted["ConvertedAccountId"], "Name", "BillingCity", "Industry", "Phone"
    )
    assert account == {
        "Name": "Engines",
        "BillingCity": "London",
        "Industry": "Technology",
        "Phone": "1",
    }
    contact = client.row(
        "Contact", converted["ConvertedContactId"], "Name", "Email", "AccountId", "MailingCity"
    )
    assert contact == {
        "Name": "Ada Lovelace",
        "Email": "ada@example.com",
        "AccountId": converted["ConvertedAccountId"],
        "MailingCity": "London",
    }


def test_an_opportunity_is_made_on_demand(client: Client) -> None:
    one = lead(client, "c2")
    converted = client.org.convert_lead(one, opportunity=True)
    made = client.row(
        "Opportunity", converted["ConvertedOpportunityId"], "Name", "StageName", "CloseDate"
    )
    assert (made["Name"], made["StageName"]) == ("Engines-", "Prospecting")
    closes = date.fromisoformat(made["CloseDate"])
    assert closes >= date.today()
    assert (closes.month % 3, closes.day >= 30) == (0, True)


def test_activities_follow_to_the_contact_and_the_opportunity(client: Client) -> None:
    one = lead(client, "c3")
    task = client.upsert_one("Task", CRM_Id__c="t3", Subject="Call", WhoId=one)
    converted = client.org.convert_lead(one, opportunity="Big deal")
    assert client.row("Task", task, "WhoId", "WhatId", "AccountId") == {
        "WhoId": converted["ConvertedContactId"],
        "WhatId": converted["ConvertedOpportunityId"],
        "AccountId": converted["ConvertedAccountId"],
    }


def test_a_lead_may_join_a_contact_that_exists(client: Client) -> None:
    account = client.upsert_one("Account", CRM_Id__c="a4", Name="A")
    contact = client.upsert_one("Contact", CRM_Id__c="p4", LastName="P", AccountId=account)
    body = {"id": lead(client, "c4"), "account_id": account, "contact_id": contact}
    converted = client.call("POST", "/local/convert-lead", body).json()
    assert converted["ConvertedContactId"] == contact
    assert converted["ConvertedAccountId"] == account


def test_a_converted_lead_is_not_converted_again(client: Client) -> None:
    one = lead(client, "c5")
    client.org.convert_lead(one)
    answer = client.call("POST", "/local/convert-lead", {"id": one})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"
