# ruff: noqa: S608 - names of objects and fields are those of mappings, literals are escaped
"""What the org has of what we want: fields, the permission set with its parts, list views.

In: a signed-in client and what is wanted. Out: `Present`. Reads only. An administrator reads the
fields through the Metadata API; whoever may not gets as far as describes and FieldDefinition go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from crm_sync.check.org import hidden_fields
from crm_sync.errors import OrgAccessError, SetupNotAllowed
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest
from crm_sync.org_setup.naming import FieldNames
from crm_sync.org_setup.views import VIEW
from crm_sync.org_setup.wanted import MARK, SET, KeyField, Wanted
from crm_sync.salesforce.client import Subrequest
from crm_sync.salesforce.metadata import MetadataClient, Value
from crm_sync.sync.lookup import soql_text

__all__ = [
    "RIGHTS",
    "Assignee",
    "FieldThere",
    "Present",
    "SetThere",
    "assignee",
    "fields_of_org",
    "held",
    "present",
]

RIGHTS = ("Read", "Create", "Edit", "Delete")
_ALL = ("ViewAllRecords", "ModifyAllRecords")


@dataclass(frozen=True)
class FieldThere:
    """A field that the org has. `lacks`: what keeps it from being our key, in words."""

    is_ours: bool
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class ObjectThere:
    """A record of ObjectPermissions: its Id and what it allows."""

    id: str
    rights: frozenset[str]


@dataclass(frozen=True)
class FieldPermission:
    """A record of FieldPermissions."""

    id: str
    edit: bool


@dataclass(frozen=True)
class SetThere:
    """The permission set as it is. `users`: names of the user permissions it gives; `assigned`: the
    assignment's Id by the user's.
    """

    id: str
    is_ours: bool
    users: frozenset[str]
    objects: dict[str, ObjectThere]
    fields: dict[str, FieldPermission]
    assigned: dict[str, str]
    usernames: dict[str, str]


@dataclass(frozen=True)
class Assignee:
    """The user who gets the permission set."""

    id: str
    username: str


@dataclass(frozen=True)
class Present:
    """What is there. `may_change`: our user may use the Metadata API. `sees_permissions`: he may
    read permission sets; where not, `set` says nothing.
    """

    may_change: bool
    sees_permissions: bool
    fields: dict[str, FieldThere] = field(default_factory=dict)
    set: SetThere | None = None
    views: frozenset[str] = frozenset()


def assignee(client: MetadataClient, username: str | None) -> Assignee:
    """The user named, else the one that is signed in. Raises OrgAccessError where there is none."""
    condition = (
        f"Id = {soql_text(client.signed_in.user_id)}"
        if username is None
        else f"Username = {soql_text(username)}"
    )
    [found] = client.query([f"SELECT Id, Username, IsActive FROM User WHERE {condition}"])
    if found and found[0]["IsActive"]:
        return Assignee(str(found[0]["Id"]), str(found[0]["Username"]))
    if found:
        raise OrgAccessError(
            f"The user {found[0]['Username']} is not active.", "Activate him, or name another."
        )
    close = ""
    if username is not None:
        [users] = client.query(["SELECT Username FROM User WHERE IsActive = true"])
        close = nearest(username, [str(u["Username"]) for u in users])
    raise OrgAccessError(f"The org has no user {username!r}.{close}", "Name his user name.")


def fields_of_org(
    client: MetadataClient, mappings: Sequence[Mapping]
) -> tuple[FieldNames, frozenset[str]]:
    """The objects of the mappings as the org describes them, and the fields that it lacks.

    Raises OrgAccessError where there is no such object; one that is hidden from us is left out of
    the describes, so its fields are named as everywhere.
    """
    uses: dict[str, set[str]] = {}
    for mapping in mappings:
        uses.setdefault(mapping.object, set()).update((*mapping.rules, mapping.external_id.field))
        for reference in mapping.references.values():
            uses.setdefault(reference.object, set()).add(reference.by)
    answers = client.describe(list(uses))
    names = FieldNames({name: a.body for name, a in answers.items() if a.ok})
    if unseen := [name for name in uses if not answers[name].ok]:
        _check_there(client, unseen)
    lacking = {n: sorted(found) for n in uses if (found := names.missing(n, frozenset(uses[n])))}
    hidden = hidden_fields(client, lacking)
    absent = {
        f"{name}.{one}"
        for name, fields in lacking.items()
        if name in hidden
        for one in set(fields) - hidden[name]
    }
    return names, frozenset(absent)


def _check_there(client: MetadataClient, names: Sequence[str]) -> None:
    listed = ", ".join(map(soql_text, names))
    soql = f"SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName IN ({listed})"
    there = {str(record["QualifiedApiName"]) for record in client.query([soql])[0]}
    for name in names:
        if name not in there:
            raise OrgAccessError(
                f"There is no object {name} in this org.",
                "Correct the mapping, or create the object: crm-sync check says where.",
            )


def present(client: MetadataClient, want: Wanted, names: FieldNames) -> Present:
    """Reads it. Raises OrgUnreachable, LimitReached."""
    may_change = True
    fields: dict[str, FieldThere] = {}
    views: frozenset[str] = frozenset()
    try:
        keys = {key.full_name: key for key in want.fields}
        for name, body in client.read_metadata("CustomField", list(keys)).items():
            key = next(k for n, k in keys.items() if n.lower() == name.lower())
            fields[key.full_name] = _field(key, body)
        possible = [f"{name}.{VIEW}" for key in want.fields for name in key.objects]
        views = frozenset(client.read_metadata("ListView", [v for v in possible if _has_views(v)]))
    except SetupNotAllowed:
        may_change = False
        fields = _seen_without_rights(client, want.fields, names)
    sees, set_there = _permission_set(client)
    return Present(may_change, sees, fields, set_there, views)


def _has_views(full_name: str) -> bool:
    return not full_name.startswith("Event.")


def _field(key: KeyField, body: dict[str, Value]) -> FieldThere:
    """What it lacks is what a check would say of it (`mapping.check`)."""
    lacks = [
        words
        for name, words in (("externalId", "is not an External ID"), ("unique", "is not unique"))
        if body.get(name) != "true"
    ]
    if body.get("type") == "Text" and int(str(body.get("length") or 0)) < key.shortest:
        lacks.append(f"takes {body.get('length')} characters, too few for a key")
    return FieldThere(str(body.get("description", "")).startswith(MARK), tuple(lacks))


def _seen_without_rights(
    client: MetadataClient, keys: Iterable[KeyField], names: FieldNames
) -> dict[str, FieldThere]:
    """Which fields are there, for a user who may not read the set-up: what they are like is what a
    check says.
    """
    found: dict[str, FieldThere] = {}
    for key in keys:
        name = key.objects[0]
        is_hidden = name not in names.described or bool(names.missing(name, frozenset({key.name})))
        hidden = hidden_fields(client, {name: [key.name]}).get(name) if is_hidden else None
        if not is_hidden or (hidden and key.name in hidden):
            found[key.full_name] = FieldThere(is_ours=False, lacks=())
    return found


def _permission_set(client: MetadataClient) -> tuple[bool, SetThere | None]:
    """The set with its parts, in one call for it and one for them. Reading them wants View Setup
    and Configuration (Object Reference, ObjectPermissions, FieldPermissions,
    PermissionSetAssignment).
    """
    soql = f"SELECT FIELDS(ALL) FROM PermissionSet WHERE Name = {soql_text(SET)} LIMIT 1"
    answer = client.read([Subrequest("GET", f"query?q={quote(soql, safe='')}")])[0]
    if not answer.ok:
        return False, None
    if not answer.body["records"]:
        return True, None
    record: dict[str, Any] = answer.body["records"][0]
    set_id = str(record["Id"])
    rights = ", ".join(f"Permissions{right}" for right in (*RIGHTS, *_ALL))
    where = f"WHERE ParentId = {soql_text(set_id)}"
    try:
        objects, fields, assigned = client.query(
            [
                f"SELECT Id, SobjectType, {rights} FROM ObjectPermissions {where}",
                f"SELECT Id, Field, PermissionsEdit FROM FieldPermissions {where}",
                "SELECT Id, AssigneeId, Assignee.Username FROM PermissionSetAssignment"
                f" WHERE PermissionSetId = {soql_text(set_id)}",
            ]
        )
    except OrgAccessError:
        return False, None
    return True, SetThere(
        set_id,
        str(record.get("Description") or "").startswith(MARK),
        frozenset(
            name.removeprefix("Permissions")
            for name, value in record.items()
            if name.startswith("Permissions") and value is True
        ),
        {
            str(r["SobjectType"]): ObjectThere(
                str(r["Id"]), frozenset(n for n in (*RIGHTS, *_ALL) if r[f"Permissions{n}"])
            )
            for r in objects
        },
        {
            str(r["Field"]): FieldPermission(str(r["Id"]), bool(r["PermissionsEdit"]))
            for r in fields
        },
        {str(r["AssigneeId"]): str(r["Id"]) for r in assigned},
        {str(r["AssigneeId"]): str(r["Assignee"]["Username"]) for r in assigned},
    )


def held(client: MetadataClient, want: Wanted, there: Present) -> dict[str, int | None]:
    """By field that we made: records that hold a value, deleted and archived ones included. None
    where our user does not see the field.
    """
    counts: dict[str, int | None] = {}
    for key in want.fields:
        if key.full_name not in there.fields or not there.fields[key.full_name].is_ours:
            continue
        soql = [f"SELECT COUNT() FROM {n} WHERE {key.name} != null" for n in key.objects]
        answers = client.read(
            [Subrequest("GET", f"queryAll?q={quote(text, safe='')}") for text in soql]
        )
        known = [int(answer.body["totalSize"]) for answer in answers if answer.ok]
        counts[key.full_name] = sum(known) if len(known) == len(answers) else None
    return counts
