"""Collections upsert by external ID."""

from typing import Any

import pytest

from .client import Client, typed


def patch(client: Client, path: str, body: Any, **params: str) -> Any:
    return client.call("PATCH", f"/composite/sobjects/{path}", body, params=params)


def test_a_row_is_created_once_and_then_updated(client: Client) -> None:
    [first] = client.upsert("Account", {"CRM_Id__c": "once", "Name": "First"})
    [second] = client.upsert("Account", {"CRM_Id__c": "once", "Name": "Second"})
    assert first == {"id": first["id"], "success": True, "errors": [], "created": True}
    assert second == {**first, "created": False}
    assert client.row("Account", first["id"], "Name") == {"Name": "Second"}


def test_results_stand_in_the_order_of_the_request_and_bad_rows_sink_no_others(
    client: Client,
) -> None:
    good, bad, other = client.upsert(
        "Account",
        {"CRM_Id__c": "o1", "Name": "One"},
        {"CRM_Id__c": "o2"},
        {"CRM_Id__c": "o3", "Name": "Three"},
    )
    assert good["success"]
    assert other["success"]
    assert bad == {
        "success": False,
        "created": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }


def test_external_ids_are_case_sensitive(client: Client) -> None:
    lower, upper = client.upsert(
        "Account", {"CRM_Id__c": "case", "Name": "x"}, {"CRM_Id__c": "CASE", "Name": "X"}
    )
    assert lower["created"]
    assert upper["created"]
    assert lower["id"] != upper["id"]


def test_every_row_that_shares_a_key_in_one_request_is_refused(client: Client) -> None:
    results = client.upsert(
        "Account",
        {"CRM_Id__c": "twin", "Name": "A"},
        {"CRM_Id__c": "single", "Name": "B"},
        {"CRM_Id__c": "twin", "Name": "C"},
    )
    assert [r["success"] for r in results] == [False, True, False]
    assert results[2]["errors"] == [
        {
            "statusCode": "DUPLICATE_VALUE",
            "message": "Duplicate external id specified: twin",
            "fields": ["CRM_Id__c"],
        }
    ]


def test_a_deleted_record_does_not_count_a_new_one_is_made(client: Client) -> None:
    old = client.upsert_one("Account", CRM_Id__c="reborn", Name="Old")
    assert client.call("DELETE", f"/sobjects/Account/{old}").status_code == 204
    [again] = client.upsert("Account", {"CRM_Id__c": "reborn", "Name": "New"})
    assert again["created"]
    assert again["id"] != old


def test_a_row_without_its_key_is_refused(client: Client) -> None:
    error = client.error("Account", Name="No key")
    assert error == {
        "statusCode": "MISSING_ARGUMENT",
        "message": "CRM_Id__c not specified",
        "fields": ["CRM_Id__c"],
    }


def test_a_key_that_several_records_share_names_them(client: Client) -> None:
    same = {"LastName": "L", "Company": "C", "Email": "s@example.com"}
    ids = [client.upsert_one("Lead", CRM_Id__c=f"same{n}", **same) for n in (1, 2)]
    records = typed("Lead", {"Email": "s@example.com", "LastName": "New"})
    [result] = patch(client, "Lead/Email", {"records": records}).json()
    [error] = result["errors"]
    assert error["statusCode"] == "DUPLICATE_EXTERNAL_ID"
    assert error["message"] == (
        f"Email: more than one record found for external id field: [{ids[0]}, {ids[1]}]"
    )


def test_update_only_brings_nothing_back(client: Client) -> None:
    known = client.upsert_one("Account", CRM_Id__c="known", Name="Known")
    records = typed(
        "Account",
        {"CRM_Id__c": "known", "Phone": "1"},
        {"CRM_Id__c": "unknown", "Name": "Unknown"},
    )
    answer = patch(client, "Account/CRM_Id__c/", {"records": records}, updateOnly="true")
    updated, refused = answer.json()
    assert updated == {"id": known, "success": True, "errors": [], "created": False}
    assert refused["errors"][0]["statusCode"] == "NOT_FOUND"


def test_all_or_none_writes_nothing_when_one_row_is_refused(client: Client) -> None:
    records = typed("Account", {"CRM_Id__c": "aon1", "Name": "A"}, {"CRM_Id__c": "aon2"})
    results = patch(client, "Account/CRM_Id__c", {"allOrNone": True, "records": records}).json()
    assert [r["success"] for r in results] == [False, False]
    assert results[0]["errors"][0] == {
        "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "message": "Record rolled back because not all records were valid and the request was "
        "using AllOrNone header",
        "fields": [],
    }
    assert client.query("SELECT Id FROM Account WHERE CRM_Id__c IN ('aon1', 'aon2')") == []


def test_an_upsert_by_id_updates_and_creates(client: Client) -> None:
    known = client.upsert_one("Account", CRM_Id__c="byid", Name="Known")
    records: list[dict[str, Any]] = [
        {"Id": known, "Phone": "2", "attributes": {"type": "Account"}},
        {"Id": None, "Name": "By Id", "attributes": {"type": "Account"}},
    ]
    updated, created = patch(client, "Account/Id", {"records": records}).json()
    assert (updated["id"], updated["created"]) == (known, False)
    assert created["created"] is True


@pytest.mark.parametrize(
    ("records", "status", "code", "message"),
    [
        ([], 400, "REQUIRED_FIELD_MISSING", "At least 1 record is required"),
        (
            typed("Account", *[{"CRM_Id__c": f"m{n}", "Name": "M"} for n in range(201)]),
            400,
            "EXCEEDED_ID_LIMIT",
            "record limit reached. cannot submit more than 200 records into this call",
        ),
        (
            [{"CRM_Id__c": "untyped", "Name": "U"}],
            400,
            "JSON_PARSER_ERROR",
            "Nested object for polymorphic foreign key must have an attributes field before any "
            "other fields.",
        ),
    ],
)
def test_a_request_that_is_wrong_as_a_whole_is_refused_as_a_whole(
    client: Client, records: list[Any], status: int, code: str, message: str
) -> None:
    answer = patch(client, "Account/CRM_Id__c", {"records": records})
    assert answer.status_code == status
    assert answer.json() == [{"message": message, "errorCode": code}]


def test_a_field_that_is_no_key_answers_as_if_absent(client: Client) -> None:
    answer = patch(client, "Account/Phone", {"records": typed("Account", {"Phone": "1"})})
    assert answer.status_code == 404
    assert answer.json()[0]["message"] == (
        "Provided external ID field does not exist or is not accessible: Phone"
    )
