"""The Bulk jobs, as ``GET …/jobs/ingest`` and ``…/jobs/query`` list them."""

from typing import TYPE_CHECKING, Any

from crm_sync.localorg.routing import Request, Router

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

ROWS = 50
_VERSION = "60.0"
"""A version that every org offers."""
RUNNING = frozenset(("Open", "UploadComplete", "InProgress"))


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


def _get(org: "Org", router: Router, path: str) -> dict[str, Any]:
    request = Request(
        "GET", f"/services/data/v{_VERSION}{path}", user_id=org.admin_id, version=_VERSION
    )
    answer = router.answer(org, request)
    return answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}
