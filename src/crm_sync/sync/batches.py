"""Cuts planned rows into Composite calls: chunks of one action, at most 200 rows, five to a call.

Pure: rows in the order of sending in, calls out. Rows of one parent stay in one chunk where they
fit, so that Salesforce locks each parent once. A deletion never goes in one call with a row that it
waits for: Salesforce would delete a parent together with the children that refused to leave it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import COLLECTIONS
from crm_sync.sync.headers import write_headers

__all__ = ["CALL", "CHUNK", "HEAD", "Chunk", "Row", "chunks", "group_of", "halves", "next_call"]

CHUNK = 200
"""sObject Collections: at most 200 records a request (REST API Developer Guide)."""


CALL = CHUNK * COLLECTIONS
"""Rows that one call takes at most."""

HEAD = 2 * CALL
"""Planned rows looked at for one call."""


@dataclass(frozen=True)
class Row:
    """A planned row, as far as sending needs it. `waits_for`: what goes before a deletion.

    `by_composite`: Bulk cannot carry it, or gave it back.
    """

    mapping: str
    key: str
    action: str
    parent: str | None = None
    salesforce_id: str | None = None
    waits_for: tuple[str, ...] = ()
    by_composite: bool = False

    @classmethod
    def of(cls, found: Sequence[Any]) -> Row:
        """A row as `next_rows` and `to_send` select it."""
        mapping, key, action, parent, salesforce_id, waits_for, by_composite = found
        return cls(mapping, key, action, parent, salesforce_id, tuple(waits_for), by_composite)

    @property
    def name(self) -> str:
        """How `waits_for` of another row names this one."""
        return f"{self.mapping}:{self.key}"


@dataclass(frozen=True)
class Chunk:
    """Rows of one collection request. An update or delete may mix objects."""

    action: str
    rows: tuple[Row, ...]


def group_of(row: Row, by_name: Map[str, Mapping]) -> object:
    """Creates go by mapping; updates and deletes mix objects in one list, sorted by type, where
    they want the same headers.
    """
    if row.action == "create":
        return (row.action, row.mapping)
    return (row.action, *write_headers(by_name[row.mapping]).values())


def next_call(
    rows: Sequence[Row], group: Callable[[Row], object], size: int = CHUNK
) -> list[Chunk]:
    """The chunks of the next call, from the head of the planned rows."""
    return chunks(_together(rows), group, size)[:COLLECTIONS]


def _together(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows up to the first one that waits for a row before it."""
    before: set[str] = set()
    for place, row in enumerate(rows):
        if not before.isdisjoint(row.waits_for):
            return rows[:place]
        before.add(row.name)
    return rows


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
