"""Draws the PNG files of docs/architecture from the SVG files, which `crm-sync docs` writes.

    uv run --group check python -m tools.er_diagram

They are for places that show no SVG. How a letter looks depends on the machine's fonts, so a
picture is drawn only where its SVG changed since: each PNG carries the digest of what it shows.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import resvg_py

DIRECTORY = Path(__file__).resolve().parents[1] / "docs" / "architecture"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = 33
"""Bytes of the signature and the chunk IHDR, behind which a chunk of ours may stand."""


def main() -> int:
    """Draws what is not drawn yet."""
    for svg in sorted(DIRECTORY.glob("*.svg")):
        png = svg.with_suffix(".png")
        content = svg.read_bytes()
        mark = _mark(content)
        if png.exists() and mark in png.read_bytes()[: HEADER + len(mark)]:
            continue
        drawn = bytes(
            resvg_py.svg_to_bytes(svg_string=content.decode(), zoom=2, background="#ffffff")
        )
        if not drawn.startswith(SIGNATURE):
            raise AssertionError("resvg gives a PNG")
        png.write_bytes(drawn[:HEADER] + mark + drawn[HEADER:])
        print(f"docs/architecture/{png.name}")
    return 0


def _mark(svg: bytes) -> bytes:
    """A text chunk with the digest of the SVG (PNG specification, tEXt)."""
    body = b"tEXtSource\0" + hashlib.sha256(svg).hexdigest().encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


if __name__ == "__main__":
    raise SystemExit(main())
