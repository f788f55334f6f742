# ruff: noqa: S608 - names of tables and columns are the catalog's own, values are parameters
"""What objects and fields there are, as rows of tables of their own, so that SOQL can ask for them.

In: the org's schema. Out: a schema of the objects described in ``tooling/objects/`` and temporary
tables with their rows, made anew when the org's schema has changed. Fields are in it whoever asks:
that is how one finds a field that exists and is hidden (C, Inspector; D, FieldDefinition).

In the tables the Id of what the org only derives is its DurableId, by which relationships find it;
answers show for it what Salesforce shows (``query``).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.metadata import fieldkinds
from crm_sync.localorg.metadata.components import Component
from crm_sync.localorg.metadata.customfields import ACTIVITIES, ACTIVITY
from crm_sync.localorg.metadata.shapes import CUSTOM_FIELD, Body
from crm_sync.localorg.records.store import Record, quote
from crm_sync.localorg.schema import Field, ObjectType, Schema, make_field, make_object
from crm_sync.localorg.signin.permissions import takes_object_permissions

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

DERIVED = ("EntityDefinition", "FieldDefinition", "EntityParticle")
"""Objects without records: the documentation's "Metadata Catalog"."""
NO_ID = "000000000000000AAA"
"""What they show as their Id (3)."""
_NEED_SETUP = ("CustomField", "CustomObject")
"""Seen only by users with "View Setup and Configuration" (3, afawcett/apex-toolingapi 19)."""
NAMES = (*DERIVED, *_NEED_SETUP)
_COMPLEX = ("Metadata", "ReferenceTo")


class Catalog:
    """The catalog of one org."""

    def __init__(self, org: "Org") -> None:
        self._org = org
        self._objects = [_object_type(name) for name in NAMES]
        self._of: Schema | None = None

    def schema(self, user_id: str) -> Schema:
        """The objects that a user may ask for, ready to be asked."""
        self._refresh()
        sees_setup = self._org.permissions(user_id).has("ViewSetup")
        seen = [o for o in self._objects if sees_setup or o.name not in _NEED_SETUP]
        return Schema([*seen, self._org.schema["User"]])

    def record(self, object_type: ObjectType, record_id: str) -> Record | None:
        """One row by its Id."""
        self._refresh()
        names = [f.name for f in object_type.stored]
        columns = ", ".join(quote(n) for n in names)
        sql = f'select {columns} from {quote(object_type.name)} where "Id" = ?'
        rows = self._org.store.rows(sql, [record_id])
        return dict(zip(names, rows[0], strict=True)) if rows else None

    def _refresh(self) -> None:
        """Make the tables anew; a rolled back transaction may have taken them along."""
        store = self._org.store
        there = {r[0] for r in store.rows("select name from sqlite_temp_master")}
        if self._of is self._org.schema and there.issuperset(NAMES):
            return
        rows = {
            "EntityDefinition": [*(_entity(o) for o in self._entities()), _ACTIVITY],
            "FieldDefinition": list(self._definitions()),
            "EntityParticle": list(self._particles()),
            "CustomField": [custom_field(self._org, c) for c in self._made()],
            "CustomObject": [],
        }
        for object_type in self._objects:
            self._fill(object_type, rows[object_type.name])
        self._of = self._org.schema

    def _fill(self, object_type: ObjectType, rows: Iterable[Record]) -> None:
        store = self._org.store
        table = f"temp.{quote(object_type.name)}"
        store.execute(f"drop table if exists {table}")
        names = [f.name for f in object_type.stored]
        columns = ", ".join(f"{quote(f.name)} {f.sql_type}" for f in object_type.stored)
        store.execute(f"create temp table {quote(object_type.name)} ({columns})")
        sql = f"insert into {table} values ({', '.join('?' * len(names))})"
        for row in rows:
            store.execute(sql, [_stored(row.get(name)) for name in names])

    # Rows ------------------------------------------------------------------------------------

    def _entities(self) -> list[ObjectType]:
        return self._org.schema.objects

    def _made(self) -> list[Component]:
        return self._org.custom_fields.components()

    def _ids(self) -> dict[str, str]:
        """Object.Field → the Id of a custom field, of 15 characters."""
        return {
            f"{o.name}.{c.full_name.partition('.')[2]}": c.id[:15]
            for c in self._made()
            for o in self._org.custom_fields.objects(c)
        }

    def _definitions(self) -> Iterator[Record]:
        ids, made = self._ids(), {c.id[:15]: c for c in self._made()}
        for object_type in self._entities():
            for field in object_type.fields:
                if _whole(object_type, field) is field:
                    component = made.get(ids.get(f"{object_type.name}.{field.name}", ""))
                    yield _definition(object_type, field, ids, component)

    def _particles(self) -> Iterator[Record]:
        ids = self._ids()
        for object_type in self._entities():
            for field in object_type.fields:
                yield _particle(object_type, field, ids)


def custom_field(org: "Org", component: Component) -> Record:
    """A custom field as the record that it is in the Tooling API (D, Custom Address Fields)."""
    owner, _, name = component.full_name.partition(".")
    body = component.body
    return {
        "Id": component.id,
        "TableEnumOrId": owner,
        "DeveloperName": name.removesuffix("__c"),
        "Description": body.get("description"),
        "Length": body.get("length"),
        "Precision": body.get("precision"),
        "Scale": body.get("scale"),
        "RelationshipLabel": body.get("relationshipLabel"),
        "InlineHelpText": body.get("inlineHelpText"),
        "ManageableState": "unmanaged",
        "EntityDefinitionId": owner,
        "CreatedDate": component.created_at,
        "CreatedById": component.created_by,
        "LastModifiedDate": component.changed_at,
        "LastModifiedById": component.changed_by,
        "SystemModstamp": component.changed_at,
        "Metadata": metadata_of(body),
        "FullName": component.full_name,
    }


def metadata_of(body: Body) -> Body:
    """A definition with a null for every key that it does not have (D, Custom Address Fields)."""
    names = (name for name in CUSTOM_FIELD if name not in ("fullName", "indexed"))
    return {name: body.get(name) for name in names}


def shown(record: Any) -> Any:
    """A row of the catalog as answers show it: Ids, and documents that are kept as JSON."""
    if not isinstance(record, dict):
        return record
    row: Record = {name: shown(value) for name, value in record.items()}
    type_name = row.get("attributes", {}).get("type") if "attributes" in row else None
    if type_name in DERIVED and "Id" in row:
        row["Id"] = NO_ID
    if type_name in NAMES:
        for name in _COMPLEX:
            if isinstance(row.get(name), str):
                row[name] = json.loads(row[name])
    return row


def _object_type(name: str) -> ObjectType:
    folder = files("crm_sync.localorg") / "tooling" / "objects"
    facts = json.loads((folder / f"{name.lower()}.json").read_text(encoding="utf-8"))
    made = make_object(facts, {})
    kept = [f for f in made.fields if name not in DERIVED or f.name != "SystemModstamp"]
    whole = made.with_fields(kept)
    links: dict[str, Field] = dict(whole.by_relationship)
    for field in whole.fields:
        # Texts to those who filter (D), and yet the way to a parent.
        if field.type == "string" and field.describe["relationshipName"]:
            linked = {**field.describe, "type": "reference"}
            links[field.describe["relationshipName"].lower()] = make_field(linked)
    return replace(whole, by_relationship=links)


def _stored(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value) if isinstance(value, dict) else value


def _entity(object_type: ObjectType) -> Record:
    facts = object_type.facts
    is_page = takes_object_permissions(object_type) or object_type.name in ACTIVITIES
    return {
        "Id": object_type.name,
        "DurableId": object_type.name,
        "QualifiedApiName": object_type.name,
        "DeveloperName": object_type.name,
        "MasterLabel": object_type.label,
        "Label": object_type.label,
        "PluralLabel": facts["labelPlural"],
        "KeyPrefix": object_type.prefix,
        "PublisherId": "System",
        "InternalSharingModel": "ReadWrite" if is_page else None,
        "IsCustomizable": is_page,
        "IsCustomSetting": False,
        "IsApexTriggerable": facts.get("triggerable", True),
        "IsTriggerable": facts.get("triggerable", True),
        "IsWorkflowEnabled": is_page,
        "IsProcessEnabled": is_page,
        "IsCompactLayoutable": is_page,
        "IsLayoutable": facts.get("layoutable", True),
        "IsSearchable": facts.get("searchable", True),
        "IsSearchLayoutable": is_page,
        "IsQueryable": True,
        "IsRetrieveable": True,
        "IsReplicateable": facts.get("replicateable", True),
        "IsIdEnabled": True,
        "IsFeedEnabled": False,
        "IsDeprecatedAndHidden": False,
        "IsEverCreatable": facts.get("createable", True),
        "IsEverUpdatable": facts.get("updateable", True),
        "IsEverDeletable": facts.get("deletable", True),
        "IsFieldHistoryTracked": False,
        "IsFlsEnabled": is_page,
    }


_ACTIVITY = {
    **dict.fromkeys(("Id", "DurableId", "QualifiedApiName", "DeveloperName"), ACTIVITY),
    **dict.fromkeys(("MasterLabel", "Label"), ACTIVITY),
    "PluralLabel": "Activities",
    "PublisherId": "System",
    "IsCustomizable": True,
    "IsQueryable": False,
    "IsFlsEnabled": True,
}
"""The owner of the custom fields of Task and Event; it has no records and no fields of its own."""


def _whole(object_type: ObjectType, field: Field) -> Field:
    """The field that this one is a part of, as Lead.FirstName is of Name; itself if of none."""
    return object_type.find(field.describe["compoundFieldName"] or "") or field


def _durable(object_type: ObjectType, field: Field, ids: dict[str, str]) -> str:
    """Account.Name, Contact.Account for its AccountId, Account.00N… of a custom field (D, R)."""
    name = ids.get(f"{object_type.name}.{field.name}")
    if name is None:
        is_lookup = field.type == "reference" and field.name.endswith("Id")
        name = field.name.removesuffix("Id") if is_lookup else field.name
    return f"{object_type.name}.{name}"


def _common(object_type: ObjectType, field: Field) -> Record:
    """What a field definition and a particle say alike."""
    facts = field.describe
    parents = {"referenceTo": list(field.reference_to) or None}
    return {
        "QualifiedApiName": field.name,
        "EntityDefinitionId": object_type.name,
        "DeveloperName": field.name.removesuffix("__c"),
        "MasterLabel": field.label,
        "Label": field.label,
        "Length": facts["length"],
        "Precision": facts["precision"],
        "Scale": facts["scale"],
        "ValueTypeId": field.type,
        "ServiceDataTypeId": field.type,
        "ExtraTypeInfo": facts["extraTypeInfo"],
        "RelationshipName": facts["relationshipName"],
        "ReferenceTo": parents,
        "ReferenceTargetField": facts["referenceTargetField"],
        "IsCalculated": facts["calculated"],
        "IsCompactLayoutable": True,
        "IsHighScaleNumber": facts["highScaleNumber"],
        "IsHtmlFormatted": facts["htmlFormatted"],
        "IsNameField": facts["nameField"],
        "IsNillable": facts["nillable"],
        "IsWorkflowFilterable": facts["filterable"],
        "IsFieldHistoryTracked": False,
        "IsListVisible": True,
        "IsApiFilterable": facts["filterable"],
        "IsApiGroupable": facts["groupable"],
        "IsApiSortable": facts["sortable"],
    }


def _definition(
    object_type: ObjectType, field: Field, ids: dict[str, str], component: Component | None
) -> Record:
    durable = _durable(object_type, field, ids)
    body = component.body if component else {"label": field.label}
    return {
        **_common(object_type, field),
        "Id": durable,
        "DurableId": durable,
        "Description": body.get("description"),
        "DataType": fieldkinds.shown_type(field),
        "ComplianceGroup": body.get("complianceGroup"),
        "SecurityClassification": body.get("securityClassification"),
        "BusinessStatus": body.get("businessStatus"),
        "IsIndexed": field.is_key or field.type == "reference" or field.describe["unique"],
        "IsListFilterable": field.describe["filterable"],
        "IsListSortable": field.describe["sortable"],
        "IsPolymorphicForeignKey": field.is_polymorphic,
        "Metadata": metadata_of(body),
    }


def _particle(object_type: ObjectType, field: Field, ids: dict[str, str]) -> Record:
    facts = field.describe
    durable = _durable(object_type, field, ids)
    whole = _whole(object_type, field)
    return {
        **_common(object_type, field),
        "Id": durable,
        "DurableId": durable,
        "FieldDefinitionId": _durable(object_type, whole, ids),
        "Name": field.name,
        "ByteLength": facts["byteLength"],
        "Digits": facts["digits"],
        "DataType": field.type,
        "Mask": facts["mask"],
        "MaskType": facts["maskType"],
        "RelationshipOrder": facts["relationshipOrder"],
        "DefaultValueFormula": facts["defaultValueFormula"],
        "InlineHelpText": facts["inlineHelpText"],
        "IsAutonumber": facts["autoNumber"],
        "IsCaseSensitive": facts["caseSensitive"],
        "IsUnique": facts["unique"],
        "IsComponent": whole is not field,
        "IsCompound": field.type == "address",
        "IsCreatable": facts["createable"],
        "IsUpdatable": facts["updateable"],
        "IsDefaultedOnCreate": facts["defaultedOnCreate"],
        "IsDependentPicklist": facts["dependentPicklist"],
        "IsDeprecatedAndHidden": facts["deprecatedAndHidden"],
        "IsDisplayLocationInDecimal": facts["displayLocationInDecimal"],
        "IsEncrypted": facts["encrypted"],
        "IsIdLookup": facts["idLookup"],
        "IsLayoutable": True,
        "IsNamePointing": facts["namePointing"],
        "IsPermissionable": facts["permissionable"],
    }
