"""What a person sees while a dry run or a sync is at work: the org first, then how far it is.

In: the org, and the events of a run. Out: on a terminal a bar for each mapping, elsewhere a line
every few seconds; both on standard error, since standard output belongs to the report.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crm_sync.report.console import NARROWEST, WIDTH, is_for_people, make_console
from crm_sync.report.headline import counted, duration
from crm_sync.report.model import Org

if TYPE_CHECKING:
    from crm_sync.sync.progress import Event

__all__ = ["Progress"]

PAUSE = 5.0
"""Seconds between two lines where no bar can be."""


class Progress:
    """Names the org, and shows the step, then rows, rows per second, time left, calls and job.

    A bar goes away at the end; lines stay. Quiet, it shows nothing at all.
    """

    def __init__(self, *, quiet: bool, note: str = "", pause: float = PAUSE) -> None:
        """`note`: a sentence that stands below the org, if any."""
        self._quiet = quiet
        self._note = note
        self._pause = pause
        self._told = time.monotonic()
        self._begun: dict[str, float] = {}
        self._bars: Any = None
        self._tasks: dict[str, Any] = {}

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
        with self.aside():
            print(org.sentence(), flush=True)
            if self._note:
                print(self._note, flush=True)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Bars make way for what is printed meanwhile."""
        is_shown = self._bars is not None
        self.end()
        yield
        if is_shown:
            self._start("Comparing rows")

    def show(self, event: Event) -> None:
        """How far a mapping is. Its clock begins with its first event, as its first rows leave."""
        if self._quiet:
            return
        now = time.monotonic()
        seconds = now - self._begun.setdefault(event.mapping, now)
        if self._bars is not None:
            self._move_bar(event, seconds)
        elif now - self._told >= self._pause:
            self._told = now
            rest = ", ".join(part for part in (*_speed(event, seconds), _calls(event)) if part)
            print(f"{event.object}: {_rows(event)}, {rest}", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Takes the bars away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
            self._tasks.clear()

    def _move_bar(self, event: Event, seconds: float) -> None:
        if "" in self._tasks:  # the step before
            self._bars.remove_task(self._tasks.pop(""))
        if event.mapping not in self._tasks:
            self._tasks[event.mapping] = self._add(event.object)
        rate, left = _speed(event, seconds)
        self._bars.below = _calls(event)
        self._bars.update(
            self._tasks[event.mapping], completed=event.done, total=event.total,
            rows=_rows(event), rate=rate, left=left,
        )  # fmt: skip

    def _add(self, description: str) -> Any:
        return self._bars.add_task(description, total=None, rows="", rate="", left="")

    def _start(self, step: str) -> None:
        self._bars = _bars(shutil.get_terminal_size((WIDTH, 24)).columns)
        self._tasks[""] = self._add(step)
        self._bars.start()


def _rows(event: Event) -> str:
    return f"{event.done:,} of {event.total:,} rows"


def _speed(event: Event, seconds: float) -> tuple[str, str]:
    """Rows per second and the time left, each empty while nobody can tell."""
    if not event.done or seconds <= 0:
        return "", ""
    left = (event.total - event.done) * seconds / event.done
    return f"{event.done / seconds:,.0f} rows/s", f"{duration(left)} left" if left else ""


def _calls(event: Event) -> str:
    """Of the run, not of the mapping."""
    job = f", Bulk job {event.job_id}" if event.job_id else ""
    return f"{counted(event.calls, 'API call')}{job}"


def _bars(width: int) -> Any:
    """Bars of rich, with a line `below` them. Nothing may be wider than the terminal: what wraps is
    drawn anew on every line.
    """
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    class BarsAndCalls(Bars):
        below = ""

        def get_renderables(self) -> Any:
            yield from super().get_renderables()
            if self.below and width >= NARROWEST // 2:
                yield Text(self.below[:width], no_wrap=True)

    columns = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=20 if width >= WIDTH - 5 else 8),
        TextColumn("{task.fields[rows]}"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    ]
    if width < NARROWEST // 2:
        columns = columns[2:3]
    elif width < NARROWEST:
        columns = columns[0:1] + columns[2:3]
    elif width < 78:
        columns = columns[0:1] + columns[2:]
    return BarsAndCalls(
        *columns,
        console=make_console(sys.stderr, width),
        transient=True,
        # Standard output may be a file; rich would bring it to the terminal.
        redirect_stdout=False,
        redirect_stderr=False,
    )
