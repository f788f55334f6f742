"""Values that Salesforce does not take, and how it says so."""

import gzip
from typing import Any

import pytest

from .client import Client

LEAD = {"LastName": "L", "Company": "C"}
OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-31"}
REST = " or request may be missing a required field at [line:1, column:1]"


@pytest.mark.parametrize(
    ("object_name", "fields", "code", "message", "named"),
    [
        (
            "Account",
            {"Name": "n" * 256},
            "STRING_TOO_LONG",
            f"Account Name: data value too large: {'n' * 256} (max length=255)",
            ["Name"],
        ),
        (
            "Account",
            {"Name": "N", "CleanStatus": "Filthy"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Clean Status: bad value for restricted picklist field: Filthy",
            ["CleanStatus"],
        ),
        (
            "Lead",
            {**LEAD, "Email": "nobody at example.com"},
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: nobody at example.com",
            ["Email"],
        ),
        (
            "Opportunity",
            {**OPPORTUNITY, "Amount": 1e16},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Amount: value outside of valid range on numeric field: 1.0E16",
            ["Amount"],
        ),
        (
            "Account",
            {"Name": "N", "NumberOfEmployees": 100000000},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Employees: value outside of valid range on numeric field: 1.0E8",
            ["NumberOfEmployees"],
        ),
        (
            "Opportunity",
            {**OPPORTUNITY, "Amount": "12,50"},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of currency from VALUE_STRING value 12,50" + REST,
            [],
        ),
        (
            "Account",
            {"Name": "N", "NumberOfEmployees": 1.5},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of int from VALUE_NUMBER_FLOAT value 1.5" + REST,
            [],
        ),
        (
            "Opportunity",
            {**OPPORTUNITY, "CloseDate": "31.01.2026"},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of date from VALUE_STRING value 31.01.2026" + REST,
            [],
        ),
        (
            "Opportunity",
            {**OPPORTUNITY, "CloseDate": "2026-02-30"},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of date from VALUE_STRING value 2026-02-30" + REST,
            [],
        ),
        (
            "Event",
            {"ActivityDateTime": "2017-10-17 00:00:00", "DurationInMinutes": 5},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of datetime from VALUE_STRING value 2017-10-17 00:00:00"
            + REST,
            [],
        ),
        (
            "Opportunity",
            {**OPPORTUNITY, "IsPrivate": "yes"},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of boolean from VALUE_STRING value yes" + REST,
            [],
        ),
        (
            "Opportunity",
            {**OPPORTUNITY, "IsPrivate": None},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of boolean from VALUE_NULL value null" + REST,
            [],
        ),
        (
            "Account",
            {"Name": {"de": "N"}},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of string from START_OBJECT value {" + REST,
            [],
        ),
        (
            "Account",
            {"Name": "N", "AccountNumer": "1"},
            "INVALID_FIELD",
            "No such column 'AccountNumer' on sobject of type Account",
            [],
        ),
        (
            "Account",
            {"Name": "N", "MasterRecordId": "001000000000000"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: MasterRecordId. Please check the security settings "
            "of this field and verify that it is read/write for your profile or permission set.",
            ["MasterRecordId"],
        ),
        (
            "Opportunity",
            {**OPPORTUNITY, "AccountId": "nonsense"},
            "MALFORMED_ID",
            "Account ID: id value of incorrect type: nonsense",
            ["AccountId"],
        ),
        (
            "Task",
            {"WhatId": "00Q000000000001EAA"},
            "FIELD_INTEGRITY_EXCEPTION",
            "Related To ID: id value of incorrect type: 00Q000000000001EAA",
            ["WhatId"],
        ),
        (
            "Opportunity",
            {**OPPORTUNITY, "AccountId": "001000000000001AAA"},
            "INVALID_CROSS_REFERENCE_KEY",
            "invalid cross reference id",
            [],
        ),
    ],
)
def test_a_refused_value_is_named_as_salesforce_names_it(
    client: Client,
    object_name: str,
    fields: dict[str, Any],
    code: str,
    message: str,
    named: list[str],
) -> None:
    error = client.error(object_name, CRM_Id__c="refused", **fields)
    assert error == {"statusCode": code, "message": message, "fields": named}
    body = {"CRM_Id__c": "refused", **fields}
    answer = client.call("POST", f"/sobjects/{object_name}", body)
    assert answer.status_code == 400
    alone = answer.json()[0]
    assert (alone["errorCode"], alone["message"]) == (code, message)


def test_a_picklist_that_is_not_restricted_takes_any_value(client: Client) -> None:
    record_id = client.upsert_one("Account", CRM_Id__c="pick", Name="N", Industry="Juggling")
    assert client.row("Account", record_id, "Industry") == {"Industry": "Juggling"}


def test_surplus_decimals_are_cut_off_silently(client: Client) -> None:
    record_id = client.upsert_one("Opportunity", CRM_Id__c="cut", Amount=-12.349, **OPPORTUNITY)
    assert client.row("Opportunity", record_id, "Amount") == {"Amount": -12.34}


def test_a_character_outside_the_basic_plane_counts_twice(client: Client) -> None:
    [fits, too_long] = client.upsert(
        "Account",
        {"CRM_Id__c": "e1", "Name": "n" * 253 + "😀"},
        {"CRM_Id__c": "e2", "Name": "n" * 254 + "😀"},
    )
    assert fits["success"]
    assert too_long["errors"][0]["statusCode"] == "STRING_TOO_LONG"


def test_values_are_given_back_in_salesforces_forms(client: Client) -> None:
    record_id = client.upsert_one(
        "Event",
        CRM_Id__c="forms",
        Subject="  trimmed  ",
        ActivityDateTime="2026-03-01T10:15:30.789+02:00",
        DurationInMinutes="45",
        IsPrivate=False,
    )
    record = client.row(
        "Event", record_id, "Subject", "ActivityDateTime", "DurationInMinutes", "IsPrivate"
    )
    assert record == {
        "Subject": "trimmed",
        "ActivityDateTime": "2026-03-01T08:15:30.000+0000",
        "DurationInMinutes": 45,
        "IsPrivate": False,
    }


def test_a_no_break_space_is_no_white_space(client: Client) -> None:
    record_id = client.upsert_one("Account", CRM_Id__c="nbsp", Name="\u00a0N\u00a0 \n")
    assert client.row("Account", record_id, "Name") == {"Name": "\u00a0N\u00a0"}


def test_field_names_may_have_any_case(client: Client) -> None:
    [result] = client.upsert("Account", {"crm_ID__c": "anycase", "NAME": "N", "phone": "1"})
    assert result["success"]
    assert client.row("Account", result["id"], "CRM_Id__c", "Phone") == {
        "CRM_Id__c": "anycase",
        "Phone": "1",
    }


def test_a_body_that_is_no_json_is_refused(client: Client) -> None:
    answer = client.session.post(
        f"{client.org.instance_url}/services/data/v60.0/sobjects/Account",
        data='{"Name": }',
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_a_body_may_be_zipped(client: Client) -> None:
    answer = client.session.post(
        f"{client.org.instance_url}/services/data/v60.0/sobjects/Account",
        data=gzip.compress(b'{"Name": "Zipped"}'),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
        timeout=10,
    )
    assert answer.status_code == 201
    assert client.query("SELECT Name FROM Account WHERE Name = 'Zipped'")
