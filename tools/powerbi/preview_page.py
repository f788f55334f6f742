"""A page of a preview as one SVG: its visuals where the page puts them, in the theme's colours.

In: a `Page`, what each of its visuals shows, the theme. Out: SVG. Imports report and the other
parts of the preview; a chart comes as SVG from `draw`, which only vl-convert can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tools.powerbi.preview_charts import CHARTS, Shown, bars, specification
from tools.powerbi.preview_text import box, fitted, formatted, text, width, wrapped
from tools.powerbi.report import (
    Field,
    Page,
    Projection,
    ReportError,
    Visual,
    field_of,
    literal,
)

__all__ = ["STRIP", "Draw", "page_svg"]

Json = dict[str, Any]
Draw = Callable[[Json], str]
STRIP = 34
"""Pixels above the page, where it says that this is a preview."""
PAD, ROW, SIZE, SMALL = 10, 21, 12.5, 12.0
POINT = 4 / 3
"""Pixels of a point."""
TITLE = 26
"""Pixels that a shown title takes."""


def page_svg(page: Page, shown: dict[str, Shown], theme: Json, notice: str, draw: Draw) -> str:
    """The page below a strip with the notice."""
    paper = theme["visualStyles"]["page"]["*"]["background"][0]["color"]["solid"]["color"]
    parts = [
        box(0, 0, page.width, page.height + STRIP, "#FFFFFF"),
        box(0, 0, page.width, STRIP, theme["foreground"]),
        text(20, 22, notice, 13, "#FFFFFF", bold=True),
        box(0, STRIP, page.width, page.height, paper),
    ]
    for visual in page.visuals:
        parts.append(f'<g transform="translate({visual.x:g},{visual.y + STRIP:g})">')
        parts += _visual(visual, shown.get(visual.name), theme, draw)
        parts.append("</g>")
    wide, high = f"{page.width:g}", f"{page.height + STRIP:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' width="{wide}" height="{high}" viewBox="0 0 {wide} {high}">{"".join(parts)}</svg>'
    )


def _visual(visual: Visual, shown: Shown | None, theme: Json, draw: Draw) -> Iterator[str]:
    style = theme["visualStyles"]["*"]["*"]
    if visual.container("background", "show") is not False:
        yield box(
            0.5,
            0.5,
            visual.width - 1,
            visual.height - 1,
            style["background"][0]["color"]["solid"]["color"],
            line=style["border"][0]["color"]["solid"]["color"],
            radius=style["border"][0]["radius"],
        )
    top = 0.0
    if visual.title and visual.container("title", "show"):
        words = fitted(visual.title, 13.5, visual.width - 2 * PAD, bold=True)
        yield text(PAD, 19, words, 13.5, theme["foreground"], bold=True)
        top = TITLE
    if visual.kind == "textbox":
        yield from _words(visual)
    elif visual.kind == "actionButton":
        yield from _back(visual, theme)
    elif shown is None:
        raise ReportError(f"visual {visual.name}: a {visual.kind} without fields shows nothing")
    elif visual.kind == "slicer":
        yield from _slicer(visual, theme)
    elif visual.kind == "cardVisual":
        yield from _cards(visual, shown, theme)
    elif visual.kind == "tableEx":
        yield from _table(visual, shown, theme, top)
    elif visual.kind in CHARTS:
        yield from _chart(visual, shown, theme, draw, top)
    else:
        raise ReportError(
            f"visual {visual.name}: nobody said how a {visual.kind} looks (preview_charts.py)"
        )


def _chart(visual: Visual, shown: Shown, theme: Json, draw: Draw, top: float) -> Iterator[str]:
    room = (int(visual.width - 2 * PAD), int(visual.height - top - PAD))
    hidden = len(shown.rows) - bars(room[1]) if visual.kind == "clusteredBarChart" else 0
    if hidden > 0:
        room = (room[0] - 8, room[1])
        yield from _scroll(visual, top, 1 - hidden / len(shown.rows), theme)
    svg = draw(specification(visual, shown, theme, room))
    yield svg.replace("<svg ", f'<svg x="{PAD}" y="{top + 2:g}" ', 1)


def _words(visual: Visual) -> Iterator[str]:
    """A text box, each paragraph in the size and colour of its first run."""
    at = 4.0
    for runs in visual.paragraphs:
        style = runs[0].get("textStyle", {})
        size = float(style["fontSize"].removesuffix("pt")) * POINT
        is_bold = style.get("fontWeight") == "bold"
        words = "".join(run["value"] for run in runs)
        for line in wrapped(words, size, visual.width - 2 * PAD):
            at += size * 1.25
            yield text(6, at, line, size, style["color"], bold=is_bold)


def _back(visual: Visual, theme: Json) -> Iterator[str]:
    middle = visual.width / 2
    yield (
        f'<circle cx="{middle:g}" cy="{middle:g}" r="15" fill="none"'
        f' stroke="{theme["dataColors"][0]}" stroke-width="2"/>'
        f'<path d="M{middle + 7:g} {middle:g}h-13m5 -6l-6 6l6 6" fill="none"'
        f' stroke="{theme["dataColors"][0]}" stroke-width="2"/>'
    )


def _slicer(visual: Visual, theme: Json) -> Iterator[str]:
    style = theme["visualStyles"]["*"]["*"]
    line = style["border"][0]["color"]["solid"]["color"]
    yield text(PAD, 24, str(visual.setting("header", "text")), 13, theme["foreground"])
    yield box(PAD, 34, visual.width - 2 * PAD, 32, "#FFFFFF", line=line)
    yield text(PAD + 9, 54, "All", 13, theme["foreground"])
    at = visual.width - PAD - 20
    yield (
        f'<path d="M{at:g} 47l5 5l5 -5" fill="none" stroke="{theme["foreground"]}"'
        ' stroke-width="1.5"/>'
    )


def _cards(visual: Visual, shown: Shown, theme: Json) -> Iterator[str]:
    measures = visual.role("Data")
    wide = (visual.width - 2 * PAD) / len(measures)
    blank = str(visual.setting("value", "showBlankAs"))
    size = POINT * float(visual.setting("value", "fontSize"))
    soft = theme["foregroundNeutralSecondary"]
    for n, one in enumerate(measures):
        left = PAD + n * wide
        if n:
            line = theme["visualStyles"]["*"]["*"]["border"][0]["color"]["solid"]["color"]
            yield box(left - 6, 12, 1, visual.height - 24, line)
        value = formatted(shown.total[one.query_ref], shown.formats[one.query_ref]) or blank
        yield text(left + 4, 26, fitted(one.label, 12.5, wide - 12), 12.5, soft)
        yield text(left + 4, visual.height - 18, value, size, theme["foreground"], bold=True)


def _table(visual: Visual, shown: Shown, theme: Json, top: float) -> Iterator[str]:
    columns = visual.role("Values")
    style = theme["visualStyles"]["tableEx"]["*"]
    head, values = style["columnHeaders"][0], style["values"][0]
    has_total = visual.setting("total", "totals") is True
    fit = int((visual.height - top - 8) // ROW) - 1 - has_total
    rows = shown.rows[:fit]
    cells = [
        [formatted(row[one.query_ref], shown.formats[one.query_ref]) for one in columns]
        for row in rows
    ]
    total = (
        [
            formatted(shown.total[one.query_ref], shown.formats[one.query_ref])
            if one.field.is_measure
            else ""
            for one in columns
        ]
        if has_total
        else []
    )
    if total and not total[0]:
        total[0] = str(visual.setting("total", "label"))
    hidden = len(shown.rows) - len(rows)
    room = visual.width - 2 * PAD - (8 if hidden else 0)
    widths = _widths([[one.label for one in columns], *cells, total], room)
    numbers = [_is_number(one, shown) for one in columns]
    yield from _line(
        top, [one.label for one in columns], widths, numbers, room, head["backColor"],
        [_colour(head["fontColor"])] * len(columns), bold=True,
    )  # fmt: skip
    for n, (row, words) in enumerate(zip(rows, cells, strict=True)):
        which = "Secondary" if n % 2 else "Primary"
        marks = [_mark(visual, one, row) for one in columns]
        at = top + ROW * (n + 1)
        ink = _colour(values[f"fontColor{which}"])
        yield from _line(
            at, words, widths, numbers, room, values[f"backColor{which}"],
            [mark[1] or ink for mark in marks], backs=[mark[0] for mark in marks],
        )  # fmt: skip
    if total:
        at = top + ROW * (len(rows) + 1)
        style_of_total = style["total"][0]
        yield from _line(
            at, total, widths, numbers, room, style_of_total["backColor"],
            [_colour(style_of_total["fontColor"])] * len(columns), bold=True,
        )  # fmt: skip
    if hidden:
        yield from _scroll(visual, top + ROW, len(rows) / len(shown.rows), theme)


def _line(
    at: float,
    words: list[str],
    widths: list[float],
    numbers: list[bool],
    room: float,
    back: Json,
    inks: list[str],
    *,
    bold: bool = False,
    backs: list[str | None] | None = None,
) -> Iterator[str]:
    """One line of a table."""
    yield box(PAD, at, room, ROW, _colour(back))
    left = float(PAD)
    for n, (word, wide, is_number) in enumerate(zip(words, widths, numbers, strict=True)):
        if backs and (mark := backs[n]):
            yield box(left, at, wide, ROW, mark)
        shown = fitted(word, SIZE, wide - 10, bold=bold)
        if is_number:
            yield text(left + wide - 6, at + 15, shown, SIZE, inks[n], bold=bold, anchor="end")
        else:
            yield text(left + 5, at + 15, shown, SIZE, inks[n], bold=bold)
        left += wide


def _widths(lines: list[list[str]], room: float) -> list[float]:
    """The columns' widths: as they need, narrowed or widened alike to fill the room."""
    wanted = [
        min(260.0, max(width(word, SIZE, bold=True) for word in column) + 16)
        for column in zip(*[line for line in lines if line], strict=True)
    ]
    return [wide * room / sum(wanted) for wide in wanted]


def _mark(visual: Visual, column: Projection, row: Json) -> tuple[str | None, str | None]:
    """Background and ink that a condition gives a cell."""
    found: dict[str, str] = {}
    for card in visual.raw["visual"].get("objects", {}).get("values", ()):
        if card.get("selector", {}).get("metadata") != column.query_ref:
            continue
        for key in ("backColor", "fontColor"):
            rule = card["properties"].get(key, {}).get("solid", {}).get("color", {})
            for case in rule.get("expr", {}).get("Conditional", {}).get("Cases", ()):
                compared = case["Condition"]["Comparison"]
                field = field_of(compared["Left"])
                limit = float(literal(compared["Right"]))
                if field and _is_above(row, field, limit):
                    found[key] = str(literal(case["Value"]))
    return found.get("backColor"), found.get("fontColor")


def _is_above(row: Json, field: Field, limit: float) -> bool:
    value = row[f"{field.table}.{field.name}"]
    return value is not None and float(value) > limit


def _is_number(one: Projection, shown: Shown) -> bool:
    return "0" in (shown.formats[one.query_ref] or "")


def _scroll(visual: Visual, top: float, part: float, theme: Json) -> Iterator[str]:
    """A scroll bar, where there is more than is seen."""
    line = theme["visualStyles"]["*"]["*"]["border"][0]["color"]["solid"]["color"]
    high = visual.height - top - PAD
    yield box(visual.width - 11, top, 5, high, line, radius=2.5)
    soft = theme["foregroundNeutralSecondary"]
    yield box(visual.width - 11, top, 5, max(16.0, high * part), soft, radius=2.5)


def _colour(value: Json) -> str:
    return str(value["solid"]["color"])
