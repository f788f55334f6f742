"""The Bulk jobs, as ``GET …/jobs/ingest`` and ``…/jobs/query`` list them."""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.bulk.jobs import ENDED
from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.page import calls
from crm_sync.localorg.routing import Answer, Request, Router
from crm_sync.localorg.stream import FileParts

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

ROWS = 50
_VERSION = "60.0"
"""A version that every org offers."""
_PARTS = 4
"""Pieces of a long file that are more than the page shows."""


@dataclass(frozen=True)
class Result:
    """A file that a job leaves; ``name`` is the last part of its address."""

    name: str
    label: str


_RESULTS = {
    "ingest": (
        Result("successfulResults", "Successful rows"),
        Result("failedResults", "Refused rows"),
        Result("unprocessedrecords", "Rows not come to"),
    ),
    "query": (Result("results", "Rows"),),
}


def jobs(org: "Org", router: Router) -> list[dict[str, Any]]:
    """Job infos, newest first; none in an org that knows no Bulk API.

    A list holds no counts (D, Get Information About All Jobs), so each job is asked for.
    """
    found: list[dict[str, Any]] = []
    for family in ("ingest", "query"):
        listed = _get(org, router, f"/jobs/{family}").get("records", [])
        found += [{**info, "family": family} for info in listed]
    found.sort(key=lambda info: info.get("createdDate") or "", reverse=True)
    return [
        {**info, **_get(org, router, f"/jobs/{info['family']}/{info['id']}")}
        for info in found[:ROWS]
    ]


def job(org: "Org", router: Router, job_id: str) -> dict[str, Any]:
    """The info of one job; 404 when there is none."""
    for family in _RESULTS:
        info = _get(org, router, f"/jobs/{family}/{job_id}")
        if info:
            return {**info, "family": family}
    raise not_found()


def facts(info: dict[str, Any]) -> list[tuple[str, str]]:
    """What the job tells beyond its error, as the API names it."""
    return [(n, str(v)) for n, v in info.items() if n not in ("errorMessage", "family")]


def results(info: dict[str, Any]) -> list[Result]:
    """What the job has to read, once it has ended."""
    has_any = (
        info["state"] == "JobComplete" if info["family"] == "query" else info["state"] in ENDED
    )
    return list(_RESULTS[info["family"]]) if has_any else []


def result(
    org: "Org", router: Router, info: dict[str, Any], name: str
) -> tuple[Result, calls.Body]:
    """One of its results, of a long one the beginning; 404 for what it does not have."""
    found = next((one for one in results(info) if one.name == name), None)
    if found is None:
        raise not_found()
    path = f"/jobs/{info['family']}/{info['id']}/{name}"
    # A query's results are read in the version of its job alone.
    content = _ask(org, router, path, f"{info['apiVersion']:.1f}").body
    if isinstance(content, FileParts):
        content = b"".join(islice(content, _PARTS))
    return found, calls.as_body(content)


def _get(org: "Org", router: Router, path: str) -> dict[str, Any]:
    try:
        answer = _ask(org, router, path, _VERSION)
    except ApiError:  # the other kind of job
        return {}
    return answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}


def _ask(org: "Org", router: Router, path: str, version: str) -> Answer:
    address = f"/services/data/v{version}{path}"
    return router.answer(org, Request("GET", address, user_id=org.admin_id, version=version))
