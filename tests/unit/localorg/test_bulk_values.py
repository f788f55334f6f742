"""From cells to values, and what a row is told that is refused."""

import pytest

from .bulk_client import BulkClient
from .client import Client

OPPORTUNITY = "CRM_Id__c,Name,StageName,CloseDate"


@pytest.fixture(scope="module")
def bulk(client: Client) -> BulkClient:
    return BulkClient(client)


def test_cells_become_values_of_their_fields_type(bulk: BulkClient) -> None:
    data = (
        "CRM_Id__c,Name,StageName,CloseDate,Amount,IsPrivate\n"
        "typed,  O ,Prospecting,2026-02-28,1234.50,TRUE\n"
    )
    bulk.run("Opportunity", data)
    soql = "SELECT Name, CloseDate, Amount, IsPrivate FROM Opportunity WHERE CRM_Id__c = 'typed'"
    assert bulk.client.query(soql) == [
        {"Name": "O", "CloseDate": "2026-02-28", "Amount": 1234.5, "IsPrivate": True}
    ]


def test_a_datetime_keeps_its_moment(bulk: BulkClient) -> None:
    data = (
        "CRM_Id__c,Subject,StartDateTime,DurationInMinutes\nmoment,S,2026-03-01T10:00:00+02:00,60\n"
    )
    assert bulk.run("Event", data)["numberRecordsFailed"] == 0
    [event] = bulk.client.query("SELECT StartDateTime FROM Event WHERE CRM_Id__c = 'moment'")
    assert event == {"StartDateTime": "2026-03-01T08:00:00.000+0000"}


def test_an_empty_cell_changes_nothing_and_a_mark_clears(bulk: BulkClient) -> None:
    parent = bulk.client.upsert_one("Account", CRM_Id__c="parent of nulls", Name="P")
    bulk.client.upsert_one(
        "Account", CRM_Id__c="nulls", Name="N", Phone="1", Website="w", ParentId=parent
    )
    data = "CRM_Id__c,Phone,Website,Parent.CRM_Id__c\nnulls,,#N/A,#N/A\n"
    assert bulk.run("Account", data)["numberRecordsFailed"] == 0
    soql = "SELECT Phone, Website, ParentId FROM Account WHERE CRM_Id__c = 'nulls'"
    assert bulk.client.query(soql) == [{"Phone": "1", "Website": None, "ParentId": None}]


def test_a_parent_is_named_by_its_external_id(bulk: BulkClient) -> None:
    account = bulk.client.upsert_one("Account", CRM_Id__c="parent", Name="P")
    lead = bulk.client.upsert_one("Lead", CRM_Id__c="lead", LastName="L", Company="C")
    data = f"{OPPORTUNITY},Account.CRM_Id__c\nchild,O,Prospecting,2026-01-01,parent\n"
    assert bulk.run("Opportunity", data)["numberRecordsFailed"] == 0
    soql = "SELECT AccountId FROM Opportunity WHERE CRM_Id__c = 'child'"
    assert bulk.client.query(soql) == [{"AccountId": account}]
    data = (
        "CRM_Id__c,Subject,Lead:Who.CRM_Id__c,Account:What.CRM_Id__c\nwho,S,lead,\nwhat,S,,parent\n"
    )
    assert bulk.run("Task", data)["numberRecordsFailed"] == 0
    soql = "SELECT WhoId, WhatId FROM Task WHERE CRM_Id__c IN ('who', 'what') ORDER BY CRM_Id__c"
    assert bulk.client.query(soql) == [
        {"WhoId": None, "WhatId": account},
        {"WhoId": lead, "WhatId": None},
    ]


def test_rows_of_one_job_are_saved_in_chunks_of_200(bulk: BulkClient) -> None:
    """The same key twice refuses both rows of a chunk; in the next chunk it is an update."""
    keys = ["twice", *(f"chunk {n}" for n in range(198)), "twice", "twice"]
    lines = "".join(f"{key},N\n" for key in keys)
    job = bulk.run("Account", f"CRM_Id__c,Name\n{lines}")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (201, 2)
    assert {r["sf__Error"] for r in bulk.failed(job["id"])} == {
        "DUPLICATE_VALUE:Duplicate external id specified: twice:CRM_Id__c --"
    }


@pytest.mark.parametrize(
    ("object_name", "data", "error"),
    [
        (
            "Opportunity",
            "Name,StageName,CRM_Id__c,CloseDate\nO,Prospecting,e1,2003-04-9\n",
            "INVALID_FIELD:Failed to deserialize field at col 3. Due to, '2003-04-9' is not a "
            "valid value for the type xsd:date:CloseDate --",
        ),
        (
            "Opportunity",
            f'{OPPORTUNITY},Amount\ne2,O,Prospecting,2026-01-01,"1,5"\n',
            "INVALID_FIELD:Failed to deserialize field at col 4. Due to, '1,5' is not a valid "
            "value for the type xsd:double:Amount --",
        ),
        (
            "Account",
            "CRM_Id__c,Name,NumberOfEmployees\ne3,N,2.5\n",
            "INVALID_FIELD:Failed to deserialize field at col 2. Due to, '2.5' is not a valid "
            "value for the type xsd:int:NumberOfEmployees --",
        ),
        (
            "Opportunity",
            f"{OPPORTUNITY},IsPrivate\ne4,O,Prospecting,2026-01-01,ja\n",
            "INVALID_FIELD:Failed to deserialize field at col 4. Due to, 'ja' is not a valid "
            "value for the type xsd:boolean:IsPrivate --",
        ),
        (
            "Event",
            "CRM_Id__c,StartDateTime\ne5,soon\n",
            "INVALID_FIELD:Failed to deserialize field at col 1. Due to, 'soon' is not a valid "
            "value for the type xsd:dateTime:StartDateTime --",
        ),
        (
            "Opportunity",
            f"{OPPORTUNITY},Account.CRM_Id__c\ne6,O,Prospecting,2026-01-01,nobody\n",
            "INVALID_FIELD:Foreign key external ID: nobody not found for field CRM_Id__c in entity "
            "Account:--",
        ),
        (
            "Opportunity",
            f"{OPPORTUNITY},AccountId\ne7,O,Prospecting,2026-01-01,001000000000001AAA\n",
            "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        ),
        (
            "Opportunity",
            f"{OPPORTUNITY},IsClosed\ne8,O,Prospecting,2026-01-01,true\n",
            "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: IsClosed. Please "
            "check the security settings of this field and verify that it is read/write for your "
            "profile or permission set.:IsClosed --",
        ),
        (
            "Account",
            "CRM_Id__c,Name\n,N\n",
            "MISSING_ARGUMENT:CRM_Id__c not specified:CRM_Id__c --",
        ),
        (
            "Lead",
            "CRM_Id__c,Phone\ne9,1\n",
            "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName, Company]:"
            "LastName,Company --",
        ),
    ],
)
def test_a_refused_row_says_why(bulk: BulkClient, object_name: str, data: str, error: str) -> None:
    assert bulk.error(object_name, data) == error


def test_a_row_of_another_width_is_refused_alone(bulk: BulkClient) -> None:
    job = bulk.run("Account", "CRM_Id__c,Name\nw1,N\nw2\nw3,N,more\n")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (3, 2)


def test_updates_and_deletions_that_are_refused_name_their_record(bulk: BulkClient) -> None:
    account = bulk.client.upsert_one("Account", CRM_Id__c="refused", Name="N")
    long_name = "x" * 256
    job = bulk.run("Account", f"Id,Name\n{account},{long_name}\n,N\n", "update")
    errors = {r["sf__Id"]: r["sf__Error"] for r in bulk.failed(job["id"])}
    assert errors[account].startswith("STRING_TOO_LONG:Account Name: data value too large: x")
    assert errors[account].endswith(" (max length=255):Name --")
    assert errors[""] == "MISSING_ARGUMENT:Id not specified in an update call:--"
    bulk.run("Account", f"Id\n{account}\n", "delete")
    again = bulk.run("Account", f"Id\n{account}\n001000000000001\nnonsense\n", "delete")
    assert again["numberRecordsFailed"] == 3
    assert {r["Id"]: r["sf__Error"] for r in bulk.failed(again["id"])} == {
        account: "ENTITY_IS_DELETED:entity is deleted:--",
        "001000000000001": "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        "nonsense": "MALFORMED_ID:Account ID: id value of incorrect type: nonsense:Id --",
    }


def test_before_version_53_a_refused_row_does_not_name_its_record(bulk: BulkClient) -> None:
    account = bulk.client.upsert_one("Account", CRM_Id__c="old", Name="N")
    call = bulk.client.call
    body = {"object": "Account", "operation": "update"}
    job_id = call("POST", "/jobs/ingest", body, version="52.0").json()["id"]
    bulk.upload(job_id, f"Id,AnnualRevenue\n{account},much\n")
    bulk.change(job_id, "UploadComplete")
    bulk.await_state(job_id, "JobComplete")
    assert [r["sf__Id"] for r in bulk.failed(job_id)] == [""]


def test_an_insert_with_an_id_is_refused(bulk: BulkClient) -> None:
    account = bulk.client.upsert_one("Account", CRM_Id__c="has an id", Name="N")
    error = bulk.error("Account", f"Id,Name\n{account},N\n", "insert")
    assert error == ("INVALID_FIELD_FOR_INSERT_UPDATE:cannot specify Id in an insert call:Id --")


def test_a_rule_refuses_single_rows(bulk: BulkClient) -> None:
    bulk.client.org.faults = [
        {
            "when": {"object": "Account", "external_id": "^locked$"},
            "then": {
                "row_error": {
                    "statusCode": "UNABLE_TO_LOCK_ROW",
                    "message": "unable to obtain exclusive access to this record",
                }
            },
        }
    ]
    job = bulk.run("Account", "CRM_Id__c,Name\nlocked,N\nfree,N\n")
    bulk.client.org.faults.clear()
    [row] = bulk.failed(job["id"])
    assert row["CRM_Id__c"] == "locked"
    assert row["sf__Error"] == (
        "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
    )
