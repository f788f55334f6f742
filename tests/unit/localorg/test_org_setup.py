"""Setting an org up as an administrator does: fields, a permission set, its assignment; then the
integration user writes by the new external ID. By plain XML, and by simple-salesforce unchanged."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce

from crm_sync.localorg.serve import LocalOrg

from .client import Client
from .metadata_calls import grant, key_field, save
from .permitting import described, error

OBJECTS = ("Account", "Lead", "Opportunity", "Activity", "Contract")
KEY = "Sync_Id__c"
VISIBLE = [f"{name}.{KEY}" for name in ("Account", "Lead", "Opportunity", "Task", "Event")]
VALUES: dict[str, dict[str, Any]] = {
    "Account": {"Name": "A"},
    "Lead": {"LastName": "L", "Company": "C"},
    "Opportunity": {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"},
    "Task": {"Subject": "S"},
    "Event": {"StartDateTime": "2026-01-01T10:00:00Z", "DurationInMinutes": 30},
}


def test_fields_and_a_permission_set_let_the_integration_user_write_by_the_new_key(
    own: Client, admin: Client
) -> None:
    fields = [key_field(f"{name}.{KEY}") for name in OBJECTS]
    told = save(admin, "upsertMetadata", *fields)
    assert [result["success"] for result in told] == ["true", "true", "true", "true", "false"]
    made = save(admin, "upsertMetadata", grant("Sync", *VISIBLE))
    again = save(admin, "upsertMetadata", grant("Sync", *VISIBLE))
    assert (made[0]["created"], again[0]["created"]) == ("true", "false")
    user = own.call("GET", "/services/oauth2/userinfo").json()["user_id"]
    [found] = admin.query("SELECT Id FROM PermissionSet WHERE Name = 'Sync'")
    given = {"AssigneeId": user, "PermissionSetId": found["Id"]}
    assert KEY not in described(own, "Account")
    assert admin.call("POST", "/sobjects/PermissionSetAssignment", given).status_code == 201
    twice = admin.call("POST", "/sobjects/PermissionSetAssignment", given)
    assert error(twice)[1] == "DUPLICATE_VALUE"
    for name, values in VALUES.items():
        path = f"/composite/sobjects/{name}/{KEY}"
        records = [{"attributes": {"type": name}, KEY: "1", **values}]
        body = {"allOrNone": False, "records": records}
        for is_new in (True, False):
            [result] = own.call("PATCH", path, body).json()
            assert (result["success"], result["created"]) == (True, is_new), (name, result)
    told = save(admin, "upsertMetadata", *fields[:4])
    assert [result["created"] for result in told] == ["false"] * 4


# simple-salesforce -----------------------------------------------------------------------------


@pytest.fixture
def salesforce(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Salesforce, LocalOrg]]:
    """The administrator's; zeep has a session of its own, which asks the environment for trust."""
    with LocalOrg() as org:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(org.ca_bundle))
        session = requests.Session()
        yield (
            Salesforce(
                instance_url=org.instance_url,
                session_id=org.admin_token,
                session=session,
                version="60.0",
            ),
            org,
        )


def test_simple_salesforce_sets_an_org_up(salesforce: tuple[Salesforce, LocalOrg]) -> None:
    sf: Any = salesforce[0]
    org, mdapi = salesforce[1], sf.mdapi
    key = mdapi.CustomField(
        fullName=f"Account.{KEY}",
        label="Sync Id",
        type=mdapi.FieldType("Text"),
        length=64,
        externalId=True,
        unique=True,
        caseSensitive=True,
    )
    mdapi.CustomField.create([key])
    with pytest.raises(Exception, match=r"There is already a field named Sync_Id on Account\."):
        mdapi.CustomField.create([key])
    key.length = 80
    mdapi.CustomField.update([key])
    mdapi.CustomField.upsert(key)
    found = mdapi.CustomField.read([f"Account.{KEY}"])
    assert (found.fullName, found.length, found.unique) == (f"Account.{KEY}", 80, True)
    [_, absent] = mdapi.CustomField.read([f"Account.{KEY}", "Account.Foo__c"])
    assert absent.fullName is None
    mdapi.PermissionSet.upsert(
        mdapi.PermissionSet(
            fullName="Sync",
            label="Sync",
            fieldPermissions=[{"field": f"Account.{KEY}", "readable": True, "editable": True}],
        )
    )
    assert mdapi.PermissionSet.read(["Sync"]).fieldPermissions[0].field == f"Account.{KEY}"
    [record] = sf.query("SELECT Id FROM PermissionSet WHERE Name = 'Sync'")["records"]
    own = Salesforce(
        instance_url=org.instance_url,
        session_id=org.access_token,
        session=sf.session,
        version="60.0",
    )
    [user] = sf.query(f"SELECT Id FROM User WHERE Username = '{org.username}'")["records"]
    sf.PermissionSetAssignment.create({"AssigneeId": user["Id"], "PermissionSetId": record["Id"]})
    account: Any = own.Account
    assert account.upsert(f"{KEY}/k1", {"Name": "A"}) == 201
    listed = mdapi.list_metadata([mdapi.ListMetadataQuery(type="CustomField")])
    assert f"Account.{KEY}" in {each.fullName for each in listed}
    assert mdapi.describe_metadata().metadataObjects[0].xmlName == "CustomObject"
    assert mdapi.CustomField.describe().apiCreatable is True
    mdapi.CustomField.delete([f"Account.{KEY}"])
    with pytest.raises(Exception, match="no CustomField named"):
        mdapi.CustomField.delete([f"Account.{KEY}"])


def test_simple_salesforce_asks_the_tooling_api(salesforce: tuple[Salesforce, LocalOrg]) -> None:
    sf, _ = salesforce
    metadata = {"label": "Rank", "type": "Text", "length": 5}
    body = {"FullName": "Account.Rank__c", "Metadata": metadata}
    made: Any = sf.toolingexecute("sobjects/CustomField", method="POST", data=body)
    soql = "SELECT FullName FROM CustomField WHERE DeveloperName = 'Rank'"
    answer: Any = sf.toolingexecute("query", params={"q": soql})
    assert [each["FullName"] for each in answer["records"]] == ["Account.Rank__c"]
    assert made["success"] is True
