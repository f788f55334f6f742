"""What of a write the user's permissions forbid: whole rows, or fields of them."""

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.schema import ObjectType
from crm_sync.localorg.signin.permissions import Permissions


def refuse_objects(permissions: Permissions, object_type: ObjectType, rows: list[Row]) -> None:
    """The user may not make or change records of this object (3, live orgs)."""
    may_create = permissions.may_create(object_type.name)
    may_edit = permissions.may_edit(object_type.name)
    for row in rows:
        if row.is_alive and row.created and not may_create:
            row.error = RowError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                f"entity type cannot be inserted: {object_type.label}",
            )
        elif row.is_alive and not row.created and not may_edit:
            row.error = insufficient_access()


def refuse_fields(permissions: Permissions, rows: list[Row]) -> None:
    """Fields that nobody or not this user may write.

    R, errors/invalid-field-for-insert-update-400.json. A field that he may not even read never
    comes so far: for him there is no such column.
    """
    for row in rows:
        if not row.is_alive:
            continue
        writable = permissions.writable(row.object_type, is_new=row.created)
        given = [*row.values, *(lookup.field.name for lookup in row.lookups)]
        if writable.issuperset(given):
            continue
        refused = [n for n in given if n not in writable]
        row.error = RowError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(refused)}. Please check the security "
            "settings of this field and verify that it is read/write for your profile or "
            "permission set.",
            refused,
        )


def insufficient_access() -> RowError:
    """A record that the user may see and not change or delete (3, many logs)."""
    return RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
