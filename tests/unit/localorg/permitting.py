"""What the permission tests ask and change, as an administrator would."""

from typing import Any

import requests

from .client import Client


def one(client: Client, soql: str) -> dict[str, Any]:
    [record] = client.query(soql)
    return record


def sync_set(admin: Client) -> str:
    return str(one(admin, "SELECT Id FROM PermissionSet WHERE Name = 'CRM_Sync'")["Id"])


def set_field(admin: Client, field: str, **flags: bool) -> None:
    """Change what the integration user may do with a field."""
    where = f"Field = '{field}' AND Parent.Name = 'CRM_Sync'"
    record = one(admin, f"SELECT Id FROM FieldPermissions WHERE {where}")
    answer = admin.call("PATCH", f"/sobjects/FieldPermissions/{record['Id']}", flags)
    assert answer.status_code == 204, answer.text


def hide_field(admin: Client, field: str) -> None:
    set_field(admin, field, PermissionsRead=False, PermissionsEdit=False)


def set_object(admin: Client, name: str, **flags: bool) -> None:
    where = f"SobjectType = '{name}' AND Parent.Name = 'CRM_Sync'"
    record = one(admin, f"SELECT Id FROM ObjectPermissions WHERE {where}")
    answer = admin.call("PATCH", f"/sobjects/ObjectPermissions/{record['Id']}", flags)
    assert answer.status_code == 204, answer.text


def read_only(admin: Client, name: str) -> None:
    off = ("Create", "Edit", "Delete", "ModifyAllRecords", "ViewAllRecords")
    set_object(admin, name, **{f"Permissions{permission}": False for permission in off})


def hide_object(admin: Client, name: str) -> None:
    read_only(admin, name)
    set_object(admin, name, PermissionsRead=False)


def described(client: Client, name: str) -> dict[str, dict[str, Any]]:
    body = client.call("GET", f"/sobjects/{name}/describe").json()
    return {field["name"]: field for field in body["fields"]}


def error(answer: requests.Response) -> tuple[int, str, str]:
    [told] = answer.json()
    return answer.status_code, told["errorCode"], told["message"]
