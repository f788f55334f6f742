"""What a mapping's SQL may hold: an expression over its own row and its joins, nothing else.

PostgreSQL judges the rest when the compiled statement is prepared (`check.py`).
"""

from __future__ import annotations

import re

__all__ = ["complaint"]

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
