"""Where every box and line of the diagram stands.

In: `catalog.Schema`. Out: boxes and routes in pixels. Layers from left to right: a parent stands
left of its children. A line that passes a layer gets a place of its own in it, between the boxes,
so that no line runs through a box; between two layers every line has a lane of its own.
Everything is computed from names and counts, so the same schema gives the same places.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from crm_sync.er_diagram.catalog import Enum, ForeignKey, Schema, Table

__all__ = ["HEAD", "LINE", "MARGIN", "Box", "EnumBox", "Layout", "Route", "arrange"]

CHARACTER = 7.25  # width of one character of the 12 px monospaced font
LINE = 21
HEAD = 34
MARGIN = 32
GAP_Y = 34
LANE = 15
LANE_MARGIN = 34  # room for the crow's foot and the delete rule beside a box
PASSAGE = 12  # height of the place of a line that passes a layer
TITLE = 58
RULE_WIDTH = 46
MOST_SIDE_BY_SIDE = 3


@dataclass(frozen=True)
class Box:
    """A table's place. `shown` are its columns in the picture, the rest is only counted."""

    table: Table
    shown: tuple[str, ...]
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        """Head and lines."""
        more = len(self.shown) < len(self.table.columns)
        return HEAD + LINE * (len(self.shown) + more) + 6

    def line_y(self, column: str) -> float:
        """The middle of a column's line."""
        return self.y + HEAD + LINE * (self.shown.index(column) + 0.5) + 2


@dataclass(frozen=True)
class EnumBox:
    """An enum's place."""

    enum: Enum
    x: float
    y: float
    width: float

    @property
    def height(self) -> float:
        """Head and values."""
        return HEAD + LINE * len(self.enum.values) + 6


@dataclass(frozen=True)
class Route:
    """A foreign key's line: from the child's column to the parent's, in right angles."""

    key: ForeignKey
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """The whole picture."""

    boxes: tuple[Box, ...]
    enums: tuple[EnumBox, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass
class _Slot:
    """A place in a layer: a table, or the passage of a foreign key to a layer further left."""

    table: Table | None
    passage: ForeignKey | None
    height: float
    width: float
    y: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def arrange(schema: Schema, *, keys_only: bool = False) -> Layout:
    """Places all tables. `keys_only` shows of each table its primary and foreign keys."""
    tables = {table.name: table for table in schema.tables}
    keys = [k for k in schema.foreign_keys if k.child != k.parent]
    shown = {name: _shown(table, schema, keys_only) for name, table in tables.items()}
    depth = _depths(tables, keys)
    layers = _slots(tables, shown, depth, keys)
    _order(layers, keys)
    _stack(layers)

    lanes = _lanes_per_gap(layers, depth, keys)
    boxes: dict[str, Box] = {}
    lefts: list[float] = []
    x = float(MARGIN)
    for number, layer in enumerate(layers):
        lefts.append(x)
        width = max(slot.width for slot in layer)
        for slot in layer:
            if slot.table:
                boxes[slot.table.name] = Box(slot.table, shown[slot.table.name], x, slot.y, width)
        x += width
        if number < len(layers) - 1:
            x += 2 * LANE_MARGIN + RULE_WIDTH + LANE * max(0, lanes[number] - 1)
    right = x
    routes = _routes(layers, boxes, depth, keys, lefts)
    bottom = max(box.y + box.height for box in boxes.values())
    enums, right, bottom = _place_enums(schema.enums, right, bottom)
    return Layout(tuple(boxes.values()), enums, routes, right + MARGIN, bottom + MARGIN)


def _shown(table: Table, schema: Schema, keys_only: bool) -> tuple[str, ...]:
    foreign = {k.column for k in schema.foreign_keys if k.child == table.name}
    keys = tuple(c.name for c in table.columns if c.is_key or c.name in foreign)
    return keys if keys_only and keys else tuple(c.name for c in table.columns)


def _depths(tables: dict[str, Table], keys: list[ForeignKey]) -> dict[str, int]:
    """The layer of each table: right of its rightmost parent. A cycle is cut where it is met."""
    parents: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        parents[key.child].add(key.parent)
    depth: dict[str, int] = {}

    def visit(name: str, above: frozenset[str]) -> int:
        if name not in depth:
            known = sorted(parents[name] - above - {name})
            depth[name] = max((visit(p, above | {name}) + 1 for p in known), default=0)
        return depth[name]

    for name in sorted(tables):
        visit(name, frozenset())
    return depth


def _slots(
    tables: dict[str, Table],
    shown: dict[str, tuple[str, ...]],
    depth: dict[str, int],
    keys: list[ForeignKey],
) -> list[list[_Slot]]:
    related = {k.child for k in keys} | {k.parent for k in keys}
    layers: list[list[_Slot]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for name in sorted(tables, key=lambda n: (n not in related, n)):
        table = tables[name]
        box = Box(table, shown[name], 0, 0, 0)
        layers[depth[name]].append(_Slot(table, None, box.height, _width(table)))
    for key in keys:
        for number in range(depth[key.parent] + 1, depth[key.child]):
            layers[number].append(_Slot(None, key, PASSAGE, 0))
    return layers


def _width(table: Table) -> float:
    longest = max(len(c.name) + len(c.type) for c in table.columns)
    return round(max(longest * CHARACTER + 68, len(table.name) * 8.5 + 32))


def _order(layers: list[list[_Slot]], keys: list[ForeignKey]) -> None:
    """Moves each place towards the middle of what it is joined with (barycentre heuristic)."""
    for _ in range(4):
        for forward in (True, False):
            numbers = range(1, len(layers)) if forward else range(len(layers) - 2, -1, -1)
            for number in numbers:
                beside = layers[number - 1 if forward else number + 1]
                ranks = {id(slot): rank for rank, slot in enumerate(layers[number])}
                weights = {
                    id(slot): _weight(slot, beside, keys, ranks[id(slot)])
                    for slot in layers[number]
                }
                layers[number].sort(key=lambda s: (_is_alone(s, keys), weights[id(s)]))


def _is_alone(slot: _Slot, keys: list[ForeignKey]) -> bool:
    return slot.table is not None and not any(slot.table.name in (k.child, k.parent) for k in keys)


def _weight(slot: _Slot, beside: list[_Slot], keys: list[ForeignKey], own: int) -> float:
    ranks = [rank for rank, other in enumerate(beside) if _are_joined(slot, other, keys)]
    return sum(ranks) / len(ranks) if ranks else own


def _are_joined(a: _Slot, b: _Slot, keys: list[ForeignKey]) -> bool:
    def touches(slot: _Slot, key: ForeignKey) -> bool:
        if slot.table:
            return slot.table.name in (key.child, key.parent)
        return slot.passage == key

    return any(touches(a, key) and touches(b, key) for key in keys)


def _stack(layers: list[list[_Slot]]) -> None:
    """One below the other, each layer in the middle of the tallest."""
    heights = [sum(s.height for s in layer) + GAP_Y * (len(layer) - 1) for layer in layers]
    for layer, height in zip(layers, heights, strict=True):
        y = TITLE + MARGIN + (max(heights) - height) / 2
        for slot in layer:
            slot.y = y
            y += slot.height + GAP_Y


def _lanes_per_gap(
    layers: list[list[_Slot]], depth: dict[str, int], keys: list[ForeignKey]
) -> list[int]:
    return [
        sum(1 for key in keys if depth[key.parent] <= gap < depth[key.child])
        for gap in range(len(layers) - 1)
    ]


def _routes(
    layers: list[list[_Slot]],
    boxes: dict[str, Box],
    depth: dict[str, int],
    keys: list[ForeignKey],
    lefts: list[float],
) -> tuple[Route, ...]:
    levels = {key: _levels(key, layers, boxes, depth, keys) for key in keys}
    lanes: dict[tuple[ForeignKey, int], float] = {}
    for gap in range(len(layers) - 1):
        passing = [key for key in keys if depth[key.parent] <= gap < depth[key.child]]
        # Of each line in this gap: its height on the right and on the left.
        ends = [
            (levels[k][depth[k.child] - gap - 1], levels[k][depth[k.child] - gap]) for k in passing
        ]
        for lane, index in enumerate(_lane_order(ends)):
            x = lefts[gap + 1] - LANE_MARGIN - RULE_WIDTH - LANE * lane
            lanes[passing[index], gap] = x
    routes: list[Route] = []
    for key in keys:
        child, parent, ys = boxes[key.child], boxes[key.parent], levels[key]
        points = [(child.x, ys[0])]
        for step, gap in enumerate(range(depth[key.child] - 1, depth[key.parent] - 1, -1)):
            x = lanes[key, gap]
            points += [(x, ys[step]), (x, ys[step + 1])]
        points.append((parent.x + parent.width, ys[-1]))
        routes.append(Route(key, tuple(points)))
    return tuple(routes)


def _levels(
    key: ForeignKey,
    layers: list[list[_Slot]],
    boxes: dict[str, Box],
    depth: dict[str, int],
    keys: list[ForeignKey],
) -> list[float]:
    """The heights of a line, from the child's column over its passages to the parent's key."""
    levels = [boxes[key.child].line_y(key.column)]
    for number in range(depth[key.child] - 1, depth[key.parent], -1):
        levels += [slot.middle for slot in layers[number] if slot.passage == key]
    # A few lines to one parent arrive side by side, in the order of where they come from; many
    # arrive as one.
    arriving = [k for k in keys if k.parent == key.parent and k.parent_column == key.parent_column]

    def origin(other: ForeignKey) -> float:
        if depth[other.child] - depth[other.parent] > 1:
            layer = layers[depth[other.parent] + 1]
            return next(slot.middle for slot in layer if slot.passage == other)
        return boxes[other.child].line_y(other.column)

    arriving.sort(key=origin)
    apart = 8 if len(arriving) <= MOST_SIDE_BY_SIDE else 0
    offset = (arriving.index(key) - (len(arriving) - 1) / 2) * apart
    return [*levels, boxes[key.parent].line_y(key.parent_column) + offset]


def _lane_order(ends: list[tuple[float, float]]) -> list[int]:
    """The lines' order from right to left with the fewest crossings, by swapping neighbours."""
    order = sorted(range(len(ends)), key=lambda i: ends[i])

    def crossings(outer: int, inner: int) -> int:
        """Crossings of two lines of which `outer` has the lane further right."""
        (outer_right, outer_left), (inner_right, inner_left) = ends[outer], ends[inner]
        low, high = sorted((outer_right, outer_left))
        inner_low, inner_high = sorted((inner_right, inner_left))
        return (low < inner_right < high) + (inner_low < outer_left < inner_high)

    is_better = True
    while is_better:
        is_better = False
        for i in range(len(order) - 1):
            a, b = order[i], order[i + 1]
            if crossings(b, a) < crossings(a, b):
                order[i], order[i + 1] = b, a
                is_better = True
    return order


def _place_enums(
    enums: tuple[Enum, ...], right: float, bottom: float
) -> tuple[tuple[EnumBox, ...], float, float]:
    """A row of enums below the tables."""
    placed: list[EnumBox] = []
    x, y = float(MARGIN), bottom + GAP_Y
    for enum in enums:
        longest = max(len(value) for value in (enum.name, *enum.values))
        box = EnumBox(enum, x, y, round(longest * CHARACTER + 64))
        placed.append(box)
        x += box.width + GAP_Y
    if not placed:
        return (), right, bottom
    return tuple(placed), max(right, x - GAP_Y), max(b.y + b.height for b in placed)
