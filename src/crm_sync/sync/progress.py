"""How far a run is, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Event", "Progress"]


@dataclass(frozen=True)
class Event:
    """Rows whose outcome is known, of the rows to send; what is at work, and calls so far.

    `job_id`: the Bulk job that is worked on at Salesforce.
    """

    done: int
    total: int
    mapping: str | None = None
    action: str | None = None
    job_id: str | None = None
    calls: int = 0


Progress = Callable[[Event], None]
