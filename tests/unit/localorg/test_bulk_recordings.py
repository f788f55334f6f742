"""Jobs beside recordings of a real org: keys in their order, kinds, and texts."""

import json
from pathlib import Path
from typing import Any

import pytest

from .bulk_client import BulkClient
from .client import VERSION, Client

pytestmark = pytest.mark.recordings

HEADER = "CRM_Id__c,Name,StageName,CloseDate"
ROW = "r1,O,Prospecting,2026-01-01"
OWN = frozenset(
    (
        "id", "createdById", "createdDate", "systemModstamp", "externalIdFieldName", "contentUrl",
        "totalProcessingTime", "apiActiveProcessingTime", "numberRecordsProcessed",
    )
)  # fmt: skip
"""Keys whose values are each job's own."""


@pytest.fixture(scope="module")
def bulk(client: Client) -> BulkClient:
    return BulkClient(client)


def compare(ours: dict[str, Any], recordings: Path, name: str) -> dict[str, Any]:
    """Same keys in the same order, values of the same kind, and the same where not our own."""
    theirs: dict[str, Any] = json.loads((recordings / "bulk2" / name).read_text(encoding="utf-8"))
    assert list(ours) == list(theirs)
    assert {k: type(v) for k, v in ours.items()} == {k: type(v) for k, v in theirs.items()}
    ours_shared = {k: v for k, v in ours.items() if k not in OWN}
    assert ours_shared == {k: v for k, v in theirs.items() if k not in OWN}
    assert theirs["apiVersion"] == float(VERSION)
    return theirs


def test_a_job_from_creation_to_completion(bulk: BulkClient, recordings: Path) -> None:
    job = bulk.create("Opportunity")
    theirs = compare(job, recordings, "create-open.json")
    assert job["contentUrl"] == theirs["contentUrl"].replace(theirs["id"], job["id"])
    bulk.upload(job["id"], f"{HEADER}\n{ROW}\n")
    closed = bulk.change(job["id"], "UploadComplete").json()
    compare(closed, recordings, "close-uploadcomplete.json")
    done = bulk.await_state(job["id"], "JobComplete")
    compare(done, recordings, "info-jobcomplete.json")


def test_a_job_in_progress(bulk: BulkClient, recordings: Path) -> None:
    bulk.client.org.faults = [{"when": {"object": "Opportunity"}, "then": {"job": {"slow": 30}}}]
    job_id = bulk.create("Opportunity")["id"]
    bulk.upload(job_id, "\n".join([HEADER, *(f"p{n}{ROW}" for n in range(300))]))
    bulk.change(job_id, "UploadComplete")
    while not bulk.info(job_id)["numberRecordsProcessed"]:
        pass
    running = bulk.info(job_id)
    compare(running, recordings, "info-inprogress.json")
    assert running["totalProcessingTime"] == 0
    bulk.change(job_id, "Aborted")
    bulk.client.org.faults.clear()


def test_a_job_with_a_refused_row(bulk: BulkClient, recordings: Path) -> None:
    job = bulk.run("Opportunity", f"{HEADER}\n{ROW}\nr2,O,Prospecting,2003-04-98\n")
    compare(job, recordings, "info-jobcomplete-with-failure.json")


def test_a_job_with_a_header_that_names_no_field(bulk: BulkClient, recordings: Path) -> None:
    job = bulk.run("Opportunity", f"{HEADER},StageName_invalid_field_on_purpose\n{ROW},x\n")
    theirs = compare(job, recordings, "info-failed.json")
    assert job["numberRecordsProcessed"] == theirs["numberRecordsProcessed"]
    for own_time in ("totalProcessingTime", "apiActiveProcessingTime"):
        assert job[own_time] == theirs[own_time]


def test_a_query(bulk: BulkClient, recordings: Path) -> None:
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    compare(bulk.client.call("POST", "/jobs/query", body).json(), recordings, "query-create.json")
