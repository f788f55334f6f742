"""Leads that people converted and records that they merged: rows follow them, none is doubled."""

from __future__ import annotations

import pytest

from crm_sync.errors import MappingError
from tests.integration.sync.people import (
    accounts,
    codes,
    convert_here,
    foreign,
    lead_of,
    merge,
    say,
)
from tests.integration.sync.practice import Practice


def is_deleted(practice: Practice, given: str) -> bool:
    record = practice.org.store.record(given)
    assert record is not None
    return bool(record["IsDeleted"])


def foretold(practice: Practice) -> set[tuple[str, str, str, str]]:
    """What a dry run against the org says of each row."""
    return {(r.mapping, r.key, r.action, r.state) for r in practice.plan(against_org=True)}


@pytest.fixture
def lead(practice: Practice) -> str:
    """A won lead in Salesforce, beside another."""
    key = practice.add(
        "leads", company_name="Harbour Pilots", last_name="Ng", lead_status="won", phone="1"
    )
    practice.add("leads", last_name="Ono")
    practice.sync()
    return key


# Converted ---------------------------------------------------------------------------------------


def test_a_lead_converted_there_and_then_here_makes_no_second_account(
    practice: Practice, lead: str
) -> None:
    call = practice.add("activities", lead_id=lead)
    practice.sync()
    given = lead_of(practice, lead)
    became = practice.org.convert_lead(given)["ConvertedAccountId"]
    account = convert_here(practice, lead)
    practice.change("accounts", account, phone="2")
    assert ("account", account, "update", "planned") in foretold(practice)
    practice.org.calls.clear()
    report = practice.sync()
    assert report.status == "finished"
    [record] = accounts(practice)
    assert (record["Id"], record["CRM_Id__c"], record["Phone"]) == (became, account, "2")
    assert practice.record("Task", call)["WhatId"] == became
    assert not is_deleted(practice, given), "a converted lead is not deleted"
    kept = practice.value(
        "select problem -> 'converted' from sync.history where key = %s and outcome = 'closed'",
        lead,
    )
    assert kept["Account"] == became
    assert kept["Contact"].startswith("003")
    assert practice.history(account) == [("update", "followed"), ("update", "recorded")]
    assert practice.sync().calls == 0


def test_a_lead_found_converted_before_the_crm_converts_it_makes_no_second_account(
    practice: Practice, lead: str
) -> None:
    became = practice.org.convert_lead(lead_of(practice, lead))["ConvertedAccountId"]
    practice.change("leads", lead, title="Pilot")
    practice.sync()
    assert practice.history(lead)[-1] == ("update", "closed")
    kept = practice.value("select problem -> 'converted' from sync.record where key = %s", lead)
    assert kept["Account"] == became
    account = convert_here(practice, lead)
    assert practice.sync().status == "finished"
    [record] = accounts(practice)
    assert (record["Id"], record["CRM_Id__c"]) == (became, account)


def test_a_lead_converted_here_and_then_there_before_a_sync_makes_no_second_account(
    practice: Practice, lead: str
) -> None:
    account = convert_here(practice, lead)
    became = practice.org.convert_lead(lead_of(practice, lead))["ConvertedAccountId"]
    practice.sync()
    [record] = accounts(practice)
    assert (record["Id"], record["CRM_Id__c"]) == (became, account)


def test_a_lead_converted_here_and_synced_is_gone_before_anybody_converts_it_there(
    practice: Practice, lead: str
) -> None:
    given = lead_of(practice, lead)
    account = convert_here(practice, lead)
    practice.sync()
    assert is_deleted(practice, given)
    [record] = accounts(practice)
    assert record["CRM_Id__c"] == account
    practice.assert_same()


def test_a_lead_converted_there_into_the_account_that_it_has_here(
    practice: Practice, lead: str
) -> None:
    account = practice.add("accounts", company_name="Harbour Pilots")
    practice.sync()
    mine = practice.record("Account", account)["Id"]
    given = lead_of(practice, lead)
    practice.org.convert_lead(given, account_id=mine)
    practice.value("select convert_lead(%s, %s)", lead, account)
    assert practice.sync().status == "finished"
    [record] = accounts(practice)
    assert record["Id"] == mine
    assert not is_deleted(practice, given)


def test_a_lead_converted_there_into_another_rows_account_holds_the_new_row(
    practice: Practice, lead: str
) -> None:
    other = practice.add("accounts", company_name="Kelp")
    practice.sync()
    practice.org.convert_lead(
        lead_of(practice, lead), account_id=practice.record("Account", other)["Id"]
    )
    account = convert_here(practice, lead)
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    expected = foretold(practice)
    practice.sync()
    assert codes(practice) == {account: "CONVERTED_ELSEWHERE", project: "PARENT_NOT_READY"}
    assert other in practice.problem(account)["sentence"]
    assert len(accounts(practice)) == 1
    assert {e for e in expected if e[3] != "planned"} == {
        ("account", account, "create", "held"), ("opportunity", project, "create", "blocked"),
    }  # fmt: skip


def test_the_account_that_a_lead_became_was_merged_since(practice: Practice, lead: str) -> None:
    became = practice.org.convert_lead(lead_of(practice, lead))["ConvertedAccountId"]
    master = practice.org.store.records("Account")[0]
    other = practice.add("accounts", company_name="Kelp")
    practice.sync(create_anyway=True)  # the org holds an account: the one that the lead became
    kelp = practice.record("Account", other)
    practice.org.edit(kelp["Id"], {"CRM_Id__c": None})
    practice.connection.execute("delete from sync.record where key = %s", [other])
    practice.connection.execute("delete from accounts where id = %s", [other])
    practice.org.merge(kelp["Id"], became)
    account = convert_here(practice, lead)
    practice.sync()
    [record] = accounts(practice)
    assert (record["Id"], record["CRM_Id__c"]) == (kelp["Id"], account)
    assert master["Id"] == became


def test_without_the_mappings_word_a_converted_lead_makes_its_own_account(
    practice: Practice, lead: str
) -> None:
    file = practice.mappings / "lead.yaml"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join(line for line in lines if not line.startswith("converted:")))
    practice.org.convert_lead(lead_of(practice, lead))
    convert_here(practice, lead)
    practice.sync(create_anyway=True)
    assert len(accounts(practice)) == 2


@pytest.mark.parametrize(
    ("mapping", "text", "said"),
    [
        ("account", "converted: {account: email}", "Salesforce converts leads, and no Account"),
        ("lead", "converted: {task: converted_account_id}", "no Task"),
        ("lead", "converted: {account: converted_to}", "no column converted_to"),
    ],
)
def test_what_converted_cannot_name_is_told_with_its_line(
    practice: Practice, mapping: str, text: str, said: str
) -> None:
    file = practice.mappings / f"{mapping}.yaml"
    lines = [li for li in file.read_text("utf-8").splitlines() if not li.startswith("converted:")]
    file.write_text("\n".join([*lines, text, ""]))
    with pytest.raises(MappingError, match=rf"{mapping}\.yaml:\d+:\d+: .*{said}"):
        practice.plan()


def test_leads_alone_are_closed_where_no_mapping_has_what_they_became(
    practice: Practice, lead: str
) -> None:
    given = lead_of(practice, lead)
    for name in ("account", "opportunity", "task", "event"):
        (practice.mappings / f"{name}.yaml").unlink()
    practice.org.convert_lead(given)
    convert_here(practice, lead)
    assert practice.sync().status == "finished"
    assert not is_deleted(practice, given)


# Merged ------------------------------------------------------------------------------------------


def test_a_row_whose_record_was_merged_into_a_foreign_one_follows_it_in_one_run(
    practice: Practice,
) -> None:
    account = practice.add("accounts", company_name="Kelp", phone="1")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.sync()
    master = foreign(practice, Website="theirs.example")
    practice.org.merge(master, practice.record("Account", account)["Id"])
    practice.change("accounts", account, phone="2")
    new = practice.add("projects", account_id=account, start_date="2026-02-05")
    assert ("account", account, "update", "planned") in foretold(practice)
    assert practice.sync().status == "finished"
    record = practice.record("Account", account)
    assert (record["Id"], record["Name"], record["Phone"]) == (master, "Kelp", "2")
    for key in (project, new):
        assert practice.record("Opportunity", key)["AccountId"] == master
    assert ("update", "followed") in practice.history(account)
    practice.sync()
    practice.assert_same()


def test_of_two_rows_whose_records_were_merged_one_is_held_and_names_the_other(
    practice: Practice,
) -> None:
    winner, loser = practice.add("accounts", phone="1"), practice.add("accounts", phone="1")
    project = practice.add("projects", account_id=loser, start_date="2026-01-05")
    practice.sync()
    master = merge(practice, winner, loser)
    practice.change("accounts", loser, phone="2")
    practice.change("accounts", winner, phone="3")
    practice.sync()
    assert codes(practice) == {loser: "RECORD_MERGED"}
    assert f"the record of account {winner}" in practice.problem(loser)["sentence"]
    assert practice.record("Account", winner)["Phone"] == "3"
    new = practice.add("projects", account_id=loser, start_date="2026-02-05")
    practice.sync()
    for key in (project, new):
        assert practice.record("Opportunity", key)["AccountId"] == master
    entries = len(practice.history(loser))
    practice.sync()
    assert len(practice.history(loser)) == entries


def test_a_chain_of_merges_is_followed_to_its_end(practice: Practice) -> None:
    one, two, three = (practice.add("accounts", phone="1") for _ in range(3))
    practice.sync()
    merge(practice, two, one)
    merge(practice, three, two)
    practice.change("accounts", one, phone="2")
    practice.change("accounts", two, phone="2")
    practice.sync()
    assert codes(practice) == {one: "RECORD_MERGED", two: "RECORD_MERGED"}
    for key in (one, two):
        assert f"the record of account {three}" in practice.problem(key)["sentence"]


def test_of_two_losers_one_gets_the_foreign_master(practice: Practice) -> None:
    one, two = sorted(practice.add("accounts", phone="1") for _ in range(2))
    practice.sync()
    master = foreign(practice)
    for key in (one, two):
        practice.org.merge(master, practice.record("Account", key)["Id"])
        practice.change("accounts", key, phone="2")
    practice.sync()
    assert codes(practice) == {two: "RECORD_MERGED"}
    assert f"the record of account {one}" in practice.problem(two)["sentence"]
    assert practice.record("Account", one)["Id"] == master


def test_a_merged_record_whose_master_was_deleted_counts_as_deleted(practice: Practice) -> None:
    winner, loser = practice.add("accounts"), practice.add("accounts", phone="1")
    practice.sync()
    master = merge(practice, winner, loser)
    practice.org.delete(master)
    practice.change("accounts", loser, phone="2")
    practice.sync()
    assert codes(practice)[loser] == "RECORD_DELETED"
    assert "which was deleted" in practice.problem(loser)["sentence"]
    say(practice, "account", "on_missing: recreate")
    practice.sync()
    assert practice.record("Account", loser)["Phone"] == "2"


def test_a_held_row_takes_the_record_over_when_the_other_row_goes(practice: Practice) -> None:
    winner, loser = practice.add("accounts"), practice.add("accounts", phone="1")
    practice.sync()
    master = merge(practice, winner, loser)
    practice.change("accounts", loser, phone="2")
    practice.sync()
    practice.remove("accounts", winner)
    assert practice.sync().status == "finished"
    [record] = accounts(practice)
    assert (record["Id"], record["CRM_Id__c"], record["Phone"]) == (master, loser, "2")
    practice.assert_same()


def test_a_held_row_that_goes_leaves_the_master_alone(practice: Practice) -> None:
    winner, loser = practice.add("accounts"), practice.add("accounts", phone="1")
    practice.sync()
    master = merge(practice, winner, loser)
    practice.change("accounts", loser, phone="2")
    practice.sync()
    practice.remove("accounts", loser)
    assert practice.sync().status == "finished"
    [record] = accounts(practice)
    assert (record["Id"], record["CRM_Id__c"]) == (master, winner)
    practice.assert_same()


def test_a_merged_lead_is_followed_as_an_account_is(practice: Practice, lead: str) -> None:
    [other] = [r for r in practice.org.store.records("Lead") if r["CRM_Id__c"] != lead]
    practice.org.edit(other["Id"], {"CRM_Id__c": None})
    practice.connection.execute("delete from sync.record where key = %s", [other["CRM_Id__c"]])
    practice.connection.execute("delete from leads where id = %s", [other["CRM_Id__c"]])
    practice.org.merge(other["Id"], lead_of(practice, lead))
    practice.change("leads", lead, title="Pilot")
    assert practice.sync().status == "finished"
    record = practice.record("Lead", lead)
    assert (record["Id"], record["LastName"], record["Title"]) == (other["Id"], "Ng", "Pilot")


def test_a_record_that_carries_no_key_yet_is_planned_both_ways(practice: Practice) -> None:
    account = practice.add("accounts", phone="1")
    practice.sync()
    master = foreign(practice)
    practice.org.merge(master, practice.record("Account", account)["Id"])
    practice.change("accounts", account, phone="2")
    with practice.planned() as report:
        expected = report.digest
    practice.sync(expect=expected)  # it finds the merge, and must not send what follows
    for full in (False, True):
        [row] = practice.plan(full=full)
        assert (row.salesforce_id, row.state) == (master, "planned")
        assert ("CRM_Id__c", None, account) in [(c.field, c.before, c.after) for c in row.changes]
    practice.sync()
    assert practice.record("Account", account)["Id"] == master


# Archived ----------------------------------------------------------------------------------------


def test_archived_activities_are_found_by_their_key(practice: Practice) -> None:
    account = practice.add("accounts")
    call = practice.add("activities", account_id=account, subject="Tides")
    practice.sync()
    given = practice.record("Task", call)["Id"]
    practice.org.edit(given, {"IsArchived": True})
    practice.connection.execute("delete from sync.record where key = %s", [call])
    practice.connection.execute("update sync.mapping set looked_up_at = null")
    assert practice.plan() == []
    practice.change("activities", call, subject="Ebb")
    practice.sync()
    assert practice.record("Task", call)["Id"] == given
    assert practice.record("Task", call)["Subject"] == "Call: Ebb"
