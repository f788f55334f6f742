"""What counts as the same value: the text that is compared, by Salesforce's field type.

Pure. The rules are ours, not Salesforce's, and `docs/how-to/adopt.md` tells them: whoever changes
one changes it there.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from crm_sync.report.model import Value

__all__ = ["normalised"]

NUMBERS = frozenset({"int", "long", "double", "currency", "percent"})
_SCHEME = re.compile(r"\A[a-z][a-z0-9+.-]*://")


def normalised(value: Value, type_: str) -> str:
    """The text that stands for a value in a comparison; empty where nothing can be compared."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = " ".join(unicodedata.normalize("NFKC", str(value)).split())
    if type_ == "reference":
        return text  # an Id: its case counts
    if type_ in NUMBERS:
        return _number(text)
    text = unicodedata.normalize("NFKC", text.casefold())
    if type_ == "url":
        return _SCHEME.sub("", text).removeprefix("www.").rstrip("/")
    if type_ == "phone":
        return _digits(text)
    return text


def _number(text: str) -> str:
    try:
        return format(Decimal(text).normalize(), "f")
    except InvalidOperation:
        return text


def _digits(text: str) -> str:
    """The digits alone; 00 before a number means +, as it does in most of the world (ITU-T E.123
    writes the plus).
    """
    digits = "".join(sign for sign in text if sign.isdecimal())
    return digits[2:] if digits.startswith("00") and not text.startswith("+") else digits
