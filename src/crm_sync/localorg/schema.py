"""The org's objects and fields, read from the descriptions in ``objects/``.

In: one JSON file per object, each field naming only what differs from its type's defaults
(``fieldtypes``), in the words of a Salesforce describe. Our own keys besides: ``picklist`` (values,
or [value, label] pairs), ``default`` (value on create; "$user" is the caller), ``cascade`` (parents
whose deletion takes the record along) and ``children`` (parent object → relationship name, or null
where the parent cannot be asked for them). Saved describes add to them (``saveddescribes``).

Out: :class:`ObjectType` and :class:`Field`, frozen in all that matters and shared by every module.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from typing import Any

from crm_sync.localorg.fieldtypes import defaults

Facts = dict[str, Any]
FieldChanges = Mapping[str, Mapping[str, Any] | None]
"""Changes to the described fields: "Account.CRM_Id__c" → facts to add, or None to remove it."""

OWN_KEYS = ("picklist", "default", "cascade", "children")
OBJECT_FILES = (
    "organization",
    "user",
    "group",
    "profile",
    "permissionset",
    "permissionsetassignment",
    "objectpermissions",
    "fieldpermissions",
    "account",
    "contact",
    "lead",
    "campaign",
    "campaignmember",
    "opportunity",
    "task",
    "event",
    "recordtype",
    "duplicaterule",
)
_SYSTEM_NAMES = frozenset(
    (
        "Id",
        "IsDeleted",
        "CreatedDate",
        "CreatedById",
        "LastModifiedDate",
        "LastModifiedById",
        "SystemModstamp",
    )
)
_FIRST = ("Id", "IsDeleted")
"""System fields that stand before an object's own where its description does not place them."""
_TEXT_TYPES = ("string", "textarea", "picklist", "phone", "email", "url", "combobox")
NUMBER_TYPES = ("double", "currency", "percent")


@dataclass(frozen=True)
class Field:
    """One field: the facts of its describe, and what a write needs of them, ready to use."""

    name: str
    label: str
    type: str
    describe: Facts
    default: Any
    cascade: tuple[str, ...]
    children: Mapping[str, str | None]

    @cached_property
    def is_text(self) -> bool:
        return self.type in _TEXT_TYPES

    @cached_property
    def is_number(self) -> bool:
        return self.type in NUMBER_TYPES

    @cached_property
    def is_stored(self) -> bool:
        """An address or a place is put together from its parts when read."""
        return self.type not in ("address", "location")

    @cached_property
    def is_key(self) -> bool:
        """May name a record in an upsert or in a lookup by external ID (D, idLookup)."""
        return bool(self.describe["idLookup"] or self.describe["externalId"])

    @cached_property
    def reference_to(self) -> tuple[str, ...]:
        return tuple(self.describe["referenceTo"])

    @cached_property
    def relationship(self) -> str | None:
        """Name by which a query or a body reaches the parent; only references have one."""
        return self.describe["relationshipName"] if self.type == "reference" else None

    @cached_property
    def is_polymorphic(self) -> bool:
        return bool(self.describe["polymorphicForeignKey"])

    @cached_property
    def compares_case(self) -> bool:
        return bool(self.describe["caseSensitive"]) or self.type in ("id", "reference")

    @cached_property
    def sql_type(self) -> str:
        if self.type in ("boolean", "int"):
            return "INTEGER"
        return "REAL" if self.is_number else "TEXT"


@dataclass(frozen=True)
class ObjectType:
    """One object with its fields in describe order."""

    name: str
    label: str
    prefix: str
    facts: Facts
    fields: tuple[Field, ...]
    by_lower: Mapping[str, Field] = field(repr=False)
    by_relationship: Mapping[str, Field] = field(repr=False)

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.is_stored)

    @cached_property
    def soft_delete(self) -> bool:
        return bool(self.facts.get("softDelete", True))

    @cached_property
    def name_field(self) -> Field | None:
        """The field that stands for the record where it is listed."""
        return next((f for f in self.fields if f.describe["nameField"]), None)

    @cached_property
    def references(self) -> tuple[Field, ...]:
        """Its fields that hold Ids of other records."""
        return tuple(f for f in self.fields if f.type == "reference")

    @cached_property
    def unique(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.describe["unique"])

    @cached_property
    def auto_numbers(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.describe["autoNumber"])

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Fields that a write may not leave empty; a boolean never is."""
        return tuple(
            f.name
            for f in self.stored
            if f.describe["createable"] and not f.describe["nillable"] and f.type != "boolean"
        )

    @cached_property
    def stages(self) -> Mapping[str, tuple[float, str]]:
        """Stage → probability, forecast category; empty but for Opportunity."""
        listed: list[list[Any]] = self.facts.get("stages", [])
        return {name: (probability, category) for name, probability, category in listed}

    def find(self, name: str) -> Field | None:
        """A field by name, without regard to case (R: bodies accept any case)."""
        return self.by_lower.get(name.lower())

    def __getitem__(self, name: str) -> Field:
        return self.by_lower[name.lower()]

    def with_fields(self, fields: Iterable[Field]) -> "ObjectType":
        """The same object with other fields."""
        listed = tuple(fields)
        return replace(
            self,
            fields=listed,
            by_lower={f.name.lower(): f for f in listed},
            by_relationship={f.relationship.lower(): f for f in listed if f.relationship},
        )


class Schema:
    """All objects of the org, found by name (any case) or by the prefix of an Id."""

    def __init__(self, objects: list[ObjectType]) -> None:
        self.objects = objects
        self._by_lower = {o.name.lower(): o for o in objects}
        self._by_prefix = {o.prefix: o for o in objects}

    def find(self, name: str) -> ObjectType | None:
        return self._by_lower.get(name.lower())

    def of_id(self, record_id: str) -> ObjectType | None:
        return self._by_prefix.get(record_id[:3])

    def __getitem__(self, name: str) -> ObjectType:
        return self._by_lower[name.lower()]


def load_schema(changes: FieldChanges | None = None, saved: Iterable[Facts] = ()) -> Schema:
    """Read every description; ``changes`` let a test have an org that lacks or bends a field.

    ``saved`` are descriptions more; one of an object that is here already adds the fields that it
    lacks.
    """
    folder = files("crm_sync.localorg") / "objects"
    described: dict[str, Facts] = {}
    for name in OBJECT_FILES:
        facts = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        described[facts["name"]] = facts
    for facts in saved:
        here = described.setdefault(facts["name"], facts)
        if here is not facts:
            known = {f["name"] for f in here["fields"]} | _SYSTEM_NAMES
            here["fields"] += [f for f in facts["fields"] if f["name"] not in known]
    wanted = {key.lower(): value for key, value in (changes or {}).items()}
    return Schema([make_object(facts, wanted) for facts in described.values()])


def make_object(facts: Facts, changes: FieldChanges) -> ObjectType:
    """An object from its description; ``changes`` are to its fields, by lower-case full name."""
    name = facts["name"]
    system = {own["name"]: own for own in _system_fields(facts)}
    placed = {own["name"] for own in facts["fields"]}
    described = [
        *(own for each, own in system.items() if each in _FIRST and each not in placed),
        # A description that names a system field says where it stands, and no more if it likes.
        *(system.get(own["name"], {}) | own for own in facts["fields"]),
        *(own for each, own in system.items() if each not in _FIRST and each not in placed),
    ]
    fields: list[Field] = []
    seen: set[str] = set()
    for own in described:
        key = f"{name}.{own['name']}".lower()
        seen.add(key)
        change = changes.get(key, {})
        if change is not None:
            fields.append(make_field({**own, **change}))
    for key, change in changes.items():
        if key.startswith(f"{name.lower()}.") and key not in seen and change is not None:
            fields.append(make_field(dict(change)))
    return ObjectType(
        name=name,
        label=facts["label"],
        prefix=facts["keyPrefix"],
        facts={k: v for k, v in facts.items() if k != "fields"},
        fields=tuple(fields),
        by_lower={f.name.lower(): f for f in fields},
        by_relationship={f.relationship.lower(): f for f in fields if f.relationship},
    )


def make_field(own: Facts) -> Field:
    """A field from what differs from its type's defaults."""
    facts = defaults(own["type"], own.get("length", 0))
    facts |= {k: v for k, v in own.items() if k not in OWN_KEYS}
    if "picklistValues" not in own:
        facts["picklistValues"] = [
            _picklist_value(value, facts["defaultValue"]) for value in own.get("picklist", [])
        ]
    default = own.get("default", facts["defaultValue"])
    return Field(
        name=own["name"],
        label=own["label"],
        type=own["type"],
        describe=facts,
        default=default,
        cascade=tuple(own.get("cascade", ())),
        children=own.get("children", {}),
    )


def _picklist_value(value: str | list[str], default: Any) -> Facts:
    name, label = (value, value) if isinstance(value, str) else (value[0], value[1])
    return {
        "active": True,
        "defaultValue": name == default,
        "label": label,
        "validFor": None,
        "value": name,
    }


def _system_fields(facts: Facts) -> list[Facts]:
    """The fields that every record has; nobody may write them (D, System Fields).

    ``"auditFields": false`` in a description leaves of them Id and SystemModstamp, as
    PermissionSetAssignment and FieldPermissions have it (D, field reference).
    """
    hidden = {
        "createable": False,
        "updateable": False,
        "permissionable": False,
        "nillable": False,
        "defaultedOnCreate": True,
    }

    def audit(name: str, label: str) -> Facts:
        return {"name": name, "label": label, "type": "datetime", **hidden}

    def user(name: str, label: str) -> Facts:
        return {
            "name": name,
            "label": label,
            "type": "reference",
            "referenceTo": ["User"],
            "relationshipName": name.removesuffix("Id"),
            **hidden,
        }

    deleted = [{"name": "IsDeleted", "label": "Deleted", "type": "boolean"}]
    audits = [
        audit("CreatedDate", "Created Date"),
        user("CreatedById", "Created By ID"),
        audit("LastModifiedDate", "Last Modified Date"),
        user("LastModifiedById", "Last Modified By ID"),
    ]
    return [
        {"name": "Id", "label": facts["idLabel"], "type": "id"},
        *(deleted if facts.get("softDelete", True) else []),
        *(audits if facts.get("auditFields", True) else []),
        audit("SystemModstamp", "System Modstamp"),
    ]
