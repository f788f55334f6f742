"""The local org under Collections calls of 200 records: calls and rows per second.

    uv run python -m tests.benchmarks.collections [--calls 1000] [--profile]

Run by hand: a shared machine is no place for a timed test. The aim is 1,000 calls in under 60
seconds on two cores, client included, while the org runs as a process of its own as people run it.
``--profile`` runs it in this process, one call at a time, and shows where the time goes.
"""

import argparse
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests

from crm_sync.localorg.org import Org
from crm_sync.localorg.records import save
from crm_sync.localorg.routing import Request

ROWS = 200
PATH = "/services/data/v60.0/composite/sobjects/Opportunity/CRM_Id__c"


def body(call: int) -> dict[str, Any]:
    """One call's records; every second call updates those of the call before."""
    first = (call // 2) * ROWS
    return {
        "allOrNone": False,
        "records": [
            {
                "attributes": {"type": "Opportunity"},
                "CRM_Id__c": f"o{first + n}",
                "Name": f"Opportunity {first + n}",
                "StageName": "Prospecting" if call % 2 == 0 else "Closed Won",
                "CloseDate": "2026-05-04",
                "Amount": 1000.5 + n,
                "Description": "Words about it, as people write them.",
                "Account": {"CRM_Id__c": f"a{n % 50}"},
            }
            for n in range(ROWS)
        ],
    }


def accounts() -> dict[str, Any]:
    """The parents."""
    records = [
        {"attributes": {"type": "Account"}, "CRM_Id__c": f"a{n}", "Name": f"Account {n}"}
        for n in range(50)
    ]
    return {"records": records}


def measure(calls: int, data: Path | None) -> None:
    """Against a process of its own, over TLS."""
    where = ["--data", str(data)] if data else ["--memory"]
    command = [sys.executable, "-m", "crm_sync.localorg", "--daily-limit=1000000", *where]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        told = json.loads(running.stdout.readline())
        session = requests.Session()
        session.trust_env = False
        session.verify = told["ca_bundle"]
        session.headers["Authorization"] = f"Bearer {told['access_token']}"
        parents = PATH.replace("Opportunity", "Account")
        session.patch(told["instance_url"] + parents, json=accounts(), timeout=60)
        started = time.perf_counter()
        for call in range(calls):
            answer = session.patch(told["instance_url"] + PATH, json=body(call), timeout=60)
            refused = [r for r in answer.json() if not r["success"]]
            assert not refused, refused[0]
        seconds = time.perf_counter() - started
    finally:
        running.terminate()
        running.wait(timeout=20)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    org_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{'file' if data else 'memory'}: {calls} calls, {calls * ROWS} rows: {seconds:.1f} s, "
        f"{calls / seconds:.0f} calls and {calls * ROWS / seconds:.0f} rows a second; "
        f"processor time of the org {org_seconds:.1f} s"
    )


def profile(calls: int) -> None:
    """Where an org spends its time on saving, without HTTP."""
    org = Org()
    context = org.context(Request("PATCH", PATH, user_id=org.admin_id))

    def upsert(object_name: str, records: list[dict[str, Any]]) -> None:
        object_type = org.schema[object_name]
        rows = [org.parser(object_type).parse(record) for record in records]
        with org.store.transaction():
            save.upsert(context, rows, object_type["CRM_Id__c"])

    upsert("Account", accounts()["records"])
    bodies = [body(call)["records"] for call in range(calls)]
    profiler = cProfile.Profile()
    profiler.enable()
    for records in bodies:
        upsert("Opportunity", records)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    if given.profile:
        profile(given.calls)
        return
    measure(given.calls, None)
    with tempfile.TemporaryDirectory() as folder:
        measure(given.calls, Path(folder, "org.db"))


if __name__ == "__main__":
    main()
