"""A file of CSV in pieces of whole lines, each small enough for one Bulk job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PIECE = 90_000_000
"""Bytes of one upload: Salesforce takes less than 100 MB."""
BLOCK = 1 << 18


def pieces(file: Path) -> Iterator[tuple[bytes, int, int]]:
    """The header, and where the lines of each piece begin and end."""
    size = file.stat().st_size
    with file.open("rb") as lines:
        head = lines.readline()
        start = lines.tell()
        while start < size:
            lines.seek(min(start + PIECE, size))
            lines.readline()
            yield head, start, lines.tell()
            start = lines.tell()


def read(file: Path, head: bytes, start: int, end: int) -> Iterator[bytes]:
    """A piece, as it is sent."""
    yield head
    with file.open("rb") as lines:
        lines.seek(start)
        while start < end:
            data = lines.read(min(BLOCK, end - start))
            start += len(data)
            yield data
