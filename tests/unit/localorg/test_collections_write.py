"""Collections create, update, delete and retrieve."""

from typing import Any

from .client import Client, typed


def account(client: Client, key: str, **fields: Any) -> str:
    return client.upsert_one("Account", CRM_Id__c=key, Name=f"Account {key}", **fields)


def test_create_takes_mixed_types(client: Client) -> None:
    records = typed("Account", {"Name": "C"}) + typed("Task", {"Subject": "T"})
    results = client.call("POST", "/composite/sobjects", {"records": records}).json()
    assert [r["id"][:3] for r in results] == ["001", "00T"]
    assert set(results[0]) == {"id", "success", "errors"}


def test_create_refuses_an_id(client: Client) -> None:
    records = typed("Account", {"Name": "C", "Id": account(client, "has-id")})
    [result] = client.call("POST", "/composite/sobjects", {"records": records}).json()
    assert set(result) == {"success", "errors"}
    assert result["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_update_by_id_takes_mixed_types_and_leaves_other_fields_alone(client: Client) -> None:
    one = account(client, "u1", Phone="1", Website="w.example.com")
    task = client.upsert_one("Task", CRM_Id__c="u-task", Subject="Before")
    records = typed("Account", {"Id": one, "Phone": "2"}) + typed(
        "Task", {"id": task[:15], "Subject": "After"}
    )
    results = client.call("PATCH", "/composite/sobjects", {"records": records}).json()
    assert results == [
        {"id": one, "success": True, "errors": []},
        {"id": task, "success": True, "errors": []},
    ]
    found = client.row("Account", one, "Phone", "Website", "Name")
    assert found == {"Phone": "2", "Website": "w.example.com", "Name": "Account u1"}
    assert client.row("Task", task, "Subject") == {"Subject": "After"}


def test_update_tells_missing_deleted_and_foreign_records_apart(client: Client) -> None:
    gone = account(client, "gone")
    client.call("DELETE", f"/sobjects/Account/{gone}")
    never = gone[:6] + "zzzzzzzzz"
    codes = [
        client.update("Account", record_id, Phone="1")["errors"][0]
        for record_id in (gone, never, "24", "00Q000000000001")
    ]
    assert codes == [
        {"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []},
        {
            "statusCode": "INVALID_CROSS_REFERENCE_KEY",
            "message": "invalid cross reference id",
            "fields": [],
        },
        {
            "statusCode": "MALFORMED_ID",
            "message": "Account ID: id value of incorrect type: 24",
            "fields": ["Id"],
        },
        {
            "statusCode": "MALFORMED_ID",
            "message": "Account ID: id value of incorrect type: 00Q000000000001",
            "fields": ["Id"],
        },
    ]


def test_update_without_an_id_is_refused(client: Client) -> None:
    records = typed("Account", {"Phone": "1"})
    [result] = client.call("PATCH", "/composite/sobjects", {"records": records}).json()
    assert result["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    assert result["errors"][0]["message"] == "Id not specified in an update call"


def test_the_same_record_twice_in_one_update_is_refused(client: Client) -> None:
    one = account(client, "twice")
    records = typed("Account", {"Id": one, "Phone": "1"}, {"Id": one, "Phone": "2"})
    results = client.call("PATCH", "/composite/sobjects", {"records": records}).json()
    assert {r["errors"][0]["statusCode"] for r in results} == {"DUPLICATE_VALUE"}


def test_more_than_ten_changes_of_type_are_refused(client: Client) -> None:
    pair = typed("Account", {"Name": "A"}) + typed("Task", {"Subject": "T"})
    answer = client.call("POST", "/composite/sobjects", {"records": pair * 6})
    assert answer.status_code == 400
    assert "10 chunks" in answer.json()[0]["message"]


def test_all_or_none_undoes_what_other_types_wrote(client: Client) -> None:
    records = typed("Account", {"Name": "Undone"}) + typed("Lead", {"LastName": "L"})
    body = {"allOrNone": True, "records": records}
    results = client.call("POST", "/composite/sobjects", body).json()
    assert [r["errors"][0]["statusCode"] for r in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "REQUIRED_FIELD_MISSING",
    ]
    assert client.query("SELECT Id FROM Account WHERE Name = 'Undone'") == []


def test_delete_answers_each_id_in_order(client: Client) -> None:
    one, two = account(client, "d1"), account(client, "d2")
    task = client.upsert_one("Task", CRM_Id__c="d-task", Subject="T")
    client.call("DELETE", f"/sobjects/Account/{two}")
    ids = {"ids": f"{one},{two},{task},nonsense", "allOrNone": "false"}
    results = client.call("DELETE", "/composite/sobjects", params=ids).json()
    assert results[0] == {"id": one, "success": True, "errors": []}
    assert results[1]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    assert results[2]["success"]
    assert results[3]["errors"] == [
        {"statusCode": "MALFORMED_ID", "message": "malformed id nonsense", "fields": []}
    ]


def test_delete_with_all_or_none_undoes_all(client: Client) -> None:
    one = account(client, "kept")
    ids = {"ids": f"{one},001000000000000", "allOrNone": "true"}
    results = client.call("DELETE", "/composite/sobjects", params=ids).json()
    assert [r["success"] for r in results] == [False, False]
    assert client.row("Account", one, "IsDeleted") == {"IsDeleted": False}


def test_retrieve_gives_null_in_place_of_what_is_missing(client: Client) -> None:
    one, two = account(client, "r1"), account(client, "r2")
    client.call("DELETE", f"/sobjects/Account/{two}")
    body = {"ids": [two, one, "001000000000000"], "fields": ["name"]}
    answer = client.call("POST", "/composite/sobjects/Account", body).json()
    assert answer == [
        None,
        {
            "attributes": {
                "type": "Account",
                "url": f"/services/data/v60.0/sobjects/Account/{one}",
            },
            "Name": "Account r1",
            "Id": one,
        },
        None,
    ]
