"""Values at the edge of what Salesforce documents: e-mail addresses, picklists, long events."""

from typing import Any

import pytest

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg

from .client import Client

START = "2026-05-04T09:00:00Z"


@pytest.mark.parametrize(
    "address",
    ["a..b@test.org", "a..@test.org", "ü@ü.example", "john.doe@(comment)example.com",
     '"a b"@test.org', "o'neil+x@test.org", "a@exa-mple.co.uk"],
)  # fmt: skip
def test_an_address_that_the_help_allows_is_taken(client: Client, address: str) -> None:
    record = client.upsert_one("Lead", CRM_Id__c=address, LastName="N", Company="C", Email=address)
    assert client.row("Lead", record, "Email") == {"Email": address}


@pytest.mark.parametrize(
    "address",
    [".a@test.org", "a@test", "a@", "@test.org", "a b@test.org", "a,b@test.org", "a@b@test.org",
     "a@te_st.org", "a@.test.org", "a@test."],
)  # fmt: skip
def test_an_address_that_it_does_not_allow_is_refused(client: Client, address: str) -> None:
    error = client.error("Lead", CRM_Id__c="m", LastName="N", Company="C", Email=address)
    assert error["statusCode"] == "INVALID_EMAIL_ADDRESS"


def test_upper_and_lower_case_make_no_new_picklist_value(client: Client) -> None:
    deal = {"Name": "N", "CloseDate": "2026-05-04", "StageName": "closed WON"}
    record = client.upsert_one("Opportunity", CRM_Id__c="c", **deal)
    assert client.row("Opportunity", record, "StageName", "IsWon") == {
        "StageName": "Closed Won",
        "IsWon": True,
    }
    deal["StageName"] = "Nearly won"
    record = client.upsert_one("Opportunity", CRM_Id__c="n", **deal)
    assert client.row("Opportunity", record, "StageName") == {"StageName": "Nearly won"}


@pytest.mark.parametrize(("minutes", "is_taken"), [(1441, True), (20160, True), (20161, False)])
def test_with_multiday_events_an_event_lasts_up_to_14_days(minutes: int, is_taken: bool) -> None:
    with LocalOrg(https=False, options=Options(multiday_events=True)) as org:
        given: dict[str, Any] = {"ActivityDateTime": START, "DurationInMinutes": minutes}
        [result] = Client(org).upsert("Event", {"CRM_Id__c": "e", "Subject": "E", **given})
    assert result["success"] is is_taken
