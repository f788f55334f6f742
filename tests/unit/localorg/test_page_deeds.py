"""What the page's buttons do: people at work in Salesforce, and the org's levers."""

import json
from collections.abc import Iterator

import pytest

from crm_sync.localorg.serve import LocalOrg

from .browser_like import Seen, Visitor
from .client import Client


@pytest.fixture(scope="module")
def visitor(running_org: LocalOrg) -> Visitor:
    return Visitor(running_org)


@pytest.fixture
def own() -> Iterator[LocalOrg]:
    with LocalOrg(https=False) as org:
        yield org


def test_an_edit_writes_the_changed_fields_as_the_administrator(
    client: Client, visitor: Visitor
) -> None:
    lead = client.upsert_one(
        "Lead", CRM_Id__c="e1", LastName="Old", Company="C", Street="One\nTwo", AnnualRevenue=5.0
    )
    answer = visitor.edit(lead, LastName="New", Street="One\r\nTwo", Rating="Hot")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/page/records/{lead}?done=edited"
    assert "Saved" in visitor.see(answer.headers["Location"]).text
    found = client.org.store.record(lead)
    assert found is not None
    assert (found["LastName"], found["Rating"], found["Street"]) == ("New", "Hot", "One\nTwo")
    administrator = client.row("Lead", lead, "LastModifiedBy.Alias")
    assert administrator == {"LastModifiedBy": {"Alias": "admin"}}


def test_a_field_that_a_sync_changed_meanwhile_is_not_set_back(
    client: Client, visitor: Visitor
) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="e2", LastName="L", Company="Before")
    form = visitor.see(f"/page/records/{lead}/edit").form()
    client.update("Lead", lead, Company="After")
    visitor.post(f"/page/records/{lead}/edit", {**form, "Title": "CEO"})
    assert client.row("Lead", lead, "Company", "Title") == {"Company": "After", "Title": "CEO"}


def test_a_form_that_nobody_touched_changes_nothing(client: Client, visitor: Visitor) -> None:
    event = client.upsert_one(
        "Event",
        CRM_Id__c="e3",
        Subject="Meeting",
        StartDateTime="2026-11-26T09:00:00Z",
        DurationInMinutes=30,
    )
    before = client.org.store.record(event)
    # A browser leaves out seconds that are zero.
    answer = visitor.edit(event, StartDateTime="2026-11-26T09:00")
    assert answer.headers["Location"].endswith("?done=unchanged")
    assert client.org.store.record(event) == before


def test_an_empty_text_clears_a_field_and_a_box_is_ticked_and_unticked(
    client: Client, visitor: Visitor
) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="e4", LastName="L", Company="C", Phone="1")
    visitor.edit(lead, Phone="", IsUnreadByOwner="true")
    fields = ("Phone", "IsUnreadByOwner")
    assert client.row("Lead", lead, *fields) == {"Phone": None, "IsUnreadByOwner": True}
    visitor.edit(lead, IsUnreadByOwner=None)
    assert client.row("Lead", lead, *fields) == {"Phone": None, "IsUnreadByOwner": False}


def test_a_refused_edit_keeps_what_was_typed_and_says_why(client: Client, visitor: Visitor) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="e5", LastName="L", Company="C")
    answer = visitor.edit(lead, Email="no address", Title="Typed")
    assert answer.status_code == 400
    seen = Seen(answer.text)
    assert "INVALID_EMAIL_ADDRESS" in seen.text
    assert "invalid email address: no address" in seen.text
    assert (seen.form()["Email"], seen.form()["Title"]) == ("no address", "Typed")
    assert answer.text.count('aria-invalid="true"') == 1
    assert client.row("Lead", lead, "Email", "Title") == {"Email": None, "Title": None}
    mended = {**seen.form(), "Email": "a@example.com"}
    assert visitor.post(f"/page/records/{lead}/edit", mended).status_code == 303
    assert client.row("Lead", lead, "Email", "Title") == {
        "Email": "a@example.com",
        "Title": "Typed",
    }


@pytest.mark.parametrize("form", [{}, {"shown": "["}, {"shown": "[]"}, {"shown": "1"}])
def test_a_form_that_is_not_the_pages_changes_nothing(
    client: Client, visitor: Visitor, form: dict[str, str]
) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="e6", LastName="L", Company="C")
    answer = visitor.post(f"/page/records/{lead}/edit", {**form, "LastName": "X"})
    assert answer.status_code == 400
    assert client.row("Lead", lead, "LastName") == {"LastName": "L"}


def test_a_deleted_account_comes_back_with_what_went_along(
    client: Client, visitor: Visitor
) -> None:
    account = client.upsert_one("Account", CRM_Id__c="d1", Name="A")
    opportunity = client.upsert_one(
        "Opportunity",
        CRM_Id__c="d2",
        Name="O",
        AccountId=account,
        StageName="S",
        CloseDate="2026-01-01",
    )
    answer = visitor.post(f"/page/records/{account}/delete")
    assert answer.headers["Location"] == f"/page/records/{account}?done=deleted"
    assert client.row("Opportunity", opportunity, "IsDeleted") == {"IsDeleted": True}
    answer = visitor.post(f"/page/records/{account}/undelete")
    assert answer.headers["Location"] == f"/page/records/{account}?done=undeleted"
    assert client.row("Account", account, "IsDeleted") == {"IsDeleted": False}
    assert client.row("Opportunity", opportunity, "IsDeleted", "AccountId") == {
        "IsDeleted": False,
        "AccountId": account,
    }


def test_a_record_whose_key_was_taken_stays_in_the_bin(client: Client, visitor: Visitor) -> None:
    first = client.upsert_one("Account", CRM_Id__c="taken", Name="First")
    client.org.delete(first)
    second = client.upsert_one("Account", CRM_Id__c="taken", Name="Second")
    answer = visitor.post(f"/page/records/{first}/undelete")
    assert answer.status_code == 400
    assert "DUPLICATE_VALUE" in answer.text
    assert second[:15] in answer.text
    assert client.row("Account", first, "IsDeleted") == {"IsDeleted": True}


def test_a_lead_is_converted_into_a_new_account_or_a_chosen_one(
    client: Client, visitor: Visitor
) -> None:
    account = client.upsert_one("Account", CRM_Id__c="c0", Name="Grünwald AG")
    one = client.upsert_one("Lead", CRM_Id__c="c1", LastName="L", Company="Grünwald AG")
    two = client.upsert_one("Lead", CRM_Id__c="c2", LastName="L", Company="Grünwald AG")
    offered = visitor.see(f"/page/records/{one}/convert")
    assert account in offered.text
    visitor.post(f"/page/records/{one}/convert", {"account": account})
    assert client.row("Lead", one, "ConvertedAccountId") == {"ConvertedAccountId": account}
    assert client.row("Lead", one, "ConvertedOpportunityId") == {"ConvertedOpportunityId": None}
    visitor.post(f"/page/records/{two}/convert", {"account": "", "opportunity": "1"})
    made, opportunity = client.row(
        "Lead", two, "ConvertedAccountId", "ConvertedOpportunityId"
    ).values()
    assert made not in (None, account)
    assert client.row("Opportunity", opportunity, "AccountId") == {"AccountId": made}
    assert client.row("Account", made, "Name") == {"Name": "Grünwald AG"}
    assert "Converted into the account Grünwald AG" in visitor.see(f"/page/records/{two}").text
    again = visitor.post(f"/page/records/{two}/convert", {"account": ""})
    assert again.status_code == 400
    assert "CANNOT_UPDATE_CONVERTED_LEAD" in again.text
    assert visitor.get(f"/page/records/{two}/convert").status_code == 404


def test_up_to_three_accounts_are_merged_into_the_chosen_master(
    client: Client, visitor: Visitor
) -> None:
    a, b, c, d = (
        client.upsert_one("Account", CRM_Id__c=f"m{n}", Name=f"Merging {n}") for n in range(4)
    )
    task = client.upsert_one("Task", CRM_Id__c="mt", Subject="T", WhatId=a)
    offered = visitor.see(f"/page/records/{a}/merge")
    assert all(f"/page/records/{other}" in offered.links for other in (b, c, d))
    answer = visitor.post(f"/page/records/{a}/merge", {"master": b, "merged": [a, b, c]})
    assert answer.headers["Location"] == f"/page/records/{b}?done=merged"
    for loser in (a, c):
        assert client.row("Account", loser, "MasterRecordId") == {"MasterRecordId": b}
        assert "Merged into Merging 1" in visitor.see(f"/page/records/{loser}").text
    assert client.row("Task", task, "WhatId") == {"WhatId": b}
    assert client.row("Account", d, "IsDeleted") == {"IsDeleted": False}


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_or_too_many_are_not_merged(client: Client, visitor: Visitor, count: int) -> None:
    ids = [client.upsert_one("Account", CRM_Id__c=f"few{n}", Name="Few") for n in range(4)]
    form = {"master": ids[0], "merged": ids[:count]}
    answer = visitor.post(f"/page/records/{ids[0]}/merge", form)
    assert answer.status_code == 400
    assert client.row("Account", ids[1], "IsDeleted") == {"IsDeleted": False}


def test_a_merge_that_is_refused_half_way_merges_nothing(client: Client, visitor: Visitor) -> None:
    a, b, gone = (client.upsert_one("Account", CRM_Id__c=f"h{n}", Name="Half") for n in range(3))
    client.org.delete(gone)
    answer = visitor.post(f"/page/records/{a}/merge", {"master": a, "merged": [a, b, gone]})
    assert answer.status_code == 404
    assert client.row("Account", b, "IsDeleted") == {"IsDeleted": False}


def test_the_levers_do_what_they_say(own: LocalOrg) -> None:
    visitor, client = Visitor(own), Client(own)
    for lever, status in (("use-up-limit", 403), ("reset-limit", 200), ("expire-sessions", 401)):
        answer = visitor.post(f"/page/levers/{lever}", follow=True)
        assert answer.status_code == 200
        assert 'role="status"' in answer.text
        assert client.call("GET", "/limits").status_code == status
    visitor.post("/page/levers/forget-calls")
    assert len(own.calls) == 0
    assert visitor.post("/page/levers/nothing").status_code == 404


def test_a_fault_is_switched_on_once_or_until_it_is_switched_off(own: LocalOrg) -> None:
    visitor, client = Visitor(own), Client(own)
    once = {"preset": "unavailable", "times": "once"}
    assert visitor.post("/page/levers/add-fault", once).status_code == 303
    first = client.call("GET", "/limits")
    assert (first.status_code, "Service Unavailable" in first.text) == (503, True)
    assert client.call("GET", "/limits").status_code == 200
    assert "fired: 1, left: 0" in visitor.see("/").text
    visitor.post("/page/levers/add-fault", {"preset": "", "rule": '{"then": {"status": 418}}'})
    assert [client.call("GET", "/limits").status_code for _ in range(2)] == [418, 418]
    visitor.post("/page/levers/remove-fault", {"number": "1"})
    assert client.call("GET", "/limits").status_code == 200
    assert len(own.faults) == 1
    visitor.post("/page/levers/remove-faults")
    assert len(own.faults) == 0
    assert visitor.post("/page/levers/remove-fault", {"number": "0"}).status_code == 404


def test_a_rule_of_the_org_is_switched_on_and_off(own: LocalOrg) -> None:
    visitor, client = Visitor(own), Client(own)
    rule = {
        "rule": "validation", "object": "Lead", "when": {"Phone": {"blank": True}},
        "message": "A phone, please",
    }  # fmt: skip
    answer = visitor.post("/page/levers/add-rule", {"rule": json.dumps(rule)})
    assert answer.headers["Location"] == "/?done=rule-on"
    refused = client.error("Lead", CRM_Id__c="r", LastName="L", Company="C")
    assert refused["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert "A phone, please" in visitor.see("/").text
    wrong = visitor.post("/page/levers/add-rule", {"rule": '{"rule": "nothing"}'})
    assert wrong.status_code == 400
    visitor.post("/page/levers/remove-rule", {"number": "0"})
    client.upsert_one("Lead", CRM_Id__c="r", LastName="L", Company="C")
    assert visitor.post("/page/levers/remove-rule", {"number": "0"}).status_code == 404


def test_every_fault_that_is_offered_is_one(own: LocalOrg) -> None:
    from crm_sync.localorg.page.levers import PRESETS

    visitor = Visitor(own)
    seen = visitor.see("/")
    for number, (key, preset) in enumerate(PRESETS.items(), 1):
        assert preset.label in seen.text
        answer = visitor.post("/page/levers/add-fault", {"preset": key, "times": ""})
        assert answer.status_code == 303
        assert len(own.faults) == number


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("", "A rule is written as JSON, and this is none at line 1, column 1."),
        ("{", "A rule is written as JSON, and this is none at line 1, column 2."),
        ("[]", "A fault rule must be a JSON object, not []."),
        ('{"then": {}}', "then must have one of: status, body,"),
        ('{"whne": 1, "then": {"x": 1}}', "A fault rule.whne is not known"),
    ],
)
def test_a_rule_that_is_none_is_refused(own: LocalOrg, rule: str, message: str) -> None:
    answer = Visitor(own).post("/page/levers/add-fault", {"preset": "", "rule": rule})
    assert answer.status_code == 400
    assert message in answer.text
    assert len(own.faults) == 0
