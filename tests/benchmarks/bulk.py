"""What a Bulk API 2.0 load costs the local org, in a process of its own.

    uv run python -m tests.benchmarks.bulk [ROWS] [--data]

Upserts opportunities of 1,000 accounts, once as new records and once more as changes, reads the
results back and queries all of them. While the jobs run, small queries are asked: the longest that
one had to wait shows how long a step holds the others up. ``--data`` keeps the org in a file.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import requests

PARENTS = 1000
HEADER = b"CRM_Id__c,Name,StageName,CloseDate,Amount,Description,Account.CRM_Id__c\n"


def lines(rows: int) -> Iterator[bytes]:
    """An upload, made while it is sent."""
    yield HEADER
    for start in range(0, rows, 1000):
        yield b"".join(
            b'o%d,Opportunity %d,Prospecting,2026-%02d-01,%d.5,"Says ""yes"", or no",a%d\n'
            % (n, n, n % 12 + 1, n, n * PARENTS // rows)
            for n in range(start, min(rows, start + 1000))
        )


class Org:
    """The org's process, and a session with it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        self._process = psutil.Process(process.pid)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = told["ca_bundle"]
        self._session.headers["Authorization"] = f"Bearer {told['access_token']}"
        self._base = told["instance_url"] + "/services/data/v60.0"
        self.longest_wait = 0.0

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        answer = self._session.request(method, self._base + path, timeout=600, **arguments)
        answer.raise_for_status()
        return answer

    def memory(self) -> int:
        """Megabytes in use."""
        return int(self._process.memory_info().rss) >> 20

    def work(self) -> float:
        """Seconds of processor time so far: the measure for a machine that does other things."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def finish(self, path: str) -> dict[str, Any]:
        """Wait for a job, asking small questions meanwhile."""
        while True:
            info: dict[str, Any] = self.call("GET", path).json()
            if info["state"] in ("JobComplete", "Failed", "Aborted"):
                return info
            asked = time.perf_counter()
            self.call("GET", "/query", params={"q": "SELECT Id FROM User"})
            self.longest_wait = max(self.longest_wait, time.perf_counter() - asked)
            time.sleep(0.05)

    def load(self, name: str, data: Any) -> tuple[str, dict[str, Any]]:
        """An upsert from upload to end."""
        body = {"object": name, "operation": "upsert", "externalIdFieldName": "CRM_Id__c"}
        path = f"/jobs/ingest/{self.call('POST', '/jobs/ingest', json=body).json()['id']}"
        self.call("PUT", f"{path}/batches", data=data, headers={"Content-Type": "text/csv"})
        self.call("PATCH", path, json={"state": "UploadComplete"})
        return path, self.finish(path)

    def drain(self, path: str, **parameters: str) -> tuple[int, str]:
        """Lines of an answer that is not kept, and where the next page is."""
        with self.call("GET", path, params=parameters, stream=True) as answer:
            count = sum(block.count(b"\n") for block in answer.iter_content(1 << 16))
            return count, answer.headers.get("Sforce-Locator", "null")


def main(rows: int, *, in_file: bool) -> None:
    """Run everything and print it."""
    with tempfile.TemporaryDirectory() as folder:
        where = ["--data", str(Path(folder) / "org.db")] if in_file else ["--memory"]
        command = [sys.executable, "-m", "crm_sync.localorg", *where]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                _measure(Org(process), rows)
            finally:
                process.terminate()


def _measure(org: Org, rows: int) -> None:
    parents = b"".join([b"CRM_Id__c,Name\n", *(b"a%d,A %d\n" % (n, n) for n in range(PARENTS))])
    org.load("Account", parents)
    print(f"memory before: {org.memory()} MB")
    for what in ("create", "update"):
        started, work = time.perf_counter(), org.work()
        path, info = org.load("Opportunity", lines(rows))
        count, _ = org.drain(f"{path}/successfulResults")
        taken = time.perf_counter() - started
        print(
            f"{what}: {info['numberRecordsProcessed']:,} rows, {info['numberRecordsFailed']}"
            f" failed, {count - 1:,} result lines; {taken:.1f} s, {rows / taken:,.0f} rows/s,"
            f" org's processor time {org.work() - work:.1f} s; memory {org.memory()} MB"
        )
    started, work = time.perf_counter(), org.work()
    soql = "SELECT Id, Name, Amount, CloseDate, Account.Name FROM Opportunity"
    made = org.call("POST", "/jobs/query", json={"operation": "query", "query": soql}).json()
    path = f"/jobs/query/{made['id']}"
    info = org.finish(path)
    selected, place = org.drain(f"{path}/results")
    pages = 1
    while place != "null":
        more, place = org.drain(f"{path}/results", locator=place)
        selected, pages = selected + more, pages + 1
    taken = time.perf_counter() - started
    print(
        f"query: {selected - pages:,} of {info['numberRecordsProcessed']:,} rows in {pages} pages;"
        f" {taken:.1f} s, {rows / taken:,.0f} rows/s, org's processor time"
        f" {org.work() - work:.1f} s; memory {org.memory()} MB"
    )
    print(f"longest wait of another request: {org.longest_wait * 1000:.0f} ms")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdecimal()]
    main(numbers[0] if numbers else 200_000, in_file="--data" in sys.argv)
