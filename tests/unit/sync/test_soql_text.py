"""A text as a SOQL literal cannot end the literal."""

from __future__ import annotations

import pytest

from crm_sync.sync.lookup import soql_text


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("task:1", "'task:1'"),
        ("O'Hara", "'O\\'Hara'"),
        ("a\\", "'a\\\\'"),
        ("\\' OR Id != ''", "'\\\\\\' OR Id != \\'\\''"),
        ("", "''"),
        ("Zürich 🌊", "'Zürich 🌊'"),
    ],
)
def test_quotes_and_backslashes_are_escaped(text: str, literal: str) -> None:
    assert soql_text(text) == literal
