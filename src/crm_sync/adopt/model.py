"""What matching works on and what it finds. Frozen; imports nothing that acts."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass, field

from crm_sync.report.model import Value

__all__ = ["Candidate", "Certain", "Found", "Matched", "Pair", "Record", "Row", "Unsettled"]


@dataclass(frozen=True)
class Row:
    """A row of a mapping that has no record. `values`: what a sync would send of the fields that
    are compared or shown; a parent is its Id, or None where it has none yet.
    """

    mapping: str
    key: str
    label: str
    values: Map[str, Value]


@dataclass(frozen=True)
class Record:
    """A record of the org without our external ID, with the same fields."""

    id: str
    values: Map[str, Value]


@dataclass(frozen=True)
class Pair:
    """A row and the record that is to become its counterpart."""

    row: Row
    record: Record


@dataclass(frozen=True)
class Certain(Pair):
    """`decided`: a person said so; else all compared fields do, and no other row or record."""

    decided: bool = False


@dataclass(frozen=True)
class Candidate:
    """A record that may be a row's. `agrees`: the compared fields that are the same; `taken_by`:
    the key of the row that it certainly belongs to.
    """

    record: Record
    agrees: tuple[str, ...]
    taken_by: str | None = None


@dataclass(frozen=True)
class Unsettled:
    """An ambiguous row: every record that agrees in a field, those first that agree in most."""

    row: Row
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Matched:
    """What matching says of the rows of one mapping."""

    certain: tuple[Certain, ...] = ()
    ambiguous: tuple[Unsettled, ...] = ()
    unmatched: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Found:
    """One mapping, looked at. `rows`: those without a record; `records`: those of the org without
    our external ID; `made_new`: rows that a person wants created; `resumed`: pairs whose key an
    interrupted run had written already.
    """

    mapping: str
    object: str
    by: tuple[str, ...]
    rows: int
    records: int
    matched: Matched
    made_new: tuple[Row, ...] = ()
    resumed: tuple[tuple[str, str], ...] = field(default=())

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Key and Id of each pair to be written, sorted: what a person agrees to."""
        return tuple(sorted((c.row.key, c.record.id) for c in self.matched.certain))
