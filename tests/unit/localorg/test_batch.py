"""composite/batch: independent subrequests in one call."""

from typing import Any

from .client import Client


def batch(client: Client, *subrequests: dict[str, Any], **options: Any) -> dict[str, Any]:
    body = {"batchRequests": list(subrequests), **options}
    answer = client.call("POST", "/composite/batch", body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def account(name: str | None) -> dict[str, Any]:
    return {"method": "POST", "url": "v60.0/sobjects/Account", "richInput": {"Name": name}}


def test_each_subrequest_answers_for_itself_and_sees_those_before(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="batch", Name="A")
    told = batch(
        client,
        {
            "method": "PATCH",
            "url": f"v60.0/sobjects/Account/{one}",
            "richInput": {"Phone": "1"},
        },
        {"method": "GET", "url": f"v60.0/sobjects/Account/{one}?fields=Phone"},
    )
    assert told["hasErrors"] is False
    assert told["results"][0] == {"statusCode": 204, "result": None}
    assert told["results"][1]["statusCode"] == 200
    assert told["results"][1]["result"]["Phone"] == "1"


def test_a_refused_subrequest_leaves_the_others(client: Client) -> None:
    told = batch(client, account("before"), account(None), account("after"))
    assert told["hasErrors"] is True
    assert [r["statusCode"] for r in told["results"]] == [201, 400, 201]
    assert told["results"][1]["result"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    names = client.query("SELECT Name FROM Account WHERE Name IN ('before', 'after')")
    assert {r["Name"] for r in names} == {"before", "after"}


def test_halt_on_error_leaves_out_what_follows(client: Client) -> None:
    told = batch(client, account("first"), account(None), account("never"), haltOnError=True)
    assert [r["statusCode"] for r in told["results"]] == [201, 400, 412]
    assert told["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert client.query("SELECT Id FROM Account WHERE Name = 'never'") == []
    assert len(client.query("SELECT Id FROM Account WHERE Name = 'first'")) == 1


def test_every_subrequest_counts_as_a_call(client: Client) -> None:
    def used() -> int:
        usage = client.call("GET", "/limits").headers["Sforce-Limit-Info"]
        return int(usage.removeprefix("api-usage=").split("/")[0])

    before = used()
    batch(client, *[{"method": "GET", "url": "v60.0/limits"}] * 3)
    assert used() - before == 4  # three subrequests, and the last look


def test_more_than_25_subrequests_are_refused(client: Client) -> None:
    body = {"batchRequests": [{"method": "GET", "url": "v60.0/limits"}] * 26}
    answer = client.call("POST", "/composite/batch", body)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "LIMIT_EXCEEDED"


def test_a_composite_inside_a_batch_is_refused(client: Client) -> None:
    told = batch(client, {"method": "POST", "url": "v60.0/composite", "richInput": {}})
    assert told["results"][0]["statusCode"] == 400
