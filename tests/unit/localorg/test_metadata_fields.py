"""Custom fields made, changed and removed at run time through the Metadata API."""

from pathlib import Path
from typing import Any

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import Client
from .metadata_calls import (
    document,
    grant,
    key_field,
    read,
    refusal,
    remove,
    save,
    text_field,
)
from .permitting import described, error, sync_set


def permit(admin: Client, field: str) -> None:
    """Allow the integration user a field, by a record as Inspector does."""
    body = {
        "ParentId": sync_set(admin),
        "SobjectType": field.partition(".")[0],
        "Field": field,
        "PermissionsRead": True,
        "PermissionsEdit": True,
    }
    answer = admin.call("POST", "/sobjects/FieldPermissions", body)
    assert answer.status_code == 201, answer.text


def make(admin: Client, document_: str) -> None:
    [result] = save(admin, "createMetadata", document_)
    assert result["success"] == "true", result


def test_a_new_field_is_hidden_from_everybody_until_it_is_permitted(
    own: Client, admin: Client
) -> None:
    own.upsert_one("Account", CRM_Id__c="1", Name="A")
    [result] = save(admin, "createMetadata", text_field("Account.Rank__c"))
    assert result == {"fullName": "Account.Rank__c", "success": "true"}
    for client in (own, admin):
        assert "Rank__c" not in described(client, "Account")
        refused = client.error("Account", CRM_Id__c="1", Rank__c="x")
        assert refused["message"] == "No such column 'Rank__c' on sobject of type Account"
    permit(admin, "Account.Rank__c")
    assert "Rank__c" not in described(admin, "Account")
    facts = described(own, "Account")["Rank__c"]
    assert (facts["type"], facts["length"], facts["custom"]) == ("string", 20, True)
    record = own.upsert_one("Account", CRM_Id__c="1", Rank__c="first")
    assert own.row("Account", record, "Rank__c") == {"Rank__c": "first"}
    too_long = own.error("Account", CRM_Id__c="1", Rank__c="x" * 21)
    assert too_long["statusCode"] == "STRING_TOO_LONG"


def test_a_new_external_id_finds_records(own: Client, admin: Client) -> None:
    make(admin, key_field("Account.Other_Id__c"))
    permit(admin, "Account.Other_Id__c")
    path = "/sobjects/Account/Other_Id__c/k1"
    created = own.call("PATCH", path, {"Name": "A"})
    assert (created.status_code, created.json()["created"]) == (201, True)
    assert own.call("PATCH", path, {"Name": "B"}).status_code == 200
    nested = {"Account": {"Other_Id__c": "k1"}}
    values = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}
    opportunity = own.upsert_one("Opportunity", CRM_Id__c="1", **values, **nested)
    found = own.row("Opportunity", opportunity, "Account.Other_Id__c")
    assert found == {"Account": {"Other_Id__c": "k1"}}
    twice = own.call("POST", "/sobjects/Account", {"Name": "C", "Other_Id__c": "k1"})
    assert error(twice)[1] == "DUPLICATE_VALUE"


def test_a_field_of_activity_stands_on_task_and_event(own: Client, admin: Client) -> None:
    make(admin, key_field("Activity.Other_Id__c"))
    [result] = save(
        admin, "createMetadata", grant("Activities", "Task.Other_Id__c", "Event.Other_Id__c")
    )
    assert result["success"] == "true"
    given = {"AssigneeId": user_of(own), "PermissionSetId": set_id(admin, "Activities")}
    assert admin.call("POST", "/sobjects/PermissionSetAssignment", given).status_code == 201
    for name in ("Task", "Event"):
        assert described(own, name)["Other_Id__c"]["externalId"]
    times = {"StartDateTime": "2026-01-01T10:00:00Z", "EndDateTime": "2026-01-01T11:00:00Z"}
    task = own.call("PATCH", "/sobjects/Task/Other_Id__c/t", {"Subject": "S"})
    event = own.call("PATCH", "/sobjects/Event/Other_Id__c/t", times)
    assert (task.status_code, event.status_code) == (201, 201)
    [field] = read(admin, "CustomField", "Activity.Other_Id__c")
    assert (field["fullName"], field["externalId"]) == ("Activity.Other_Id__c", "true")
    assert read(admin, "CustomField", "Task.Other_Id__c") == [None]


def user_of(client: Client) -> str:
    return str(client.call("GET", "/services/oauth2/userinfo").json()["user_id"])


def set_id(admin: Client, name: str) -> str:
    [record] = admin.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")
    return str(record["Id"])


def test_several_values_of_a_picklist(own: Client, admin: Client) -> None:
    values = "".join(
        f"<value><fullName>{name}</fullName><default>false</default></value>" for name in "abc"
    )
    value_set = f"<valueSetDefinition><sorted>false</sorted>{values}</valueSetDefinition>"
    inner = (
        "<label>New</label><type>MultiselectPicklist</type><visibleLines>4</visibleLines>"
        f"<valueSet><restricted>true</restricted>{value_set}</valueSet>"
    )
    make(admin, document("CustomField", "Lead.New__c", inner))
    permit(admin, "Lead.New__c")
    assert described(own, "Lead")["New__c"]["type"] == "multipicklist"
    lead = own.upsert_one("Lead", CRM_Id__c="1", LastName="L", Company="C", New__c="a;b")
    assert own.row("Lead", lead, "New__c") == {"New__c": "a;b"}
    found = "SELECT Id FROM Lead WHERE New__c INCLUDES ('b')"
    assert own.query(found) == [{"Id": lead}]


def test_a_field_that_a_rule_names_stays(own: Client, admin: Client) -> None:
    make(admin, text_field("Account.Rank__c"))
    rule = {"rule": "duplicate", "object": "Account", "fields": ["Rank__c"]}
    answer = own.call("POST", "/local/rules", [rule])
    assert answer.status_code == 200, answer.text
    [result] = remove(admin, "CustomField", "Account.Rank__c")
    assert result["errors"]["statusCode"] == "DEPENDENCY_EXISTS"
    assert own.call("POST", "/local/rules", []).status_code == 200
    assert remove(admin, "CustomField", "Account.Rank__c")[0]["success"] == "true"


TYPES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("<type>TextArea</type>", {"type": "textarea", "length": 255}, "a\nb", "a\nb"),
    (
        "<type>LongTextArea</type><length>1000</length><visibleLines>3</visibleLines>",
        {"type": "textarea", "length": 1000, "filterable": False},
        "long",
        "long",
    ),
    (
        "<type>Html</type><length>1000</length><visibleLines>3</visibleLines>",
        {"type": "textarea", "htmlFormatted": True, "extraTypeInfo": "richtextarea"},
        "<b>x</b>",
        "<b>x</b>",
    ),
    (
        "<type>Number</type><precision>5</precision><scale>2</scale>",
        {"type": "double", "precision": 5, "scale": 2},
        1.259,
        1.25,
    ),
    (
        "<type>Currency</type><precision>18</precision><scale>2</scale>",
        {"type": "currency", "precision": 18, "scale": 2},
        9.5,
        9.5,
    ),
    (
        "<type>Percent</type><precision>5</precision><scale>1</scale>",
        {"type": "percent", "scale": 1},
        12.5,
        12.5,
    ),
    (
        "<type>Checkbox</type><defaultValue>false</defaultValue>",
        {"type": "boolean", "nillable": False, "defaultValue": False},
        True,
        True,
    ),
    ("<type>Date</type>", {"type": "date"}, "2026-02-03", "2026-02-03"),
    (
        "<type>DateTime</type>",
        {"type": "datetime"},
        "2026-02-03T04:05:06Z",
        "2026-02-03T04:05:06.000+0000",
    ),
    ("<type>Email</type>", {"type": "email", "length": 80}, "a@b.example", "a@b.example"),
    ("<type>Phone</type>", {"type": "phone", "length": 40}, "1", "1"),
    ("<type>Url</type>", {"type": "url", "length": 255}, "https://a.example", "https://a.example"),
    (
        "<type>Picklist</type><valueSet><restricted>true</restricted><valueSetDefinition>"
        "<sorted>true</sorted><value><fullName>b</fullName><default>false</default>"
        "<label>Bee</label></value><value><fullName>a</fullName><default>true</default>"
        "<label>Ay</label></value></valueSetDefinition></valueSet>",
        {"type": "picklist", "restrictedPicklist": True},
        "b",
        "b",
    ),
]


@pytest.mark.parametrize(("inner", "facts", "given", "stored"), TYPES)
def test_every_type_is_described_and_stored(
    own: Client, admin: Client, inner: str, facts: dict[str, Any], given: Any, stored: Any
) -> None:
    before = own.upsert_one("Lead", CRM_Id__c="0", LastName="L", Company="C")
    make(admin, document("CustomField", "Lead.New__c", f"<label>New</label>{inner}"))
    permit(admin, "Lead.New__c")
    field = described(own, "Lead")["New__c"]
    assert {key: field[key] for key in facts} == facts
    assert (field["createable"], field["updateable"], field["label"]) == (True, True, "New")
    lead = own.upsert_one("Lead", CRM_Id__c="1", LastName="L", Company="C", New__c=given)
    assert own.row("Lead", lead, "New__c") == {"New__c": stored}
    is_checkbox = facts["type"] == "boolean"
    assert own.row("Lead", before, "New__c") == {"New__c": False if is_checkbox else None}


def test_a_picklist_lists_its_values_and_its_default(own: Client, admin: Client) -> None:
    make(admin, document("CustomField", "Lead.New__c", f"<label>New</label>{TYPES[-1][0]}"))
    permit(admin, "Lead.New__c")
    values = described(own, "Lead")["New__c"]["picklistValues"]
    assert [(v["value"], v["label"], v["defaultValue"]) for v in values] == [
        ("a", "Ay", True),
        ("b", "Bee", False),
    ]
    lead = own.upsert_one("Lead", CRM_Id__c="1", LastName="L", Company="C")
    assert own.row("Lead", lead, "New__c") == {"New__c": "a"}
    refused = own.error("Lead", CRM_Id__c="1", New__c="c")
    assert refused["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_lookup_reaches_its_parent(own: Client, admin: Client) -> None:
    inner = (
        "<label>Partner</label><type>Lookup</type><referenceTo>Account</referenceTo>"
        "<relationshipName>Partner_Leads</relationshipName>"
    )
    make(admin, document("CustomField", "Lead.Partner__c", inner))
    permit(admin, "Lead.Partner__c")
    account = own.upsert_one("Account", CRM_Id__c="a", Name="A")
    given = {"Partner__r": {"CRM_Id__c": "a"}}
    lead = own.upsert_one("Lead", CRM_Id__c="1", LastName="L", Company="C", **given)
    found = own.row("Lead", lead, "Partner__c", "Partner__r.Name")
    assert found == {"Partner__c": account, "Partner__r": {"Name": "A"}}
    children = own.call("GET", "/sobjects/Account/describe").json()["childRelationships"]
    [child] = [c for c in children if c["field"] == "Partner__c"]
    assert child["relationshipName"] == "Partner_Leads__r"


def test_a_required_field_is_visible_at_once(own: Client, admin: Client) -> None:
    make(admin, text_field("Account.Code__c", "<required>true</required>"))
    assert described(own, "Account")["Code__c"]["nillable"] is False
    refused = own.error("Account", CRM_Id__c="1", Name="A")
    assert refused["message"] == "Required fields are missing: [Code__c]"
    told = refusal(admin, "createMetadata", grant("S", "Account.Code__c"))
    expected = "You cannot deploy to a required field: Account.Code__c"
    assert told == ("FIELD_INTEGRITY_EXCEPTION", expected)


def test_an_update_changes_what_it_gives(own: Client, admin: Client) -> None:
    make(admin, text_field("Account.Rank__c", "<description>why</description>"))
    permit(admin, "Account.Rank__c")
    own.upsert_one("Account", CRM_Id__c="1", Name="A", Rank__c="x")
    own.upsert_one("Account", CRM_Id__c="2", Name="B", Rank__c="X")
    told = refusal(
        admin,
        "updateMetadata",
        text_field("Account.Rank__c", "<unique>true</unique><caseSensitive>false</caseSensitive>"),
    )
    assert told[0] == "DUPLICATE_VALUE"
    own.upsert_one("Account", CRM_Id__c="2", Rank__c="y")
    [result] = save(
        admin, "updateMetadata", text_field("Account.Rank__c", "<unique>true</unique>", length=30)
    )
    assert result["success"] == "true"
    facts = described(own, "Account")["Rank__c"]
    assert (facts["length"], facts["unique"]) == (30, True)
    [field] = read(admin, "CustomField", "Account.Rank__c")
    assert (field["description"], field["length"]) == ("why", "30")
    assert own.error("Account", CRM_Id__c="2", Rank__c="x")["statusCode"] == "DUPLICATE_VALUE"


def test_a_removed_field_takes_values_and_permissions_along(own: Client, admin: Client) -> None:
    make(admin, text_field("Account.Rank__c"))
    permit(admin, "Account.Rank__c")
    record = own.upsert_one("Account", CRM_Id__c="1", Name="A", Rank__c="x")
    assert remove(admin, "CustomField", "Account.Rank__c") == [
        {"fullName": "Account.Rank__c", "success": "true"}
    ]
    assert "Rank__c" not in described(own, "Account")
    assert "Rank__c" not in own.call("GET", f"/sobjects/Account/{record}").json()
    where = "WHERE Field = 'Account.Rank__c'"
    assert admin.query(f"SELECT Id FROM FieldPermissions {where}") == []
    [gone] = remove(admin, "CustomField", "Account.Rank__c")
    assert gone["errors"]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    make(admin, text_field("Account.Rank__c"))
    assert "Rank__c" not in described(own, "Account")
    permit(admin, "Account.Rank__c")
    assert own.row("Account", record, "Rank__c") == {"Rank__c": None}


def test_a_field_that_came_with_the_org_is_like_any_other(own: Client, admin: Client) -> None:
    [field] = read(admin, "CustomField", "Account.CRM_Id__c")
    assert field == {
        "fullName": "Account.CRM_Id__c",
        "caseSensitive": "true",
        "externalId": "true",
        "label": "CRM Id",
        "length": "64",
        "required": "false",
        "type": "Text",
        "unique": "true",
    }
    [result] = save(admin, "upsertMetadata", key_field("Account.CRM_Id__c"))
    assert result == {"created": "false", "fullName": "Account.CRM_Id__c", "success": "true"}
    own.upsert_one("Account", CRM_Id__c="1", Name="A")
    [result] = remove(admin, "CustomField", "Account.CRM_Id__c")
    assert result["success"] == "true"
    assert "CRM_Id__c" not in described(own, "Account")
    assert own.call("PATCH", "/sobjects/Account/CRM_Id__c/1", {"Name": "A"}).status_code == 404


def test_every_describe_changes_when_a_field_is_made(own: Client, admin: Client) -> None:
    for client in (own, admin):
        before = client.call("GET", "/sobjects/Account/describe").headers["ETag"]
        make(admin, text_field(f"Account.For_{'own' if client is own else 'admin'}__c"))
        same = client.call("GET", "/sobjects/Lead/describe", headers={"If-None-Match": before})
        assert (same.status_code, same.headers["ETag"] != before) == (200, True)


def test_fields_survive_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    with LocalOrg(data=data, https=False) as org:
        own = Client(org)
        admin = Client(org)
        admin.session.headers["Authorization"] = f"Bearer {org.admin_token}"
        make(admin, key_field("Account.Kept__c"))
        make(admin, text_field("Account.Hidden__c"))
        permit(admin, "Account.Kept__c")
        remove(admin, "CustomField", "Lead.CRM_Id__c")
        own.upsert_one("Account", CRM_Id__c="1", Name="A", Kept__c="k")
        listed = read(admin, "CustomField", "Account.Kept__c")
    with LocalOrg(data=data, https=False) as org:
        own = Client(org)
        admin = Client(org)
        admin.session.headers["Authorization"] = f"Bearer {org.admin_token}"
        assert own.query("SELECT Kept__c FROM Account") == [{"Kept__c": "k"}]
        assert read(admin, "CustomField", "Account.Kept__c") == listed
        assert own.call("PATCH", "/sobjects/Account/Kept__c/k", {"Name": "B"}).status_code == 200
        assert "Hidden__c" not in described(own, "Account")
        assert "Hidden__c" not in described(admin, "Account")
        assert "CRM_Id__c" not in described(own, "Lead")
