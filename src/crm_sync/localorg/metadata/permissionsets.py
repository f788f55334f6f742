"""Permission sets as documents: PermissionSet with all its object and field permissions in one.

In: a PermissionSet document (D, Metadata API). Out: the records that signin enforces, written by
the way of all records, so with their rules and with the caller's own permissions. From v40 on what
a document does not name is taken away, before that it stays (D, PermissionSet).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.metadata.components import Body
from crm_sync.localorg.metadata.shapes import PERMISSION_SET
from crm_sync.localorg.records import remove, save, values
from crm_sync.localorg.records.store import Record
from crm_sync.localorg.routing import Request
from crm_sync.localorg.schema import ObjectType
from crm_sync.localorg.signin.permissions import governing_field, takes_object_permissions

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

TYPE = "PermissionSet"
REPLACES_FROM = 40.0

_OBJECT_FLAGS = {
    "allowCreate": "PermissionsCreate",
    "allowDelete": "PermissionsDelete",
    "allowEdit": "PermissionsEdit",
    "allowRead": "PermissionsRead",
    "modifyAllRecords": "PermissionsModifyAllRecords",
    "viewAllFields": "PermissionsViewAllFields",
    "viewAllRecords": "PermissionsViewAllRecords",
}
_FIELD_FLAGS = {"editable": "PermissionsEdit", "readable": "PermissionsRead"}
_OWN = ("fullName", "label", "description", "hasActivationRequired")
_AS_RECORDS = ("fieldPermissions", "objectPermissions", "userPermissions")


def find(org: "Org", full_name: str) -> Record | None:
    object_type = org.schema[TYPE]
    found = org.store.where_in(object_type, object_type["Name"], [full_name])
    return next((record for record in found if not record["IsOwnedByProfile"]), None)


def read(org: "Org", full_name: str) -> Body | None:
    record = find(org, full_name)
    if record is None:
        return None
    flags = {
        f.name.removeprefix("Permissions"): record[f.name]
        for f in org.schema[TYPE].fields
        if f.name.startswith("Permissions")
    }
    kept = org.components.find(TYPE, full_name)
    body: Body = {
        "fullName": record["Name"],
        **(kept.body if kept else {}),
        "description": record["Description"],
        "fieldPermissions": [
            {"editable": bool(r["PermissionsEdit"]), "field": r["Field"], "readable": True}
            for r in _of(org, "FieldPermissions", record["Id"])
        ],
        "hasActivationRequired": bool(record["HasActivationRequired"]),
        "label": record["Label"],
        "objectPermissions": [
            {
                "object": r["SobjectType"],
                **{key: bool(r[column]) for key, column in _OBJECT_FLAGS.items()},
            }
            for r in _of(org, "ObjectPermissions", record["Id"])
        ],
        "userPermissions": [
            {"enabled": True, "name": name} for name, is_on in sorted(flags.items()) if is_on
        ],
    }
    return {key: body[key] for key in PERMISSION_SET if body.get(key) not in (None, [])}


def create(org: "Org", request: Request, full_name: str, body: Body) -> None:
    if find(org, full_name) is not None:
        raise RowError(
            "DUPLICATE_DEVELOPER_NAME",
            f"There is already a permission set named {full_name}.",
            ["fullName"],
        )
    if not body.get("label"):
        raise RowError("REQUIRED_FIELD_MISSING", "Required field is missing: label", ["label"])
    _write(org, request, full_name, body, None)


def update(org: "Org", request: Request, full_name: str, body: Body) -> None:
    record = find(org, full_name)
    if record is None:
        raise no_such_set(full_name)
    _write(org, request, full_name, body, record)


def delete(org: "Org", request: Request, full_name: str) -> None:
    record = find(org, full_name)
    if record is None:
        raise no_such_set(full_name)
    kept = org.components.find(TYPE, full_name)
    if kept is not None:
        org.components.remove(kept)
    remove.delete(org.context(request), record["Id"])


def no_such_set(full_name: str) -> RowError:
    return RowError("INVALID_CROSS_REFERENCE_KEY", f"no PermissionSet named {full_name} found")


# Writing ---------------------------------------------------------------------------------------


def _write(org: "Org", request: Request, full_name: str, body: Body, record: Record | None) -> None:
    replaces = request.api_version >= REPLACES_FROM
    fields = {_field_name(org, given): given for given in body.get("fieldPermissions", [])}
    objects = {_object_name(org, given): given for given in body.get("objectPermissions", [])}
    own: Record = {"Name": full_name}
    own |= {"Label": body["label"]} if body.get("label") else {}
    own |= {"Description": body["description"]} if "description" in body else {}
    if "hasActivationRequired" in body:
        own["HasActivationRequired"] = body["hasActivationRequired"]
    own |= _user_permissions(org, body, replaces=replaces and record is not None)
    set_id = _save(org, request, TYPE, own, record)
    _save_permissions(
        org,
        request,
        set_id,
        "ObjectPermissions",
        "SobjectType",
        {n: _flags(g, _OBJECT_FLAGS) for n, g in objects.items()},
        replaces=replaces,
    )
    _save_permissions(
        org,
        request,
        set_id,
        "FieldPermissions",
        "Field",
        {n: _flags(g, _FIELD_FLAGS) for n, g in fields.items()},
        replaces=replaces,
    )
    _keep_the_rest(org, request, full_name, body)


def _save(org: "Org", request: Request, name: str, given: Record, before: Record | None) -> str:
    """Write one record as a client would; RowError when it is refused."""
    object_type = org.schema[name]
    row = org.parser(object_type).parse(given)
    if before is None:
        save.create(org.context(request), [row])
    else:
        row.id = before["Id"]
        save.update(org.context(request), [row])
    if row.error is not None:
        raise row.error
    return str(row.id)


def _save_permissions(
    org: "Org",
    request: Request,
    set_id: str,
    name: str,
    key: str,
    wanted: Mapping[str, dict[str, bool]],
    *,
    replaces: bool,
) -> None:
    before = {record[key]: record for record in _of(org, name, set_id)}
    for named, flags in wanted.items():
        record = before.pop(named, None)
        if record is None and any(flags.values()):
            places = {"ParentId": set_id, "SobjectType": named.partition(".")[0], key: named}
            _save(org, request, name, {**places, **flags}, None)
        elif record is not None and any(bool(record[n]) != flag for n, flag in flags.items()):
            _save(org, request, name, dict(flags), record)
    if replaces:
        context = org.context(request)
        for record in before.values():
            remove.delete(context, record["Id"])


def _flags(given: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, bool]:
    return {column: bool(given.get(key)) for key, column in columns.items()}


def _of(org: "Org", name: str, set_id: str) -> list[Record]:
    object_type = org.schema[name]
    key = "Field" if name == "FieldPermissions" else "SobjectType"
    found = org.store.where_in(object_type, object_type["ParentId"], [set_id])
    return sorted(found, key=lambda record: str(record[key]))


def _object_name(org: "Org", given: Mapping[str, Any]) -> str:
    named = str(given.get("object", ""))
    found = org.schema.find(named)
    if found is None or not takes_object_permissions(found):
        raise RowError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"In field: field - no CustomObject named {named} found",
        )
    return found.name


def _field_name(org: "Org", given: Mapping[str, Any]) -> str:
    """The sentences are of deployments to live orgs (3)."""
    named = str(given.get("field", ""))
    object_name, _, field_name = named.partition(".")
    object_type: ObjectType | None = org.schema.find(object_name)
    field = object_type.find(field_name) if object_type is not None else None
    if object_type is None or field is None:
        raise RowError(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomField named {named} found"
        )
    if governing_field(object_type, field) is not field:
        raise RowError(
            "FIELD_INTEGRITY_EXCEPTION", f"You cannot deploy to a required field: {named}"
        )
    return f"{object_type.name}.{field.name}"


def _user_permissions(org: "Org", body: Body, *, replaces: bool) -> dict[str, bool]:
    columns = [f.name for f in org.schema[TYPE].fields if f.name.startswith("Permissions")]
    given: dict[str, bool] = dict.fromkeys(columns, False) if replaces else {}
    for permission in body.get("userPermissions", []):
        column = f"Permissions{permission.get('name', '')}"
        if column not in columns:
            raise RowError(
                "INVALID_CROSS_REFERENCE_KEY", f"Unknown user permission: {permission.get('name')}"
            )
        given[column] = bool(permission.get("enabled"))
    return given


def _keep_the_rest(org: "Org", request: Request, full_name: str, body: Body) -> None:
    """What the org has no records for, such as tabs, is given back as it came."""
    rest = {k: v for k, v in body.items() if k not in (*_OWN, *_AS_RECORDS)}
    kept = org.components.find(TYPE, full_name)
    stamp = values.format_datetime(org.clock())
    if kept is not None:
        org.components.change(kept, rest, state="", stamp=stamp, user_id=request.user_id)
    elif rest:
        org.components.add(
            TYPE, "0PS", full_name, rest, state="", stamp=stamp, user_id=request.user_id
        )
