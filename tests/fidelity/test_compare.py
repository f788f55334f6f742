"""The comparison itself: it sees every kind of difference."""

from typing import Any

import pytest

from .compare import differences, parsed, unexplained


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {"a": 1.0}, ["a"]),
        ({"a": True}, {"a": 1}, ["a"]),
        ({"a": None}, {"a": ""}, ["a"]),
        ({"a": 1, "b": 2}, {"a": 1}, ["+b"]),
        ({"a": {}}, {"a": {"b": 1}}, ["-a/b"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ["order "]),
        ([{"a": 1}], [{"a": 2}, {}], ["0/a", "-1"]),
        ([1, 2], [1], ["+1"]),
    ],
)
def test_every_difference_is_named(ours: Any, theirs: Any, expected: list[str]) -> None:
    assert [*differences(ours, theirs)] == expected


def test_a_value_of_ones_own_has_its_form_and_its_kind_on_both_sides() -> None:
    own = {"*/id": r"\d+"}
    assert [*differences([{"id": "1"}], [{"id": "22"}], own)] == []
    assert [*differences([{"id": "x"}], [{"id": "1"}], own)] == ["0/id"]
    assert [*differences([{"id": "1"}], [{"id": "x"}], own)] == ["0/id"]
    assert [*differences([{"id": 1}], [{"id": "1"}], own)] == ["0/id"]


def test_xml_is_compared_by_names_order_and_repetition() -> None:
    text = "<r xmlns='n'><a>1</a><a><b>2</b></a></r>"
    assert parsed(text) == {"{n}r": {"{n}a": "1", "{n}a.1": {"{n}b": "2"}}}
    assert [*differences(parsed(text), parsed(text.replace("'n'", "'m'")))] == ["+{n}r", "-{m}r"]


def test_a_reason_must_explain_a_difference_that_there_is() -> None:
    assert unexplained(["a", "b/c"], {"b/*": "why"}) == ["a"]
    assert unexplained(["a"], {"a": "why", "b": "why"}) == ["no such difference any more: b"]
