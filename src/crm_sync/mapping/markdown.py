"""Pieces of Markdown for the mapping's page, with what would break them escaped."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["anchor", "code", "prose", "table"]


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
    """A code span; a bar in it is escaped, since a table would end its cell there."""
    text = " ".join(text.split()).replace("|", "\\|")
    if not text:
        return ""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def anchor(title: str) -> str:
    """GitHub's anchor of a heading."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")
