"""What was found, as people are shown it: masked, with labels, links and reasons.

In: `Look`. Out: sections of rows with the records that may be theirs, which terminal, page and
template take as they are. Nothing that is sensitive gets further than here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crm_sync.adopt.model import Candidate, Found, Record, Row
from crm_sync.adopt.story import Look
from crm_sync.report.headline import counted, listed
from crm_sync.report.links import record_link
from crm_sync.report.model import FieldChange, PlanRow
from crm_sync.sync.read import field_change

__all__ = ["KINDS", "Section", "ShownRecord", "ShownRow", "headline", "sections"]

KINDS = {
    "ambiguous": "left for you to decide",
    "certain": "our key will be written to the record",
    "unmatched": "no record agrees; a sync creates them",
    "decided as new": "a sync creates them, as you decided",
}
"""The kinds of rows in the order in which they are shown, and what becomes of them."""


@dataclass(frozen=True)
class ShownRecord:
    """A record. `changes`: per field what it holds (`before`) and what the row would send."""

    id: str
    link: str | None
    says: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True)
class ShownRow:
    """A row, and the records that may be its own. `changes`: what it would send (`after`)."""

    key: str
    label: str
    table: str
    changes: tuple[FieldChange, ...]
    records: tuple[ShownRecord, ...] = ()


@dataclass(frozen=True)
class Section:
    """The rows of one mapping and kind. They are made as they are read."""

    found: Found
    kind: str
    total: int
    look: Look

    def rows(self) -> Iterator[ShownRow]:
        matched = self.found.matched
        if self.kind == "ambiguous":
            for one in matched.ambiguous:
                yield self._row(one.row, [self._candidate(one.row, c) for c in one.candidates])
        elif self.kind == "certain":
            for pair in matched.certain:
                says = "you decided it" if pair.decided else f"same {listed(list(self.found.by))}"
                yield self._row(pair.row, [self._record(pair.row, pair.record, says)])
        else:
            rows = matched.unmatched if self.kind == "unmatched" else self.found.made_new
            yield from (self._row(row, []) for row in rows)

    def _candidate(self, row: Row, candidate: Candidate) -> ShownRecord:
        others = [name for name in self.found.by if name not in candidate.agrees]
        filled = [n for n in others if row.values.get(n) and candidate.record.values.get(n)]
        empty = [name for name in others if name not in filled]
        parts = [f"same {listed(list(candidate.agrees))}"]
        parts += [f"other {listed(filled)}"] if filled else []
        parts += [f"no {listed(empty)} to compare"] if empty else []
        if not others:
            parts.append("one of several")
        if candidate.taken_by is not None:
            parts.append(f"certain for {self.look.mask.key(candidate.taken_by)}")
        return self._record(row, candidate.record, "; ".join(parts))

    def _record(self, row: Row, record: Record, says: str) -> ShownRecord:
        link = record_link(self.look.org, record.id)
        return ShownRecord(record.id, link, says, self._masked(row, record).changes)

    def _row(self, row: Row, records: list[ShownRecord]) -> ShownRow:
        shown = self._masked(row, None)
        return ShownRow(shown.key, shown.label, shown.table, shown.changes, tuple(records))

    def _masked(self, row: Row, record: Record | None) -> PlanRow:
        fields = self.look.facts[self.found.object].fields
        held = record.values if record else {}
        return self.look.mask.row(
            PlanRow(
                mapping=self.found.mapping,
                object=self.found.object,
                table=self.look.tables[self.found.mapping],
                key=row.key,
                label=row.label,
                action="update",
                state="planned",
                salesforce_id=record.id if record else None,
                changes=tuple(
                    field_change(fields, name, held.get(name), value)
                    for name, value in row.values.items()
                ),
            )
        )


def sections(look: Look) -> list[Section]:
    """The sections that have any row, mapping by mapping."""
    result: list[Section] = []
    for found in look.found:
        matched = found.matched
        counts = {
            "ambiguous": len(matched.ambiguous),
            "certain": len(matched.certain),
            "unmatched": len(matched.unmatched),
            "decided as new": len(found.made_new),
        }
        result += [Section(found, kind, counts[kind], look) for kind in KINDS if counts[kind]]
    return result


def headline(look: Look) -> str:
    """`31 of 40 rows have a certain record; 5 are ambiguous and 4 unmatched.`"""
    rows = sum(one.rows for one in look.found)
    if not rows:
        return "No row waits for a record."
    certain = look.total("certain")
    have = "has" if certain == 1 else "have"
    said = f"{certain:,} of {counted(rows, 'row')} {have} a certain record"
    others = [
        f"{look.total(kind):,} {'is' if look.total(kind) == 1 else 'are'} {kind}"
        for kind in ("ambiguous", "unmatched")
    ]
    return f"{said}; {listed(others)}."
