"""Bulk API 2.0 over plain HTTP, for these tests: jobs, uploads, results."""

import csv
import io
import time
from collections.abc import Iterable
from typing import Any

import requests

from .client import VERSION, Client

WAIT_SECONDS = 60
ENDED = ("JobComplete", "Failed", "Aborted")

Rows = list[dict[str, str]]


class BulkClient:
    """Jobs of one org, as a client sees them."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def create(self, object_name: str, operation: str = "upsert", **facts: Any) -> dict[str, Any]:
        body = {"object": object_name, "operation": operation, "contentType": "CSV", **facts}
        if operation == "upsert":
            body.setdefault("externalIdFieldName", "CRM_Id__c")
        answer = self.client.call("POST", "/jobs/ingest", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(
        self, job_id: str, data: bytes | str | Iterable[bytes], **headers: str
    ) -> requests.Response:
        """PUT the rows; an iterable is sent in chunks, without a length."""
        return self.client.session.put(
            f"{self.client.org.instance_url}/services/data/v{VERSION}/jobs/ingest/{job_id}/batches",
            data=data.encode() if isinstance(data, str) else data,
            headers={"Content-Type": "text/csv", **headers},
            timeout=60,
        )

    def change(self, job_id: str, state: str, kind: str = "ingest") -> requests.Response:
        return self.client.call("PATCH", f"/jobs/{kind}/{job_id}", {"state": state})

    def info(self, job_id: str, kind: str = "ingest") -> dict[str, Any]:
        answer = self.client.call("GET", f"/jobs/{kind}/{job_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def await_state(self, job_id: str, *states: str, kind: str = "ingest") -> dict[str, Any]:
        """The job's info when it is in one of the states."""
        give_up = time.monotonic() + WAIT_SECONDS
        while (info := self.info(job_id, kind))["state"] not in states:
            assert time.monotonic() < give_up, info
            time.sleep(0.005)
        return info

    def run(
        self, object_name: str, data: bytes | str, operation: str = "upsert", **facts: Any
    ) -> dict[str, Any]:
        """A whole job; its info at the end."""
        job_id: str = self.create(object_name, operation, **facts)["id"]
        assert self.upload(job_id, data).status_code == 201
        assert self.change(job_id, "UploadComplete").status_code == 200
        return self.await_state(job_id, *ENDED)

    def text(self, job_id: str, name: str) -> str:
        """One of the three results, as it came."""
        answer = self.client.call("GET", f"/jobs/ingest/{job_id}/{name}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/csv"
        return answer.content.decode()

    def successful(self, job_id: str) -> Rows:
        return rows(self.text(job_id, "successfulResults"))

    def failed(self, job_id: str) -> Rows:
        return rows(self.text(job_id, "failedResults"))

    def unprocessed(self, job_id: str) -> Rows:
        return rows(self.text(job_id, "unprocessedrecords"))

    def error(self, object_name: str, data: str, operation: str = "upsert") -> str:
        """``sf__Error`` of the one row of a job."""
        [row] = self.failed(self.run(object_name, data, operation)["id"])
        return row["sf__Error"]

    def query(self, soql: str, operation: str = "query", **facts: Any) -> dict[str, Any]:
        """A whole query job; its info at the end."""
        body = {"operation": operation, "query": soql, **facts}
        answer = self.client.call("POST", "/jobs/query", body)
        assert answer.status_code == 200, answer.text
        return self.await_state(answer.json()["id"], *ENDED, kind="query")

    def page(self, job_id: str, **parameters: str) -> requests.Response:
        return self.client.call("GET", f"/jobs/query/{job_id}/results", params=parameters)

    def selected(self, soql: str, operation: str = "query") -> Rows:
        """The rows of a query, all in one page."""
        return rows(self.page(self.query(soql, operation)["id"]).content.decode())


def rows(text: str) -> Rows:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def table(header: str, lines: Iterable[str]) -> str:
    """CSV of a header and lines."""
    return "".join(f"{line}\n" for line in (header, *lines))
