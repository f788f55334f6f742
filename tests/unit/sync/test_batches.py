"""How planned rows are cut into calls."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sync.sync.batches import Chunk, Row, chunks, halves, next_call


def by_action(row: Row) -> object:
    return (row.action, row.mapping if row.action == "create" else "")


def rows(number: int, action: str = "create", parent: str | None = None) -> list[Row]:
    return [Row("account", f"{action}{n:05}", action, parent) for n in range(number)]


@pytest.mark.parametrize(
    ("number", "sizes"),
    [(0, []), (1, [1]), (200, [200]), (201, [200, 1]), (999, [200] * 4 + [199])],
)
def test_a_chunk_takes_two_hundred_rows(number: int, sizes: list[int]) -> None:
    assert [len(chunk.rows) for chunk in chunks(rows(number), by_action)] == sizes


def test_a_call_takes_five_chunks() -> None:
    call = next_call(rows(1_500), by_action)
    assert [len(chunk.rows) for chunk in call] == [200] * 5


def test_creates_of_two_mappings_and_updates_of_them_go_apart_and_together() -> None:
    given_rows = [
        Row("account", "1", "create"),
        Row("lead", "2", "create"),
        Row("account", "3", "update"),
        Row("lead", "4", "update"),
    ]
    assert [[row.key for row in c.rows] for c in next_call(given_rows, by_action)] == [
        ["1"],
        ["2"],
        ["3", "4"],
    ]


def test_rows_of_one_parent_stay_in_one_chunk_where_they_fit() -> None:
    family = [Row("task", f"{p}{n}", "create", p) for p in "abc" for n in range(90)]
    assert [len(chunk.rows) for chunk in chunks(family, by_action)] == [180, 90]


def test_a_parent_with_too_many_rows_is_cut_all_the_same() -> None:
    assert [len(c.rows) for c in chunks(rows(450, parent="a"), by_action)] == [200, 200, 50]


def test_a_deletion_does_not_go_with_what_it_waits_for() -> None:
    child = Row("task", "1", "delete", salesforce_id="00T")
    moved = Row("event", "2", "update", salesforce_id="00U")
    parent = Row("account", "3", "delete", salesforce_id="001", waits_for=("task:1", "event:2"))
    free = Row("account", "4", "delete", salesforce_id="001")
    assert [r.key for c in next_call([moved, child, parent, free], by_action) for r in c.rows] == [
        "2",
        "1",
    ]
    assert [r.key for c in next_call([parent, free], by_action) for r in c.rows] == ["3", "4"]


@given(st.lists(st.tuples(st.sampled_from(("create", "update", "delete")),
                          st.sampled_from(("account", "task")),
                          st.sampled_from((None, "a", "b"))), max_size=60),
       st.integers(1, 9))  # fmt: skip
def test_cutting_loses_no_row_doubles_none_and_keeps_the_order(
    described: list[tuple[str, str, str | None]], size: int
) -> None:
    every = [Row(m, str(n), action, p) for n, (action, m, p) in enumerate(described)]
    cut = chunks(every, by_action, size)
    assert list(chain.from_iterable(chunk.rows for chunk in cut)) == every
    assert all(0 < len(chunk.rows) <= size for chunk in cut)
    assert all(len({by_action(row) for row in chunk.rows}) == 1 for chunk in cut)


@pytest.mark.parametrize(
    ("number", "sizes"), [(1, [1]), (2, [1, 1]), (5, [3, 2]), (200, [100, 100])]
)
def test_halves_hold_every_row(number: int, sizes: list[int]) -> None:
    chunk = Chunk("update", tuple(rows(number, "update")))
    parts = halves(chunk)
    assert [len(part.rows) for part in parts] == sizes
    assert tuple(chain.from_iterable(part.rows for part in parts)) == chunk.rows
