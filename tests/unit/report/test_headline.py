from __future__ import annotations

import pytest

from crm_sync.report.cost import calls_to_send
from crm_sync.report.headline import (
    duration,
    first_problems,
    headline,
    if_allowed,
    not_sent,
    run_headline,
    sending_command,
)
from crm_sync.report.model import ObjectSummary, Org, OutcomeSummary, Way
from tests.unit.report.plans import ACME, INVALID, finished, plan


def with_counts(create: int, update: int, delete: int) -> str:
    summary = ObjectSummary("account", "Account", create, update, delete)
    return headline(plan(summaries=(summary,)))


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ((0, 0, 0), "Nothing will change in Acme production."),
        ((0, 3, 0), "3 records will change in Acme production; nothing will be deleted."),
        ((0, 1, 0), "1 record will change in Acme production; nothing will be deleted."),
        (
            (1200, 0, 0),
            "1,200 records will be created in Acme production; nothing will be deleted.",
        ),
        (
            (12, 3, 0),
            "12 records will be created and 3 changed in Acme production; nothing will be deleted.",
        ),
        ((0, 0, 1), "1 record will be deleted in Acme production."),
        ((2, 1, 1), "2 records will be created, 1 changed and 1 deleted in Acme production."),
        ((0, 2, 5), "2 records will be changed and 5 deleted in Acme production."),
    ],
)
def test_the_headline_says_what_a_sync_would_do(
    counts: tuple[int, int, int], sentence: str
) -> None:
    assert with_counts(*counts) == sentence


def test_a_part_of_the_mappings_is_named_before_all_else() -> None:
    accounts = (ObjectSummary("account", "Account", update=3),)
    report = plan(summaries=accounts, selected=("account",))
    said = "Only account: 3 records will change in Acme production; nothing will be deleted."
    assert headline(report) == said
    report = plan(selected=("task", "event"))
    assert headline(report) == "Only task and event: nothing will change in Acme production."


def test_the_headline_promises_no_deletion_that_a_guard_would_stop() -> None:
    tasks = (ObjectSummary("task", "Task", update=1, delete=301),)
    stops = "301 of 947 records of task would be deleted or marked."
    report = plan(summaries=tasks, stops=stops, passes=("--allow-deletions",))
    assert headline(report) == f"A sync would stop in Acme production: {stops}"
    assert if_allowed(report) == (
        "If it is allowed (--allow-deletions): 1 record will be changed and 301 deleted in Acme "
        "production."
    )
    assert if_allowed(plan(summaries=tasks)) == ""


def test_the_command_that_sends_a_plan_repeats_what_the_plan_depends_on() -> None:
    report = plan(flags=("--select", "task", "--allow-deletions"))
    said = "crm-sync sync --target acme --select task --allow-deletions --expect b7f3c1d0"
    assert sending_command(report, "acme") == said


def test_the_headline_names_an_org_once() -> None:
    local = Org("00D000000000001AAA", "Local org", "local", "https://127.0.0.1:1", "local")
    assert headline(plan(org=local)) == "Nothing will change in Local org."


def test_rows_that_are_not_sent_are_counted_by_reason() -> None:
    summaries = (
        ObjectSummary("a", "A", invalid=1, blocked=2),
        ObjectSummary("b", "B", blocked=1, held=1),
    )
    assert not_sent(summaries) == "5 rows are not sent: 1 invalid, 3 blocked, 1 held."
    assert not_sent((ObjectSummary("a", "A", refused=1),)) == "1 row is not sent: 1 refused."
    assert not_sent(()) == ""


def test_the_headline_of_a_run_says_what_was_done() -> None:
    assert run_headline(finished()) == "12 records created and 1 changed in Acme production."


def test_a_run_with_nothing_to_do_says_that_all_is_there() -> None:
    run = finished(status="finished", summaries=(OutcomeSummary("lead", "Lead"),), problems=())
    assert run_headline(run) == "Nothing to send: Acme production already holds everything."


def test_a_run_of_refusals_does_not_say_that_all_is_there() -> None:
    run = finished(summaries=(OutcomeSummary("lead", "Lead", refused=3),))
    assert run_headline(run) == "Nothing changed in Acme production."


def test_a_run_says_of_how_many_rows_nobody_knows_what_became() -> None:
    doubt = "Of 136 rows it is not known yet whether Salesforce took them."
    run = finished(status="interrupted", summaries=(OutcomeSummary("lead", "Lead", unknown=136),))
    assert run_headline(run) == doubt
    run = finished(summaries=(OutcomeSummary("lead", "Lead", create=2, unknown=136),))
    assert run_headline(run) == f"2 records created in Acme production. {doubt}"


def test_a_run_that_could_not_note_its_end_claims_nothing() -> None:
    said = run_headline(finished(status="stopped", summaries=()))
    assert (
        said == "What this run did in Acme production could not be noted; the next one finds out."
    )


def test_seconds_are_written_for_people() -> None:
    assert [duration(s) for s in (0.84, 42.4, 200)] == ["0.8 s", "42 s", "3 min 20 s"]
    assert ACME.sentence() == "Acme (00D5g00000Kx7QzEAJ, production), target production"


@pytest.mark.parametrize(
    ("calls", "sentence"),
    [
        (0, "No API call is needed to send this."),
        (1, "1 API call is needed to send this, besides what a run looks up."),
        (2, "2 API calls are needed to send this, besides what a run looks up."),
    ],
)
def test_calls_are_those_that_carry_the_plan(calls: int, sentence: str) -> None:
    assert calls_to_send(plan(calls=calls)) == sentence


def test_what_goes_by_bulk_and_how_long_it_may_take_is_said_with_the_calls() -> None:
    ways = (Way("account", "create", 12_000, "bulk"), Way("lead", "create", 3, "composite"))
    assert calls_to_send(plan(calls=21, ways=ways, seconds=130.0)) == (
        "About 21 API calls are needed to send this, besides what a run looks up. By Bulk API 2.0: "
        "account (12,000 creates). Salesforce may take about 2 minutes."
    )


def test_the_first_rows_at_fault_are_named_without_a_value() -> None:
    named = f"{INVALID.table} {INVALID.key} invalid ({INVALID.problems[0].code})"
    assert first_problems([INVALID], 1) == f"Not in order: {named}."
    assert first_problems([INVALID] * 9, 9, most=2) == f"First 2 of 9: {named}, {named}."
    assert first_problems([], 0) == ""
