"""Jobs over time: restarts, kills, faults, age."""

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm_sync.localorg.serve import LocalOrg

from .bulk_client import BulkClient, rows, table
from .client import Client
from .test_process import get, process, send

SLOW = {"when": {"operation": "upsert"}, "then": {"job": {"slow": 0.02}}}


def begin(bulk: BulkClient, count: int) -> str:
    """An upsert of so many accounts, closed."""
    job_id: str = bulk.create("Account")["id"]
    bulk.upload(job_id, table("CRM_Id__c,Name", [f"k{n},N {n}" for n in range(count)]))
    bulk.change(job_id, "UploadComplete")
    return job_id


def await_rows(bulk: BulkClient, job_id: str) -> None:
    """Wait until some rows are processed, but not all."""
    while not bulk.info(job_id)["numberRecordsProcessed"]:
        time.sleep(0.005)


def test_a_job_is_continued_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    with LocalOrg(data) as org:
        org.faults = [SLOW]
        bulk = BulkClient(Client(org))
        job_id = begin(bulk, 5000)
        waiting = bulk.create("Account")["id"]
        await_rows(bulk, job_id)
    with LocalOrg(data) as org:
        bulk = BulkClient(Client(org))
        done = bulk.await_state(job_id, "JobComplete")
        assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (5000, 0)
        keys = sorted(row["CRM_Id__c"] for row in bulk.successful(job_id))
        assert keys == sorted(f"k{n}" for n in range(5000))
        assert org.store.count("Account") == 5000
        assert bulk.info(waiting)["state"] == "Open"
        assert bulk.upload(waiting, "CRM_Id__c,Name\nx,X\n").status_code == 201


def test_a_killed_org_neither_repeats_nor_forgets_a_row(tmp_path: Path) -> None:
    data = str(tmp_path / "org.db")
    with process("--data", data) as (running, told):
        slow = {"when": {"operation": "insert"}, "then": {"job": {"slow": 0.02}}}
        send(told, "POST", "/local/faults", json=[slow])
        path = "/services/data/v60.0/jobs/ingest"
        job = send(told, "POST", path, json={"object": "Account", "operation": "insert"}).json()
        path = f"{path}/{job['id']}"
        lines = table("Name", [f"N {n}" for n in range(6000)])
        csv = {"Content-Type": "text/csv"}
        send(told, "PUT", f"{path}/batches", data=lines.encode(), headers=csv)
        send(told, "PATCH", path, json={"state": "UploadComplete"})
        while not get(told, path).json().get("numberRecordsProcessed"):
            time.sleep(0.005)
        os.kill(running.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        running.wait(timeout=10)
    with process("--data", data) as (_, told):
        while (info := get(told, path).json())["state"] != "JobComplete":
            assert info["state"] == "InProgress"
            time.sleep(0.01)
        assert info["numberRecordsProcessed"] == 6000
        found = rows(get(told, f"{path}/successfulResults").text)
        assert sorted(row["Name"] for row in found) == sorted(f"N {n}" for n in range(6000))
        assert len({row["sf__Id"] for row in found}) == 6000
        assert get(told, "/local/counts").json()["Account"] == 6000


def test_a_query_is_done_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    hang = {"when": {"operation": "query"}, "then": {"job": {"hang": True}}}
    with LocalOrg(data) as org:
        org.faults = [hang]
        bulk = BulkClient(Client(org))
        body = {"operation": "query", "query": "SELECT Username FROM User"}
        job_id = bulk.client.call("POST", "/jobs/query", body).json()["id"]
        bulk.await_state(job_id, "InProgress", kind="query")
    with LocalOrg(data) as org:
        bulk = BulkClient(Client(org))
        done = bulk.await_state(job_id, "JobComplete", kind="query")
        assert done["numberRecordsProcessed"] == len(rows(bulk.page(job_id).text)) == 4


def test_a_reset_takes_the_jobs_along(tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    with LocalOrg(data) as org:
        bulk = BulkClient(Client(org))
        bulk.run("Account", "CRM_Id__c,Name\nx,X\n")
    folder = tmp_path / "org.db.jobs"
    assert list(folder.iterdir())
    with process("--data", str(data), "--reset") as (_, told):
        assert get(told, "/local/jobs").json() == []
        assert not folder.exists()


def test_an_org_in_memory_leaves_nothing_behind() -> None:
    with LocalOrg() as org:
        bulk = BulkClient(Client(org))
        bulk.run("Account", "CRM_Id__c,Name\nx,X\n")
        folder = org.jobs_folder
        assert list(folder.iterdir())
    assert not folder.exists()


def test_jobs_go_after_seven_days() -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    with LocalOrg(clock=lambda: moment[0]) as org:
        org.set_policies(session_seconds=30 * 24 * 60 * 60)
        bulk = BulkClient(Client(org))
        done = bulk.run("Account", "CRM_Id__c,Name\nx,X\n")
        query = bulk.query("SELECT Id FROM Account")
        moment[0] += timedelta(days=7)
        assert bulk.text(done["id"], "successfulResults")
        moment[0] += timedelta(seconds=1)
        answer = bulk.client.call("GET", f"/jobs/ingest/{done['id']}/successfulResults")
        assert answer.status_code == 404
        assert bulk.page(query["id"]).status_code == 404
        assert org.jobs == []
        assert list(org.jobs_folder.iterdir()) == []


def test_a_job_left_open_fails_after_24_hours() -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    with LocalOrg(clock=lambda: moment[0]) as org:
        org.set_policies(session_seconds=30 * 24 * 60 * 60)
        bulk = BulkClient(Client(org))
        empty, filled = (bulk.create("Account")["id"] for _ in range(2))
        assert bulk.upload(filled, "CRM_Id__c,Name\nx,X\n").status_code == 201
        moment[0] += timedelta(hours=24)
        assert bulk.info(empty)["state"] == bulk.info(filled)["state"] == "Open"
        moment[0] += timedelta(seconds=1)
        for job_id in (empty, filled):
            info = bulk.info(job_id)
            assert info["state"] == "Failed"
            assert info["errorMessage"] == "InvalidJob : The job was open for more than 24 hours"
        assert bulk.upload(empty, "CRM_Id__c,Name\nx,X\n").status_code == 400
        assert bulk.change(filled, "UploadComplete").status_code == 400
        unprocessed = bulk.client.call("GET", f"/jobs/ingest/{filled}/unprocessedrecords").text
        assert unprocessed.splitlines() == ["CRM_Id__c,Name", "x,X"]
        assert bulk.client.query("SELECT Id FROM Account") == []
        moment[0] += timedelta(days=7)
        assert org.jobs == []


def test_uses_of_the_day_come_back_after_24_hours() -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    with LocalOrg(clock=lambda: moment[0]) as org:
        org.set_policies(session_seconds=30 * 24 * 60 * 60)
        bulk = BulkClient(Client(org))
        bulk.run("Account", "CRM_Id__c,Name\nx,X\n")
        for remaining in (14_999, 15_000):
            limits = bulk.client.call("GET", "/limits").json()
            assert limits["DailyBulkApiBatches"]["Remaining"] == remaining
            moment[0] += timedelta(hours=24)


@pytest.fixture(scope="module")
def bulk(client: Client) -> BulkClient:
    return BulkClient(client)


def with_fault(bulk: BulkClient, then: dict[str, object], count: int) -> str:
    bulk.client.org.faults = [
        {"when": {"operation": "upsert", "object": "Account"}, "then": {"job": then}, "times": 1}
    ]
    return begin(bulk, count)


def test_a_rule_fails_a_job_in_the_middle(bulk: BulkClient) -> None:
    text = "InternalServerError : out of luck"
    job_id = with_fault(bulk, {"fail": text, "after": 400}, 1000)
    job = bulk.await_state(job_id, "Failed")
    assert (job["errorMessage"], job["numberRecordsProcessed"]) == (text, 400)
    assert len(bulk.successful(job_id)) == 400
    assert len(bulk.unprocessed(job_id)) == 600
    spared = begin(bulk, 10)  # the rule fired once
    assert bulk.await_state(spared, "JobComplete")["numberRecordsProcessed"] == 10


def test_a_rule_loses_results(bulk: BulkClient) -> None:
    job_id = with_fault(bulk, {"lose": 3}, 250)
    job = bulk.await_state(job_id, "JobComplete")
    assert job["numberRecordsProcessed"] == 250
    assert len(bulk.successful(job_id)) == 247
    assert bulk.failed(job_id) == bulk.unprocessed(job_id) == []


def test_a_hanging_job_holds_no_other_up_and_goes_on_without_its_rule(bulk: BulkClient) -> None:
    job_id = with_fault(bulk, {"hang": True}, 10)
    assert bulk.await_state(job_id, "InProgress")["numberRecordsProcessed"] == 0
    assert bulk.run("Lead", "CRM_Id__c,LastName,Company\nx,L,C\n")["state"] == "JobComplete"
    assert bulk.info(job_id)["state"] == "InProgress"
    bulk.client.org.faults.clear()
    assert bulk.await_state(job_id, "JobComplete")["numberRecordsProcessed"] == 10


def test_jobs_advance_side_by_side_and_let_other_calls_through(bulk: BulkClient) -> None:
    bulk.client.org.faults = [SLOW]
    first, second = begin(bulk, 2000), begin(bulk, 2000)
    await_rows(bulk, first)
    await_rows(bulk, second)
    assert bulk.info(first)["state"] == "InProgress"
    assert bulk.client.query("SELECT COUNT() FROM Account") == []
    bulk.client.org.faults.clear()
    for job_id in (first, second):
        assert bulk.await_state(job_id, "JobComplete")["numberRecordsProcessed"] == 2000


def test_an_aborted_job_shows_what_it_did_and_what_not(bulk: BulkClient) -> None:
    bulk.client.org.faults = [SLOW]
    job_id = begin(bulk, 3000)
    await_rows(bulk, job_id)
    assert bulk.change(job_id, "Aborted").status_code == 200
    bulk.client.org.faults.clear()
    done = bulk.info(job_id)["numberRecordsProcessed"]
    assert 0 < done < 3000
    successful = {row["CRM_Id__c"] for row in bulk.successful(job_id)}
    unprocessed = [row["CRM_Id__c"] for row in bulk.unprocessed(job_id)]
    assert len(successful) == done
    assert unprocessed == [f"k{n}" for n in range(done, 3000)]


@pytest.mark.parametrize(
    "rule", [{"when": {"state": "Open"}, "then": {"job": {}}}, {"then": {"jobs": {"hang": True}}}]
)
def test_a_rule_that_is_none_is_refused(bulk: BulkClient, rule: dict[str, object]) -> None:
    assert bulk.client.call("POST", "/local/faults", [rule]).status_code == 400
