"""What is left out, what is null, what Salesforce fills in."""

from .client import Client


def test_left_out_fields_take_their_defaults(client: Client) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="d", LastName="L", Company="C")
    task = client.upsert_one("Task", CRM_Id__c="d", Subject="T")
    assert client.row("Lead", lead, "Status", "IsConverted", "OwnerId") == {
        "Status": "Open - Not Contacted",
        "IsConverted": False,
        "OwnerId": client.org.integration_user_id,
    }
    assert client.row("Task", task, "Status", "Priority", "TaskSubtype") == {
        "Status": "Not Started",
        "Priority": "Normal",
        "TaskSubtype": "Task",
    }


def test_a_new_record_has_what_salesforce_fills_in(client: Client) -> None:
    """R, grouparoo: its photo, its state of cleaning, and that its maker has seen it."""
    audits = ("CreatedDate", "LastViewedDate", "LastReferencedDate")
    for name, given in {
        "Account": {"Name": "A"},
        "Contact": {"LastName": "L"},
        "Lead": {"LastName": "L", "Company": "C"},
    }.items():
        record_id = client.upsert_one(name, CRM_Id__c="new", **given)
        record = client.row(name, record_id, "PhotoUrl", "CleanStatus", *audits)
        assert record["PhotoUrl"] == f"/services/images/photo/{record_id}"
        assert record["CleanStatus"] == "Pending"
        assert len({record[audit] for audit in audits}) == 1


def test_who_says_so_writes_a_record_without_seeing_it(client: Client) -> None:
    """D, MRU Header."""
    unseen = {"Sforce-Mru": "updateMru=false"}
    made = client.call("POST", "/sobjects/Account", {"Name": "A"}, headers=unseen).json()["id"]
    assert client.row("Account", made, "LastViewedDate") == {"LastViewedDate": None}
    client.update("Account", made, Phone="1")
    row = client.row("Account", made, "LastViewedDate", "LastModifiedDate")
    assert row["LastViewedDate"] == row["LastModifiedDate"]


def test_a_new_lead_is_unread_until_its_owner_changes_it(client: Client) -> None:
    """R, grouparoo."""
    lead = client.upsert_one("Lead", CRM_Id__c="unread", LastName="L", Company="C")
    assert client.row("Lead", lead, "IsUnreadByOwner") == {"IsUnreadByOwner": True}
    client.update("Lead", lead, Phone="1")
    assert client.row("Lead", lead, "IsUnreadByOwner") == {"IsUnreadByOwner": False}


def test_a_null_on_create_leaves_the_default_where_a_value_must_stand(client: Client) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="n", LastName="L", Company="C", Status=None)
    assert client.row("Lead", lead, "Status") == {"Status": "Open - Not Contacted"}


def test_an_update_changes_what_is_given_and_clears_with_null_or_an_empty_text(
    client: Client,
) -> None:
    record_id = client.upsert_one(
        "Account", CRM_Id__c="c", Name="N", Phone="1", Fax="2", Website="w.example.com"
    )
    assert client.update("Account", record_id, Phone=None, Fax="")["success"]
    assert client.row("Account", record_id, "Name", "Phone", "Fax", "Website") == {
        "Name": "N",
        "Phone": None,
        "Fax": None,
        "Website": "w.example.com",
    }


def test_a_required_field_cannot_be_cleared(client: Client) -> None:
    record_id = client.upsert_one("Account", CRM_Id__c="r", Name="N")
    for empty in (None, "", "  "):
        [error] = client.update("Account", record_id, Name=empty)["errors"]
        assert error == {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
        }


def test_every_missing_field_is_named_at_once(client: Client) -> None:
    error = client.error("Opportunity", CRM_Id__c="m")
    assert error["message"] == "Required fields are missing: [Name, StageName, CloseDate]"
    assert error["fields"] == ["Name", "StageName", "CloseDate"]


def test_audit_fields_say_who_wrote_last(client: Client) -> None:
    record_id = client.upsert_one("Account", CRM_Id__c="a", Name="N")
    client.org.edit(record_id, {"Phone": "1"})
    record = client.row(
        "Account",
        record_id,
        "CreatedBy.Name",
        "LastModifiedBy.Name",
        "CreatedDate",
        "LastModifiedDate",
        "SystemModstamp",
    )
    assert record["CreatedBy"] == {"Name": "Integration User"}
    assert record["LastModifiedBy"] == {"Name": "Ada Admin"}
    assert record["LastModifiedDate"] == record["SystemModstamp"]
    assert record["LastModifiedDate"] >= record["CreatedDate"]
    error = client.error("Account", CRM_Id__c="b", Name="N", CreatedDate="2020-01-01T00:00:00Z")
    assert error["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_number_is_taken_for_a_text_and_a_moment_for_its_day(client: Client) -> None:
    """R, openstax."""
    moment = "2026-03-16T21:53:52Z"
    given = {"Name": 12, "NextStep": 1.5, "StageName": "Prospecting", "CloseDate": moment}
    made = client.upsert_one("Opportunity", CRM_Id__c=1, **given)
    row = client.row("Opportunity", made, "CRM_Id__c", "Name", "NextStep", "CloseDate")
    assert row == {"CRM_Id__c": "1", "Name": "12", "NextStep": "1.5", "CloseDate": "2026-03-16"}
