"""A run stops cleanly at its bound of API calls and at the reserve; the next one continues."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from crm_sync.errors import LimitReached
from crm_sync.report.cost import calls_to_send
from crm_sync.sync import pieces
from crm_sync.sync.errors import Ended
from tests.integration.sync.practice import Practice
from tests.integration.sync.test_trouble_on_the_way import many

ALLOWED = 15_000  # calls of a day in a local org


def known_org(practice: Practice) -> None:
    """A first sync has described the org and bound it, and its first load was let through; the next
    asks nothing before its plan.
    """
    practice.sync()
    practice.connection.execute("update sync.mapping set may_create_at = now()")
    practice.org.calls.clear()


def ended(practice: Practice, **options: Any) -> Ended:
    with pytest.raises(Ended) as caught:
        practice.sync(**options)
    assert isinstance(caught.value.reason, LimitReached)
    assert caught.value.report.status == "stopped"
    return caught.value


def usage_asked(practice: Practice) -> int:
    return sum(call.path.rstrip("/").endswith("/limits") for call in practice.org.calls)


def calls(practice: Practice) -> int:
    """API calls since the log was cleared, without signing in."""
    return sum("/oauth2/" not in call.path for call in practice.org.calls)


@pytest.mark.parametrize("by_flag", [True, False])
def test_a_run_ends_before_it_makes_more_calls_than_it_may(
    practice: Practice, by_flag: bool
) -> None:
    known_org(practice)
    many(practice, 2_500)
    practice.more = {"bulk_above": 10_000, "max_api_calls": 99 if by_flag else 3}
    end = ended(practice, max_api_calls=3) if by_flag else ended(practice)
    assert str(end.reason).startswith(
        "The API calls of this run are used up (max_api_calls: 3). "
        "500 rows are left for the next run. The rest stays planned: run again, or "
    )
    assert end.report.message == end.reason.args[0].partition(" The rest")[0]
    assert calls(practice) == end.report.calls == 3  # one asks for the day's use, two send
    counts = practice.count(end.report, "account")
    assert (counts.create, counts.planned, counts.unknown) == (2_000, 500, 0)
    assert practice.value("select count(*) from sync.record where in_flight is not null") == 0
    assert set(practice.open_rows().values()) == {"planned"}
    practice.more = {}
    assert practice.sync().status == "finished"
    practice.assert_same()


def test_a_bound_that_is_just_enough_ends_nothing(practice: Practice) -> None:
    known_org(practice)
    many(practice, 900)
    assert practice.sync(max_api_calls=1).status == "finished"
    practice.assert_same()


def test_a_bound_before_the_plan_sends_nothing(practice: Practice) -> None:
    practice.add("accounts")
    with pytest.raises(LimitReached, match="max_api_calls: 1"):
        practice.sync(max_api_calls=1)
    assert practice.writes() == []
    assert practice.value("select status from sync.run") == "stopped"
    practice.sync()
    practice.assert_same()


def test_with_the_reserve_reached_at_the_start_a_long_run_sends_nothing(
    practice: Practice,
) -> None:
    known_org(practice)
    many(practice, 1_100)
    practice.org.set_remaining_calls(1_500)
    end = ended(practice)
    assert practice.writes() == []
    assert (usage_asked(practice), calls(practice)) == (1, 1)
    assert "and 10 % are left to others (api_reserve_percent). 1,100 rows are left" in str(
        end.reason
    )
    practice.org.set_remaining_calls(ALLOWED)
    practice.sync()
    practice.assert_same()


def test_what_a_run_looks_up_before_its_plan_counts_as_well(practice: Practice) -> None:
    practice.add("accounts")
    practice.org.set_remaining_calls(1_400)
    with pytest.raises(LimitReached, match="daily API calls are used, and 10 % are left to others"):
        practice.sync()
    assert calls(practice) == 1  # whose answer told it
    practice.more = {"api_reserve_percent": 5}
    practice.sync()
    practice.assert_same()


def test_a_reserve_that_is_reached_in_mid_push_leaves_the_rest_planned(practice: Practice) -> None:
    practice.more = {"bulk_above": 10_000}
    known_org(practice)
    many(practice, 2_500)
    practice.org.set_remaining_calls(1_503)
    end = ended(practice)
    assert calls(practice) == 3
    counts = practice.count(end.report, "account")
    assert (counts.create, counts.planned, counts.unknown) == (2_000, 500, 0)
    practice.org.set_remaining_calls(ALLOWED)
    practice.sync()
    practice.assert_same()


def test_a_call_without_an_answer_is_not_repeated_beyond_the_bound_and_nothing_is_doubled(
    practice: Practice,
) -> None:
    known_org(practice)
    key = practice.add("accounts")
    practice.org.faults.append({"when": {"method": "PATCH", "object": "Account"},
                                "then": {"drop": "after"}, "times": 1})  # fmt: skip
    end = ended(practice, max_api_calls=1)
    assert calls(practice) == 1
    assert practice.count(end.report, "account").planned == 1
    assert practice.value("select in_flight is not null from sync.record where key = %s", key)
    practice.sync()
    assert len(practice.records("Account", key)) == 1
    practice.assert_same()


def job_rows(practice: Practice) -> tuple[int, int]:
    """Open rows that are planned, and those that an unfinished job holds; there are no others."""
    found = practice.rows(
        "select p.state, j.state as job from sync.plan p"
        " left join (sync.job_row r join sync.job j using (job_id))"
        " on j.mapping = p.mapping and r.key = p.key"
    )
    assert {row["state"] for row in found} <= {"planned"}
    held = [row["job"] for row in found if row["job"]]
    assert set(held) <= {"open", "closed"}
    assert practice.value("select count(*) from sync.job_row") == len(held)
    return len(found) - len(held), len(held)


@pytest.mark.parametrize("bound", [1, 2, 3, 5, 8, 12])
def test_a_bulk_run_that_ends_at_its_bound_leaves_rows_planned_or_with_their_job(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, bound: int
) -> None:
    """Three jobs of eight calls or more; the bound falls before, amid and after their steps."""
    monkeypatch.setattr(pieces, "MOST_ROWS", 2)
    known_org(practice)
    many(practice, 5)
    end = ended(practice, api="bulk", max_api_calls=bound)
    assert calls(practice) == end.report.calls == bound
    planned, held = job_rows(practice)
    recorded = practice.count(end.report, "account").create
    assert planned + held + recorded == 5
    among = f", {held} of them in a Bulk job" if held else ""
    rest = planned + held
    left = f"{rest} {'row is' if rest == 1 else 'rows are'} left for the next run{among}. "
    assert left in str(end.reason)
    assert practice.sync(api="bulk").status == "finished"
    assert practice.value("select count(*) from sync.history where outcome = 'recorded'") == 5
    practice.assert_same()


def test_bulk_runs_with_the_same_small_bound_come_to_an_end(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six calls: fewer than a job takes, enough to collect what it did."""
    monkeypatch.setattr(pieces, "MOST_ROWS", 2)
    known_org(practice)
    many(practice, 5)
    ended(practice, api="bulk", max_api_calls=6)
    for _ in range(20):
        with suppress(Ended, LimitReached):
            assert practice.sync(api="bulk", max_api_calls=6).status == "finished"
            break
    else:
        pytest.fail("twenty runs were not enough")
    assert practice.value("select count(*) from sync.history where outcome = 'recorded'") == 5
    practice.assert_same()


def test_without_the_right_to_see_limits_a_long_run_goes_on(practice: Practice) -> None:
    known_org(practice)
    many(practice, 1_100)
    refusal = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "No."}]
    practice.org.faults.append({"when": {"path": "/limits"},
                                "then": {"status": 403, "body": refusal}})  # fmt: skip
    assert practice.sync().status == "finished"
    assert usage_asked(practice) == 1
    practice.assert_same()


def test_a_dry_run_says_whether_its_calls_fit(practice: Practice) -> None:
    practice.more = {"bulk_above": 10_000}
    known_org(practice)
    with practice.planned() as report:
        assert calls_to_send(report) == "No API call is needed to send this."
    assert calls(practice) == 0
    many(practice, 2_500)
    with practice.planned() as report:
        assert report.room.used is not None
        assert report.room.left == ALLOWED - 1_500 - report.room.used
        assert "That fits: of the org's 15,000 a day" in calls_to_send(report)
    practice.org.set_remaining_calls(1_503)  # one of which asks
    with practice.planned() as report:
        assert (report.calls, report.room.left) == (3, 2)
        assert calls_to_send(report) == (
            "3 API calls are needed to send this, besides what a run looks up. That does not fit: "
            "of the org's 15,000 a day 13,498 are used, 1,500 are left to others. "
            "A sync stops after 2 calls, and a later one continues."
        )
    practice.more = {"bulk_above": 10_000, "max_api_calls": 1}
    with practice.planned() as report:
        assert "That does not fit: a run may make 1; of the org's" in calls_to_send(report)
