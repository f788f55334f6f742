"""Object and field permissions: what a user may not see or do, everywhere."""

from .client import BASE, Client, typed
from .permitting import (
    described,
    error,
    hide_field,
    hide_object,
    one,
    read_only,
    set_field,
    set_object,
    sync_set,
)

SURE = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom "
    "field name. Please reference your WSDL or the describe call for the appropriate names."
)


# Fields --------------------------------------------------------------------------------------


def test_a_hidden_field_is_as_if_it_were_not(own: Client, admin: Client) -> None:
    account = own.upsert_one("Account", CRM_Id__c="1", Name="A", Phone="1")
    hide_field(admin, "Account.Phone")
    assert "Phone" not in described(own, "Account")
    assert "Phone" in described(admin, "Account")
    absent = "No such column 'Phone' on sobject of type Account"
    assert "Phone" not in own.call("GET", f"/sobjects/Account/{account}").json()
    assert "Phone" in admin.call("GET", f"/sobjects/Account/{account}").json()
    asked = own.call("GET", f"/sobjects/Account/{account}", params={"fields": "Phone"})
    assert error(asked) == (400, "INVALID_FIELD", absent)
    body = {"ids": [account], "fields": ["Phone"]}
    assert error(own.call("POST", "/composite/sobjects/Account", body))[2] == absent
    told = error(own.call("POST", "/sobjects/Account", {"Name": "B", "Phone": "2"}))
    assert told == (400, "INVALID_FIELD", absent)
    told = error(own.call("PATCH", f"/sobjects/Account/{account}", {"Phone": "2"}))
    assert told == (400, "INVALID_FIELD", absent)
    refused = own.error("Account", CRM_Id__c="1", Phone="2")
    assert (refused["statusCode"], refused["message"]) == ("INVALID_FIELD", absent)
    for soql in (
        "SELECT Phone FROM Account",
        "SELECT Id FROM Account WHERE Phone = '1'",
        "SELECT Id FROM Account ORDER BY Phone",
        "SELECT COUNT(Id) n FROM Account GROUP BY Phone",
    ):
        status, code, message = error(own.call("GET", "/query", params={"q": soql}))
        assert (status, code) == (400, "INVALID_FIELD")
        assert message.endswith(f"No such column 'Phone' on entity 'Account'. {SURE}")
    parent = {"q": "SELECT Account.Phone FROM Opportunity"}
    assert error(own.call("GET", "/query", params=parent))[1] == "INVALID_FIELD"
    assert admin.row("Account", account, "Phone") == {"Phone": "1"}


def test_a_hidden_external_id_is_no_key(own: Client, admin: Client) -> None:
    hide_field(admin, "Account.CRM_Id__c")
    answer = own.call("PATCH", "/sobjects/Account/CRM_Id__c/1", {"Name": "A"})
    assert answer.status_code == 404
    nested = {"Account": {"CRM_Id__c": "1"}, "Name": "O"}
    assert own.error("Opportunity", CRM_Id__c="1", **nested)["statusCode"] == "INVALID_FIELD"


def test_a_field_that_may_only_be_read_is_described_and_refused_so(
    own: Client, admin: Client
) -> None:
    account = own.upsert_one("Account", CRM_Id__c="1", Name="A", Phone="1")
    set_field(admin, "Account.Phone", PermissionsEdit=False)
    field = described(own, "Account")["Phone"]
    assert (field["createable"], field["updateable"]) == (False, False)
    assert own.row("Account", account, "Phone") == {"Phone": "1"}
    message = (
        "Unable to create/update fields: Phone. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set."
    )
    for answer in (
        own.call("POST", "/sobjects/Account", {"Name": "B", "Phone": "2"}),
        own.call("PATCH", f"/sobjects/Account/{account}", {"Phone": "2"}),
    ):
        assert error(answer) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE", message)
        assert answer.json()[0]["fields"] == ["Phone"]
    refused = own.error("Account", CRM_Id__c="1", Phone="2")
    assert refused == {
        "statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE",
        "message": message,
        "fields": ["Phone"],
    }
    assert admin.update("Account", account, Phone="3")["success"]


def test_an_address_is_one_field_for_permissions(own: Client, admin: Client) -> None:
    account = own.upsert_one("Account", CRM_Id__c="1", Name="A", BillingCity="Ulm")
    hide_field(admin, "Account.BillingAddress")
    names = described(own, "Account")
    assert {"BillingAddress", "BillingCity", "BillingStreet"}.isdisjoint(names)
    assert "ShippingCity" in names
    assert "BillingCity" not in own.call("GET", f"/sobjects/Account/{account}").json()


def test_a_custom_field_of_task_and_event_is_one_field_of_activity(
    own: Client, admin: Client
) -> None:
    hide_field(admin, "Task.CRM_Id__c")
    assert "CRM_Id__c" in described(own, "Task")
    hide_field(admin, "Event.CRM_Id__c")
    assert "CRM_Id__c" not in described(own, "Task")
    assert "CRM_Id__c" not in described(own, "Event")


def test_a_hidden_lookup_hides_its_relationship(own: Client, admin: Client) -> None:
    hide_field(admin, "Opportunity.AccountId")
    asked = {"q": "SELECT Account.Name FROM Opportunity"}
    status, code, message = error(own.call("GET", "/query", params=asked))
    assert (status, code) == (400, "INVALID_FIELD")
    assert "Didn't understand relationship 'Account' in field path" in message
    refused = own.error("Opportunity", CRM_Id__c="1", Account={"CRM_Id__c": "1"})
    assert refused["message"] == "No such column 'Account' on sobject of type Opportunity"


def test_what_must_be_there_cannot_be_hidden(own: Client, admin: Client) -> None:
    parent = sync_set(admin)
    body = {"ParentId": parent, "SobjectType": "Account", "PermissionsRead": False}
    for name in ("Name", "Id", "CreatedDate", "OwnerId", "Nonsense"):
        wanted = {**body, "Field": f"Account.{name}"}
        answer = admin.call("POST", "/sobjects/FieldPermissions", wanted)
        assert error(answer) == (
            400,
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"Field Name: bad value for restricted picklist field: Account.{name}",
        )


# Objects -------------------------------------------------------------------------------------


def test_a_hidden_object_is_as_if_it_were_not(own: Client, admin: Client) -> None:
    lead = own.upsert_one("Lead", CRM_Id__c="1", LastName="L", Company="C")
    hide_object(admin, "Lead")
    listed = [o["name"] for o in own.call("GET", "/sobjects").json()["sobjects"]]
    assert "Lead" not in listed
    assert "Account" in listed
    absent = (404, "NOT_FOUND", "The requested resource does not exist")
    for method, path in (
        ("GET", "/sobjects/Lead"),
        ("GET", "/sobjects/Lead/describe"),
        ("GET", f"/sobjects/Lead/{lead}"),
        ("PATCH", f"/sobjects/Lead/{lead}"),
        ("DELETE", f"/sobjects/Lead/{lead}"),
        ("POST", "/sobjects/Lead"),
        ("PATCH", "/sobjects/Lead/CRM_Id__c/1"),
        ("PATCH", "/composite/sobjects/Lead/CRM_Id__c"),
    ):
        assert error(own.call(method, path, {"LastName": "M"})) == absent
    body = {"records": typed("Lead", {"LastName": "L", "Company": "C"})}
    assert error(own.call("POST", "/composite/sobjects", body))[1] == "INVALID_TYPE"
    status, code, message = error(own.call("GET", "/query", params={"q": "SELECT Id FROM Lead"}))
    assert (status, code) == (400, "INVALID_TYPE")
    assert "sObject type 'Lead' is not supported." in message
    [result] = own.call("DELETE", "/composite/sobjects", params={"ids": lead}).json()
    assert result["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert admin.row("Lead", lead, "LastName") == {"LastName": "L"}


def test_an_object_that_may_only_be_read_is_described_and_refused_so(
    own: Client, admin: Client
) -> None:
    account = own.upsert_one("Account", CRM_Id__c="1", Name="A")
    read_only(admin, "Account")
    body = own.call("GET", "/sobjects/Account/describe").json()
    flags = ("createable", "updateable", "deletable", "queryable")
    assert [body[flag] for flag in flags] == [False, False, False, True]
    assert not any(f["createable"] or f["updateable"] for f in body["fields"])
    listed = own.call("GET", "/sobjects").json()["sobjects"]
    assert [[o[f] for f in flags] for o in listed if o["name"] == "Account"] == [
        [False, False, False, True]
    ]
    assert error(own.call("POST", "/sobjects/Account", {"Name": "B"})) == (
        400,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "entity type cannot be inserted: Account",
    )
    forbidden = (
        403,
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "insufficient access rights on object id",
    )
    assert error(own.call("PATCH", f"/sobjects/Account/{account}", {"Name": "B"})) == forbidden
    assert error(own.call("DELETE", f"/sobjects/Account/{account}")) == forbidden
    [result] = own.call("DELETE", "/composite/sobjects", params={"ids": account}).json()
    assert result == {
        "success": False,
        "errors": [{"statusCode": forbidden[1], "message": forbidden[2], "fields": []}],
    }
    assert own.error("Account", CRM_Id__c="1", Name="B")["statusCode"] == forbidden[1]
    assert own.error("Account", CRM_Id__c="2", Name="B")["statusCode"] == (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    )
    assert own.row("Account", account, "Name") == {"Name": "A"}


def test_deleting_is_a_permission_of_its_own(own: Client, admin: Client) -> None:
    account = own.upsert_one("Account", CRM_Id__c="1", Name="A")
    set_object(admin, "Account", PermissionsDelete=False, PermissionsModifyAllRecords=False)
    assert own.update("Account", account, Name="B")["success"]
    assert error(own.call("DELETE", f"/sobjects/Account/{account}"))[0] == 403


def test_activities_follow_system_permissions(own: Client, admin: Client) -> None:
    task = own.upsert_one("Task", CRM_Id__c="1", Subject="S")
    change = {"PermissionsEditTask": False}
    path = f"/sobjects/PermissionSet/{sync_set(admin)}"
    assert admin.call("PATCH", path, change).status_code == 204
    assert own.error("Task", CRM_Id__c="2", Subject="S")["statusCode"] == (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    )
    assert own.row("Task", task, "Subject") == {"Subject": "S"}
    assert admin.call("PATCH", path, {"PermissionsActivitiesAccess": False}).status_code == 204
    assert own.call("GET", "/sobjects/Task/describe").status_code == 404


def test_in_a_composite_the_same_rules_hold(own: Client, admin: Client) -> None:
    hide_object(admin, "Lead")
    hide_field(admin, "Account.Phone")
    parts = [
        ("GET", f"{BASE}/sobjects/Lead/describe", None),
        ("POST", f"{BASE}/sobjects/Account", {"Name": "A", "Phone": "1"}),
        ("GET", f"{BASE}/query?q=SELECT+Phone+FROM+Account", None),
    ]
    body = {
        "compositeRequest": [
            {"method": m, "url": u, "referenceId": f"r{n}", **({"body": b} if b else {})}
            for n, (m, u, b) in enumerate(parts)
        ]
    }
    told = own.call("POST", "/composite", body).json()["compositeResponse"]
    assert [(p["httpStatusCode"], p["body"][0]["errorCode"]) for p in told] == [
        (404, "NOT_FOUND"),
        (400, "INVALID_FIELD"),
        (400, "INVALID_FIELD"),
    ]


def test_a_describe_is_new_when_permissions_are(own: Client, admin: Client) -> None:
    first = own.call("GET", "/sobjects/Account/describe")
    known = {"If-None-Match": first.headers["ETag"]}
    again = own.call("GET", "/sobjects/Account/describe", headers=known)
    assert again.status_code == 304
    hide_field(admin, "Account.Phone")
    changed = own.call("GET", "/sobjects/Account/describe", headers=known)
    assert changed.status_code == 200
    assert "Phone" not in {f["name"] for f in changed.json()["fields"]}


def test_a_user_without_any_permission_set_may_sign_in_and_see_nothing(
    own: Client, admin: Client
) -> None:
    where = f"AssigneeId = '{own.org.integration_user_id}' AND PermissionSet.Name = 'CRM_Sync'"
    given = one(admin, f"SELECT Id FROM PermissionSetAssignment WHERE {where}")
    path = f"/sobjects/PermissionSetAssignment/{given['Id']}"
    assert admin.call("DELETE", path).status_code == 204
    listed = own.call("GET", "/sobjects").json()["sobjects"]
    always = ["Group", "Organization", "Profile", "RecordType", "User"]
    assert [o["name"] for o in listed] == always


def test_without_the_permission_for_the_api_nothing_is_answered(own: Client, admin: Client) -> None:
    profile = "Minimum Access - API Only Integrations"
    found = one(admin, f"SELECT Id FROM PermissionSet WHERE Profile.Name = '{profile}'")
    path = f"/sobjects/PermissionSet/{found['Id']}"
    assert admin.call("PATCH", path, {"PermissionsApiEnabled": False}).status_code == 204
    assert error(own.call("GET", "/limits"))[:2] == (403, "API_DISABLED_FOR_ORG")
    assert admin.call("GET", "/limits").status_code == 200


def test_the_permissions_can_be_asked_for_in_python(own: Client, admin: Client) -> None:
    hide_field(admin, "Account.Phone")
    set_object(admin, "Account", PermissionsDelete=False, PermissionsModifyAllRecords=False)
    org = own.org._org
    may = org.permissions(own.org.integration_user_id)
    assert may is org.permissions(own.org.integration_user_id)
    assert (may.may_read("account"), may.may_read("Account", "phone")) == (True, False)
    assert (may.may_read("Account", "Nonsense"), may.may_read("Nonsense")) == (False, False)
    assert (may.may_create("Account", "Fax"), may.may_edit("Account", "Phone")) == (True, False)
    assert (may.may_edit("Account", "CreatedDate"), may.may_delete("Account")) == (False, False)
    assert may.may_create("User") is False
    everything = org.permissions(org.admin_id)
    assert everything.schema is org.schema
    assert org.permissions("005000000000001AAA").may_read("Account") is False
