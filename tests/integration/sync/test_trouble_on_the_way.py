"""Time-outs, server trouble, limits and locks on the way to Salesforce."""

from __future__ import annotations

import time
from typing import Any

import pytest

from crm_sync.errors import LimitReached, OrgUnreachable, SignInError
from crm_sync.sync.errors import Ended
from crm_sync.sync.progress import Event
from tests.integration.sync.practice import Practice

WRITE = {"method": "PATCH", "object": "Account"}


def fault(
    practice: Practice, then: dict[str, Any], when: dict[str, Any] = WRITE, **more: Any
) -> None:
    practice.org.faults.append({"when": when, "then": then, **more})


def many(practice: Practice, number: int) -> None:
    practice.connection.execute(
        "insert into accounts (company_name) select 'C' || n from generate_series(1, %s) n",
        [number],
    )


def test_an_answer_that_takes_too_long_is_given_up_and_the_run_says_so(practice: Practice) -> None:
    practice.read_timeout, practice.attempts = 0.3, 2
    key = practice.add("accounts")
    fault(practice, {"delay": 8}, times=2)
    begun = time.monotonic()
    with pytest.raises(Ended) as caught:
        practice.sync()
    assert isinstance(caught.value.reason, OrgUnreachable)
    assert time.monotonic() - begun < 7
    assert caught.value.report.status == "stopped"
    assert practice.open_rows() == {f"account:{key}": "unknown"}
    assert practice.history(key) == [("create", "unknown")]
    practice.sync()
    practice.assert_same()


def test_a_burst_of_503_is_waited_out(practice: Practice) -> None:
    practice.attempts = 4
    key = practice.add("accounts")
    fault(practice, {"status": 503, "body": "<html>busy</html>"}, {"path": "composite$"}, times=3)
    assert practice.sync().status == "finished"
    assert practice.history(key) == [("create", "recorded")]
    practice.assert_same()


def test_server_trouble_of_one_request_is_repeated_and_then_unknown_never_refused(
    practice: Practice,
) -> None:
    key, lead = practice.add("accounts"), practice.add("leads", last_name="Ng")
    fault(practice, {"status": 500, "body": [{"errorCode": "UNKNOWN_EXCEPTION"}]})
    report = practice.sync()
    assert report.status == "finished with problems"
    assert practice.open_rows() == {f"account:{key}": "unknown"}
    assert practice.record("Lead", lead), "the rest of the call went"
    assert len([p for p in practice.writes() if "/Account/" in p["url"]]) == 5
    practice.org.faults.clear()
    practice.sync()
    practice.assert_same()


def test_an_answer_that_does_not_fit_the_request_makes_its_rows_uncertain(
    practice: Practice,
) -> None:
    key = practice.add("accounts")
    fault(practice, {"status": 200, "body": []})
    practice.sync()
    assert practice.open_rows() == {f"account:{key}": "unknown"}
    practice.org.faults.clear()
    practice.sync()
    practice.assert_same()


def test_an_answer_that_is_not_salesforces_is_no_answer(practice: Practice) -> None:
    practice.attempts = 2
    key = practice.add("accounts")
    fault(
        practice, {"status": 200, "body": {"a": "captive portal"}}, {"path": "composite$", "nth": 3}
    )
    assert practice.sync().status == "finished"
    assert practice.record("Account", key)


def test_a_session_that_expires_in_mid_run_is_renewed(practice: Practice) -> None:
    from crm_sync.sync import run
    from crm_sync.sync.options import Options

    many(practice, 1_100)
    expired: list[int] = []

    def expire(_: Event) -> None:
        if not expired:
            expired.append(practice.org.expire_sessions())

    report = run.sync(practice.settings(), "local", Options(), None, expire)
    assert expired
    assert report.status == "finished"
    assert [c.path for c in practice.org.calls].count("/services/oauth2/token") == 2
    practice.assert_same()


def test_a_session_that_cannot_be_renewed_leaves_the_rows_planned(practice: Practice) -> None:
    from crm_sync.sync import run
    from crm_sync.sync.options import Options

    many(practice, 1_100)

    def expire(_: Event) -> None:
        practice.org.expire_sessions()
        fault(practice, {"status": 400, "body": {"error": "invalid_grant"}}, {"path": "token"})

    with pytest.raises(Ended) as caught:
        run.sync(practice.settings(), "local", Options(), None, expire)
    assert isinstance(caught.value.reason, SignInError)
    assert set(practice.open_rows().values()) == {"planned"}
    practice.org.faults.clear()
    practice.sync()
    practice.assert_same()


def test_the_daily_limit_in_mid_run_stops_cleanly_and_the_rest_stays_planned(
    practice: Practice,
) -> None:
    practice.more = {"bulk_above": 10_000}
    many(practice, 2_500)
    practice.sync(select=("lead",))
    practice.more = {"bulk_above": 10_000, "api_reserve_percent": 0}
    practice.org.set_remaining_calls(4)  # two questions before the plan, two writes
    with pytest.raises(Ended) as caught:
        practice.sync()
    assert isinstance(caught.value.reason, LimitReached)
    counts = practice.count(caught.value.report, "account")
    assert (counts.create, counts.planned, counts.unknown) == (2_000, 500, 0)
    practice.org.set_remaining_calls(1_000)
    practice.sync()
    practice.assert_same()


def test_the_daily_limit_inside_a_call_keeps_what_was_done_and_what_must_go_again(
    practice: Practice,
) -> None:
    account, locked = practice.add("accounts"), practice.add("accounts")
    lead = practice.add("leads", last_name="Ng")
    limit = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    fault(practice, {"status": 403, "body": limit}, WRITE | {"object": "Lead"})
    fault(practice, {"row_error": {"statusCode": "UNABLE_TO_LOCK_ROW"}}, {"external_id": locked})
    with pytest.raises(Ended) as caught:
        practice.sync()
    assert isinstance(caught.value.reason, LimitReached)
    assert practice.record("Account", account)
    assert practice.open_rows() == {f"account:{locked}": "planned", f"lead:{lead}": "planned"}
    assert practice.value("select count(*) from sync.record where in_flight is not null") == 0
    practice.org.faults.clear()
    practice.sync()
    practice.assert_same()


def test_a_locked_row_is_sent_again_and_the_others_only_once(practice: Practice) -> None:
    free, locked = practice.add("accounts"), practice.add("accounts")
    error = {"row_error": {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain"}}
    fault(practice, error, {"external_id": locked}, times=3)
    assert practice.sync().status == "finished"
    sent = [record["CRM_Id__c"] for record in practice.sent()]
    assert (sent.count(free), sent.count(locked)) == (1, 4)
    assert practice.history(locked) == [("create", "recorded")]
    practice.assert_same()


def test_a_row_that_stays_locked_is_refused_and_goes_with_the_next_run(practice: Practice) -> None:
    key = practice.add("accounts")
    fault(
        practice, {"row_error": {"statusCode": "UNABLE_TO_LOCK_ROW"}}, {"external_id": key}, times=5
    )
    practice.sync()
    assert practice.open_rows() == {f"account:{key}": "refused"}
    practice.sync()
    practice.assert_same()


def test_a_chunk_that_is_too_much_for_a_trigger_is_halved_down_to_the_row_that_causes_it(
    practice: Practice,
) -> None:
    many(practice, 64)
    bad = practice.value("select id::text from accounts order by id offset 20 limit 1")
    error = {"statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "LimitException"}

    def refuse_with(size: int) -> None:
        """The whole chunk fails while it is larger than a quarter, as a trigger's limit does."""
        fault(practice, {"row_error": error}, {"object": "Account"}, times=64)
        fault(practice, {"row_error": error}, {"object": "Account"}, times=32)
        fault(practice, {"row_error": error}, {"external_id": bad})

    refuse_with(64)
    report = practice.sync()
    counts = practice.count(report, "account")
    assert (counts.create, counts.refused) == (63, 1)
    assert practice.open_rows() == {f"account:{bad}": "refused"}
    sizes = [len(part["body"]["records"]) for part in practice.writes()]
    assert sizes[:3] == [64, 32, 32]
    assert sizes[-1] == 1
    assert practice.value("select count(*) from sync.history where outcome = 'recorded'") == 63
    practice.org.faults.clear()
    practice.sync(retry_refused=True)
    practice.assert_same()


def test_a_run_that_ends_between_the_halves_leaves_the_second_half_planned(
    practice: Practice,
) -> None:
    many(practice, 8)
    practice.attempts = 1
    error = {"statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "LimitException"}
    fault(practice, {"row_error": error}, {"object": "Account"}, times=8)
    fault(practice, {"drop": "after"}, WRITE | {"nth": 2})
    with pytest.raises(Ended):
        practice.sync()
    states = list(practice.open_rows().values())
    assert (states.count("unknown"), states.count("planned")) == (4, 4)
    assert practice.value("select count(*) from sync.record where in_flight is not null") == 4
    practice.sync()
    practice.assert_same()


def test_a_question_about_a_doubtful_row_that_gets_no_answer_loses_no_outcome(
    practice: Practice,
) -> None:
    practice.attempts = 1
    good, bad = practice.add("accounts"), practice.add("accounts")
    practice.sync()
    for key in (good, bad):
        practice.change("accounts", key, phone="2")
    practice.org.delete(practice.record("Account", bad)["Id"])
    fault(practice, {"status": 503, "body": "busy"}, {"path": "composite$", "nth": 2})
    with pytest.raises(Ended) as caught:
        practice.sync()
    assert isinstance(caught.value.reason, OrgUnreachable)
    assert practice.history(good)[-1] == ("update", "recorded")
    assert practice.open_rows() == {f"account:{bad}": "planned"}
    practice.org.faults.clear()
    practice.sync()
    assert practice.open_rows() == {f"account:{bad}": "held"}


def test_no_answer_to_a_question_before_the_plan_is_told_in_one_sentence(
    practice: Practice,
) -> None:
    practice.attempts = 1
    fault(practice, {"drop": "before"}, {"path": "composite$"})
    with pytest.raises(OrgUnreachable, match="no answer after 1 attempt"):
        practice.sync()
    with pytest.raises(OrgUnreachable, match="no answer after 1 attempt"):
        practice.plan()
    practice.org.faults.clear()
    practice.sync()


def test_a_token_end_point_that_hangs_is_given_up(practice: Practice) -> None:
    practice.read_timeout = 0.3
    fault(practice, {"delay": 8}, {"path": "token"})
    begun = time.monotonic()
    with pytest.raises(OrgUnreachable):
        practice.sync()
    assert time.monotonic() - begun < 7


def test_a_token_end_point_in_trouble_is_asked_again(practice: Practice) -> None:
    fault(practice, {"status": 503, "body": "busy"}, {"path": "token"}, times=1)
    assert practice.sync().status == "finished"
