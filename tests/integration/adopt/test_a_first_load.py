"""A first sync into an org that holds records without our key: it stops before it creates."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.errors import GuardStopped
from crm_sync.sync.errors import Ended
from tests.integration.adopt.by_hand import adopted, by_hand, forty, looked
from tests.integration.sync.practice import Practice


def stopped(practice: Practice, **options: Any) -> str:
    """What a sync says that stops before anything is sent."""
    practice.org.calls.clear()
    with pytest.raises((Ended, GuardStopped)) as told:
        practice.sync(**options)
    assert practice.writes() == []
    reason = getattr(told.value, "reason", told.value)
    assert isinstance(reason, GuardStopped)
    return str(reason)


def one_of_each(practice: Practice) -> None:
    """A row of ours, and a hand-made record that nobody has matched with it."""
    practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    by_hand(practice.org, "Account", [{"Name": "Südwind"}])


def test_it_names_the_objects_the_numbers_and_both_ways_on(practice: Practice) -> None:
    one_of_each(practice)
    practice.add("leads", last_name="Ng")
    by_hand(practice.org, "Lead", [{"LastName": "A", "Company": "B"}] * 2)
    assert stopped(practice) == (
        "This is the first load of account and lead, and the org holds records without our "
        "external ID: 1 of Account and 2 of Lead. Rows that are among them would be doubled. "
        "Match them first: crm-sync adopt --select account --select lead. If none of them is ours, "
        "run again with --create-anyway."
    )
    assert practice.value("select status from sync.run") == "stopped"


def test_the_dry_run_says_so_beforehand(practice: Practice) -> None:
    one_of_each(practice)
    with practice.planned() as report:
        assert report.stops.startswith("This is the first load of account")
        assert report.passes == ("--create-anyway",)
        assert "--create-anyway" not in report.flags
        assert report.stops_mend.startswith("Match them first: crm-sync adopt --select account.")
        assert report.is_open, "nobody is given a command that doubles records"
    with practice.planned(create_anyway=True) as report:
        assert report.stops == ""
        assert "--create-anyway" in report.flags
        assert not report.is_open


def test_create_anyway_is_asked_for_once(practice: Practice) -> None:
    one_of_each(practice)
    stopped(practice)
    practice.sync(create_anyway=True)
    practice.add("accounts")
    practice.org.calls.clear()
    practice.sync()
    assert practice.org.store.count("Account") == 3
    assert [part for part in reads(practice) if "COUNT" in part] == []


def test_an_org_without_such_records_is_asked_once_in_one_call(practice: Practice) -> None:
    for _ in range(3):
        account = practice.add("accounts")
        practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.add("leads")
    practice.org.calls.clear()
    practice.sync()
    assert len([part for part in reads(practice) if "COUNT" in part]) == 3
    assert len([call for call in practice.org.calls if "COUNT" in str(call.body)]) == 1
    by_hand(practice.org, "Account", [{"Name": "Later"}])
    practice.add("accounts")
    practice.sync()
    practice.assert_same()


def test_a_mapping_without_creates_asks_nothing(practice: Practice) -> None:
    by_hand(practice.org, "Account", [{"Name": "Südwind"}])
    practice.org.calls.clear()
    practice.sync()
    assert [part for part in reads(practice) if "COUNT" in part] == []
    practice.add("accounts")
    assert "first load of account" in stopped(practice)


def test_after_adopting_the_rest_may_be_created(practice: Practice) -> None:
    one_of_each(practice)
    adopted(practice)
    practice.sync()
    assert practice.org.store.count("Account") == 2
    practice.assert_same()


def test_a_dry_run_of_adopt_lets_nothing_through(practice: Practice) -> None:
    one_of_each(practice)
    looked(practice)
    stopped(practice)


def test_undecided_rows_still_stop_it(practice: Practice) -> None:
    forty(practice)
    assert adopted(practice).open == ("account",)
    assert "first load of account" in stopped(practice)
    assert stopped(practice, select=("account",)).count("20 of Account") == 1


def test_past_its_first_load_a_mapping_creates_what_is_undecided_and_adopt_says_so(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    practice.add("accounts", company_name="First")
    practice.sync()
    practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    by_hand(practice.org, "Account", [{"Name": "Nordwind"}])
    assert adopted(practice).creating == ("account",)
    assert "the next sync creates these rows" in " ".join(capsys.readouterr().out.split())


def test_a_state_of_before_is_not_stopped(practice: Practice) -> None:
    """A database whose records were sent before first loads were noted."""
    practice.add("accounts")
    practice.sync()
    practice.connection.execute("update sync.mapping set may_create_at = null")
    by_hand(practice.org, "Account", [{"Name": "Südwind"}])
    practice.add("accounts")
    practice.sync()
    practice.assert_same()


def test_converted_leads_do_not_count(practice: Practice) -> None:
    practice.add("leads", last_name="Ng")
    (given,) = by_hand(practice.org, "Lead", [{"LastName": "A", "Company": "B"}])
    practice.org.convert_lead(given)
    practice.sync(select=("lead",))
    practice.assert_same()


def reads(practice: Practice) -> list[str]:
    """The queries of all calls."""
    return [
        part["url"]
        for call in practice.org.calls
        for part in (call.body or {}).get("compositeRequest", ())
        if part["method"] == "GET"
    ]
