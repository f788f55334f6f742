"""The question before the first sync to an org: what would go, and whether it may."""

from __future__ import annotations

import sys
from collections.abc import Callable

from crm_sync.cli.progress import Progress
from crm_sync.report import terminal
from crm_sync.report.model import PlanReport
from crm_sync.report.values import visible

__all__ = ["asker"]


def asker(progress: Progress) -> Callable[[PlanReport], bool] | None:
    """Asks on the terminal, for which bars make way; None where there is no terminal."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None

    def ask(report: PlanReport) -> bool:
        org = report.org
        with progress.aside():
            terminal.first_sync(report)
            try:
                answer = input(f"Send this to {visible(org.name)} ({org.id}, {org.called})? [y/N] ")
            except EOFError:
                return False
        return answer.strip().lower() in ("y", "yes")

    return ask
