"""Which record is whose: certain, ambiguous or unmatched."""

from __future__ import annotations

import pytest

from crm_sync.adopt.match import match
from crm_sync.adopt.model import Matched, Record, Row

BY = {"Name": "string", "Website": "url"}
Pair = tuple[str | None, str | None]


def matched(rows: dict[str, Pair], records: dict[str, Pair]) -> Matched:
    def values(pair: Pair) -> dict[str, str | None]:
        return dict(zip(BY, pair, strict=True))

    return match(
        [Row("account", key, key, values(pair)) for key, pair in rows.items()],
        [Record(given, values(pair)) for given, pair in records.items()],
        BY,
    )


def said(found: Matched) -> dict[str, str]:
    """Each row with what is said of it."""
    told = {c.row.key: f"certain {c.record.id}" for c in found.certain}
    for one in found.ambiguous:
        parts = (
            f"{c.record.id}={'+'.join(c.agrees)}" + (f"({c.taken_by})" if c.taken_by else "")
            for c in one.candidates
        )
        told[one.row.key] = " ".join(parts)
    return told | {row.key: "unmatched" for row in found.unmatched}


ACME: Pair = ("Acme", "acme.example")


@pytest.mark.parametrize(
    ("rows", "records", "told"),
    [
        ({"r": ACME}, {"A": ("ACME ", "https://www.acme.example")}, {"r": "certain A"}),
        ({"r": ACME}, {"A": ("Acme GmbH", "acme.example")}, {"r": "A=Website"}),
        ({"r": ACME}, {"A": ("Acme", "other.example")}, {"r": "A=Name"}),
        ({"r": ACME}, {"A": ("Acme", None)}, {"r": "A=Name"}),
        ({"r": ("Acme", None)}, {"A": ("Acme", None)}, {"r": "A=Name"}),
        ({"r": (None, None)}, {"A": (None, None)}, {"r": "unmatched"}),
        ({"r": ("Acme", "")}, {"A": ("Other", "")}, {"r": "unmatched"}),
        ({"r": ACME}, {"A": ACME, "B": ACME}, {"r": "A=Name+Website B=Name+Website"}),
        ({"r": ACME, "s": ACME}, {"A": ACME}, {"r": "A=Name+Website", "s": "A=Name+Website"}),
        ({"r": ACME}, {"A": ("Acme", "x.example"), "B": ("X", "acme.example")},
         {"r": "A=Name B=Website"}),
        ({"r": ACME}, {"A": ACME, "B": ("Acme", None)}, {"r": "certain A"}),
        ({"r": ACME, "s": ("Acme", None)}, {"A": ACME}, {"r": "certain A", "s": "A=Name(r)"}),
        ({"r": ACME, "s": ("B", "b.example")}, {"B": ("b", "b.example"), "A": ACME},
         {"r": "certain A", "s": "certain B"}),
        ({"r": ACME}, {}, {"r": "unmatched"}),
        ({}, {"A": ACME}, {}),
    ],
)  # fmt: skip
def test_a_case(rows: dict[str, Pair], records: dict[str, Pair], told: dict[str, str]) -> None:
    assert said(matched(rows, records)) == told


def test_a_parent_alone_makes_no_candidate() -> None:
    by = {"Name": "string", "AccountId": "reference"}
    parent = "001000000000001AAA"
    rows = [Row("opportunity", k, k, {"Name": k, "AccountId": parent}) for k in "rs"]
    records = [Record("A", {"Name": "R", "AccountId": parent}), Record("B", {"Name": "s"})]
    assert said(match(rows, records, by)) == {"r": "certain A", "s": "B=Name"}


def test_where_no_text_is_compared_every_field_tells() -> None:
    by = {"CloseDate": "date", "Amount": "currency"}
    row = Row("opportunity", "r", "r", {"CloseDate": "2026-01-05", "Amount": "10.0"})
    records = [
        Record("A", {"CloseDate": "2026-01-05", "Amount": 10}),
        Record("B", {"CloseDate": "2026-01-05", "Amount": 11}),
    ]
    assert said(match([row], records[1:], by)) == {"r": "B=CloseDate"}
    assert said(match([row], records, by)) == {"r": "certain A"}


def test_every_row_has_one_place_and_no_record_two_rows() -> None:
    rows = {f"r{n}": (f"N{n % 7}", f"w{n % 5}.example") for n in range(60)}
    records = {f"A{n}": (f"n{n % 9}", f"W{n % 4}.example") for n in range(80)}
    found = matched(dict(rows), dict(records))
    assert sorted(said(found)) == sorted(rows)
    taken = [c.record.id for c in found.certain]
    assert len(taken) == len(set(taken))
