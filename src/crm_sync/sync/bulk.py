"""Sends one action of a mapping by Bulk API 2.0, and settles jobs that an earlier run left behind.

In: planned rows in PostgreSQL. Out: each row's outcome there. While Salesforce works on one job,
the next is made and uploaded; it is closed, so that work on it begins, as soon as the rows of one
parent cannot be in two jobs at work. What cannot go by Bulk, or came back, is left to Composite.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from crm_sync.errors import LimitReached
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.bulk import JobInfo, pauses
from crm_sync.sync.jobs import Job, Jobs
from crm_sync.sync.pieces import cut, load
from crm_sync.sync.settle import Settled, settle
from crm_sync.sync.work import Push

__all__ = ["AT_ONCE", "jobs_of", "send", "settle_unfinished"]

AT_ONCE = 3
"""Jobs at work at a time, where lock order allows more than one."""
FAILURES = 3
"""Times that a job may fail for a reason that passes, before its mapping stops."""
PAUSE = 5.0
"""Seconds before rows of such a job go again; longer each time."""

_PASSING = frozenset({"TooManyLockFailure", "Timeout", "InternalServerError"})
"""Failures of a whole job that pass by themselves (Bulk API 2.0 Developer Guide, Errors)."""


def jobs_of(work: Push) -> Jobs:
    """The jobs of a push."""
    scope = work.scope
    return Jobs(
        scope.connection, scope.org_id, scope.run_number, work.client, scope.known, scope.facts
    )


def send(work: Push, mapping: Mapping, action: str, threshold: int) -> None:
    """Sends the planned rows of an action, and again what a job gave back untouched. What is left,
    `threshold` rows or fewer, and what waits for a row that has not gone, is Composite's.

    Raises LockLost, LimitReached, OrgUnreachable, psycopg.Error.
    """
    jobs = jobs_of(work)
    jobs.run("create_tables")
    sending = _Sending(work, jobs, mapping, action)
    sending.round()
    while sending.progressed and not sending.is_stopped:
        piece = cut(jobs, mapping, action, 0)
        if piece is None or piece.rows <= threshold:
            break
        sending.round()
    if not sending.is_stopped:
        jobs.note("leave_to_composite", mapping=mapping.name, action=action)


def settle_unfinished(jobs: Jobs, tell: Callable[[Job], None]) -> None:
    """Settles what earlier runs left: results are collected, jobs never closed are aborted, those
    at work are waited for. Comes before any plan, so that no row is ever in two jobs.
    """
    unfinished = jobs.unfinished()
    if unfinished:
        jobs.run("create_tables")
    for job in unfinished:
        info = jobs.bulk.info(job.id)
        if info is not None and info.is_open:
            job = replace(job, is_closed=False)  # it was to be closed, and never was
            info = jobs.bulk.abort(job.id)
        for pause in pauses():
            if info is None or info.has_ended:
                break
            tell(job)
            time.sleep(pause)
            info = jobs.bulk.info(job.id)
        _finish(jobs, job, info)


def _finish(jobs: Jobs, job: Job, info: JobInfo | None) -> Settled:
    """Settles a job; one that went to its end is deleted at Salesforce, others stay for people."""
    settled = settle(jobs, job, info)
    if info is not None and info.state == "JobComplete":
        with suppress(LimitReached):  # nothing hangs on it; Salesforce forgets it after a week
            jobs.bulk.delete(job.id)
    return settled


@dataclass
class _Running:
    """A job at work, and when to ask about it next."""

    job: Job
    is_border: bool
    pauses: Iterator[float] = field(default_factory=pauses)
    due: float = 0.0

    def wait(self) -> None:
        self.due = time.monotonic() + next(self.pauses)


@dataclass
class _Sending:
    """The jobs of one mapping and action. `progressed`: the last round brought rows to an end."""

    work: Push
    jobs: Jobs
    mapping: Mapping
    action: str
    failures: int = 0
    progressed: bool = False

    @property
    def is_stopped(self) -> bool:
        return self.mapping.name in self.work.stopped

    def round(self) -> None:
        """Every row that can go now, in one job after the other."""
        self.progressed = False
        running: list[_Running] = []
        ready: _Running | None = None
        position: int | None = 0
        while True:
            if ready is None and position is not None and not self.is_stopped:
                ready, position = self._make(position)
            if ready is not None and self._may_begin(running):
                self._close(ready)
                running.append(ready)
                ready = None
            elif running:
                ended, info = self._ended(running)
                running.remove(ended)
                if ready is not None and self._may_begin(running):
                    self._close(ready)  # Salesforce works on it while results are recorded
                    running.append(ready)
                    ready = None
                self._settle(ended.job, info)
                if self.is_stopped and ready is not None:
                    self._settle(ready.job, self.jobs.bulk.abort(ready.job.id))
                    ready = None
            elif ready is None:
                return

    def _make(self, after: int) -> tuple[_Running | None, int | None]:
        """The next job, filled, and the position up to which rows have gone; None: no more."""
        piece = cut(self.jobs, self.mapping, self.action, after)
        if piece is None:
            return None, None
        self.work.tally.tell([self.mapping])
        job = load(self.jobs, self.mapping, self.action, piece)
        return _Running(job, piece.is_border), piece.last

    def _may_begin(self, running: list[_Running]) -> bool:
        """Whether no parent's rows would be in two jobs at work (UNABLE_TO_LOCK_ROW).

        Pieces end between parents where they can; that says all where rows name one parent only.
        """
        if not running:
            return True
        lookups = [look for look in self.mapping.lookups.values() if look.branches]
        return len(running) < AT_ONCE and len(lookups) <= 1 and all(r.is_border for r in running)

    def _close(self, ready: _Running) -> None:
        self.jobs.note("close_job", ready.job)
        ready.job = replace(ready.job, is_closed=True)
        self.jobs.bulk.close(ready.job.id)
        ready.wait()

    def _ended(self, running: list[_Running]) -> tuple[_Running, JobInfo | None]:
        """The first job that ends."""
        while True:
            asked = min(running, key=lambda r: r.due)
            time.sleep(max(0.0, asked.due - time.monotonic()))
            info = self.jobs.bulk.info(asked.job.id)
            if info is None or info.has_ended:
                return asked, info
            self.work.tally.tell([self.mapping], job_id=asked.job.id)
            asked.wait()

    def _settle(self, job: Job, info: JobInfo | None) -> None:
        work = self.work
        settled = _finish(self.jobs, job, info)
        work.tally.add({self.mapping.name: settled.known})
        work.changes_the_plan |= settled.met > 0
        self.progressed |= settled.known + settled.composite > 0
        if info is not None and info.state != "JobComplete":
            self._note_failure(job, info)
        if settled.refused or settled.unknown or work.stopped:
            with work.scope.connection.transaction():
                work.hold_run()
                work.block_waiting()
        work.tally.tell([self.mapping])

    def _note_failure(self, job: Job, info: JobInfo) -> None:
        """Rows of a job that failed for a passing reason go again, a few times; else the mapping
        stops.
        """
        self.failures += 1
        if info.state == "Failed" and info.code in _PASSING and self.failures < FAILURES:
            time.sleep(PAUSE * self.failures)
            self.progressed = True
            return
        said = f": {info.message}" if info.message else ""
        self.work.stopped[self.mapping.name] = f"Bulk job {job.id} was {info.state}{said}"
