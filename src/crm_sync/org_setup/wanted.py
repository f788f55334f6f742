"""What the mappings need of an org: external ID fields, and a permission set that grants exactly
the objects and fields that they use.

In: mappings, and describes where there are some. Out: `Wanted`, each part with the reason for it,
and as documents of the Metadata API. Pure; nothing here asks an org.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crm_sync.mapping.model import Mapping
from crm_sync.org_setup.naming import (
    ACTIVITIES,
    FieldNames,
    owner_of,
    takes_object_permissions,
)
from crm_sync.org_setup.views import ListView, view_of
from crm_sync.salesforce.metadata import Document
from crm_sync.sync.scope import are_siblings

__all__ = [
    "DESCRIPTION",
    "LABEL",
    "MARK",
    "SET",
    "FieldGrant",
    "KeyField",
    "ObjectGrant",
    "UserGrant",
    "Wanted",
    "wanted",
]

MARK = "Made by crm-sync org setup."
"""How descriptions of what we made begin: by it `--undo` knows them again."""
SET, LABEL = "CRM_Sync_Mappings", "CRM Sync Mappings"
DESCRIPTION = f"{MARK} What the mappings read and write, and nothing else."
LENGTH = 64
_CUSTOM = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c")
_LONGEST_NAME = 43
"""Of a custom field, with its ending: 40 characters and `__c` (Salesforce Help, Custom Fields
Allowed)."""


@dataclass(frozen=True)
class KeyField:
    """An external ID field. `owner`: the object that it is defined on, `objects`: those that have
    it then. `length` in characters; `shortest` is what the keys themselves need.
    """

    owner: str
    name: str
    objects: tuple[str, ...]
    mappings: tuple[str, ...]
    length: int
    shortest: int

    @property
    def full_name(self) -> str:
        return f"{self.owner}.{self.name}"

    @property
    def label(self) -> str:
        return self.name.removesuffix("__c").replace("_", " ")

    @property
    def why(self) -> str:
        return f"the key of {_mappings(self.mappings)}"

    @property
    def document(self) -> Document:
        """Unique and case-sensitive: an upsert then matches exactly, and needs no View All Data
        (REST API Developer Guide, Upsert by External ID; Apex Developer Guide, Upserting Records).
        """
        return Document(
            "CustomField",
            self.full_name,
            {
                "caseSensitive": True,
                "description": f"{MARK} The key of the CRM's row that this record stands for: "
                "without it the sync would not find the record again.",
                "externalId": True,
                "label": self.label,
                "length": self.length,
                "required": False,
                "type": "Text",
                "unique": True,
            },
        )


@dataclass(frozen=True)
class ObjectGrant:
    """What may be done with an object's records; reading always."""

    name: str
    why: str
    write: bool = False
    delete: bool = False

    @property
    def rights(self) -> tuple[str, ...]:
        """As a record of ObjectPermissions calls them, without `Permissions`."""
        more = ("Create", "Edit") if self.write else ()
        return ("Read", *more, *(("Delete",) if self.delete else ()))

    @property
    def words(self) -> str:
        return ", ".join(self.rights).lower()


@dataclass(frozen=True)
class FieldGrant:
    """What may be done with a field; reading always. `name` with its object: `Task.CRM_Id__c`."""

    name: str
    why: str
    edit: bool = True

    @property
    def words(self) -> str:
        return "read, edit" if self.edit else "read"


@dataclass(frozen=True)
class UserGrant:
    """A user permission, by its API name and as Setup shows it."""

    name: str
    label: str
    why: str


@dataclass(frozen=True)
class Wanted:
    """Everything that the mappings need. `problems`: what we cannot set up and a person must;
    `notes`: what is left out and does no harm; a sentence each.
    """

    fields: tuple[KeyField, ...]
    objects: tuple[ObjectGrant, ...]
    grants: tuple[FieldGrant, ...]
    users: tuple[UserGrant, ...]
    views: tuple[ListView, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def permission_set(self) -> Document:
        """The permission set whole, as a package has it."""
        return Document(
            "PermissionSet",
            SET,
            {
                "description": DESCRIPTION,
                "fieldPermissions": [
                    {"editable": one.edit, "field": one.name, "readable": True}
                    for one in self.grants
                ],
                "hasActivationRequired": False,
                "label": LABEL,
                "objectPermissions": [
                    {
                        "allowCreate": one.write,
                        "allowDelete": one.delete,
                        "allowEdit": one.write,
                        "allowRead": True,
                        "modifyAllRecords": False,
                        "object": one.name,
                        "viewAllRecords": False,
                    }
                    for one in self.objects
                ],
                "userPermissions": [{"enabled": True, "name": one.name} for one in self.users],
            },
        )


def wanted(
    mappings: Sequence[Mapping],
    names: FieldNames,
    absent: frozenset[str] = frozenset(),
    *,
    views: bool = False,
) -> Wanted:
    """What the enabled mappings need. `absent`: fields (`Account.Email__c`) that the org is known
    to lack; they are left out, and noted. `views`: with a list view for each object.
    """
    enabled = [m for m in mappings if m.enabled]
    keys = tuple(_key_fields(enabled))
    made = {f"{name}.{key.name}" for key in keys for name in key.objects}
    lost = sorted(absent - made)
    problems = [
        *_foreign_keys(enabled),
        *(
            f"The org has no field {name}, which a mapping uses: create it and run this again, or "
            "correct the mapping."
            for name in lost
        ),
    ]
    shown = [
        view_of(m.external_id.field, m.object)
        for m in enabled
        if views and _is_ours_to_make(m.external_id.field)
    ]
    return Wanted(
        keys,
        tuple(_objects(enabled)),
        tuple(_fields(enabled, names, absent - made)),
        tuple(_users(enabled)),
        tuple(dict.fromkeys(v for v in shown if isinstance(v, ListView))),
        tuple(dict.fromkeys(problems)),
        tuple(dict.fromkeys(v for v in shown if isinstance(v, str))),
    )


def _is_ours_to_make(name: str) -> bool:
    return bool(_CUSTOM.fullmatch(name)) and len(name) <= _LONGEST_NAME


def _key_fields(mappings: Sequence[Mapping]) -> Iterator[KeyField]:
    found: dict[tuple[str, str], list[Mapping]] = {}
    for mapping in mappings:
        name = mapping.external_id.field
        if _is_ours_to_make(name):
            found.setdefault((owner_of(mapping.object), name), []).append(mapping)
    for (owner, name), users in found.items():
        both = owner != users[0].object
        longest = max(m.external_id.longest for m in users)
        yield KeyField(
            owner,
            name,
            ACTIVITIES if both else (owner,),
            tuple(m.name for m in users),
            max(LENGTH, longest),
            longest,
        )


def _foreign_keys(mappings: Sequence[Mapping]) -> Iterator[str]:
    for mapping in mappings:
        name = mapping.external_id.field
        if not _is_ours_to_make(name):
            yield (
                f"{mapping.object}.{name} is not made by this command: only a custom field of the "
                "org itself can be (NAME__c, at most 43 characters). It must be an External ID and "
                "unique."
            )


def _objects(mappings: Sequence[Mapping]) -> Iterator[ObjectGrant]:
    """Deleting where `on_delete` says so, and where a row can move to a mapping of another object:
    it is then deleted in the one and created in the other.
    """
    written: dict[str, list[Mapping]] = {}
    for mapping in mappings:
        written.setdefault(mapping.object, []).append(mapping)
    for name, users in written.items():
        moves = any(
            are_siblings(one, other)
            for one in users
            for other in mappings
            if other is not one and other.object != name
        )
        deletes = any(m.on_delete.action == "delete" for m in users)
        why = _mappings([m.name for m in users])
        if takes_object_permissions(name):
            reason = "; on_delete: delete" if deletes else "; a row may move" if moves else ""
            yield ObjectGrant(name, why + reason, write=True, delete=deletes or moves)
    for name, by in _searched(mappings).items():
        if name not in written and takes_object_permissions(name):
            yield ObjectGrant(name, f"searched by lookups of {_mappings(by)}")


def _searched(mappings: Sequence[Mapping]) -> dict[str, list[str]]:
    """Objects whose records lookups name without a mapping of ours, and the mappings that do."""
    found: dict[str, list[str]] = {}
    for mapping in mappings:
        for reference in mapping.references.values():
            users = found.setdefault(reference.object, [])
            if mapping.name not in users:
                users.append(mapping.name)
    return found


def _fields(
    mappings: Sequence[Mapping], names: FieldNames, absent: frozenset[str]
) -> Iterator[FieldGrant]:
    """What is written, the keys, and what lookups search by; each once, by its name."""
    reasons: dict[str, list[str]] = {}
    editable: set[str] = set()

    def use(name: str, field: str, why: str, *, edit: bool) -> None:
        if f"{name}.{field}" in absent:
            return
        granted = names.granted_as(name, field)
        if granted is None:
            return
        said = reasons.setdefault(granted, [])
        if why not in said:
            said.append(why)
        if edit and not names.is_formula(name, field):
            editable.add(granted)

    for mapping in mappings:
        for name in ACTIVITIES if mapping.object in ACTIVITIES else (mapping.object,):
            use(name, mapping.external_id.field, f"key of mapping {mapping.name}", edit=True)
            if former := mapping.external_id.formerly:
                use(name, former, f"former key of mapping {mapping.name}", edit=False)
        for field in mapping.rules:
            shared = mapping.object in ACTIVITIES and field.endswith("__c")
            for name in ACTIVITIES if shared else (mapping.object,):
                use(name, field, f"written by mapping {mapping.name}", edit=True)
        for reference in mapping.references.values():
            use(reference.object, reference.by, f"searched by mapping {mapping.name}", edit=False)
    for name in sorted(reasons):
        yield FieldGrant(name, "; ".join(reasons[name]), name in editable)


def _users(mappings: Sequence[Mapping]) -> Iterator[UserGrant]:
    """Tasks and events have no object permissions: "Access Activities" lets read, "Edit Tasks" and
    "Edit Events" write (Object Reference, Task and Event).
    """
    yield UserGrant("ApiEnabled", "API Enabled", "the sync uses the API")
    by_object = {name: [m.name for m in mappings if m.object == name] for name in ACTIVITIES}
    if used := [name for names in by_object.values() for name in names]:
        yield UserGrant("ActivitiesAccess", "Access Activities", _mappings(used))
    for name, permission, label in (
        ("Task", "EditTask", "Edit Tasks"),
        ("Event", "EditEvent", "Edit Events"),
    ):
        if by_object[name]:
            yield UserGrant(permission, label, _mappings(by_object[name]))


def _mappings(names: Sequence[str]) -> str:
    return f"mapping{'s' if len(names) > 1 else ''} {' and '.join(names)}"
