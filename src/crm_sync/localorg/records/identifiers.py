"""Salesforce record Ids: 15 case-sensitive characters, or 18 with a checksum (D, ID field type)."""

import re
from functools import lru_cache

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_FORM = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def checksum(id15: str) -> str:
    """The three characters that make an Id safe to compare without regard to case.

    Each stands for five characters: bit n is set where character n is an upper-case letter.
    """
    return _bits(id15[:5]) + _bits(id15[5:10]) + _bits(id15[10:])


@lru_cache(maxsize=8192)
def _bits(five: str) -> str:
    return _CHECKSUM[sum(1 << n for n, c in enumerate(five) if "A" <= c <= "Z")]


@lru_cache(maxsize=65536)
def normalize(text: str) -> str | None:
    """The 18-character form of an Id, or None when the text cannot be an Id.

    A wrong checksum is an error, as in Salesforce (U for the exact check).
    """
    if not _FORM.fullmatch(text):
        return None
    id15 = text[:15]
    suffix = checksum(id15)
    if len(text) == 18 and text[15:].upper() != suffix:
        return None
    return id15 + suffix


def build(prefix: str, pod: str, number: int) -> str:
    """An Id of the object with that key prefix; ``pod`` (3 characters) belongs to the org."""
    id15 = prefix + pod + encode(number, 9)
    return id15 + checksum(id15)


def encode(number: int, width: int) -> str:
    """A number written in base 62, as Salesforce numbers its records."""
    high, low = divmod(number, 62)
    return _encode(high, width - 1) + ALPHABET[low]


@lru_cache(maxsize=1024)
def _encode(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits
