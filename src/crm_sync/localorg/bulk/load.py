"""Ingest jobs: from an upload to saved records and lines of results, 200 rows a step.

    check the CSV → understand the header → { read 200 → parse → save → note results } → complete

A step saves its rows, its progress and nothing else in one transaction, and leaves the store to
others until the next. What cannot be read as a whole fails the job before its first row.
"""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from crm_sync.localorg.bulk.columns import Columns
from crm_sync.localorg.bulk.dialect import Dialect, Record, UnreadableError
from crm_sync.localorg.bulk.faults import JobFault
from crm_sync.localorg.bulk.files import Chunk
from crm_sync.localorg.bulk.jobs import COMPLETE, FAILED, RUNNING, UPLOADED, Job
from crm_sync.localorg.bulk.worker import Steps
from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records import remove, save
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.routing import Request

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

CHUNK, BATCH = 200, 10_000
"""Rows that are saved together, and rows that count as one batch of the day's (D)."""

NO_ROWS = "InvalidBatch : Records not found"
NO_BATCHES = "ExceededQuota : ApiBatchItems Limit exceeded"
ID_IN_FAILURES_FROM = 53.0
"""API version from which a refused row says its Id (D, Get Job Failed Record Results)."""


def run(org: "Org", job: Job) -> Steps:
    """The steps of a job that is closed, or that a restart interrupted."""
    try:
        yield from _Load(org, job).steps()
    except UnreadableError as error:
        _fail(org, job, str(error))
    except Exception:
        # A bug of this org: told as Salesforce tells one of its own, and shown by the worker.
        _fail(org, job, "InternalServerError : An unexpected error occurred")
        raise


def _fail(org: "Org", job: Job, message: str) -> None:
    with org.store.transaction():
        if not job.has_ended:
            job.state, job.error = FAILED, message
            org.bulk.save(job)


class _Load:
    """One ingest job at work."""

    def __init__(self, org: "Org", job: Job) -> None:
        self._org = org
        self._job = job
        self._files = org.bulk.files(job)
        self._dialect = Dialect(job.delimiter, job.line_ending)
        self._write = self._operation()
        self._shows_id = float(job.version) >= ID_IN_FAILURES_FROM

    def steps(self) -> Steps:
        org, job = self._org, self._job
        with org.store.transaction():
            if job.state not in (UPLOADED, RUNNING):
                return
            job.state = RUNNING
            org.bulk.save(job)
            done = org.bulk.table.chunks(job)
        fault = JobFault.of(org.faults, job)
        while fault.hangs(org.faults) and not job.has_ended:
            yield 0.05
        if not job.has_upload:
            raise UnreadableError(NO_ROWS)
        if not done:
            self._dialect.check(self._files.upload)
        yield 0.0
        with self._files.upload.open("rb") as upload:
            columns = self._columns(upload)
            last = done[-1] if done else Chunk(upload.tell(), 0, 0)
            upload.seek(last.input_end)
            with (
                _appending(self._files.successful, last.successful_end) as successful,
                _appending(self._files.failed, last.failed_end) as failed,
                ExitStack() as batch,
            ):
                number = len(done)
                holder = batch.enter_context(org.locks.request())
                while records := self._dialect.read(upload, CHUNK):
                    fault.fail_after(job.processed)
                    if number * CHUNK % BATCH == 0:  # what a batch locks, it holds to its end
                        batch.close()
                        holder = batch.enter_context(org.locks.request())
                    rows = [columns.parse(record.cells) for record in records]
                    end = upload.tell()
                    with org.store.lock, org.locks.working(holder):
                        ends = (end, successful, failed)
                        is_running = self._step(number, rows, records, ends, fault)
                    if not is_running:
                        return
                    number += 1
                    yield fault.pause
        fault.fail_after(job.processed)
        with org.store.transaction():
            if job.state == RUNNING:
                job.state = COMPLETE
                job.total_time = job.active_time
                org.bulk.save(job)

    def _columns(self, upload: BinaryIO) -> Columns:
        """Read the header; the file stands behind it then."""
        header = self._dialect.read(upload, 1)
        if not header:
            raise UnreadableError(NO_ROWS)
        with self._org.store.lock:
            view = self._org.permissions(self._job.created_by).schema
            seen = view.find(self._job.object_name)
            if seen is None:
                name = self._job.object_name
                raise UnreadableError(f"InvalidJob : Unable to find object: {name}")
            columns = Columns(view, self._org.parser(seen), seen, header[0].cells)
        match self._job.operation:
            case "update":
                columns.require("Id")
            case "delete":
                columns.require("Id")
                if len(header[0].cells) > 1:
                    raise UnreadableError("InvalidBatch : The 'delete' batch must contain only ids")
            case "upsert":
                columns.require(self._job.external_id or "Id")
            case _:
                pass
        return columns

    def _step(
        self,
        number: int,
        rows: list[Row],
        records: list[Record],
        ends: tuple[int, BinaryIO, BinaryIO],
        fault: JobFault,
    ) -> bool:
        """Save one chunk; False when the job was aborted meanwhile."""
        org, job = self._org, self._job
        end, successful, failed = ends
        with org.store.transaction():
            if job.state != RUNNING:
                return False
            started = time.perf_counter()
            self._count_batch(number)
            self._write(self._context(), rows)
            self._note(number, rows, records, (successful, failed), fault)
            org.bulk.table.add_chunk(job, number, Chunk(end, successful.tell(), failed.tell()))
            job.processed += len(rows)
            job.failed += sum(not row.is_alive for row in rows)
            job.active_time += max(1, round((time.perf_counter() - started) * 1000))
            org.bulk.save(job)
        return True

    def _count_batch(self, number: int) -> None:
        """Salesforce works on a job in batches of 10,000 rows and counts these by the day (D)."""
        if number * CHUNK % BATCH:
            return
        if not self._org.bulk.remaining("batches"):
            raise UnreadableError(NO_BATCHES)
        self._org.bulk.note_use("batches", 1)

    def _note(
        self,
        number: int,
        rows: list[Row],
        records: list[Record],
        files: tuple[BinaryIO, BinaryIO],
        fault: JobFault,
    ) -> None:
        """Write the rows' results, in an order that is not theirs (D: not guaranteed)."""
        successful: list[str] = []
        failed: list[str] = []
        for row, record in fault.kept(list(zip(rows, records, strict=True))):
            if row.error is None:
                created = "true" if row.created else "false"
                successful.append(self._dialect.write([row.id or "", created, *record.cells]))
            else:
                shown = row.id or "" if self._shows_id else ""
                failed.append(self._dialect.write([shown, error_text(row.error), *record.cells]))
        order = random.Random(f"{self._job.id} {number}")  # noqa: S311 - an order, no secret
        for lines, file in zip((successful, failed), files, strict=True):
            order.shuffle(lines)
            file.write("".join(lines).encode())
            file.flush()

    def _context(self) -> save.WriteContext:
        """The creator of the job writes; a rule assigns owners if the job names one (D). Nobody
        sees the records by it (U)."""
        assigns = "TRUE" if self._job.assignment_rule else "FALSE"
        return self._org.context(
            Request(
                "POST",
                "",
                headers={"sforce-auto-assign": assigns, "sforce-mru": "updateMru=false"},
                user_id=self._job.created_by,
                version=self._job.version,
            )
        )

    def _operation(self) -> Callable[[save.WriteContext, list[Row]], None]:
        match self._job.operation:
            case "insert":
                return save.create
            case "update":
                return save.update
            case "upsert":
                object_type = self._org.schema[self._job.object_name]
                key = object_type[self._job.external_id or "Id"]
                return lambda context, rows: save.upsert(context, rows, key)
            case _:
                return _delete


def _delete(context: save.WriteContext, rows: list[Row]) -> None:
    """An Id given twice is deleted when it comes again (U)."""
    by_id: dict[str, Row] = {}
    for row in rows:
        if row.is_alive and row.id is None:
            row.error = RowError("MISSING_ARGUMENT", "Id not specified in a delete call")
        elif row.id in by_id:
            row.error = RowError("ENTITY_IS_DELETED", "entity is deleted")
        elif row.id is not None:
            by_id[row.id] = row
    refused = remove.delete_many(context, rows[0].object_type, by_id)
    for record_id, error in refused.items():
        by_id[record_id].error = error


def error_text(error: RowError) -> str:
    """``CODE:message:FIELD --``, and ``CODE:message:--`` without fields (R, 3)."""
    fields = f"{','.join(error.fields)} " if error.fields else ""
    return f"{error.code}:{error.message}:{fields}--"


def _appending(path: Path, end: int) -> Any:
    """A file to write on from ``end``; what an interrupted step left behind it goes."""
    path.touch()
    file = path.open("r+b")
    file.truncate(end)
    file.seek(end)
    return file
