"""Questions to the catalog: which query is one, and what it cannot ask (D).

The Tooling API and the data API's query ask the same rows (C: SFDMU; 3: an answer of the latter
quoted in a client's source).
"""

import re
from typing import TYPE_CHECKING

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.soql.compile import compile_query
from crm_sync.localorg.soql.context import context_of
from crm_sync.localorg.soql.statement import Statement
from crm_sync.localorg.tooling import catalog

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

_TEXT = re.compile(r"'(?:\\.|[^'\\])*'")
_FROM = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^()]*\)")
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


def is_one(text: str) -> bool:
    """Is it a query of the objects that have no records of their own?"""
    return _source(text) in catalog.DERIVED


def compiled(org: "Org", text: str, user_id: str) -> Statement:
    """The statement of a query of the catalog; raises ApiError for what it cannot ask."""
    text = _limited(text)
    schema = org.catalog.schema(user_id)
    context = context_of(org.store, user_id, org.clock())
    return compile_query(schema, text, context)


def page(org: "Org", statement: Statement, size: int, user_id: str, base: str) -> Record:
    """The first page of an answer; ``base`` begins the URLs in it.

    Raises ApiError where more than one row would tell Metadata or FullName (D).
    """
    body = org.results.first_page(statement, size, user_id, base)
    if body["totalSize"] > 1 and any(column.path in _ONE_ROW for column in statement.columns):
        raise ApiError(
            400,
            "MALFORMED_QUERY",
            "When retrieving results with Metadata or FullName fields, the query qualifications "
            f"must specify no more than one row for retrieval. Result size: {body['totalSize']}",
        )
    return shown(body)


def shown(body: Record) -> Record:
    """A page with its records as answers show them; one of other records as it is."""
    records: list[Record] = body["records"]
    first = records[0]["attributes"]["type"] if records else ""
    if first not in catalog.NAMES:
        return body
    return {**body, "records": [catalog.shown(record) for record in records]}


def _source(text: str) -> str:
    """The object that a query asks, as the catalog writes its name if it has it."""
    bare = _bare(text)
    while (outer := _BRACKETS.sub("", bare)) != bare:
        bare = outer
    named = _FROM.search(bare)
    found = named[1] if named else ""
    return {n.lower(): n for n in catalog.DERIVED}.get(found.lower(), found)


def _bare(text: str) -> str:
    """The query with blanks in place of its texts."""
    return _TEXT.sub(lambda found: " " * len(found[0]), text)


def _limited(text: str) -> str:
    """The query without bounds where they are ignored (D)."""
    if not is_one(text):
        return text
    bare = _bare(text)
    for pattern, message in _UNSUPPORTED:
        if pattern.search(bare):
            raise ApiError(400, "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION", message)
    for found in reversed(list(_BOUNDS.finditer(bare))):
        text = text[: found.start()] + text[found.end() :]
    return text
