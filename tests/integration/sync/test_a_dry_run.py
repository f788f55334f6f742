"""A dry run shows what a sync would do, and leaves no trace anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.errors import GuardStopped
from crm_sync.report.cost import costs
from crm_sync.sync import state
from crm_sync.sync.database import connect
from tests.integration.sync.practice import Practice
from tests.integration.sync.test_a_first_run import filled
from tests.integration.sync.test_one_run_at_a_time import slow_push


def everything(practice: Practice) -> dict[str, Any]:
    """Every row of schema sync."""
    tables = practice.rows("select tablename from pg_tables where schemaname = 'sync'")
    return {
        row["tablename"]: practice.value(
            "select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)), '[]')"
            f" from sync.{row['tablename']} t"
        )
        for row in tables
    }


def digest(practice: Practice, **options: Any) -> str:
    with practice.planned(**options) as report:
        list(report.rows())
        return report.digest


def test_a_dry_run_writes_nothing_here_or_there(practice: Practice) -> None:
    keys = filled(practice)
    before = everything(practice)
    practice.plan()
    assert everything(practice) == before, "before the first sync"
    practice.sync()
    practice.change("accounts", keys["account"], phone="1")
    practice.change("activities", keys["call"], activity_type="meeting")
    before = everything(practice)
    practice.org.calls.clear()
    assert len(practice.plan(full=True)) == 3
    assert everything(practice) == before
    assert practice.writes() == []


def test_a_dry_run_takes_no_lock_and_works_beside_a_running_sync(practice: Practice) -> None:
    practice.add("accounts")
    with slow_push(practice) as running, practice.planned() as report:
        assert len(list(report.rows())) == 1
        held = "select count(*) from pg_locks where locktype = 'advisory'"
        assert practice.value(held) == 1
        assert running.go_on().status == "finished", "the sync waited for the dry run"
    practice.assert_same()


def test_a_dry_run_works_while_another_session_holds_the_lock(practice: Practice) -> None:
    practice.add("accounts")
    with connect(practice.database.sync_url) as holder, state.locked(holder, practice.org.org_id):
        assert len(practice.plan()) == 1


def test_the_digest_of_a_dry_run_is_that_of_the_sync(practice: Practice) -> None:
    keys = filled(practice)
    for _ in range(2):
        expected = digest(practice)
        assert expected == digest(practice)
        with pytest.raises(GuardStopped, match=expected):
            practice.sync(expect="0" * 16)
        assert practice.sync(expect=expected).status == "finished"
        practice.assert_same()
        practice.change("accounts", keys["account"], phone="1")
        practice.change("activities", keys["call"], activity_type="meeting")
        practice.add("leads", last_name="Ono")


def test_a_plan_that_changed_since_the_dry_run_is_not_sent(practice: Practice) -> None:
    practice.add("accounts")
    expected = digest(practice)
    practice.add("accounts")
    practice.org.calls.clear()
    with pytest.raises(GuardStopped, match="not the one that was expected"):
        practice.sync(expect=expected)
    assert practice.writes() == []
    assert practice.value("select count(*) from sync.plan") == 0


def test_the_number_of_calls_that_it_tells_is_what_the_sync_takes(practice: Practice) -> None:
    practice.connection.execute(
        "insert into accounts (company_name) select 'C' || n from generate_series(1, 1300) n"
    )
    keys = filled(practice)
    for _ in range(2):
        with practice.planned() as report:
            told = report.calls
            assert sum(cost.calls for cost in costs(report)) == told, "by object"
        practice.org.calls.clear()
        practice.sync(allow_deletions=True)
        writing = [
            c for c in practice.org.calls if any(s["method"] != "GET" for s in c.subrequests)
        ]
        assert len(writing) == told
        practice.remove("activities", keys["meeting"])
        practice.remove("projects", keys["project"])
        practice.change("leads", keys["lead"], title="Pilot")
