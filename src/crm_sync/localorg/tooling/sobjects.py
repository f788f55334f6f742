"""Records of the Tooling API: custom fields, made and changed one by one; describes (D).

POST   /tooling/sobjects/CustomField        {"FullName": "Account.X__c", "Metadata": {…}}
PATCH  /tooling/sobjects/CustomField/00N…   {"Metadata": {…}}
"""

from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError, RowError, not_found
from crm_sync.localorg.jsonerrors import object_body
from crm_sync.localorg.metadata.components import Component
from crm_sync.localorg.metadata.customfields import NEEDS
from crm_sync.localorg.metadata.shapes import CUSTOM_FIELD, Body, from_json
from crm_sync.localorg.rest import composite, describe, read
from crm_sync.localorg.routing import Answer, Request, Route
from crm_sync.localorg.schema import ObjectType
from crm_sync.localorg.tooling import catalog, query

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

_WRITTEN = "CustomField"
_STATUS = {"INSUFFICIENT_ACCESS": 403, "INVALID_CROSS_REFERENCE_KEY": 404}


def resources(org: "Org", request: Request) -> Answer:
    base = f"{request.base}/tooling"
    return Answer(200, {"query": f"{base}/query", "sobjects": f"{base}/sobjects"})


def describe_global(org: "Org", request: Request) -> Answer:
    sobjects = [
        describe.unconditional(object_type, f"{request.base}/tooling")
        for object_type in org.catalog.schema(request.user_id).objects
    ]
    return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sobjects})


def describe_object(org: "Org", request: Request, object_name: str) -> Answer:
    object_type = _object_type(org, request, object_name)
    flags = describe.unconditional(object_type, f"{request.base}/tooling")
    fields = [dict(sorted(f.describe.items())) for f in object_type.fields]
    more: dict[str, Any] = {"childRelationships": [], "fields": fields, "recordTypeInfos": []}
    return Answer(200, dict(sorted({**flags, **more}.items())))


def basic(org: "Org", request: Request, object_name: str) -> Answer:
    object_type = _object_type(org, request, object_name)
    flags = describe.unconditional(object_type, f"{request.base}/tooling")
    return Answer(200, {"objectDescribe": flags, "recentItems": []})


def create(org: "Org", request: Request, object_name: str) -> Answer:
    """201 with ``warnings`` and ``infos`` (D); the field is allowed to nobody yet."""
    _writable(org, request, object_name)
    body = _body(request)
    missing = [name for name in ("FullName", "Metadata") if not body.get(name)]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise ApiError(400, "REQUIRED_FIELD_MISSING", message, missing)
    definition = _definition(body["Metadata"])
    try:
        with org.store.transaction():
            made = org.custom_fields.create(request.user_id, str(body["FullName"]), definition)
    except RowError as error:
        raise _refused(error) from None
    location = {"Location": f"{request.base}/tooling/sobjects/{_WRITTEN}/{made}"}
    told = {"id": made, "success": True, "errors": [], "warnings": [], "infos": []}
    return Answer(201, told, location)


def get(org: "Org", request: Request, object_name: str, record_id: str) -> Answer:
    object_type = _object_type(org, request, object_name)
    if object_type.name == _WRITTEN:
        record_id = _component(org, record_id).id
    record = org.catalog.record(object_type, record_id)
    if record is None:
        raise not_found()
    shown = read.show(object_type, record, object_type.fields, f"{request.base}/tooling")
    return Answer(200, catalog.shown(shown))


def update(org: "Org", request: Request, object_name: str, record_id: str) -> Answer:
    _writable(org, request, object_name)
    component = _component(org, record_id)
    body = _body(request)
    named = str(body.get("FullName") or component.full_name)
    if named.lower() != component.full_name.lower():
        message = f"The local org renames no fields: {component.full_name} to {named}."
        raise ApiError(400, "UNKNOWN_EXCEPTION", message, ["FullName"])
    definition = _definition(body.get("Metadata") or {})
    try:
        with org.store.transaction():
            org.custom_fields.update(request.user_id, component.full_name, definition)
    except RowError as error:
        raise _refused(error) from None
    return Answer(204)


def delete(org: "Org", request: Request, object_name: str, record_id: str) -> Answer:
    _writable(org, request, object_name)
    component = _component(org, record_id)
    with org.store.transaction():
        org.custom_fields.delete(request.user_id, component.full_name)
    return Answer(204)


def _object_type(org: "Org", request: Request, name: str) -> ObjectType:
    found = org.catalog.schema(request.user_id).find(name)
    if found is None:
        raise not_found()
    return found


def _writable(org: "Org", request: Request, name: str) -> None:
    object_type = _object_type(org, request, name)
    if object_type.name != _WRITTEN:
        raise ApiError(
            400,
            "INVALID_TYPE_FOR_OPERATION",
            f"entity type {object_type.name} does not support {_VERBS[request.method]}",
        )
    if not org.permissions(request.user_id).has(NEEDS):
        message = "insufficient access rights on object id"
        raise ApiError(403, "INSUFFICIENT_ACCESS", message, [])


_VERBS = {"POST": "create", "PATCH": "update", "DELETE": "delete"}


def _component(org: "Org", record_id: str) -> Component:
    found = org.custom_fields.by_id(record_id)
    if found is None:
        raise not_found()
    return found


def _body(request: Request) -> Body:
    body = object_body(request.body)
    for name in body:
        if name not in ("FullName", "Metadata", "attributes"):
            message = f"No such column '{name}' on sobject of type {_WRITTEN}"
            raise ApiError(400, "INVALID_FIELD", message)
    return body


def _definition(given: Any) -> Body:
    if not isinstance(given, dict):
        message = (
            f"Cannot deserialize instance of complexvalue from {given!r} at [line:1, column:1]"
        )
        raise ApiError(400, "JSON_PARSER_ERROR", message)
    definition = from_json(given, CUSTOM_FIELD)
    definition.pop("fullName", None)
    return definition


def _refused(error: RowError) -> ApiError:
    return error.as_request(_STATUS.get(error.code))


ROUTES = [
    Route("GET", "/tooling", resources),
    Route("POST", "/tooling/composite", composite.not_nested, since=38),
    *query.ROUTES,
    Route("GET", "/tooling/sobjects", describe_global),
    Route("GET", "/tooling/sobjects/{object_name}", basic),
    Route("POST", "/tooling/sobjects/{object_name}", create),
    Route("GET", "/tooling/sobjects/{object_name}/describe", describe_object),
    Route("GET", "/tooling/sobjects/{object_name}/{record_id}", get),
    Route("PATCH", "/tooling/sobjects/{object_name}/{record_id}", update),
    Route("DELETE", "/tooling/sobjects/{object_name}/{record_id}", delete),
]
