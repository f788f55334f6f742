"""PNG files that carry the digest of what they show.

How a letter looks depends on the machine's fonts, so a picture cannot be compared with one drawn
elsewhere; that it was drawn from this content can be told.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

__all__ = ["is_drawn_from", "with_source"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = 33
"""Bytes of the signature and the chunk IHDR, behind which a chunk of ours may stand."""


def is_drawn_from(png: Path, source: bytes) -> bool:
    """Whether a picture is there and was drawn from this content."""
    mark = _mark(source)
    return png.exists() and mark in png.read_bytes()[: HEADER + len(mark)]


def with_source(drawn: bytes, source: bytes) -> bytes:
    """A PNG with the digest of what it was drawn from."""
    if not drawn.startswith(SIGNATURE):
        raise AssertionError("what was drawn is no PNG")
    return drawn[:HEADER] + _mark(source) + drawn[HEADER:]


def _mark(source: bytes) -> bytes:
    """A text chunk with the digest of the content (PNG specification, tEXt)."""
    body = b"tEXtSource\0" + hashlib.sha256(source).hexdigest().encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
