"""What the tests of `org setup` look at in an org, and what they do there as its administrator."""

from __future__ import annotations

from typing import Any

import requests

from crm_sync.localorg.serve import LocalOrg
from crm_sync.org_setup.wanted import SET
from tests.support.command_line import Desk

OBJECTS = ("Account", "Lead", "Opportunity", "Task", "Event")
KEYS = ("Account", "Lead", "Opportunity", "Activity")
VIEWED = ("Account", "Lead", "Opportunity", "Task")


def signs_in(desk: Desk, org: LocalOrg, token: str) -> None:
    desk.target = {
        "instance_url": org.instance_url,
        "auth": "access_token",
        "ca_bundle": str(org.ca_bundle),
        "attempts": 1,
    }
    desk.secrets["CRM_SYNC_TARGETS__LOCAL__ACCESS_TOKEN"] = token
    desk.settle()


def permission_set(org: LocalOrg) -> dict[str, Any] | None:
    found = [r for r in org.store.records("PermissionSet") if r["Name"] == SET]
    return found[0] if found else None


def made(org: LocalOrg, type_: str) -> list[str]:
    """Full names of the components that were made through the Metadata API."""
    rows = org.store.rows(
        "select full_name from local_component where type = ? and state in ('', 'changed')", [type_]
    )
    return [row[0] for row in rows]


def parts(org: LocalOrg, name: str) -> list[dict[str, Any]]:
    """Records of ObjectPermissions or FieldPermissions of our set."""
    found = permission_set(org)
    return [r for r in org.store.records(name) if found and r["ParentId"] == found["Id"]]


def post(org: LocalOrg, name: str, values: dict[str, Any]) -> None:
    """The administrator makes a record."""
    answer = requests.post(
        f"{org.instance_url}/services/data/v60.0/sobjects/{name}",
        json=values,
        headers={"Authorization": f"Bearer {org.admin_token}"},
        verify=str(org.ca_bundle),
        timeout=10,
    )
    assert answer.status_code == 201, answer.text


def writes(org: LocalOrg) -> list[str]:
    """Everything that was sent and could change the org."""
    found: list[str] = []
    for call in org.calls:
        if "/Soap/m/" in call.path:
            found += [o for o in ("upsertMetadata", "deleteMetadata") if o in str(call.body)]
        elif "/oauth2/" not in call.path:
            sent = call.subrequests or [{"method": call.method, "url": call.path}]
            found += [f"{s['method']} {s['url']}" for s in sent if s["method"] != "GET"]
    return found


def grant(org: LocalOrg, field: str) -> None:
    """Somebody else lets our permission set read a field more."""
    found = permission_set(org)
    assert found is not None
    body = {"ParentId": found["Id"], "SobjectType": field.split(".")[0], "Field": field,
            "PermissionsRead": True, "PermissionsEdit": False}  # fmt: skip
    post(org, "FieldPermissions", body)
