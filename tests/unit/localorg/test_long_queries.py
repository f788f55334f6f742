"""Queries of thousands of conditions: all that 100,000 characters hold is answered."""

import pytest

from .client import BASE, Client


def asked(client: Client, condition: str) -> dict[str, object]:
    """The subrequest's answer: so long a query fits into a body only."""
    url = f"{BASE}/query?q=SELECT+Name+FROM+Account+WHERE+{condition}".replace(" ", "+")
    other = {"method": "GET", "url": f"{BASE}/limits", "referenceId": "other"}
    sub = {"method": "GET", "url": url, "referenceId": "long"}
    answer = client.call("POST", "/composite", {"compositeRequest": [sub, other]})
    assert answer.status_code == 200, answer.text[:300]
    long, other = answer.json()["compositeResponse"]
    assert other["httpStatusCode"] == 200
    return long


@pytest.mark.parametrize(
    "condition",
    [
        " OR ".join([*(f"Name='n{n}'" for n in range(5000)), "Name='A'"]),
        " AND ".join(f"Name!='n{n}'" for n in range(5000)),
        "Name IN (" + ",".join(f"'n{n}'" for n in range(9000)) + ",'A')",
        "CreatedDate IN (" + ",".join(["TODAY", "YESTERDAY"] * 3000) + ")",
        "NOT " * 20_000 + "Name='A'",
        "Name='x' OR (" * 3000 + "Name='A'" + ")" * 3000,
        "Name='x' OR (Name='A' AND (" * 40 + "Name='A'" + "))" * 40,
        "(NOT (Name='x' AND " * 20 + "Name='A'" + "))" * 20,
    ],
    ids=["or", "and", "in", "date literals", "not", "or in parentheses", "alternating", "negated"],
)
def test_a_query_of_thousands_of_conditions_finds_its_record(
    client: Client, condition: str
) -> None:
    client.upsert("Account", {"CRM_Id__c": "a", "Name": "A"})
    answer = asked(client, condition)
    assert answer["httpStatusCode"] == 200, str(answer)[:300]
    assert [record["Name"] for record in answer["body"]["records"]] == ["A"]  # type: ignore[index]


DEEPER = "Name='x' OR (Name='A' AND (" * 800 + "Name='A'" + "))" * 800


def test_what_the_org_cannot_hold_refuses_that_query_alone(client: Client) -> None:
    answer = asked(client, DEEPER)
    assert answer["httpStatusCode"] == 400
    assert answer["body"][0]["errorCode"] == "QUERY_TOO_COMPLICATED"  # type: ignore[index]


def test_what_the_org_cannot_hold_makes_no_bulk_job(client: Client) -> None:
    body = {"operation": "query", "query": f"SELECT Id FROM Account WHERE {DEEPER}"}
    answer = client.call("POST", "/jobs/query", body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "QUERY_TOO_COMPLICATED")


def test_parameters_keep_their_places_when_nested_conditions_come_first(client: Client) -> None:
    client.upsert("Account", {"CRM_Id__c": "a", "Name": "A", "Phone": "1", "Type": "T"})
    condition = "Name='A' AND (Phone='2' OR (Type='T' AND Phone='1')) AND CRM_Id__c='a'"
    assert asked(client, condition)["body"]["totalSize"] == 1  # type: ignore[index]
