"""Query jobs: from a SELECT to result rows in a file.

The answer is taken as a copy inside the database, at one moment, and then written out 2,000 rows a
step, so that neither memory nor the other requests feel how many they are.
"""

import time
from array import array
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from crm_sync.localorg.bulk.dialect import Dialect, UnreadableError
from crm_sync.localorg.bulk.faults import JobFault
from crm_sync.localorg.bulk.jobs import COMPLETE, FAILED, RUNNING, UPLOADED, Job
from crm_sync.localorg.bulk.querying import Selection, select
from crm_sync.localorg.bulk.worker import Steps
from crm_sync.localorg.errors import ApiError

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

STEP = 2000


def run(org: "Org", job: Job) -> Steps:
    """The steps of a query job; one that a restart interrupted begins anew."""
    try:
        yield from _steps(org, job)
    except (UnreadableError, ApiError) as error:
        _fail(org, job, str(error))
    except Exception:
        # A bug of this org: told as Salesforce tells one of its own, and shown by the worker.
        _fail(org, job, "InternalServerError : An unexpected error occurred")
        raise


def selection(org: "Org", job: Job) -> Selection:
    """The job's query, understood; it was when the job was made."""
    return select(
        org,
        job.query or "",
        job.created_by,
        with_deleted=job.operation == "queryAll",
        api_version=float(job.version),
    )


def _fail(org: "Org", job: Job, message: str) -> None:
    with org.store.transaction():
        if not job.has_ended:
            job.state, job.error = FAILED, message
            org.bulk.save(job)


def _steps(org: "Org", job: Job) -> Steps:
    store = org.store
    with store.transaction():
        if job.state not in (UPLOADED, RUNNING):
            return
        job.state, job.processed = RUNNING, 0
        org.bulk.save(job)
    fault = JobFault.of(org.faults, job)
    while fault.hangs(org.faults) and not job.has_ended:
        yield 0.05
    selected = selection(org, job)
    started = time.perf_counter()
    dialect = Dialect(job.delimiter, job.line_ending)
    files = org.bulk.files(job)
    files.header.write_bytes(dialect.write(selected.names).encode())
    position = 0
    with (
        closing(org.results.stream(selected.statement, job.created_by)) as answer,
        files.rows.open("wb") as rows_file,
        files.offsets.open("wb") as offsets_file,
    ):
        array("Q", [0]).tofile(offsets_file)
        while rows := list(islice(answer, STEP)):
            fault.fail_after(job.processed)
            lines = [dialect.write(selected.cells(row)).encode() for row in rows]
            ends = array("Q")
            for line in fault.kept(lines):
                rows_file.write(line)
                position += len(line)
                ends.append(position)
            ends.tofile(offsets_file)
            with store.transaction():
                if job.state != RUNNING:
                    return
                job.processed += len(rows)
                org.bulk.table.save(job)
            yield fault.pause
    fault.fail_after(job.processed)
    with store.transaction():
        if job.state == RUNNING:
            job.state = COMPLETE
            job.total_time = max(1, round((time.perf_counter() - started) * 1000))
            org.bulk.save(job)
