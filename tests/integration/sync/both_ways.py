"""A plan of what changed and a plan of every row, side by side."""

from __future__ import annotations

from crm_sync.report.model import PlanRow
from tests.integration.sync.practice import Practice


def assert_one_plan(practice: Practice, target: str | None = None) -> list[PlanRow]:
    """Both ways give the same rows in the same order, and the same digest; gives the rows."""
    with practice.planned(target, full=True) as full:
        every, digest = list(full.rows()), full.digest
        unchanged = [s.unchanged for s in full.summaries]
    with practice.planned(target) as some:
        found = list(some.rows())
        assert some.mode == "incremental", some.compared
        assert found == every
        assert some.digest == digest
        assert [s.unchanged for s in some.summaries] == unchanged
    return found
