"""No recorded file is passed over, and none is claimed that is not there."""

from pathlib import Path

import pytest

from .describes import DESCRIBES
from .differences import DIFFERENCES, UNMATCHED
from .exchanges import EXCHANGES

MATCHED = {
    *EXCHANGES,
    *(name for exchange in EXCHANGES.values() for name in exchange.requests),
    *DESCRIBES,
}


@pytest.mark.recordings
def test_every_recorded_file_is_matched_or_listed_and_nothing_else_is(recordings: Path) -> None:
    there = {
        path.relative_to(recordings).as_posix() for path in recordings.rglob("*") if path.is_file()
    }
    assert there - MATCHED - UNMATCHED.keys() == set(), "neither matched nor listed"
    assert (MATCHED | UNMATCHED.keys()) - there == set(), "not in the directory"


def test_a_file_is_either_matched_or_listed_with_its_reason() -> None:
    assert MATCHED & UNMATCHED.keys() == set()
    assert DIFFERENCES.keys() <= MATCHED
    assert all([*UNMATCHED.values(), *(r for each in DIFFERENCES.values() for r in each.values())])
