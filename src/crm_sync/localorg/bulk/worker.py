"""The thread that works on jobs: one step of each in turn, as Salesforce works on many at once."""

import threading
import time
import traceback
from collections.abc import Generator

Steps = Generator[float, None, None]
"""Work in steps; each yields the seconds until the next may begin."""


class Worker:
    """Starts with its first task, ends with :meth:`stop`; a step is never interrupted."""

    def __init__(self) -> None:
        self._tasks: list[tuple[float, Steps]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    def add(self, steps: Steps) -> None:
        with self._changed:
            self._tasks.append((time.monotonic(), steps))
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bulk-jobs", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End after the step at hand."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        for _, steps in self._tasks:
            steps.close()

    def _run(self) -> None:
        while (steps := self._next_task()) is not None:
            try:
                wait = next(steps, None)
            except Exception:  # a bug of this org; the other jobs go on
                traceback.print_exc()
                wait = None
            if wait is not None:
                with self._changed:
                    self._tasks.append((time.monotonic() + wait, steps))

    def _next_task(self) -> Steps | None:
        """The task that has waited longest of those that are due; None when it is time to end."""
        with self._changed:
            while not self._is_stopping:
                now = time.monotonic()
                for index, (due, steps) in enumerate(self._tasks):
                    if due <= now:
                        del self._tasks[index]
                        return steps
                soonest = min((due for due, _ in self._tasks), default=None)
                self._changed.wait(None if soonest is None else soonest - now)
            return None
