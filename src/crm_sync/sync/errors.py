"""A run that ended early, with what it did until then."""

from __future__ import annotations

from crm_sync.report.model import RunReport

__all__ = ["Ended"]


class Ended(Exception):
    """Carries the report of a run that was stopped or interrupted, and why it ended."""

    def __init__(self, report: RunReport, reason: BaseException) -> None:
        super().__init__(str(reason))
        self.report = report
        self.reason = reason
