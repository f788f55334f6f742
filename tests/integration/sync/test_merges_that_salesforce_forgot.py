"""What a sync once saw of a merge holds when the recycle bin is emptied (`purge`), as it is after
some days by itself: no account is made twice, and nothing waits for what nobody can restore.
"""

from __future__ import annotations

import pytest

from tests.integration.sync.both_ways import assert_one_plan
from tests.integration.sync.people import (
    accounts,
    codes,
    convert_here,
    lead_of,
    merge,
    say,
)
from tests.integration.sync.practice import Practice


@pytest.fixture
def merged(practice: Practice) -> tuple[str, str, str]:
    """Keys of two accounts that people merged, the master first, and the master's Id. A sync has
    met the merge.
    """
    winner, loser = practice.add("accounts", phone="1"), practice.add("accounts", phone="1")
    practice.sync()
    master = merge(practice, winner, loser)
    practice.change("accounts", loser, phone="2")
    practice.sync()
    return winner, loser, master


@pytest.mark.parametrize("on_missing", ["hold", "recreate"])
def test_what_was_merged_away_is_never_made_again(
    practice: Practice, merged: tuple[str, str, str], on_missing: str
) -> None:
    winner, loser, master = merged
    say(practice, "account", f"on_missing: {on_missing}")
    project = practice.add("projects", account_id=loser, start_date="2026-01-05")
    practice.sync()
    practice.org.purge()
    before = practice.history(loser)
    told = practice.rows(
        "select outcome, after, problem ->> 'code' as code from sync.history"
        " where key = %s and outcome <> 'recorded'",
        loser,
    )
    assert told == [{"outcome": "held", "after": {"Phone": "2"}, "code": "RECORD_MERGED"}], "once"
    for phone in (None, "3"):
        if phone:
            practice.change("accounts", loser, phone=phone)
            practice.change("projects", project, project_name="Tides")
        practice.sync()
        assert [record["Id"] for record in accounts(practice)] == [master]
        assert codes(practice) == {loser: "RECORD_MERGED"}
        assert f"the record of account {winner}" in practice.problem(loser)["sentence"]
    assert_one_plan(practice)
    new = practice.add("projects", account_id=loser, start_date="2026-02-05")
    practice.sync()
    for key in (project, new):
        assert practice.record("Opportunity", key)["AccountId"] == master
    assert practice.history(loser) == before, "it is still the same"


def test_the_master_is_followed_when_it_is_merged_later(
    practice: Practice, merged: tuple[str, str, str]
) -> None:
    winner, loser, _ = merged
    third = practice.add("accounts", phone="1")
    practice.sync()
    practice.org.purge()
    last = merge(practice, third, winner)
    project = practice.add("projects", account_id=loser, start_date="2026-01-05")
    practice.sync()
    assert f"the record of account {third}" in practice.problem(loser)["sentence"]
    assert practice.record("Opportunity", project)["AccountId"] == last
    practice.org.purge()
    practice.sync()
    assert f"the record of account {third}" in practice.problem(loser)["sentence"]
    assert [record["Id"] for record in accounts(practice)] == [last]


def test_a_master_that_nobody_knows_any_more_makes_no_second_account(
    practice: Practice, merged: tuple[str, str, str]
) -> None:
    winner, loser, master = merged
    say(practice, "account", "on_missing: recreate")
    third = practice.add("accounts", phone="1")
    practice.sync()
    last = merge(practice, third, winner)
    practice.org.purge()
    for _ in range(2):
        practice.sync()
        problem = practice.problem(loser)
        assert problem["code"] == "RECORD_MERGED"
        assert (
            f"merged into {master} in Salesforce, which is not there any more"
            in (problem["sentence"])
        )
        assert [record["Id"] for record in accounts(practice)] == [last]
    project = practice.add("projects", account_id=loser, start_date="2026-01-05")
    practice.sync()
    assert codes(practice)[project] == "PARENT_NOT_READY"
    assert_one_plan(practice)


def test_a_master_that_was_deleted_and_restored_is_followed_again(
    practice: Practice, merged: tuple[str, str, str]
) -> None:
    winner, loser, master = merged
    practice.org.delete(master)
    practice.sync()
    assert codes(practice) == {loser: "RECORD_DELETED"}
    assert f"Restore {master} from" in practice.problem(loser)["mend"]
    practice.org.undelete(master)
    practice.sync()
    assert codes(practice) == {loser: "RECORD_MERGED"}
    practice.org.delete(master)
    practice.sync()
    practice.org.purge()
    practice.sync()
    assert codes(practice) == {loser: "RECORD_DELETED"}
    assert winner not in codes(practice)


def test_a_held_row_takes_the_master_over_after_the_purge(
    practice: Practice, merged: tuple[str, str, str]
) -> None:
    winner, loser, master = merged
    practice.org.purge()
    practice.remove("accounts", winner)
    assert practice.sync().status == "finished"
    [record] = accounts(practice)
    assert (record["Id"], record["CRM_Id__c"], record["Phone"]) == (master, loser, "2")
    practice.assert_same()


def test_a_lead_that_was_deleted_after_its_conversion_was_seen_makes_no_second_account(
    practice: Practice,
) -> None:
    lead = practice.add("leads", company_name="Kelp", last_name="Ng", lead_status="won")
    practice.sync()
    given = lead_of(practice, lead)
    became = practice.org.convert_lead(given)["ConvertedAccountId"]
    practice.change("leads", lead, title="Pilot")
    practice.sync()
    practice.org.delete(given)
    practice.org.purge()
    account = convert_here(practice, lead)
    practice.sync()
    [record] = accounts(practice)
    assert (record["Id"], record["CRM_Id__c"]) == (became, account)


def test_the_history_tells_why_a_record_was_made_again_whose_master_was_deleted(
    practice: Practice, merged: tuple[str, str, str]
) -> None:
    _, loser, master = merged
    say(practice, "account", "on_missing: recreate")
    practice.org.delete(master)
    practice.sync()
    assert practice.history(loser)[-2:] == [("update", "gone"), ("create", "recorded")]
    (told,) = practice.rows("select problem from sync.history where outcome = 'gone'")
    assert f"merged into {master}, which was deleted" in told["problem"]["sentence"]
    assert told["problem"]["mend"] == "Nothing: it is made again."
