from __future__ import annotations

import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sync.report.html import html
from crm_sync.report.markdown import dry_run_markdown
from crm_sync.report.model import FieldChange, Value
from crm_sync.report.terminal import dry_run
from crm_sync.report.values import fold, visible, written
from tests.unit.report.plans import RENAMED, plan


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (None, "string", "—"),
        ("", "string", "—"),
        (True, "boolean", "yes"),
        (False, "boolean", "no"),
        (Decimal("1234567.5"), "currency", "1,234,567.50"),
        (Decimal(0), "currency", "0.00"),
        (1200, "currency", "1,200.00"),
        (Decimal("12.345"), "currency", "12.345"),
        (Decimal("60.00"), "percent", "60 %"),
        (Decimal("-0.5"), "double", "-0.5"),
        (45, "int", "45"),
        (2.5, "double", "2.5"),
        ("2026-03-04", "date", "4 Mar 2026"),
        ("0800-12-25", "date", "25 Dec 800"),
        ("soon", "date", "soon"),
        ("2026-11-27T09:30:00.000+0000", "datetime", "27 Nov 2026, 09:30 UTC"),
        ("2026-11-27T23:30:05+02:00", "datetime", "27 Nov 2026, 21:30:05 UTC"),
        ("A;B", "multipicklist", "A; B"),
        ({"mapping": "account", "key": "77"}, "reference", "account 77 (no Id yet)"),
        ("2026-03-04", "string", "2026-03-04"),
    ],
)
def test_a_value_is_written_as_people_write_it(value: Value, type_: str, text: str) -> None:
    assert written(value, type_) == text


def test_a_long_text_is_folded_and_says_how_long_it_is() -> None:
    assert fold("x" * 5000, 10) == "x" * 10 + "… (5,000 characters)"
    assert fold("short", 10) == "short"


def test_characters_that_steer_a_terminal_or_the_writing_direction_show() -> None:
    assert visible("\x1b[31mred\a") == r"\x1b[31mred\x07"
    assert visible("evil\u202etxt.exe") == r"evil\u202etxt.exe"
    assert visible("two\r\nlines\tof\x00it") == "two\nlines\tof\\x00it"
    assert visible("Grüße 👩\u200d💻 東京") == "Grüße 👩\u200d💻 東京"


def test_what_looks_like_such_a_character_and_is_typed_has_two_backslashes() -> None:
    assert visible("\u2028") == r"\u2028"
    assert visible(r"\u2028") == r"\\u2028"
    assert visible("\\\u2028") == r"\\\u2028"
    assert visible(r"C:\temp\new") == r"C:\temp\new"


@given(st.text(alphabet="\\xu1b02e8\x1b\u2028"), st.text(alphabet="\\xu1b02e8\x1b\u2028"))
def test_texts_that_differ_look_different(one: str, other: str) -> None:
    assert (visible(one) == visible(other)) == (one == other)


@pytest.mark.parametrize("text", ["\u2028", r"\u2028", "\\\u2028"])
def test_every_output_shows_a_text_once(text: str) -> None:
    """The terminal, Markdown and HTML make a character visible once, not what stands for it."""
    change = FieldChange("Title", "string", "x", text, is_edited=True, current=text)
    report = plan(replace(RENAMED, state="held", label=text, changes=(change,)))
    shown = visible(text)
    out = io.StringIO()
    dry_run(report, out)
    told = dry_run_markdown(report, values=True).replace(r"\\", "\\")
    for said in (out.getvalue(), "".join(html(report)), told):
        found = set(re.findall(r"\\+u2028", said))
        assert found == {shown}


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    left = set(visible(text)) - {"\n", "\t"}
    assert not any(ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or c in "\u202e\u2066" for c in left)
