"""Draws the PNG files of docs/architecture from the SVG files, which `crm-sync docs` writes.

    uv run --group check python -m tools.er_diagram

They are for places that show no SVG. How a letter looks depends on the machine's fonts, so a
picture is drawn only where its SVG changed since: each PNG carries the digest of what it shows.
"""

from __future__ import annotations

from pathlib import Path

import resvg_py

from tools.drawn import is_drawn_from, with_source

DIRECTORY = Path(__file__).resolve().parents[1] / "docs" / "architecture"


def main() -> int:
    """Draws what is not drawn yet."""
    for svg in sorted(DIRECTORY.glob("*.svg")):
        png = svg.with_suffix(".png")
        content = svg.read_bytes()
        if is_drawn_from(png, content):
            continue
        drawn = bytes(
            resvg_py.svg_to_bytes(svg_string=content.decode(), zoom=2, background="#ffffff")
        )
        png.write_bytes(with_source(drawn, content))
        print(f"docs/architecture/{png.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
