"""`docs/performance.svg`: time and memory of a first load against rows, for each who sends them.

Both axes are logarithmic. The colours follow the reader's, light or dark; a ground is drawn, so
that the picture can be read wherever it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks import peers
from tests.benchmarks.cases import FIRST, FLOOR, OURS
from tests.benchmarks.figures import Figure

WIDTH, HEIGHT = 860, 400
LEFT, TOP, PANEL_WIDTH, PANEL_HEIGHT, GAP = 60, 66, 330, 250, 90
WHO = {OURS: "ours", peers.SIMPLE_SALESFORCE: "simple", peers.SF: "sf", FLOOR: "floor"}
MARKS = {OURS: "circle", peers.SIMPLE_SALESFORCE: "square", peers.SF: "diamond", FLOOR: "none"}

_STYLE = """\
text { font: 12px Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif;
  fill: #17212b }
.title { font-weight: 700; font-size: 14px } .quiet { fill: #52606d }
.ground { fill: #ffffff } .grid { stroke: #d5dce3 }
.line { fill: none; stroke-width: 2.5 } .floor.line { stroke-dasharray: 5 4 }
.ours { stroke: #1f6fb5; fill: #1f6fb5 } .simple { stroke: #b8540a; fill: #b8540a }
.sf { stroke: #7a3d8f; fill: #7a3d8f } .floor { stroke: #52606d; fill: #52606d }
.line.ours, .line.simple, .line.sf, .line.floor { fill: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #a3b1bf } .ground { fill: #0f1720 }
  .grid { stroke: #2c3844 }
  .ours { stroke: #6cb2f2; fill: #6cb2f2 } .simple { stroke: #f0a35e; fill: #f0a35e }
  .sf { stroke: #cf9be3; fill: #cf9be3 } .floor { stroke: #a3b1bf; fill: #a3b1bf }
}"""


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis from one power of ten to another, over so many pixels."""

    low: int
    high: int
    length: float

    @classmethod
    def over(cls, values: Sequence[float], length: float) -> Axis:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(low, max(high, low + 1), length)

    def place(self, value: float) -> float:
        return (math.log10(value) - self.low) / (self.high - self.low) * self.length

    @property
    def powers(self) -> list[float]:
        return [10.0**n for n in range(self.low, self.high + 1)]


def draw(figures: Sequence[Figure]) -> str:
    """The picture."""
    shown = [f for f in figures if f.case == FIRST and f.who in WHO]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}"'
        f' height="{HEIGHT}" role="img">',
        "<title>Time and memory of a first load against rows</title>",
        f"<desc>{_in_words(shown)}</desc>",
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        *_panel(shown, LEFT, "First load: seconds", lambda f: f.seconds),
        *_panel(shown, LEFT + PANEL_WIDTH + GAP, "Peak memory: MB", lambda f: f.memory),
        *_legend(shown),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(
    figures: Sequence[Figure], left: float, title: str, value: Callable[[Figure], float]
) -> list[str]:
    across = Axis.over([f.size for f in figures], PANEL_WIDTH)
    up = Axis.over([value(f) for f in figures], PANEL_HEIGHT)
    bottom = TOP + PANEL_HEIGHT
    parts = [f'<text class="title" x="{left}" y="{TOP - 18}">{title}</text>']
    for power in up.powers:
        y = bottom - up.place(power)
        parts += [
            f'<line class="grid" x1="{left}" x2="{left + PANEL_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<text class="quiet" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{power:,g}</text>",
        ]
    for power in across.powers:
        x = left + across.place(power)
        parts += [
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>',
            f'<text class="quiet" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">'
            f"{int(power):,}</text>",
        ]
    parts.append(
        f'<text class="quiet" x="{left + PANEL_WIDTH}" y="{bottom + 38}" text-anchor="end">'
        "projects</text>"
    )
    for who, name in WHO.items():
        places = [
            (left + across.place(f.size), bottom - up.place(value(f)))
            for f in sorted(figures, key=lambda f: f.size)
            if f.who == who
        ]
        if len(places) > 1:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polyline class="line {name}" points="{points}"/>')
        parts += [_mark(who, x, y) for x, y in places]
    return parts


def _mark(who: str, x: float, y: float) -> str:
    name = WHO[who]
    match MARKS[who]:
        case "circle":
            return f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        case "square":
            return f'<rect class="{name}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'
        case "diamond":
            turned = f'transform="rotate(45 {x:.1f} {y:.1f})"'
            return (
                f'<rect class="{name}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"'
                f" {turned}/>"
            )
        case _:
            return f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'


def _legend(figures: Sequence[Figure]) -> list[str]:
    parts, x, y = [], float(LEFT), HEIGHT - 22
    for who, name in WHO.items():
        if not any(f.who == who for f in figures):
            continue
        parts += [
            f'<line class="line {name}" x1="{x}" x2="{x + 28}" y1="{y}" y2="{y}"/>',
            _mark(who, x + 14, y),
            f'<text x="{x + 36}" y="{y + 4}">{who}</text>',
        ]
        x += 60 + 7.5 * len(who)
    return parts


def _in_words(figures: Sequence[Figure]) -> str:
    """For those who do not see it."""
    return " ".join(
        f"{f.who}, {f.size:,} projects: {f.seconds:.1f} seconds, {f.memory:.0f} MB."
        for f in figures
    )
