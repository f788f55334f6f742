"""A run comes to rest by itself: what it learns of Salesforce it carries out, within bounds."""

from __future__ import annotations

import pytest

from crm_sync.errors import GuardStopped
from crm_sync.sync import run
from crm_sync.sync.errors import Ended
from crm_sync.sync.options import Options
from crm_sync.sync.progress import Event
from tests.integration.sync.practice import Practice
from tests.integration.sync.test_a_dry_run import digest
from tests.integration.sync.test_records_that_people_ended import recreate


@pytest.fixture
def hierarchy(practice: Practice) -> dict[str, str]:
    """An account with a project, and a call of each; people deleted the account in Salesforce, and
    all of them with it. Every mapping makes its records again.
    """
    for name in ("account", "opportunity", "task"):
        recreate(practice, name)
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    calls = [practice.add("activities", account_id=account),
             practice.add("activities", project_id=project)]  # fmt: skip
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])
    assert practice.records("Opportunity", project) == []
    practice.change("accounts", account, phone="1")
    return {"account": account, "project": project, "call": calls[0], "visit": calls[1]}


def assert_at_rest(practice: Practice) -> None:
    practice.assert_same()
    practice.org.calls.clear()
    practice.sync()
    assert practice.writes() == []


def test_a_parent_that_people_deleted_is_made_again_with_all_below_it_in_one_run(
    practice: Practice, hierarchy: dict[str, str]
) -> None:
    report = practice.sync()
    assert (report.status, report.message) == ("finished", None)
    assert {s.mapping: s.create for s in report.summaries if s.create} == {
        "account": 1,
        "opportunity": 1,
        "task": 2,
    }
    (noted,) = practice.rows("select counts, calls from sync.run order by run_number desc limit 1")
    assert {name: did for name, did in noted["counts"].items() if did} == {
        "account": {"create": 1},
        "opportunity": {"create": 1},
        "task": {"create": 2},
    }
    assert noted["calls"] == report.calls
    assert practice.history(hierarchy["project"])[1:] == [
        ("update", "gone"),
        ("create", "recorded"),
    ]
    assert_at_rest(practice)


def test_a_parent_that_was_found_deleted_through_its_child_goes_in_the_same_run(
    practice: Practice,
) -> None:
    recreate(practice, "account")
    account = practice.add("accounts")
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])
    practice.add("projects", account_id=account, start_date="2026-01-05")
    assert practice.sync().status == "finished"
    assert_at_rest(practice)


def test_a_record_that_a_create_met_is_cleared_of_other_values_in_the_same_run(
    practice: Practice,
) -> None:
    key = practice.add("accounts", website=None)
    practice.add("accounts")
    practice.sync()
    practice.change("accounts", key, website="a.example")
    practice.sync()
    practice.connection.execute("delete from sync.record where key = %s", [key])
    practice.connection.execute("update sync.org set position = null")
    practice.change("accounts", key, website=None)
    assert practice.sync().status == "finished"
    assert practice.record("Account", key)["Website"] is None
    assert_at_rest(practice)


def test_a_held_record_stays_held_and_costs_no_second_plan(practice: Practice) -> None:
    account = practice.add("accounts")
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])
    practice.change("accounts", account, phone="1")
    practice.org.calls.clear()
    report = practice.sync()
    assert practice.count(report, "account").held == 1
    assert report.status == "finished with problems"
    assert len(practice.writes()) == 1


def test_progress_counts_the_rows_of_every_plan_of_the_run(
    practice: Practice, hierarchy: dict[str, str]
) -> None:
    told: list[Event] = []
    report = run.sync(practice.settings(), "local", Options(), None, told.append)
    of_run = [(event.run_done, event.run_total) for event in told]
    assert of_run == sorted(of_run)
    assert of_run[0][0] == 0
    assert of_run[-1][0] == of_run[-1][1] > 1
    assert all(event.done <= event.total for event in told)
    last = {event.mapping: event for event in told}
    assert {name: (e.object, e.done) for name, e in last.items()} == {
        "account": ("Account", 1), "opportunity": ("Opportunity", 1), "task": ("Task", 2),
    }  # fmt: skip
    assert told[0].calls < told[-1].calls <= report.calls


def test_a_plan_that_was_expected_is_sent_alone_and_the_run_says_what_it_leaves(
    practice: Practice, hierarchy: dict[str, str]
) -> None:
    expected = digest(practice)
    report = practice.sync(expect=expected)
    assert report.status == "finished with problems"
    assert report.message is not None
    assert report.message.startswith("2 rows are left for the next run")
    assert practice.records("Opportunity", hierarchy["project"]) == []
    assert practice.count(report, "opportunity").planned == 1
    assert practice.sync().status == "finished"
    assert_at_rest(practice)


def test_a_run_that_never_comes_to_rest_ends_and_says_that_rows_are_left(
    practice: Practice,
) -> None:
    """Somebody deletes the record whenever the run has made it."""
    recreate(practice, "account")
    account = practice.add("accounts", phone="0")
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])
    practice.change("accounts", account, phone="1")
    calls = 0

    def delete_again(_: Event) -> None:
        nonlocal calls
        calls += 1
        for record in practice.records("Account", account):
            practice.org.delete(record["Id"])
            practice.change("accounts", account, phone=f"{calls + 1}")

    report = run.sync(practice.settings(), "local", Options(), None, delete_again)
    assert report.status == "finished with problems"
    assert report.message is not None
    assert report.message.startswith("1 rows are left for the next run")
    assert practice.count(report, "account").planned == 1
    levels = len(list(practice.mappings.glob("*.yaml")))
    assert practice.count(report, "account").create == levels + 1
    assert practice.sync().status == "finished"
    assert_at_rest(practice)


def test_the_guard_has_one_limit_for_all_plans_of_a_run(practice: Practice) -> None:
    recreate(practice, "account")
    keys = [practice.add("accounts") for _ in range(8)]
    practice.sync()
    practice.org.delete(practice.record("Account", keys[0])["Id"])
    practice.change("accounts", keys[0], phone="1")
    for key in keys[1:3]:
        practice.remove("accounts", key)
    removed = iter(keys[3:5])

    def remove_more(_: Event) -> None:
        for key in removed:
            practice.remove("accounts", key)

    with pytest.raises(Ended) as caught:
        run.sync(practice.settings(), "local", Options(), None, remove_more)
    assert isinstance(caught.value.reason, GuardStopped)
    assert "4 of 8 records of account" in str(caught.value.reason)
    assert caught.value.report.status == "stopped"
    assert practice.count(caught.value.report, "account").delete == 2
    assert len(practice.org.store.records("Account")) == 6


def test_a_persons_flags_ask_for_one_attempt_a_run(
    practice: Practice, hierarchy: dict[str, str]
) -> None:
    lead = practice.add("leads", last_name="Ng")
    practice.refuse({"object": "Lead"})
    practice.sync()
    practice.org.delete(practice.record("Account", hierarchy["account"])["Id"])
    practice.change("accounts", hierarchy["account"], phone="2")
    practice.sync(retry_refused=True, resend=True)
    assert practice.history(lead) == [("create", "refused")] * 2
