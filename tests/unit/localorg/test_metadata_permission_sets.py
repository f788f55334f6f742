"""Permission sets written and read as documents; they are the records that are enforced."""

from .client import Client
from .metadata_calls import ask, document, grant, read, refusal, remove, results, save, text_field
from .permitting import described, sync_set

OBJECT = (
    "<objectPermissions><allowCreate>true</allowCreate><allowDelete>false</allowDelete>"
    "<allowEdit>true</allowEdit><allowRead>true</allowRead><modifyAllRecords>false"
    "</modifyAllRecords><object>Lead</object><viewAllRecords>false</viewAllRecords>"
    "</objectPermissions>"
)
LABEL = "<label>S</label>"


def records(admin: Client, name: str, key: str, set_name: str = "S") -> list[str]:
    rows = admin.query(f"SELECT {key} FROM {name} WHERE Parent.Name = '{set_name}'")
    return sorted(str(row[key]) for row in rows)


def write(admin: Client, inner: str, version: str = "60.0") -> None:
    [result] = save(admin, "upsertMetadata", document("PermissionSet", "S", inner), version=version)
    assert result["success"] == "true", result


def test_a_set_is_made_with_all_its_permissions(own: Client, admin: Client) -> None:
    field = (
        "<fieldPermissions><editable>false</editable><field>Account.Phone</field>"
        "<readable>true</readable></fieldPermissions>"
    )
    system = "<userPermissions><enabled>true</enabled><name>ViewSetup</name></userPermissions>"
    tab = "<tabSettings><tab>standard-Lead</tab><visibility>Visible</visibility></tabSettings>"
    [result] = save(
        admin,
        "upsertMetadata",
        document(
            "PermissionSet", "S", f"<description>D</description>{field}{LABEL}{OBJECT}{tab}{system}"
        ),
    )
    assert result == {"created": "true", "fullName": "S", "success": "true"}
    [row] = admin.query(
        "SELECT Label, Description, PermissionsViewSetup, PermissionsManageUsers, IsCustom "
        "FROM PermissionSet WHERE Name = 'S'"
    )
    assert row == {
        "Label": "S",
        "Description": "D",
        "PermissionsViewSetup": True,
        "PermissionsManageUsers": False,
        "IsCustom": True,
    }
    [read_only] = admin.query(
        "SELECT Field, PermissionsRead, PermissionsEdit FROM FieldPermissions "
        "WHERE Parent.Name = 'S'"
    )
    assert read_only == {
        "Field": "Account.Phone",
        "PermissionsRead": True,
        "PermissionsEdit": False,
    }
    [document_] = read(admin, "PermissionSet", "S")
    assert document_ == {
        "fullName": "S",
        "description": "D",
        "fieldPermissions": {"editable": "false", "field": "Account.Phone", "readable": "true"},
        "hasActivationRequired": "false",
        "label": "S",
        "objectPermissions": {
            "allowCreate": "true",
            "allowDelete": "false",
            "allowEdit": "true",
            "allowRead": "true",
            "modifyAllRecords": "false",
            "object": "Lead",
            "viewAllFields": "false",
            "viewAllRecords": "false",
        },
        "tabSettings": {"tab": "standard-Lead", "visibility": "Visible"},
        "userPermissions": {"enabled": "true", "name": "ViewSetup"},
    }


def test_the_set_that_the_integration_user_has_is_enforced_at_once(
    own: Client, admin: Client
) -> None:
    save(admin, "createMetadata", text_field("Account.Rank__c"))
    before = read(admin, "PermissionSet", "CRM_Sync")[0]
    assert {"field": "Account.Phone", "readable": "true", "editable": "true"} in before[
        "fieldPermissions"
    ]
    answer = ask(own, "readMetadata", "<type>PermissionSet</type>")
    assert answer.status_code == 500
    [result] = save(admin, "upsertMetadata", grant("CRM_Sync", "Account.Rank__c"), version="39.0")
    assert result["success"] == "true"
    assert described(own, "Account")["Rank__c"]["updateable"] is True
    assert "Phone" in described(own, "Account")


def test_from_version_40_on_what_is_not_named_is_taken_away(own: Client, admin: Client) -> None:
    field = "<fieldPermissions><editable>true</editable><field>{}</field><readable>true</readable>"
    phone, site = (f"{field.format(f'Account.{n}')}</fieldPermissions>" for n in ("Phone", "Site"))
    write(admin, LABEL + OBJECT + phone)
    write(admin, LABEL + site, version="39.0")
    assert records(admin, "FieldPermissions", "Field") == ["Account.Phone", "Account.Site"]
    assert records(admin, "ObjectPermissions", "SobjectType") == ["Lead"]
    write(admin, LABEL + site)
    assert records(admin, "FieldPermissions", "Field") == ["Account.Site"]
    assert records(admin, "ObjectPermissions", "SobjectType") == []


def test_a_permission_that_allows_nothing_is_no_record(own: Client, admin: Client) -> None:
    save(admin, "upsertMetadata", grant("S", "Account.Phone"))
    save(admin, "upsertMetadata", grant("S", "Account.Phone", readable=False, editable=False))
    assert records(admin, "FieldPermissions", "Field") == []


def test_what_is_wrong_with_a_set_is_told_and_nothing_is_kept(own: Client, admin: Client) -> None:
    for inner, code, message in (
        (
            grant("S", "Account.Foo__c"),
            "INVALID_CROSS_REFERENCE_KEY",
            "In field: field - no CustomField named Account.Foo__c found",
        ),
        (
            grant("S", "Account.Name"),
            "FIELD_INTEGRITY_EXCEPTION",
            "You cannot deploy to a required field: Account.Name",
        ),
        (
            grant("S", "Account.Phone", readable=False),
            "FIELD_INTEGRITY_EXCEPTION",
            "Permission Edit Account.Phone depends on permission(s): Read Account.Phone",
        ),
        (
            document("PermissionSet", "S", LABEL + OBJECT.replace("Lead", "Foo__c")),
            "INVALID_CROSS_REFERENCE_KEY",
            "In field: field - no CustomObject named Foo__c found",
        ),
        (
            document(
                "PermissionSet",
                "S",
                LABEL
                + "<userPermissions><enabled>true</enabled><name>Foo</name></userPermissions>",
            ),
            "INVALID_CROSS_REFERENCE_KEY",
            "Unknown user permission: Foo",
        ),
        (
            document("PermissionSet", "S", "<description>D</description>"),
            "REQUIRED_FIELD_MISSING",
            "Required field is missing: label",
        ),
    ):
        assert refusal(admin, "upsertMetadata", inner) == (code, message)
        assert read(admin, "PermissionSet", "S") == [None]


def test_a_set_is_made_once_updated_if_there_and_deleted(own: Client, admin: Client) -> None:
    assert refusal(admin, "updateMetadata", grant("S"))[0] == "INVALID_CROSS_REFERENCE_KEY"
    [made] = save(admin, "createMetadata", grant("S", "Account.Phone"))
    assert made == {"fullName": "S", "success": "true"}
    assert refusal(admin, "createMetadata", grant("S"))[0] == "DUPLICATE_DEVELOPER_NAME"
    assert remove(admin, "PermissionSet", "S")[0]["success"] == "true"
    assert records(admin, "FieldPermissions", "Field") == []
    assert remove(admin, "PermissionSet", "S")[0]["success"] == "false"


def test_a_profile_is_no_permission_set(own: Client, admin: Client) -> None:
    listed = results(ask(admin, "listMetadata", "<queries><type>PermissionSet</type></queries>"))
    assert [each["fullName"] for each in listed] == ["CRM_Sync"]
    [owned] = admin.query(
        "SELECT Name FROM PermissionSet WHERE Profile.Name = 'System Administrator'"
    )
    assert read(admin, "PermissionSet", owned["Name"]) == [None]
    assert sync_set(admin) == listed[0]["id"]
