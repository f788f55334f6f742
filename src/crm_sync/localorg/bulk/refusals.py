"""What requests about jobs are told when they are refused.

Texts marked 3 were reported by users of real orgs; U is ours, in their manner.
"""

from typing import Any

from crm_sync.localorg.bulk.dialect import DELIMITERS, LINE_ENDINGS
from crm_sync.localorg.bulk.jobs import ABORTED, COMPLETE, FAILED, RUNNING, UPLOADED, Job
from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.routing import Request

_WORDS = {
    COMPLETE: "Completed",
    FAILED: "Failed",
    ABORTED: "Aborted",
    UPLOADED: "Closed",
    RUNNING: "Closed",
}


def choice(body: dict[str, Any], name: str, allowed: Any, default: str) -> str:
    """One of the words that a property may have (3)."""
    value = body.get(name)
    if value is None:
        value = default
    if not isinstance(value, str) or value not in allowed:
        raise ApiError(
            400, "API_ERROR", f"Invalid value: '{value}' supplied for property: '{name}'"
        )
    return value


def forms(body: dict[str, Any]) -> tuple[str, str]:
    """The line ending and the delimiter that a body asks for (D)."""
    choice(body, "contentType", ("CSV",), "CSV")
    return (
        choice(body, "lineEnding", LINE_ENDINGS, "LF"),
        choice(body, "columnDelimiter", DELIMITERS, "COMMA"),
    )


def invalid_job(message: str) -> ApiError:
    return ApiError(400, "INVALIDJOB", f"InvalidJob : {message}")


def wrong_state(doing: str, job: Job) -> ApiError:
    """D for "Aborting already Completed Job not allowed", the others after it (U)."""
    word = _WORDS.get(job.state, job.state)
    return ApiError(400, "INVALIDJOBSTATE", f"{doing} already {word} Job not allowed")


def same_version(request: Request, job: Job) -> None:
    """Results are read with the version of their query (D: 409; the code and text are U)."""
    if float(request.version) != float(job.version):
        raise ApiError(
            409,
            "INVALIDVERSION",
            f"The job was created with API version {job.version}, use the same to get its results",
        )
