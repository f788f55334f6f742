"""The root of the API: its versions, and the resources of one of them."""

from typing import TYPE_CHECKING

from crm_sync.localorg.routing import OLDEST_VERSION, Answer, Request, Route
from crm_sync.localorg.signin import identity

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

SEASONS = ("Summer", "Winter", "Spring")


def versions(newest: int) -> list[dict[str, str]]:
    """GET /services/data, which needs no session: every version with its label, ascending."""
    listed: list[dict[str, str]] = []
    for number in range(OLDEST_VERSION, newest + 1):
        since = number - OLDEST_VERSION  # version 31 was Summer '14; three follow in a year
        mark = "\u2019" if number == 42 else "'"  # R, nango: that one has another apostrophe
        label = f"{SEASONS[since % 3]} {mark}{14 + (since + 2) // 3}"
        listed.append(
            {"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        )
    return listed


_SINCE = {"composite": 34.0, "jobs": 41.0}
"""API versions from which a resource exists: composite by its batch, jobs by Bulk API 2.0 (D)."""


def resources(org: "Org", request: Request) -> Answer:
    """GET /services/data/vXX.X: those of Salesforce's resources that this org has (D)."""
    base = request.base
    names = ("sobjects", "query", "queryAll", "composite", "limits", "recent", "jobs", "tooling")
    return Answer(
        200,
        {
            **{n: f"{base}/{n}" for n in names if request.api_version >= _SINCE.get(n, 0)},
            "identity": identity.identity_url(org, request.user_id),
        },
    )


ROUTES = [Route("GET", "", resources)]
