"""How a value is written for people: money, dates and truth as they would write them themselves.

In: a payload's value and its Salesforce field type. Out: text, free of anything that a terminal
or a browser could take as an instruction to itself. English, and the same on every machine.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

from crm_sync.report.model import Masked, Value

__all__ = ["NOTHING", "fold", "is_parent_without_id", "is_prose", "visible", "written"]

NOTHING = "—"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
PROSE_TYPES = frozenset(
    {"string", "textarea", "email", "phone", "url", "encryptedstring", "address"}
)
"""Field types whose text a person edits within, so that a part of it can have changed."""


def written(value: Value, type_: str) -> str:
    """A value as people write it; `type_` is Salesforce's field type. Keeps line breaks."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, Masked):
        return str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return f"{value.get('mapping', 'parent')} {value.get('key', '')} (no Id yet)"
    if isinstance(value, int | float | Decimal):
        return _number(Decimal(str(value)), type_)
    if type_ == "date":
        return _date(value)
    if type_ == "datetime":
        return _datetime(value)
    if type_ == "multipicklist":
        return visible(value.replace(";", "; "))
    return visible(value)


def is_prose(value: Value, type_: str) -> bool:
    """Whether a change of this value can be shown as a changed part of a text."""
    return isinstance(value, str) and value != "" and type_ in PROSE_TYPES


def is_parent_without_id(value: Value) -> bool:
    """Whether the value names a parent that a sync creates first and whose Id nobody knows yet."""
    return isinstance(value, dict)


def fold(text: str, limit: int, ellipsis: str = "…") -> str:
    """A long text's beginning and its length; a short text as it is."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()}{ellipsis} ({len(text):,} characters)"


def visible(text: str) -> str:
    """Text in which invisible characters that steer a terminal or turn the writing direction show.

    A line break and a tab stay; `\\r\\n` becomes a line break. A name that holds ESC could
    otherwise recolour or overwrite what stands around it. Backslashes before what could be taken
    for such a character are doubled, so that two texts that differ look different; what is shown
    already must not be given again.
    """
    text = text.replace("\r\n", "\n")
    if "\\" in text:
        text = _BACKSLASHES.sub(_doubled, text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if _is_harmless(c) else _code_point(c) for c in text)


_BACKSLASHES = re.compile(r"\\+")
_CODE = re.compile(r"x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}")


def _doubled(found: re.Match[str]) -> str:
    end, text = found.end(), found.string
    is_before_code = _CODE.match(text, end) or (end < len(text) and not _is_harmless(text[end]))
    return found[0] * 2 if is_before_code else found[0]


def _is_harmless(character: str) -> bool:
    if character in "\n\t\u200d":  # U+200D joins emoji: it steers nothing
        return True
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _code_point(character: str) -> str:
    code = ord(character)
    return (
        f"\\x{code:02x}"
        if code <= 0xFF
        else f"\\u{code:04x}"
        if code <= 0xFFFF
        else f"\\U{code:08x}"
    )


def _number(number: Decimal, type_: str) -> str:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return str(number)
    if type_ == "currency":
        return f"{number:,.2f}" if exponent > -2 else f"{number:,f}"
    if number == number.to_integral_value():
        number = number.quantize(Decimal(1)) if abs(number) < Decimal(10) ** 20 else number
    text = f"{number:,f}"
    return f"{text} %" if type_ == "percent" else text


def _date(text: str) -> str:
    try:
        return _day(date.fromisoformat(text))
    except ValueError:
        return visible(text)


def _datetime(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return visible(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    clock = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
    return f"{_day(moment)}, {clock} UTC"


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
