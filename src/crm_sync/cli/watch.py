"""`status --watch`: the runs that are at work, looked at again and again until they end.

In: a connection. Out: on a terminal a table that stays in its place, elsewhere a line a look.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import psycopg
from rich.console import Group
from rich.live import Live

from crm_sync.cli import tables
from crm_sync.errors import DatabaseError
from crm_sync.report.console import is_for_people, make_console
from crm_sync.report.values import visible
from crm_sync.sync.overview import RunAtWork, runs_at_work

__all__ = ["watch"]

PAUSE = 3.0
"""Seconds between two looks."""


def watch(connection: psycopg.Connection[Any], target: str | None, *, quiet: bool) -> None:
    """Returns when no run is at work any more. Raises DatabaseError where PostgreSQL goes away."""
    try:
        _watch(connection, target, quiet=quiet)
    except psycopg.OperationalError:
        raise DatabaseError("The connection to PostgreSQL is gone.", "Look again.") from None


def _watch(connection: psycopg.Connection[Any], target: str | None, *, quiet: bool) -> None:
    if is_for_people(sys.stdout) and not quiet:
        with Live(
            console=make_console(), auto_refresh=False, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        ) as live:  # fmt: skip
            while runs := runs_at_work(connection, target):
                live.update(Group(*map(tables.at_work, runs)), refresh=True)
                time.sleep(PAUSE)
        return
    while runs := runs_at_work(connection, target):
        if not quiet:
            for run in runs:
                print(line(run), flush=True)
        time.sleep(PAUSE)


def line(run: RunAtWork) -> str:
    """Where a run stands, in one line."""
    parts = [
        f"{m.mapping} {m.planned:,} planned {m.sending:,} sending {m.recorded:,} recorded"
        for m in run.mappings
    ]
    return f"{visible(run.org)} run {run.run_number}: {'; '.join(parts) or 'comparing rows'}"
