"""A run that would change much once the first load is done stops until someone says so."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.errors import GuardStopped, LimitReached
from crm_sync.sync.errors import Ended
from tests.integration.sync.practice import Practice

SEVERAL = "insert into accounts (company_name) select 'Account ' || n from generate_series(1, %s) n"
CHANGE = (
    "update accounts set phone = coalesce(phone, '') || '1' where id in"
    " (select id from accounts order by id limit %s)"
)


def loaded(practice: Practice, rows: int) -> Practice:
    practice.connection.execute(SEVERAL, [rows])
    practice.sync()
    return practice


def assert_stops(practice: Practice, said: str, **options: Any) -> None:
    """Neither run nor plan is kept, nothing is sent, and the dry run had said so."""
    with practice.planned(**options) as report:
        assert said in report.stops
        assert report.passes == ("--allow-changes",)
        assert "--allow-changes" in report.flags
        assert report.stops_mend == (
            "Look at the dry run; if that is meant, run again with --allow-changes."
        )
    practice.org.calls.clear()
    before = practice.open_rows()
    with pytest.raises(GuardStopped, match=said) as caught:
        practice.sync(**options)
    assert caught.value.mend.endswith("run again with --allow-changes.")
    assert practice.writes() == []
    assert practice.open_rows() == before


@pytest.mark.parametrize(
    ("rows", "changing", "stops"),
    [(510, 500, False), (510, 501, True), (2600, 520, False), (2600, 521, True)],
)
def test_a_run_changes_at_most_500_rows_or_a_fifth_unasked(
    practice: Practice, rows: int, changing: int, stops: bool
) -> None:
    loaded(practice, rows)
    practice.connection.execute(CHANGE, [changing])
    if stops:
        bound = max(500, rows // 5)
        assert_stops(
            practice, f"{changing} rows of account would be created or changed, and {bound} go"
        )
        assert practice.count(practice.sync(allow_changes=True), "account").update == changing
    else:
        assert practice.count(practice.sync(), "account").update == changing
    practice.assert_same()


def test_creates_and_changes_count_together(practice: Practice) -> None:
    practice.more["max_changes"] = 4
    loaded(practice, 8)
    practice.connection.execute(CHANGE, [2])
    practice.connection.execute(SEVERAL, [3])
    assert_stops(
        practice,
        "5 rows of account would be created or changed, and 4 go unasked, by max_changes of the "
        "target local.",
    )


def test_the_bound_is_one_for_each_mapping(practice: Practice) -> None:
    practice.more["max_changes"] = 3
    loaded(practice, 3)
    practice.connection.execute(CHANGE, [3])
    for _ in range(3):
        practice.add("leads", last_name="Ng")
    assert practice.sync().status == "finished"


def test_a_mapping_that_is_enabled_later_stops_until_it_is_allowed(practice: Practice) -> None:
    practice.more["max_changes"] = 5
    file = practice.mappings / "lead.yaml"
    text = file.read_text("utf-8")
    file.write_text("enabled: false\n" + text, "utf-8")
    for _ in range(6):
        practice.add("leads", last_name="Ng")
    loaded(practice, 2)
    assert practice.org.store.count("Lead") == 0
    file.write_text(text, "utf-8")
    assert_stops(practice, "6 rows of lead would be created or changed, and 5 go unasked")
    assert practice.count(practice.sync(allow_changes=True), "lead").create == 6
    assert practice.sync().status == "finished"


def test_a_field_whose_rule_changes_in_every_row_stops_until_it_is_allowed(
    practice: Practice,
) -> None:
    practice.more["max_changes"] = 5
    loaded(practice, 6)
    file = practice.mappings / "account.yaml"
    text = file.read_text("utf-8")
    assert "  Name: company_name\n" in text
    file.write_text(
        text.replace("  Name: company_name\n", "  Name: {sql: upper(company_name)}\n"), "utf-8"
    )
    assert_stops(practice, "6 rows of account would be created or changed, and 5 go unasked")
    assert practice.count(practice.sync(allow_changes=True), "account").update == 6
    practice.assert_same()


def test_sending_everything_again_is_a_change_of_every_row(practice: Practice) -> None:
    practice.more["max_changes"] = 5
    loaded(practice, 6)
    assert_stops(practice, "6 rows of account", resend=True)
    assert practice.count(practice.sync(resend=True, allow_changes=True), "account").update == 6


def test_a_first_load_in_several_runs_is_one(practice: Practice) -> None:
    assert practice.sync().status == "finished", "an empty one is none"
    practice.more["bulk_above"] = 10_000
    practice.connection.execute(SEVERAL, [3000])
    with pytest.raises(Ended) as caught:
        practice.sync(max_api_calls=3)
    assert isinstance(caught.value.reason, LimitReached)
    assert practice.org.store.count("Account") == 2000
    assert practice.sync().status == "finished"
    practice.assert_same()


def test_what_an_allowed_run_left_behind_goes_on_by_itself(practice: Practice) -> None:
    practice.more["max_changes"] = 5
    loaded(practice, 2)
    account = practice.add("accounts", company_name="Meridian")
    for _ in range(6):
        practice.add("activities", account_id=account)
    practice.refuse({"object": "Account"})
    assert_stops(practice, "6 rows of task would be created or changed")
    practice.sync(allow_changes=True)
    assert sorted(practice.open_rows().values()) == ["blocked"] * 6 + ["refused"]
    practice.org.faults.clear()
    assert practice.sync(retry_refused=True).status == "finished"
    practice.assert_same()


def test_rows_that_wait_for_a_parent_count_as_they_will_go(practice: Practice) -> None:
    practice.more["max_changes"] = 5
    loaded(practice, 2)
    account = practice.add("accounts", company_name="x" * 300)
    for _ in range(6):
        practice.add("activities", account_id=account)
    with practice.planned() as report:
        assert "6 rows of task would be created or changed" in report.stops
        assert {row.state for row in report.rows()} == {"blocked", "invalid"}
