"""Literals: from what a query says to what the store holds, by the type of the field."""

from typing import Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records import identifiers, values
from crm_sync.localorg.soql import dateliterals, refusals
from crm_sync.localorg.soql.parse import LARGEST_NUMBER, OUT_OF_RANGE, like_pattern, unescape
from crm_sync.localorg.soql.refusals import Unexpected, error_at
from crm_sync.localorg.soql.scope import Expression, Scope
from crm_sync.localorg.soql.tree import Literal, Value

Range = tuple[str, str]
"""Stored values: the first of a date literal's range, and the first after it."""

LONGEST_TEXT = 4000
"""Characters of a string literal in a WHERE clause (D, limits of SOQL and SOSL)."""

NUMBERS = ("int", "double", "currency", "percent", "long")


def stored(scope: Scope, value: Value, found: Expression, literal: Literal) -> Any:
    """The literal as the store keeps values of that kind; an empty text is null (D).

    Raises ApiError when the literal is of another kind than the field.
    """
    if literal.kind == "null":
        return None
    if found.kind in ("id", "reference"):
        text = said(scope, _expect(scope, value, found, literal, "string", "ID"))
        return _record_id(scope, value, text) if text else None
    if found.kind == "boolean":
        return int(_expect(scope, value, found, literal, "boolean", "boolean").value)
    if found.kind == "date":
        _expect(scope, value, found, literal, "date", "date")
        return _date(scope, literal)
    if found.kind == "datetime":
        _expect(scope, value, found, literal, "datetime", "dateTime")
        return _datetime(scope, literal)
    if found.kind in NUMBERS:
        number = _expect(scope, value, found, literal, "number", found.kind).value
        if abs(number) > LARGEST_NUMBER:
            raise _malformed(scope, Unexpected(literal.position, OUT_OF_RANGE))
        return number
    return said(scope, _expect(scope, value, found, literal, "string", "string")) or None


def said(scope: Scope, literal: Literal) -> str:
    """A string literal without its escapes."""
    try:
        text = unescape(literal.value, literal.position)
        if len(text) > LONGEST_TEXT:
            # The bound is D, the sentence U.
            message = f"String literal is longer than {LONGEST_TEXT} characters"
            raise Unexpected(literal.position, message)
        return text
    except Unexpected as refused:
        raise _malformed(scope, refused) from None


def pattern(scope: Scope, value: Value, found: Expression, literal: Literal) -> str:
    """A LIKE literal as a pattern of SQL with a backslash for its escape character."""
    _expect(scope, value, found, literal, "string", "string")
    try:
        return like_pattern(literal.value, literal.position)
    except Unexpected as refused:
        raise _malformed(scope, refused) from None


def range_of(scope: Scope, value: Value, found: Expression, literal: Literal) -> Range:
    """The range of a date literal as stored dates or datetimes."""
    calendar = scope.context.calendar
    first, after = dateliterals.days_of(literal.value, calendar)
    if found.kind == "date":
        return first.isoformat(), after.isoformat()
    if found.kind == "datetime":
        start, end = calendar.midnight(first), calendar.midnight(after)
        return values.format_datetime(start), values.format_datetime(end)
    _expect(scope, value, found, literal, "", _type_name(found))
    raise AssertionError("a date literal was taken for a value of another kind")


def _expect(
    scope: Scope, value: Value, found: Expression, literal: Literal, kind: str, shown: str
) -> Literal:
    if literal.kind == kind:
        return literal
    quotes = kind == "string" or shown in ("string", "ID")
    raise refusals.wrong_kind(scope.text, found.name, shown, value.position, quotes=quotes)


def _type_name(found: Expression) -> str:
    if found.kind in ("id", "reference"):
        return "ID"
    return found.kind if found.kind in (*NUMBERS, "boolean") else "string"


def _record_id(scope: Scope, value: Value, text: str) -> str:
    record_id = identifiers.normalize(text)
    if record_id is None:
        # R: a live test of another client's expects the code and the place.
        raise error_at(
            scope.text,
            value.position,
            "INVALID_QUERY_FILTER_OPERATOR",
            f"invalid ID field: {text}",
        )
    return record_id


def _date(scope: Scope, literal: Literal) -> str:
    parsed = values.parse_date(literal.value)
    if parsed is None:
        raise _malformed(scope, Unexpected(literal.position, f"Invalid date: {literal.value}"))
    return parsed


def _datetime(scope: Scope, literal: Literal) -> str:
    moment = values.parse_datetime(literal.value.upper())
    zone = literal.value[-6:].replace(":", "")[-4:]
    if moment is None or (zone.isdigit() and int(zone) > 2359):
        # D: the sentence, notes of Summer '24.
        message = f"Invalid datetime: {literal.value}"
        raise _malformed(scope, Unexpected(literal.position, message))
    return values.format_datetime(moment)


def _malformed(scope: Scope, refused: Unexpected) -> ApiError:
    return error_at(scope.text, refused.position, "MALFORMED_QUERY", refused.message)
