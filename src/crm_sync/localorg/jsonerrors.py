"""What Salesforce says of a body that is no JSON: the sentence and the place.

Salesforce reads JSON with Jackson, whose sentences stand in its JSON_PARSER_ERROR with the place as
``[line:1, column:2]`` (3: salesforce.stackexchange 137599 for a value, others for entries of an
object). Lines and columns count from 1; the column is that of the character after the wrong one,
as in those logs.
"""

import json
import re
from typing import Any, NoReturn

from crm_sync.localorg.errors import ApiError

_VALUE = "expected a valid value (number, String, array, object, 'true', 'false' or 'null')"
_SENTENCES = {
    "Expecting property name enclosed in double quotes": (
        "was expecting double-quote to start field name"
    ),
    "Illegal trailing comma before end of object": "was expecting double-quote to start field name",
    "Illegal trailing comma before end of array": _VALUE,
    "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
    "Expecting value": _VALUE,
}
_NON_NUMERIC = re.compile(r'"(?:\\.|[^"\\])*"|(-?Infinity|NaN)', re.DOTALL)
_LITERAL_STARTS = "abcdefghijklmnopqrsuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class NonNumericError(ValueError):
    """NaN or Infinity stands where a number should: words that Python reads and JSON lacks."""


def refuse_constant(word: str) -> NoReturn:
    """For ``json.loads(parse_constant=…)``."""
    raise NonNumericError(word)


def non_numeric(text: str) -> str:
    """The message for a text that :class:`NonNumericError` refused (C: Jackson's own)."""
    found = next(match for match in _NON_NUMERIC.finditer(text) if match[1])
    allow = "enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"
    return f"Non-standard token '{found[1]}': {allow} at {_place(text, found.end())}"


def object_body(body: Any) -> dict[str, Any]:
    """The body of a request that must be a JSON object.

    Raises ApiError: without a body in a sentence that is R; for a list in one that is 3
    (salesforce.stackexchange, several records sent to a resource of one), for other values the
    same (U).
    """
    if isinstance(body, dict):
        return body  # pyright: ignore[reportUnknownVariableType]
    if body is None:
        message = "The HTTP entity body is required, but this request has no entity body."
        raise ApiError(400, "JSON_PARSER_ERROR", message)
    raise ApiError(
        400,
        "INVALID_FIELD",
        "Json Deserialization failed on token 'null' and has left off in the middle of parsing a "
        "row. Will go to end of row to begin parsing the next row",
    )


def sentence(error: json.JSONDecodeError) -> str:
    """The message for a syntax error that Python's reader found."""
    text, at = error.doc, error.pos
    if error.msg.startswith("Illegal trailing comma"):
        at = next((i for i in range(at + 1, len(text)) if text[i] in "]}"), at)
    if at >= len(text) or error.msg.startswith("Unterminated string"):
        return _end_of_input(text)
    character = text[at]
    place = _place(text, at + 1)
    if error.msg.startswith("Invalid control character"):
        return (
            f"Illegal unquoted character ((CTRL-CHAR, code {ord(character)})): has to be escaped "
            f"using backslash to be included in string value at {place}"
        )
    if error.msg.startswith("Invalid \\"):
        escaped = text[at + 1 : at + 2] or character
        return f"Unrecognized character escape '{escaped}' (code {ord(escaped)}) at {place}"
    if error.msg == "Expecting value" and character in _LITERAL_STARTS:
        token = _token(text, at)
        if len(token) > 1:
            end = _place(text, at + len(token))
            return f"Unrecognized token '{token}': was expecting 'null', 'true', 'false' at {end}"
    what = _SENTENCES.get(error.msg) or _of_delimiter(error.msg, text, at)
    return f"Unexpected character ('{character}' (code {ord(character)})): {what} at {place}"


def _of_delimiter(message: str, text: str, at: int) -> str:
    if message == "Extra data":
        return _VALUE
    opened = _open(text, at)
    kind = "ARRAY" if opened and text[opened[-1]] == "[" else "OBJECT"
    return f"was expecting comma to separate {kind} entries"


def _end_of_input(text: str) -> str:
    opened = _open(text, len(text))
    end = _place(text, len(text))
    if not opened:
        return f"Unexpected end-of-input at {end}"
    kind = "ARRAY" if text[opened[-1]] == "[" else "OBJECT"
    start = _place(text, opened[-1])
    return f"Unexpected end-of-input: expected close marker for {kind} (from {start}) at {end}"


def _open(text: str, end: int) -> list[int]:
    """Where the brackets stand that are open at ``end``, outermost first."""
    stack: list[int] = []
    in_string = False
    i = 0
    while i < end:
        character = text[i]
        if in_string:
            if character == "\\":
                i += 1
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            stack.append(i)
        elif character in "]}" and stack:
            stack.pop()
        i += 1
    return stack


def _token(text: str, at: int) -> str:
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return text[at:end]


def _place(text: str, at: int) -> str:
    """The place of the character at index ``at``."""
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return f"[line:{line}, column:{column}]"
