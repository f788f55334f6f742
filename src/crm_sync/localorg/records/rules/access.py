"""Permission sets, what they allow, and to whom they are given (D, Object Reference)."""

from typing import Any

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records.rules.change import Change
from crm_sync.localorg.records.store import Record, Store, quote
from crm_sync.localorg.schema import ObjectType
from crm_sync.localorg.signin.permissions import governing_field, takes_object_permissions

_NEEDS: dict[str, tuple[str, ...]] = {
    "Create": ("Read",),
    "Edit": ("Read",),
    "Delete": ("Read", "Edit"),
    "ViewAllRecords": ("Read",),
    "ModifyAllRecords": ("Read", "Edit", "Delete", "ViewAllRecords"),
}
"""Permission → those without which it cannot be (D, ObjectPermissions)."""
_SHOWN = {"ViewAllRecords": "View All", "ModifyAllRecords": "Modify All"}


def apply_assignment(change: Change) -> None:
    """R, errors/duplicate-permissionsetassignment-400.json."""
    new = change.new
    twin = _same(change, "AssigneeId", "PermissionSetId")
    if twin:
        assignee, given = new["AssigneeId"][:15], new["PermissionSetId"][:15]
        raise RowError(
            "DUPLICATE_VALUE",
            f"Duplicate PermissionSetAssignment.  Assignee: {assignee}; Permission Set: {given}",
            ["AssigneeId", "PermissionSetId"],
        )


def apply_object(change: Change) -> None:
    named = change.new["SobjectType"]
    found = change.store.schema.find(named)
    if found is None or not takes_object_permissions(found):
        raise _not_listed(change.object_type, "SobjectType", named)
    change.new["SobjectType"] = found.name
    _refuse_twin(change, "ParentId", "SobjectType")
    for permission, needed in _NEEDS.items():
        _need(change.new, permission, needed, found.label)


def apply_field(change: Change) -> None:
    new = change.new
    object_name, _, field_name = str(new["Field"]).partition(".")
    found = change.store.schema.find(object_name)
    if found is None or found.name.lower() != str(new["SobjectType"]).lower():
        raise _not_listed(change.object_type, "SobjectType", new["SobjectType"])
    # The lookup's name may lack its "Id" (D, FieldPermissions, from version 50).
    field = found.find(field_name) or found.find(f"{field_name}Id")
    if field is None or governing_field(found, field) is not field:
        raise _not_listed(change.object_type, "Field", new["Field"])
    new["SobjectType"], new["Field"] = found.name, f"{found.name}.{field.name}"
    _refuse_twin(change, "ParentId", "Field")
    _need(new, "Edit", ("Read",), new["Field"])


def drop_empty(store: Store, records: list[Record]) -> None:
    """A record that no longer allows to read is deleted (D, FieldPermissions)."""
    for record in records:
        if not record["PermissionsRead"]:
            object_type = store.schema.of_id(record["Id"])
            if object_type is not None:
                store.delete(object_type, [record["Id"]])


def _need(new: Record, permission: str, needed: tuple[str, ...], label: str) -> None:
    missing = [n for n in needed if not new[f"Permissions{n}"]]
    if new[f"Permissions{permission}"] and missing:
        listed = ", ".join(f"{_SHOWN.get(n, n)} {label}" for n in missing)
        raise RowError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Permission {_SHOWN.get(permission, permission)} {label} depends on permission(s): "
            f"{listed}",
        )


def _same(change: Change, *names: str) -> list[tuple[Any, ...]]:
    """Other records that agree in these fields."""
    table = quote(change.object_type.name)
    compared = " and ".join(f"{quote(n)} = ?" for n in names)
    sql = f'select "Id" from {table} where {compared} and "Id" is not ?'  # noqa: S608 - schema's names
    return change.store.rows(sql, [*(change.new[n] for n in names), change.new.get("Id")])


def _refuse_twin(change: Change, *names: str) -> None:
    if _same(change, *names):
        shown = ", ".join(names)
        raise RowError(
            "DUPLICATE_VALUE",
            f"duplicate value found: {shown} duplicates value on record with id: <unknown>",
        )


def _not_listed(object_type: ObjectType, name: str, value: Any) -> RowError:
    label = object_type[name].label
    return RowError(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{label}: bad value for restricted picklist field: {value}",
        [name],
    )
