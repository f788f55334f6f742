"""Pieces of Markdown that GitHub and Python-Markdown show alike."""

from __future__ import annotations

import html
import re

import pytest

from crm_sync.mapping.markdown import anchor, code, marked, prose, table


@pytest.mark.parametrize(
    "text", ["a || ' - ' || b", "x | '*' | _y_ | <z> & `q`", "[a](b) | ~~c~~ | \\d"]
)
def test_code_with_a_bar_is_html_in_which_nothing_is_markup(text: str) -> None:
    shown = code(text)
    inner = shown.removeprefix("<code>").removesuffix("</code>")
    assert html.unescape(inner) == text
    assert not re.search(r"[|*`<>\[\]~\\]|(?<!\w)_|_(?!\w)", inner)


def test_code_without_a_bar_is_a_code_span() -> None:
    assert code("a  = 'b'") == "`a = 'b'`"
    assert code("a ` b") == "`` a ` b ``"
    assert code("") == ""


def test_options_and_names_with_an_underscore_become_code() -> None:
    assert marked("Say --strict, or `a|b`; see on_delete.") == (
        r"Say `--strict`, or `a\|b`; see `on_delete`."
    )
    assert marked("*All* of <x>") == r"\*All\* of \<x\>"


def test_prose_cannot_end_a_cell() -> None:
    assert prose("a | b\nc") == r"a \| b c"


def test_columns_that_are_empty_in_every_row_are_left_out() -> None:
    assert table(("A", "B"), [("1", ""), ("2", "")]) == "| A |\n|---|\n| 1 |\n| 2 |"


def test_an_anchor_is_made_as_both_make_it() -> None:
    assert anchor("sync.job_row") == "syncjob_row"
    assert anchor("Account (partner)") == "account-partner"
