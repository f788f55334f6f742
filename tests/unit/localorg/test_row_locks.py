"""Row locks: parallel work on one parent."""

import threading
from collections.abc import Iterator

import pytest

from crm_sync.localorg.records.locks import Locks
from crm_sync.localorg.serve import LocalOrg

from .bulk_client import BulkClient, table
from .client import Client, typed

OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}
PARALLEL = 8


@pytest.fixture
def client(running_org: LocalOrg) -> Iterator[Client]:
    yield Client(running_org)
    running_org.rules = []


def in_parallel(client: Client, parents: list[str]) -> list[str | None]:
    """Send one Collections call of 100 children for each parent at once; each call's first code."""
    codes: list[str | None] = [None] * len(parents)
    together = threading.Barrier(len(parents))

    def send(number: int) -> None:
        own = Client(client.org)
        children = [{**OPPORTUNITY, "AccountId": parents[number]} for _ in range(100)]
        together.wait()
        body = {"records": typed("Opportunity", *children)}
        results = own.call("POST", "/composite/sobjects", body).json()
        refused = [r["errors"][0]["statusCode"] for r in results if not r["success"]]
        codes[number] = refused[0] if refused else None

    threads = [threading.Thread(target=send, args=(n,)) for n in range(len(parents))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def test_overlapping_calls_on_one_parent_are_refused_and_others_not(client: Client) -> None:
    client.org.rules = [{"rule": "row-locks"}]
    parents = [client.upsert_one("Account", CRM_Id__c=f"p{n}", Name="P") for n in range(PARALLEL)]
    shared = in_parallel(client, [parents[0]] * PARALLEL)
    assert None in shared  # the first of them had its lock
    assert "UNABLE_TO_LOCK_ROW" in shared
    assert in_parallel(client, parents) == [None] * PARALLEL


def test_calls_one_after_the_other_never_meet(client: Client) -> None:
    client.org.rules = [{"rule": "row-locks"}]
    parent = client.upsert_one("Account", CRM_Id__c="one", Name="P")
    for number in range(3):
        fields = {**OPPORTUNITY, "CRM_Id__c": f"o{number}", "Account": {"CRM_Id__c": "one"}}
        assert client.upsert("Opportunity", fields)[0]["success"]
    assert client.update("Account", parent, Phone="1")["success"]


def test_without_the_rule_parallel_work_waits(client: Client) -> None:
    parent = client.upsert_one("Account", CRM_Id__c="calm", Name="P")
    assert in_parallel(client, [parent] * PARALLEL) == [None] * PARALLEL


def test_a_batch_meets_only_those_that_overlap_it() -> None:
    locks = Locks()
    with locks.request() as first:
        with locks.working(first):
            assert locks.contended(["001A"]) is None
        with locks.request() as second, locks.working(second):
            assert locks.contended(["001B"]) is None
            assert locks.contended(["001C", "001A"]) == "001A"
    with locks.request() as third, locks.working(third):
        assert locks.contended(["001A"]) is None


def test_a_bulk_batch_holds_its_parents_until_it_ends() -> None:
    with LocalOrg(https=False) as org:
        client = Client(org)
        bulk = BulkClient(client)
        for name in ("busy", "free"):
            client.upsert_one("Account", CRM_Id__c=name, Name=name)
        org.rules = [{"rule": "row-locks"}]
        org.faults.append({"when": {"operation": "insert"}, "then": {"job": {"slow": 600}}})
        lines = [f"O{n},Prospecting,2026-01-01,busy" for n in range(201)]
        job = bulk.create("Opportunity", "insert")["id"]
        bulk.upload(job, table("Name,StageName,CloseDate,Account.CRM_Id__c", lines))
        bulk.change(job, "UploadComplete")
        while (info := bulk.info(job)).get("numberRecordsProcessed") != 200:
            assert info["state"] in ("UploadComplete", "InProgress"), info
        told = bulk.run(
            "Opportunity",
            table(
                "CRM_Id__c,Name,StageName,CloseDate,Account.CRM_Id__c",
                ["1,O,Prospecting,2026-01-01,free", "2,O,Prospecting,2026-01-01,busy"],
            ),
        )
        [refused] = bulk.failed(told["id"])
        assert refused["CRM_Id__c"] == "2"
        assert refused["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:")
        called = client.upsert(
            "Opportunity", {**OPPORTUNITY, "CRM_Id__c": "3", "Account": {"CRM_Id__c": "busy"}}
        )
        assert called[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
