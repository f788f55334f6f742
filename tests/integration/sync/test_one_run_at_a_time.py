"""One run at a time per org: by a lock, and by a number that a run without its lock must hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from crm_sync.errors import AlreadyRunning, LockLost
from crm_sync.report.headline import run_headline
from crm_sync.report.model import RunReport
from crm_sync.sync.errors import Ended
from crm_sync.sync.overview import orgs
from crm_sync.sync.progress import Event
from tests.integration.sync.practice import Practice

BACKENDS = "select pid from pg_stat_activity where application_name = 'crm-sync' and datname = %s"


@dataclass
class SlowPush:
    """A sync in another thread whose first write stays on its way until `go_on`."""

    practice: Practice
    future: Future[RunReport]

    def go_on(self) -> RunReport:
        """Let the write arrive, and wait for the run's end; raises what the run raises."""
        self.practice.org.faults.clear()
        return self.future.result(120)


@contextmanager
def slow_push(practice: Practice) -> Iterator[SlowPush]:
    """Entered while the write is on its way."""
    practice.org.faults.append({"when": {"method": "PATCH", "object": "Account"},
                                "then": {"delay": 100}, "times": 1})  # fmt: skip
    with ThreadPoolExecutor(1) as pool:
        push = SlowPush(practice, pool.submit(practice.sync))
        try:
            wait_until(lambda: practice.org.faults._rules[-1].fired)
            yield push
        finally:
            practice.org.faults.clear()


def wait_until(true: Callable[[], Any], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def end_backends(practice: Practice) -> None:
    with psycopg.connect(practice.database.admin_url, autocommit=True) as admin:
        for (pid,) in admin.execute(BACKENDS, [practice.database.name]).fetchall():
            admin.execute("select pg_terminate_backend(%s)", [pid])


def test_a_second_sync_while_one_runs_ends_at_once_and_sends_nothing(practice: Practice) -> None:
    key = practice.add("accounts")
    with slow_push(practice) as first:
        with pytest.raises(AlreadyRunning) as caught:
            practice.sync()
        assert "If it was killed" in (caught.value.mend or "")
        assert not first.future.done()
        (known,) = orgs(practice.connection, target=None)
        assert [noted.status for noted in known.runs] == ["running"]
        assert first.go_on().status == "finished"
    assert practice.record("Account", key)
    practice.assert_same()
    assert practice.value("select max(run_number) from sync.run") == 1


def test_two_orgs_are_synced_at_the_same_time(practice: Practice) -> None:
    from crm_sync.localorg.serve import LocalOrg

    practice.add("accounts")
    with LocalOrg(data=None) as other:
        practice.orgs["other"] = other
        with slow_push(practice) as first:
            assert practice.sync("other").status == "finished"
            assert first.go_on().status == "finished"


def test_nothing_more_is_sent_when_the_backend_that_holds_the_lock_is_killed(
    practice: Practice,
) -> None:
    """Three calls' worth of rows: the first is on its way when the backend dies."""
    practice.more = {"bulk_above": 10_000}
    for number in range(2_100):
        practice.connection.execute(
            "insert into accounts (company_name) values (%s)", [f"C{number}"]
        )
    with slow_push(practice) as first:
        end_backends(practice)
        with pytest.raises(Ended) as caught:
            first.go_on()
    assert isinstance(caught.value.reason, LockLost)
    assert run_headline(caught.value.report).startswith("What this run did in Local org could not")
    (known,) = orgs(practice.connection, target=None)
    assert [noted.status for noted in known.runs] == ["interrupted"]
    assert known.at_work is None
    assert practice.org.store.count("Account") == 1_000
    assert sum(1 for part in practice.writes()) == 5
    practice.sync()
    practice.assert_same()


def test_a_run_whose_number_was_overtaken_writes_nothing_and_says_so(practice: Practice) -> None:
    for number in range(1_100):
        practice.connection.execute(
            "insert into accounts (company_name) values (%s)", [f"C{number}"]
        )
    with slow_push(practice) as first:
        practice.connection.execute("update sync.org set run_number = run_number + 1")
        with pytest.raises(Ended) as caught:
            first.go_on()
    assert isinstance(caught.value.reason, LockLost)
    assert practice.value("select count(*) from sync.record where salesforce_id is not null") == 0
    assert len(practice.writes()) == 5
    practice.sync()
    practice.assert_same()


def test_the_lock_is_free_after_every_end(practice: Practice, tmp_path: Any) -> None:
    practice.add("accounts")
    file = practice.mappings / "account.yaml"
    right = file.read_text("utf-8")
    file.write_text(right.replace("Phone: phone", "Phone: {sql: phone || 1 / 0}"), "utf-8")
    with pytest.raises(Exception, match="division by zero"):
        practice.sync()
    file.write_text(right, "utf-8")
    held = "select count(*) from pg_locks where locktype = 'advisory'"
    assert practice.value(held) == 0
    assert practice.value("select status from sync.run") == "stopped"
    practice.sync()
    assert practice.value(held) == 0


def test_an_interrupt_in_mid_push_says_what_was_done_and_leaves_the_rest_planned(
    practice: Practice,
) -> None:
    from crm_sync.sync import run
    from crm_sync.sync.options import Options

    for number in range(1_200):
        practice.connection.execute(
            "insert into accounts (company_name) values (%s)", [f"C{number}"]
        )

    def interrupt(event: Event) -> None:
        assert (event.mapping, event.total) == ("account", 1_200)
        if event.done:
            raise KeyboardInterrupt

    with pytest.raises(Ended) as caught:
        run.sync(practice.settings(), "local", Options(), None, interrupt)
    report = caught.value.report
    assert report.status == "interrupted"
    assert (
        practice.count(report, "account").create,
        practice.count(report, "account").planned,
    ) == (
        1_000,
        200,
    )
    practice.sync()
    practice.assert_same()


def test_an_interrupt_while_an_answer_is_awaited_leaves_its_rows_unknown(
    practice: Practice,
) -> None:
    import _thread

    key = practice.add("accounts")
    practice.org.faults.append({"when": {"method": "PATCH", "object": "Account"},
                                "then": {"delay": 1.5}, "times": 1})  # fmt: skip

    def interrupt() -> None:
        with psycopg.connect(practice.database.owner_url, autocommit=True) as watch:
            query = "select count(*) from sync.record where in_flight is not null"
            wait_until(lambda: watch.execute(query).fetchone() == (1,))
        time.sleep(0.3)
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    with pytest.raises(Ended) as caught:
        practice.sync()
    assert caught.value.report.status == "interrupted"
    assert practice.open_rows() == {f"account:{key}": "unknown"}
    (tried,) = practice.rows("select before, after from sync.history where outcome = 'unknown'")
    assert (tried["before"], tried["after"]["Name"]) == (None, "Harbour Pilots Ltd")
    practice.sync()
    practice.assert_same()


def test_a_table_that_someone_has_locked_ends_the_run_in_bounded_time(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crm_sync.errors import DatabaseError
    from crm_sync.sync import session

    practice.add("accounts")
    monkeypatch.setitem(session._LIMITS, "lock_timeout", "300ms")
    with psycopg.connect(practice.database.owner_url) as other:
        other.execute("lock table accounts in access exclusive mode")
        with pytest.raises(DatabaseError, match="Another session has locked a table"):
            practice.sync()
        with pytest.raises(DatabaseError, match="Another session has locked a table"):
            practice.plan()
    practice.sync()
    practice.assert_same()


def test_time_limits_of_the_role_do_not_end_a_run(practice: Practice) -> None:
    limits = {
        "statement_timeout": "200ms",
        "idle_in_transaction_session_timeout": "200ms",
        "idle_session_timeout": "200ms",
        "lock_timeout": "200ms",
    }
    key = practice.add("accounts")
    with psycopg.connect(practice.database.admin_url, autocommit=True) as admin:
        for name, value in limits.items():
            admin.execute(f"alter role crm_sync set {name} = '{value}'".encode())
        try:
            practice.org.faults.append({"when": {"method": "PATCH", "object": "Account"},
                                        "then": {"delay": 0.6}, "times": 1})  # fmt: skip
            practice.org.faults.append({"when": {"path": "queryAll"}, "then": {"delay": 0.6}})
            assert practice.sync().status == "finished"
        finally:
            admin.execute("alter role crm_sync reset all")
    assert practice.record("Account", key)
    practice.assert_same()
