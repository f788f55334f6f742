"""One record at a time: create, read, update, upsert, delete."""

from urllib.parse import quote

import pytest

from .client import BASE, Client


def test_create_answers_201_with_the_place_of_the_record(client: Client) -> None:
    answer = client.call("POST", "/sobjects/Account", {"Name": "Single"})
    assert answer.status_code == 201
    record_id = answer.json()["id"]
    assert answer.json() == {"id": record_id, "success": True, "errors": []}
    assert answer.headers["Location"] == f"{BASE}/sobjects/Account/{record_id}"


def test_read_gives_every_field_or_those_asked_for(client: Client) -> None:
    record_id = client.upsert_one("Account", CRM_Id__c="read", Name="Read", BillingCity="Köln")
    whole = client.call("GET", f"/sobjects/account/{record_id[:15]}").json()
    assert whole["Name"] == "Read"
    assert whole["IsDeleted"] is False
    assert whole["BillingAddress"]["city"] == "Köln"
    some = client.call("GET", f"/sobjects/Account/{record_id}", params={"fields": "name"}).json()
    assert set(some) == {"attributes", "Name", "Id"}


def test_update_answers_204(client: Client) -> None:
    record_id = client.upsert_one("Account", CRM_Id__c="upd", Name="Before")
    answer = client.call("PATCH", f"/sobjects/Account/{record_id}", {"name": "After"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.row("Account", record_id, "Name") == {"Name": "After"}


def test_upsert_answers_201_then_200(client: Client) -> None:
    created = client.call("PATCH", "/sobjects/Account/CRM_Id__c/one", {"Name": "One"})
    updated = client.call("PATCH", "/sobjects/Account/CRM_Id__c/one", {"Name": "Two"})
    assert (created.status_code, created.json()["created"]) == (201, True)
    assert (updated.status_code, updated.json()["created"]) == (200, False)
    assert updated.json()["id"] == created.json()["id"]


def test_before_version_46_an_upsert_that_updates_has_no_body(client: Client) -> None:
    client.upsert_one("Account", CRM_Id__c="v45", Name="Old")
    answer = client.call("PATCH", "/sobjects/Account/CRM_Id__c/v45", {"Phone": "1"}, version="45.0")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("key", ["a/b", "ä ö", "100%", "x?y=1&z", "CustomObject::1", "a+b"])
def test_a_key_in_a_url_may_hold_anything_if_it_is_encoded(client: Client, key: str) -> None:
    path = f"/sobjects/Account/CRM_Id__c/{quote(key, safe='')}"
    record_id = client.call("PATCH", path, {"Name": "Odd"}).json()["id"]
    assert client.row("Account", record_id, "CRM_Id__c") == {"CRM_Id__c": key}
    assert client.call("GET", path).json()["Id"] == record_id
    assert client.call("DELETE", path).status_code == 204
    assert client.call("GET", path).status_code == 404


def test_update_only_does_not_create(client: Client) -> None:
    path = "/sobjects/Account/CRM_Id__c/nobody"
    answer = client.call("PATCH", path, {"Name": "N"}, params={"updateOnly": "true"})
    assert answer.status_code == 404
    assert answer.json()[0]["errorCode"] == "NOT_FOUND"


def test_the_key_does_not_stand_in_the_body_too(client: Client) -> None:
    body = {"Name": "N", "crm_id__c": "k"}
    answer = client.call("PATCH", "/sobjects/Account/CRM_Id__c/k", body)
    assert answer.status_code == 400
    assert answer.json()[0]["message"] == (
        "The CRM_Id__c field should not be specified in the sobject data."
    )


def test_a_key_that_several_records_share_answers_300_with_their_urls(client: Client) -> None:
    urls = [
        f"{BASE}/sobjects/Opportunity/"
        + client.upsert_one(
            "Opportunity",
            CRM_Id__c=f"300-{n}",
            Name="Same name",
            StageName="Prospecting",
            CloseDate="2026-01-01",
        )
        for n in (1, 2)
    ]
    answer = client.call("GET", "/sobjects/Opportunity/Name/Same%20name")
    assert answer.status_code == 300
    assert answer.json() == urls


def test_a_deleted_record_and_one_that_never_was_are_told_apart_by_a_write(
    client: Client,
) -> None:
    """R, grouparoo: a read of a deleted record finds nothing; restforce-db: a second delete."""
    gone = client.upsert_one("Account", CRM_Id__c="s-gone", Name="Gone")
    never = gone[:6] + "zzzzzzzzz"
    deleted = [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]
    missing = [
        {
            "message": "invalid cross reference id",
            "errorCode": "INVALID_CROSS_REFERENCE_KEY",
            "fields": [],
        }
    ]
    absent = [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]
    assert client.call("DELETE", f"/sobjects/Account/{gone}").status_code == 204
    for method, body in (("GET", None), ("PATCH", {"Phone": "1"}), ("DELETE", None)):
        answer = client.call(method, f"/sobjects/Account/{gone}", body)
        assert (answer.status_code, answer.json()) == (404, absent if method == "GET" else deleted)
        answer = client.call(method, f"/sobjects/Account/{never}", body)
        assert (answer.status_code, answer.json()) == (404, absent if method == "GET" else missing)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("text", ["23foo", "-1", "001XXXXXXXXXXXXXXX", "Name"])
def test_what_cannot_be_an_id_is_taken_for_a_field(client: Client, method: str, text: str) -> None:
    """R, restforce. The code comes first, as in every NOT_FOUND (R, CumulusCI)."""
    body = {"Name": "A"} if method == "PATCH" else None
    answer = client.call(method, f"/sobjects/Account/{text}", body)
    assert answer.status_code == 404
    [error] = answer.json()
    message = f"Provided external ID field does not exist or is not accessible: {text}"
    assert list(error.items()) == [("errorCode", "NOT_FOUND"), ("message", message)]


def test_a_refusal_of_a_single_record_is_a_list_of_errors(client: Client) -> None:
    answer = client.call("POST", "/sobjects/Lead", {"Company": "C"})
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": "Required fields are missing: [LastName]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["LastName"],
        }
    ]


def test_a_body_that_is_no_object_is_refused(client: Client) -> None:
    for body, message, code in (
        (
            None,
            "The HTTP entity body is required, but this request has no entity body.",
            "JSON_PARSER_ERROR",
        ),
        (
            [{"Name": "A"}],
            "Json Deserialization failed on token 'null' and has left off in the middle of parsing "
            "a row. Will go to end of row to begin parsing the next row",
            "INVALID_FIELD",
        ),
    ):
        answer = client.call("POST", "/sobjects/Account", body)
        refusal = [{"message": message, "errorCode": code}]
        assert (answer.status_code, answer.json()) == (400, refusal)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_wrong_method_is_not_allowed(client: Client, method: str) -> None:
    answer = client.call(method, "/limits", {})
    assert answer.status_code == 405
    assert answer.json()[0]["errorCode"] == "METHOD_NOT_ALLOWED"


def test_a_user_cannot_be_deleted(client: Client) -> None:
    answer = client.call("DELETE", f"/sobjects/User/{client.org.queue_user_id}")
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_TYPE_FOR_OPERATION"
