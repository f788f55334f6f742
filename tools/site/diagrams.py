"""Mermaid diagrams as pictures, drawn while the site is built.

In a browser, Mermaid is a script of three megabytes that the theme asks of another host. Here
`mmdr` draws each diagram twice, for light and for dark; the page shows the fitting one.
"""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

import mmdr

from tools.site.sources import MARKDOWN, Site

VIEW = re.compile(r'width="100%"([^>]*?)viewBox="([^"]+)"')
ROOM = 16
COLOURS = {
    "light": {
        "primaryColor": "#eef2ff",
        "primaryBorderColor": "#4051b5",
        "primaryTextColor": "#1a1a1a",
        "lineColor": "#5c6270",
        "edgeLabelBackground": "#ffffff",
    },
    "dark": {
        "primaryColor": "#232a45",
        "primaryBorderColor": "#8c9eff",
        "primaryTextColor": "#e6e8ee",
        "lineColor": "#a3a9b8",
        "edgeLabelBackground": "#0b0c0f",
    },
}


def check(site: Site) -> list[str]:
    """Diagrams that cannot be drawn, as `file:line: why`; SuperFences would show their text."""
    findings = []
    for page in site.pages:
        for token in MARKDOWN.parse(page.read_text("utf-8")):
            if token.type == "fence" and token.info.strip() == "mermaid":
                try:
                    draw(token.content, "light")
                except ValueError as error:
                    where = page.relative_to(site.root).as_posix()
                    findings.append(f"{where}:{(token.map or [0])[0] + 1}: {error}")
    return findings


def draw(source: str, scheme: str) -> str:
    """The diagram as SVG. A mistake in it is a ValueError."""
    how = {"theme": "base", "look": "classic", "themeVariables": COLOURS[scheme]}
    svg = mmdr.render(f"%%{{init: {json.dumps(how)}}}%%\n{source}", backend="merman").svg()
    return VIEW.sub(_with_size, svg, count=1)


def _with_size(view: re.Match[str]) -> str:
    """A picture needs a size of its own ("100%" is none), and room: fonts differ in width."""
    left, top, width, height = map(float, view[2].split())
    wider = width + 2 * ROOM
    box = f"{left - ROOM:g} {top:g} {wider:g} {height:g}"
    return f'width="{wider:g}" height="{height:g}"{view[1]}viewBox="{box}"'


def words(source: str) -> str:
    """The diagram's text for those who do not see it: its arrows, one after the other."""
    names = dict(re.findall(r'(\w+)\["?([^\]"]+)"?\]', source))
    arrows = re.findall(r"(\w+)[^\n]*?--+>(?:\|([^|]*)\|)?\s*(\w+)", source)
    return "Diagram. " + "; ".join(
        f"{names.get(start, start)} to {names.get(end, end)}" + (f": {label}" if label else "")
        for start, label, end in arrows
    )


def fence(source: str, language: str, css_class: str, options: Any, md: Any, **further: Any) -> str:
    """What SuperFences puts in place of a ```mermaid block."""
    pictures = ""
    for scheme in COLOURS:
        data = base64.b64encode(draw(source, scheme).encode()).decode()
        pictures += (
            f'<img class="diagram-{scheme}" alt="{html.escape(words(source))}" '
            f'src="data:image/svg+xml;base64,{data}">'
        )
    return f'<div class="diagram" tabindex="0" role="group" aria-label="Diagram">{pictures}</div>'
