"""From planned rows to an uploaded job: a piece is cut, written down, and carried off as CSV.

PostgreSQL writes the CSV (`COPY`), in pieces small enough for one job, into a nameless temporary
file, so no row becomes a Python object and a killed process leaves no values on the disk.

    cut → job made at Salesforce → written down, rows marked (one transaction) → CSV → upload
"""

from __future__ import annotations

import errno
import tempfile
from dataclasses import dataclass
from typing import BinaryIO

from psycopg import sql

from crm_sync.errors import CrmSyncError, OrgUnreachable, OutputError
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.bulk import MOST_BYTES, Operation
from crm_sync.salesforce.client import NoAnswer
from crm_sync.salesforce.connect import patiently
from crm_sync.sync.jobs import Job, Jobs
from crm_sync.sync.settle import settle

__all__ = ["MOST_ROWS", "Piece", "cut", "load"]

MOST_ROWS = 100_000
"""Rows of one job: ten of Salesforce's batches of 10,000."""

_OPERATIONS: dict[str, Operation] = {"create": "upsert", "update": "update", "delete": "delete"}

_EXTERNAL_ID = sql.SQL("{prefix} || j.key as {name}")
_ID = sql.SQL("j.salesforce_id as {name}")
_FIELD = sql.SQL("case when {field} = any(p.changed) then coalesce({value}, '#N/A') end as {name}")
_VALUE = sql.SQL("p.payload ->> {field}")
_PARENT = sql.SQL("j.parents ->> {field}, p.payload ->> {field}")


@dataclass(frozen=True)
class Piece:
    """What stands in the table `piece`. `is_border`: no row after it has a parent of its rows."""

    rows: int
    last: int
    is_border: bool


def cut(jobs: Jobs, mapping: Mapping, action: str, after: int) -> Piece | None:
    """The next rows of an action behind a position, as many as one job takes; None: there are none.

    Rows that wait for a row that is still to be sent are left out.
    """
    found = (0, after, True)
    while not found[0]:
        with jobs.transaction():
            jobs.run("clear_piece")
            ((rows, last, is_border),) = jobs.run(
                "cut_piece", mapping=mapping.name, action=action, after=found[1],
                most_rows=MOST_ROWS, most_bytes=MOST_BYTES,
            ).fetchall()  # fmt: skip
            jobs.connection.execute("analyze piece")
        if last is None:
            return None
        found = (rows, last, is_border)
    return Piece(*found)


def load(jobs: Jobs, mapping: Mapping, action: str, piece: Piece) -> Job:
    """A job at Salesforce with the rows of the piece, not yet closed.

    Raises OrgUnreachable where no upload was answered; the rows are planned again then.
    """
    try:
        for attempt in patiently(jobs.client.target, NoAnswer):
            with attempt:
                job = _open(jobs, mapping, action, piece)
                try:
                    _fill(jobs, job)
                except (NoAnswer, CrmSyncError):
                    settle(jobs, job, jobs.bulk.abort(job.id))
                    raise
                return job
    except NoAnswer as error:
        raise OrgUnreachable(
            f"Salesforce gave no answer to {jobs.client.target.attempts} uploads ({error}).",
            "The rows stay planned: run again.",
        ) from None
    raise AssertionError("there is at least one attempt")


def _open(jobs: Jobs, mapping: Mapping, action: str, piece: Piece) -> Job:
    """Makes a job and writes it down, before any row of it leaves."""
    external_id = mapping.external_id if action == "create" else None
    field = external_id.field if external_id else None
    job = Job(
        id=jobs.bulk.create(mapping.object, _OPERATIONS[action], field, _rule(mapping, action)),
        mapping=mapping.name,
        action=action,
        key_column=field or "Id",
        prefix=external_id.prefix if external_id else "",
        rows=piece.rows,
    )
    with jobs.writing():
        jobs.run("note_job", job, key_column=job.key_column, rows=job.rows)
        jobs.run("mark_piece", job, lookups=list(mapping.lookups))
    return jobs.placed(job)


def _rule(mapping: Mapping, action: str) -> str | None:
    """The Id of the assignment rule that a job runs; `Mapping.lacked_by_bulk` knows no other."""
    rule = mapping.rule_that_runs
    return None if rule == "none" or action == "delete" else rule


def _fill(jobs: Jobs, job: Job) -> None:
    with tempfile.TemporaryFile() as file:
        try:
            size = _write(jobs, job, file)
        except OSError as error:
            reason = "is full" if error.errno == errno.ENOSPC else "cannot be written"
            raise OutputError(
                f"{tempfile.gettempdir()} {reason}; a Bulk job needs up to "
                f"{MOST_BYTES // 1_000_000} MB there.",
                "Free some space, or set TMPDIR to another folder.",
            ) from None
        jobs.bulk.upload(job.id, file, size)


def _write(jobs: Jobs, job: Job, file: BinaryIO) -> int:
    """The rows of a job as CSV; gives its size in bytes."""
    with (
        jobs.transaction(),
        jobs.connection.cursor() as cursor,
        cursor.copy(_csv(jobs, job)) as copy,
    ):
        for data in copy:
            file.write(data)
    file.flush()
    return file.tell()


def _csv(jobs: Jobs, job: Job) -> sql.Composed:
    """The COPY that writes a job's rows: its key first, then each field that any row sends.

    An empty cell leaves a field alone, #N/A clears it (Bulk API 2.0 and Bulk API Developer Guide,
    Prepare CSV Files).
    """
    key = _EXTERNAL_ID if job.action == "create" else _ID
    columns = [key.format(prefix=sql.Literal(job.prefix), name=sql.Identifier(job.key_column))]
    if job.action != "delete":
        lookups = jobs.by_name[job.mapping].lookups
        for (name,) in jobs.run("sent_fields", job):
            field = sql.Literal(name)
            value = (_PARENT if name in lookups else _VALUE).format(field=field)
            columns.append(_FIELD.format(field=field, value=value, name=sql.Identifier(name)))
    return sql.SQL(
        "copy (select {} from sync.job_row j join sync.plan p"
        " on p.org_id = j.org_id and p.mapping = {} and p.key = j.key"
        " and p.state = 'planned' and p.position between {} and {}"
        " where j.org_id = {} and j.job_id = {} order by j.position)"
        " to stdout (format csv, header true, encoding 'UTF8')"
    ).format(
        sql.SQL(", ").join(columns),
        sql.Literal(job.mapping),
        sql.Literal(job.first),
        sql.Literal(job.last),
        sql.Literal(jobs.org_id),
        sql.Literal(job.id),
    )
