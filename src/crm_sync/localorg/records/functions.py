"""Functions that SQLite lacks and queries need.

Text compares without regard to case, beyond ASCII too, by its upper-case form: for English locales
Salesforce sorts by "the UTF-8 values of the uppercase character" (D, ORDER BY). A character whose
upper-case form is longer (ß) or crosses into ASCII (a dotless i) stays itself, so that among ASCII
texts equality is exactly SQLite's own, whose indexes then serve.
"""

import sqlite3
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


def register(connection: sqlite3.Connection) -> None:
    """Make ``folded(text)`` and ``local_time(datetime, zone)`` known to a connection."""
    connection.create_function("folded", 1, folded, deterministic=True)
    connection.create_function("local_time", 2, local_time, deterministic=True)


def folded(text: str | None) -> str | None:
    """The form of a text by which it is compared and sorted."""
    if text is None or text.isascii():
        return text and text.upper()
    return "".join(map(_upper, text))


def local_time(text: str | None, zone: str) -> str | None:
    """A stored datetime as the clocks of a time zone show it, ``YYYY-MM-DDTHH:MM:SS``."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=4096)
def _upper(character: str) -> str:
    upper = character.upper()
    is_same_kind = len(upper) == 1 and upper.isascii() == character.isascii()
    return upper if is_same_kind else character
