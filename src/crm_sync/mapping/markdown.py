"""Pieces of Markdown for the pages that are made, with what would break them escaped. They are read
on GitHub and on a site that Python-Markdown renders, so they hold what both show alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["anchor", "code", "marked", "prose", "table"]

_MARKS = re.compile(r"[\\`*\[\]|<>~&]|(?<!\w)_|_(?!\w)")
"""What would be taken for markup."""
_NAMES = re.compile(r"((?<![\w-])--[a-z][a-z-]+|\b\w+_\w+\b)")
"""Options, and names with an underscore."""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table without the columns that are empty in every row."""
    rows = list(rows)
    used = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [
        "| " + " | ".join(head[i] for i in used) + " |",
        "|" + "---|" * len(used),
        *("| " + " | ".join(row[i] for i in used) + " |" for row in rows),
    ]
    return "\n".join(lines)


def prose(text: str) -> str:
    """Text that Markdown shows as it is, in one table cell."""
    escaped = "".join(f"\\{c}" if c in "\\`*_[]|<>#~" else c for c in text)
    return escaped.replace("\n", " ")


def code(text: str) -> str:
    """A code span. A bar would end a table's cell, and how to escape one in a code span differs
    between GitHub and Python-Markdown: such a text is set as HTML, which both show the same.
    """
    text = " ".join(text.split())
    if not text:
        return ""
    if "|" in text:
        return f"<code>{_MARKS.sub(lambda found: f'&#{ord(found[0])};', text)}</code>"
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def marked(text: str) -> str:
    """A sentence in which some code stands between grave accents already; options of commands and
    names with an underscore become code, too.
    """
    parts = re.split(r"(`[^`]*`)", text)
    set_ = (p if p.startswith("`") else "".join(map(_word, _NAMES.split(p))) for p in parts)
    return "".join(set_).replace("|", "\\|")


def _word(text: str) -> str:
    if _NAMES.fullmatch(text):
        return code(text)
    return "".join(f"\\{c}" if c in "*_<>[]#" else c for c in text)


def anchor(title: str) -> str:
    """The anchor of a heading, on GitHub and on the site."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")
