"""Words and numbers of a preview: values as their format says, texts that fit, pieces of SVG.

In: values and lengths in pixels. Out: strings. Imports nothing of the project.

Widths are estimated from the letters of the font that vl-convert brings along, so that a preview is
the same on every machine.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from html import escape
from typing import Any

__all__ = ["FONT", "box", "fitted", "formatted", "short", "text", "width", "wrapped"]

FONT = "Liberation Sans"
NARROW, WIDE = frozenset("iljtfrI.,:;'|!()[]-/ "), frozenset("mwMW%@&")


def formatted(value: Any, format_string: str | None) -> str:
    """A value as Power BI shows it by a format string of this model; blank is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, str) or not format_string:
        return str(value)
    places = len(format_string.rstrip("%").partition(".")[2])
    number = float(value)
    if format_string.endswith("%"):
        return f"{number:.{places}%}"
    grouped = "," if "," in format_string else ""
    return f"{number:{grouped}.{places}f}"


def short(value: Any, format_string: str | None) -> str:
    """A data label: large numbers in thousands or millions."""
    if value is None or (format_string or "").endswith("%"):
        return formatted(value, format_string)
    number = float(value)
    for unit, letter in ((1_000_000, "M"), (1_000, "K")):
        if abs(number) >= unit:
            return (
                f"{number / unit:.3g}{letter}"
                if abs(number) < 1000 * unit
                else f"{number / unit:,.0f}{letter}"
            )
    return formatted(value, format_string)


def width(words: str, size: float, *, bold: bool = False) -> float:
    """The estimated width of a text in pixels."""
    ems = sum(
        0.30
        if letter in NARROW
        else 0.86
        if letter in WIDE
        else 0.68
        if letter.isupper()
        else 0.545
        for letter in words
    )
    return ems * size * (1.06 if bold else 1.0)


def fitted(words: str, size: float, room: float, *, bold: bool = False) -> str:
    """A text, cut with an ellipsis where it is too long for its room."""
    if width(words, size, bold=bold) <= room:
        return words
    while words and width(words + "…", size, bold=bold) > room:
        words = words[:-1]
    return words.rstrip() + "…"


def wrapped(words: str, size: float, room: float) -> list[str]:
    """A text in lines."""
    lines: list[str] = []
    for word in words.split(" "):
        if lines and width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def text(
    x: float,
    y: float,
    words: str,
    size: float,
    colour: str,
    *,
    bold: bool = False,
    anchor: str = "start",
) -> str:
    """A line of text; `y` is its base line."""
    weight = ' font-weight="bold"' if bold else ""
    aligned = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return (
        f'<text x="{_short(x)}" y="{_short(y)}" font-family="{FONT}" font-size="{_short(size)}"'
        f' fill="{colour}"{weight}{aligned}>{escape(words)}</text>'
    )


def box(
    x: float,
    y: float,
    wide: float,
    high: float,
    fill: str,
    *,
    line: str | None = None,
    radius: float = 0,
) -> str:
    """A rectangle."""
    stroke = f' stroke="{line}"' if line else ""
    round_ = f' rx="{_short(radius)}"' if radius else ""
    return (
        f'<rect x="{_short(x)}" y="{_short(y)}" width="{_short(wide)}" height="{_short(high)}"'
        f' fill="{fill}"{stroke}{round_}/>'
    )


def _short(number: float) -> str:
    rounded = math.floor(number * 10 + 0.5) / 10
    return f"{rounded:g}" if rounded % 1 else str(int(rounded))
