"""Writing keys: refusals, locks, lost answers, a kill in the middle, thousands of rows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from crm_sync.adopt import records
from crm_sync.errors import LimitReached, OrgUnreachable
from tests.integration.adopt.by_hand import adopted, by_hand, keys, looked
from tests.integration.sync.practice import Practice

WRITE = r"/composite/sobjects(\?|$)"
"""The path of the subrequest that writes keys."""


def pairs(practice: Practice, number: int) -> tuple[list[str], list[str]]:
    """Rows and the records that are certainly theirs: keys and Ids."""
    rows = practice.rows(
        "insert into accounts (company_name, website)"
        " select 'Firm ' || n, 'firm' || n || '.example' from generate_series(1, %s) n"
        " returning id::text as key, company_name, website",
        number,
    )
    made = [{"Name": r["company_name"].upper(), "Website": r["website"]} for r in rows]
    return [r["key"] for r in rows], by_hand(practice.org, "Account", made)


def test_a_refused_row_is_told_and_kept_and_the_others_are_adopted(practice: Practice) -> None:
    rows, ids = pairs(practice, 3)
    practice.refuse({"id": ids[1]})
    ended = adopted(practice)
    assert keys(practice, *ids) == [rows[0], None, rows[2]]
    assert ended.outcome.adopted == {"account": 2}
    (left,) = ended.outcome.left
    assert (left.pair.row.key, left.outcome) == (rows[1], "refused")
    assert left.problem["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert ended.open == ("account",)
    assert practice.history(rows[1]) == [("adopt", "refused")]
    assert practice.value("select problem ->> 'sentence' from sync.history where key = %s", rows[1])
    assert practice.value("select counts from sync.run") == {"account": {"adopt": 2, "refused": 1}}
    assert practice.value("select count(*) from sync.record") == 2
    practice.org.faults.clear()
    assert adopted(practice).outcome.adopted == {"account": 1}
    assert keys(practice, *ids) == rows
    practice.sync()
    practice.assert_same()


def test_a_locked_record_is_sent_again(practice: Practice) -> None:
    rows, ids = pairs(practice, 2)
    practice.org.faults.append(
        {
            "when": {"id": ids[0]},
            "then": {"row_error": {"statusCode": "UNABLE_TO_LOCK_ROW"}},
            "times": 2,
        }
    )
    assert adopted(practice).outcome.adopted == {"account": 2}
    assert keys(practice, *ids) == rows


def test_a_record_deleted_meanwhile_is_a_refusal(practice: Practice) -> None:
    rows, ids = pairs(practice, 2)
    error = {"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []}
    practice.org.faults.append({"when": {"id": ids[0]}, "then": {"row_error": error}})
    ended = adopted(practice)
    assert [left.problem["code"] for left in ended.outcome.left] == ["ENTITY_IS_DELETED"]
    assert practice.rows("select key, state from sync.record") == [
        {"key": rows[1], "state": "live"}
    ]


@pytest.mark.parametrize("arrives", [True, False])
def test_what_got_no_answer_is_found_by_the_next_run(practice: Practice, arrives: bool) -> None:
    rows, ids = pairs(practice, 3)
    drop = "after" if arrives else "before"
    practice.org.faults.append(
        {"when": {"path": WRITE, "object": "Account"}, "then": {"drop": drop}}
    )
    ended = adopted(practice)
    assert isinstance(ended.error, OrgUnreachable)
    assert ended.outcome.adopted == {"account": 0}
    assert {left.outcome for left in ended.outcome.left} == {"unknown"}
    practice.org.faults.clear()
    again = adopted(practice)
    assert again.outcome.adopted == {"account": 3}
    assert keys(practice, *ids) == rows
    practice.sync()
    practice.assert_same()
    assert practice.org.store.count("Account") == 3


def test_what_got_no_answer_is_found_by_a_sync_too(practice: Practice) -> None:
    rows, ids = pairs(practice, 3)
    practice.org.faults.append(
        {"when": {"path": WRITE, "object": "Account"}, "then": {"drop": "after"}}
    )
    adopted(practice)
    practice.org.faults.clear()
    changes = {row.key: row.action for row in practice.plan()}
    assert changes == dict.fromkeys(rows, "update")
    practice.sync()
    practice.assert_same()
    assert keys(practice, *ids) == rows


def test_the_daily_limit_ends_it_cleanly(practice: Practice) -> None:
    rows, ids = pairs(practice, 1_200)
    limit = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    practice.org.faults.append(
        {
            "when": {"path": WRITE, "object": "Account", "nth": 3},
            "then": {"status": 403, "body": limit},
        }
    )
    ended = adopted(practice)
    assert isinstance(ended.error, LimitReached)
    assert ended.outcome.adopted == {"account": 800}
    practice.org.faults.clear()
    adopted(practice)
    assert sorted(filter(None, keys(practice, *ids))) == sorted(rows)
    practice.sync()
    practice.assert_same()


def test_thousands_are_adopted_in_few_calls(practice: Practice) -> None:
    rows, ids = pairs(practice, 3_000)
    ended = adopted(practice)
    assert ended.outcome.adopted == {"account": 3_000}
    assert keys(practice, *ids) == rows
    # describe, search, count, two pages, three to write, and who we are
    assert ended.calls <= 9
    practice.org.calls.clear()
    practice.sync()
    practice.assert_same()
    assert practice.org.store.count("Account") == 3_000


def test_many_records_are_read_by_a_bulk_query(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BULK_ABOVE", 100)
    rows, ids = pairs(practice, 3)
    by_hand(practice.org, "Account", [{"Name": f'Other "{n}",\nü'} for n in range(500)])
    (found,) = looked(practice).found
    assert found.records == 503
    assert found.pairs == tuple(sorted(zip(rows, ids, strict=True)))


def test_many_children_are_read_by_a_bulk_query_with_their_parents(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BULK_ABOVE", 0)
    (account,), (parent,) = pairs(practice, 1)
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    (row,) = practice.plan(select=("opportunity", "account"), create_anyway=True)[1:]
    name = next(c.after for c in row.changes if c.field == "Name")
    made: dict[str, Any] = {
        "Name": name, "AccountId": parent, "StageName": "X", "CloseDate": "2026-01-01",
    }  # fmt: skip
    (given,) = by_hand(practice.org, "Opportunity", [made])
    look = looked(practice, select=("account", "opportunity"))
    assert [one.pairs for one in look.found] == [((account, parent),), ((project, given),)]


KILLED = """
import os, signal, sys
from crm_sync.cli import main
from crm_sync.salesforce.client import Client

when, sent, composite = sys.argv.pop(), [], Client.composite

def killing(self, subrequests, *rest):
    if subrequests[0].method == "PATCH":
        sent.append(1)
    dies = len(sent) == 2 and subrequests[0].method == "PATCH"
    if dies and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    answers = composite(self, subrequests, *rest)
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    return answers

Client.composite = killing
sys.argv = ["crm-sync", "adopt", "--select", "account", "--yes"]
main()
"""
"""The command; it kills itself around its second call that writes."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", ["adopt", "sync"])
def test_a_kill_in_the_middle_loses_and_doubles_nothing(
    practice: Practice, when: str, then: str
) -> None:
    rows, ids = pairs(practice, 2_200)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, when],
        env={**os.environ, **practice.environment()},
        cwd=practice.mappings.parent,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    written = 2_000 if when == "after" else 1_000
    assert len([key for key in keys(practice, *ids) if key]) == written
    assert practice.value("select count(salesforce_id) from sync.record") == 1_000
    if then == "sync":
        # Whoever does not adopt again, and lets the rest be created, loses what was certain; but
        # nothing that carries our key is doubled.
        assert practice.sync(create_anyway=True).status == "finished"
        assert practice.org.store.count("Account") == 2_200 + (2_200 - written)
        practice.assert_same()
        return
    ended = adopted(practice)
    assert ended.outcome.adopted == {"account": 1_200}
    assert keys(practice, *ids) == rows
    assert practice.value("select count(*) from sync.record where salesforce_id is null") == 0
    assert practice.rows("select status from sync.run order by run_number") == [
        {"status": "interrupted"}, {"status": "finished"},
    ]  # fmt: skip
    practice.sync()
    practice.assert_same()
    assert practice.org.store.count("Account") == 2_200
