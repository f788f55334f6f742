"""Draws the diagram: SVG text that is the same for the same schema on every machine.

In: a layout. Out: SVG 1.1 with plain attributes (no style sheet, no script, no outside file), so
that browsers, GitHub and converters show the same.
"""

from __future__ import annotations

from textwrap import wrap
from xml.sax.saxutils import escape, quoteattr

from crm_sync.er_diagram.catalog import Column
from crm_sync.er_diagram.layout import HEAD, LINE, MARGIN, Box, EnumBox, Layout, Route

__all__ = ["draw"]

SANS = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
INK, MUTED, LINE_COLOR, GROUND = "#17212b", "#52606d", "#d5dce3", "#ffffff"
HEAD_FILL, HEAD_INK, EDGE, ENUM_INK, ENUM_FILL = (
    "#1d3a5f",
    "#ffffff",
    "#3f6ea5",
    "#7a3d8f",
    "#f5ecf8",
)
KEY_FILL = "#eef4fb"
LEGEND = (
    "Bold: not null. Italic: computed. Crow's foot: many rows may name the one parent;"
    " two bars: always one, circle and bar: one or none."
    " The word at the line: what deleting the parent does."
)
LEGEND_LINE = 16
LEGEND_CHARACTER = 6.2  # a generous width of one character of 11 px


def draw(layout: Layout, title: str, description: str) -> str:
    """The whole picture. `description` is read aloud to those who do not see it."""
    legend = _legend(layout)
    width, height = round(layout.width), round(layout.height + LEGEND_LINE * len(legend) + MARGIN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" font-family={quoteattr(SANS)} font-size="12">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(description)}</desc>",
        f'<rect width="{width}" height="{height}" fill="{GROUND}"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 20}" font-size="22" font-weight="700" fill="{INK}">'
        f"{escape(title)}</text>",
        *(line for route in layout.routes for line in _route(route)),
        *(line for box in layout.boxes for line in _table(box, layout)),
        *(line for box in layout.enums for line in _enum(box)),
        *legend,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _table(box: Box, layout: Layout) -> list[str]:
    foreign = {r.key.column for r in layout.routes if r.key.child == box.table.name}
    columns = {column.name: column for column in box.table.columns}
    lines = [
        f'<g id="table-{escape(box.table.name)}">',
        f"<title>{escape(box.table.comment or box.table.name)}</title>",
        *_frame(box.x, box.y, box.width, box.height, HEAD_FILL),
        f'<text x="{_n(box.x + 12)}" y="{_n(box.y + 22)}" font-size="14" font-weight="700"'
        f' fill="{HEAD_INK}">{escape(box.table.name)}</text>',
    ]
    for name in box.shown:
        lines += _column(box, columns[name], name in foreign)
    if left_out := len(box.table.columns) - len(box.shown):
        y = box.y + HEAD + LINE * (len(box.shown) + 0.5) + 6
        noun = "column" if left_out == 1 else "columns"
        lines.append(
            f'<text x="{_n(box.x + 40)}" y="{_n(y)}" fill="{MUTED}">… {left_out} more {noun}</text>'
        )
    lines.append("</g>")
    return lines


def _column(box: Box, column: Column, is_foreign: bool) -> list[str]:
    middle = box.line_y(column.name)
    y = middle + 4
    lines: list[str] = []
    mark = "PK" if column.is_key else "FK" if is_foreign else ""
    if mark:
        lines.append(
            f'<rect x="{_n(box.x + 1)}" y="{_n(middle - LINE / 2)}" width="{_n(box.width - 2)}"'
            f' height="{LINE}" fill="{KEY_FILL}"/>'
        )
        lines.append(
            f'<text x="{_n(box.x + 12)}" y="{_n(y)}" font-size="10" font-weight="700"'
            f' fill="{EDGE}">{mark}</text>'
        )
    weight = ' font-weight="700"' if column.is_required else ""
    slant = ' font-style="italic"' if column.is_generated else ""
    lines.append(
        f'<text x="{_n(box.x + 40)}" y="{_n(y)}" font-family={quoteattr(MONO)} fill="{INK}"'
        f"{weight}{slant}>{escape(column.name)}</text>"
    )
    color = ENUM_INK if column.enum else MUTED
    lines.append(
        f'<text x="{_n(box.x + box.width - 12)}" y="{_n(y)}" font-family={quoteattr(MONO)}'
        f' text-anchor="end" fill="{color}">{escape(column.type)}</text>'
    )
    return lines


def _enum(box: EnumBox) -> list[str]:
    lines = [
        f'<g id="enum-{escape(box.enum.name)}">',
        *_frame(box.x, box.y, box.width, box.height, ENUM_FILL),
        f'<text x="{_n(box.x + 12)}" y="{_n(box.y + 22)}" font-size="13" font-weight="700"'
        f' fill="{ENUM_INK}">{escape(box.enum.name)}</text>',
    ]
    for number, value in enumerate(box.enum.values):
        y = box.y + HEAD + LINE * (number + 0.5) + 6
        lines.append(
            f'<text x="{_n(box.x + 12)}" y="{_n(y)}" font-family={quoteattr(MONO)}'
            f' fill="{INK}">{escape(value)}</text>'
        )
    lines.append("</g>")
    return lines


def _frame(x: float, y: float, width: float, height: float, head_fill: str) -> list[str]:
    right, foot = x + width, y + HEAD
    return [
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="7"'
        f' fill="{GROUND}" stroke="{LINE_COLOR}" stroke-width="1.2"/>',
        f'<path d="M{_n(x)} {_n(foot)} V{_n(y + 7)} a7 7 0 0 1 7 -7 H{_n(right - 7)}'
        f' a7 7 0 0 1 7 7 V{_n(foot)} Z" fill="{head_fill}"/>',
    ]


def _route(route: Route) -> list[str]:
    (child_x, child_y), (parent_x, parent_y) = route.points[0], route.points[-1]
    lines = [
        f'<path d="{_rounded(route.points)}" fill="none" stroke="{EDGE}" stroke-width="1.4"/>',
        f'<text x="{_n(child_x - 20)}" y="{_n(child_y - 5)}" font-size="10" text-anchor="end"'
        f' fill="{MUTED}">{escape(route.key.on_delete)}</text>',
    ]
    # Child: a crow's foot for many, a bar for one; the circle says that there may be none.
    if route.key.is_unique:
        lines.append(_bar(child_x - 8, child_y))
    else:
        lines.append(
            f'<path d="M{_n(child_x)} {_n(child_y - 6)} L{_n(child_x - 12)} {_n(child_y)}'
            f' L{_n(child_x)} {_n(child_y + 6)}" fill="none" stroke="{EDGE}" stroke-width="1.4"/>'
        )
    lines.append(_circle(child_x - 15.5, child_y))
    lines.append(_bar(parent_x + 7, parent_y))
    is_required = route.key.is_required
    lines.append(_bar(parent_x + 11, parent_y) if is_required else _circle(parent_x + 13, parent_y))
    return lines


def _rounded(points: tuple[tuple[float, float], ...], radius: float = 6) -> str:
    """A path through the points whose corners are rounded where there is room."""
    path = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for (ax, ay), (x, y), (bx, by) in zip(points, points[1:], points[2:], strict=False):
        before, after = abs(x - ax) + abs(y - ay), abs(bx - x) + abs(by - y)
        r = min(radius, before / 2, after / 2)
        if r < 0.5:
            path.append(f"L{_n(x)} {_n(y)}")
            continue
        start = (x - r * _sign(x - ax), y - r * _sign(y - ay))
        end = (x + r * _sign(bx - x), y + r * _sign(by - y))
        path.append(f"L{_n(start[0])} {_n(start[1])} Q{_n(x)} {_n(y)} {_n(end[0])} {_n(end[1])}")
    path.append(f"L{_n(points[-1][0])} {_n(points[-1][1])}")
    return " ".join(path)


def _bar(x: float, y: float) -> str:
    return f'<path d="M{_n(x)} {_n(y - 4)} V{_n(y + 4)}" stroke="{EDGE}" stroke-width="1.4"/>'


def _circle(x: float, y: float) -> str:
    return (
        f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3.2" fill="{GROUND}" stroke="{EDGE}"'
        ' stroke-width="1.4"/>'
    )


def _legend(layout: Layout) -> list[str]:
    across = round((layout.width - 2 * MARGIN) / LEGEND_CHARACTER)
    return [
        f'<text x="{MARGIN}" y="{_n(layout.height + LEGEND_LINE * number)}" font-size="11"'
        f' fill="{MUTED}">{escape(line)}</text>'
        for number, line in enumerate(wrap(LEGEND, across), start=1)
    ]


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)


def _n(number: float) -> str:
    """A coordinate with at most one decimal, never `-0`."""
    text = f"{number:.1f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
