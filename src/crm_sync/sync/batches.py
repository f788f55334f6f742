"""Cuts planned rows into Composite calls: chunks of one action, at most 200 rows, five to a call.

Pure: rows in the order of sending in, calls out. Rows of one parent stay in one chunk where they
fit, so that Salesforce locks each parent once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from crm_sync.salesforce.client import COLLECTIONS

__all__ = ["CHUNK", "Chunk", "Row", "chunks", "halves", "next_call"]

CHUNK = 200
"""sObject Collections: at most 200 records a request (REST API Developer Guide)."""


@dataclass(frozen=True)
class Row:
    """A planned row, as far as sending needs it."""

    mapping: str
    key: str
    action: str
    parent: str | None = None
    salesforce_id: str | None = None


@dataclass(frozen=True)
class Chunk:
    """Rows of one collection request. An update or delete may mix objects."""

    action: str
    rows: tuple[Row, ...]

    @property
    def keys(self) -> list[str]:
        return [row.key for row in self.rows]

    @property
    def mappings(self) -> list[str]:
        return [row.mapping for row in self.rows]


def next_call(rows: Sequence[Row], group: Callable[[Row], object], size: int = CHUNK) -> list[Chunk]:
    """The chunks of the next call, from the head of the planned rows."""
    return chunks(rows, group, size)[:COLLECTIONS]


def chunks(rows: Sequence[Row], group: Callable[[Row], object], size: int = CHUNK) -> list[Chunk]:
    """All rows, cut where the group changes, at `size`, and if possible between parents."""
    result: list[Chunk] = []
    for _, members in groupby(rows, key=group):
        rest = list(members)
        while rest:
            cut = min(size, len(rest))
            if cut < len(rest):
                cut = _between_parents(rest, cut)
            result.append(Chunk(rest[0].action, tuple(rest[:cut])))
            rest = rest[cut:]
    return result


def _between_parents(rows: Sequence[Row], cut: int) -> int:
    """The last place up to `cut` where the parent changes; `cut` itself where there is none."""
    for place in range(cut, 0, -1):
        if rows[place - 1].parent is None or rows[place - 1].parent != rows[place].parent:
            return place
    return cut


def halves(chunk: Chunk) -> list[Chunk]:
    """A chunk that was too much for triggers, in two."""
    middle = (len(chunk.rows) + 1) // 2
    parts = (chunk.rows[:middle], chunk.rows[middle:])
    return [Chunk(chunk.action, part) for part in parts if part]
