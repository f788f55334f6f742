"""Rows sent so far and rows per second, on a terminal, while a sync runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from crm_sync.report.console import is_for_people, make_console

__all__ = ["Progress"]


class Progress:
    """Rows sent, and rows per second, while a sync runs on a terminal; nothing elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._bar: Any = None
        if not quiet and is_for_people(sys.stderr):
            from rich import progress

            self._bar = progress.Progress(
                progress.TextColumn("Sending"),
                progress.BarColumn(),
                progress.MofNCompleteColumn(),
                progress.TextColumn("{task.fields[rate]}"),
                console=make_console(sys.stderr),
                transient=True,
            )

    def __enter__(self) -> Callable[[int, int], None] | None:
        if self._bar is None:
            return None
        self._bar.start()
        task = self._bar.add_task("rows", rate="")

        def show(done: int, total: int) -> None:
            speed = self._bar.tasks[task].speed
            rate = f"{speed:,.0f} rows/s" if speed else ""
            self._bar.update(task, completed=done, total=total, rate=rate)

        return show

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
