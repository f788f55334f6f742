"""E-mail addresses and phone numbers within a text, by kind and length instead.

In: any text. Out: the same with each of them as `[phone, 14 characters]`. Dates, amounts, Ids and
order numbers stay: what looks like a number of another kind is none of a phone. A number without
any sign of one (no +, no 0 before it, no groups as in 212-555-0123) cannot be told from an Id.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from crm_sync.report.model import Masked

__all__ = ["without_addresses", "without_contacts"]

_ADDRESS = re.compile(
    r"""(?:"(?:[^"\\\r\n]|\\.){1,64}" | [\w.!#$%&'*+/=?^`{|}~-]+)   # RFC 5322: quoted, or plain
        @(?:[\w-]+(?:\.[\w-]+)+ | \[[\w.:]+\])""",
    re.VERBOSE,
)
_NUMBER = re.compile(
    r"""(?<![\w-])(?<!\d[.,])
        (?:
            (?:\+\s?\(?\d | \(\s?[0+] | 0(?!\.))[\d\s()/.-]{5,}\d  # +49 30 …, (030) …, 0043 …
          | (?:1[\s./-]*)?(?:\(\d{3}\)[\s./-]* | \d{3}[\s./-])   # (212) 555-0123, 1-800-…
            \d{3}[\s./-]\d{4}
        )
        (?P<extension>\s?,?\s?(?:x|ext\.?|extension)\s?\d{1,6})?
        (?!\w)""",
    re.VERBOSE | re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<![\d./-])\d{1,2}(?P<sign>[./-])\d{1,2}(?P=sign)(?:\d{4}|\d\d)(?![./-]?\d)"
    r"|(?<![\d-])[12]\d{3}-\d\d-\d\d(?![\d-])"
)
_APART = re.compile(r"\s*/\s*|\s{2,}|\s+(?=[+(0])")
"""What stands between two numbers, where the whole is too long for one."""
FEWEST, MOST = 7, 15
"""Digits of a phone number; E.164 allows 15."""
_TAKEN = "\0"
"""Stands where something else was found; PostgreSQL has no such character."""

Span = tuple[int, int]


def without_contacts(text: str) -> str:
    """The text with e-mail addresses and phone numbers by kind and length."""
    plain = _plain(text)
    addresses = [found.span() for found in _ADDRESS.finditer(plain)]
    plain = _without(plain, addresses)
    plain = _without(plain, (found.span() for found in _DATE.finditer(plain)))
    numbers = [span for found in _NUMBER.finditer(plain) for span in _numbers(plain, found)]
    return _replaced(text, [("e-mail", s) for s in addresses] + [("phone", s) for s in numbers])


def without_addresses(text: str) -> str:
    """The text with e-mail addresses by kind and length."""
    found = _ADDRESS.finditer(_plain(text))
    return _replaced(text, [("e-mail", address.span()) for address in found])


def _numbers(plain: str, found: re.Match[str]) -> Iterable[Span]:
    """The number, or the numbers that stand side by side."""
    start, end = found.span()
    digits = _digits(plain[start : end if found["extension"] is None else found.start("extension")])
    if digits <= MOST:
        if digits >= FEWEST:
            yield start, end
        return
    gaps = [gap.span() for gap in _APART.finditer(plain, start, end)]
    for left, right in zip(
        (start, *(gap_end for _, gap_end in gaps)),
        (*(begin for begin, _ in gaps), end),
        strict=True,
    ):
        if FEWEST <= _digits(plain[left:right]) <= MOST:
            yield left, right


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)


def _plain(text: str) -> str:
    """The text of the same length with the digits, signs and blanks of other alphabets as ASCII."""
    return text if text.isascii() else "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if "\uff01" <= character <= "\uff5e":  # full width
        return chr(ord(character) - 0xFEE0)
    category = unicodedata.category(character)
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    return " " if category in ("Cf", "Zs") else character


def _without(text: str, spans: Iterable[Span]) -> str:
    for start, end in spans:
        text = text[:start] + _TAKEN * (end - start) + text[end:]
    return text


def _replaced(text: str, found: Iterable[tuple[str, Span]]) -> str:
    for kind, (start, end) in sorted(found, key=lambda one: one[1], reverse=True):
        text = f"{text[:start]}{Masked(kind, end - start)}{text[end:]}"
    return text
