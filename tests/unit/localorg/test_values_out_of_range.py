"""Numbers, dates and texts that nothing can hold: refused in Salesforce's form."""

import pytest

from .bulk_client import BulkClient, table
from .client import Client

HUGE = "9" * 25


@pytest.mark.parametrize(
    "condition",
    [
        f"AnnualRevenue > {HUGE}",
        f"AnnualRevenue in ({HUGE})",
        f"NumberOfEmployees = {HUGE}",
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


MOMENTS = [
    ("9999-12-31T23:59:59Z", 300),
    ("0001-01-01T00:00:00+14:00", 30),
    ("4001-01-01T00:00:00Z", 30),
    ("1699-12-31T23:59:59Z", 30),
    ("9999-12-31T23:59:59-14:00", 30),
]


@pytest.mark.parametrize(("start", "minutes"), MOMENTS)
def test_a_moment_outside_of_the_calendar_refuses_its_row_alone(
    client: Client, start: str, minutes: int
) -> None:
    bad, good = client.upsert(
        "Event",
        {"CRM_Id__c": "bad", "StartDateTime": start, "DurationInMinutes": minutes},
        {"CRM_Id__c": "good", "StartDateTime": "2026-01-01T10:00:00Z", "DurationInMinutes": 30},
    )
    assert (bad["success"], good["success"]) == (False, True)
    assert bad["errors"][0]["statusCode"] == "JSON_PARSER_ERROR"


def test_a_moment_outside_of_the_calendar_refuses_its_row_of_a_bulk_job_alone(
    client: Client,
) -> None:
    rows = [f"{n},{start},{minutes}" for n, (start, minutes) in enumerate(MOMENTS)]
    rows.append("good,2026-01-01T10:00:00Z,30")
    job = BulkClient(client).run("Event", table("CRM_Id__c,StartDateTime,DurationInMinutes", rows))
    assert job["state"] == "JobComplete"
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (6, 5)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("what", ["updated", "deleted"])
def test_changes_at_a_moment_outside_of_the_calendar(
    client: Client, what: str, moment: str
) -> None:
    path = f"/sobjects/Account/{what}"
    answer = client.call("GET", path, params={"start": moment, "end": moment})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"


@pytest.mark.parametrize("count", [2025, 99_999, 9_999_999])
@pytest.mark.parametrize("unit", ["YEARS", "FISCAL_YEARS", "DAYS", "WEEKS"])
def test_a_span_that_reaches_beyond_the_calendar_ends_with_it(
    client: Client, unit: str, count: int
) -> None:
    client.upsert_one("Account", CRM_Id__c="span", Name="A")
    condition = f"CRM_Id__c='span' AND CreatedDate > LAST_N_{unit}:{count} AND CreatedDate = TODAY"
    params = {"q": f"SELECT Id FROM Account WHERE {condition}"}
    answer = client.call("GET", "/query", params=params)
    assert answer.status_code == 200, answer.text
    params = {"q": f"SELECT Id FROM Account WHERE CreatedDate = NEXT_N_{unit}:{count}"}
    assert client.call("GET", "/query", params=params).status_code == 200


@pytest.mark.parametrize("end", [f"LIMIT {HUGE}", f"WHERE AnnualRevenue > {HUGE}"])
def test_a_number_that_nothing_can_hold_is_shown_in_its_place(client: Client, end: str) -> None:
    answer = client.call("GET", "/query", params={"q": f"SELECT Id FROM Account {end}"})
    column = len(f"SELECT Id FROM Account {end}") - len(HUGE) + 1
    assert f"ERROR at Row:1:Column:{column}" in answer.json()[0]["message"]


def test_a_conversion_of_what_is_no_lead_says_so(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="nolead", Name="A")
    answer = client.call("POST", "/local/convert-lead", {"id": one})
    assert answer.json()[0]["message"] == f"Lead expected: {one}"


def test_a_version_lists_only_the_resources_that_it_has(client: Client) -> None:
    assert "jobs" not in client.call("GET", "/", version="40.0").json()
    assert {"jobs", "composite"} <= client.call("GET", "/", version="60.0").json().keys()
