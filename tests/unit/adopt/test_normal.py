"""What counts as the same value."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm_sync.adopt.normal import normalised
from crm_sync.report.model import Value

SAME: list[tuple[str, Value, Value]] = [
    ("string", " Acme  AG ", "acme\tag"),
    ("string", "STRASSE", "Straße"),
    ("string", "\N{LATIN SMALL LIGATURE FI}rm", "Firm"),
    ("string", "Caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"),
    ("string", "Acme\N{NO-BREAK SPACE}AG", "Acme AG"),
    ("email", "Ng@Example.org", " ng@example.ORG"),
    ("url", "https://www.acme.example/", "acme.example"),
    ("url", "HTTP://Acme.example//", "www.acme.example"),
    ("url", "https://acme.example/A/", "acme.example/a"),
    ("phone", "+49 (30) 23125-001", "0049 30 23125001"),
    ("currency", Decimal("10.50"), "10.5"),
    ("double", 100, "1E+2"),
    ("boolean", True, "true"),
    ("date", "2026-01-05", "2026-01-05"),
    ("reference", "001000000000001AAA", "001000000000001AAA"),
]
OTHER: list[tuple[str, Value, Value]] = [
    ("string", "Acme GmbH", "Acme AG"),
    ("string", "Acme-AG", "Acme AG"),
    ("string", "https://acme.example", "acme.example"),
    ("url", "acme.example/de", "acme.example"),
    ("url", "mail.acme.example", "acme.example"),
    ("phone", "030 23125001", "+49 30 23125001"),
    ("reference", "001000000000001AAA", "001000000000001aaa"),
    ("currency", "10", "100"),
]


@pytest.mark.parametrize(("type_", "one", "other"), SAME)
def test_the_same_in_another_spelling(type_: str, one: Value, other: Value) -> None:
    assert normalised(one, type_) == normalised(other, type_) != ""


@pytest.mark.parametrize(("type_", "one", "other"), OTHER)
def test_not_the_same(type_: str, one: Value, other: Value) -> None:
    assert normalised(one, type_) != normalised(other, type_)


@pytest.mark.parametrize(
    ("type_", "value"),
    [("string", None), ("string", ""), ("string", " \t"), ("url", "https://"), ("phone", "n/a"),
     ("reference", {"mapping": "account", "key": "1"})],
)  # fmt: skip
def test_nothing_to_compare(type_: str, value: Value) -> None:
    assert normalised(value, type_) == ""
