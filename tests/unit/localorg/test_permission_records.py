"""Profile, PermissionSet and what belongs to them, as records that can be read and written."""

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import Client, typed
from .permitting import described, error, one, sync_set


def made(client: Client, object_name: str, **fields: object) -> str:
    answer = client.call("POST", f"/sobjects/{object_name}", fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_new_org_has_an_administrator_and_a_restricted_integration_user(own: Client) -> None:
    users = own.query("SELECT Username, Profile.Name FROM User ORDER BY Username")
    assert {u["Username"]: u["Profile"]["Name"] for u in users} == {
        "admin@local-org.example.com": "System Administrator",
        "former@local-org.example.com": "Standard User",
        "integration@local-org.example.com": "Minimum Access - API Only Integrations",
        "queue@local-org.example.com": "Standard User",
    }
    sets = own.query(
        "SELECT PermissionSet.Name, PermissionSet.IsOwnedByProfile FROM PermissionSetAssignment "
        f"WHERE AssigneeId = '{own.org.integration_user_id}' ORDER BY PermissionSet.Name"
    )
    assert [s["PermissionSet"]["IsOwnedByProfile"] for s in sets] == [False, True]
    assert sets[0]["PermissionSet"]["Name"] == "CRM_Sync"


def test_a_permission_set_is_made_filled_and_given(own: Client, admin: Client) -> None:
    own.org.set_policies(run_as=own.org.username)
    given = one(
        admin,
        "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = 'CRM_Sync'",
    )
    path = f"/sobjects/PermissionSetAssignment/{given['Id']}"
    assert admin.call("DELETE", path).status_code == 204
    assert own.call("GET", "/sobjects/Account/describe").status_code == 404
    new = made(admin, "PermissionSet", Name="Accounts", Label="Accounts")
    made(
        admin,
        "ObjectPermissions",
        ParentId=new,
        SobjectType="account",
        PermissionsRead=True,
        PermissionsCreate=True,
    )
    made(
        admin,
        "FieldPermissions",
        ParentId=new,
        SobjectType="Account",
        Field="Account.Parent",
        PermissionsRead=True,
    )
    stored = admin.query(
        f"SELECT SobjectType, Field FROM FieldPermissions WHERE ParentId = '{new}'"
    )
    assert stored == [{"SobjectType": "Account", "Field": "Account.ParentId"}]
    made(
        admin,
        "PermissionSetAssignment",
        PermissionSetId=new,
        AssigneeId=own.org.integration_user_id,
    )
    names = described(own, "Account")
    assert {"Id", "Name", "OwnerId", "ParentId"} <= set(names)
    assert {"Phone", "CRM_Id__c"}.isdisjoint(names)
    assert own.call("POST", "/sobjects/Account", {"Name": "A"}).status_code == 201
    assert admin.call("DELETE", f"/sobjects/PermissionSet/{new}").status_code == 204
    assert own.call("GET", "/sobjects/Account/describe").status_code == 404
    for name in ("ObjectPermissions", "FieldPermissions"):
        assert admin.query(f"SELECT Id FROM {name} WHERE ParentId = '{new}'") == []


def test_a_second_assignment_is_refused_as_recorded(own: Client, admin: Client) -> None:
    fields = {"PermissionSetId": sync_set(admin), "AssigneeId": own.org.integration_user_id}
    answer = admin.call("POST", "/sobjects/PermissionSetAssignment", fields)
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": "Duplicate PermissionSetAssignment.  Assignee: "
            f"{own.org.integration_user_id[:15]}; Permission Set: {sync_set(admin)[:15]}",
            "errorCode": "DUPLICATE_VALUE",
            "fields": ["AssigneeId", "PermissionSetId"],
        }
    ]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["Create"], "Permission Create Lead depends on permission(s): Read Lead"),
        (["Edit"], "Permission Edit Lead depends on permission(s): Read Lead"),
        (["Read", "Delete"], "Permission Delete Lead depends on permission(s): Edit Lead"),
        (
            ["Read", "ModifyAllRecords"],
            "Permission Modify All Lead depends on permission(s): Edit Lead, Delete Lead, "
            "View All Lead",
        ),
    ],
)
def test_a_permission_needs_those_that_it_rests_on(
    admin: Client, flags: list[str], told: str
) -> None:
    new = made(admin, "PermissionSet", Name="P", Label="P")
    given = {f"Permissions{flag}": True for flag in flags}
    body = {"ParentId": new, "SobjectType": "Lead", **given}
    answer = admin.call("POST", "/sobjects/ObjectPermissions", body)
    assert error(answer) == (400, "FIELD_INTEGRITY_EXCEPTION", told)


def test_permissions_name_what_there_is_and_once_only(admin: Client) -> None:
    new = made(admin, "PermissionSet", Name="P", Label="P")
    for named in ("Nonsense", "User", "Task"):
        body = {"ParentId": new, "SobjectType": named, "PermissionsRead": True}
        told = error(admin.call("POST", "/sobjects/ObjectPermissions", body))
        assert told[1:] == (
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"SObject Type Name: bad value for restricted picklist field: {named}",
        )
    body = {"ParentId": new, "SobjectType": "Lead", "PermissionsRead": True}
    made(admin, "ObjectPermissions", **body)
    told = error(admin.call("POST", "/sobjects/ObjectPermissions", body))
    assert told[:2] == (400, "DUPLICATE_VALUE")
    other = {"ParentId": new, "SobjectType": "Lead", "Field": "Account.Phone"}
    told = error(admin.call("POST", "/sobjects/FieldPermissions", other))
    assert told[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    missing = error(admin.call("POST", "/sobjects/FieldPermissions", {"ParentId": new}))
    assert missing[1] == "REQUIRED_FIELD_MISSING"
    wrong = {**body, "ParentId": "001000000000001AAA", "SobjectType": "Account"}
    assert admin.call("POST", "/sobjects/ObjectPermissions", wrong).status_code == 400


def test_a_field_permission_without_read_does_not_stay(admin: Client) -> None:
    where = "Field = 'Lead.Phone' AND Parent.Name = 'CRM_Sync'"
    record = one(admin, f"SELECT Id FROM FieldPermissions WHERE {where}")
    path = f"/sobjects/FieldPermissions/{record['Id']}"
    off = {"PermissionsRead": False, "PermissionsEdit": False}
    half = error(admin.call("PATCH", path, {"PermissionsRead": False}))
    assert half[1] == "FIELD_INTEGRITY_EXCEPTION"
    assert admin.call("PATCH", path, off).status_code == 204
    assert admin.query(f"SELECT Id FROM FieldPermissions WHERE {where}") == []


def test_they_can_be_written_in_a_collection(own: Client, admin: Client) -> None:
    new = made(admin, "PermissionSet", Name="P", Label="P")
    fields = ("Account.Phone", "Account.Fax", "Lead.Phone")
    rows = [
        {"ParentId": new, "SobjectType": f.split(".")[0], "Field": f, "PermissionsRead": True}
        for f in fields
    ]
    body = {"records": typed("FieldPermissions", *rows)}
    results = admin.call("POST", "/composite/sobjects", body).json()
    assert [r["success"] for r in results] == [True, True, True]


def test_who_is_no_administrator_changes_no_permission(own: Client, admin: Client) -> None:
    body = {"Name": "Mine", "Label": "Mine"}
    told = error(own.call("POST", "/sobjects/PermissionSet", body))
    assert told[1:] == (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "entity type cannot be inserted: Permission Set",
    )
    path = f"/sobjects/PermissionSet/{sync_set(admin)}"
    told = error(own.call("PATCH", path, {"PermissionsModifyAllData": True}))
    assert told[:2] == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert own.call("DELETE", path).status_code == 403
    assignment = one(admin, "SELECT Id FROM PermissionSetAssignment LIMIT 1")
    assert (
        own.call("DELETE", f"/sobjects/PermissionSetAssignment/{assignment['Id']}").status_code
        == 403
    )


def test_a_refused_write_leaves_permissions_as_they_were(own: Client, admin: Client) -> None:
    new = made(admin, "PermissionSet", Name="P", Label="P")
    good = {"ParentId": new, "SobjectType": "Lead", "PermissionsRead": True}
    bad = {"ParentId": new, "SobjectType": "Nonsense", "PermissionsRead": True}
    body = {"allOrNone": True, "records": typed("ObjectPermissions", good, bad)}
    assert not any(r["success"] for r in admin.call("POST", "/composite/sobjects", body).json())
    assert admin.query(f"SELECT Id FROM ObjectPermissions WHERE ParentId = '{new}'") == []


def test_a_field_that_comes_with_a_later_version_is_permitted(tmp_path: object) -> None:
    data = f"{tmp_path}/org.db"
    with LocalOrg(data, https=False, fields={"Account.Fax": None}):
        pass
    with LocalOrg(data, https=False) as org:
        client = Client(org)
        assert "Fax" in described(client, "Account")
        hidden = org._org.store.rows(
            "select count(*) from FieldPermissions where Field = 'Account.Fax'"
        )
        assert hidden == [(3,)]
