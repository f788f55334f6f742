"""How far a sync is, as a progress artifact of its flow run."""

from __future__ import annotations

import logging
import math
import time
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from crm_sync.sync.progress import Event

__all__ = ["ProgressArtifact"]

KEY = "crm-sync-progress"
PAUSE = 3.0
"""Seconds between two updates; each is a request to the Prefect server."""

logger = logging.getLogger("crm_sync")


class ProgressArtifact:
    """One artifact for a run: per cent of its rows, and what is at work. A run with nothing to send
    leaves none.
    """

    def __init__(self, pause: float = PAUSE) -> None:
        self._pause = pause
        self._id: UUID | None = None
        self._told = -math.inf
        self._is_broken = False

    def show(self, event: Event) -> None:
        """Creates or updates the artifact. A server that takes none is no reason to end a run."""
        is_last = event.run_done == event.run_total
        if self._is_broken or (time.monotonic() - self._told < self._pause and not is_last):
            return
        try:
            self._tell(100 * event.run_done / max(event.run_total, 1), described(event))
        except Exception as error:
            self._is_broken = True
            logger.warning("No more progress is shown: %s.", type(error).__name__)
        self._told = time.monotonic()

    def _tell(self, percent: float, description: str) -> None:
        if self._id is None:
            created = create_progress_artifact(percent, key=KEY, description=description)
            self._id = cast("UUID", created)  # a coroutine in async code only
        else:
            update_progress_artifact(self._id, percent, description=description)


def described(event: Event) -> str:
    """Which mapping is at work, and what it took until now; no value of any row."""
    parts = [
        f"{event.object}: {event.done:,} of {event.total:,} rows",
        f"all: {event.run_done:,} of {event.run_total:,}",
        f"API calls: {event.calls:,}",
    ]
    if event.job_id:
        parts.append(f"Bulk job {event.job_id}")
    return ", ".join(parts)
