"""sObject Collections: up to 200 records in one request (D).

The answer is 200 even when rows are refused; each row has its result, in order. A refused row has
no ``id``; in an upsert it says ``"created": false``, in a create or update it does not (R: nango,
amp-labs).
"""

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError, RowError, no_external_id
from crm_sync.localorg.jsonerrors import object_body
from crm_sync.localorg.records import remove, save
from crm_sync.localorg.records.body import Row, other_type, type_of
from crm_sync.localorg.records.save import ROLLED_BACK
from crm_sync.localorg.records.values import json_flag, wrong_type
from crm_sync.localorg.rest import read
from crm_sync.localorg.routing import Answer, Request, Route, flag
from crm_sync.localorg.schema import Field, ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_RECORDS, MOST_RETRIEVED, MOST_CHUNKS = 200, 2000, 10


def create(org: "Org", request: Request) -> Answer:
    records, all_or_none = _records(request)
    rows = _save_chunks(org, request, records, all_or_none, is_update=False)
    return Answer(200, [_result(row) for row in rows])


def update(org: "Org", request: Request) -> Answer:
    records, all_or_none = _records(request)
    rows = _save_chunks(org, request, records, all_or_none, is_update=True)
    return Answer(200, [_result(row) for row in rows])


def upsert(org: "Org", request: Request, object_name: str, field_name: str) -> Answer:
    object_type = org.object_type(object_name, request)
    key = key_field(object_type, field_name)
    records, all_or_none = _records(request)
    for record in records:
        if org.view(request).find(type_of(record)) is not object_type:
            raise other_type(type_of(record), object_type)
    parser = org.parser(object_type)
    rows = [parser.parse(record) for record in records]
    save.upsert(
        org.context(request),
        rows,
        key,
        update_only=flag(request.query.get("updateOnly")),
        all_or_none=all_or_none,
    )
    return Answer(200, [_upsert_result(row) for row in rows])


def delete(org: "Org", request: Request) -> Answer:
    ids = [i.strip() for i in request.query.get("ids", "").split(",") if i.strip()]
    _check_count(ids)
    context = org.context(request)
    results: list[dict[str, Any]] = []
    all_or_none = flag(request.query.get("allOrNone"))
    try:
        with org.store.transaction():
            for record_id in ids:
                results.append(_deletion(context, record_id))
            if all_or_none and not all(result["success"] for result in results):
                raise _Undo
    except _Undo:
        rolled_back = RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", ROLLED_BACK).as_row()
        results = [
            {"success": False, "errors": [rolled_back]} if result["success"] else result
            for result in results
        ]
    return Answer(200, results)


def retrieve(org: "Org", request: Request, object_name: str) -> Answer:
    """Records by Id in the order asked for; a missing or deleted one is null there (D, R)."""
    object_type = org.object_type(object_name, request)
    if request.method == "GET":
        ids = request.query.get("ids", "").split(",")
        names = request.query.get("fields", "").split(",")
    else:
        ids, names = _asked(request.body)
    if not ids or not names or not ids[0] or not names[0]:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "The ids and fields are required")
    if len(ids) > MOST_RETRIEVED:
        raise ApiError(
            400,
            "EXCEEDED_ID_LIMIT",
            f"record limit reached. cannot retrieve more than {MOST_RETRIEVED} records in this "
            "call",
        )
    fields = read.pick_fields(object_type, names)
    parser = org.parser(object_type)
    wanted = [_id_or_none(parser.record_id, record_id) for record_id in ids]
    found = org.store.by_ids(object_type, [i for i in wanted if i])
    alive = {i: r for i, r in found.items() if not r.get("IsDeleted")}
    return Answer(
        200,
        [
            read.show(object_type, alive[i], fields, request.base) if i in alive else None
            for i in wanted
        ],
    )


def key_field(object_type: ObjectType, name: str) -> Field:
    """The field of an upsert's URL; one that is no key answers as if absent (R, restforce)."""
    key = object_type.find(name)
    if key is None or not key.is_key:
        raise no_external_id(name)
    return key


class _Undo(Exception):
    """Leaves a transaction so that it is rolled back."""


def _asked(body: Any) -> tuple[list[str], list[str]]:
    if not isinstance(body, dict):
        return [], []
    return _texts(body.get("ids")), _texts(body.get("fields"))


def _texts(value: Any) -> list[str]:
    listed: list[Any] = value if isinstance(value, list) else []
    return [text for text in listed if isinstance(text, str)]


def _id_or_none(parse: Callable[[str], str], text: str) -> str | None:
    try:
        return parse(text)
    except RowError:
        return None


def _records(request: Request) -> tuple[list[dict[str, Any]], bool]:
    body = object_body(request.body)
    records: Any = body.get("records") or []
    if not isinstance(records, list):
        raise wrong_type("list", records).as_request()
    listed: list[Any] = records
    _check_count(listed)
    for record in listed:
        type_of(record)
    return listed, json_flag(body, "allOrNone")


def _check_count(listed: list[Any]) -> None:
    if not listed:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")  # R
    if len(listed) > MOST_RECORDS:
        raise ApiError(
            400,
            "EXCEEDED_ID_LIMIT",
            f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call",
        )


def _save_chunks(
    org: "Org",
    request: Request,
    records: list[dict[str, Any]],
    all_or_none: bool,
    *,
    is_update: bool,
) -> list[Row]:
    """Mixed types are cut where the type changes, at most ten chunks (D)."""
    context = org.context(request)
    chunks = [list(group) for _, group in groupby(records, key=lambda r: type_of(r).lower())]
    if len(chunks) > MOST_CHUNKS:
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. Please rearrange "
            "the data to reduce chunking.",
        )
    rows: list[Row] = []
    run = save.update if is_update else save.create
    try:
        with org.store.transaction():
            for chunk in chunks:
                parsed = _parse_chunk(org, request, chunk, is_update)
                run(context, parsed, all_or_none=all_or_none)
                rows += parsed
            if all_or_none and not all(row.is_alive for row in rows):
                raise _Undo
    except _Undo:
        for row in rows:
            if row.is_alive:
                row.error = RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", ROLLED_BACK)
    return rows


def _parse_chunk(
    org: "Org", request: Request, chunk: list[dict[str, Any]], is_update: bool
) -> list[Row]:
    named = type_of(chunk[0])
    object_type = org.view(request).find(named)
    if object_type is None:
        raise unknown_type(named)
    permission, verb = ("updateable", "update") if is_update else ("createable", "create")
    if not object_type.facts.get(permission, True):
        raise ApiError(
            400,
            "INVALID_TYPE_FOR_OPERATION",
            f"entity type {object_type.name} does not support {verb}",
        )
    parser = org.parser(object_type)
    return [parser.parse(record) for record in chunk]


def unknown_type(named: str) -> ApiError:
    """The sentence that SOQL gives for an unknown object (R, errors/invalid-type)."""
    return ApiError(
        400,
        "INVALID_TYPE",
        f"sObject type '{named}' is not supported. If you are attempting to use a custom object, "
        "be sure to append the '__c' after the entity name. Please reference your WSDL or the "
        "describe call for the appropriate names.",
    )


def _deletion(context: save.WriteContext, record_id: str) -> dict[str, Any]:
    try:
        remove.delete(context, record_id)
    except RowError as error:
        return {"success": False, "errors": [error.as_row()]}
    return {"id": record_id, "success": True, "errors": []}


def _result(row: Row) -> dict[str, Any]:
    if row.error is not None:
        return {"success": False, "errors": [row.error.as_row()]}
    return {"id": row.id, "success": True, "errors": []}


def _upsert_result(row: Row) -> dict[str, Any]:
    if row.error is not None:
        return {"success": False, "errors": [row.error.as_row()], "created": False}
    return {"id": row.id, "success": True, "errors": [], "created": row.created}


ROUTES = [
    Route("POST", "/composite/sobjects", create, is_collection_or_query=True, since=42),
    Route("PATCH", "/composite/sobjects", update, is_collection_or_query=True, since=42),
    Route("DELETE", "/composite/sobjects", delete, is_collection_or_query=True, since=42),
    Route(
        "POST", "/composite/sobjects/{object_name}", retrieve, is_collection_or_query=True, since=42
    ),
    Route(
        "GET", "/composite/sobjects/{object_name}", retrieve, is_collection_or_query=True, since=42
    ),
    Route(
        "PATCH",
        "/composite/sobjects/{object_name}/{field_name}",
        upsert,
        is_collection_or_query=True,
        since=46,
    ),
]
