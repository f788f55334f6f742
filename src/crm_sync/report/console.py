"""A rich console that writes to any stream: a terminal, a file, a pipe, of whatever encoding.

In: a text stream. Out: a `rich.console.Console` that never raises because of a character, has
colours only where a person sees them, and is 100 columns wide unless the terminal is narrower.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console

__all__ = ["NARROWEST", "WIDTH", "Glyphs", "glyphs", "is_for_people", "make_console"]

WIDTH = 100
NARROWEST = 60

SUBSTITUTES = str.maketrans(
    {
        "→": "->", "…": "...", "—": "-", "·": "-", "↵": "\\n", "“": '"', "”": '"', "„": '"',
        "\N{EN DASH}": "-", "\N{MINUS SIGN}": "-", "\N{NO-BREAK SPACE}": " ",
        "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)  # fmt: skip

_BLANKS_AT_LINE_END = re.compile(r" +(?=\n)")


@dataclass(frozen=True)
class Glyphs:
    """The few signs of a report beyond letters, for one encoding."""

    arrow: str
    ellipsis: str
    nothing: str
    dot: str
    line_break: str


def glyphs(encoding: str) -> Glyphs:
    """Signs that the encoding holds. Chosen before the layout, so that columns stay aligned."""
    signs = ("→", "…", "—", "·", "↵")
    return Glyphs(*(sign if _holds(encoding, sign) else _plain(sign) for sign in signs))


class SafeStream:
    """A text stream that writes `?` for a character that its encoding lacks, and never raises.

    Windows consoles and pipes are cp1252 or cp437 unless told otherwise, and a customer's name may
    hold any character.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding: str = _encoding(stream)

    def write(self, text: str) -> int:
        """Writes the text, with substitutes where needed, and without the blanks that rich adds
        at the end of a line."""
        text = _BLANKS_AT_LINE_END.sub("", text)
        if not _holds(self.encoding, text):
            text = "".join(c if _holds(self.encoding, c) else _plain(c) for c in text)
            text = text.encode(self.encoding, "replace").decode(self.encoding)
        return self._stream.write(text)

    def flush(self) -> None:
        """Passes on what the stream holds back."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether a person reads along."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's descriptor, by which rich finds a terminal's size."""
        return self._stream.fileno()


def is_for_people(stream: TextIO) -> bool:
    """Whether colours and progress belong there: a terminal, and nobody said NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def make_console(stream: TextIO | None = None, width: int | None = None) -> Console:
    """A console on `stream` (standard output by default) for everything the project prints."""
    stream = stream or sys.stdout or io.StringIO()  # a Windows program may have no console
    is_colourful = is_for_people(stream)
    return Console(
        file=SafeStream(stream),  # type: ignore[arg-type]  # the part of a stream that rich uses
        width=width or _width(stream),
        force_terminal=is_colourful,
        no_color=not is_colourful,
        color_system="auto" if is_colourful else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _width(stream: TextIO) -> int:
    if not stream.isatty():
        return WIDTH
    return max(NARROWEST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def _encoding(stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        "".encode(encoding)
    except LookupError:
        return "ascii"
    return encoding


def _holds(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True


def _plain(text: str) -> str:
    return text.translate(SUBSTITUTES)
