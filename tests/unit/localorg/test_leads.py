"""Leads: names, the assignment rule, conversion."""

from typing import Any

import pytest

from .client import BASE, Client, typed


def record(key: str, **fields: Any) -> dict[str, Any]:
    return {"CRM_Id__c": key, "LastName": "Lovelace", "Company": "Engines", **fields}


def test_the_name_is_composed_of_its_parts(client: Client) -> None:
    lead = client.upsert_one("Lead", **record("n", FirstName="Ada", Salutation="Ms."))
    assert client.row("Lead", lead, "Name") == {"Name": "Ada Lovelace"}
    client.update("Lead", lead, FirstName=None)
    assert client.row("Lead", lead, "Name") == {"Name": "Lovelace"}
    [error] = client.update("Lead", lead, Name="Other")["errors"]
    assert error["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


@pytest.mark.parametrize("headers", [{}, {"Sforce-Auto-Assign": "TRUE"}])
def test_the_assignment_rule_takes_the_owner_on_create_and_on_update(
    client: Client, headers: dict[str, str]
) -> None:
    key = f"rule{len(headers)}"
    body = {"records": typed("Lead", record(key, OwnerId=client.org.integration_user_id))}
    path = "/composite/sobjects/Lead/CRM_Id__c"
    [created] = client.call("PATCH", path, body, headers=headers).json()
    lead = created["id"]
    assert client.row("Lead", lead, "Owner.Name") == {"Owner": {"Name": "Queue User"}}
    client.update("Lead", lead, OwnerId=client.org.integration_user_id)
    assert client.row("Lead", lead, "Owner.Name") == {"Owner": {"Name": "Integration User"}}
    client.call("PATCH", f"/sobjects/Lead/{lead}", {"Phone": "1"}, headers=headers)
    assert client.row("Lead", lead, "Owner.Name") == {"Owner": {"Name": "Queue User"}}


def test_in_a_composite_only_the_header_of_the_subrequest_counts(client: Client) -> None:
    def subrequest(key: str, headers: dict[str, str]) -> dict[str, Any]:
        return {
            "method": "PATCH",
            "url": f"{BASE}/composite/sobjects/Lead/CRM_Id__c",
            "referenceId": key,
            "httpHeaders": headers,
            "body": {"records": typed("Lead", record(key))},
        }

    off = {"Sforce-Auto-Assign": "FALSE"}
    requests = [subrequest("own", off), subrequest("outer", {})]
    body = {"collateSubrequests": False, "compositeRequest": requests}
    answer = client.call("POST", "/composite", body, headers=off)
    assert answer.status_code == 200
    owners = {
        lead["CRM_Id__c"]: lead["Owner"]["Name"]
        for lead in client.query(
            "SELECT CRM_Id__c, Owner.Name FROM Lead WHERE CRM_Id__c IN ('own', 'outer')"
        )
    }
    assert owners == {"own": "Integration User", "outer": "Queue User"}


def test_a_converted_lead_has_an_account_and_takes_no_update(client: Client) -> None:
    lead = client.upsert_one("Lead", **record("conv"))
    client.org.convert_lead(lead)
    found = client.row("Lead", lead, "IsConverted", "Status", "ConvertedAccountId", "ConvertedDate")
    assert found["IsConverted"] is True
    assert found["Status"] == "Closed - Converted"
    assert found["ConvertedDate"]
    assert client.row("Account", found["ConvertedAccountId"], "Name") == {"Name": "Engines"}
    [error] = client.update("Lead", lead, Phone="1")["errors"]
    assert error == {
        "statusCode": "CANNOT_UPDATE_CONVERTED_LEAD",
        "message": "cannot reference converted lead",
        "fields": [],
    }
    assert client.error("Lead", **record("conv"))["statusCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_lead_may_be_converted_into_an_account_that_exists(client: Client) -> None:
    lead = client.upsert_one("Lead", **record("conv2"))
    account = client.upsert_one("Account", CRM_Id__c="conv2", Name="Known")
    assert client.org.convert_lead(lead, account)["ConvertedAccountId"] == account
