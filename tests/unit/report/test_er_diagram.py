from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest

from crm_sync.er_diagram.catalog import Column, Enum, ForeignKey, Schema, Table
from crm_sync.er_diagram.layout import Box, EnumBox, Layout, arrange
from crm_sync.er_diagram.svg import draw

SVG = "{http://www.w3.org/2000/svg}"


def table(name: str, *columns: str) -> Table:
    """A table with the key `id`; `columns` as `name type`."""
    parsed = [tuple(column.split(" ", 1)) for column in ("id uuid", *columns)]
    return Table(
        name,
        f"The <{name}> & more.",
        tuple(Column(n, t, None, n == "id", n == "id", False) for n, t in parsed),
    )


def key(child: str, column: str, parent: str, on_delete: str = "cascade") -> ForeignKey:
    return ForeignKey(child, column, parent, "id", on_delete, False, False)


CRM = Schema(
    "public",
    (
        table("accounts", *(f"column_{n} text" for n in range(12))),
        table("activities", "lead_id uuid", "account_id uuid", "project_id uuid", "notes text"),
        table("changes", "lead_id uuid"),
        table("leads", "account_id uuid", *(f"column_{n} text" for n in range(9))),
        table("projects", "account_id uuid", "name text"),
        table("settings", "time_zone text"),
    ),
    (
        key("activities", "lead_id", "leads"),
        key("activities", "account_id", "accounts"),
        key("activities", "project_id", "projects"),
        key("changes", "lead_id", "leads"),
        key("leads", "account_id", "accounts", "restrict"),
        key("projects", "account_id", "accounts", "restrict"),
    ),
    (Enum("status", ("new", "won", "lost")),),
)
STAR = Schema(
    "sync",
    (table("org"), *(table(f"table_{n}", "org_id text") for n in range(9))),
    tuple(key(f"table_{n}", "org_id", "org") for n in range(9)),
    (),
)
CIRCLE = Schema(
    "circle",
    (table("a", "b_id uuid", "a_id uuid"), table("b", "a_id uuid")),
    (key("a", "b_id", "b"), key("a", "a_id", "a"), key("b", "a_id", "a")),
    (),
)
EVERY = pytest.mark.parametrize("schema", [CRM, STAR, CIRCLE], ids=["crm", "star", "circle"])


def segments(layout: Layout) -> list[tuple[float, float, float, float]]:
    return [
        (*start, *end)
        for route in layout.routes
        for start, end in zip(route.points, route.points[1:], strict=False)
    ]


def boxes_of(layout: Layout) -> list[Box | EnumBox]:
    return [*layout.boxes, *layout.enums]


@EVERY
def test_no_two_boxes_overlap(schema: Schema) -> None:
    layout = arrange(schema)
    for a, b in combinations(boxes_of(layout), 2):
        is_apart = (
            a.x + a.width <= b.x
            or b.x + b.width <= a.x
            or a.y + a.height <= b.y
            or b.y + b.height <= a.y
        )
        assert is_apart


@pytest.mark.parametrize("schema", [CRM, STAR], ids=["crm", "star"])
def test_no_line_runs_through_a_box(schema: Schema) -> None:
    layout = arrange(schema)
    for x1, y1, x2, y2 in segments(layout):
        for box in layout.boxes:
            is_inside_x = max(x1, x2) > box.x + 0.5 and min(x1, x2) < box.x + box.width - 0.5
            is_inside_y = max(y1, y2) > box.y + 0.5 and min(y1, y2) < box.y + box.height - 0.5
            assert not (is_inside_x and is_inside_y), box.table.name


@pytest.mark.parametrize("schema", [CRM, STAR], ids=["crm", "star"])
def test_lines_run_in_right_angles_and_share_no_lane(schema: Schema) -> None:
    layout = arrange(schema)
    lanes: list[tuple[float, float, float]] = []
    for x1, y1, x2, y2 in segments(layout):
        assert x1 == x2 or y1 == y2
        if x1 == x2 and y1 != y2:
            lanes.append((x1, min(y1, y2), max(y1, y2)))
    assert len({x for x, _, _ in lanes}) == len(lanes)


def test_a_line_starts_at_the_childs_column_and_ends_at_the_parents_key() -> None:
    layout = arrange(CRM)
    boxes = {box.table.name: box for box in layout.boxes}
    for route in layout.routes:
        child, parent = boxes[route.key.child], boxes[route.key.parent]
        assert route.points[0] == (child.x, child.line_y(route.key.column))
        x, y = route.points[-1]
        assert x == parent.x + parent.width
        assert abs(y - parent.line_y("id")) <= 10


def test_a_parent_stands_left_of_its_children() -> None:
    boxes = {box.table.name: box for box in arrange(CRM).boxes}
    for foreign_key in CRM.foreign_keys:
        assert boxes[foreign_key.parent].x < boxes[foreign_key.child].x


@EVERY
def test_everything_lies_within_the_picture(schema: Schema) -> None:
    layout = arrange(schema)
    for box in boxes_of(layout):
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height


@EVERY
def test_the_picture_is_xml_with_every_table_column_and_rule(schema: Schema) -> None:
    svg = draw(arrange(schema), "Title & more", "Description")
    root = ElementTree.fromstring(svg)  # noqa: S314  # our own text
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert root.findtext(f"{SVG}title") == "Title & more"
    for drawn in schema.tables:
        assert drawn.name in texts
        assert {column.name for column in drawn.columns} <= set(texts)
    for value in (value for enum in schema.enums for value in enum.values):
        assert value in texts
    drawn_keys = [k for k in schema.foreign_keys if k.child != k.parent]
    assert [texts.count(rule) for rule in ("cascade", "restrict")] == [
        sum(k.on_delete == rule for k in drawn_keys) for rule in ("cascade", "restrict")
    ]
    assert "href" not in svg
    assert "<script" not in svg
    assert "<style" not in svg


def test_the_same_schema_gives_the_same_text() -> None:
    assert draw(arrange(CRM), "t", "d") == draw(arrange(CRM), "t", "d")


def test_a_picture_of_keys_counts_the_other_columns() -> None:
    svg = draw(arrange(CRM, keys_only=True), "t", "d")
    assert "column_3" not in svg
    assert "… 12 more columns" in svg
    assert "… 1 more column<" in svg
