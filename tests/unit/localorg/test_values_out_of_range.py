"""Numbers, dates and texts that nothing can hold: refused in Salesforce's form."""

import pytest

from .client import Client

HUGE = "9" * 25


@pytest.mark.parametrize(
    "condition",
    [
        f"AnnualRevenue > {HUGE}",
        f"AnnualRevenue in ({HUGE})",
        f"NumberOfEmployees = {HUGE}",
        "CreatedDate = LAST_N_FISCAL_YEARS:9999999",
        "CreatedDate < 0001-01-01T00:00:00+14:00",
        r"Name = '\uD800'",
    ],
)
def test_a_query_with_a_value_that_nothing_can_hold(client: Client, condition: str) -> None:
    answer = client.call("GET", "/query", params={"q": f"select Id from Account where {condition}"})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize("limit", [HUGE, "99999999999999999999"])
def test_a_limit_that_nothing_can_hold(client: Client, limit: str) -> None:
    answer = client.call("GET", "/query", params={"q": f"select Id from Account limit {limit}"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(
    "body", ['{"AnnualRevenue":1' + "0" * 5001 + "}", r'{"Name":"\ud800"}', r'{"x":1,"\ud800":1}']
)
def test_a_body_with_a_value_that_nothing_can_hold(client: Client, body: str) -> None:
    answer = client.session.post(
        client.org.instance_url + "/services/data/v60.0/sobjects/Account",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=60,
    )
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_headers_of_a_subrequest_that_are_none(client: Client) -> None:
    sub = {"method": "GET", "url": "/services/data/v60.0/limits", "referenceId": "a"}
    answer = client.call("POST", "/composite", {"compositeRequest": [{**sub, "httpHeaders": 5}]})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize(("path", "body"), [("faults", [["x"]]), ("rules", [1])])
def test_control_requests_that_are_none(client: Client, path: str, body: object) -> None:
    answer = client.session.post(f"{client.org.instance_url}/local/{path}", json=body, timeout=60)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "BAD_CONTROL_REQUEST")
