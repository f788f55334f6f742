"""Composite: many requests in one API call."""

from typing import Any

import pytest

from .client import BASE, Client, typed


def sub(method: str, path: str, name: str, body: Any = None, **headers: str) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "url": BASE + path, "referenceId": name}
    if body is not None:
        request["body"] = body
    if headers:
        request["httpHeaders"] = headers
    return request


def upsert(object_name: str, name: str, *records: dict[str, Any]) -> dict[str, Any]:
    path = f"/composite/sobjects/{object_name}/CRM_Id__c"
    return sub("PATCH", path, name, {"records": typed(object_name, *records)})


OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}


def test_a_child_may_name_a_parent_that_the_same_call_creates(client: Client) -> None:
    used = client.call("GET", "/limits").headers
    before = int(used["Sforce-Limit-Info"].split("=")[1].split("/")[0])
    child = {"CRM_Id__c": "c", "Account": {"CRM_Id__c": "p"}, **OPPORTUNITY}
    answers = client.composite(
        upsert("Account", "accounts", {"CRM_Id__c": "p", "Name": "P"}),
        upsert("Opportunity", "children", child),
    )
    assert [a["referenceId"] for a in answers] == ["accounts", "children"]
    assert [a["httpStatusCode"] for a in answers] == [200, 200]
    assert answers[1]["body"][0]["created"]
    after = client.call("GET", "/limits").headers["Sforce-Limit-Info"]
    assert after == f"api-usage={before + 2}/15000"


def test_references_take_values_of_earlier_answers(client: Client) -> None:
    answers = client.composite(
        sub("POST", "/sobjects/Account", "NewAccount", {"Name": "Referred"}),
        sub(
            "POST",
            "/sobjects/Opportunity",
            "child",
            {**OPPORTUNITY, "AccountId": "@{NewAccount.id}"},
        ),
        sub("GET", "/sobjects/Account/@{NewAccount.id}?fields=Name", "read"),
        upsert("Account", "list", {"CRM_Id__c": "ref", "Name": "Listed"}),
        sub("GET", "/sobjects/Account/@{list[0].id}?fields=Name", "listed"),
    )
    assert [a["httpStatusCode"] for a in answers] == [201, 201, 200, 200, 200]
    assert answers[0]["httpHeaders"]["Location"].startswith(f"{BASE}/sobjects/Account/001")
    assert answers[2]["body"]["Name"] == "Referred"
    assert answers[4]["body"]["Name"] == "Listed"


def test_a_reference_that_names_nothing_halts_its_subrequest(client: Client) -> None:
    answers = client.composite(
        sub("POST", "/sobjects/Account", "Right", {"Name": "R"}),
        sub("GET", "/sobjects/Account/@{right.id}", "wrong_case"),
    )
    assert answers[1]["httpStatusCode"] == 400
    assert answers[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_a_refused_subrequest_leaves_the_others_alone(client: Client) -> None:
    answers = client.composite(
        sub("GET", "/sobjects/Foo", "foo"),
        sub("POST", "/sobjects/Lead", "lead", {"LastName": "L"}),
        sub("POST", "/sobjects/Account", "account", {"Name": "A"}),
    )
    assert [a["httpStatusCode"] for a in answers] == [404, 400, 201]
    assert answers[0] == {
        "body": [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}],
        "httpHeaders": {},
        "httpStatusCode": 404,
        "referenceId": "foo",
    }


def test_with_all_or_none_one_refusal_undoes_all(client: Client) -> None:
    answers = client.composite(
        sub("POST", "/sobjects/Account", "a", {"Name": "Undone"}),
        sub("POST", "/sobjects/Lead", "b", {"LastName": "L"}),
        sub("POST", "/sobjects/Account", "c", {"Name": "Undone"}),
        allOrNone=True,
    )
    assert [a["body"][0]["errorCode"] for a in answers] == [
        "PROCESSING_HALTED",
        "REQUIRED_FIELD_MISSING",
        "PROCESSING_HALTED",
    ]
    assert client.query("SELECT Id FROM Account WHERE Name = 'Undone'") == []


def test_collated_subrequests_need_not_run_in_their_order(client: Client) -> None:
    requests = (
        upsert("Account", "first", {"CRM_Id__c": "co1", "Name": "A"}),
        upsert(
            "Opportunity",
            "child",
            {"CRM_Id__c": "co", "Account": {"CRM_Id__c": "co2"}, **OPPORTUNITY},
        ),
        upsert("Account", "second", {"CRM_Id__c": "co2", "Name": "B"}),
    )
    in_order = client.composite(*requests)
    assert in_order[1]["body"][0]["success"] is False
    client.org.delete(in_order[2]["body"][0]["id"])
    collated = client.composite(*requests, collateSubrequests=True)
    assert [a["referenceId"] for a in collated] == ["first", "child", "second"]
    assert collated[1]["body"][0]["success"] is True


@pytest.mark.parametrize(
    ("requests", "status"),
    [
        ([sub("GET", "/sobjects/Account/CRM_Id__c/x", f"r{n}") for n in range(25)], 200),
        ([sub("GET", "/sobjects/Account/CRM_Id__c/x", f"r{n}") for n in range(26)], 400),
        ([sub("GET", "/query?q=SELECT+count()+FROM+Lead", f"r{n}") for n in range(5)], 200),
        ([sub("GET", "/query?q=SELECT+count()+FROM+Lead", f"r{n}") for n in range(6)], 400),
        ([upsert("Account", f"r{n}", {"CRM_Id__c": "x", "Name": "X"}) for n in range(6)], 400),
        ([sub("GET", "/limits", "same")] * 2, 400),
        ([], 400),
        ([{"method": "GET"}], 400),
    ],
)
def test_the_form_and_the_number_of_subrequests_are_checked(
    client: Client, requests: list[dict[str, Any]], status: int
) -> None:
    answer = client.call("POST", "/composite", {"compositeRequest": requests})
    assert answer.status_code == status


def test_queries_and_deletes_may_stand_in_a_composite(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="q", Name="Q")
    answers = client.composite(
        sub("GET", "/query?q=SELECT+Id+FROM+Account+WHERE+CRM_Id__c+=+'q'", "found"),
        sub("DELETE", f"/composite/sobjects?ids={one}", "delete"),
        sub("GET", "/query/?q=SELECT+Id+FROM+Account+WHERE+CRM_Id__c+=+'q'", "gone"),
        sub("GET", "/sobjects/Account/describe", "describe"),
    )
    assert answers[0]["body"]["records"][0]["Id"] == one
    assert answers[1]["body"][0]["success"]
    assert answers[2]["body"]["totalSize"] == 0
    assert answers[3]["body"]["name"] == "Account"


def test_a_composite_holds_no_composite(client: Client) -> None:
    [answer] = client.composite(sub("POST", "/composite", "inner", {"compositeRequest": []}))
    assert answer["httpStatusCode"] == 400


def test_too_many_subrequests_are_refused_within_a_composite_response(client: Client) -> None:
    requests = [sub("GET", "/sobjects/Account/CRM_Id__c/x", f"r{n}") for n in range(26)]
    answer = client.call("POST", "/composite", {"compositeRequest": requests}).json()
    message = "The request can\u2019t contain more than 25 operations."
    assert answer["compositeResponse"] == [
        {
            "body": [{"errorCode": "LIMIT_EXCEEDED", "message": message}],
            "httpHeaders": {},
            "httpStatusCode": 400,
            "referenceId": None,
        }
    ]
