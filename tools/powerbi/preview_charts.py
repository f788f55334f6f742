"""Charts of a preview: a visual and its rows as a Vega-Lite specification.

In: a `Visual`, what it shows, the theme, the room in pixels. Out: a specification as JSON. Imports
report and preview_text.

Not as in Power BI: fonts, the places of labels, and that nothing can be clicked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tools.powerbi.preview_text import FONT, short, width
from tools.powerbi.report import Projection, Visual

__all__ = ["CHARTS", "Shown", "specification"]

Json = dict[str, Any]
BAR = 21
"""Pixels that a bar needs at least; a chart with more of them scrolls, as in Power BI."""
MANY = 12
"""Columns that have room for level labels."""


@dataclass(frozen=True)
class Shown:
    """What a visual shows: its rows by the names of its fields, and how each field is formatted."""

    rows: list[Json]
    total: Json
    """Its measures over all rows."""
    formats: dict[str, str | None]
    series: tuple[Any, ...] = ()
    """The values of the field that splits it by colour, in their order."""

    def label(self, one: Projection, row: Json) -> str:
        """A value's data label."""
        return short(row[one.query_ref], self.formats[one.query_ref])


def specification(visual: Visual, shown: Shown, theme: Json, room: tuple[int, int]) -> Json:
    """The chart of a visual in its room, width and height in pixels."""
    chart = CHARTS[visual.kind](visual, shown, theme["dataColors"], theme, room)
    style = theme["visualStyles"]["*"]["*"]
    soft = _colour(style["categoryAxis"][0]["labelColor"])
    ink, grid = theme["foreground"], _colour(style["valueAxis"][0]["gridlineColor"])
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": room[0],
        "height": room[1],
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 2,
        "background": None,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": soft, "labelFontSize": 11, "title": None, "gridColor": grid,
                "domain": False, "ticks": False, "labelPadding": 4,
            },
            "axisX": {"grid": False},
            "legend": {
                "orient": "top", "title": None, "labelFontSize": 11, "labelColor": ink,
                "symbolSize": 90, "offset": 2, "padding": 0, "columnPadding": 14,
            },
            "text": {"color": ink, "fontSize": 11},
        },
        **chart,
    }  # fmt: skip


def _column(
    visual: Visual, shown: Shown, colours: list[str], theme: Json, room: tuple[int, int]
) -> Json:
    """Columns; with a series stacked."""
    category, value = visual.role("Category")[0], visual.role("Y")[0]
    split = visual.role("Series")
    values = [
        {
            "c": row[category.query_ref],
            "v": _number(row[value.query_ref]),
            "label": shown.label(value, row),
            **({"s": row[split[0].query_ref], "o": n} if split else {}),
        }
        for n, row in enumerate(shown.rows)
    ]
    if split:
        order = list(shown.series)
        for one in values:
            one["o"] = order.index(one["s"])
    encoding = {
        "x": _categories(values, room[0]),
        "y": {"field": "v", "type": "quantitative", "axis": _amounts(shown, value)},
        "color": _split(shown, colours) if split else {"value": colours[0]},
        **({"order": {"field": "o", "type": "quantitative"}} if split else {}),
    }
    layers: list[Json] = [{"mark": {"type": "bar"}, "encoding": encoding}]
    if visual.setting("labels", "show"):
        layers.append(
            {
                "mark": {"type": "text", "dy": -7},
                "encoding": {"x": encoding["x"], "y": encoding["y"], "text": {"field": "label"}},
            }
        )
    return {"data": {"values": values}, "layer": layers}


def _bar(
    visual: Visual, shown: Shown, colours: list[str], theme: Json, room: tuple[int, int]
) -> Json:
    """Bars, as many as there is room for."""
    category, value = visual.role("Category")[0], visual.role("Y")[0]
    values: list[Json] = [
        {
            "c": str(row[category.query_ref] or "(Blank)"),
            "v": _number(row[value.query_ref]),
            "label": shown.label(value, row),
        }
        for row in shown.rows[: bars(room[1])]
    ]
    largest = max((one["v"] for one in values), default=1) or 1
    widest = max((width(one["label"], 11) for one in values), default=0) + 10
    limit = int(room[0] * 0.4)
    names = min(limit, int(max((width(one["c"], 11) for one in values), default=0)) + 8)
    scale = largest * (1 + widest / max(1, room[0] - names - widest))
    axis = {"labelLimit": limit, "labelPadding": 6}
    y = {"field": "c", "type": "nominal", "sort": None, "axis": axis}
    x = {
        "field": "v",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, scale], "nice": False},
    }
    return {
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.66}},
                "encoding": {"y": y, "x": x, "color": {"value": colours[0]}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 5},
                "encoding": {"y": y, "x": x, "text": {"field": "label"}},
            },
        ],
    }


def _funnel(
    visual: Visual, shown: Shown, colours: list[str], theme: Json, room: tuple[int, int]
) -> Json:
    """Bars around a middle, each with its share of the first."""
    category, value = visual.role("Category")[0], visual.role("Y")[0]
    counts = [_number(row[value.query_ref]) for row in shown.rows]
    first = counts[0] if counts and counts[0] else 1
    values = [
        {
            "c": row[category.query_ref],
            "a": -count / 2,
            "b": count / 2,
            "label": f"{shown.label(value, row)}  ({count / first:.0%})",
        }
        for count, row in zip(counts, shown.rows, strict=True)
    ]
    y = {"field": "c", "type": "nominal", "sort": None, "axis": {"labelPadding": 6}}
    # The labels stand at the right of the bars, where each has enough contrast.
    domain = [-first / 2, first * 0.95]
    scale = {"domain": domain, "nice": False}
    return {
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.78}},
                "encoding": {
                    "y": y,
                    "x": {"field": "a", "type": "quantitative", "axis": None, "scale": scale},
                    "x2": {"field": "b"},
                    "color": {"value": colours[0]},
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {
                    "y": y,
                    "x": {"field": "b", "type": "quantitative", "axis": None, "scale": scale},
                    "text": {"field": "label"},
                },
            },
        ],
    }


def _line(
    visual: Visual, shown: Shown, colours: list[str], theme: Json, room: tuple[int, int]
) -> Json:
    """One line with points."""
    category, value = visual.role("Category")[0], visual.role("Y")[0]
    values = [
        {"c": row[category.query_ref], "v": _number(row[value.query_ref])} for row in shown.rows
    ]
    return {
        "data": {"values": values},
        "mark": {
            "type": "line",
            "point": {"size": 22, "color": colours[0]},
            "strokeWidth": 2,
            "color": colours[0],
        },
        "encoding": {
            "x": _categories(values, room[0]),
            "y": {"field": "v", "type": "quantitative", "axis": _amounts(shown, value)},
        },
    }


def _combined(
    visual: Visual, shown: Shown, colours: list[str], theme: Json, room: tuple[int, int]
) -> Json:
    """Columns by the left axis, a line by the right one."""
    category = visual.role("Category")[0]
    left, right = visual.role("Y")[0], visual.role("Y2")[0]
    values = [
        {
            "c": row[category.query_ref],
            "v": row[left.query_ref] and _number(row[left.query_ref]),
            "w": row[right.query_ref] and _number(row[right.query_ref]),
        }
        for row in shown.rows
    ]
    x = _categories(values, room[0])
    names = [left.label, right.label]
    colour = {"scale": {"domain": names, "range": colours[:2]}}
    return {
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "x": x,
                    "y": {"field": "v", "type": "quantitative", "axis": _amounts(shown, left)},
                    "color": {"datum": left.label, **colour},
                },
            },
            {
                "mark": {"type": "line", "point": {"size": 22}, "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": {
                        "field": "w",
                        "type": "quantitative",
                        "axis": {**_amounts(shown, right), "grid": False, "orient": "right"},
                        "scale": {"zero": True},
                    },
                    "color": {"datum": right.label, **colour},
                },
            },
        ],
        "resolve": {"scale": {"y": "independent"}},
    }


CHARTS: dict[str, Callable[[Visual, Shown, list[str], Json, tuple[int, int]], Json]] = {
    "clusteredBarChart": _bar,
    "clusteredColumnChart": _column,
    "columnChart": _column,
    "funnel": _funnel,
    "lineChart": _line,
    "lineClusteredColumnComboChart": _combined,
}
"""How each kind of chart is drawn."""


def bars(height: float) -> int:
    """How many bars stand in a height."""
    return max(1, int(height // BAR))


def _categories(values: list[Json], room: int) -> Json:
    """The horizontal axis: level labels if they fit, else slanted ones, not each."""
    labels = list(dict.fromkeys(str(one["c"]) for one in values))
    every = max(1, math.ceil(len(labels) * 15 / max(1, room - 60)))
    is_level = len(labels) <= MANY and sum(width(label, 11) + 8 for label in labels) <= room - 50
    kept = labels[:: 1 if is_level else every]
    axis: Json = {"labelLimit": 110, "values": kept}
    axis |= {"labelAngle": 0} if is_level else {"labelAngle": -45, "labelAlign": "right"}
    # The order is stated: without it a layer that has no value for some would put them last.
    return {"field": "c", "type": "nominal", "scale": {"domain": labels}, "axis": axis}


def _amounts(shown: Shown, value: Projection) -> Json:
    is_share = (shown.formats[value.query_ref] or "").endswith("%")
    unit = {"labelExpr": "replace(datum.label, 'k', 'K')"}
    return {
        "format": ".0%" if is_share else "~s",
        "tickCount": 5,
        **unit,
        **({} if is_share else {"tickMinStep": 1}),
    }


def _split(shown: Shown, colours: list[str]) -> Json:
    """Colours by the values of a series, each value with its own."""
    order = list(shown.series)
    scale = {"domain": order, "range": colours[: len(order)]}
    return {"field": "s", "type": "nominal", "scale": scale}


def _number(value: Any) -> float:
    return 0.0 if value is None else float(value)


def _colour(value: Json) -> str:
    return str(value["solid"]["color"])
