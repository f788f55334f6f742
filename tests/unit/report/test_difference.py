from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_sync.report.difference import Part, difference, folded_parts


def marked(parts: tuple[Part, ...]) -> str:
    return "".join(f"[{p.text}]" if p.changed else p.text for p in parts)


def test_the_words_that_changed_are_marked_on_both_sides() -> None:
    old, new = difference("Hauptstraße 12, 2. Stock", "Hauptstraße 14, 2. Stock")
    assert marked(old) == "Hauptstraße [12], 2. Stock"
    assert marked(new) == "Hauptstraße [14], 2. Stock"


def test_an_insertion_marks_only_the_new_side() -> None:
    old, new = difference("ana@example.com", "ana.petrovic@example.com")
    assert marked(old) == "ana@example.com"
    assert marked(new) == "ana[.petrovic]@example.com"


def test_neighbouring_changes_are_one_mark() -> None:
    _, new = difference("please send the old draft to us", "please send the new offer to us")
    assert marked(new) == "please send the [new offer] to us"


def test_texts_with_little_in_common_have_no_mark() -> None:
    assert difference("Open", "Closed") == ((Part("Open", False),), (Part("Closed", False),))


@given(st.text(), st.text())
def test_the_parts_put_together_are_the_text(before: str, after: str) -> None:
    old, new = difference(before, after)
    assert "".join(part.text for part in old) == before
    assert "".join(part.text for part in new) == after


def test_a_change_deep_in_a_long_text_survives_folding() -> None:
    words = [f"word{n}" for n in range(2000)]
    before = " ".join(words)
    after = " ".join([*words[:1000], "CHANGED", *words[1001:]])
    _, new = difference(before, after)
    folded = folded_parts(new)
    text = "".join(part.text for part in folded)
    assert [part.text for part in folded if part.changed] == ["CHANGED"]
    assert "word999 CHANGED word1001" in " ".join(text.split())
    assert len(text) < 300


def test_two_long_texts_that_share_nothing_are_compared() -> None:
    before = " ".join(f"a{n}" for n in range(8000))
    after = " ".join(f"b{n}" for n in range(8000))
    removed, added = difference(before, after)
    assert "".join(part.text for part in removed) == before
    assert "".join(part.text for part in added) == after
