"""What the sink knows of the rows that it took: jobs, how many rows, and the Ids it gives them.

In: uploads in blocks. Out: lines of results, made while they are sent, in blocks whose order is
drawn, as Salesforce promises none. No work is done per row in Python but by C: a row of a million
costs half a microsecond.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from crm_sync.localorg.bulk.jobs import COMPLETE, UPLOADED, Job

BLOCK = 1 << 20
CODE, MESSAGE, FIELD = "FIELD_CUSTOM_VALIDATION_EXCEPTION", "That is not plausible", "Description"
_ID = "%s000%09dAAA"
"""Of digits alone, so that the checksum is AAA and nothing has to be counted: the three characters
say which of the others are capitals."""


def ids_of(prefix: str, first: int, count: int) -> list[str]:
    """The Ids of new records of an object with that key prefix."""
    return [_ID % (prefix, number) for number in range(first, first + count)]


def refusal() -> dict[str, Any]:
    """A refused record's result in a collection."""
    error = {"statusCode": CODE, "message": MESSAGE, "fields": [FIELD]}
    return {"success": False, "errors": [error]}


@dataclass
class _Block:
    """Whole lines of an upload."""

    start: int
    end: int
    first_row: int
    rows: int


class Upload:
    """The rows of a job, in a file without a name."""

    def __init__(self, operation: str, prefix: str, refuse_every: int) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the job
        self._operation = operation
        self._prefix = prefix
        self._refuse_every = refuse_every
        self._blocks: list[_Block] = []
        self._rest = b""
        self._size = 0
        self._head = b""
        self.rows = 0
        self.first_number = 0

    def take(self, data: bytes) -> None:
        """The next bytes; lines that are whole count."""
        data = self._rest + data
        end = data.rfind(b"\n") + 1
        lines, self._rest = data[:end], data[end:]
        if lines and not self._head:
            self._head, _, lines = lines.partition(b"\n")
            self._head += b"\n"
        if lines:
            self._add(lines)

    def finish(self) -> None:
        """The last line may lack its end."""
        if self._rest:
            self._add(self._rest + b"\n")
            self._rest = b""

    def _add(self, lines: bytes) -> None:
        rows = lines.count(b"\n")
        self._blocks.append(_Block(self._size, self._size + len(lines), self.rows, rows))
        self._file.write(lines)
        self._size += len(lines)
        self.rows += rows

    @property
    def refused(self) -> int:
        """Rows that are refused: the first, and one of every so many after it."""
        return -(-self.rows // self._refuse_every) if self._refuse_every else 0

    def results(self, kind: str) -> Iterator[bytes]:
        """The CSV of one kind of results."""
        own = {
            "successfulResults": b'"sf__Id","sf__Created",',
            "failedResults": b'"sf__Id","sf__Error",',
        }
        yield own.get(kind, b"") + self._head
        blocks = self._blocks if kind in own else []
        if kind == "failedResults" and not self._refuse_every:
            return
        self._file.flush()
        for block in random.Random(self.rows).sample(blocks, len(blocks)):  # noqa: S311 - an order
            lines = os.pread(self._file.fileno(), block.end - block.start, block.start).splitlines(
                keepends=True
            )
            if kind == "failedResults":
                yield self._failed(block, lines)
            else:
                yield self._successful(block, lines)

    def _refused_in(self, block: _Block) -> slice:
        return slice(-block.first_row % self._refuse_every, None, self._refuse_every)

    def _failed(self, block: _Block, lines: list[bytes]) -> bytes:
        error = f'"","{CODE}:{MESSAGE}:{FIELD} --",'.encode()
        return b"".join(error + line for line in lines[self._refused_in(block)])

    def _successful(self, block: _Block, lines: list[bytes]) -> bytes:
        numbers = list(range(self.first_number + block.first_row,
                             self.first_number + block.first_row + block.rows))  # fmt: skip
        if self._refuse_every:
            del lines[self._refused_in(block)]
            del numbers[self._refused_in(block)]
        if self._operation == "upsert":
            form = f'"{self._prefix}000%09dAAA","true",%b'.encode()
            pairs = tuple(chain.from_iterable(zip(numbers, lines, strict=True)))
            return (form * len(lines)) % pairs
        return b"".join(b'"%b","false",%b' % (line[:20].strip(b'"')[:18], line) for line in lines)


@dataclass
class Accepted:
    """Counters, and the jobs. The server holds its lock around what changes them."""

    user_id: str
    refuse_every: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    received: int = 0
    sent: int = 0
    rows: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    _next: int = 1
    _jobs_made: int = 0

    def told(self) -> dict[str, int]:
        """What was measured so far."""
        return {"calls": self.calls, "received": self.received, "sent": self.sent,
                "rows": self.rows}  # fmt: skip

    def take_numbers(self, count: int) -> int:
        """The first of so many numbers for new records."""
        first, self._next = self._next, self._next + count
        return first

    def answers(
        self, ids: Sequence[str], name: str = "", *, created: bool = False
    ) -> list[dict[str, Any]]:
        """The results of a collection of records of that object, if it is of one."""
        every = self.refuse_every.get(name, 0)
        told: list[dict[str, Any]] = []
        for record_id in ids:
            is_refused = every and self.rows % every == 0
            self.rows += 1
            shown = {"created": True} if created else {}
            taken = {"id": record_id, "success": True, "errors": [], **shown}
            told.append(refusal() if is_refused else taken)
        return told

    def open(self, wanted: dict[str, Any], version: str, prefix: str) -> Job:
        """A new job."""
        self._jobs_made += 1
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        job = Job(
            id=f"750000{self._jobs_made:09d}AAA", kind="ingest", operation=wanted["operation"],
            object_name=wanted["object"], created_by=self.user_id, created=stamp, modified=stamp,
            version=version, external_id=wanted.get("externalIdFieldName"),
        )  # fmt: skip
        self.jobs[job.id] = job
        self.uploads[job.id] = Upload(
            job.operation, prefix, self.refuse_every.get(job.object_name, 0)
        )
        return job

    def close(self, job_id: str, state: str) -> Job:
        """The job as it is after that; one that is closed is done at once."""
        job, upload = self.jobs[job_id], self.uploads[job_id]
        job.state = state
        if state == UPLOADED:
            upload.finish()
            upload.first_number = self.take_numbers(upload.rows)
            self.rows += upload.rows
            job.has_upload, job.state = True, COMPLETE
            job.processed, job.failed = upload.rows, upload.refused
        return job

    def forget(self, job_id: str) -> None:
        """A deleted job."""
        self.jobs.pop(job_id, None)
        self.uploads.pop(job_id, None)
