"""Record types, switched on for an object."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg

from .client import Client

TYPES = {"Opportunity": ["New Business", "Renewal"], "Lead": ["Inbound"]}
OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}


@pytest.fixture(scope="module")
def running_org() -> Iterator[LocalOrg]:
    with LocalOrg(options=Options(record_types=TYPES)) as org:
        yield org


def ids(client: Client) -> dict[str, str]:
    found = client.query("SELECT Id, DeveloperName, SobjectType, IsActive FROM RecordType")
    assert {(r["SobjectType"], r["IsActive"]) for r in found} == {
        ("Opportunity", True),
        ("Lead", True),
    }
    return {r["DeveloperName"]: r["Id"] for r in found}


def test_the_first_record_type_is_the_default(client: Client) -> None:
    known = ids(client)
    assert all(i.startswith("012") for i in known.values())
    one = client.upsert_one("Opportunity", CRM_Id__c="1", **OPPORTUNITY)
    assert client.row("Opportunity", one, "RecordTypeId") == {"RecordTypeId": known["New_Business"]}
    given = client.upsert_one(
        "Opportunity", CRM_Id__c="2", RecordTypeId=known["Renewal"], **OPPORTUNITY
    )
    row = client.row("Opportunity", given, "RecordType.DeveloperName")
    assert row == {"RecordType": {"DeveloperName": "Renewal"}}


def test_a_record_type_of_another_object_is_refused(client: Client) -> None:
    inbound = ids(client)["Inbound"]
    error = client.error("Opportunity", CRM_Id__c="3", RecordTypeId=inbound, **OPPORTUNITY)
    assert error == {
        "statusCode": "INVALID_CROSS_REFERENCE_KEY",
        "message": f"Record Type ID: this ID value isn't valid for the user: {inbound}",
        "fields": ["RecordTypeId"],
    }


def test_describe_lists_them_and_the_master_last(client: Client) -> None:
    infos = client.call("GET", "/sobjects/Opportunity/describe").json()["recordTypeInfos"]
    told = [(i["developerName"], i["defaultRecordTypeMapping"], i["master"]) for i in infos]
    assert told == [
        ("New_Business", True, False),
        ("Renewal", False, False),
        ("Master", False, True),
    ]
    account = client.call("GET", "/sobjects/Account/describe").json()
    assert [i["developerName"] for i in account["recordTypeInfos"]] == ["Master"]
    assert "RecordTypeId" not in {f["name"] for f in account["fields"]}


def test_they_stay_with_the_data(tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    with LocalOrg(data, options=Options(record_types=TYPES)) as org:
        first = ids(Client(org))
    with LocalOrg(data) as org:
        assert ids(Client(org)) == first


def test_an_unknown_object_has_no_record_types() -> None:
    with pytest.raises(ValueError, match="record types of an unknown object: Foo"):
        LocalOrg(options=Options(record_types={"Foo": ["A"]}))
