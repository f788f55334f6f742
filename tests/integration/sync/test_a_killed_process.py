"""A real SIGKILL, at random points and step by step: the next run makes org and database alike."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.integration.sync.practice import Practice
from tests.trials.kill import Trial
from tests.trials.walk import Walk

ROUNDS = 4
STRIDE = 250
PARTS = ("begin", "plan", "keep", "mark_sending", "call", "record", "finish", "sweep")


def test_a_sync_that_is_killed_anywhere_loses_and_doubles_nothing(
    practice: Practice, tmp_path: Path
) -> None:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}: python -m tests.trials.kill --seed {seed}")
    trial = Trial(practice, tmp_path, seed)
    trial.run(ROUNDS)
    print(f"killed: {dict(trial.points)}")
    assert trial.points.total() >= ROUNDS


def test_a_sync_that_is_killed_at_any_of_its_steps_loses_and_doubles_nothing(
    practice: Practice, tmp_path: Path
) -> None:
    """Before and after statements, commits and calls of every part of a run."""
    walk = Walk(practice, tmp_path)
    walk.run(STRIDE)
    kinds = {step.split(":")[0] for step in walk.hit}
    assert kinds == {f"{when} {part}" for when in ("before", "after") for part in PARTS}
    written = {"keep", "mark_sending", "record", "finish", "sweep"}
    assert {f"{when} {part}: commit" for when in ("before", "after") for part in written} <= {
        *walk.hit
    }


BULK = (
    "after job: POST ingest",
    "after job: bulk.note_job",
    "before job: commit",
    "after job: commit",
    "before job: PUT batches",
    "after job: PUT batches",
    "after job: bulk.close_job",
    "before job: PATCH job",
    "after job: PATCH job",
    "after settle: GET successfulResults",
    "after settle: bulk.record_sent",
    "after settle: bulk.record_deleted",
    "before settle: commit",
    "after settle: commit",
    "before settle: DELETE job",
)
"""Around every change of a job, there or here; `tests.trials.walk --api bulk` takes every step."""


def test_a_sync_by_bulk_that_is_killed_around_a_change_of_a_job_loses_and_doubles_nothing(
    practice: Practice, tmp_path: Path
) -> None:
    walk = Walk(practice, tmp_path, "bulk")
    walk.run_names(BULK)
    assert walk.hit == list(BULK)
