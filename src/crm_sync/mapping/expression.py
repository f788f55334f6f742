"""What a mapping's SQL may hold: an expression over its own row and its joins, nothing else.

PostgreSQL judges the rest when the compiled statement is prepared (`check.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["clock_word", "complaint", "without_clock_words"]

_QUOTED = re.compile(
    r"""
      (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'     # escape string; the e of date'…' makes none
    | (?<!(?<![\w$])[eE])'(?:[^']|'')*'     # string
    | "(?:[^"]|"")*"                        # quoted name
    """,
    re.VERBOSE | re.DOTALL,
)
_REFUSED = re.compile(r"\b(select|table|insert|update|delete|merge|into)\b", re.IGNORECASE)
_SIGNS = (("--", "a comment"), ("/*", "a comment"), (";", "a semicolon"), ("$", "a $"))

_CLOCK_WORD = re.compile(r"(?<![a-z])(?:now|today|tomorrow|yesterday)(?![a-z])", re.IGNORECASE)


def complaint(sql: str) -> str | None:
    """Why this text is not a plain expression, or None.

    Subqueries are refused, so that a payload depends on nothing but the row and its declared
    joins; otherwise a change elsewhere would go unnoticed.
    """
    bare = _QUOTED.sub(lambda found: "x" if found[0][0] == '"' else "''", sql)
    if "'" in bare.replace("''", "") or '"' in bare:
        return "a quote is not closed"
    for sign, name in _SIGNS:
        if sign in bare:
            return f"{name} does not belong in an expression"
    if found := _REFUSED.search(bare):
        return f"{found[0].lower()} is refused: an expression reads its own row and its joins only"
    depth = 0
    for sign in bare:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if depth < 0:
            break
        if depth == 0 and sign == ",":
            return "a comma parts two expressions"
    if depth != 0:
        return "its parentheses do not match"
    return None if bare.strip() else "it is empty"


def clock_word(text: str) -> str | None:
    """The word in this text by which PostgreSQL would read the clock, were it read as a date."""
    found = _CLOCK_WORD.search(text)
    return found[0] if found else None


def without_clock_words(sql: str) -> Iterable[tuple[str, str]]:
    """For each string of an expression that holds such a word: the string, and the expression with
    another word in its place, which is as good a text but no date."""
    for found in _QUOTED.finditer(sql):
        if found[0][0] != '"' and clock_word(found[0]):
            other = _CLOCK_WORD.sub(lambda word: "x" * len(word[0]), found[0])
            yield found[0], sql[: found.start()] + other + sql[found.end() :]
