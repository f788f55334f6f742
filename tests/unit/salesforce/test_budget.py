"""When one more API call would pass a bound, and what the message says."""

from __future__ import annotations

import pytest

from crm_sync.errors import LimitReached
from crm_sync.salesforce.budget import Budget, Usage


@pytest.mark.parametrize(
    ("most", "percent", "calls", "usage", "may_go"),
    [
        (None, 0, 10_000, None, True),
        (None, 0, 0, (15_000, 15_000), True),  # Salesforce itself says when its limit is reached
        (3, 0, 2, None, True),
        (3, 0, 3, None, False),
        (None, 10, 0, None, True),
        (None, 10, 0, (13_499, 15_000), True),
        (None, 10, 0, (13_500, 15_000), False),
        (None, 10, 0, (16_000, 15_000), False),
        (None, 1, 0, (98, 99), False),  # the reserve is rounded up: 1 of 99
        (3, 10, 2, (13_500, 15_000), False),
        (3, 10, 3, (0, 15_000), False),
    ],
)
def test_a_call_that_passes_no_bound_may_go(
    most: int | None, percent: int, calls: int, usage: Usage | None, may_go: bool
) -> None:
    budget = Budget("sandbox", most, percent)
    if may_go:
        budget.check(calls, usage)
    else:
        with pytest.raises(LimitReached):
            budget.check(calls, usage)


def test_a_message_says_which_bound_and_how_to_move_it() -> None:
    with pytest.raises(LimitReached, match=r"used up \(max_api_calls: 1,000\)\.") as caught:
        Budget("sandbox", 1_000).check(1_000, None)
    assert "max_api_calls of the target sandbox" in caught.value.mend
    with pytest.raises(LimitReached, match="13,600 of the org's 15,000 daily API calls") as caught:
        Budget("sandbox", None, 10).check(0, (13_600, 15_000))
    assert "10 % are left to others (api_reserve_percent)" in caught.value.sentence
    assert "lower api_reserve_percent of the target sandbox" in caught.value.mend
