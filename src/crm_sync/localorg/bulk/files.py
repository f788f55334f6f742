"""The files of one job, in the folder of the org's jobs.

Of an ingest job: the upload, and the lines of rows saved and refused as they came about. They are
shown chunk by chunk in an order drawn from the job's Id, for Salesforce promises none (D).
Of a query job: the header, the result rows, and where each of them begins.
"""

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crm_sync.localorg.stream import FileParts


@dataclass(frozen=True)
class Chunk:
    """How far a job had come when some of its rows were saved: ends of its three files."""

    input_end: int
    successful_end: int
    failed_end: int


START = Chunk(0, 0, 0)


class JobFiles:
    """Paths and readers of one job's files."""

    def __init__(self, folder: Path, job_id: str) -> None:
        self._id = job_id
        self.upload = folder / f"{job_id}.csv"
        self.successful = folder / f"{job_id}.successful.csv"
        self.failed = folder / f"{job_id}.failed.csv"
        self.header = folder / f"{job_id}.header.csv"
        self.rows = folder / f"{job_id}.rows.csv"
        self.offsets = folder / f"{job_id}.offsets"

    def remove(self) -> None:
        for path in (
            self.upload,
            self.successful,
            self.failed,
            self.header,
            self.rows,
            self.offsets,
        ):
            path.unlink(missing_ok=True)

    def results(self, path: Path, head: bytes, ends: Sequence[int]) -> FileParts:
        """Result lines in their drawn order; ``ends`` are those of the chunks, in this file."""
        path.touch()
        ranges = list(zip([0, *ends], ends, strict=False))
        random.Random(self._id).shuffle(ranges)  # noqa: S311 - an order, no secret
        return FileParts(head, path, [(start, end) for start, end in ranges if start < end])

    def unprocessed(self, head: bytes, start: int) -> FileParts:
        """The records that no chunk took, as they were uploaded."""
        self.upload.touch()
        return FileParts(head, self.upload, [(start, self.upload.stat().st_size)])

    @property
    def row_count(self) -> int:
        """Rows of a query's result."""
        return self.offsets.stat().st_size // array("Q").itemsize - 1

    def page(self, first: int, count: int) -> tuple[FileParts, int]:
        """Header and result rows of a query from ``first`` on, and how many they are."""
        offsets = array("Q")
        count = min(count, max(0, self.row_count - first))
        with self.offsets.open("rb") as file:
            file.seek(first * offsets.itemsize)
            offsets.frombytes(file.read((count + 1) * offsets.itemsize))
        found = max(0, len(offsets) - 1)
        ranges = [(offsets[0], offsets[-1])] if found else []
        return FileParts(self.header.read_bytes(), self.rows, ranges), found
