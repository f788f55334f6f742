"""Query jobs: their life, their pages, what they cannot run."""

from typing import Any

import pytest

from .bulk_client import BulkClient, rows, table
from .client import BASE, Client


@pytest.fixture(scope="module")
def bulk(client: Client) -> BulkClient:
    made = BulkClient(client)
    made.run(
        "Account",
        "CRM_Id__c,Name,AnnualRevenue,NumberOfEmployees,Description\n"
        'a,"Say ""yes"", now",12000000,7,"one\ntwo"\n'
        "b,Plain,15,,\n",
    )
    return made


def test_rows_come_as_text_with_every_value_in_quotes(bulk: BulkClient) -> None:
    soql = (
        "SELECT CRM_Id__c, name, AnnualRevenue, NumberOfEmployees, IsDeleted, Owner.Name, "
        "Description FROM Account ORDER BY CRM_Id__c"
    )
    job = bulk.query(soql)
    assert (job["state"], job["object"], job["jobType"]) == ("JobComplete", "Account", "V2Query")
    assert (job["numberRecordsProcessed"], job["retries"]) == (2, 0)
    answer = bulk.page(job["id"])
    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.headers["Sforce-NumberOfRecords"] == "2"
    assert answer.headers["Sforce-Locator"] == "null"
    assert answer.text == (
        '"CRM_Id__c","Name","AnnualRevenue","NumberOfEmployees","IsDeleted","Owner.Name",'
        '"Description"\n'
        '"a","Say ""yes"", now","1.2E7","7","false","Integration User","one\ntwo"\n'
        '"b","Plain","15.0","","false","Integration User",""\n'
    )


def test_moments_end_with_a_z(bulk: BulkClient) -> None:
    [row] = bulk.selected("SELECT CreatedDate FROM Account WHERE CRM_Id__c = 'a'")
    [shown] = bulk.client.query("SELECT CreatedDate FROM Account WHERE CRM_Id__c = 'a'")
    assert row["CreatedDate"] == shown["CreatedDate"].replace("+0000", "Z")


def test_before_version_50_columns_come_by_the_alphabet(bulk: BulkClient) -> None:
    body = {"operation": "query", "query": "SELECT Name, Id FROM Account"}
    for version, head in (("49.0", '"Id","Name"'), ("50.0", '"Name","Id"')):
        made = bulk.client.call("POST", "/jobs/query", body, version=version).json()
        bulk.await_state(made["id"], "JobComplete", kind="query")
        path = f"/jobs/query/{made['id']}/results"
        answer = bulk.client.call("GET", path, version=version)
        assert answer.text.splitlines()[0] == head


def test_another_delimiter_and_line_ending(bulk: BulkClient) -> None:
    job = bulk.query(
        "SELECT CRM_Id__c, Name FROM Account WHERE CRM_Id__c = 'b'",
        columnDelimiter="PIPE",
        lineEnding="CRLF",
    )
    assert (job["columnDelimiter"], job["lineEnding"]) == ("PIPE", "CRLF")
    assert bulk.page(job["id"]).content == b'"CRM_Id__c"|"Name"\r\n"b"|"Plain"\r\n'


def test_a_query_without_rows_has_its_header(bulk: BulkClient) -> None:
    job = bulk.query("SELECT Id FROM Lead")
    answer = bulk.page(job["id"])
    assert (answer.text, answer.headers["Sforce-NumberOfRecords"]) == ('"Id"\n', "0")
    assert answer.headers["Sforce-Locator"] == "null"


def test_only_query_all_sees_the_deleted(bulk: BulkClient) -> None:
    task = bulk.client.upsert_one("Task", CRM_Id__c="deleted", Subject="S")
    assert bulk.client.call("DELETE", f"/sobjects/Task/{task}").status_code == 204
    assert bulk.selected("SELECT Id FROM Task") == []
    assert bulk.selected("SELECT Id FROM Task", "queryAll") == [{"Id": task}]


def test_pages_lead_to_each_other_and_can_be_read_again(bulk: BulkClient) -> None:
    keys = [f"page{n:05}" for n in range(4500)]
    bulk.run("Lead", table("CRM_Id__c,LastName,Company", [f'{k},"L\n""",C' for k in keys]))
    job = bulk.query("SELECT CRM_Id__c, LastName FROM Lead ORDER BY CRM_Id__c")
    place = ""
    pages: list[list[str]] = []
    while place != "null":
        asked = {"maxRecords": "2000"} | ({"locator": place} if place else {})
        answer = bulk.page(job["id"], **asked)
        found = rows(answer.content.decode())
        assert int(answer.headers["Sforce-NumberOfRecords"]) == len(found)
        pages.append([row["CRM_Id__c"] for row in found])
        place = answer.headers["Sforce-Locator"]
    assert [len(page) for page in pages] == [2000, 2000, 500]
    assert [key for page in pages for key in page] == keys
    again = bulk.page(job["id"], maxRecords="1", locator="MjAwMA")  # 2000 in base 64
    assert rows(again.content.decode())[0]["CRM_Id__c"] == keys[2000]
    past = bulk.page(job["id"], locator="OTk5OQ")
    assert past.headers["Sforce-NumberOfRecords"] == "0"


def test_pages_are_listed_for_reading_side_by_side(
    bulk: BulkClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_sync.localorg.bulk.query.PAGE", 2)
    lines = [f"p{n},S" for n in range(13)]
    bulk.run("Task", table("CRM_Id__c,Subject", lines))
    job = bulk.query("SELECT CRM_Id__c FROM Task ORDER BY CRM_Id__c")
    url: Any = f"{BASE}/jobs/query/{job['id']}/resultPages"
    found: list[str] = []
    counts: list[int] = []
    while url:
        listed = bulk.client.call("GET", url).json()
        counts.append(len(listed["resultPages"]))
        for page in listed["resultPages"]:
            text = bulk.client.call("GET", page["resultUrl"]).text
            found += [row["CRM_Id__c"] for row in rows(text)]
        url = listed["nextRecordsUrl"]
        assert listed["done"] is (url is None)
    assert counts == [5, 2]
    assert sorted(found) == sorted(f"p{n}" for n in range(13))


def test_a_query_sees_the_moment_at_which_it_was_begun(bulk: BulkClient) -> None:
    bulk.run("Event", "CRM_Id__c,Subject,ActivityDate,IsAllDayEvent\nev,before,2026-01-01,true\n")
    bulk.client.org.faults = [{"when": {"operation": "query"}, "then": {"job": {"slow": 0.2}}}]
    made = bulk.client.call(
        "POST", "/jobs/query", {"operation": "query", "query": "SELECT Subject FROM Event"}
    ).json()
    bulk.await_state(made["id"], "InProgress", kind="query")
    bulk.client.org.faults.clear()
    job = bulk.await_state(made["id"], "JobComplete", kind="query")
    bulk.client.upsert_one("Event", CRM_Id__c="ev", Subject="after")
    assert rows(bulk.page(job["id"]).text) == [{"Subject": "before"}]


def refusal(bulk: BulkClient, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
    answer = bulk.client.call(method, path, body)
    [error] = answer.json()
    return answer.status_code, error["errorCode"], error["message"]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("SELECT COUNT() FROM Account", "API_ERROR", "Aggregate Relationships"),
        ("SELECT MAX(Name) m FROM Account", "API_ERROR", "Aggregate Relationships"),
        ("SELECT Type FROM Account GROUP BY Type", "API_ERROR", "Aggregate Relationships"),
        ("SELECT BillingAddress FROM Account", "API_ERROR", "Selecting compound data"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 1", "API_ERROR", "OFFSET"),
    ],
)
def test_what_bulk_cannot_query_is_refused(
    bulk: BulkClient, query: str, code: str, message: str
) -> None:
    body = {"operation": "query", "query": query}
    assert refusal(bulk, "POST", "/jobs/query", body) == (
        400,
        code,
        f"{message} not supported in Bulk Query",
    )


def test_children_cannot_be_queried_in_bulk(bulk: BulkClient) -> None:
    """R, salesforcer: in a sentence of their own."""
    body = {"operation": "query", "query": "SELECT Id, (SELECT Id FROM Contacts) FROM Account"}
    sentence = "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"
    assert refusal(bulk, "POST", "/jobs/query", body) == (400, "API_ERROR", sentence)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "query", "query": "SELECT Foo FROM Account"}, "INVALID_FIELD"),
        ({"operation": "query", "query": "SELECT Id FROM Foo"}, "INVALID_TYPE"),
        ({"operation": "query", "query": "SELECT"}, "MALFORMED_QUERY"),
        ({"operation": "query"}, "MALFORMED_QUERY"),
        ({"operation": "insert", "query": "SELECT Id FROM Account"}, "API_ERROR"),
        ({"query": "SELECT Id FROM Account"}, "API_ERROR"),
        (None, "JSON_PARSER_ERROR"),
    ],
)
def test_a_wrong_query_makes_no_job(bulk: BulkClient, body: Any, code: str) -> None:
    before = len(bulk.client.org.jobs)
    assert refusal(bulk, "POST", "/jobs/query", body)[:2] == (400, code)
    assert len(bulk.client.org.jobs) == before


def test_a_query_at_work_can_be_aborted_and_then_deleted(bulk: BulkClient) -> None:
    bulk.client.org.faults = [{"when": {"operation": "query"}, "then": {"job": {"hang": True}}}]
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    job_id = bulk.client.call("POST", "/jobs/query", body).json()["id"]
    path = f"/jobs/query/{job_id}"
    bulk.await_state(job_id, "InProgress", kind="query")
    assert bulk.page(job_id).status_code == 204
    assert refusal(bulk, "DELETE", path)[1] == "INVALIDJOBSTATE"
    assert refusal(bulk, "PATCH", path, {"state": "UploadComplete"})[1] == "INVALIDJOBSTATE"
    assert bulk.change(job_id, "Aborted", "query").json()["state"] == "Aborted"
    bulk.client.org.faults.clear()
    assert bulk.client.call("DELETE", path).status_code == 204
    assert refusal(bulk, "GET", path)[:2] == (404, "NOT_FOUND")


def test_a_finished_query_stays_as_it_is(bulk: BulkClient) -> None:
    job = bulk.query("SELECT Id FROM Account")
    assert refusal(bulk, "PATCH", f"/jobs/query/{job['id']}", {"state": "Aborted"}) == (
        400,
        "INVALIDJOBSTATE",
        "Aborting already Completed Job not allowed",
    )
    assert refusal(bulk, "GET", f"/jobs/query/{job['id']}/results?locator=!")[1] == (
        "INVALID_QUERY_LOCATOR"
    )
    assert refusal(bulk, "GET", f"/jobs/query/{job['id']}/results?maxRecords=0")[0] == 400
    other = bulk.client.call("GET", f"/jobs/query/{job['id']}/results", version="61.0")
    assert other.status_code == 409


def test_queries_are_listed_and_counted(bulk: BulkClient) -> None:
    before = bulk.client.call("GET", "/limits").json()["DailyBulkV2QueryJobs"]["Remaining"]
    job = bulk.query("SELECT Id FROM Account")
    after = bulk.client.call("GET", "/limits").json()["DailyBulkV2QueryJobs"]["Remaining"]
    assert before - after == 1
    listed = bulk.client.call("GET", "/jobs/query").json()["records"]
    assert listed[0]["id"] == job["id"]
    assert {entry["jobType"] for entry in listed} == {"V2Query"}
    ingested = bulk.client.call("GET", "/jobs/query?jobType=V2Ingest").json()["records"]
    assert {entry["jobType"] for entry in ingested} == {"V2Ingest"}
