"""What a person sees while a dry run or a sync is at work: the org first, then how far it is."""

from __future__ import annotations

import sys
import time
from typing import Any

from crm_sync.report.console import is_for_people, make_console
from crm_sync.report.model import Org

__all__ = ["Progress"]


class Progress:
    """Names the org, and on a terminal shows the step and the rows sent, with rows per second.

    The bar stands on standard error and goes away; elsewhere than on a terminal there is none.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._begun: float | None = None

    def __enter__(self) -> Progress:
        if not self._quiet and is_for_people(sys.stderr):
            self._start("Signing in")
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def announce(self, org: Org) -> None:
        """The first line of every run; the bar makes way for it."""
        if self._quiet:
            return
        is_shown = self._bar is not None
        self.end()
        print(org.sentence(), flush=True)
        if is_shown:
            self._start("Comparing rows")

    def show(self, done: int, total: int) -> None:
        """Rows whose outcome is known, of the rows to send."""
        if self._bar is None:
            return
        now = time.monotonic()
        if self._begun is None:
            # Unless told at the first row's start, the time that the plan took counts, too.
            self._begun = now - (self._bar.tasks[self._task].elapsed if done else 0)
        rate = f"{done / max(now - self._begun, 0.001):,.0f} rows/s"
        self._bar.update(
            self._task, description="Sending", completed=done, total=total,
            rows=f"{done:,} of {total:,} rows", rate=rate,
        )  # fmt: skip

    def end(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _start(self, step: str) -> None:
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]}"),
            TextColumn("{task.fields[rate]}"),
            console=make_console(sys.stderr),
            transient=True,
            # Standard output may be a file; rich would bring it to the terminal.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(step, total=None, rows="", rate="")
        self._bar.start()
