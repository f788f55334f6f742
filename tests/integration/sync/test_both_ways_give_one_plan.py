"""Whatever writers, people, refusals and kills do: what changed is all that a plan must look at."""

from __future__ import annotations

from pathlib import Path

from crm_sync.localorg.serve import LocalOrg
from tests.integration.sync.practice import Practice
from tests.trials.changes import Trial


def test_a_plan_of_what_changed_is_the_plan_of_every_row(
    practice: Practice, tmp_path: Path
) -> None:
    """`python -m tests.trials.changes` goes on with other seeds."""
    with LocalOrg(data=None) as other:
        practice.orgs["other"] = other
        Trial(practice, tmp_path, seed=1).run(8)
