"""Profiles and permission sets of a new org, and what they allow from the start.

    System Administrator                        everything
    Standard User                               the records and fields that there are
    Minimum Access - API Only Integrations      to sign in to the API, nothing else
    CRM Sync, a permission set                  all that the integration user needs besides

An object or field that comes into being with a later version of this program is allowed where its
kind is; one that is added while the org runs is allowed to nobody, as in Salesforce, until a
permission set names it: see :func:`note_field`.
"""

import json
from collections.abc import Iterable
from typing import Any

from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.store import Record, Store
from crm_sync.localorg.schema import Field, ObjectType
from crm_sync.localorg.signin.permissions import governing_field, takes_object_permissions

ADMINISTRATOR, STANDARD = "System Administrator", "Standard User"
API_ONLY = "Minimum Access - API Only Integrations"
SYNC_SET = "CRM_Sync"
_ACTIVITIES = ("ActivitiesAccess", "EditTask", "EditEvent")
_KNOWN = "permitted_fields"


def prepare(store: Store, pod: str, stamp: str, administrator: str, integration: str) -> None:
    """Make what is missing: everything in a new org, the new objects and fields in an old one."""
    if store.setting(_KNOWN) is None:
        _found(store, pod, stamp, administrator, integration)
        store.set_setting(_KNOWN, "[]")
    _permit_new(store, pod, stamp)


def note_field(store: Store, object_name: str, field_name: str) -> None:
    """Say that a field was added by a client, so that it stays hidden until it is permitted."""
    known = json.loads(store.setting(_KNOWN) or "[]")
    store.set_setting(_KNOWN, json.dumps([*known, f"{object_name}.{field_name}"]))


def _found(store: Store, pod: str, stamp: str, administrator: str, integration: str) -> None:
    flags = [
        f.name.removeprefix("Permissions")
        for f in store.schema["PermissionSet"].fields
        if f.name.startswith("Permissions")
    ]
    everything = [flag for flag in flags if flag != "ApiUserOnly"]
    audit = {
        "CreatedDate": stamp,
        "CreatedById": administrator,
        "LastModifiedDate": stamp,
        "LastModifiedById": administrator,
        "SystemModstamp": stamp,
    }
    profiles: dict[str, str] = {}
    for name, allowed in (
        (ADMINISTRATOR, everything),
        (STANDARD, ["ApiEnabled", "ViewSetup", *_ACTIVITIES]),
        (API_ONLY, ["ApiEnabled", "ApiUserOnly"]),
    ):
        granted: Record = {f"Permissions{flag}": int(flag in allowed) for flag in flags}
        profile: Record = {**audit, **granted, "Name": name, "UserType": "Standard"}
        profiles[name] = _insert(store, pod, "Profile", [profile])[0]
        owned = {
            "Name": f"X{profiles[name]}",
            "Label": profiles[name],
            "ProfileId": profiles[name],
            "IsOwnedByProfile": 1,
            "IsCustom": 0,
            "HasActivationRequired": 0,
            "Type": "Profile",
        }
        _insert(store, pod, "PermissionSet", [{**audit, **granted, **owned}])
    allowed = ["ViewSetup", *_ACTIVITIES]
    sync = {
        **{f"Permissions{flag}": int(flag in allowed) for flag in flags},
        "Name": SYNC_SET,
        "Label": "CRM Sync",
        "Description": "What the integration user may read and write",
        "IsOwnedByProfile": 0,
        "IsCustom": 1,
        "HasActivationRequired": 0,
        "Type": "Regular",
    }
    [sync_id] = _insert(store, pod, "PermissionSet", [{**audit, **sync}])
    _give_profiles(store, profiles, administrator, integration)
    _assign(store, pod, stamp, {integration: sync_id})


def _give_profiles(
    store: Store, profiles: dict[str, str], administrator: str, integration: str
) -> None:
    users = store.records("User")
    for user in users:
        name = {administrator: ADMINISTRATOR, integration: API_ONLY}.get(user["Id"], STANDARD)
        user["ProfileId"] = profiles[name]
    store.update(store.schema["User"], users)


def _assign(store: Store, pod: str, stamp: str, more: dict[str, str]) -> None:
    """Every user has his profile's own permission set by an assignment, too (D)."""
    owned = {s["ProfileId"]: s["Id"] for s in store.records("PermissionSet")}
    pairs = [(user["Id"], owned[user["ProfileId"]]) for user in store.records("User")]
    given = {"IsActive": 1, "IsRevoked": 0, "SystemModstamp": stamp}
    _insert(
        store,
        pod,
        "PermissionSetAssignment",
        [{**given, "AssigneeId": u, "PermissionSetId": s} for u, s in [*pairs, *more.items()]],
    )


def _permit_new(store: Store, pod: str, stamp: str) -> None:
    """Permit what the schema has and the org has not seen, to all but the API-only profile."""
    known = set(json.loads(store.setting(_KNOWN) or "[]"))
    objects = [o for o in store.schema.objects if o.name not in known]
    fields = [
        (o, f)
        for o in store.schema.objects
        for f in o.fields
        if governing_field(o, f) is f and f"{o.name}.{f.name}" not in known
    ]
    if not objects and not fields:
        return
    profiles = {p["Id"]: p["Name"] for p in store.records("Profile")}
    for record in store.records("PermissionSet"):
        owner = profiles.get(record["ProfileId"])
        if owner in (ADMINISTRATOR, STANDARD) or record["Name"] == SYNC_SET:
            _permit(store, pod, stamp, record["Id"], objects, fields, is_all=owner != STANDARD)
    known |= {o.name for o in objects} | {f"{o.name}.{f.name}" for o, f in fields}
    store.set_setting(_KNOWN, json.dumps(sorted(known)))


def _permit(
    store: Store,
    pod: str,
    stamp: str,
    parent: str,
    objects: Iterable[ObjectType],
    fields: Iterable[tuple[ObjectType, Field]],
    *,
    is_all: bool,
) -> None:
    author = store.record(parent) or {}
    audit = {
        "CreatedDate": stamp,
        "CreatedById": author.get("CreatedById"),
        "LastModifiedDate": stamp,
        "LastModifiedById": author.get("CreatedById"),
        "SystemModstamp": stamp,
        "ParentId": parent,
    }
    access: dict[str, Any] = {
        "PermissionsCreate": 1,
        "PermissionsRead": 1,
        "PermissionsEdit": 1,
        "PermissionsDelete": 1,
        "PermissionsViewAllRecords": int(is_all),
        "PermissionsModifyAllRecords": int(is_all),
        "PermissionsViewAllFields": 0,
    }
    _insert(
        store,
        pod,
        "ObjectPermissions",
        [
            {**audit, **access, "SobjectType": o.name}
            for o in objects
            if takes_object_permissions(o)
        ],
    )
    _insert(
        store,
        pod,
        "FieldPermissions",
        [
            {
                "ParentId": parent,
                "SystemModstamp": stamp,
                "SobjectType": o.name,
                "Field": f"{o.name}.{f.name}",
                "PermissionsRead": 1,
                "PermissionsEdit": int(_is_editable(f)),
            }
            for o, f in fields
        ],
    )


def _insert(store: Store, pod: str, name: str, records: list[Record]) -> list[str]:
    object_type = store.schema[name]
    numbers = store.take_numbers(object_type.prefix, len(records)) if records else range(0)
    for record, number in zip(records, numbers, strict=True):
        record["Id"] = identifiers.build(object_type.prefix, pod, number)
    store.insert(object_type, records)
    return [record["Id"] for record in records]


def _is_editable(field: Field) -> bool:
    facts = field.describe
    return bool(facts["createable"] or facts["updateable"] or field.type == "address")
