"""JSON of a wrong kind in a write: it is refused, and nothing is taken for what it is not."""

from typing import Any

import pytest

from .client import BASE, Client, typed


def refusal(client: Client, method: str, path: str, body: Any) -> str:
    """The code of a request that must be refused."""
    answer = client.call(method, path, body)
    assert answer.status_code == 400, answer.text
    return answer.json()[0]["errorCode"]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_single_record_names_no_other_type_than_its_url(client: Client, method: str) -> None:
    path = "/sobjects/Account" + ("/CRM_Id__c/new" if method == "PATCH" else "")
    [body] = typed("Lead", {"Name": method})
    assert refusal(client, method, path, body) == "INVALID_TYPE"
    assert client.query(f"SELECT Id FROM Account WHERE Name = '{method}'") == []
    [body] = typed("account", {"Name": method})
    assert client.call(method, path, body).status_code == 201
    assert client.call("POST", "/sobjects/Account", {"attributes": {}, "Name": "B"}).ok


@pytest.mark.parametrize("attributes", ["Account", 1, [], {"type": 1}])
def test_attributes_are_a_map_with_a_text(client: Client, attributes: Any) -> None:
    code = refusal(client, "POST", "/sobjects/Account", {"attributes": attributes, "Name": "A"})
    assert code == "JSON_PARSER_ERROR"


@pytest.mark.parametrize(
    ("owner", "code"),
    [
        ({"attributes": {"type": 1}, "Username": "x"}, "JSON_PARSER_ERROR"),
        ({"attributes": "User", "Username": "x"}, "JSON_PARSER_ERROR"),
        ({"attributes": {"type": "Lead"}, "Username": "x"}, "INVALID_FIELD"),
        ({"attributes": {}, "Username": "x"}, "INVALID_FIELD"),
        ({"attributes": {"type": "User"}, "Username": ["x"]}, "JSON_PARSER_ERROR"),
    ],
)
def test_a_parent_of_a_wrong_kind_refuses_the_row(
    client: Client, owner: dict[str, Any], code: str
) -> None:
    error = client.error("Lead", CRM_Id__c="l", LastName="L", Company="C", Owner=owner)
    assert error["statusCode"] == code


def test_a_parent_of_one_object_names_no_other_type(client: Client) -> None:
    account = {"attributes": {"type": "Lead"}, "CRM_Id__c": "a"}
    error = client.error("Contact", CRM_Id__c="c", LastName="L", Account=account)
    assert error["statusCode"] == "INVALID_FIELD"


@pytest.mark.parametrize("value", ["yes", 1, [], {}])
def test_all_or_none_is_true_or_false(client: Client, value: Any) -> None:
    records = typed("Account", {"Name": "All or none", "CRM_Id__c": "all-or-none"})
    body = {"allOrNone": value, "records": records}
    collections = "/composite/sobjects"
    assert refusal(client, "POST", collections, body) == "JSON_PARSER_ERROR"
    assert refusal(client, "PATCH", f"{collections}/Account/CRM_Id__c", body) == "JSON_PARSER_ERROR"
    sub = {"method": "GET", "url": f"{BASE}/limits", "referenceId": "one"}
    for name in ("allOrNone", "collateSubrequests"):
        body = {name: value, "compositeRequest": [sub]}
        assert refusal(client, "POST", "/composite", body) == "JSON_PARSER_ERROR"
    body = {"haltOnError": value, "batchRequests": [{"method": "GET", "url": "v60.0/limits"}]}
    assert refusal(client, "POST", "/composite/batch", body) == "JSON_PARSER_ERROR"
    assert client.query("SELECT Id FROM Account WHERE Name = 'All or none'") == []


def test_all_or_none_may_be_a_text(client: Client) -> None:
    body = {"allOrNone": "True", "records": typed("Account", {"Name": "A"}, {})}
    answer = client.call("POST", "/composite/sobjects", body)
    assert [row["success"] for row in answer.json()] == [False, False]


@pytest.mark.parametrize("records", [{"a": 1}, "x", 1])
def test_records_are_a_list(client: Client, records: Any) -> None:
    body = {"records": records}
    assert refusal(client, "POST", "/composite/sobjects", body) == "JSON_PARSER_ERROR"


@pytest.mark.parametrize(
    "wrong", [{"url": 1}, {"method": []}, {"referenceId": ["a"]}, {"httpHeaders": {"a": ["b"]}}]
)
def test_a_subrequest_is_made_of_texts(client: Client, wrong: dict[str, Any]) -> None:
    sub = {"method": "GET", "url": f"{BASE}/limits", "referenceId": "one", **wrong}
    body = {"compositeRequest": [sub]}
    assert refusal(client, "POST", "/composite", body) == "JSON_PARSER_ERROR"


def test_a_header_of_a_subrequest_may_be_a_boolean(client: Client) -> None:
    sub = {
        "method": "POST",
        "url": f"{BASE}/sobjects/Lead",
        "referenceId": "one",
        "httpHeaders": {"Sforce-Auto-Assign": False},
        "body": {"LastName": "L", "Company": "C"},
    }
    [told] = client.composite(sub)
    lead = client.row("Lead", told["body"]["id"], "Owner.Alias")
    assert lead["Owner"]["Alias"] == "integ"


@pytest.mark.parametrize("value", [["insert"], {"a": 1}, 1, True])
def test_a_property_of_a_job_is_a_text(client: Client, value: Any) -> None:
    body = {"object": "Account", "operation": value}
    assert refusal(client, "POST", "/jobs/ingest", body) == "API_ERROR"


def test_a_text_may_hold_a_null_character(client: Client) -> None:
    """Salesforce keeps it, and clients choke on it (3, singer-io/tap-salesforce pull 21)."""
    one = client.upsert_one("Account", CRM_Id__c="nul", Name="A\x00B")
    assert client.row("Account", one, "Name") == {"Name": "A\x00B"}
