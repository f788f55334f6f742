"""What sending takes, by object, and what the run before took."""

from __future__ import annotations

from crm_sync.report.cost import ObjectCost, about, calls_to_send, costs, former_run
from crm_sync.report.model import ObjectSummary, Way
from tests.unit.report.plans import FORMER, WAYS, plan

SUMMARIES = (
    ObjectSummary("account", "Account", create=12_000, update=1),
    ObjectSummary("lead", "Lead", create=3),
    ObjectSummary("task", "Task"),
)


def test_each_object_says_its_api_calls_time_and_what_the_run_before_did() -> None:
    own = {"account": 1, "lead": 1}
    report = plan(summaries=SUMMARIES, ways=WAYS, former=FORMER, own_calls=own)
    assert costs(report) == (
        ObjectCost(
            "account", "Account", "Bulk API 2.0 (create), Composite (update)", 21, "about 2 min",
            "3 created and 1 changed",
        ),
        ObjectCost("lead", "Lead", "Composite", 1, "about 5 s", "1 refused"),
    )  # fmt: skip


def test_calls_and_times_of_the_objects_sum_up_to_what_sending_takes() -> None:
    """One call carries creates and updates of accounts, and leads."""
    ways = (
        Way("account", "create", 2, "composite", calls=1, seconds=5.0),
        Way("account", "update", 1, "composite", calls=1, seconds=5.0),
        Way("lead", "create", 3, "composite", calls=1, seconds=5.0),
    )
    report = plan(summaries=SUMMARIES, ways=ways, calls=1, seconds=5.0, shared_calls=1)
    assert [(cost.object, cost.calls, cost.time) for cost in costs(report)] == [
        ("Account", 0, ""), ("Lead", 0, ""), ("Several at once", 1, "about 5 s"),
    ]  # fmt: skip
    assert calls_to_send(report).startswith("1 API call is needed")


def test_an_object_with_nothing_to_send_is_told_where_the_run_before_sent_something() -> None:
    task = SUMMARIES[2:]
    assert costs(plan(summaries=task)) == ()
    former = FORMER.__class__(**{**FORMER.__dict__, "counts": {"task": {"delete": 2}}})
    [cost] = costs(plan(summaries=task, former=former))
    assert (cost.apis, cost.calls, cost.time, cost.former) == ("", 0, "", "2 deleted")


def test_the_run_before_is_told_in_a_sentence() -> None:
    assert former_run(plan(former=FORMER)) == (
        "The run before (40, on 23 Nov 2026, 09:12 UTC, finished with problems): "
        "3 created, 1 changed and 1 refused; 2 API calls, 4.2 s."
    )
    assert former_run(plan()) == "No run has ended in this org yet."


def test_a_guess_is_no_more_exact_than_it_is() -> None:
    assert [about(s) for s in (0.2, 5.4, 59, 90, 7200)] == [
        "about 1 s", "about 5 s", "about 59 s", "about 2 min", "about 120 min",
    ]  # fmt: skip
