"""Describe: what the org says of its objects."""

from typing import Any

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import BASE, Client

OBJECTS = [
    "Account",
    "Campaign",
    "CampaignMember",
    "Contact",
    "DuplicateRule",
    "Event",
    "FieldPermissions",
    "Group",
    "Lead",
    "ObjectPermissions",
    "Opportunity",
    "Organization",
    "PermissionSet",
    "PermissionSetAssignment",
    "Profile",
    "RecordType",
    "Task",
    "User",
]


def fields_of(client: Client, object_name: str) -> dict[str, dict[str, object]]:
    described = client.call("GET", f"/sobjects/{object_name}/describe").json()
    return {field["name"]: field for field in described["fields"]}


def test_the_global_describe_lists_every_object(client: Client) -> None:
    body = client.call("GET", "/sobjects").json()
    assert body["encoding"] == "UTF-8"
    assert body["maxBatchSize"] == 200
    assert [o["name"] for o in body["sobjects"]] == OBJECTS
    account = body["sobjects"][0]
    assert account["keyPrefix"] == "001"
    assert account["urls"]["describe"] == f"{BASE}/sobjects/Account/describe"


@pytest.mark.parametrize("object_name", OBJECTS)
def test_every_described_field_has_the_full_set_of_keys(client: Client, object_name: str) -> None:
    keys = {len(field) for field in fields_of(client, object_name).values()}
    assert keys == {57}


@pytest.mark.parametrize("object_name", ["Account", "Lead", "Opportunity", "Task", "Event"])
def test_the_external_id_is_unique_and_case_sensitive(client: Client, object_name: str) -> None:
    field = fields_of(client, object_name)["CRM_Id__c"]
    told = {key: field[key] for key in ("externalId", "idLookup", "unique", "caseSensitive")}
    assert set(told.values()) == {True}
    assert (field["length"], field["custom"]) == (64, True)


def test_children_have_the_names_of_a_real_org(client: Client) -> None:
    """R, CumulusCI: what was merged away is no child; recurring activities have a name."""

    def children(name: str) -> dict[tuple[str, str], Any]:
        told = client.call("GET", f"/sobjects/{name}/describe").json()["childRelationships"]
        return {(c["childSObject"], c["field"]): c["relationshipName"] for c in told}

    for name in ("Account", "Contact", "Lead"):
        assert (name, "MasterRecordId") not in children(name)
    assert children("Event")["Event", "RecurrenceActivityId"] == "RecurringEvents"
    assert children("Task")["Task", "RecurrenceActivityId"] == "RecurringTasks"


def test_system_fields_stand_where_a_real_org_has_them(client: Client) -> None:
    """R, grouparoo and CumulusCI: a describe, a record and ``FIELDS()`` have one order."""
    audits = ["CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"]
    told = list(fields_of(client, "Account"))
    at = told.index("OwnerId")
    assert told[:3] == ["Id", "IsDeleted", "MasterRecordId"]
    assert told[at + 1 : at + 7] == [*audits, "SystemModstamp", "LastActivityDate"]
    event = list(fields_of(client, "Event"))
    assert event[event.index("ShowAs") + 1] == "IsDeleted"
    record_id = client.upsert_one("Account", CRM_Id__c="1", Name="A")
    record = client.call("GET", f"/sobjects/Account/{record_id}").json()
    assert list(record) == ["attributes", *told]


def test_a_version_tells_the_facts_that_it_knows(client: Client) -> None:
    """R, grouparoo v42 and CumulusCI v48."""

    def account(version: str) -> dict[str, Any]:
        told = client.call("GET", "/sobjects/Account/describe", version=version).json()
        return {**told["recordTypeInfos"][-1], **told["fields"][0], **told}

    old, middle, new = (account(version) for version in ("42.0", "48.0", "60.0"))
    assert set(new) - set(middle) == {"associateEntityType", "associateParentEntity"}
    assert set(middle) - set(old) == {
        "aiPredictionField", "deepCloneable", "defaultImplementation", "developerName",
        "extendedBy", "extendsInterfaces", "formulaTreatNullNumberAsZero", "implementedBy",
        "implementsInterfaces", "isInterface",
    }  # fmt: skip


def test_children_of_one_object_stand_in_the_order_of_their_fields(client: Client) -> None:
    """R, grouparoo: the describe of Account."""
    children = client.call("GET", "/sobjects/Account/describe").json()["childRelationships"]
    tasks = [child["field"] for child in children if child["childSObject"] == "Task"]
    assert tasks == ["AccountId", "WhatId"]


def test_the_urls_of_an_object_are_those_of_its_resources(client: Client) -> None:
    """R, nango: the list of all objects; CumulusCI: the describe of Event."""
    listed = {
        o["name"]: list(o["urls"]) for o in client.call("GET", "/sobjects").json()["sobjects"]
    }
    assert listed["Account"] == [
        "compactLayouts", "rowTemplate", "approvalLayouts", "listviews", "describe",
        "quickActions", "layouts", "sobject",
    ]  # fmt: skip
    assert listed["CampaignMember"] == [
        "compactLayouts", "rowTemplate", "describe", "layouts", "sobject",
    ]  # fmt: skip
    for name in ("Organization", "Group", "PermissionSet", "Profile"):
        assert listed[name] == ["rowTemplate", "describe", "sobject"]
    for name in ("Event", "Task"):
        assert not {"listviews", "approvalLayouts"} & set(listed[name])
    assert "eventSeriesUpdates" in listed["Event"]
    urls = client.call("GET", "/sobjects/Event/describe").json()["urls"]
    assert urls["eventSeriesUpdates"] == f"{BASE}/sobjects/Event/{{ID}}/fromThisEventOnwards"
    assert not urls.keys() & {"listviews", "approvalLayouts"}


def test_children_say_what_goes_with_a_deleted_account(client: Client) -> None:
    children = client.call("GET", "/sobjects/Account/describe").json()["childRelationships"]
    cascading = {
        (c["childSObject"], c["field"], c["relationshipName"])
        for c in children
        if c["cascadeDelete"]
    }
    assert cascading == {
        ("Contact", "AccountId", "Contacts"),
        ("Opportunity", "AccountId", "Opportunities"),
        ("Task", "WhatId", "Tasks"),
        ("Event", "WhatId", "Events"),
    }


def test_an_unknown_object_is_not_found(client: Client) -> None:
    answer = client.call("GET", "/sobjects/Foo/describe")
    assert answer.status_code == 404
    assert answer.json() == [
        {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}
    ]


def test_a_schema_that_has_not_changed_is_not_sent_again(client: Client) -> None:
    first = client.call("GET", "/sobjects/Account/describe")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    again = client.call("GET", "/sobjects/Lead/describe", headers=since)
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    [inside] = client.composite(
        {
            "method": "GET",
            "url": f"{BASE}/sobjects",
            "referenceId": "all",
            "httpHeaders": since,
        }
    )
    assert (inside["httpStatusCode"], inside["body"]) == (304, None)
    # Nothing inside a composite is zipped by itself (R, CumulusCI).
    assert inside["httpHeaders"]["ETag"] == first.headers["ETag"].replace("--gzip", "")
    for etag in (first.headers["ETag"], inside["httpHeaders"]["ETag"]):
        known = {"If-None-Match": etag}
        assert client.call("GET", "/sobjects", headers=known).status_code == 304
    plain = client.call("GET", "/sobjects", headers={"Accept-Encoding": "identity"})
    assert plain.headers["ETag"] == inside["httpHeaders"]["ETag"]


def test_an_org_may_lack_or_bend_the_external_id() -> None:
    changes = {"Account.CRM_Id__c": None, "Lead.CRM_Id__c": {"unique": False}}
    with LocalOrg(fields=changes) as org:
        client = Client(org)
        assert "CRM_Id__c" not in fields_of(client, "Account")
        assert fields_of(client, "Lead")["CRM_Id__c"]["unique"] is False
        answer = client.call("PATCH", "/sobjects/Account/CRM_Id__c/1", {"Name": "X"})
        assert answer.status_code == 404
        assert answer.json()[0]["message"] == (
            "Provided external ID field does not exist or is not accessible: CRM_Id__c"
        )
