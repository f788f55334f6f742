"""Parents by Id and by external ID."""

from typing import Any

from .client import Client

OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-31"}


def lead(client: Client, key: str) -> str:
    return client.upsert_one("Lead", CRM_Id__c=key, LastName="L", Company="C")


def who(object_name: str, key: str) -> dict[str, Any]:
    return {"attributes": {"type": object_name}, "CRM_Id__c": key}


def test_a_parent_may_be_given_by_its_external_id(client: Client) -> None:
    parent = client.upsert_one("Account", CRM_Id__c="p1", Name="Parent")
    child = client.upsert_one(
        "Opportunity", CRM_Id__c="c1", Account={"CRM_Id__c": "p1"}, **OPPORTUNITY
    )
    assert client.row("Opportunity", child, "AccountId") == {"AccountId": parent}


def test_an_unknown_parent_key_is_named(client: Client) -> None:
    error = client.error(
        "Opportunity", CRM_Id__c="c2", Account={"CRM_Id__c": "nobody"}, **OPPORTUNITY
    )
    assert error == {
        "statusCode": "INVALID_FIELD",
        "message": "Foreign key external ID: nobody not found for field CRM_Id__c in entity "
        "Account",
        "fields": [],
    }


def test_a_deleted_parent_is_not_found_by_its_key_and_refused_by_its_id(client: Client) -> None:
    parent = client.upsert_one("Account", CRM_Id__c="p3", Name="Parent")
    client.org.delete(parent)
    by_key = client.error("Opportunity", CRM_Id__c="c3", Account={"CRM_Id__c": "p3"}, **OPPORTUNITY)
    by_id = client.error("Opportunity", CRM_Id__c="c3", AccountId=parent, **OPPORTUNITY)
    assert by_key["statusCode"] == "INVALID_FIELD"
    assert by_id["statusCode"] == "ENTITY_IS_DELETED"


def test_a_field_that_is_no_key_cannot_name_a_parent(client: Client) -> None:
    error = client.error("Opportunity", CRM_Id__c="c4", Account={"Phone": "1"}, **OPPORTUNITY)
    assert error["message"] == (
        "Field name provided, Phone is not an External ID or indexed field for Account"
    )


def test_a_polymorphic_parent_names_its_type_first(client: Client) -> None:
    parent = lead(client, "pl1")
    task = client.upsert_one("Task", CRM_Id__c="pt1", Subject="T", Who=who("Lead", "pl1"))
    assert client.row("Task", task, "WhoId", "Who.Name", "Who.Type") == {
        "WhoId": parent,
        "Who": {"Name": "L", "Type": "Lead"},
    }


def test_without_its_type_first_a_polymorphic_parent_is_refused(client: Client) -> None:
    lead(client, "pl2")
    late = {"CRM_Id__c": "pl2", "attributes": {"type": "Lead"}}
    for parent in ({"CRM_Id__c": "pl2"}, late):
        error = client.error("Task", CRM_Id__c="pt2", Who=parent)
        assert error["statusCode"] == "JSON_PARSER_ERROR"
        assert error["message"] == (
            "Nested object for polymorphic foreign key must have an attributes field before any "
            "other fields."
        )


def test_a_polymorphic_parent_must_be_of_an_allowed_type(client: Client) -> None:
    client.upsert_one("Account", CRM_Id__c="pa", Name="A")
    error = client.error("Task", CRM_Id__c="pt3", Who=who("Account", "pa"))
    assert error["statusCode"] == "INVALID_FIELD"


def test_an_owner_may_be_given_by_username(client: Client) -> None:
    owner = {"attributes": {"type": "User"}, "Username": "ADMIN@local-org.example.com"}
    record_id = client.upsert_one("Lead", CRM_Id__c="ow", LastName="L", Company="C", Owner=owner)
    assert client.row("Lead", record_id, "Owner.Name") == {"Owner": {"Name": "Ada Admin"}}


def test_an_inactive_owner_is_refused(client: Client) -> None:
    [former] = client.query("SELECT Id FROM User WHERE IsActive = FALSE")
    error = client.error("Lead", CRM_Id__c="in", LastName="L", Company="C", OwnerId=former["Id"])
    assert error["statusCode"] == "INACTIVE_OWNER_OR_USER"
    assert error["message"] == (
        f"operation performed with inactive user [{former['Id']}] as owner of lead"
    )


def test_a_lookup_is_cleared_by_null(client: Client) -> None:
    client.upsert_one("Account", CRM_Id__c="p5", Name="Parent")
    child = client.upsert_one(
        "Opportunity", CRM_Id__c="c5", Account={"CRM_Id__c": "p5"}, **OPPORTUNITY
    )
    assert client.update("Opportunity", child, AccountId=None)["success"]
    assert client.row("Opportunity", child, "AccountId", "Account.Name") == {
        "AccountId": None,
        "Account": None,
    }


def test_a_unique_value_may_stand_in_one_record_only(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="unique", Name="One")
    two = client.upsert_one("Account", CRM_Id__c="other", Name="Two")
    [error] = client.update("Account", two, CRM_Id__c="unique")["errors"]
    assert error == {
        "statusCode": "DUPLICATE_VALUE",
        "message": f"duplicate value found: CRM_Id__c duplicates value on record with id: "
        f"{one[:15]}",
        "fields": [],
    }
    client.org.delete(one)
    assert client.update("Account", two, CRM_Id__c="unique")["success"]
