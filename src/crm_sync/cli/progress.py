"""What a person sees while a dry run or a sync is at work: the org first, then how far it is."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Any

from crm_sync.report.console import NARROWEST, WIDTH, is_for_people, make_console
from crm_sync.report.model import Org
from crm_sync.sync.progress import Event

__all__ = ["Progress"]


class Progress:
    """Names the org, and on a terminal shows the step and the rows sent, with rows per second.

    The bar stands on standard error and goes away; elsewhere than on a terminal there is none.
    """

    def __init__(self, *, quiet: bool, note: str = "") -> None:
        """`note`: a sentence that stands below the org, if any."""
        self._quiet = quiet
        self._note = note
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
        if self._note:
            print(self._note, flush=True)
        if is_shown:
            self._start("Comparing rows")

    def show(self, event: Event) -> None:
        """Rows whose outcome is known, of the rows to send."""
        done, total = event.done, event.total
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

        # Nothing may be wider than the terminal: a bar that wraps is drawn anew on every line.
        width = shutil.get_terminal_size((WIDTH, 24)).columns
        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]}"),
            TextColumn("{task.fields[rate]}"),
        ]
        if width < NARROWEST:
            columns = columns[2:3] if width < NARROWEST // 2 else columns[0:1] + columns[2:3]
        self._bar = Bar(
            *columns,
            console=make_console(sys.stderr, width),
            transient=True,
            # Standard output may be a file; rich would bring it to the terminal.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task(step, total=None, rows="", rate="")
        self._bar.start()
