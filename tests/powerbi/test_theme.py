"""The theme can be read by everyone: contrast, and colours that the colour-blind tell apart."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from tests.powerbi import project
from tools.powerbi.report import Report, literal

REPORT = Report.read(project.REPORT)
TEXT, SHAPE = 4.5, 3.0
"""Contrast that WCAG 2.2 asks for: of text (1.4.3), of what must be seen to understand (1.4.11)."""
APART = 15.0
"""Distance in CIELAB; from about 10 on, two colours beside each other are seldom taken for one."""
SIGHT = {
    "everyone": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""What is left of light to those who lack one kind of cone (Machado, Oliveira, Fernandes 2009)."""

Light = tuple[float, ...]


def light(colour: str) -> Light:
    """Linear red, green and blue of #RRGGBB (IEC 61966-2-1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return tuple(
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2)."""
    weights = (0.2126, 0.7152, 0.0722)
    dark, bright = sorted(
        sum(weight * part for weight, part in zip(weights, light(colour), strict=True))
        for colour in (one, other)
    )
    return (bright + 0.05) / (dark + 0.05)


def seen(colour: str, sight: str) -> Light:
    """Where a colour lies in CIELAB for one who sees so."""
    full = light(colour)
    left = [
        min(1.0, max(0.0, sum(part * of for part, of in zip(row, full, strict=True))))
        for row in SIGHT[sight]
    ]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.0890)
    x, y, z = (
        _bent(sum(part * of for part, of in zip(row, left, strict=True)) / full_white)
        for row, full_white in zip(to_xyz, white, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _bent(part: float) -> float:
    return math.cbrt(part) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116


def colour(value: Any) -> str:
    """A colour of the theme or of a visual."""
    found = value["solid"]["color"] if isinstance(value, dict) and "solid" in value else value
    return str(literal(found))


def pairs() -> Iterator[tuple[str, str, str, float]]:
    """What stands on what: a name, both colours, the contrast that they need."""
    theme = REPORT.theme
    everywhere, table = theme["visualStyles"]["*"]["*"], theme["visualStyles"]["tableEx"]["*"]
    paper = colour(theme["visualStyles"]["page"]["*"]["background"][0]["color"])
    card = colour(everywhere["background"][0]["color"])
    for n, one in enumerate(theme["dataColors"]):
        yield f"data colour {n}", one, card, SHAPE
    for name in ("foreground", "foregroundNeutralSecondary", "hyperlink"):
        yield name, theme[name], card, TEXT
        yield f"{name} on the page", theme[name], paper, TEXT
    for name, key in (
        ("title", "fontColor"), ("categoryAxis", "labelColor"), ("valueAxis", "labelColor"),
        ("labels", "color"), ("legend", "labelColor"),
    ):  # fmt: skip
        yield name, colour(everywhere[name][0][key]), card, TEXT
    for name in ("columnHeaders", "total"):
        style = table[name][0]
        yield name, colour(style["fontColor"]), colour(style["backColor"]), TEXT
    for which in ("Primary", "Secondary"):
        style = table["values"][0]
        ink, back = style[f"fontColor{which}"], style[f"backColor{which}"]
        yield f"rows, {which}", colour(ink), colour(back), TEXT
    for name, style in theme["textClasses"].items():
        yield f"text class {name}", style["color"], card, TEXT
    for page in REPORT.pages:
        for visual in page.visuals:
            for runs in visual.paragraphs:
                for run in runs:
                    yield f"{page.title}, text", run["textStyle"]["color"], paper, TEXT
            if visual.kind == "actionButton":
                line = visual.setting("icon", "lineColor")
                yield f"{page.title}, button", str(line), paper, SHAPE
            for marks in visual.raw["visual"].get("objects", {}).get("values", ()):
                ink, back = (conditional(marks, key) for key in ("fontColor", "backColor"))
                yield f"{page.title}, mark", ink, back, TEXT


def conditional(marks: Any, key: str) -> str:
    """The colour that the one case of a condition gives."""
    (case,) = marks["properties"][key]["solid"]["color"]["expr"]["Conditional"]["Cases"]
    return str(literal(case["Value"]))


@pytest.mark.parametrize(
    ("ink", "back", "needed"),
    [pytest.param(ink, back, needed, id=name) for name, ink, back, needed in set(pairs())],
)
def test_what_must_be_seen_stands_out(ink: str, back: str, needed: float) -> None:
    assert contrast(ink, back) >= needed


@pytest.mark.parametrize("sight", SIGHT)
def test_data_colours_are_told_apart(sight: str) -> None:
    close = [
        (one, other)
        for one, other in combinations(REPORT.theme["dataColors"], 2)
        if math.dist(seen(one, sight), seen(other, sight)) < APART
    ]
    assert close == []


def test_there_are_colours_for_as_many_values_as_a_visual_splits_by() -> None:
    schema = (project.ROOT / "schema.sql").read_text("utf-8")
    splits = re.findall(
        r"create type public\.(?:project_status|activity_type) as enum \((.*)\)", schema
    )
    assert len(splits) == 2
    assert len(REPORT.theme["dataColors"]) >= max(values.count(",") + 1 for values in splits)


def test_these_figures_are_those_of_the_standards() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert seen("#FFFFFF", "everyone") == pytest.approx((100, 0, 0), abs=0.05)
    # Red and green of one brightness, which the red-green blind take for one another.
    assert math.dist(seen("#A05030", "no green"), seen("#607E30", "no green")) < APART
    assert math.dist(seen("#A05030", "everyone"), seen("#607E30", "everyone")) > 50
