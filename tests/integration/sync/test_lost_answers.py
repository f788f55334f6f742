"""What happens to a row whose call was sent and whose answer nobody heard."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crm_sync.errors import OrgUnreachable
from crm_sync.sync.errors import Ended
from tests.integration.sync.practice import Practice

DROPS = ("before", "after")


def lose(practice: Practice, drop: str, action: str) -> None:
    """The next write is lost on its way there, or its answer on the way back."""
    path = "/composite/sobjects/" if action == "create" else r"/composite/sobjects(\?|$)"
    when = {"path": path, "object": "Account"}
    practice.org.faults.append({"when": when, "then": {"drop": drop}})


def ended(practice: Practice) -> Ended:
    with pytest.raises(Ended) as caught:
        practice.sync()
    return caught.value


@pytest.mark.parametrize("drop", DROPS)
def test_an_update_in_flight_is_undone_where_the_source_returns_to_what_was_known(
    practice: Practice, drop: str
) -> None:
    practice.attempts = 1
    key = practice.add("accounts", phone="P1")
    practice.sync()
    practice.change("accounts", key, phone="P2")
    lose(practice, drop, "update")
    assert isinstance(ended(practice).reason, OrgUnreachable)
    assert practice.record("Account", key)["Phone"] == ("P2" if drop == "after" else "P1")
    assert practice.open_rows() == {f"account:{key}": "unknown"}
    practice.org.faults.clear()
    practice.change("accounts", key, phone="P1")
    assert [row.action for row in practice.plan()] == ["update"]
    practice.sync()
    assert practice.record("Account", key)["Phone"] == "P1"
    practice.assert_same()


@pytest.mark.parametrize("drop", DROPS)
def test_a_create_in_flight_is_sent_as_the_source_is_now(practice: Practice, drop: str) -> None:
    practice.attempts = 1
    key = practice.add("accounts", phone="P2", website="a.example")
    lose(practice, drop, "create")
    ended(practice)
    practice.org.faults.clear()
    practice.change("accounts", key, phone="P1", website=None)
    practice.sync()
    record = practice.record("Account", key)
    assert (record["Phone"], record["Website"]) == ("P1", None)
    practice.assert_same()


@pytest.mark.parametrize("drop", DROPS)
def test_a_create_in_flight_whose_row_is_gone_leaves_no_record(
    practice: Practice, drop: str
) -> None:
    practice.attempts = 1
    key = practice.add("accounts")
    for _ in range(3):
        practice.add("accounts")
    lose(practice, drop, "create")
    ended(practice)
    practice.org.faults.clear()
    practice.remove("accounts", key)
    practice.sync(allow_deletions=True)
    assert practice.records("Account", key) == []
    practice.connection.execute(
        "update sync.record set in_flight_at = now() - interval '16 minutes'"
        " where salesforce_id is null"
    )
    practice.sync()
    practice.assert_same()


@pytest.mark.parametrize("drop", DROPS)
def test_a_deletion_in_flight_is_settled_and_written_down(practice: Practice, drop: str) -> None:
    practice.attempts = 1
    key = practice.add("accounts")
    practice.add("accounts")
    practice.sync()
    practice.remove("accounts", key)
    practice.org.faults.replace([{"when": {"method": "DELETE", "object": "Account"},
                                  "then": {"drop": drop}}])  # fmt: skip
    ended(practice)
    practice.org.faults.clear()
    practice.sync()
    assert practice.records("Account", key) == []
    assert practice.history(key)[-1] == ("delete", "recorded")
    values = "select count(*) from sync.history where key = %s and (before is not null or after is not null)"
    assert practice.value(values, key) == 0
    practice.assert_same()


def test_a_deletion_in_flight_that_did_not_arrive_is_forgotten_where_the_row_is_back(
    practice: Practice,
) -> None:
    practice.attempts = 1
    key = practice.add("accounts")
    practice.add("accounts")
    practice.sync()
    practice.remove("accounts", key)
    practice.org.faults.replace([{"when": {"method": "DELETE", "object": "Account"},
                                  "then": {"drop": "before"}}])  # fmt: skip
    ended(practice)
    practice.org.faults.clear()
    practice.add("accounts", id=key)
    practice.sync()
    practice.assert_same()
    practice.org.calls.clear()
    practice.sync()
    assert len(practice.org.calls) == 1


def test_a_call_without_an_answer_is_repeated_and_doubles_nothing(practice: Practice) -> None:
    practice.attempts = 3
    key = practice.add("accounts")
    practice.org.faults.append({"when": {"object": "Account", "method": "PATCH"},
                                "then": {"drop": "after"}, "times": 2})  # fmt: skip
    report = practice.sync()
    assert report.status == "finished"
    assert practice.record("Account", key)
    practice.assert_same()


def test_a_repeat_that_is_refused_does_not_make_the_row_certain(practice: Practice) -> None:
    """P2 arrived, its answer was lost, and the same run's second try of it is refused."""
    practice.attempts = 2
    key = practice.add("accounts", phone="P1")
    practice.sync()
    practice.change("accounts", key, phone="P2")
    when = {"path": r"/composite/sobjects(\?|$)", "object": "Account"}
    practice.org.faults.append({"when": when, "then": {"drop": "after"}, "times": 1})
    no = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Nein.", "fields": []}
    practice.org.faults.append({"when": {"object": "Account", "nth": 2}, "then": {"row_error": no}})
    assert practice.sync().status == "finished with problems"
    assert practice.record("Account", key)["Phone"] == "P2"
    practice.org.faults.clear()
    practice.change("accounts", key, phone="P1")
    practice.sync()
    assert practice.record("Account", key)["Phone"] == "P1"
    practice.assert_same()


def test_a_refusal_after_a_lost_answer_does_not_make_the_row_certain(practice: Practice) -> None:
    practice.attempts = 1
    key = practice.add("accounts", phone="P1")
    practice.sync()
    practice.change("accounts", key, phone="P2")
    lose(practice, "after", "update")
    ended(practice)
    practice.org.faults.clear()
    practice.refuse({"object": "Account"})
    practice.change("accounts", key, phone="P3")
    assert practice.sync().status == "finished with problems"
    practice.org.faults.clear()
    practice.change("accounts", key, phone="P1")
    practice.sync()
    assert practice.record("Account", key)["Phone"] == "P1"
    practice.assert_same()


def test_the_history_tells_what_was_in_flight_and_what_salesforce_may_hold_since(
    practice: Practice,
) -> None:
    practice.attempts = 1
    key = practice.add("accounts", phone="P1")
    practice.sync()
    practice.change("accounts", key, phone="P2")
    lose(practice, "after", "update")
    ended(practice)
    practice.org.faults.clear()
    practice.change("accounts", key, phone="P3")
    (row,) = practice.plan()
    assert [(c.field, c.before, c.after) for c in row.changes] == [("Phone", "P2", "P3")]
    practice.sync()
    told = practice.rows("select outcome, fields -> 'Phone' as phone, problem ->> 'code' as code"
                         " from sync.history order by id")  # fmt: skip
    assert [tuple(entry.values()) for entry in told] == [
        ("recorded", {"before": None, "after": "P1"}, None),
        ("unknown", {"before": "P1", "after": "P2"}, "UNKNOWN_OUTCOME"),
        ("recorded", {"before": "P2", "after": "P3"}, None),
    ]


def test_a_process_that_is_killed_while_a_call_is_on_its_way_leaves_what_the_next_run_needs(
    practice: Practice, tmp_path: Path
) -> None:
    key = practice.add("accounts", phone="P1")
    practice.sync()
    practice.change("accounts", key, phone="P2")
    practice.org.faults.append({"when": {"object": "Account", "method": "PATCH"},
                                "then": {"delay": 3.0}, "times": 1})  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "crm_sync", "sync", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, **practice.environment()},
    )
    try:
        until = time.monotonic() + 20
        while not practice.value("select count(*) from sync.record where in_flight is not null"):
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    practice.change("accounts", key, phone="P1")
    until = time.monotonic() + 20
    while practice.record("Account", key)["Phone"] != "P2":  # Salesforce does what it has received
        assert time.monotonic() < until
        time.sleep(0.02)
    practice.sync()
    assert practice.record("Account", key)["Phone"] == "P1"
    practice.assert_same()
