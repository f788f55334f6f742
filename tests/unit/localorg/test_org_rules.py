"""Rules that an administrator switches on: validation, duplicates, automation, CPU time."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from crm_sync.localorg.serve import LocalOrg

from .client import BASE, Client, typed

VALIDATION = {
    "rule": "validation",
    "object": "Opportunity",
    "when": {"Amount": {"<": 0}, "StageName": {"!=": "Closed Lost"}},
    "message": "An amount is not negative",
    "field": "Amount",
}
DUPLICATE = {"rule": "duplicate", "object": "Account", "fields": ["Name", "BillingCity"]}
OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}


@pytest.fixture
def client(running_org: LocalOrg) -> Iterator[Client]:
    yield Client(running_org)
    running_org.rules = []


def test_a_validation_rule_refuses_with_its_text_and_field(client: Client) -> None:
    client.org.rules = [VALIDATION]
    error = client.error("Opportunity", CRM_Id__c="v1", Amount=-1, **OPPORTUNITY)
    assert error == {
        "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "message": "An amount is not negative",
        "fields": ["Amount"],
    }
    lost = {**OPPORTUNITY, "StageName": "Closed Lost"}
    one = client.upsert_one("Opportunity", CRM_Id__c="v2", Amount=-1, **lost)
    reopened = client.update("Opportunity", one, StageName="Qualification")
    assert reopened["errors"][0]["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    client.org.rules = []
    assert client.update("Opportunity", one, StageName="Qualification")["success"]


@pytest.mark.parametrize(
    ("condition", "value", "is_refused"),
    [
        ({"blank": True}, None, True),
        ({"blank": True}, "1", False),
        ({"changed": True}, "1", True),
        ({"=": "1"}, "1", True),
        ({"=": "1"}, "2", False),
        ({">": "1"}, "2", True),
        ({">": "1"}, None, False),
    ],
)
def test_conditions(client: Client, condition: Any, value: str | None, is_refused: bool) -> None:
    client.org.rules = [
        {"rule": "validation", "object": "Account", "when": {"Phone": condition}, "message": "no"}
    ]
    answer = client.call("POST", "/sobjects/Account", {"Name": "A", "Phone": value})
    assert answer.status_code == (400 if is_refused else 201)


def create(client: Client, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
    body = {"Name": "Acme", "BillingCity": "Bonn", **more}
    return client.call("POST", "/sobjects/Account", body, headers=headers)


def test_a_duplicate_rule_tells_what_it_found(client: Client) -> None:
    one = create(client).json()["id"]
    client.org.rules = [DUPLICATE]
    refused = create(client, Name="ACME")
    assert refused.status_code == 400
    [error] = refused.json()
    found = error.pop("duplicateResut")
    assert error == {"errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?"}
    assert found == {
        "allowSave": True,
        "duplicateRule": "Standard_Account_Duplicate_Rule",
        "duplicateRuleEntityType": "Account",
        "errorMessage": "Use one of these records?",
        "matchResults": [
            {
                "entityType": "Account",
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": [
                    {
                        "additionalInformation": [],
                        "fieldDiffs": [],
                        "matchConfidence": 100.0,
                        "record": {
                            "attributes": {
                                "type": "Account",
                                "url": f"{BASE}/sobjects/Account/{one}",
                            },
                            "Id": one,
                        },
                    }
                ],
                "rule": "Standard_Account_Match_Rule_v1_0",
                "size": 1,
                "success": True,
            }
        ],
    }
    records = typed("Account", {"Name": "Acme", "BillingCity": "Bonn"}, {"Name": "Other"})
    row, other = client.call("POST", "/composite/sobjects", {"records": records}).json()
    assert row["errors"][0]["statusCode"] == "DUPLICATES_DETECTED"
    assert row["errors"][0]["duplicateResut"]["matchResults"][0]["size"] == 1
    assert other["success"]
    assert client.update("Account", one, Phone="1")["success"]  # its own record is no duplicate


def test_the_header_lets_an_alert_pass_and_no_block(client: Client) -> None:
    create(client)
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true"}
    client.org.rules = [DUPLICATE]
    assert create(client, allow).status_code == 201
    old = client.call(
        "POST",
        "/sobjects/Account",
        {"Name": "Acme", "BillingCity": "Bonn"},
        headers=allow,
        version="51.0",
    )
    assert old.status_code == 400
    client.org.rules = [{**DUPLICATE, "action": "block"}]
    blocked = create(client, allow)
    assert blocked.status_code == 400
    found = blocked.json()[0]["duplicateResut"]
    assert found["allowSave"] is False
    assert found["matchResults"][0]["matchRecords"][0]["record"]["BillingCity"] == "Bonn"


def test_an_automation_changes_a_field_after_the_save(client: Client) -> None:
    client.org.rules = [
        {
            "rule": "automation",
            "object": "Lead",
            "set": {"Rating": "Hot"},
            "when": {"LeadSource": {"=": "Web"}},
        }
    ]
    web = client.upsert_one("Lead", CRM_Id__c="a1", LastName="L", Company="C", LeadSource="Web")
    other = client.upsert_one("Lead", CRM_Id__c="a2", LastName="L", Company="C", Rating="Cold")
    assert client.row("Lead", web, "Rating") == {"Rating": "Hot"}
    assert client.row("Lead", other, "Rating") == {"Rating": "Cold"}


def test_a_trigger_runs_out_of_time_on_too_many_rows(client: Client) -> None:
    client.org.rules = [{"rule": "cpu", "object": "Account", "rows": 3}]
    many = [{"CRM_Id__c": f"cpu{n}", "Name": "A"} for n in range(4)]
    errors = [r["errors"][0] for r in client.upsert("Account", *many)]
    assert {e["statusCode"] for e in errors} == {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"}
    assert errors[0]["message"].endswith("System.LimitException: Apex CPU time limit exceeded")
    assert all(r["success"] for r in client.upsert("Account", *many[:3]))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"rule": "magic"}, 'There is no rule "magic"; there are: automation, cpu, duplicate, '),
        ({}, "There is no rule null; there are: "),
        (1, "A rule must be a JSON object, not 1."),
        (
            {"rule": "cpu", "object": "Account"},
            "The cpu rule.rows is missing; it is a whole number",
        ),
        ({"rule": "cpu", "object": "Foo", "rows": 1}, "The cpu rule names an unknown object: Foo."),
        ({"rule": "cpu", "object": "Account", "rows": "x"}, "The cpu rule.rows must be a whole"),
        (
            {"rule": "duplicate", "object": "Account", "fields": []},
            "The duplicate rule.fields must be a list of field names, not [].",
        ),
        (
            {"rule": "automation", "object": "Lead", "set": {"IsConverted": "maybe"}},
            "The automation rule has no value for IsConverted: Cannot deserialize instance of",
        ),
        (
            {"rule": "automation", "object": "Lead", "set": {}, "when": {"Company": {"~": 1}}},
            "The automation rule's when.Company.~ is not known; there are: blank, changed, =, !=,",
        ),
        (
            {"rule": "duplicate", "object": "Account", "fields": ["Nam"]},
            "The duplicate rule names unknown fields: Nam.",
        ),
    ],
)
def test_a_rule_that_cannot_be_understood_is_refused(
    client: Client, rule: Any, message: str
) -> None:
    answer = client.call("POST", "/local/rules", [rule])
    assert answer.status_code == 400
    assert message in answer.json()[0]["message"]


def test_rules_survive_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    with LocalOrg(data) as org:
        assert Client(org).call("POST", "/local/rules", [VALIDATION]).status_code == 200
    with LocalOrg(data) as org:
        assert Client(org).call("GET", "/local/rules").json() == [VALIDATION]


def automation(**given: Any) -> dict[str, Any]:
    return {"rule": "automation", "object": "Account", "set": given}


def test_an_automation_that_repeats_a_unique_value_refuses_the_row(client: Client) -> None:
    client.org.rules = [automation(CRM_Id__c="same")]
    first, second = client.upsert(
        "Account", {"CRM_Id__c": "u1", "Name": "A"}, {"CRM_Id__c": "u2", "Name": "B"}
    )
    assert (first["success"], second["success"]) == (True, False)
    assert second["errors"][0]["statusCode"] == "CANNOT_EXECUTE_FLOW_TRIGGER"
    assert "DUPLICATE_VALUE: duplicate value found: CRM_Id__c" in second["errors"][0]["message"]
    third = client.error("Account", CRM_Id__c="u3", Name="C")
    assert first["id"][:15] in third["message"]


def test_an_automation_that_points_to_nothing_refuses_the_row(client: Client) -> None:
    client.org.rules = [automation(ParentId="001000000000001AAA")]
    error = client.error("Account", CRM_Id__c="p1", Name="A")
    assert error["statusCode"] == "CANNOT_EXECUTE_FLOW_TRIGGER"
    assert "INVALID_CROSS_REFERENCE_KEY: invalid cross reference id" in error["message"]


def test_what_follows_from_what_an_automation_sets_is_derived(client: Client) -> None:
    client.org.rules = [
        {"rule": "automation", "object": "Opportunity", "set": {"StageName": "Closed Won"}}
    ]
    one = client.upsert_one("Opportunity", CRM_Id__c="s1", **OPPORTUNITY)
    record = client.call("GET", f"/sobjects/Opportunity/{one}").json()
    assert (record["IsWon"], record["Probability"]) == (True, 100)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (automation(Name=None), "The automation rule empties Name, which is required."),
        (automation(IsDeleted=True), "The automation rule sets IsDeleted, which nobody can write."),
        (
            {"rule": "automation", "object": "Lead", "set": {"Name": "x"}},
            "The automation rule sets Name, which nobody can write.",
        ),
        (
            {**VALIDATION, "object": "Account", "when": {"Name": {">": 5}}, "field": "Name"},
            "The validation rule compares Name by >: the value must be a text, not 5.",
        ),
        (
            {**VALIDATION, "when": {"Amount": {"<": None}}},
            "The validation rule compares Amount by < with null, which is neither less nor ",
        ),
        (
            {**VALIDATION, "when": {"Amount": {"=": "5"}}},
            "The validation rule compares Amount by =: the value must be a number",
        ),
    ],
)
def test_a_rule_that_could_not_be_carried_out_is_not_switched_on(
    client: Client, rule: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        client.org.rules = [rule]
