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
        "edgeLabelBackground": "#15171d",
    },
}


def draw(source: str, scheme: str) -> str:
    """The diagram as SVG. A mistake in it is a ValueError."""
    how = {"theme": "base", "look": "classic", "themeVariables": COLOURS[scheme]}
    svg = mmdr.render(f"%%{{init: {json.dumps(how)}}}%%\n{source}", backend="merman").svg()
    # As a picture it needs a size of its own; "100%" is none.
    return re.sub(
        r'width="100%"(?=[^>]*viewBox="\S+ \S+ (\S+) (\S+)")',
        r'width="\1" height="\2"',
        svg,
        count=1,
    )


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
