"""What the flows make of the library's reports and errors; without a Prefect server."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from prefect.exceptions import TerminationSignal

import flows.dry_run
import flows.progress
import flows.sync
from crm_sync.errors import LimitReached, SignInError
from crm_sync.report.model import (
    ObjectSummary,
    Org,
    OutcomeSummary,
    PlanReport,
    PlanRow,
    Problem,
    RunReport,
)
from crm_sync.settings import Settings
from crm_sync.sync.errors import Ended
from crm_sync.sync.options import Options
from crm_sync.sync.progress import Event

ORG = Org("00D000000000001AAA", "Practice", "sandbox", "https://practice.example", "test")


@pytest.fixture
def artifacts(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The artifacts that a flow creates."""
    created: list[dict[str, str]] = []

    def create(markdown: str, key: str, description: str) -> None:
        created.append({"markdown": markdown, "key": key, "description": description})

    for module in (flows.sync, flows.dry_run):
        monkeypatch.setattr(module, "create_markdown_artifact", create)
        monkeypatch.setattr(module, "load_settings", Settings)
    return created


def run_report(status: str, **counts: int) -> RunReport:
    summary = OutcomeSummary(mapping="account", object="Account", **counts)
    return RunReport(ORG, 7, status, (summary,), calls=2, seconds=1.5)


def returns(monkeypatch: pytest.MonkeyPatch, report: RunReport) -> list[tuple[str | None, Options]]:
    """Let the library's sync return a report; gives the list of how it was called."""
    calls: list[tuple[str | None, Options]] = []

    def sync(
        _: Settings, target: str | None, options: Options, announce: Any, progress: Any
    ) -> RunReport:
        announce(ORG)
        calls.append((target, options))
        return report

    monkeypatch.setattr(flows.sync, "run_sync", sync)
    return calls


def test_parameters_reach_the_library(
    monkeypatch: pytest.MonkeyPatch, artifacts: list[dict[str, str]]
) -> None:
    calls = returns(monkeypatch, run_report("finished"))
    flows.sync.sync.fn()
    flows.sync.sync.fn(
        target="test", select=["lead"], full=True, retry_refused=True, create_anyway=True
    )
    assert calls == [
        (None, Options(yes=True)),
        (
            "test",
            Options(select=("lead",), full=True, retry_refused=True, create_anyway=True, yes=True),
        ),
    ]


def test_parameters_are_explained_bounded_and_hold_no_secret() -> None:
    asked = {**flows.sync.sync.parameters.properties, **flows.dry_run.dry_run.parameters.properties}
    assert set(asked) == {"target", "select", "full", "retry_refused", "create_anyway"}
    assert all("description" in one for one in asked.values())
    assert asked["full"]["type"] == "boolean"


def test_a_run_with_every_row_in_order_is_completed(
    monkeypatch: pytest.MonkeyPatch, artifacts: list[dict[str, str]]
) -> None:
    returns(monkeypatch, run_report("finished", create=3))
    state = flows.sync.sync.fn()
    assert (state.type.value, state.name) == ("COMPLETED", "Completed")
    (artifact,) = artifacts
    assert artifact["key"] == "crm-sync"
    assert ORG.id in artifact["description"]
    assert "Account" in artifact["markdown"]


@pytest.mark.parametrize("counts", [{"refused": 3}, {"create": 99, "refused": 1}, {"invalid": 1}])
def test_a_run_that_leaves_a_row_behind_is_never_completed(
    monkeypatch: pytest.MonkeyPatch, artifacts: list[dict[str, str]], counts: dict[str, int]
) -> None:
    returns(monkeypatch, run_report("finished with problems", **counts))
    state = flows.sync.sync.fn()
    # The automations wait for the event that bears this name.
    assert (state.type.value, state.name) == ("FAILED", "Failed")
    assert "Run 7 finished with problems" in str(state.message)
    assert len(artifacts) == 1


def test_what_the_user_must_mend_is_the_message_of_the_state(
    monkeypatch: pytest.MonkeyPatch, artifacts: list[dict[str, str]]
) -> None:
    def sync(*_: Any) -> RunReport:
        raise SignInError("Salesforce gave no session.", "Check the client secret.")

    monkeypatch.setattr(flows.sync, "run_sync", sync)
    state = flows.sync.sync.fn()
    assert state.type.value == "FAILED"
    assert state.message == "Salesforce gave no session. Check the client secret."
    assert artifacts == []


def test_a_cancellation_leaves_an_artifact_and_goes_on_to_prefect(
    monkeypatch: pytest.MonkeyPatch, artifacts: list[dict[str, str]]
) -> None:
    def sync(*_: Any) -> RunReport:
        try:
            signal.raise_signal(signal.SIGTERM)
            raise AssertionError("the signal must come through")
        except KeyboardInterrupt as error:
            raise Ended(run_report("interrupted", create=1, planned=2), error) from error

    monkeypatch.setattr(flows.sync, "run_sync", sync)
    former = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TerminationSignal):
        flows.sync.sync.fn()
    assert signal.getsignal(signal.SIGTERM) is former
    assert "interrupted" in artifacts[0]["markdown"]


def test_ctrl_c_stays_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, artifacts: list[dict[str, str]]
) -> None:
    def sync(*_: Any) -> RunReport:
        raise Ended(run_report("interrupted", planned=3), KeyboardInterrupt())

    monkeypatch.setattr(flows.sync, "run_sync", sync)
    with pytest.raises(KeyboardInterrupt) as caught:
        flows.sync.sync.fn()
    assert caught.type is KeyboardInterrupt
    assert len(artifacts) == 1


def test_a_run_that_stopped_half_way_leaves_an_artifact_and_is_failed(
    monkeypatch: pytest.MonkeyPatch, artifacts: list[dict[str, str]]
) -> None:
    def sync(*_: Any) -> RunReport:
        reason = LimitReached("The daily limit is used up.", "Go on tomorrow.")
        raise Ended(run_report("stopped", create=1, planned=2), reason)

    monkeypatch.setattr(flows.sync, "run_sync", sync)
    state = flows.sync.sync.fn()
    assert state.type.value == "FAILED"
    assert state.message == "The daily limit is used up. Go on tomorrow."
    assert len(artifacts) == 1


class Server:
    """What a run asks of Prefect about its progress."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, float, str]] = []
        self.is_there = True
        monkeypatch.setattr(flows.progress, "create_progress_artifact", self.create)
        monkeypatch.setattr(flows.progress, "update_progress_artifact", self.update)

    def create(self, progress: float, key: str, description: str) -> UUID:
        self.note("create", progress, description)
        return UUID(int=1)

    def update(self, artifact_id: UUID, progress: float, description: str) -> None:
        assert artifact_id == UUID(int=1)
        self.note("update", progress, description)

    def note(self, what: str, progress: float, description: str) -> None:
        if not self.is_there:
            raise ConnectionError("https://secret.example")
        self.asked.append((what, progress, description))


def event(done: int, job_id: str | None = None) -> Event:
    return Event("lead", "Lead", done, 2_000, 1_000 + done, 3_000, calls=4, job_id=job_id)


def test_progress_is_one_artifact_that_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    server, artifact = Server(monkeypatch), flows.progress.ProgressArtifact(pause=0)
    artifact.show(event(0))
    artifact.show(event(500, "7505g00000AbCdEAAV"))
    assert server.asked == [
        ("create", 100 / 3, "Lead: 0 of 2,000 rows, all: 1,000 of 3,000, API calls: 4"),
        ("update", 50, "Lead: 500 of 2,000 rows, all: 1,500 of 3,000, API calls: 4, "
                       "Bulk job 7505g00000AbCdEAAV"),
    ]  # fmt: skip


def test_progress_asks_little_of_the_server_and_always_tells_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, artifact = Server(monkeypatch), flows.progress.ProgressArtifact(pause=3_600)
    for done in range(2_001):
        artifact.show(event(done))
    assert [(what, progress) for what, progress, _ in server.asked] == [
        ("create", 100 / 3),
        ("update", 100),
    ]


def test_a_server_that_is_gone_ends_no_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server, artifact = Server(monkeypatch), flows.progress.ProgressArtifact(pause=0)
    server.is_there = False
    artifact.show(event(0))
    artifact.show(event(1))
    assert [record.getMessage() for record in caplog.records] == [
        "No more progress is shown: ConnectionError."
    ]


def test_a_dry_run_is_completed_and_names_the_rows_that_are_not_in_order(
    monkeypatch: pytest.MonkeyPatch, artifacts: list[dict[str, str]]
) -> None:
    summary = ObjectSummary(mapping="lead", object="Lead", create=2, invalid=1)
    problem = Problem("STRING_TOO_LONG", "leads.company_name has 300 characters", "Shorten it.")
    row = PlanRow("lead", "Lead", "leads", "6f1b", "Nordwind", "create", "invalid", None, (),
                  (problem,))  # fmt: skip

    @contextmanager
    def dry_run(_: Settings, target: str | None, options: Options) -> Iterator[PlanReport]:
        assert (target, options) == ("test", Options(select=("lead",)))
        yield PlanReport(ORG, datetime.now(UTC), (summary,), lambda: iter((row,)), "abc", calls=1)

    monkeypatch.setattr(flows.dry_run, "run_dry_run", dry_run)
    state = flows.dry_run.dry_run.fn(target="test", select=["lead"])
    assert state.type.value == "COMPLETED"
    assert str(state.message).endswith("Not in order: leads 6f1b invalid (STRING_TOO_LONG).")
    assert [artifact["key"] for artifact in artifacts] == ["crm-sync-dry-run"]
