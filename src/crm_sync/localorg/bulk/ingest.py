"""/jobs/ingest: create, upload, close or abort, look at, read the results of, delete (D)."""

import json
from email.message import Message
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any, Literal

from crm_sync.localorg.bulk import listing, refusals
from crm_sync.localorg.bulk.dialect import Dialect
from crm_sync.localorg.bulk.jobs import (
    ABORTED,
    ENDED,
    INGEST_OPERATIONS,
    OPEN,
    RUNNING,
    UPLOADED,
    Job,
)
from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.jsonerrors import object_body
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.routing import Answer, Request, Route, alone
from crm_sync.localorg.schema import ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_UPLOAD = 150 * 1024 * 1024 * 3 // 4
"""Bytes of an upload that are 150 MB in base64 (D)."""
MOST_WITH_JOB = 100_000
"""Characters of CSV in a request that creates the job, too (D, Create a Job)."""

CSV = {"Content-Type": "text/csv"}


def create(org: "Org", request: Request) -> Answer:
    """A job, or with a multipart body a job with its rows, closed at once (D)."""
    content_type = request.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        job = _new_job(org, request, object_body(request.body))
        org.bulk.save(job)
        return Answer(200, job.opened())
    description, rows = _parts(content_type, request.raw)
    if len(rows.decode("utf-8", "replace")) > MOST_WITH_JOB:
        raise refusals.invalid_job(
            f"The job data exceeds {MOST_WITH_JOB} characters, upload it in a request of its own"
        )
    job = _new_job(org, request, object_body(description))
    job.state = UPLOADED
    job.has_upload = bool(rows)
    org.bulk.files(job).upload.write_bytes(rows)
    org.bulk.save(job)
    org.bulk.start(job)
    return Answer(200, job.opened())


def upload(org: "Org", request: Request, job_id: str) -> Answer:
    """Take the rows; ``request.upload`` is the file into which they were received."""
    job = org.bulk.find("ingest", job_id)
    if job.state != OPEN:
        raise refusals.wrong_state("Uploading data to", job)
    if job.has_upload:
        # 3: a job takes one upload.
        raise ApiError(
            400,
            "BULK_API_ERROR",
            f"Found multipe contents for job: <{job.id[:15]}>, please 'Close' / 'Abort' / "
            "'Delete' the current Job then create a new Job and make sure you only do 'PUT' once "
            "on a given Job.",
        )
    content_type = request.headers.get("content-type", "text/csv").partition(";")[0].strip()
    if content_type.lower() != "text/csv":
        raise ApiError(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            f"Content-Type header specified in HTTP request is not supported: {content_type}",
        )
    if request.upload is not None and request.upload.stat().st_size:
        request.upload.replace(org.bulk.files(job).upload)
        job.has_upload = True
    org.bulk.save(job)
    return Answer(201)


def change(org: "Org", request: Request, job_id: str) -> Answer:
    """Close a job, so that it is worked on, or abort it."""
    job = org.bulk.find("ingest", job_id)
    state = object_body(request.body).get("state")
    if state == UPLOADED:
        if job.state != OPEN:
            raise refusals.wrong_state("Closing", job)
        job.state = UPLOADED
        org.bulk.save(job)
        org.bulk.start(job)
    elif state == ABORTED:
        if job.state in ENDED:
            raise refusals.wrong_state("Aborting", job)
        job.state = ABORTED
        org.bulk.save(job)
    else:
        raise ApiError(400, "INVALIDJOBSTATE", f"Changing the state to {state} is not allowed")
    return Answer(200, job.closed())


def get(org: "Org", request: Request, job_id: str) -> Answer:
    return Answer(200, org.bulk.find("ingest", job_id).info())


def list_jobs(org: "Org", request: Request) -> Answer:
    return listing.answer(org, request, "ingest")


def delete(org: "Org", request: Request, job_id: str) -> Answer:
    """D: allowed in the states UploadComplete, JobComplete, Aborted and Failed."""
    job = org.bulk.find("ingest", job_id)
    if job.state in (OPEN, RUNNING):
        raise refusals.wrong_state("Deleting", job)
    org.bulk.delete(job)
    return Answer(204)


def successful_results(org: "Org", request: Request, job_id: str) -> Answer:
    return _results(org, job_id, "successful", ("sf__Id", "sf__Created"))


def failed_results(org: "Org", request: Request, job_id: str) -> Answer:
    return _results(org, job_id, "failed", ("sf__Id", "sf__Error"))


def _results(
    org: "Org", job_id: str, kind: Literal["successful", "failed"], own: tuple[str, ...]
) -> Answer:
    """One of the two result files, with Salesforce's own columns first."""
    job = org.bulk.find("ingest", job_id)
    if not job.has_ended:
        return Answer(204)
    files = org.bulk.files(job)
    chunks = org.bulk.table.chunks(job)
    if kind == "successful":
        file, ends = files.successful, [chunk.successful_end for chunk in chunks]
    else:
        file, ends = files.failed, [chunk.failed_end for chunk in chunks]
    return Answer(200, files.results(file, _head(org, job, own), ends), CSV)


def unprocessed_records(org: "Org", request: Request, job_id: str) -> Answer:
    """The rows that a failed or aborted job did not come to, with no column of ours (D)."""
    job = org.bulk.find("ingest", job_id)
    if not job.has_ended:
        return Answer(204)
    done = org.bulk.table.last_chunk(job).input_end
    head = _head(org, job, ()) if done else b""
    return Answer(200, org.bulk.files(job).unprocessed(head, done), CSV)


def _head(org: "Org", job: Job, names: tuple[str, ...]) -> bytes:
    dialect = Dialect(job.delimiter, job.line_ending)
    path = org.bulk.files(job).upload
    if not path.exists():
        return dialect.head(names, b"")
    with path.open("rb") as file:
        header = dialect.read(file, 1)
    return dialect.head(names, header[0].raw if header else b"")


def _new_job(org: "Org", request: Request, body: dict[str, Any]) -> Job:
    operation = refusals.choice(body, "operation", INGEST_OPERATIONS, "")
    if operation == "hardDelete":
        # 3: what an org says whose users lack the permission "Bulk API Hard Delete".
        raise ApiError(
            400,
            "FEATURENOTENABLED",
            "hardDelete operation requires special user profile permission, please contact your "
            "system administrator",
        )
    line_ending, delimiter = refusals.forms(body)
    object_type = _object(org, request, str(body.get("object") or ""), operation)
    stamp = org.bulk.stamp()
    return Job(
        id=org.bulk.new_id(),
        kind="ingest",
        operation=operation,
        object_name=object_type.name,
        created_by=request.user_id,
        created=stamp,
        modified=stamp,
        version=request.version,
        line_ending=line_ending,
        delimiter=delimiter,
        external_id=_external_id(object_type, body) if operation == "upsert" else None,
        assignment_rule=_assignment_rule(object_type, body),
    )


def _object(org: "Org", request: Request, name: str, operation: str) -> ObjectType:
    object_type = org.view(request).find(name)
    if object_type is None:
        raise refusals.invalid_job(f"Unable to find object: {name}")
    permission = {"insert": "createable", "delete": "deletable"}.get(operation, "updateable")
    if not object_type.facts.get(permission, True):
        raise ApiError(
            400, "INVALIDENTITY", f"Entity '{object_type.name}' is not supported by the Bulk API."
        )
    return object_type


def _external_id(object_type: ObjectType, body: dict[str, Any]) -> str:
    """The key of an upsert, in its own spelling (texts 3)."""
    name = body.get("externalIdFieldName")
    if not name:
        raise refusals.invalid_job(
            f"External ID was blank for {object_type.name}. An External ID must be specified for "
            "upsert."
        )
    field = object_type.find(str(name))
    if field is None or not field.is_key:
        raise refusals.invalid_job(
            f"Field name provided, {name} does not match an External ID, Salesforce Id, or indexed "
            f"field for {object_type.name}"
        )
    return field.name


def _assignment_rule(object_type: ObjectType, body: dict[str, Any]) -> str | None:
    """D: for a Case or a Lead; the refusals are U. Any rule's Id runs the one that there is."""
    given = body.get("assignmentRuleId")
    if not given:
        return None
    rule_id = identifiers.normalize(str(given))
    if rule_id is None or not rule_id.startswith("01Q"):
        raise refusals.invalid_job(f"Invalid assignment rule ID: {given}")
    if object_type.name not in ("Case", "Lead"):
        raise refusals.invalid_job(f"Assignment rules do not apply to {object_type.name}")
    return rule_id


def _parts(content_type: str, raw: bytes) -> tuple[Any, bytes]:
    """The parts "job" (JSON) and "content" (CSV) of a multipart body (D)."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser().parsebytes(head + raw)
    parts: dict[Any, Message] = {}
    if message.is_multipart():
        parts = {
            part.get_param("name", header="content-disposition"): part
            for part in message.get_payload()
            if isinstance(part, Message)
        }
    if "job" not in parts or "content" not in parts:
        raise ApiError(
            400, "API_ERROR", "A multipart request must have the parts 'job' and 'content'"
        )
    try:
        description: Any = json.loads(_bytes(parts["job"]))
    except ValueError as error:
        raise ApiError(400, "JSON_PARSER_ERROR", str(error)) from None
    return description, _bytes(parts["content"])


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def is_upload(method: str, path: str) -> bool:
    """Is it the request whose body is received into a file?"""
    return method == "PUT" and path.rstrip("/").endswith("/batches") and "/jobs/ingest/" in path


_JOB = "/jobs/ingest/{job_id}"
ROUTES = alone(
    Route("POST", "/jobs/ingest", create),
    Route("GET", "/jobs/ingest", list_jobs),
    Route("PUT", f"{_JOB}/batches", upload),
    Route("PATCH", _JOB, change),
    Route("GET", _JOB, get),
    Route("DELETE", _JOB, delete),
    Route("GET", f"{_JOB}/successfulResults", successful_results),
    Route("GET", f"{_JOB}/failedResults", failed_results),
    Route("GET", f"{_JOB}/unprocessedrecords", unprocessed_records),
    Route("GET", f"{_JOB}/unprocessedRecords", unprocessed_records),  # C, simple-salesforce
)
