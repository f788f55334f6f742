"""The nearest known name, for messages about an unknown one. Imports nothing of the project."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest", "nearest_value"]


def nearest(name: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """` Did you mean 'x'?`, or nothing where no name is close. `likeness`: from 0 to 1, how close
    it must be.
    """
    written = {one.casefold(): one for one in known}  # Accounts is no other word than accounts
    found = difflib.get_close_matches(name.casefold(), written, n=1, cutoff=likeness)
    return f" Did you mean {written[found[0]]!r}?" if found else ""


def nearest_value(value: str, known: Iterable[str]) -> str:
    """The value of which another is a typing error; where there is none, those that are known. Two
    values that begin alike (Closed - Lost, Closed - Converted) mean different things.
    """
    listed = list(known)
    near = nearest(value, listed, likeness=0.75)
    shown = ", ".join(listed[:8]) + (", …" if len(listed) > 8 else "")
    return near or f" Use one of the org's values ({shown}), or add it there."
