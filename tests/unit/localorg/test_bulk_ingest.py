"""Ingest jobs: their life, their answers, their results."""

import gzip
from typing import Any

import pytest

from .bulk_client import BulkClient, rows, table
from .client import BASE, Client


@pytest.fixture(scope="module")
def bulk(client: Client) -> BulkClient:
    return BulkClient(client)


def test_a_job_is_created_fed_closed_and_completed(bulk: BulkClient) -> None:
    job = bulk.create("Account")
    assert job["state"] == "Open"
    assert job["contentUrl"] == f"{BASE.lstrip('/')}/jobs/ingest/{job['id']}/batches"
    assert (job["apiVersion"], job["lineEnding"], job["columnDelimiter"]) == (60.0, "LF", "COMMA")
    opened = bulk.info(job["id"])
    assert "numberRecordsProcessed" not in opened  # nothing was uploaded yet
    uploaded = bulk.upload(job["id"], table("CRM_Id__c,Name", ["one,One"]))
    assert (uploaded.status_code, uploaded.content) == (201, b"")
    assert bulk.info(job["id"])["numberRecordsProcessed"] == 0
    closed = bulk.change(job["id"], "UploadComplete")
    assert (closed.status_code, closed.json()["state"]) == (200, "UploadComplete")
    assert not {"contentUrl", "lineEnding", "jobType"} & set(closed.json())
    done = bulk.await_state(job["id"], "JobComplete")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (1, 0)
    assert (done["jobType"], done["retries"]) == ("V2Ingest", 0)
    assert done["totalProcessingTime"] >= done["apiActiveProcessingTime"] > 0
    assert "contentUrl" not in done


def test_a_job_is_found_by_either_form_of_its_id_and_with_a_slash(bulk: BulkClient) -> None:
    job_id = bulk.create("Account")["id"]
    assert bulk.info(job_id[:15])["id"] == job_id
    assert bulk.client.call("GET", f"/jobs/ingest/{job_id}/").json()["id"] == job_id


def test_insert_update_upsert_and_delete(bulk: BulkClient) -> None:
    created = bulk.run("Account", "Name,Phone\nBulk A,1\nBulk B,2\n", "insert")
    made = {r["Name"]: r for r in bulk.successful(created["id"])}
    assert {r["sf__Created"] for r in made.values()} == {"true"}
    first, second = made["Bulk A"]["sf__Id"], made["Bulk B"]["sf__Id"]
    updated = bulk.run("Account", f"Id,Phone\n{first},11\n{second[:15]},22\n", "update")
    assert {r["sf__Created"] for r in bulk.successful(updated["id"])} == {"false"}
    assert bulk.client.row("Account", second, "Name", "Phone") == {"Name": "Bulk B", "Phone": "22"}
    upserted = bulk.run(
        "Account", f"Id,Name,Phone\n{first},,111\n,Bulk C,3\n", externalIdFieldName="Id"
    )
    assert {r["sf__Created"] for r in bulk.successful(upserted["id"])} == {"true", "false"}
    deleted = bulk.run("Account", f"Id\n{first}\n{second}\n", "delete")
    assert deleted["numberRecordsProcessed"] == 2
    assert {r["sf__Id"] for r in bulk.successful(deleted["id"])} == {first, second}
    assert bulk.client.row("Account", first, "IsDeleted") == {"IsDeleted": True}


def test_an_upsert_creates_and_then_changes(bulk: BulkClient) -> None:
    first = bulk.run("Account", table("CRM_Id__c,Name", ["up1,A", "up2,B"]))
    second = bulk.run("Account", table("CRM_Id__c,Name", ["up2,C", "up3,D"]))
    assert {r["CRM_Id__c"]: r["sf__Created"] for r in bulk.successful(second["id"])} == {
        "up2": "false",
        "up3": "true",
    }
    ids = {r["CRM_Id__c"]: r["sf__Id"] for r in bulk.successful(first["id"])}
    assert bulk.client.row("Account", ids["up2"], "Name") == {"Name": "C"}


def test_results_quote_every_value_and_keep_the_header_as_it_was(bulk: BulkClient) -> None:
    """R: amp-labs bulk/info/partial-failure.csv."""
    data = 'CRM_Id__c,"Name",phone\nq1,"Says ""yes"", twice",\nq2,,5\n'
    job = bulk.run("Account", data)
    head, line, end = bulk.text(job["id"], "successfulResults").split("\n")
    assert head == '"sf__Id","sf__Created",CRM_Id__c,"Name",phone'
    assert line.endswith(',"true","q1","Says ""yes"", twice",""')
    assert end == ""
    assert bulk.text(job["id"], "failedResults") == (
        '"sf__Id","sf__Error",CRM_Id__c,"Name",phone\n'
        '"","REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --","q2","","5"\n'
    )
    assert bulk.text(job["id"], "unprocessedrecords") == 'CRM_Id__c,"Name",phone\n'
    spelled = bulk.client.call("GET", f"/jobs/ingest/{job['id']}/unprocessedRecords/")
    assert spelled.text == 'CRM_Id__c,"Name",phone\n'


def test_results_come_in_an_order_of_their_own_that_stays(bulk: BulkClient) -> None:
    keys = [f"order{n:04}" for n in range(1000)]
    job = bulk.run("Account", table("CRM_Id__c,Name", [f"{key},N" for key in keys]))
    shown = [r["CRM_Id__c"] for r in bulk.successful(job["id"])]
    assert sorted(shown) == keys
    assert shown != keys
    assert shown[:200] != sorted(shown[:200])
    assert shown == [r["CRM_Id__c"] for r in bulk.successful(job["id"])]


@pytest.mark.parametrize("line_ending", ["LF", "CRLF"])
@pytest.mark.parametrize(
    ("delimiter", "mark"),
    [
        ("BACKQUOTE", "`"),
        ("CARET", "^"),
        ("COMMA", ","),
        ("PIPE", "|"),
        ("SEMICOLON", ";"),
        ("TAB", "\t"),
    ],
)
def test_every_delimiter_and_line_ending(
    bulk: BulkClient, delimiter: str, mark: str, line_ending: str
) -> None:
    end = {"LF": "\n", "CRLF": "\r\n"}[line_ending]
    name = f'one{mark} "two"'
    quoted = '"' + name.replace('"', '""') + '"'
    data = f"CRM_Id__c{mark}Name{end}{delimiter}{mark}{quoted}{end}"
    job = bulk.run("Account", data, lineEnding=line_ending, columnDelimiter=delimiter)
    assert job["numberRecordsFailed"] == 0
    text = bulk.text(job["id"], "successfulResults")
    assert text.startswith(f'"sf__Id"{mark}"sf__Created"{mark}CRM_Id__c{mark}Name{end}"001')
    assert text.endswith(f'"{delimiter}"{mark}{quoted}{end}')
    assert bulk.client.query(f"SELECT Name FROM Account WHERE CRM_Id__c = '{delimiter}'") == [
        {"Name": name}
    ]


def test_a_value_may_hold_line_breaks_and_a_line_may_be_empty(bulk: BulkClient) -> None:
    data = 'CRM_Id__c,Name,Description\n\nlines,N,"one\ntwo, ""2""\n\nfour"\n\n'
    job = bulk.run("Account", data)
    assert job["numberRecordsProcessed"] == 1
    [row] = bulk.successful(job["id"])
    assert row["Description"] == 'one\ntwo, "2"\n\nfour'
    found = bulk.client.query("SELECT Description FROM Account WHERE CRM_Id__c = 'lines'")
    assert found == [{"Description": row["Description"]}]


def test_an_upload_may_come_in_chunks_or_zipped(bulk: BulkClient) -> None:
    job_id = bulk.create("Account")["id"]
    parts = [b"CRM_Id__c,Name\n", *(b"chunk%d,N\n" % n for n in range(300))]
    assert bulk.upload(job_id, iter(parts)).status_code == 201
    bulk.change(job_id, "UploadComplete")
    assert bulk.await_state(job_id, "JobComplete")["numberRecordsProcessed"] == 300
    job_id = bulk.create("Account")["id"]
    zipped = gzip.compress(b"CRM_Id__c,Name\nzipped,N\n")
    assert bulk.upload(job_id, zipped, **{"Content-Encoding": "gzip"}).status_code == 201
    bulk.change(job_id, "UploadComplete")
    assert bulk.await_state(job_id, "JobComplete")["numberRecordsProcessed"] == 1


def multipart(client: Client, body: bytes) -> Any:
    headers = {"Content-Type": 'multipart/form-data; boundary="BOUNDARY"'}
    url = f"{client.org.instance_url}{BASE}/jobs/ingest/"
    return client.session.post(url, data=body, headers=headers, timeout=30)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_job_and_its_rows_may_come_in_one_request(bulk: BulkClient, end: str) -> None:
    """D, Bulk Insert with a Multipart Request; curl sends the file's own line ends."""
    head = end.join(
        [
            "--BOUNDARY",
            "Content-Type: application/json",
            'Content-Disposition: form-data; name="job"',
            "",
            '{"object": "Account", "contentType": "CSV", "operation": "insert"}',
            "",
            "--BOUNDARY",
            "Content-Type: text/csv",
            'Content-Disposition: form-data; name="content"; filename="content"',
            "",
            "",
        ]
    )
    data = "Name,Phone\nMüller,1\nMeier,2\n"
    answer = multipart(bulk.client, f"{head}{data}{end}--BOUNDARY--{end}".encode())
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert job["state"] == "UploadComplete"
    assert "contentUrl" not in job
    done = bulk.await_state(job["id"], "JobComplete")
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 0)
    assert {r["Name"] for r in bulk.successful(job["id"])} == {"Müller", "Meier"}
    large = f"{head}Name\n{'x' * 100_000}{end}--BOUNDARY--{end}"
    assert multipart(bulk.client, large.encode()).status_code == 400
    assert multipart(bulk.client, b"--BOUNDARY--\n").json()[0]["errorCode"] == "API_ERROR"


def test_a_job_without_rows_is_complete_and_one_without_upload_fails(bulk: BulkClient) -> None:
    empty = bulk.run("Account", "CRM_Id__c,Name\n")
    assert (empty["state"], empty["numberRecordsProcessed"]) == ("JobComplete", 0)
    assert bulk.text(empty["id"], "successfulResults") == '"sf__Id","sf__Created",CRM_Id__c,Name\n'
    job_id = bulk.create("Account")["id"]
    assert bulk.change(job_id, "UploadComplete").status_code == 200
    failed = bulk.await_state(job_id, "Failed")
    assert failed["errorMessage"] == "InvalidBatch : Records not found"
    assert bulk.text(job_id, "unprocessedrecords") == ""


def test_the_creator_writes_and_only_an_assignment_rule_takes_leads_away(bulk: BulkClient) -> None:
    org = bulk.client.org
    plain = bulk.run("Lead", "CRM_Id__c,LastName,Company\nown,L,C\n")
    [row] = bulk.successful(plain["id"])
    owner = bulk.client.row("Lead", row["sf__Id"], "OwnerId", "CreatedById")
    assert owner == {"OwnerId": org.integration_user_id, "CreatedById": org.integration_user_id}
    ruled = bulk.run(
        "Lead", "CRM_Id__c,LastName,Company\nruled,L,C\n", assignmentRuleId="01Q000000000001"
    )
    assert ruled["assignmentRuleId"] == "01Q000000000001EAA"
    [row] = bulk.successful(ruled["id"])
    assert bulk.client.row("Lead", row["sf__Id"], "OwnerId") == {"OwnerId": org.queue_user_id}


def test_jobs_are_listed_and_filtered(bulk: BulkClient) -> None:
    job_id = bulk.create("Account", "insert")["id"]
    listed = bulk.client.call("GET", "/jobs/ingest").json()
    assert (listed["done"], listed["nextRecordsUrl"]) == (True, None)
    assert listed["records"][0]["id"] == job_id
    assert listed["records"][0]["jobType"] == "V2Ingest"
    for nothing in ("jobType=Classic", "isPkChunkingEnabled=true"):
        assert bulk.client.call("GET", f"/jobs/ingest?{nothing}").json()["records"] == []
    assert bulk.client.call("GET", "/jobs/ingest?queryLocator=x").status_code == 400


def test_a_deleted_job_is_gone(bulk: BulkClient) -> None:
    job = bulk.run("Account", "CRM_Id__c,Name\ngone,N\n")
    assert bulk.client.call("DELETE", f"/jobs/ingest/{job['id']}").status_code == 204
    answer = bulk.client.call("GET", f"/jobs/ingest/{job['id']}/successfulResults")
    assert answer.status_code == 404
    assert answer.json()[0]["errorCode"] == "NOT_FOUND"


def test_the_log_of_calls_keeps_no_rows(bulk: BulkClient) -> None:
    job = bulk.run("Account", "CRM_Id__c,Name\nsecret,N\n")
    text = bulk.text(job["id"], "successfulResults")
    read = bulk.client.org.calls[-1]
    assert read.answer == {"bytes": len(text)}
    put = next(c for c in reversed(bulk.client.org.calls) if c.method == "PUT")
    assert (put.body, put.status) == (None, 201)
    assert rows(text)[0]["CRM_Id__c"] == "secret"
