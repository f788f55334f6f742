"""The org's jobs as a whole: where they are kept, who works on them, when they are forgotten."""

import shutil
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.bulk import extract, load
from crm_sync.localorg.bulk.files import JobFiles
from crm_sync.localorg.bulk.jobs import ABORTED, ENDED, FAILED, OPEN, RUNNING, UPLOADED, Job, Kind
from crm_sync.localorg.bulk.table import JobTable, Measure
from crm_sync.localorg.bulk.worker import Worker
from crm_sync.localorg.errors import not_found
from crm_sync.localorg.records import identifiers, values

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

JOBS = ".jobs"
"""Ending of the folder beside the data in which jobs are kept."""
KEPT = timedelta(days=7)
"""Age at which a job goes with its results (D, limits)."""

OPEN_AT_MOST = timedelta(hours=24)
"""How long a job may wait to be closed (3, limits of both Bulk APIs); that it then fails, and its
sentence, are U."""
TOO_LONG = "InvalidJob : The job was open for more than 24 hours"

DAILY: dict[Measure, int] = {"batches": 15_000, "queries": 10_000}
"""What 24 hours allow (D, Bulk API and Bulk API 2.0 Limits and Allocations).

The 150,000,000 records a day are these batches of 10,000.
"""

_IN_LIMITS: dict[str, Measure] = {
    "DailyBulkApiBatches": "batches",
    "DailyBulkV2QueryJobs": "queries",
}


class Bulk:
    """Bulk API 2.0 of one org."""

    def __init__(self, org: "Org", data: Path | None) -> None:
        """``data`` is the org's file; jobs are kept beside it, or nowhere for an org in memory."""
        self._org = org
        self._is_kept = data is not None
        self._folder_lock = threading.Lock()
        self._folder = data.with_name(data.name + JOBS) if data is not None else None
        self.table = JobTable(org.store)
        self._worker = Worker()

    def resume(self) -> None:
        """Do after a restart what was asked for before it."""
        for job in reversed(self.table.all()):
            if job.state in (UPLOADED, RUNNING):
                self.start(job)

    def close(self) -> None:
        self._worker.stop()
        if self._folder is not None and not self._is_kept:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def folder(self) -> Path:
        """The folder of uploads and results; made when first needed."""
        with self._folder_lock:  # an upload is received without the store's lock
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="crm-sync-jobs-"))
            self._folder.mkdir(exist_ok=True)
            return self._folder

    def files(self, job: Job) -> JobFiles:
        return JobFiles(self.folder, job.id)

    def infos(self) -> list[dict[str, Any]]:
        """Every job as its own GET shows it, newest first."""
        with self._org.store.lock:
            self._forget()
            return [job.info() for job in self.table.all()]

    def jobs(self) -> list[Job]:
        """Every job that is not yet too old, newest first."""
        self._forget()
        return self.table.all()

    def find(self, kind: Kind, job_id: str) -> Job:
        """A job by Id, 15 or 18 characters; 404 when there is none (U for the code)."""
        self._forget()
        job = self.table.find(identifiers.normalize(job_id) or "")
        if job is None or job.kind != kind:
            raise not_found()
        return job

    def new_id(self) -> str:
        number = self._org.store.take_numbers("750", 1)[0]
        return identifiers.build("750", self._org.pod, number)

    def stamp(self) -> str:
        return values.format_datetime(self._org.clock())

    def save(self, job: Job) -> None:
        """Write a job whose state has changed."""
        job.modified = self.stamp()
        self.table.save(job)

    def start(self, job: Job) -> None:
        """Have the worker do a job whose upload or query is complete."""
        run = load.run if job.kind == "ingest" else extract.run
        self._worker.add(run(self._org, job))

    def delete(self, job: Job) -> None:
        job.state = ABORTED  # for the worker, which may have it still before it
        self.table.delete(job)
        self.files(job).remove()

    def remaining(self, measure: Measure) -> int:
        used = self.table.used(self._org.clock(), measure)
        return max(0, DAILY[measure] - used)

    def note_use(self, measure: Measure, amount: int) -> None:
        self.table.note_use(self._org.clock(), measure, amount)

    def limits(self) -> dict[str, dict[str, int]]:
        """This API's part of ``/limits``."""
        return {
            name: {"Max": DAILY[measure], "Remaining": self.remaining(measure)}
            for name, measure in _IN_LIMITS.items()
        }

    def _forget(self) -> None:
        """End what was left open too long, remove what is too old; a job at work is left to its
        end."""
        now = self._org.clock()
        oldest, still_open = (values.format_datetime(now - age) for age in (KEPT, OPEN_AT_MOST))
        for job in self.table.all():
            if job.state == OPEN and job.created < still_open:
                job.state, job.error = FAILED, TOO_LONG
                self.save(job)
            if job.created < oldest and job.state in ENDED:
                self.delete(job)
