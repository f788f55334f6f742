"""What JSON for the org's own levers must be: kinds of values, checked one by one.

In: JSON of a control request, a fault or a rule of the org, from people and their tests. Out: the
same, or a ValueError with one sentence: which value, what it should be.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SHOWN = 60


@dataclass(frozen=True)
class Kind:
    """A kind of value: what it is called in a sentence, and whether a value is of it."""

    what: str
    fits: Callable[[Any], bool]


Kinds = Mapping[str, Kind]


def number(
    what: str, least: float, most: float = sys.float_info.max, *, whole: bool = False
) -> Kind:
    """A number within bounds; a boolean is none."""
    types = (int,) if whole else (int, float)

    def fits(value: Any) -> bool:
        return isinstance(value, types) and not isinstance(value, bool) and least <= value <= most

    return Kind(what, fits)


def one_of(*words: str) -> Kind:
    return Kind(" or ".join(f'"{word}"' for word in words), lambda value: value in words)


def either(kind: Kind, other: Kind) -> Kind:
    return Kind(f"{kind.what} or {other.what}", lambda value: kind.fits(value) or other.fits(value))


def _is_pattern(value: Any) -> bool:
    try:
        return isinstance(value, str) and re.compile(value) is not None
    except re.error:
        return False


ANYTHING = Kind("any value", lambda _: True)
TEXT = Kind("a text", lambda value: isinstance(value, str))
TEXTS = Kind(
    "a list of texts",
    lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),  # pyright: ignore[reportUnknownVariableType]
)
MAP = Kind("a JSON object", lambda value: isinstance(value, Mapping))
LIST = Kind("a list", lambda value: isinstance(value, list))
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
NOTHING = Kind("null", lambda value: value is None)
PATTERN = Kind("a regular expression", _is_pattern)
COUNT = number("a whole number, 0 or more", 0, whole=True)
FROM_ONE = number("a whole number, 1 or more", 1, whole=True)
SECONDS = number("a number of seconds, 0 to 86400", 0, 86_400)
PART = number("a number from 0 to 1", 0, 1)


def check(kind: Kind, value: Any, name: str) -> None:
    """Raises ValueError where the value is of another kind."""
    if not kind.fits(value):
        raise ValueError(f"{name} must be {kind.what}, not {_shown(value)}.")


def check_map(
    given: Any, needed: Kinds, optional: Kinds | None = None, *, inside: str = ""
) -> dict[str, Any]:
    """The object, if it has all that is ``needed`` and no name that is neither needed nor
    ``optional``, each value of its kind. ``inside`` is how the object is called in a sentence;
    without a name it is the body of a request.
    """
    check(MAP, given, inside or "The body")
    body: dict[str, Any] = given
    for name, kind in needed.items():
        if name not in body:
            raise ValueError(f"{_called(inside, name)} is missing; it is {kind.what}.")
    known = {**needed, **(optional or {})}
    for name, value in body.items():
        if name not in known:
            raise ValueError(
                f"{_called(inside, name)} is not known; there are: {', '.join(known)}."
            )
        check(known[name], value, _called(inside, name))
    return body


def _called(inside: str, name: str) -> str:
    return f"{inside}.{name}" if inside else f'"{name}"'


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
