"""Jobs, their progress and the day's use, kept in the org's database beside the records.

A chunk's progress is written in the transaction that saves its rows, so that a job continued after
a kill neither repeats nor leaves out a row.
"""

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Literal

from crm_sync.localorg.bulk.files import START, Chunk
from crm_sync.localorg.bulk.jobs import Job
from crm_sync.localorg.records import values
from crm_sync.localorg.records.store import Store

Measure = Literal["batches", "queries"]


class JobTable:
    """Every job of the org; read once, written through."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.execute("create table if not exists local_job (id text primary key, facts text)")
        store.execute(
            "create table if not exists local_job_chunk (job_id text, number integer, "
            "input_end integer, successful_end integer, failed_end integer, "
            "primary key (job_id, number))"
        )
        store.execute(
            "create table if not exists local_job_use (moment text, measure text, amount integer)"
        )
        found = store.rows("select facts from local_job order by rowid")
        self._jobs = {job.id: job for job in (Job(**json.loads(row[0])) for row in found)}

    def find(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def all(self) -> list[Job]:
        """Newest first."""
        return list(reversed(self._jobs.values()))

    def save(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._store.execute(
            "insert into local_job values (?, ?) "
            "on conflict (id) do update set facts = excluded.facts",
            [job.id, json.dumps(asdict(job))],
        )

    def delete(self, job: Job) -> None:
        del self._jobs[job.id]
        self._store.execute("delete from local_job where id = ?", [job.id])
        self._store.execute("delete from local_job_chunk where job_id = ?", [job.id])

    # Progress --------------------------------------------------------------------------------

    def add_chunk(self, job: Job, number: int, chunk: Chunk) -> None:
        self._store.execute(
            "insert into local_job_chunk values (?, ?, ?, ?, ?)",
            [job.id, number, chunk.input_end, chunk.successful_end, chunk.failed_end],
        )

    def chunks(self, job: Job) -> list[Chunk]:
        """The chunks done so far, in order."""
        found = self._store.rows(
            "select input_end, successful_end, failed_end from local_job_chunk "
            "where job_id = ? order by number",
            [job.id],
        )
        return [Chunk(*row) for row in found]

    def last_chunk(self, job: Job) -> Chunk:
        chunks = self.chunks(job)
        return chunks[-1] if chunks else START

    # Use -------------------------------------------------------------------------------------

    def note_use(self, now: datetime, measure: Measure, amount: int) -> None:
        self._store.execute(
            "insert into local_job_use values (?, ?, ?)",
            [values.format_datetime(now), measure, amount],
        )

    def used(self, now: datetime, measure: Measure) -> int:
        """The use of the last 24 hours (D: a rolling window)."""
        since = values.format_datetime(now - timedelta(hours=24))
        found = self._store.rows(
            "select sum(amount) from local_job_use where measure = ? and moment > ?",
            [measure, since],
        )
        return int(found[0][0] or 0)
