"""query, queryAll and their next pages (D)."""

import re
import sqlite3
from typing import TYPE_CHECKING

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.rest import columns
from crm_sync.localorg.routing import Answer, Request, Route, flag
from crm_sync.localorg.soql import refusals
from crm_sync.localorg.soql.compile import compile_query
from crm_sync.localorg.soql.context import context_of
from crm_sync.localorg.soql.results import LARGEST_PAGE, SMALLEST_PAGE
from crm_sync.localorg.soql.statement import Statement
from crm_sync.localorg.tooling import asking

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

LONGEST_QUERY = 100_000
SURELY_HELD = 500
"""No shorter text makes a statement that SQLite cannot hold (columns, joins, parentheses)."""


def query(org: "Org", request: Request) -> Answer:
    return _run(org, request, with_deleted=False)


def query_all(org: "Org", request: Request) -> Answer:
    """Deleted and archived records too."""
    return _run(org, request, with_deleted=True)


def next_page(org: "Org", request: Request, locator: str) -> Answer:
    """``/query/01g…-2000``: the rows from 2,000 on."""
    body = org.results.next_page(locator, request.user_id, request.base)
    return Answer(200, asking.shown(body))


def compiled(org: "Org", text: str, user_id: str, *, with_deleted: bool) -> Statement:
    """The statement of a query that a user of the org asks, here or in a Bulk job."""
    if len(text) > LONGEST_QUERY:
        raise ApiError(
            400,
            "MALFORMED_QUERY",
            f"SOQL statements can not be longer than {LONGEST_QUERY} characters",
        )
    with org.store.lock:  # a Bulk job has not taken it
        may_read = org.permissions(user_id).may_read
        context = context_of(org.store, user_id, org.clock(), may_read)
    try:
        statement = compile_query(org.schema, text, context, with_deleted=with_deleted)
        if len(text) > SURELY_HELD:
            org.store.some_rows(f"explain {statement.sql}", statement.parameters, 1)
    except (RecursionError, sqlite3.OperationalError):
        raise refusals.too_complicated() from None
    return statement


def _run(org: "Org", request: Request, *, with_deleted: bool) -> Answer:
    text = request.query.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    try:
        user_id, size, of_catalog = request.user_id, page_size(request), asking.is_one(text)
        statement = (
            asking.compiled(org, text, user_id)
            if of_catalog
            else compiled(org, text, user_id, with_deleted=with_deleted)
        )
        if flag(request.query.get("columns")):
            return Answer(200, columns.describe(statement))
        if of_catalog:
            return Answer(200, asking.page(org, statement, size, user_id, request.base))
        return Answer(200, org.results.first_page(statement, size, user_id, request.base))
    except (OverflowError, UnicodeEncodeError, sqlite3.IntegrityError):
        # A number or a date that no field can hold, half a surrogate pair (U).
        raise ApiError(400, "MALFORMED_QUERY", "The query holds a value out of range") from None


def page_size(request: Request) -> int:
    """A wish of the client, between 200 and 2,000 (D: a hint)."""
    wished = re.search(
        r"batchSize=([0-9]{1,9})(?![0-9])", request.headers.get("sforce-query-options", "")
    )
    return min(LARGEST_PAGE, max(SMALLEST_PAGE, int(wished[1]))) if wished else LARGEST_PAGE


ROUTES = [
    Route("GET", "/query", query, is_collection_or_query=True),
    Route("GET", "/queryAll", query_all, is_collection_or_query=True),
    Route("GET", "/query/{locator}", next_page, is_collection_or_query=True),
    Route("GET", "/queryAll/{locator}", next_page, is_collection_or_query=True),
]
