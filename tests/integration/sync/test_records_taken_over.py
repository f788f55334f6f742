"""Records that a row takes over by a conversion or a merge: what people wrote there is theirs."""

from __future__ import annotations

import pytest

from crm_sync.report.model import RunReport
from tests.integration.sync.both_ways import assert_one_plan
from tests.integration.sync.people import (
    accounts,
    codes,
    convert_here,
    foreign,
    lead_of,
    say,
)
from tests.integration.sync.practice import Practice, Record

HELD = "EDITED_IN_SALESFORCE"


@pytest.fixture
def converted(practice: Practice) -> tuple[str, str]:
    """An account of which people made a lead in Salesforce, and edited it there: the key that it
    has in the database by now, and its Id.
    """
    lead = practice.add(
        "leads", company_name="Kelp", last_name="Ng", lead_status="won", phone="1", industry="Media"
    )
    practice.add("leads", last_name="Ono")
    practice.sync()
    became = practice.org.convert_lead(lead_of(practice, lead))["ConvertedAccountId"]
    practice.org.edit(became, {"Phone": "9", "BillingCity": "Bremen"})
    return convert_here(practice, lead), became


@pytest.fixture
def merged(practice: Practice) -> tuple[str, str]:
    """An account whose record people merged into one of their own: its key, and the master's Id."""
    account = practice.add("accounts", company_name="Kelp", phone="1", website="kelp.example")
    practice.sync()
    master = foreign(practice, Name="Theirs", Phone="9", Website="kelp.example")
    practice.org.merge(master, practice.record("Account", account)["Id"])
    practice.change("accounts", account, website="kelp.test")
    return account, master


def lost(report: RunReport) -> dict[str, Record]:
    """What stood in the records that a run overwrote, by key."""
    return {
        row.key: {c.field: c.current for c in row.overwritten} for row in report.overwritten_rows
    }


def account_of(practice: Practice, given: str) -> Record:
    [record] = [record for record in accounts(practice) if record["Id"] == given]
    return record


# on_edited ---------------------------------------------------------------------------------------


def test_what_people_wrote_into_a_converted_account_is_counted_and_named(
    practice: Practice, converted: tuple[str, str]
) -> None:
    key, became = converted
    [row] = [row for row in practice.plan() if row.key == key]
    before = {change.field: change.before for change in row.changes}
    assert (before["Phone"], before["BillingCity"]) == ("9", "Bremen")
    report = practice.sync()
    # Not Name and Industry, which the conversion copied from our lead.
    assert lost(report) == {key: {"Phone": "9", "BillingCity": "Bremen"}}
    assert account_of(practice, became)["Phone"] == "1"
    practice.change("accounts", key, phone="2")
    assert practice.sync().overwritten == 0


def test_what_people_wrote_into_a_converted_account_is_held(
    practice: Practice, converted: tuple[str, str]
) -> None:
    key, became = converted
    say(practice, "account", "on_edited: hold")
    with practice.planned(against_org=True) as plan:
        assert [(row.key, row.state) for row in plan.rows() if row.mapping == "account"] == [
            (key, "held")
        ]
    for _ in range(2):
        report = practice.sync()
        [row] = report.problems
        assert [(p.code, p.field) for p in row.problems] == [(HELD, "BillingCity"), (HELD, "Phone")]
        [phone] = [change for change in row.changes if change.field == "Phone"]
        assert (phone.after, phone.current) == ("1", "9")
        assert "merged or made of a lead" in row.problems[0].sentence
        assert account_of(practice, became)["Phone"] == "9"
    assert_one_plan(practice)
    practice.change("accounts", key, industry="Shipping")
    practice.sync()
    assert codes(practice) == {key: HELD}, "a later change lets nothing through"
    assert lost(practice.sync(overwrite=(key,)))[key] == {"Phone": "9", "BillingCity": "Bremen"}
    record = practice.record("Account", key)
    assert (record["Id"], record["Phone"], record["Industry"]) == (became, "1", "Shipping")
    practice.finds_nothing_to_send()


def test_a_held_account_goes_when_the_database_takes_their_values_over(
    practice: Practice, converted: tuple[str, str]
) -> None:
    key, became = converted
    say(practice, "account", "on_edited: hold")
    practice.sync()
    practice.change("accounts", key, phone="9", billing_city="Bremen")
    assert practice.sync().status == "finished"
    assert practice.record("Account", key)["Id"] == became
    practice.finds_nothing_to_send()


def test_what_stands_in_the_master_of_a_merge_is_counted_and_named(
    practice: Practice, merged: tuple[str, str]
) -> None:
    key, _ = merged
    report = practice.sync()
    # Not Website: the merge took ours.
    assert lost(report) == {key: {"Name": "Theirs", "Phone": "9"}}
    assert practice.record("Account", key)["Name"] == "Kelp"
    assert practice.history(key)[1:] == [("update", "followed"), ("update", "recorded")]


def test_what_stands_in_the_master_of_a_merge_is_held(
    practice: Practice, merged: tuple[str, str]
) -> None:
    key, master = merged
    say(practice, "account", "on_edited: hold")
    project = practice.add("projects", account_id=key, start_date="2026-01-05")
    practice.sync()
    assert codes(practice) == {key: HELD}
    assert account_of(practice, master)["Name"] == "Theirs"
    assert practice.record("Opportunity", project)["AccountId"] == master
    rows = [row for row in practice.plan() if row.key == key]
    [name] = [change for change in rows[0].changes if change.field == "Name"]
    assert (name.before, name.after) == ("Theirs", "Kelp")
    assert practice.sync(overwrite=(key,)).status == "finished"
    practice.assert_same()


def test_a_record_taken_over_and_held_is_not_deleted_with_its_row(
    practice: Practice, merged: tuple[str, str]
) -> None:
    key, master = merged
    say(practice, "account", "on_edited: hold")
    practice.add("accounts")
    practice.sync()
    practice.remove("accounts", key)
    practice.sync(allow_deletions=True)
    assert codes(practice) == {key: HELD}
    assert account_of(practice, master)["Name"] == "Theirs"


# Links -------------------------------------------------------------------------------------------


def converted_with_calls(practice: Practice) -> tuple[str, Record, dict[str, str]]:
    """A lead with a call and a meeting, converted in Salesforce with an opportunity: its key, the
    converted lead, and the keys of both by object.
    """
    lead = practice.add("leads", company_name="Kelp", last_name="Ng", lead_status="won")
    practice.add("leads", last_name="Ono")
    keys = {
        "Task": practice.add("activities", lead_id=lead),
        "Event": practice.add("activities", lead_id=lead, activity_type="meeting"),
    }
    practice.sync()
    return lead, practice.org.convert_lead(lead_of(practice, lead), opportunity=True), keys


def links(practice: Practice, keys: dict[str, str]) -> set[tuple[str | None, str | None]]:
    """What the records of these keys name."""
    records = [practice.record(name, key) for name, key in keys.items()]
    return {(record["WhoId"], record["WhatId"]) for record in records}


def test_activities_of_a_converted_lead_keep_the_links_of_the_conversion(
    practice: Practice,
) -> None:
    lead, made, keys = converted_with_calls(practice)
    account = convert_here(practice, lead)
    assert_one_plan(practice)
    report = practice.sync()
    theirs = (made["ConvertedContactId"], made["ConvertedOpportunityId"])
    assert practice.record("Account", account)["Id"] == made["ConvertedAccountId"]
    assert links(practice, keys) == {theirs}
    assert not set(lost(report)) & set(keys.values())
    practice.change("activities", keys["Task"], subject="Ebb")
    practice.sync()
    assert links(practice, keys) == {theirs}
    assert practice.record("Task", keys["Task"])["Subject"].endswith("Ebb")
    assert practice.plan(full=True) == []


def test_a_run_names_the_leads_it_closes_and_their_activities_keep_their_links_later(
    practice: Practice,
) -> None:
    lead, made, keys = converted_with_calls(practice)
    practice.change("leads", lead, title="Pilot")
    report = practice.sync()
    assert (report.status, report.closed, report.overwritten) == ("finished", 1, 0)
    [row] = report.closed_rows
    assert (row.key, row.label, row.state) == (lead, "Kelp", "closed")
    assert made["ConvertedAccountId"] in row.problems[0].sentence
    convert_here(practice, lead)
    # Of a part: what names the lead comes to be planned later.
    assert practice.sync(select=("lead", "account")).closed == 0
    practice.sync()
    assert links(practice, keys) == {(made["ConvertedContactId"], made["ConvertedOpportunityId"])}
    assert practice.value("select count(*) from sync.record where key = %s", lead) == 0


def test_an_activity_that_moved_to_another_parent_in_the_database_goes_there(
    practice: Practice,
) -> None:
    other = practice.add("accounts", company_name="Tern")
    lead, made, keys = converted_with_calls(practice)
    practice.connection.execute(
        "update activities set lead_id = null, account_id = %s where id = %s", [other, keys["Task"]]
    )
    convert_here(practice, lead)
    practice.sync()
    assert (
        practice.record("Task", keys["Task"])["WhatId"] == practice.record("Account", other)["Id"]
    )
    assert practice.record("Event", keys["Event"])["WhatId"] == made["ConvertedOpportunityId"]
