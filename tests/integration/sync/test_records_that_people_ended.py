"""Records that people deleted, merged or converted in Salesforce: read there, never guessed."""

from __future__ import annotations

import pytest

from crm_sync.sync.errors import Ended
from tests.integration.sync.practice import Practice


def recreate(practice: Practice, mapping: str) -> None:
    file = practice.mappings / f"{mapping}.yaml"
    file.write_text(file.read_text("utf-8") + "on_missing: recreate\n", "utf-8")


@pytest.fixture
def deleted(practice: Practice) -> str:
    """The key of an account whose record a person deleted, and whose row changed since."""
    key = practice.add("accounts", company_name="Harbour Pilots")
    practice.sync()
    practice.org.delete(practice.record("Account", key)["Id"])
    practice.change("accounts", key, phone="+49 555 0101")
    return key


def test_a_record_that_was_deleted_there_is_held_and_not_brought_back_as_a_torso(
    practice: Practice, deleted: str
) -> None:
    report = practice.sync()
    assert practice.records("Account", deleted) == []
    assert practice.count(report, "account").held == 1
    assert practice.problem(deleted)["code"] == "RECORD_DELETED"
    assert practice.history(deleted)[-1] == ("update", "held")
    (tried,) = practice.rows("select before, after from sync.history where outcome = 'held'")
    assert tried == {"before": {"Phone": None}, "after": {"Phone": "+49 555 0101"}}
    practice.org.calls.clear()
    assert practice.count(practice.sync(), "account").held == 1
    assert practice.writes() == []


def test_a_held_record_that_was_restored_there_goes_on(practice: Practice, deleted: str) -> None:
    practice.sync()
    given = practice.value("select salesforce_id from sync.record")
    stored = practice.org.store.record(given)
    assert stored is not None
    practice.org.store.update(practice.org.store.schema["Account"], [stored | {"IsDeleted": 0}])
    assert [row.action for row in practice.plan()] == ["update"]
    assert practice.sync().status == "finished"
    assert practice.record("Account", deleted)["Phone"] == "+49 555 0101"
    practice.assert_same()


def test_a_held_record_whose_row_is_deleted_is_forgotten(practice: Practice, deleted: str) -> None:
    practice.sync()
    practice.remove("accounts", deleted)
    assert practice.sync().status == "finished"
    practice.assert_same()
    values = (
        "select count(*) from sync.history"
        " where num_nonnulls(before, after) > 0 or problem ? 'sentence'"
    )
    assert practice.value(values) == 0


def test_children_of_a_held_parent_wait(practice: Practice, deleted: str) -> None:
    practice.sync()
    project = practice.add("projects", account_id=deleted, start_date="2026-01-05")
    practice.sync()
    assert practice.open_rows()[f"opportunity:{project}"] == "blocked"
    assert "deleted in Salesforce" in practice.problem(project)["sentence"]


def test_a_missing_record_is_made_again_whole_where_the_mapping_says_so(
    practice: Practice, deleted: str
) -> None:
    recreate(practice, "account")
    assert practice.sync().status == "finished"
    record = practice.record("Account", deleted)
    assert (record["Name"], record["Phone"]) == ("Harbour Pilots", "+49 555 0101")
    practice.assert_same()
    assert practice.history(deleted)[1:] == [("update", "gone"), ("create", "recorded")]
    (told,) = practice.rows("select problem from sync.history where outcome = 'gone'")
    assert (told["problem"]["severity"], told["problem"]["mend"]) == (
        "note", "Nothing: it is made again.",
    )  # fmt: skip


def test_a_parent_made_again_takes_its_children_along(practice: Practice) -> None:
    recreate(practice, "lead")
    recreate(practice, "task")
    lead = practice.add("leads", last_name="Ng")
    call = practice.add("activities", lead_id=lead)
    practice.sync()
    former = practice.record("Lead", lead)["Id"]
    practice.org.delete(former)
    practice.change("leads", lead, title="Pilot")
    practice.sync()
    renewed = practice.record("Lead", lead)["Id"]
    assert renewed != former
    assert practice.record("Task", call)["WhoId"] == renewed
    practice.assert_same()


def test_a_held_parent_that_the_mapping_now_makes_again_goes_with_its_children_in_one_run(
    practice: Practice,
) -> None:
    recreate(practice, "opportunity")
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])  # the opportunity goes along
    practice.change("accounts", account, phone="1")
    practice.sync()
    recreate(practice, "account")
    practice.sync()
    practice.sync()
    assert (
        practice.record("Opportunity", project)["AccountId"]
        == (practice.record("Account", account)["Id"])
    )
    practice.assert_same()


def test_a_child_that_names_a_parent_deleted_there_is_blocked_and_the_parent_is_found_out(
    practice: Practice,
) -> None:
    account = practice.add("accounts", company_name="Harbour Pilots")
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])
    projects = [
        practice.add("projects", account_id=account, start_date="2026-01-05") for _ in range(30)
    ]
    practice.org.calls.clear()
    practice.sync()
    assert {practice.open_rows()[f"opportunity:{p}"] for p in projects} == {"blocked"}
    assert "Harbour Pilots, which was deleted" in practice.problem(projects[0])["sentence"]
    assert practice.value("select state from sync.record where mapping = 'account'") == "gone"
    assert len(practice.org.calls) == 4, (
        "one sign-in, one question for a first load, one write, one question for all of them"
    )
    recreate(practice, "account")
    practice.sync()
    practice.assert_same()


def test_a_deletion_of_what_is_gone_already_is_done(practice: Practice) -> None:
    key = practice.add("accounts")
    practice.add("accounts")
    practice.sync()
    practice.org.delete(practice.record("Account", key)["Id"])
    practice.remove("accounts", key)
    assert practice.sync().status == "finished"
    practice.assert_same()


def test_a_merged_record_is_held_and_its_master_named(practice: Practice) -> None:
    recreate(practice, "account")  # even then: the other record stands for it
    winner, loser = practice.add("accounts"), practice.add("accounts")
    practice.sync()
    master = practice.record("Account", winner)["Id"]
    practice.org.merge(master, practice.record("Account", loser)["Id"])
    practice.change("accounts", loser, phone="1")
    practice.sync()
    practice.sync()
    assert practice.problem(loser)["code"] == "RECORD_MERGED"
    assert master in practice.problem(loser)["sentence"]
    assert practice.records("Account", loser) == []


def test_a_lead_that_people_converted_is_closed(practice: Practice) -> None:
    lead = practice.add("leads", last_name="Ng")
    call = practice.add("activities", lead_id=lead)
    practice.sync()
    practice.org.convert_lead(practice.record("Lead", lead)["Id"])
    practice.change("leads", lead, title="Pilot")
    practice.sync()
    assert practice.open_rows() == {}
    assert practice.history(lead)[-1] == ("update", "closed")
    assert practice.value("select state from sync.record where key = %s", lead) == "converted"
    practice.org.calls.clear()
    practice.change("leads", lead, title="Captain")
    practice.change("activities", call, notes="Said so.")
    assert practice.sync().status == "finished"
    assert [set(record) for record in practice.sent()] == [{"Id", "Description"}]


def test_a_lead_that_was_converted_on_both_sides_is_forgotten(practice: Practice) -> None:
    lead = practice.add("leads", last_name="Ng", lead_status="won")
    practice.add("leads", last_name="Ono")
    call = practice.add("activities", lead_id=lead)
    practice.sync()
    practice.org.convert_lead(practice.record("Lead", lead)["Id"])
    practice.change("leads", lead, title="Pilot")
    practice.sync()
    account = str(practice.value("select convert_lead(%s)", lead))
    practice.sync()
    assert practice.record("Task", call)["WhatId"] == practice.record("Account", account)["Id"]
    assert (
        practice.rows("select 1 from sync.record where key = %s and mapping = 'lead'", lead) == []
    )


def test_a_lookup_at_fault_is_named_where_all_records_are_alive(practice: Practice) -> None:
    account = practice.add("accounts")
    practice.sync()
    practice.refuse({"object": "Account"}, "INVALID_CROSS_REFERENCE_KEY", "OwnerId")
    practice.change("accounts", account, phone="1")
    practice.sync()
    assert practice.open_rows() == {f"account:{account}": "refused"}
    assert practice.problem(account)["field"] == "OwnerId"


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_record_made_again_unheard_is_not_left_behind_when_its_row_goes(
    practice: Practice, deleted: str, drop: str
) -> None:
    recreate(practice, "account")
    practice.attempts = 1
    practice.add("accounts")
    practice.sync()
    practice.org.delete(practice.record("Account", deleted)["Id"])
    practice.change("accounts", deleted, phone="3")
    path = "/composite/sobjects/Account"
    practice.org.faults.append({"when": {"path": path, "external_id": deleted},
                                "then": {"drop": drop}})  # fmt: skip
    with pytest.raises(Ended):
        practice.sync()
    practice.org.faults.clear()
    practice.remove("accounts", deleted)
    practice.sync(allow_deletions=True)
    assert practice.records("Account", deleted) == []
