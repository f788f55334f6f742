"""Custom fields: the org's schema is that which it came with, and what was done to it since.

In: definitions by full name ("Account.CRM_Id__c"). Out: a new :class:`Schema` which the org goes on
with, columns in the tables, and components that tell it all again after a restart. A field that is
made here is allowed to nobody until a permission set names it, the administrator included, whether
it was made through the Metadata or the Tooling API (3; C, Inspector, which then grants it).

A custom field of Task and Event is one field of Activity (3, verified against an org).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.metadata import fieldkinds
from crm_sync.localorg.metadata.components import Component
from crm_sync.localorg.metadata.fieldkinds import Definition
from crm_sync.localorg.records import values
from crm_sync.localorg.records.store import quote
from crm_sync.localorg.schema import Field, ObjectType, Schema, make_field
from crm_sync.localorg.signin import profiles
from crm_sync.localorg.signin.permissions import takes_object_permissions

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

TYPE, PREFIX = "CustomField", "00N"
ACTIVITY, ACTIVITIES = "Activity", ("Task", "Event")
NEEDS = "CustomizeApplication"
"""The permission to make and change fields (D)."""
_SHIPPED, _CHANGED, _REMOVED = "shipped", "changed", "removed"
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c")
_LONGEST_NAME = 43


class CustomFields:
    """The custom fields of one org."""

    def __init__(self, org: "Org") -> None:
        self._org = org
        self._base = org.schema
        with org.store.transaction():
            self._note_shipped()
        self._applied: list[tuple[str, str, Definition]] = []
        self.reload()
        org.store.rolled_back = self.reload

    def reload(self) -> None:
        """Make the schema what the components say it is, if it is not."""
        told = [(c.full_name, c.state, c.body) for c in self._all() if c.state != _SHIPPED]
        if told != self._applied:
            self._applied = told
            self._org.adopt(self._schema())

    def components(self) -> list[Component]:
        """Every custom field that there is, in order of creation."""
        return [c for c in self._all() if self._is_there(c)]

    def find(self, full_name: str) -> Component | None:
        found = self._org.components.find(TYPE, full_name)
        return found if found is not None and self._is_there(found) else None

    def by_id(self, record_id: str) -> Component | None:
        found = self._org.components.by_id(TYPE, record_id)
        return found if found is not None and self._is_there(found) else None

    def objects(self, component: Component) -> list[ObjectType]:
        """The objects that have the field: one, or Task and Event."""
        owner, _, name = component.full_name.partition(".")
        return [o for o in self._objects(owner) if o.find(name)]

    def create(self, user_id: str, full_name: str, definition: Definition) -> str:
        """Make a field; its Id. RowError: what is wrong with it, or that there is one."""
        self._allow(user_id)
        owner, name = self._split(full_name)
        if any(o.find(name) for o in self._objects(owner)):
            raise RowError(
                "DUPLICATE_DEVELOPER_NAME",
                f"There is already a field named {name.removesuffix('__c')} on {owner}.",
                ["DeveloperName"],
            )
        fieldkinds.check(definition, self._org.schema)
        stamp = values.format_datetime(self._org.clock())
        removed = self._org.components.find(TYPE, full_name)
        if removed is not None:
            self._org.components.remove(removed)
        record_id = self._org.components.add(
            TYPE,
            PREFIX,
            f"{owner}.{name}",
            definition,
            state=_CHANGED,
            stamp=stamp,
            user_id=user_id,
        )
        for object_type in self._objects(owner):
            profiles.note_field(self._org.store, object_type.name, name)
        self.reload()
        self._fill_existing(owner, name, definition)
        return record_id

    def update(self, user_id: str, full_name: str, definition: Definition) -> None:
        """Change a field; what is not given stays (U). RowError: what is wrong with it."""
        self._allow(user_id)
        owner, name = self._split(full_name)
        before = self.find(full_name)
        if before is None:
            raise no_such_field(full_name)
        wanted = {**before.body, **definition}
        fieldkinds.check(wanted, self._org.schema)
        if wanted["type"] != before.body["type"]:
            raise RowError(
                "UNKNOWN_EXCEPTION",
                f"The local org does not change the type of a field: {before.body['type']} to "
                f"{wanted['type']}.",
                ["type"],
            )
        if wanted.get("unique") and not before.body.get("unique"):
            self._refuse_duplicates(owner, name)
        stamp = values.format_datetime(self._org.clock())
        self._org.components.change(before, wanted, state=_CHANGED, stamp=stamp, user_id=user_id)
        self.reload()

    def delete(self, user_id: str, full_name: str) -> None:
        """Take a field away with its values and its permissions (D, after the deleted fields)."""
        self._allow(user_id)
        found = self.find(full_name)
        if found is None:
            raise no_such_field(full_name)
        owner, name = found.full_name.split(".")
        if any(self._org.automation.names(o.name, name) for o in self._objects(owner)):
            raise RowError(
                "DEPENDENCY_EXISTS",
                "This custom field definition is referenced elsewhere in salesforce.com. Remove "
                "the usage and try again.",
            )
        stamp = values.format_datetime(self._org.clock())
        for object_type in self._objects(owner):
            field = object_type.find(name)
            if field is not None:
                self._org.store.drop_column(object_type, field)
                self._forget_permissions(f"{object_type.name}.{field.name}")
        self._org.components.change(found, {}, state=_REMOVED, stamp=stamp, user_id=user_id)
        self.reload()

    # Inside ----------------------------------------------------------------------------------

    def _is_there(self, component: Component) -> bool:
        """An org can be opened without a field that came with it, or was removed from it."""
        return component.state != _REMOVED and bool(self.objects(component))

    def _all(self) -> list[Component]:
        return self._org.components.all(TYPE)

    def _allow(self, user_id: str) -> None:
        if not self._org.permissions(user_id).has(NEEDS):
            raise RowError("INSUFFICIENT_ACCESS", "insufficient access rights on object id")

    def _split(self, full_name: str) -> tuple[str, str]:
        """Object and field of a full name; RowError where there can be no such field."""
        owner, _, name = full_name.partition(".")
        if not name.lower().endswith("__c"):
            raise RowError(
                "FIELD_INTEGRITY_EXCEPTION",
                "Could not resolve standard field's name.",
                ["fullName"],
            )
        if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise RowError(
                "FIELD_INTEGRITY_EXCEPTION",
                "The Field Name field can only contain underscores and alphanumeric characters. It "
                "must be unique, begin with a letter, not include spaces, not end with an "
                "underscore, and not contain two consecutive underscores.",
                ["DeveloperName"],
            )
        objects = self._objects(owner)
        if not objects:
            raise RowError(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"Entity Enumeration Or ID: bad value for restricted picklist field: {owner}",
                ["TableEnumOrId"],
            )
        owner = ACTIVITY if owner.lower() == ACTIVITY.lower() else objects[0].name
        return owner, name

    def _objects(self, owner: str) -> list[ObjectType]:
        """The objects that get a field of this owner: Activity's go to Task and to Event."""
        schema = self._org.schema
        if owner.lower() == ACTIVITY.lower():
            return [o for name in ACTIVITIES if (o := schema.find(name)) is not None]
        found = schema.find(owner)
        return [found] if found is not None and takes_object_permissions(found) else []

    def _note_shipped(self) -> None:
        """Fields that came with the org get an Id, and can be changed and removed like any."""
        known = {c.full_name.lower() for c in self._all()}
        stamp = values.format_datetime(self._org.clock())
        for object_type in self._base.objects:
            owner = ACTIVITY if object_type.name in ACTIVITIES else object_type.name
            for field in object_type.fields:
                full_name = f"{owner}.{field.name}"
                if not field.describe["custom"] or full_name.lower() in known:
                    continue
                known.add(full_name.lower())
                self._org.components.add(
                    TYPE,
                    PREFIX,
                    full_name,
                    fieldkinds.definition_of(field),
                    state=_SHIPPED,
                    stamp=stamp,
                    user_id=self._org.admin_id,
                )

    def _schema(self) -> Schema:
        objects = {o.name: o for o in self._base.objects}
        for component in self._all():
            owner, name = component.full_name.split(".")
            for object_name in ACTIVITIES if owner == ACTIVITY else (owner,):
                if component.state != _SHIPPED and object_name in objects:
                    before = objects[object_name]
                    objects[object_name] = before.with_fields(_fields(before, name, component))
        return Schema(list(objects.values()))

    def _fill_existing(self, owner: str, name: str, definition: Definition) -> None:
        """A checkbox is never empty; its default goes to old rows if it is asked to (D)."""
        if definition["type"] != "Checkbox":
            return
        fills = bool(definition.get("populateExistingRows"))
        value = int(bool(fieldkinds.default_of(definition)) and fills)
        for object_type in self._objects(owner):
            sql = f"update {quote(object_type.name)} set {quote(name)} = ?"  # noqa: S608 - schema's
            self._org.store.execute(sql, [value])

    def _refuse_duplicates(self, owner: str, name: str) -> None:
        for object_type in self._objects(owner):
            field = object_type[name]
            collation = "" if field.compares_case else " collate nocase"
            living = 'and "IsDeleted" = 0' if object_type.soft_delete else ""
            sql = (
                f"select 1 from {quote(object_type.name)} where {quote(name)} is not null "  # noqa: S608 - schema's
                f"{living} group by {quote(name)}{collation} having count(*) > 1 limit 1"
            )
            if self._org.store.rows(sql):
                raise RowError(
                    "DUPLICATE_VALUE",
                    f"{field.label} cannot be unique: records of {object_type.name} share a value.",
                    ["unique"],
                )

    def _forget_permissions(self, full_name: str) -> None:
        store = self._org.store
        permissions = store.schema["FieldPermissions"]
        found = store.where_in(permissions, permissions["Field"], [full_name])
        store.delete(permissions, [record["Id"] for record in found])


def no_such_field(full_name: str) -> RowError:
    return RowError("INVALID_CROSS_REFERENCE_KEY", f"no CustomField named {full_name} found")


def _fields(object_type: ObjectType, name: str, component: Component) -> Iterator[Field]:
    """The fields of an object after what a component says of one of them."""
    is_there = False
    for field in object_type.fields:
        if field.name.lower() != name.lower():
            yield field
        elif component.state == _CHANGED:
            is_there = True
            yield _made(field.name, component.body)
    if component.state == _CHANGED and not is_there:
        yield _made(name, component.body)


def _made(name: str, definition: Definition) -> Field:
    made = make_field(fieldkinds.described(name, definition))
    if "valueSet" not in definition:
        return made
    listed: list[dict[str, Any]] = made.describe["picklistValues"]
    marked = [{**v, "defaultValue": v["value"] == made.default} for v in listed]
    return replace(made, describe={**made.describe, "picklistValues": marked})
