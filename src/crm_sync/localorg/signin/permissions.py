"""What a user may see and do: object and field permissions, added up over his permission sets.

In: the records of Profile, PermissionSet and the rest, as Salesforce stores them (D, Object
Reference): a profile owns a permission set, which holds what the profile allows; others are given
by PermissionSetAssignment; what any of them allows is allowed. Out: :class:`Permissions`, with the
schema as this user sees it: objects and fields that he may not read are not in it at all, which is
how Salesforce treats them ("No such column", INVALID_TYPE, 404).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from crm_sync.localorg.records.store import Store
from crm_sync.localorg.schema import Field, ObjectType, Schema

SOURCES = (
    "User",
    "PermissionSet",
    "PermissionSetAssignment",
    "ObjectPermissions",
    "FieldPermissions",
)
"""Objects whose records decide; a write to one of them makes every answer stale."""

_SETUP: Mapping[str, tuple[str | None, str]] = {
    "Organization": (None, "CustomizeApplication"),
    "User": (None, "ManageUsers"),
    "Group": (None, "ManageUsers"),
    "RecordType": (None, "CustomizeApplication"),
    "CurrencyType": (None, "CustomizeApplication"),
    "DuplicateRule": ("ViewSetup", "CustomizeApplication"),
    "Profile": (None, "ManageProfilesPermissionsets"),
    "PermissionSet": ("ViewSetup", "ManageProfilesPermissionsets"),
    "PermissionSetAssignment": ("ViewSetup", "AssignPermissionSets"),
    "ObjectPermissions": ("ViewSetup", "ManageProfilesPermissionsets"),
    "FieldPermissions": ("ViewSetup", "ManageProfilesPermissionsets"),
}
"""Objects without ObjectPermissions: what reads them (None: every user), what writes them."""
_ACTIVITIES = {"Task": "EditTask", "Event": "EditEvent"}
"""Read by "Access Activities", written by these (D, Task and Event have no ObjectPermissions)."""


def takes_object_permissions(object_type: ObjectType) -> bool:
    """May an ObjectPermissions record name it?"""
    return object_type.name not in _SETUP and object_type.name not in _ACTIVITIES


def governing_field(object_type: ObjectType, field: Field) -> Field | None:
    """The field whose FieldPermissions decide: an address decides for its parts.

    None where there is nothing to decide: required and system fields are visible to all who see
    the record (D, Field-Level Security; ``permissionable`` of the describe).
    """
    compound = field.describe["compoundFieldName"]
    whole = object_type.find(compound) if compound else None
    if whole is not None and whole.type == "address":
        field = whole
    return field if field.describe["permissionable"] else None


def twins(object_type: ObjectType, field: Field) -> tuple[str, ...]:
    """Names under which FieldPermissions may name a field.

    A custom field of Task and Event is one field of Activity: allowed for one it is allowed for
    both (D, Task).
    """
    names = _ACTIVITIES if object_type.name in _ACTIVITIES and field.describe["custom"] else None
    return tuple(f"{name}.{field.name}" for name in names or (object_type.name,))


@dataclass(frozen=True)
class ObjectAccess:
    """What a user may do with the records of one object."""

    read: bool = False
    create: bool = False
    edit: bool = False
    delete: bool = False
    read_all_fields: bool = False


class Permissions:
    """One user's permissions, and the schema as he sees it."""

    def __init__(
        self,
        schema: Schema,
        system: frozenset[str],
        objects: Mapping[str, ObjectAccess],
        fields: Mapping[str, tuple[bool, bool]],
    ) -> None:
        self._full = schema
        self._system = system
        self._objects = objects
        self._fields = fields
        self._writable: dict[tuple[str, bool], frozenset[str]] = {}

    def has(self, permission: str) -> bool:
        """A system permission by the name of its column: ``ApiEnabled``, ``ManageUsers`` …"""
        return permission in self._system

    def may_read(self, object_name: str, field_name: str | None = None) -> bool:
        """May the user see the object, or this field of it?"""
        found = self._full.find(object_name)
        if found is None or not self._access(found).read:
            return False
        field = found.find(field_name) if field_name is not None else None
        return field_name is None or (field is not None and self._field(found, field)[0])

    def may_create(self, object_name: str, field_name: str | None = None) -> bool:
        """May the user make records, or give this field of a new one?"""
        return self._may_write(object_name, field_name, is_new=True)

    def may_edit(self, object_name: str, field_name: str | None = None) -> bool:
        """May the user change records, or this field of them?"""
        return self._may_write(object_name, field_name, is_new=False)

    def may_delete(self, object_name: str) -> bool:
        found = self._full.find(object_name)
        return found is not None and self._access(found).delete

    def writable(self, object_type: ObjectType, *, is_new: bool) -> frozenset[str]:
        """Names of the fields that the user may give, whatever the object itself allows him."""
        key = (object_type.name, is_new)
        if key not in self._writable:
            flag = "createable" if is_new else "updateable"
            self._writable[key] = frozenset(
                f.name
                for f in object_type.fields
                if f.describe[flag] and self._field(object_type, f)[1]
            )
        return self._writable[key]

    @cached_property
    def schema(self) -> Schema:
        """Objects and fields that the user may read, described as they are for him.

        It is the org's own schema where the user may see and do everything.
        """
        views = [self._view(o) for o in self._full.objects if self._access(o).read]
        is_all = len(views) == len(self._full.objects) and all(
            view is own for view, own in zip(views, self._full.objects, strict=True)
        )
        # Copies, so that an object found in a view belongs to that view alone.
        return self._full if is_all else Schema([replace(view) for view in views])

    # Inside ----------------------------------------------------------------------------------

    def _may_write(self, object_name: str, field_name: str | None, *, is_new: bool) -> bool:
        found = self._full.find(object_name)
        if found is None:
            return False
        access = self._access(found)
        is_open = access.create if is_new else access.edit
        field = found.find(field_name) if field_name is not None else None
        names = self.writable(found, is_new=is_new)
        return is_open and (field_name is None or (field is not None and field.name in names))

    def _access(self, object_type: ObjectType) -> ObjectAccess:
        if object_type.name in _SETUP:
            to_read, to_write = _SETUP[object_type.name]
            is_writer = to_write in self._system
            is_reader = to_read is None or to_read in self._system
            return ObjectAccess(is_reader, is_writer, is_writer, is_writer, True)
        if object_type.name in _ACTIVITIES:
            edits = _ACTIVITIES[object_type.name] in self._system
            return ObjectAccess("ActivitiesAccess" in self._system, edits, edits, edits)
        given = self._objects.get(object_type.name.lower(), ObjectAccess())
        if "ModifyAllData" in self._system:
            return ObjectAccess(True, True, True, True, given.read_all_fields)
        return replace(given, read=given.read or "ViewAllData" in self._system)

    def _field(self, object_type: ObjectType, field: Field) -> tuple[bool, bool]:
        """May the user read the field, and write it if anybody may?"""
        decided_by = governing_field(object_type, field)
        if decided_by is None or object_type.name in _SETUP:
            return True, True
        names = twins(object_type, decided_by)
        given = [self._fields.get(name.lower(), (False, False)) for name in names]
        can_read = self._access(object_type).read_all_fields or any(r for r, _ in given)
        return can_read, any(w for _, w in given)

    def _view(self, object_type: ObjectType) -> ObjectType:
        fields = [
            self._shown(object_type, f)
            for f in object_type.fields
            if self._field(object_type, f)[0]
        ]
        if len(fields) == len(object_type.fields) and all(
            shown is own for shown, own in zip(fields, object_type.fields, strict=True)
        ):
            return object_type
        return object_type.with_fields(fields)

    def _shown(self, object_type: ObjectType, field: Field) -> Field:
        access = self._access(object_type)
        may_write = self._field(object_type, field)[1]
        facts = field.describe
        createable = facts["createable"] and may_write and access.create
        updateable = facts["updateable"] and may_write and access.edit
        if (createable, updateable) == (facts["createable"], facts["updateable"]):
            return field
        return replace(
            field, describe={**facts, "createable": createable, "updateable": updateable}
        )


def of_user(store: Store, schema: Schema, user_id: str) -> Permissions:
    """Add up what the user's profile and permission sets allow; nothing for an unknown user."""
    sets = _permission_sets(store, user_id)
    system = frozenset(
        name.removeprefix("Permissions")
        for record in sets.values()
        for name, value in record.items()
        if name.startswith("Permissions") and value
    )
    objects: dict[str, ObjectAccess] = {}
    for row in _of_parents(store, "ObjectPermissions", sets):
        name = str(row["SobjectType"]).lower()
        before = objects.get(name, ObjectAccess())
        modifies_all = bool(row["PermissionsModifyAllRecords"])
        views_all = modifies_all or bool(row["PermissionsViewAllRecords"])
        objects[name] = ObjectAccess(
            before.read or views_all or bool(row["PermissionsRead"]),
            before.create or bool(row["PermissionsCreate"]),
            before.edit or modifies_all or bool(row["PermissionsEdit"]),
            before.delete or modifies_all or bool(row["PermissionsDelete"]),
            before.read_all_fields or bool(row["PermissionsViewAllFields"]),
        )
    fields: dict[str, tuple[bool, bool]] = {}
    for row in _of_parents(store, "FieldPermissions", sets):
        name = str(row["Field"]).lower()
        before_read, before_edit = fields.get(name, (False, False))
        reads = before_read or bool(row["PermissionsRead"])
        fields[name] = (reads, before_edit or bool(row["PermissionsEdit"]))
    return Permissions(schema, system, objects, fields)


def _permission_sets(store: Store, user_id: str) -> dict[str, dict[str, Any]]:
    """The profile's own permission set and the assigned ones, by Id."""
    user = store.record(user_id)
    if user is None:
        return {}
    set_type, given_type = store.schema["PermissionSet"], store.schema["PermissionSetAssignment"]
    found = store.where_in(set_type, set_type["ProfileId"], [user["ProfileId"]])
    given = store.where_in(given_type, given_type["AssigneeId"], [user_id])
    ids = [g["PermissionSetId"] for g in given if g["IsActive"] and not g["IsRevoked"]]
    return {record["Id"]: record for record in [*found, *store.by_ids(set_type, ids).values()]}


def _of_parents(store: Store, name: str, parents: Mapping[str, Any]) -> list[dict[str, Any]]:
    object_type = store.schema[name]
    return store.where_in(object_type, object_type["ParentId"], parents)
