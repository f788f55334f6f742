"""Queries of the Tooling API: SOQL over the catalog, with what it cannot ask there (D).

An answer has more keys than one of the data API, and DurableIds in its URLs (D, recorded samples of
Salesforce's own Postman collection).
"""

from typing import TYPE_CHECKING

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.rest import columns
from crm_sync.localorg.rest.query import page_size
from crm_sync.localorg.routing import Answer, Request, Route, flag
from crm_sync.localorg.tooling import asking

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org


def query(org: "Org", request: Request) -> Answer:
    text = request.query.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    statement = asking.compiled(org, text, request.user_id)
    if flag(request.query.get("columns")):
        return Answer(200, columns.describe(statement))
    base = f"{request.base}/tooling"
    body = asking.page(org, statement, page_size(request), request.user_id, base)
    return _answer(body, statement.object_type.name)


def next_page(org: "Org", request: Request, locator: str) -> Answer:
    body = org.results.next_page(locator, request.user_id, f"{request.base}/tooling")
    named = (record["attributes"]["type"] for record in body["records"])
    return _answer(asking.shown(body), next(named, ""))


def _answer(body: Record, name: str) -> Answer:
    """One page with the keys that the Tooling API adds."""
    more = {"queryLocator": None, "entityTypeName": name}
    return Answer(200, {"size": len(body["records"]), **body, **more})


ROUTES = [
    Route("GET", "/tooling/query", query, is_collection_or_query=True),
    Route("GET", "/tooling/query/{locator}", next_page, is_collection_or_query=True),
]
