"""simple-salesforce's own Bulk 2.0 helper, unchanged."""

import csv
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import SFBulk2Handler, SFBulk2Type
from simple_salesforce.exceptions import SalesforceOperationError

from crm_sync.localorg.serve import LocalOrg
from tests.unit.localorg.bulk_client import rows


@pytest.fixture(scope="module")
def salesforce(running_org: LocalOrg) -> Salesforce:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(running_org.ca_bundle)
    return Salesforce(
        instance_url=running_org.instance_url,
        session_id=running_org.access_token,
        session=session,
        version="60.0",
    )


@pytest.fixture
def accounts(salesforce: Salesforce) -> SFBulk2Type:
    handler = salesforce.bulk2
    assert isinstance(handler, SFBulk2Handler)
    return handler.Account


def only(results: list[Any]) -> str:
    """The Id of the one job of a call, all of whose rows went in."""
    [result] = results
    assert result["numberRecordsFailed"] == 0
    assert result["numberRecordsProcessed"] == result["numberRecordsTotal"]
    job_id: str = result["job_id"]
    return job_id


def test_insert_update_upsert_delete(accounts: SFBulk2Type) -> None:
    made = accounts.insert(records=[{"Name": "A", "Phone": "1"}, {"Name": "B"}], wait=0)
    found = {r["Name"]: r["sf__Id"] for r in rows(accounts.get_successful_records(only(made)))}
    only(accounts.update(records=[{"Id": i, "Phone": "2"} for i in found.values()], wait=0))
    upserted = accounts.upsert(
        records=[{"CRM_Id__c": "s1", "Name": "C"}, {"CRM_Id__c": "s2", "Name": "D"}],
        external_id_field="CRM_Id__c",
        wait=0,
    )
    everything = accounts.get_all_ingest_records(only(upserted))
    assert {r["CRM_Id__c"] for r in everything["successfulRecords"]} == {"s1", "s2"}
    assert everything["failedRecords"] == everything["unprocessedRecords"] == []
    only(accounts.delete(records=[{"Id": found["A"]}], wait=0))


def test_query_page_by_page_and_into_files(accounts: SFBulk2Type, tmp_path: Path) -> None:
    only(accounts.insert(records=[{"Name": f"Q{n}"} for n in range(5)], wait=0))
    soql = "SELECT Name FROM Account WHERE Name LIKE 'Q%' ORDER BY Name"
    pages = [str(page) for page in accounts.query(soql, max_records=2, wait=0)]
    assert [[r["Name"] for r in rows(page)] for page in pages] == [
        ["Q0", "Q1"],
        ["Q2", "Q3"],
        ["Q4"],
    ]
    [whole] = accounts.download(soql, str(tmp_path), wait=0)
    with Path(whole["file"]).open(newline="") as file:
        assert [r["Name"] for r in csv.DictReader(file)] == [f"Q{n}" for n in range(5)]
    gone = next(iter(rows(str(next(iter(accounts.query("SELECT Id FROM Account", wait=0)))))))
    only(accounts.delete(records=[{"Id": gone["Id"]}], wait=0))
    [page] = accounts.query_all(f"SELECT IsDeleted FROM Account WHERE Id = '{gone['Id']}'", wait=0)
    assert rows(str(page)) == [{"IsDeleted": "true"}]


def test_failures_are_told(accounts: SFBulk2Type) -> None:
    [result] = accounts.insert(records=[{"Name": ""}, {"Name": "fine"}], wait=0)
    assert (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (2, 1)
    [failed] = rows(accounts.get_failed_records(str(result["job_id"])))
    assert failed["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    with pytest.raises(SalesforceOperationError, match="Field name not found : Foo"):
        accounts.insert(records=[{"Foo": "1"}], wait=0)
