"""Which record is which row's: pure, from rows and records to what is certain and what is not.

A row and a record agree in a field where both hold a value and the values are the same (`normal`);
a field that is empty on either side never agrees. They match where they agree in every compared
field. A match is certain where the row matches no other record and the record no other row. A row
that is not certain and agrees with a record in a telling field is ambiguous; the rest is unmatched.
A text tells of one record; a parent, a date or a choice is shared by many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from itertools import chain

from crm_sync.adopt.model import Candidate, Certain, Matched, Record, Row, Unsettled
from crm_sync.adopt.normal import normalised
from crm_sync.report.model import Value

__all__ = ["TELLING", "match"]

TELLING = frozenset({"string", "textarea", "email", "phone", "url"})
"""Types of fields by whose value alone a person would think of one record."""


def match(rows: Sequence[Row], records: Iterable[Record], by: Map[str, str]) -> Matched:
    """Every row, in its place. `by`: the compared fields with their types. Records are read once,
    and one that agrees with no row is not kept.
    """
    of_rows = [_texts(row.values, by) for row in rows]
    telling = [name for name, type_ in by.items() if type_ in TELLING] or list(by)
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, texts in enumerate(of_rows):
        for name in telling:
            if name in texts:
                holders[name, texts[name]].append(number)
    near: dict[int, list[Candidate]] = defaultdict(list)
    matches: dict[int, list[Record]] = defaultdict(list)
    rivals: dict[str, int] = defaultdict(int)
    for record in records:
        texts = _texts(record.values, by)
        found = (holders.get((name, texts[name]), ()) for name in telling if name in texts)
        for number in dict.fromkeys(chain.from_iterable(found)):
            names = [name for name, text in texts.items() if of_rows[number].get(name) == text]
            near[number].append(Candidate(record, tuple(names)))
            if len(names) == len(by):
                matches[number].append(record)
                rivals[record.id] += 1
    sure = {
        number: found[0]
        for number, found in matches.items()
        if len(found) == 1 and rivals[found[0].id] == 1
    }
    taken = {record.id: rows[number].key for number, record in sure.items()}
    return Matched(
        certain=tuple(Certain(row, sure[n]) for n, row in enumerate(rows) if n in sure),
        ambiguous=tuple(
            Unsettled(row, _sorted(near[n], taken))
            for n, row in enumerate(rows)
            if n in near and n not in sure
        ),
        unmatched=tuple(row for n, row in enumerate(rows) if n not in near),
    )


def _texts(values: Map[str, Value], by: Map[str, str]) -> dict[str, str]:
    """The compared values that are not empty."""
    texts = {name: normalised(values.get(name), type_) for name, type_ in by.items()}
    return {name: text for name, text in texts.items() if text}


def _sorted(candidates: Iterable[Candidate], taken: Map[str, str]) -> tuple[Candidate, ...]:
    known = [Candidate(c.record, c.agrees, taken.get(c.record.id)) for c in candidates]
    return tuple(sorted(known, key=lambda c: (-len(c.agrees), c.taken_by or "", c.record.id)))
