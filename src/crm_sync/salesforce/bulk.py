"""Bulk API 2.0 ingest jobs: made, filled, closed, asked about, read, deleted.

In: a signed-in `Client`, a file of CSV. Out: what Salesforce says of a job, and its results as a
stream of bytes. Source of every rule here: Bulk API 2.0 and Bulk API Developer Guide, "Bulk API 2.0
Ingest" (Create a Job, Upload Job Data, Job states, Get Job results, Limits).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal, cast

import requests

from crm_sync.errors import OrgAccessError, OrgUnreachable
from crm_sync.salesforce.client import Client, NoAnswer, code_of
from crm_sync.salesforce.connect import long_id

__all__ = ["MOST_BYTES", "Bulk", "JobInfo", "Operation", "Results", "accepted", "pauses"]

MOST_BYTES = 100_000_000
"""Of an upload. The limit is 150 MB after Salesforce has encoded it in base64, so it is advised to
stay below 100 MB."""

Operation = Literal["upsert", "update", "delete"]
Results = Literal["successfulResults", "failedResults", "unprocessedrecords"]

_CHUNK = 1 << 16
_SLOWEST = 100_000
"""Bytes a second that a body moves at least; slower than this counts as no answer."""


@dataclass(frozen=True)
class JobInfo:
    """A job as Salesforce sees it. `processed` counts the failed rows, too."""

    id: str
    state: str
    processed: int = 0
    failed: int = 0
    message: str = ""

    @property
    def is_open(self) -> bool:
        """It takes an upload, and nothing is done of it before it is closed."""
        return self.state == "Open"

    @property
    def has_ended(self) -> bool:
        return self.state in ("JobComplete", "Failed", "Aborted")

    @property
    def code(self) -> str:
        """The word that Salesforce's message begins with: `InvalidBatch : …`."""
        return self.message.split(":", 1)[0].strip()


def pauses() -> Iterator[float]:
    """Seconds between two questions about one job: short at first, then up to half a minute."""
    pause = 0.1
    while True:
        yield pause
        pause = min(pause * 1.5, 30.0)


class Bulk:
    """Jobs of one org. Every method raises OrgUnreachable where no answer comes, LimitReached at
    the daily limit, and OrgAccessError for a refusal that its docstring does not name.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(
        self,
        name: str,
        operation: Operation,
        external_id: str | None = None,
        assignment_rule: str | None = None,
    ) -> str:
        """Makes an open job for an object; gives its Id, 18 characters. `assignment_rule`: the Id
        of the one that runs for its leads.

        Where an answer was lost, Salesforce keeps an open job without rows, which does nothing.
        """
        wanted = {
            "object": name,
            "operation": operation,
            "contentType": "CSV",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }
        if external_id is not None:
            wanted["externalIdFieldName"] = external_id
        if assignment_rule is not None:
            wanted["assignmentRuleId"] = assignment_rule
        answer = self._ask("POST", "jobs/ingest", json.dumps(wanted).encode())
        return _info(accepted(answer)).id

    def upload(self, job_id: str, rows: BinaryIO, size: int) -> None:
        """Sends a file of CSV, `size` bytes long, in one request.

        A job takes one upload, so after an upload without an answer nobody knows what the job
        holds. Raises NoAnswer then: abort it.
        """
        answer = self._client.request(
            "PUT", f"jobs/ingest/{job_id}/batches", rows,
            content_type="text/csv; charset=UTF-8", more=size / _SLOWEST, repeats=False,
        )  # fmt: skip
        accepted(answer)

    def close(self, job_id: str) -> None:
        """Salesforce may work on it from now on. A job that is closed already stays as it is."""
        refused = self._change(job_id, "UploadComplete")
        if refused is not None:
            now = self.info(job_id)
            if now is not None and now.is_open:
                accepted(refused)

    def abort(self, job_id: str) -> JobInfo | None:
        """No more of it is done; rows done already are not rolled back. Gives what became of it,
        which is not Aborted where it had ended before; None where Salesforce does not know it.
        """
        self._change(job_id, "Aborted")
        return self.info(job_id)

    def info(self, job_id: str) -> JobInfo | None:
        """What Salesforce says of it; None where it does not know it, as after seven days."""
        answer = self._ask("GET", f"jobs/ingest/{job_id}")
        return None if answer.status_code == 404 else _info(accepted(answer))

    @contextmanager
    def results(self, job_id: str, kind: Results) -> Iterator[Iterator[bytes]]:
        """The CSV of one kind of results, in pieces; no piece where there is none, or not any more.

        Raises NoAnswer, also while it is read, where the stream breaks off; read it again then.
        """
        answer = self._client.request(
            "GET", f"jobs/ingest/{job_id}/{kind}", stream=True, more=2 * MOST_BYTES / _SLOWEST
        )
        with answer:
            yield iter(()) if answer.status_code == 404 else _body(accepted(answer))

    def delete(self, job_id: str) -> None:
        """Salesforce forgets it and its results. A refusal is none of ours: it goes by itself."""
        self._ask("DELETE", f"jobs/ingest/{job_id}")

    def _change(self, job_id: str, state: str) -> requests.Response | None:
        """Asks for a state; gives the refusal. A job that is closed or has ended refuses it, as it
        does the repeat of a request whose answer was lost, so the job is what counts.
        """
        answer = self._ask("PATCH", f"jobs/ingest/{job_id}", json.dumps({"state": state}).encode())
        if answer.ok:
            return None
        if answer.status_code not in (400, 404):
            accepted(answer)
        return answer

    def _ask(self, method: str, path: str, body: bytes | None = None) -> requests.Response:
        try:
            return self._client.request(method, path, body)
        except NoAnswer as error:
            attempts = self._client.target.attempts
            raise OrgUnreachable(
                f"Salesforce gave no answer about a Bulk job after {attempts} attempts ({error}).",
                "Run again: jobs on their way are asked about first.",
            ) from None


def accepted(
    answer: requests.Response,
    what: str = "Bulk API 2.0 request",
    mend: str = "Check that the integration user may use the API and write the object, or send "
    "with --api composite.",
) -> requests.Response:
    """The answer. Raises OrgAccessError, with Salesforce's code, where it refuses `what`."""
    if answer.ok:
        return answer
    try:
        code = code_of(answer.json())
    except ValueError:
        code = ""
    raise OrgAccessError(
        f"Salesforce refused a {what}: HTTP {answer.status_code} {code}".rstrip() + ".", mend
    )


def _info(answer: requests.Response) -> JobInfo:
    try:
        told = cast("dict[str, Any]", answer.json())
        return JobInfo(
            id=long_id(str(told["id"])),
            state=str(told["state"]),
            processed=int(told.get("numberRecordsProcessed") or 0),
            failed=int(told.get("numberRecordsFailed") or 0),
            message=str(told.get("errorMessage") or ""),
        )
    except (ValueError, KeyError, TypeError):
        raise OrgUnreachable(
            "Salesforce's answer about a Bulk job cannot be read.",
            "Check instance_url and what stands between; run again.",
        ) from None


def _body(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(_CHUNK)
    except (requests.RequestException, TimeoutError) as error:
        raise NoAnswer(type(error).__name__) from None
