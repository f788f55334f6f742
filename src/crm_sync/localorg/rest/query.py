"""query, queryAll and their next pages (D)."""

import re
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.rest import read
from crm_sync.localorg.routing import Answer, Request, Route
from crm_sync.localorg.soql.compile import Column, Compiled, compile_query
from crm_sync.localorg.soql.parse import parse

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

PAGE, SMALLEST_PAGE = 2000, 200
LONGEST_QUERY = 100_000
KEPT_CURSORS = 50


def query(org: "Org", request: Request) -> Answer:
    return _run(org, request, with_deleted=False)


def query_all(org: "Org", request: Request) -> Answer:
    """Deleted and archived records too."""
    return _run(org, request, with_deleted=True)


def next_page(org: "Org", request: Request, locator: str) -> Answer:
    """``/query/01g…-2000``: the rows from 2,000 on."""
    cursor_id, _, start = locator.rpartition("-")
    found = org.cursors.get(cursor_id)
    if found is None or not start.isdigit():
        raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    records, size = found
    return _page(request, records, cursor_id, int(start), size)


def _run(org: "Org", request: Request, *, with_deleted: bool) -> Answer:
    text = request.query.get("q")
    if not text:
        raise ApiError(400, "MALFORMED_QUERY", "A query string has to be specified")
    if len(text) > LONGEST_QUERY:
        raise ApiError(
            400,
            "MALFORMED_QUERY",
            f"SOQL statements can not be longer than {LONGEST_QUERY} characters",
        )
    parsed = parse(text)
    compiled = compile_query(org.view(request), parsed, with_deleted=with_deleted)
    rows = org.store.rows(compiled.sql, compiled.parameters)
    if parsed.is_count:
        return Answer(200, {"totalSize": rows[0][0], "done": True, "records": []})
    if parsed.is_aggregate:
        records: list[Record] = [_aggregate(compiled, row) for row in rows]
    else:
        shown = org.schema[parsed.object_name]
        records = [_record(org, shown.name, compiled, row, request.base) for row in rows]
    size = _page_size(request)
    if len(records) <= size:
        return Answer(200, {"totalSize": len(records), "done": True, "records": records})
    number = org.store.take_numbers("01g", 1)[0]
    cursor_id = identifiers.build("01g", org.pod, number)
    org.cursors[cursor_id] = (records, size)
    while len(org.cursors) > KEPT_CURSORS:
        del org.cursors[next(iter(org.cursors))]
    return _page(request, records, cursor_id, 0, size)


def _page_size(request: Request) -> int:
    """A wish of the client, between 200 and 2,000 (D: a hint)."""
    wished = re.search(r"batchSize=(\d+)", request.headers.get("sforce-query-options", ""))
    return min(PAGE, max(SMALLEST_PAGE, int(wished[1]))) if wished else PAGE


def _page(request: Request, records: list[Any], cursor_id: str, start: int, size: int) -> Answer:
    end = start + size
    is_done = end >= len(records)
    body: dict[str, Any] = {"totalSize": len(records), "done": is_done}
    if not is_done:
        body["nextRecordsUrl"] = f"{request.base}/query/{cursor_id}-{end}"
    return Answer(200, {**body, "records": records[start:end]})


def _aggregate(compiled: Compiled, row: tuple[Any, ...]) -> Record:
    shown: Record = {"attributes": {"type": "AggregateResult"}}
    for (name, is_boolean), value in zip(compiled.aggregates, row, strict=True):
        shown[name] = bool(value) if is_boolean else value
    return shown


def _record(
    org: "Org", object_name: str, compiled: Compiled, row: tuple[Any, ...], base: str
) -> Record:
    object_type = org.schema[object_name]
    record: Record = {"attributes": read.attributes(object_type, row[compiled.ids[()]], base)}
    for column in compiled.columns:
        place = _parent(org, record, column, compiled, row, base)
        if place is not None:
            place[column.name] = _value(column, row)
    return record


def _parent(
    org: "Org",
    record: Record,
    column: Column,
    compiled: Compiled,
    row: tuple[Any, ...],
    base: str,
) -> Record | None:
    """The nested record that the column belongs to; None when there is no such parent."""
    here = record
    for length in range(1, len(column.place.relationships) + 1):
        reached = column.place.relationships[:length]
        name = reached[-1]
        parent_id = row[compiled.ids[reached]]
        if parent_id is None:
            here[name] = None
            return None
        if name not in here:
            target = org.schema.of_id(parent_id)
            here[name] = (
                {} if target is None else {"attributes": read.attributes(target, parent_id, base)}
            )
        here = here[name]
    return here


def _value(column: Column, row: tuple[Any, ...]) -> Any:
    if column.field is None:
        value = row[next(iter(column.stored.values()))]
        return bool(value) if column.name == "IsActive" and value is not None else value
    object_type = column.place.object_type
    if object_type is None:
        return None
    stored = {name: row[index] for name, index in column.stored.items()}
    return read.show_value(object_type, column.field, stored)


ROUTES = [
    Route("GET", "/query", query, is_collection_or_query=True),
    Route("GET", "/queryAll", query_all, is_collection_or_query=True),
    Route("GET", "/query/{locator}", next_page, is_collection_or_query=True),
    Route("GET", "/queryAll/{locator}", next_page, is_collection_or_query=True),
]
