"""/jobs/query: create, look at, abort, read the results of, delete (D)."""

import base64
import binascii
from typing import TYPE_CHECKING

from crm_sync.localorg.bulk import extract, listing, refusals
from crm_sync.localorg.bulk.ingest import CSV
from crm_sync.localorg.bulk.jobs import ABORTED, COMPLETE, QUERY_OPERATIONS, UPLOADED, Job
from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.jsonerrors import object_body
from crm_sync.localorg.routing import Answer, Request, Route, alone

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

PAGE = 50_000
"""Rows of a page when the client names no number (D: "a default value based on the service")."""
PAGES_LISTED = 5


def create(org: "Org", request: Request) -> Answer:
    """A job whose query has been understood; a wrong query makes none."""
    body = object_body(request.body)
    operation = refusals.choice(body, "operation", QUERY_OPERATIONS, "")
    line_ending, delimiter = refusals.forms(body)
    soql = body.get("query")
    if not isinstance(soql, str) or not soql.strip():
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    if not org.bulk.remaining("queries"):
        raise ApiError(400, "EXCEEDEDQUOTA", "ExceededQuota : ApiBatchItems Limit exceeded")
    stamp = org.bulk.stamp()
    job = Job(
        id="",
        kind="query",
        operation=operation,
        object_name="",
        created_by=request.user_id,
        created=stamp,
        modified=stamp,
        version=request.version,
        line_ending=line_ending,
        delimiter=delimiter,
        state=UPLOADED,
        query=soql,
    )
    job.object_name = extract.selection(org, job).statement.object_type.name
    job.id = org.bulk.new_id()
    org.bulk.save(job)
    org.bulk.note_use("queries", 1)
    org.bulk.start(job)
    return Answer(200, job.opened())


def get(org: "Org", request: Request, job_id: str) -> Answer:
    return Answer(200, org.bulk.find("query", job_id).info())


def list_jobs(org: "Org", request: Request) -> Answer:
    return listing.answer(org, request, "query")


def change(org: "Org", request: Request, job_id: str) -> Answer:
    """Abort a query (D: from UploadComplete and InProgress)."""
    job = org.bulk.find("query", job_id)
    state = object_body(request.body).get("state")
    if state != ABORTED:
        raise ApiError(400, "INVALIDJOBSTATE", f"Changing the state to {state} is not allowed")
    if job.has_ended:
        raise refusals.wrong_state("Aborting", job)
    job.state = ABORTED
    org.bulk.save(job)
    return Answer(200, job.closed())


def delete(org: "Org", request: Request, job_id: str) -> Answer:
    """D: allowed in the states JobComplete, Aborted and Failed."""
    job = org.bulk.find("query", job_id)
    if not job.has_ended:
        raise refusals.wrong_state("Deleting", job)
    org.bulk.delete(job)
    return Answer(204)


def results(org: "Org", request: Request, job_id: str) -> Answer:
    """A page of rows; 204 when the job has none to show (D, v41 to v48)."""
    job = org.bulk.find("query", job_id)
    refusals.same_version(request, job)
    if job.state != COMPLETE:
        return Answer(204)
    first = _first(request.query.get("locator"))
    most = _most(request.query.get("maxRecords"))
    page, count = org.bulk.files(job).page(first, most)
    has_more = first + count < org.bulk.files(job).row_count
    return Answer(
        200,
        page,
        {
            **CSV,
            "Sforce-NumberOfRecords": str(count),
            "Sforce-Locator": locator(first + count) if has_more else "null",
        },
    )


def result_pages(org: "Org", request: Request, job_id: str) -> Answer:
    """Up to five addresses of pages, for reading them at the same time (D, v58 and up)."""
    job = org.bulk.find("query", job_id)
    refusals.same_version(request, job)
    if job.state != COMPLETE:
        return Answer(204)
    base = f"{request.base}/jobs/query/{job.id}"
    first = _first(request.query.get("locator"))
    starts = list(range(first, max(1, org.bulk.files(job).row_count), PAGE))
    rest = starts[PAGES_LISTED:]
    return Answer(
        200,
        {
            "resultPages": [
                {"resultUrl": f"{base}/results?locator={locator(start)}"}
                for start in starts[:PAGES_LISTED]
            ],
            "nextRecordsUrl": f"{base}/resultPages?locator={locator(rest[0])}" if rest else None,
            "done": not rest,
        },
    )


def locator(row: int) -> str:
    """The word for a row's place: its number in base 64, as in the documentation's MTAwMDA."""
    return base64.urlsafe_b64encode(str(row).encode()).decode().rstrip("=")


def _first(given: str | None) -> int:
    if given is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.isdecimal():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return int(text)


def _most(given: str | None) -> int:
    if given is None:
        return PAGE
    if not given.isdecimal() or int(given) == 0:
        raise ApiError(400, "API_ERROR", f"Invalid value: '{given}' supplied for 'maxRecords'")
    return int(given)


_JOB = "/jobs/query/{job_id}"
ROUTES = alone(
    Route("POST", "/jobs/query", create),
    Route("GET", "/jobs/query", list_jobs),
    Route("GET", _JOB, get),
    Route("PATCH", _JOB, change),
    Route("DELETE", _JOB, delete),
    Route("GET", f"{_JOB}/results", results),
    Route("GET", f"{_JOB}/resultPages", result_pages),
)
