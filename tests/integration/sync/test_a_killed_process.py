"""A real SIGKILL at random points of real runs: the next run ends with org and database alike."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.integration.sync.practice import Practice
from tests.trials.kill import Trial

SECONDS = 30


def test_a_sync_that_is_killed_anywhere_loses_and_doubles_nothing(
    practice: Practice, tmp_path: Path
) -> None:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}: python -m tests.trials.kill --seed {seed}")
    trial = Trial(practice, tmp_path, seed)
    rounds = trial.run(SECONDS)
    print(f"{rounds} rounds; killed: {dict(trial.points)}")
    assert rounds >= 3
    assert trial.points["a call on its way"] > 0
