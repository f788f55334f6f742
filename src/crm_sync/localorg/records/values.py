"""Values: from the JSON of a request to what is stored, with Salesforce's refusals.

Stored as SQLite likes it and as answers show it: text, numbers, 0/1, dates ``YYYY-MM-DD``,
datetimes ``YYYY-MM-DDTHH:MM:SS.000+0000`` (which sort as text). A text is never empty, only null,
and never begins or ends with white space (D, Apex guide, Primitive Data Types); a no-break space
stays (3).
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache, partial
from typing import Any

from crm_sync.localorg.errors import BodyError, RowError
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.schema import Field

Parse = Callable[[Any], Any]

_EMAIL = re.compile(
    r"""(?!\.)[^\x00- "(),:;<>@\[\\\]\x7F]+"""
    r"""@(?!\.)[A-Za-z0-9.\x80-\U0010FFFF-]+\.[A-Za-z0-9\x80-\U0010FFFF-]+"""
)
"""D, Help 000384328 and 000001145: dots may follow each other and end the name, not begin it;
behind the @ stand letters, digits, hyphens and dots; letters beyond ASCII are allowed."""
_QUOTES = re.compile(r'["(]')
_ANY_EMAIL = re.compile(r".+@.+", re.DOTALL)
"""Quotes and comments are allowed, too (D); what stands in them is not looked at (U)."""
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:Z|[+-]\d{2}:?\d{2})?")
_DATETIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?"
)
_TIME = re.compile(r"(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?Z?")
_YEARS = range(1700, 4001)
_WHITE_SPACE = "".join(chr(code) for code in range(0x21))
"""What Java's ``trim`` takes off."""


def now() -> datetime:
    """The time as Salesforce keeps it: in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def format_datetime(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def parse_datetime(text: str) -> datetime | None:
    """A moment from ISO 8601 in a year that a date can have, else None; no zone is UTC (U)."""
    match = _DATETIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    offset = timedelta()
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        offset = offset if zone[0] == "+" else -offset
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
        moment -= offset
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


@lru_cache(maxsize=8192)
def parse_date(text: str) -> str | None:
    """``YYYY-MM-DD`` of a date; the zone that may follow it is ignored (D); else None."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    try:
        return date(year, month, day).isoformat() if year in _YEARS else None
    except ValueError:
        return None


def parser(field: Field) -> Parse:
    """The function that turns a JSON value into the stored one, or raises RowError."""
    if field.type == "boolean":
        return partial(_boolean, field)
    if field.type == "int":
        return partial(_integer, field)
    if field.is_number:
        return partial(_number, field)
    if field.type == "date":
        return partial(_date, field)
    if field.type == "datetime":
        return partial(_datetime, field)
    if field.type in ("reference", "id"):
        return partial(_reference, field)
    if field.type == "time":
        return partial(_time, field)
    if field.type in ("picklist", "multipicklist"):
        active = (v["value"] for v in field.describe["picklistValues"] if v["active"])
        allowed = {value.lower(): value for value in active}
        return partial(_several if field.type == "multipicklist" else _one, field, allowed)
    if field.type == "email":
        return partial(_email, field)
    return partial(_text, field)


def wrong_type(type_name: str, value: Any) -> BodyError:
    """Salesforce's text for a JSON value of the wrong kind (R); the position is not computed."""
    if isinstance(value, bool):
        shown = f"VALUE_{str(value).upper()} value {str(value).lower()}"
    elif value is None:
        shown = "VALUE_NULL value null"
    elif isinstance(value, int):
        shown = f"VALUE_NUMBER_INT value {value}"
    elif isinstance(value, float):
        shown = f"VALUE_NUMBER_FLOAT value {value}"
    elif isinstance(value, str):
        shown = f"VALUE_STRING value {value}"
    elif isinstance(value, list):
        return BodyError(
            "JSON_PARSER_ERROR",
            f"Cannot deserialize instance of {type_name} from START_ARRAY value [line:1, column:1]",
        )
    else:
        shown = "START_OBJECT value {"
    return BodyError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {type_name} from {shown} or request may be missing a "
        "required field at [line:1, column:1]",
    )


def json_flag(body: Mapping[str, Any], name: str) -> bool:
    """A boolean beside the records of a body, false where it is missing; ApiError for what is none
    (the sentence is that of a boolean field, U here).
    """
    value = body.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise wrong_type("boolean", value).as_request()


def _text(field: Field, value: Any) -> str | None:
    """A text; a number stands for its digits (R, openstax)."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise wrong_type("string", value)
    text = str(value).strip(_WHITE_SPACE)
    length = field.describe["length"]
    # Salesforce is written in Java, where a character outside the basic plane counts twice (U).
    if length and len(text) * 2 > length and len(text.encode("utf-16-le")) > length * 2:
        raise RowError(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text} (max length={length})",
            [field.name],
        )
    return text or None


def _one(field: Field, allowed: Mapping[str, str], value: Any) -> str | None:
    """A picklist value. Upper and lower case make no new one (D, Field Types, Picklist, of
    unrestricted picklists; of restricted ones U)."""
    text = _text(field, value)
    if text is None:
        return None
    listed = allowed.get(text.lower())
    if listed is None and field.describe["restrictedPicklist"]:
        raise RowError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label}: bad value for restricted picklist field: {text}",
            [field.name],
        )
    return listed or text


def _several(field: Field, allowed: Mapping[str, str], value: Any) -> str | None:
    """Values with semicolons between them (D, multi-select picklists); kept in their order."""
    text = _text(field, value)
    parts = [part.strip() for part in text.split(";")] if text else []
    return ";".join(str(_one(field, allowed, part)) for part in parts if part) or None


def _time(field: Field, value: Any) -> str | None:
    """``HH:MM:SS.mmmZ`` (D, time)."""
    if value is None or value == "":
        return None
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise wrong_type(field.type, value)
    return f"{match[1]}:{match[2]}:{match[3] or '00'}.{(match[4] or '').ljust(3, '0')[:3]}Z"


def _email(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    form = _ANY_EMAIL if text and _QUOTES.search(text) else _EMAIL
    if text is not None and not form.fullmatch(text):
        raise RowError(
            "INVALID_EMAIL_ADDRESS",
            f"{field.label}: invalid email address: {text}",
            [field.name],
        )
    return text


def _boolean(field: Field, value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if value in ("true", "false"):
        return int(value == "true")
    raise wrong_type(field.type, value)


def _integer(field: Field, value: Any) -> int | None:
    number = _decimal(field, value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise wrong_type("int", value)
    if abs(number) >= Decimal(10) ** field.describe["digits"]:
        raise _out_of_range(field, value)
    return int(number)


def _number(field: Field, value: Any) -> float | None:
    """Surplus decimals are cut off silently, surplus digits before the point refuse (D, Field)."""
    number = _decimal(field, value)
    if number is None:
        return None
    whole_digits = field.describe["precision"] - field.describe["scale"]
    if abs(number) >= Decimal(10) ** whole_digits:
        raise _out_of_range(field, value)
    least, most = _bounds(field)
    if not least <= number <= most:
        raise _out_of_range(field, value)
    step = Decimal(1).scaleb(-field.describe["scale"])
    return float(number.quantize(step, rounding=ROUND_DOWN))


def _bounds(field: Field) -> tuple[float, float]:
    """Degrees (D, Compound Address Fields) and an opportunity's probability (U)."""
    if field.name.endswith("Latitude"):
        return -90, 90
    if field.name.endswith("Longitude"):
        return -180, 180
    return (0, 100) if field.name == "Probability" else (-math.inf, math.inf)


def _decimal(field: Field, value: Any) -> Decimal | None:
    """A number, or the text of one (D: the documentation's own sample sends "100")."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise wrong_type(field.type, value)
    text = str(value).strip()
    if not text.isascii() or "_" in text:  # Python reads more as a number
        raise wrong_type(field.type, value)
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise wrong_type(field.type, value) from None
    if not number.is_finite():
        raise wrong_type(field.type, value)
    return number


def _out_of_range(field: Field, value: Any) -> RowError:
    shown = value if isinstance(value, str) else as_java_writes(float(value))
    return RowError(
        "NUMBER_OUTSIDE_VALID_RANGE",
        f"{field.label}: value outside of valid range on numeric field: {shown}",
        [field.name],
    )


def as_java_writes(number: float) -> str:
    """ "100.0" (R) as Java's Double.toString has it, so "1.0E16" for a large one."""
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    sign, digits, _ = (parts := Decimal(repr(number)).normalize()).as_tuple()
    text = "".join(str(digit) for digit in digits)
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{parts.adjusted()}"


def _date(field: Field, value: Any) -> str | None:
    """A day, also that of a moment (R, openstax); as it is written, in whatever zone (U)."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise wrong_type(field.type, value)
    parsed = parse_date(value if parse_datetime(value) is None else value[:10])
    if parsed is None:
        raise wrong_type(field.type, value)
    return parsed


def _datetime(field: Field, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise wrong_type(field.type, value)
    moment = parse_datetime(value)
    if moment is None:
        day = parse_date(value)
        moment = None if day is None else datetime.fromisoformat(day).replace(tzinfo=UTC)
    if moment is None:
        raise wrong_type(field.type, value)
    return format_datetime(moment)


def _reference(field: Field, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise wrong_type("reference", value)
    record_id = identifiers.normalize(value.strip())
    if record_id is None:
        raise wrong_id(field, value, "MALFORMED_ID")
    return record_id


def wrong_id(field: Field, value: str, code: str = "FIELD_INTEGRITY_EXCEPTION") -> RowError:
    """An Id that is none, or is of an object that this field cannot point to (R, 3)."""
    return RowError(code, f"{field.label}: id value of incorrect type: {value}", [field.name])
