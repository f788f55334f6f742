"""Jobs that are refused, fail, or are asked for in the wrong state."""

from collections.abc import Iterator
from typing import Any

import pytest

from crm_sync.localorg.bulk import ingest, load, service
from crm_sync.localorg.serve import LocalOrg

from .bulk_client import BulkClient, table
from .client import BASE, Client

INGEST = {"object": "Account", "operation": "insert"}
HANGING = {"when": {"object": "Account"}, "then": {"job": {"hang": True}}}


@pytest.fixture(scope="module")
def bulk(client: Client) -> BulkClient:
    return BulkClient(client)


@pytest.fixture
def hanging(bulk: BulkClient) -> Iterator[str]:
    """A job with two rows that stays InProgress."""
    bulk.client.org.faults = [HANGING]
    job_id = bulk.create("Account")["id"]
    bulk.upload(job_id, "CRM_Id__c,Name\nhang1,N\nhang2,N\n")
    bulk.change(job_id, "UploadComplete")
    bulk.await_state(job_id, "InProgress")
    yield job_id
    bulk.client.org.faults.clear()


def refusal(bulk: BulkClient, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
    answer = bulk.client.call(method, path, body)
    [error] = answer.json()
    return answer.status_code, error["errorCode"], error["message"]


@pytest.mark.parametrize(
    ("facts", "code", "message"),
    [
        ({"object": "Foo"}, "INVALIDJOB", "InvalidJob : Unable to find object: Foo"),
        ({"object": ""}, "INVALIDJOB", "InvalidJob : Unable to find object: "),
        (
            {"object": "Organization"},
            "INVALIDENTITY",
            "Entity 'Organization' is not supported by the Bulk API.",
        ),
        (
            {"operation": "merge"},
            "API_ERROR",
            "Invalid value: 'merge' supplied for property: 'operation'",
        ),
        (
            {"contentType": "JSON"},
            "API_ERROR",
            "Invalid value: 'JSON' supplied for property: 'contentType'",
        ),
        (
            {"lineEnding": "CR"},
            "API_ERROR",
            "Invalid value: 'CR' supplied for property: 'lineEnding'",
        ),
        (
            {"columnDelimiter": ","},
            "API_ERROR",
            "Invalid value: ',' supplied for property: 'columnDelimiter'",
        ),
        (
            {"operation": "upsert"},
            "INVALIDJOB",
            "InvalidJob : External ID was blank for Account. An External ID must be specified for "
            "upsert.",
        ),
        (
            {"operation": "upsert", "externalIdFieldName": "Website"},
            "INVALIDJOB",
            "InvalidJob : Field name provided, Website does not match an External ID, Salesforce "
            "Id, or indexed field for Account",
        ),
        (
            {"operation": "hardDelete"},
            "FEATURENOTENABLED",
            "hardDelete operation requires special user profile permission, please contact your "
            "system administrator",
        ),
        (
            {"assignmentRuleId": "01Q000000000001"},
            "INVALIDJOB",
            "InvalidJob : Assignment rules do not apply to Account",
        ),
        (
            {"object": "Lead", "assignmentRuleId": "rule"},
            "INVALIDJOB",
            "InvalidJob : Invalid assignment rule ID: rule",
        ),
    ],
)
def test_a_job_that_cannot_be_is_not_made(
    bulk: BulkClient, facts: dict[str, str], code: str, message: str
) -> None:
    before = len(bulk.client.org.jobs)
    assert refusal(bulk, "POST", "/jobs/ingest", {**INGEST, **facts}) == (400, code, message)
    assert len(bulk.client.org.jobs) == before


def test_a_job_needs_a_body(bulk: BulkClient) -> None:
    assert refusal(bulk, "POST", "/jobs/ingest")[:2] == (400, "JSON_PARSER_ERROR")
    job_id = bulk.create("Account")["id"]
    assert refusal(bulk, "PATCH", f"/jobs/ingest/{job_id}", {"state": "Open"})[:2] == (
        400,
        "INVALIDJOBSTATE",
    )


@pytest.mark.parametrize("path", ["", "/successfulResults", "/failedResults", "/batches"])
@pytest.mark.parametrize("job_id", ["750000000000001AAA", "001000000000001", "nonsense"])
def test_an_unknown_job_is_not_found(bulk: BulkClient, job_id: str, path: str) -> None:
    method = "PUT" if path == "/batches" else "GET"
    assert refusal(bulk, method, f"/jobs/ingest/{job_id}{path}") == (
        404,
        "NOT_FOUND",
        "The requested resource does not exist",
    )


def test_a_query_job_is_no_ingest_job(bulk: BulkClient) -> None:
    job = bulk.query("SELECT Id FROM Lead")
    assert refusal(bulk, "GET", f"/jobs/ingest/{job['id']}")[0] == 404


@pytest.mark.parametrize(
    ("operation", "data", "message"),
    [
        (
            "upsert",
            "CRM_Id__c,StageName_invalid\na,b\n",
            "InvalidBatch : Field name not found : StageName_invalid",
        ),
        ("upsert", "Name\nN\n", "InvalidBatch : Field name not found : CRM_Id__c"),
        ("update", "Name\nN\n", "InvalidBatch : Field name not found : Id"),
        ("delete", "Name\nN\n", "InvalidBatch : Field name not found : Id"),
        ("delete", "Id,Name\n1,N\n", "InvalidBatch : The 'delete' batch must contain only ids"),
        ("insert", "Name,\nN,1\n", "InvalidBatch : Field name not found : "),
        (
            "insert",
            "Name,Parent.Foo__c\nN,1\n",
            "InvalidBatch : Field name not found : Parent.Foo__c",
        ),
        (
            "insert",
            "Name,Foo.CRM_Id__c\nN,1\n",
            "InvalidBatch : Field name not found : Foo.CRM_Id__c",
        ),
        (
            "insert",
            "Name,Account:Parent.CRM_Id__c\nN,1\n",
            "InvalidBatch : type is not needed for non polymorphic foreign key references: Parent",
        ),
        (
            "insert",
            "Name,Parent:Account.CRM_Id__c\nN,1\n",
            "InvalidBatch : Unable to find relationship: Account",
        ),
        (
            "insert",
            "Name,Parent:Account:CRM_Id__c\nN,1\n",
            "InvalidBatch : Field name not found : Parent:Account:CRM_Id__c",
        ),
        ("insert", "Name,BillingAddress\nN,1\n", "InvalidBatch : Field name not found : "),
        (
            "insert",
            "Name\r\nN\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
            "LF",
        ),
        (
            "insert",
            'Name\n"one\r\ntwo"\n',
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
            "LF",
        ),
        (
            "insert",
            'Name,Phone\n"open,1\nnext,2\n',
            "InvalidBatch : Failed to parse CSV. EOF reached before closing an opened quote",
        ),
        (
            "insert",
            'Name,Phone\nsay "hi",1\n',
            "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should "
            "be within a quote",
        ),
        (
            "insert",
            'Name,Phone\n"say "hi" now",1\n',
            "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should "
            "be within a quote",
        ),
        (
            "insert",
            '\ufeff"Name"\nN\n',
            "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should "
            "be within a quote",
        ),
        ("insert", "\ufeffName\nN\n", "InvalidBatch : Field name not found : \ufeffName"),
    ],
)
def test_an_upload_that_cannot_be_read_fails_the_job_before_its_first_row(
    bulk: BulkClient, operation: str, data: str, message: str
) -> None:
    before = bulk.client.query("SELECT COUNT() FROM Account", "queryAll")
    job = bulk.run("Account", data, operation)
    assert job["state"] == "Failed"
    assert job["errorMessage"].startswith(message)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (0, 0)
    assert bulk.text(job["id"], "unprocessedrecords") == data
    assert bulk.successful(job["id"]) == bulk.failed(job["id"]) == []
    assert bulk.client.query("SELECT COUNT() FROM Account", "queryAll") == before


def test_a_polymorphic_parent_must_name_its_object(bulk: BulkClient) -> None:
    job = bulk.run("Task", "CRM_Id__c,Who.CRM_Id__c\nt,l\n")
    assert job["errorMessage"] == (
        "InvalidBatch : type is needed for polymorphic foreign key references: Who"
    )


def test_an_upload_for_crlf_must_have_it(bulk: BulkClient) -> None:
    job = bulk.run("Account", "Name\nN\n", "insert", lineEnding="CRLF")
    assert job["errorMessage"].endswith("Current LineEnding setting is CRLF")


def test_a_job_takes_one_upload(bulk: BulkClient) -> None:
    job_id = bulk.create("Account")["id"]
    assert bulk.upload(job_id, "CRM_Id__c,Name\nonce,N\n").status_code == 201
    second = bulk.upload(job_id, "CRM_Id__c,Name\ntwice,N\n")
    assert second.status_code == 400
    assert second.json()[0]["message"] == (
        f"Found multipe contents for job: <{job_id[:15]}>, please 'Close' / 'Abort' / 'Delete' the "
        "current Job then create a new Job and make sure you only do 'PUT' once on a given Job."
    )
    bulk.change(job_id, "UploadComplete")
    bulk.await_state(job_id, "JobComplete")
    assert [r["CRM_Id__c"] for r in bulk.successful(job_id)] == ["once"]


def test_an_upload_is_csv(bulk: BulkClient) -> None:
    job_id = bulk.create("Account")["id"]
    answer = bulk.upload(job_id, "{}", **{"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    broken = bulk.upload(job_id, "no gzip", **{"Content-Encoding": "gzip"})
    assert broken.status_code == 400
    assert bulk.upload(job_id, "Name\n", **{"Content-Type": "text/csv; charset=UTF-8"}).ok


def test_an_upload_that_is_too_large_is_refused_and_forgotten(
    bulk: BulkClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MOST_UPLOAD", 1000)
    job_id = bulk.create("Account")["id"]
    answer = bulk.upload(job_id, b"Name\n" + b"x" * 5_000_000)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (413, "CLIENTINPUTERROR")
    assert bulk.upload(job_id, b"Name\n" + b"x" * 995).status_code == 201


def test_an_upload_needs_a_session(bulk: BulkClient) -> None:
    job_id = bulk.create("Account")["id"]
    answer = bulk.upload(job_id, "Name\nN\n", Authorization="Bearer wrong")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert "numberRecordsProcessed" not in bulk.info(job_id)


def test_a_job_at_work_can_be_aborted_and_leaves_its_rows(bulk: BulkClient, hanging: str) -> None:
    path = f"/jobs/ingest/{hanging}"
    state = "INVALIDJOBSTATE"
    assert refusal(bulk, "PATCH", path, {"state": "UploadComplete"}) == (
        400, state, "Closing already Closed Job not allowed",
    )  # fmt: skip
    assert refusal(bulk, "DELETE", path)[1] == state
    upload = bulk.upload(hanging, "Name\nN\n")
    assert (upload.status_code, upload.json()[0]["errorCode"]) == (400, state)
    assert bulk.client.call("GET", f"{path}/successfulResults").status_code == 204
    aborted = bulk.change(hanging, "Aborted")
    assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    assert refusal(bulk, "PATCH", path, {"state": "Aborted"})[2] == (
        "Aborting already Aborted Job not allowed"
    )
    assert bulk.text(hanging, "unprocessedrecords") == "CRM_Id__c,Name\nhang1,N\nhang2,N\n"
    bulk.client.org.faults.clear()
    later = bulk.run("Account", "CRM_Id__c,Name\nlater,N\n")
    assert later["state"] == "JobComplete"
    assert bulk.info(hanging)["state"] == "Aborted"
    assert bulk.client.query("SELECT Id FROM Account WHERE CRM_Id__c = 'hang1'") == []
    assert bulk.client.call("DELETE", path).status_code == 204


def test_a_job_that_has_ended_stays_as_it_is(bulk: BulkClient) -> None:
    job = bulk.run("Account", "CRM_Id__c,Name\nended,N\n")
    path = f"/jobs/ingest/{job['id']}"
    assert refusal(bulk, "PATCH", path, {"state": "Aborted"}) == (
        400,
        "INVALIDJOBSTATE",
        "Aborting already Completed Job not allowed",
    )
    assert refusal(bulk, "PATCH", path, {"state": "UploadComplete"})[2] == (
        "Closing already Completed Job not allowed"
    )


def test_an_open_job_can_be_aborted_but_not_deleted(bulk: BulkClient) -> None:
    job_id = bulk.create("Account")["id"]
    assert refusal(bulk, "DELETE", f"/jobs/ingest/{job_id}")[1] == "INVALIDJOBSTATE"
    assert bulk.change(job_id, "Aborted").status_code == 200
    assert bulk.client.call("DELETE", f"/jobs/ingest/{job_id}").status_code == 204


def test_the_days_batches_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "BATCH", 400)
    monkeypatch.setitem(service.DAILY, "batches", 2)
    with LocalOrg() as org:
        bulk = BulkClient(Client(org))
        limits = bulk.client.call("GET", "/limits").json()
        assert limits["DailyBulkApiBatches"] == {"Max": 2, "Remaining": 2}
        job = bulk.run("Account", table("CRM_Id__c,Name", [f"d{n},N" for n in range(900)]))
        assert job["state"] == "Failed"
        assert job["errorMessage"] == "ExceededQuota : ApiBatchItems Limit exceeded"
        assert job["numberRecordsProcessed"] == 800
        assert len(bulk.successful(job["id"])) == 800
        assert [r["CRM_Id__c"] for r in bulk.unprocessed(job["id"])] == [
            f"d{n}" for n in range(800, 900)
        ]
        limits = bulk.client.call("GET", "/limits").json()
        assert limits["DailyBulkApiBatches"] == {"Max": 2, "Remaining": 0}


def test_jobs_stand_in_no_composite_and_no_batch(bulk: BulkClient) -> None:
    job = bulk.run("Account", "CRM_Id__c,Name\ncomposed,X\n")["id"]
    before = len(bulk.client.org.jobs)
    wanted: list[dict[str, Any]] = [
        {"method": "GET", "url": f"jobs/ingest/{job}/successfulResults"},
        {"method": "GET", "url": f"jobs/ingest/{job}"},
        {"method": "POST", "url": "jobs/ingest"},
    ]
    body = {"object": "Account", "operation": "insert"}
    told = bulk.client.composite(
        *(
            {**sub, "url": f"{BASE}/{sub['url']}", "referenceId": f"r{n}", "body": body}
            for n, sub in enumerate(wanted)
        )
    )
    codes = [(sub["httpStatusCode"], sub["body"][0]["errorCode"]) for sub in told]
    assert codes == [(400, "INVALID_REQUEST")] * 3
    listed = [{**sub, "url": f"v60.0/{sub['url']}", "richInput": body} for sub in wanted]
    batch = bulk.client.call("POST", "/composite/batch", {"batchRequests": listed}).json()
    assert [sub["statusCode"] for sub in batch["results"]] == [400] * 3
    assert len(bulk.client.org.jobs) == before
