"""Bulk jobs that end otherwise than they should, and rows that Salesforce refuses in them."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.errors import LimitReached, OrgUnreachable
from crm_sync.salesforce.bulk import Bulk
from crm_sync.salesforce.client import Client
from crm_sync.sync import bulk, run
from crm_sync.sync.errors import Ended
from crm_sync.sync.options import Options
from crm_sync.sync.progress import Event
from tests.integration.sync.practice import Practice

ACCOUNTS = {"object": "Account"}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAUSE", 0.02)


def many(practice: Practice, number: int) -> list[str]:
    practice.connection.execute(
        "insert into accounts (company_name, phone) select 'C' || n, '0'"
        " from generate_series(1, %s) n",
        [number],
    )
    return [row["id"] for row in practice.rows("select id::text from accounts order by id")]


def fault(practice: Practice, then: dict[str, Any], when: dict[str, Any], **more: Any) -> None:
    practice.org.faults.append({"when": when, "then": then, **more})


def ends_job(practice: Practice, **job: Any) -> None:
    fault(practice, {"job": job}, ACCOUNTS, times=1)


def org_bulk(practice: Practice) -> Bulk:
    """Another client of the org: somebody in Setup."""
    return Bulk(Client("local", practice.target(practice.org)))


def jobs(practice: Practice) -> list[str]:
    return [
        row["job_id"] for row in practice.rows("select job_id from sync.job order by created_at")
    ]


def test_a_refused_row_is_told_in_our_terms_and_its_children_wait(practice: Practice) -> None:
    keys = many(practice, 5)
    for key in keys:
        practice.add("projects", account_id=key, start_date="2026-01-05")
    error = {"statusCode": "STRING_TOO_LONG", "message": "Phone: zu lang: a:b", "fields": ["Phone"]}
    fault(practice, {"row_error": error}, {"external_id": keys[1]})
    report = practice.sync(api="bulk")
    assert report.status == "finished with problems"
    counts = practice.count(report, "account")
    assert (counts.create, counts.refused) == (4, 1)
    assert practice.count(report, "opportunity").blocked == 1
    assert practice.problem(keys[1]) == {
        "code": "STRING_TOO_LONG",
        "field": "Phone",
        "column": "accounts.phone",
        "severity": "error",
        "sentence": "Salesforce refused it: Phone: zu lang: a:b.",
        "mend": "Shorten accounts.phone.",
    }
    assert practice.history(keys[1]) == [("create", "refused")]
    assert practice.sync(api="bulk").calls == 0, "it waits for a change"
    practice.org.faults.clear()
    assert practice.sync(api="bulk", retry_refused=True).status == "finished"
    practice.assert_same()


@pytest.mark.parametrize("code", ["UNABLE_TO_LOCK_ROW", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"])
def test_a_row_that_needs_another_try_gets_it_by_composite(practice: Practice, code: str) -> None:
    keys = many(practice, 5)
    error = {"statusCode": code, "message": "busy"}
    fault(practice, {"row_error": error}, {"external_id": keys[1]}, times=1)
    assert practice.sync(api="bulk").status == "finished"
    assert [record["CRM_Id__c"] for record in practice.sent()] == [keys[1]]
    practice.assert_same()


def test_a_record_that_people_deleted_is_read_and_held(practice: Practice) -> None:
    keys = many(practice, 5)
    practice.sync(api="bulk")
    practice.connection.execute("update accounts set phone = '1'")
    practice.org.delete(practice.record("Account", keys[1])["Id"])
    report = practice.sync(api="bulk")
    counts = practice.count(report, "account")
    assert (counts.update, counts.held) == (4, 1)
    assert practice.problem(keys[1])["code"] == "RECORD_DELETED"


def test_a_record_that_is_gone_already_counts_as_deleted(practice: Practice) -> None:
    keys = many(practice, 5)
    practice.sync(api="bulk")
    practice.org.delete(practice.record("Account", keys[1])["Id"])
    practice.connection.execute("delete from accounts")
    report = practice.sync(api="bulk", allow_deletions=True)
    assert (report.status, practice.count(report, "account").delete) == ("finished", 5)
    assert practice.writes() == []
    practice.assert_same()


def test_a_create_that_meets_a_record_clears_what_it_sent_no_null_for(practice: Practice) -> None:
    keys = many(practice, 3)
    practice.sync(api="bulk")
    for key in keys:
        practice.org.edit(practice.record("Account", key)["Id"], {"Website": "theirs.example"})
    practice.connection.execute("delete from sync.record")
    practice.connection.execute("update sync.org set position = null")
    practice.connection.execute("update sync.mapping set looked_up_at = now()")
    assert practice.sync(api="bulk").status == "finished"
    assert [practice.record("Account", key)["Website"] for key in keys] == [None] * 3
    practice.assert_same()


def test_a_job_that_salesforce_cannot_read_stops_its_mapping_and_leaves_it_planned(
    practice: Practice,
) -> None:
    (key, *_) = many(practice, 5)
    practice.add("projects", account_id=key, start_date="2026-01-05")
    practice.add("leads", last_name="Ng")
    said = "InvalidBatch : Field name not found : Phone"
    ends_job(practice, fail=said)
    report = practice.sync(api="bulk")
    assert report.status == "finished with problems"
    assert report.message == f"account stopped: Bulk job {jobs(practice)[0]} was Failed: {said}"
    assert practice.count(report, "account").planned == 5
    assert practice.count(report, "opportunity").blocked == 1
    assert practice.count(report, "lead").create == 1
    assert practice.value("select count(*) from sync.record where mapping = 'account'") == 0
    assert practice.sync(api="bulk").status == "finished"
    practice.assert_same()


def test_a_storm_of_locks_is_waited_out(practice: Practice) -> None:
    many(practice, 450)
    ends_job(practice, fail="TooManyLockFailure : Too many lock failure 200", after=200)
    report = practice.sync(api="bulk")
    assert report.status == "finished"
    assert len(jobs(practice)) == 2
    practice.assert_same()


def test_a_storm_of_locks_without_end_stops_the_mapping(practice: Practice) -> None:
    many(practice, 5)
    for _ in range(bulk.FAILURES):
        ends_job(practice, fail="TooManyLockFailure : Too many lock failure 200")
    report = practice.sync(api="bulk")
    assert report.status == "finished with problems"
    assert len(jobs(practice)) == bulk.FAILURES
    practice.sync(api="bulk")
    practice.assert_same()


def test_a_job_that_fails_on_its_way_keeps_what_was_done(practice: Practice) -> None:
    many(practice, 650)
    ends_job(practice, fail="Unknown : An unexpected error occurred", after=400)
    report = practice.sync(api="bulk")
    counts = practice.count(report, "account")
    assert (counts.create, counts.planned, counts.unknown) == (400, 250, 0)
    assert practice.sync(api="bulk").status == "finished"
    practice.assert_same()


def test_rows_that_stand_in_no_result_are_unknown_and_sent_again(practice: Practice) -> None:
    many(practice, 5)
    ends_job(practice, lose=2)
    report = practice.sync(api="bulk")
    counts = practice.count(report, "account")
    assert (counts.create, counts.unknown) == (3, 2)
    assert practice.value("select count(*) from sync.record where in_flight is not null") == 2
    assert practice.sync(api="bulk").status == "finished"
    practice.assert_same()


@pytest.mark.parametrize("change", ["phone = 'P2'", "phone = '0'"])
def test_a_lost_update_is_sent_again_even_where_the_source_returns(
    practice: Practice, change: str
) -> None:
    many(practice, 5)
    practice.sync(api="bulk")
    practice.connection.execute("update accounts set phone = 'P2'")
    ends_job(practice, lose=5)
    practice.sync(api="bulk")
    practice.connection.execute(f"update accounts set {change}".encode())
    assert practice.sync(api="bulk").status == "finished"
    practice.assert_same()


def test_a_job_that_somebody_aborts_stops_its_mapping(practice: Practice) -> None:
    many(practice, 5)
    ends_job(practice, hang=True)

    def abort(event: Event) -> None:
        if event.job_id:
            org_bulk(practice).abort(event.job_id)

    report = run.sync(practice.settings(), "local", Options(api="bulk"), None, abort)
    assert report.message == f"account stopped: Bulk job {jobs(practice)[0]} was Aborted"
    assert practice.count(report, "account").planned == 5
    assert practice.sync(api="bulk").status == "finished"
    practice.assert_same()


def interrupted(practice: Practice, **options: Any) -> str:
    """A run that is interrupted while its job is at work; gives the job's Id."""

    def interrupt(event: Event) -> None:
        if event.job_id:
            raise KeyboardInterrupt

    ends_job(practice, hang=True)
    with pytest.raises(Ended) as caught:
        run.sync(practice.settings(), "local", Options(api="bulk", **options), None, interrupt)
    assert caught.value.report.status == "interrupted"
    return jobs(practice)[-1]


def test_a_job_at_work_is_waited_for_by_the_next_run_before_it_plans(practice: Practice) -> None:
    many(practice, 5)
    job_id = interrupted(practice)
    assert set(practice.open_rows().values()) == {"sending"}
    assert practice.value("select count(*) from sync.record") == 0
    practice.connection.execute("update accounts set phone = '2'")
    asked: list[Event] = []

    def let_it_end(event: Event) -> None:
        asked.append(event)
        practice.org.faults.clear()

    report = run.sync(practice.settings(), "local", Options(api="bulk"), None, let_it_end)
    assert asked[0].job_id == job_id
    counts = practice.count(report, "account")
    assert (counts.create, counts.update) == (5, 5)
    assert len(jobs(practice)) == 2
    practice.assert_same()


def test_a_dry_run_shows_rows_of_a_job_at_work_as_in_flight_and_touches_nothing(
    practice: Practice,
) -> None:
    many(practice, 5)
    job_id = interrupted(practice)
    before = practice.rows("select * from sync.plan order by key")
    with practice.planned() as report:
        assert any(job_id in note for note in report.notes)
        rows = list(report.rows())
    assert [(row.action, row.problems[0].code) for row in rows] == [
        ("create", "UNKNOWN_OUTCOME")
    ] * 5
    assert practice.rows("select * from sync.plan order by key") == before
    practice.org.faults.clear()
    practice.sync()
    practice.assert_same()


def test_a_job_whose_results_are_gone_leaves_its_rows_unknown_and_they_go_again(
    practice: Practice,
) -> None:
    many(practice, 5)
    job_id = interrupted(practice)
    other = org_bulk(practice)
    other.abort(job_id)
    other.delete(job_id)
    practice.org.faults.clear()
    report = practice.sync(api="bulk")
    assert report.status == "finished"
    assert practice.value("select count(*) from sync.history where outcome = 'unknown'") == 5
    practice.assert_same()


@pytest.mark.parametrize("drop", ["before", "after"])
def test_an_upload_without_an_answer_is_given_up_and_goes_in_another_job(
    practice: Practice, drop: str
) -> None:
    many(practice, 5)
    fault(practice, {"drop": drop}, {"method": "PUT", "path": "batches"}, times=1)
    assert practice.sync(api="bulk").status == "finished"
    assert len(jobs(practice)) == 2
    states = [job["state"] for job in practice.org.jobs]
    assert states == ["Aborted"], "the other is deleted with its results"
    practice.assert_same()


def test_uploads_that_get_no_answer_end_the_run_and_leave_the_rows_planned(
    practice: Practice,
) -> None:
    many(practice, 5)
    fault(practice, {"drop": "before"}, {"method": "PUT", "path": "batches"})
    with pytest.raises(Ended) as caught:
        practice.sync(api="bulk")
    assert isinstance(caught.value.reason, OrgUnreachable)
    assert set(practice.open_rows().values()) == {"planned"}
    practice.org.faults.clear()
    practice.sync(api="bulk")
    practice.assert_same()


@pytest.mark.parametrize("path", ["jobs/ingest$", "jobs/ingest/[^/]*$", "Results$", "unprocessed"])
@pytest.mark.parametrize("drop", ["before", "after"])
def test_every_other_request_about_a_job_is_repeated_where_no_answer_came(
    practice: Practice, path: str, drop: str
) -> None:
    practice.attempts = 4
    many(practice, 5)
    fault(practice, {"drop": drop}, {"path": path}, times=2)
    assert practice.sync(api="bulk").status == "finished"
    assert len(jobs(practice)) == 1
    practice.assert_same()


def test_a_session_that_ends_while_a_job_is_at_work_is_renewed(practice: Practice) -> None:
    many(practice, 5)
    ends_job(practice, hang=True)
    expired: list[int] = []

    def expire(event: Event) -> None:
        if event.job_id and not expired:
            expired.append(practice.org.expire_sessions())
            practice.org.faults.clear()

    report = run.sync(practice.settings(), "local", Options(api="bulk"), None, expire)
    assert expired
    assert report.status == "finished"
    practice.assert_same()


def test_the_daily_limit_while_a_job_is_at_work_leaves_it_to_the_next_run(
    practice: Practice,
) -> None:
    many(practice, 5)
    ends_job(practice, hang=True)

    def use_up(event: Event) -> None:
        if event.job_id:
            practice.org.set_remaining_calls(0)

    with pytest.raises(Ended) as caught:
        run.sync(practice.settings(), "local", Options(api="bulk"), None, use_up)
    assert isinstance(caught.value.reason, LimitReached)
    practice.org.set_remaining_calls(15_000)
    practice.org.faults.clear()
    assert practice.sync(api="bulk").status == "finished"
    assert len(jobs(practice)) == 1
    practice.assert_same()


def test_a_mapping_that_wants_assignment_rules_never_goes_by_bulk(practice: Practice) -> None:
    many(practice, 2)
    practice.add("leads", last_name="Ng")
    file = practice.mappings / "lead.yaml"
    file.write_text(file.read_text("utf-8") + "\nassignment_rule: active\n", "utf-8")
    assert practice.sync(api="bulk").status == "finished"
    assert practice.value("select array_agg(mapping) from sync.job") == ["account"]
    assert [part["url"].split("/")[-2] for part in practice.writes()] == ["Lead"]
    practice.assert_same()


def test_a_job_runs_the_one_assignment_rule_that_a_mapping_names(practice: Practice) -> None:
    rule = "01Q5g000000AbCdEAK"
    many(practice, 2)
    lead = practice.add("leads", last_name="Ng")
    file = practice.mappings / "lead.yaml"
    file.write_text(file.read_text("utf-8") + f"\nassignment_rule: {rule}\n", "utf-8")
    assert practice.sync(api="bulk").status == "finished"
    asked = [
        c.body for c in practice.org.calls if (c.method, c.path[-11:]) == ("POST", "jobs/ingest")
    ]
    assert {body["object"]: body.get("assignmentRuleId") for body in asked} == {
        "Account": None,
        "Lead": rule,
    }
    assert practice.record("Lead", lead)["OwnerId"] == practice.org.queue_user_id
