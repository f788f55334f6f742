"""Single records: /sobjects/X, /sobjects/X/{id}, /sobjects/X/{external ID field}/{value} (D)."""

import re
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import (
    ApiError,
    MultipleChoicesError,
    RowError,
    no_external_id,
    not_found,
)
from crm_sync.localorg.jsonerrors import object_body
from crm_sync.localorg.records import identifiers, remove, save
from crm_sync.localorg.records.body import Row, check_type
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.rest import conditions, read
from crm_sync.localorg.rest.collections import key_field
from crm_sync.localorg.routing import Answer, Request, Route, flag
from crm_sync.localorg.schema import Field, ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

CREATED_IN_ANSWER_FROM = 46.0
_EXTENSION = re.compile(r"\.inc$", re.IGNORECASE)
"""The documentation names this one and says "something like"; which others is U."""


def create(org: "Org", request: Request, object_name: str) -> Answer:
    object_type = org.object_type(object_name, request)
    if not object_type.facts.get("createable", True):
        raise ApiError(
            400,
            "INVALID_TYPE_FOR_OPERATION",
            f"entity type {object_type.name} does not support create",
        )
    row = _parse(org, request, object_type)
    save.create(org.context(request), [row])
    return _created(request, _checked(row), {})


def get(org: "Org", request: Request, object_name: str, record_id: str) -> Answer:
    object_type = org.object_type(object_name, request)
    record = _living(org, object_type, record_id)
    conditions.check(request, object_type, record)
    headers = conditions.headers_of(object_type, record)
    return conditions.unchanged(request, object_type, record) or Answer(
        200, _shown(request, object_type, record), headers
    )


def update(org: "Org", request: Request, object_name: str, record_id: str) -> Answer:
    object_type = org.object_type(object_name, request)
    row = _parse(org, request, object_type)
    if row.error is None and row.id is not None:
        raise ApiError(
            400, "INVALID_FIELD", "The Id field should not be specified in the sobject data."
        )
    row.id = _own_id(org, object_type, record_id)
    conditions.check(request, object_type, org.store.record(row.id))
    save.update(org.context(request), [row])
    _checked(row)
    return Answer(204)


def delete(org: "Org", request: Request, object_name: str, record_id: str) -> Answer:
    object_type = org.object_type(object_name, request)
    _delete(org, request, _own_id(org, object_type, record_id))
    return Answer(204)


def get_by_key(
    org: "Org", request: Request, object_name: str, field_name: str, value: str
) -> Answer:
    object_type = org.object_type(object_name, request)
    record = _by_key(org, request, object_type, key_field(object_type, field_name), value)
    return Answer(200, _shown(request, object_type, record))


def upsert(org: "Org", request: Request, object_name: str, field_name: str, value: str) -> Answer:
    """201 created or 200 updated, with a body; before v46 an update has none (D)."""
    object_type = org.object_type(object_name, request)
    key = key_field(object_type, field_name)
    if _EXTENSION.search(value):
        raise not_found()  # D: a value that ends as a file's name does
    if key.type == "id":
        return update(org, request, object_name, value)
    body = _record(request, object_type)
    if any(name.lower() == key.name.lower() for name in body):
        raise ApiError(
            400,
            "INVALID_FIELD",
            f"The {key.name} field should not be specified in the sobject data.",
        )
    row = org.parser(object_type).parse({**body, key.name: value})
    matches = [i for _, i in org.store.keys(object_type, key, [value])]
    if len(matches) > 1:
        raise _several(request, object_type, matches)
    save.upsert(org.context(request), [row], key, update_only=flag(request.query.get("updateOnly")))
    _checked(row)
    if not row.created and request.api_version < CREATED_IN_ANSWER_FROM:
        return Answer(204)
    return _created(request, row, {"created": row.created})


def delete_by_key(
    org: "Org", request: Request, object_name: str, field_name: str, value: str
) -> Answer:
    object_type = org.object_type(object_name, request)
    record = _by_key(org, request, object_type, key_field(object_type, field_name), value)
    _delete(org, request, record["Id"])
    return Answer(204)


def _parse(org: "Org", request: Request, object_type: ObjectType) -> Row:
    return org.parser(object_type).parse(_record(request, object_type))


def _record(request: Request, object_type: ObjectType) -> dict[str, Any]:
    record = object_body(request.body)
    check_type(record, object_type)
    return record


def _checked(row: Row) -> Row:
    """The row, or its refusal as the answer of the call."""
    if row.error is not None:
        is_own = row.error.code == "INVALID_CROSS_REFERENCE_KEY" and row.old is None
        raise row.error.as_request(404 if is_own and not row.created else None)
    return row


def _created(request: Request, row: Row, more: dict[str, Any]) -> Answer:
    location = {"Location": f"{request.base}/sobjects/{row.object_type.name}/{row.id}"}
    return Answer(
        201 if row.created else 200,
        {"id": row.id, "success": True, "errors": [], **more},
        location if row.created else {},
    )


def _own_id(org: "Org", object_type: ObjectType, text: str) -> str:
    _check_form(text)
    try:
        return org.parser(object_type).record_id(text)
    except RowError as error:
        raise error.as_request() from None


def _check_form(text: str) -> None:
    """What cannot be an Id is taken for the name of an external ID field (R, restforce)."""
    if identifiers.normalize(text) is None:
        raise no_external_id(text)


def _living(org: "Org", object_type: ObjectType, text: str) -> Record:
    _check_form(text)
    try:
        id18 = org.parser(object_type).record_id(text)
    except RowError:
        raise not_found() from None
    record = org.store.by_ids(object_type, [id18]).get(id18)
    if record is None or record.get("IsDeleted"):
        # One that is deleted, too, is not there for a reader (R, grouparoo).
        raise not_found()
    return record


def _by_key(
    org: "Org", request: Request, object_type: ObjectType, key: Field, value: str
) -> Record:
    matches = [i for _, i in org.store.keys(object_type, key, [value])]
    if not matches:
        raise not_found()
    if len(matches) > 1:
        raise _several(request, object_type, matches)
    return org.store.by_ids(object_type, matches)[matches[0]]


def _several(request: Request, object_type: ObjectType, ids: list[str]) -> MultipleChoicesError:
    return MultipleChoicesError([f"{request.base}/sobjects/{object_type.name}/{i}" for i in ids])


def _delete(org: "Org", request: Request, record_id: str) -> None:
    try:
        with org.store.transaction():
            remove.delete(org.context(request), record_id)
    except RowError as error:
        status = 404 if error.code == "INVALID_CROSS_REFERENCE_KEY" else None
        raise error.as_request(status) from None


def _shown(request: Request, object_type: ObjectType, record: Record) -> Record:
    asked = request.query.get("fields")
    fields = read.pick_fields(object_type, asked.split(",")) if asked else object_type.fields
    return read.show(object_type, record, fields, request.base)


ROUTES = [
    Route("POST", "/sobjects/{object_name}", create),
    # D, "Create with External Id": the empty key of an upsert by Id.
    Route("POST", "/sobjects/{object_name}/Id", create),
    Route("GET", "/sobjects/{object_name}/{record_id}", get),
    Route("PATCH", "/sobjects/{object_name}/{record_id}", update),
    Route("DELETE", "/sobjects/{object_name}/{record_id}", delete),
    Route("GET", "/sobjects/{object_name}/{field_name}/{value}", get_by_key),
    Route("PATCH", "/sobjects/{object_name}/{field_name}/{value}", upsert),
    Route("DELETE", "/sobjects/{object_name}/{field_name}/{value}", delete_by_key),
]
