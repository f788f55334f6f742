"""Bulk jobs see and write what their creator may see and write."""

from .bulk_client import BulkClient
from .client import Client
from .permitting import error, hide_field, hide_object, read_only, set_field

SAVED = "CRM_Id__c,Name,Phone\n1,A,5\n"


def test_a_hidden_field_is_no_column_of_an_upload(own: Client, admin: Client) -> None:
    hide_field(admin, "Account.Phone")
    failed = BulkClient(own).run("Account", SAVED)
    assert failed["state"] == "Failed"
    assert failed["errorMessage"] == "InvalidBatch : Field name not found : Phone"
    assert own.org.store.count("Account") == 0
    assert BulkClient(admin).run("Account", SAVED)["numberRecordsFailed"] == 0


def test_a_read_only_field_refuses_the_row(own: Client, admin: Client) -> None:
    set_field(admin, "Account.Phone", PermissionsEdit=False)
    refused = BulkClient(own).error("Account", SAVED)
    assert refused.startswith(
        "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Phone"
    )
    assert own.org.store.count("Account") == 0


def test_a_read_only_object_refuses_rows_and_deletions(own: Client, admin: Client) -> None:
    account = own.upsert_one("Account", CRM_Id__c="0", Name="Z")
    read_only(admin, "Account")
    bulk = BulkClient(own)
    created = bulk.error("Account", SAVED)
    assert created == (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:entity type cannot be inserted: Account:--"
    )
    changed = bulk.error("Account", f"Id,Name\n{account},Y\n", "update")
    assert changed.startswith("INSUFFICIENT_ACCESS_OR_READONLY:")
    gone = bulk.error("Account", f"Id\n{account}\n", "delete")
    assert gone.startswith("INSUFFICIENT_ACCESS_OR_READONLY:")
    assert admin.row("Account", account, "Name", "IsDeleted") == {"Name": "Z", "IsDeleted": False}


def test_there_is_no_job_for_a_hidden_object(own: Client, admin: Client) -> None:
    hide_object(admin, "Account")
    asked = {"object": "Account", "operation": "insert"}
    status, code, message = error(own.call("POST", "/jobs/ingest", asked))
    assert (status, code) == (400, "INVALIDJOB")
    assert message == "InvalidJob : Unable to find object: Account"
    assert admin.call("POST", "/jobs/ingest", asked).status_code == 200


def test_an_object_that_is_hidden_before_the_work_begins_fails_the_job(
    own: Client, admin: Client
) -> None:
    bulk = BulkClient(own)
    job = bulk.create("Account", "upsert")["id"]
    bulk.upload(job, SAVED)
    hide_object(admin, "Account")
    bulk.change(job, "UploadComplete")
    info = bulk.await_state(job, "Failed")
    assert info["errorMessage"] == "InvalidJob : Unable to find object: Account"
    assert own.org.store.count("Account") == 0


def test_a_query_job_for_a_hidden_field_or_object_is_refused(own: Client, admin: Client) -> None:
    own.upsert_one("Account", CRM_Id__c="1", Name="A", Phone="5")
    bulk, soql = BulkClient(own), "SELECT Name, Phone FROM Account"
    before = bulk.query(soql)["id"]
    hide_field(admin, "Account.Phone")
    body = {"operation": "query", "query": soql}
    status, code, message = error(own.call("POST", "/jobs/query", body))
    assert (status, code) == (400, "INVALID_FIELD")
    assert "No such column 'Phone' on entity 'Account'." in message
    # What was read while it was allowed stays with its job.
    assert bulk.page(before).text == '"Name","Phone"\n"A","5"\n'
    assert BulkClient(admin).selected(soql) == [{"Name": "A", "Phone": "5"}]
    hide_object(admin, "Account")
    assert error(own.call("POST", "/jobs/query", body))[1] == "INVALID_TYPE"


def test_all_fields_are_those_that_the_creator_may_read(own: Client, admin: Client) -> None:
    own.upsert_one("Account", CRM_Id__c="1", Name="A", Phone="5")
    hide_field(admin, "Account.Phone")
    soql = "SELECT FIELDS(CUSTOM), Name FROM Account LIMIT 200"
    assert BulkClient(own).selected(soql) == BulkClient(admin).selected(soql)
    hide_field(admin, "Account.CRM_Id__c")
    assert "CRM_Id__c" not in BulkClient(own).selected(soql)[0]
    assert BulkClient(admin).selected(soql)[0]["CRM_Id__c"] == "1"
