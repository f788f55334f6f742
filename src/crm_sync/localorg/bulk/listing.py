"""Lists of jobs: 1,000 at a time, by type (D, Get Information About All Jobs)."""

from typing import TYPE_CHECKING

from crm_sync.localorg.bulk.jobs import Kind
from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.routing import Answer, Request, flag

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

PAGE = 1000


def answer(org: "Org", request: Request, kind: Kind) -> Answer:
    """The jobs of one kind; ``jobType`` may ask for the other."""
    asked = request.query
    shown_type = asked.get("jobType") or ("V2Ingest" if kind == "ingest" else "V2Query")
    jobs = [job for job in org.bulk.jobs() if job.job_type == shown_type]
    if flag(asked.get("isPkChunkingEnabled")) or asked.get("concurrencyMode", "parallel") not in (
        "parallel",
        "Parallel",
    ):
        jobs = []  # both belong to the first Bulk API
    start = _start(asked.get("queryLocator"))
    end = start + PAGE
    is_done = end >= len(jobs)
    return Answer(
        200,
        {
            "done": is_done,
            "records": [job.listed() for job in jobs[start:end]],
            "nextRecordsUrl": None if is_done else f"{request.base}/jobs/{kind}?queryLocator={end}",
        },
    )


def _start(locator: str | None) -> int:
    if locator is None:
        return 0
    if not locator.isdecimal():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return int(locator)
