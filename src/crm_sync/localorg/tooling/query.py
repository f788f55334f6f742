"""Queries of the Tooling API: SOQL over the catalog, with what it cannot ask there (D).

An answer has more keys than one of the data API, and DurableIds in its URLs (D, recorded samples of
Salesforce's own Postman collection).
"""

import re
from typing import TYPE_CHECKING

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.rest import columns
from crm_sync.localorg.rest.query import page_size
from crm_sync.localorg.routing import Answer, Request, Route, flag
from crm_sync.localorg.soql.compile import compile_query
from crm_sync.localorg.soql.context import context_of
from crm_sync.localorg.tooling import catalog

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

_TEXT = re.compile(r"'(?:\\.|[^'\\])*'")
_FROM = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
_BOUNDS = re.compile(r"\b(?:limit|offset)\s+\d+", re.IGNORECASE)
_UNSUPPORTED = (
    (
        re.compile(r"\bgroup\s+by\b|\bcount\s*\(", re.IGNORECASE),
        "The requested operation is not yet supported by this SObject storage type, contact "
        "salesforce.com support for more information.",
    ),
    (re.compile(r"\bor\b", re.IGNORECASE), "Disjunctions not supported"),
    (
        re.compile(r"!=|<>|\bnot\b(?!\s+(?:in|like)\b)", re.IGNORECASE),
        "Only equals comparisons permitted",
    ),
)
"""What the catalog does not answer, and its sentences (D, SOQL Operation Limitations). NOT IN and
LIKE are asked by clients (C, Inspector) and answered."""
_ONE_ROW = (("Metadata",), ("FullName",))


def query(org: "Org", request: Request) -> Answer:
    text = request.query.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    name, text = _limited(text)
    schema = org.catalog.schema(request.user_id)
    context = context_of(org.store, request.user_id, org.clock())
    statement = compile_query(schema, text, context)
    if flag(request.query.get("columns")):
        return Answer(200, columns.describe(statement))
    base = f"{request.base}/tooling"
    size = page_size(request)
    body = org.results.first_page(statement, size, request.user_id, base)
    if body["totalSize"] > 1 and any(column.path in _ONE_ROW for column in statement.columns):
        raise ApiError(
            400,
            "MALFORMED_QUERY",
            "When retrieving results with Metadata or FullName fields, the query qualifications "
            f"must specify no more than one row for retrieval. Result size: {body['totalSize']}",
        )
    return _answer(body, name)


def next_page(org: "Org", request: Request, locator: str) -> Answer:
    body = org.results.next_page(locator, request.user_id, f"{request.base}/tooling")
    named = (record["attributes"]["type"] for record in body["records"])
    return _answer(body, next(named, ""))


def _limited(text: str) -> tuple[str, str]:
    """The name of the object, and the query without bounds where they are ignored (D)."""
    bare = _TEXT.sub(lambda found: " " * len(found[0]), text)
    named = _FROM.search(bare)
    name = {n.lower(): n for n in catalog.DERIVED}.get(named[1].lower()) if named else None
    if name is None:
        return named[1] if named else "", text
    for pattern, message in _UNSUPPORTED:
        if pattern.search(bare):
            raise ApiError(400, "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION", message)
    for found in reversed(list(_BOUNDS.finditer(bare))):
        text = text[: found.start()] + text[found.end() :]
    return name, text


def _answer(body: Record, name: str) -> Answer:
    """One page with the keys that the Tooling API adds."""
    records: list[Record] = [catalog.shown(record) for record in body["records"]]
    more = {"queryLocator": None, "entityTypeName": name}
    return Answer(200, {"size": len(records), **body, **more, "records": records})


ROUTES = [
    Route("GET", "/tooling/query", query, is_collection_or_query=True),
    Route("GET", "/tooling/query/{locator}", next_page, is_collection_or_query=True),
]
