"""Refusals of a query, in Salesforce's words.

The excerpt is the line from 30 characters before the place to 30 after it, and what of a word would
be cut is whole, blanks are kept (R: amp-labs, CumulusCI, openstax; 3: camel-quarkus 3022, mautic
13406, forcedotcom/cli 1356, where each number but 30 contradicts one message).
"""

import re
from collections.abc import Iterable

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.soql.tree import Path

_EXCERPT = 30
_SEPARATOR = re.compile(r"[\s,]")
_APPEND = (
    " If you are attempting to use a custom {what}, be sure to append the '__{suffix}' after the "
    "{name} name. Please reference your WSDL or the describe call for the appropriate names."
)


class Unexpected(Exception):
    """Raised while reading: the place and what is to be said of it."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


def unexpected(token: str, position: int) -> Unexpected:
    return Unexpected(position, f"unexpected token: '{token}'")


def error_at(text: str, position: int, code: str, message: str) -> ApiError:
    """400 with the excerpt, a mark under the place, and row and column counted from 1."""
    row = text.count("\n", 0, position) + 1
    line_start = text.rfind("\n", 0, position) + 1
    line_end = text.find("\n", position)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    column = position - line_start
    cuts = [match.start() for match in _SEPARATOR.finditer(line)]
    start = max((cut + 1 for cut in cuts if cut < column - _EXCERPT), default=0)
    end = min((cut for cut in cuts if cut > column + _EXCERPT), default=len(line))
    mark = " " * (column - start) + "^"
    return ApiError(
        400,
        code,
        f"\n{line[start:end]}\n{mark}\nERROR at Row:{row}:Column:{column + 1}\n{message}",
    )


def malformed(message: str) -> ApiError:
    """MALFORMED_QUERY that names no place."""
    return ApiError(400, "MALFORMED_QUERY", message)


def too_complicated() -> ApiError:
    """3 (Grey-Tab 23). Salesforce draws the line by rules of its own, here it is what SQLite holds:
    conditions that alternate in parentheses inside each other, columns, joins."""
    return ApiError(
        400,
        "QUERY_TOO_COMPLICATED",
        "Query is either selecting too many fields or the filter conditions are too complicated.",
    )


def no_object(text: str, name: str, position: int) -> ApiError:
    more = _APPEND.format(what="object", suffix="c", name="entity")
    return error_at(
        text, position, "INVALID_TYPE", f"sObject type '{name}' is not supported.{more}"
    )


def no_column(text: str, name: str, entity: str, position: int) -> ApiError:
    more = _APPEND.format(what="field", suffix="c", name="custom field")
    message = f"No such column '{name}' on entity '{entity}'.{more}"
    return error_at(text, position, "INVALID_FIELD", message)


def no_parent(text: str, name: str, position: int) -> ApiError:
    more = _APPEND.format(what="relationship", suffix="r", name="custom relationship")
    message = f"Didn't understand relationship '{name}' in field path.{more}"
    return error_at(text, position, "INVALID_FIELD", message)


def no_children(text: str, name: str, position: int) -> ApiError:
    more = _APPEND.format(what="relationship", suffix="r", name="custom relationship")
    message = f"Didn't understand relationship '{name}' in FROM part of query call.{more}"
    return error_at(text, position, "INVALID_TYPE", message)


def not_polymorphic(text: str, path: Path) -> ApiError:
    """TYPEOF is for relationships that can point to several objects (D); code and sentence U."""
    message = f"TYPEOF needs a polymorphic relationship, which '{path.text}' is not."
    return error_at(text, path.position, "INVALID_FIELD", message)


def no_scope(text: str, name: str, scopes: Iterable[str], position: int) -> ApiError:
    """A scope that the describe of the object does not list (D); code and sentence U."""
    message = f"Scope '{name}' is not supported here. Scopes are: {', '.join(scopes)}"
    return error_at(text, position, "MALFORMED_QUERY", message)


def cannot(text: str, name: str, verb: str, position: int) -> ApiError:
    """A field that a describe calls not filterable, sortable or groupable."""
    message = f"field '{name}' can not be {verb} in a query call"
    return error_at(text, position, "INVALID_FIELD", message)


def wrong_kind(text: str, name: str, type_name: str, position: int, *, quotes: bool) -> ApiError:
    """A literal of another kind than the field; ``quotes``: whether it should have had some."""
    should = "should be" if quotes else "should not be"
    return error_at(
        text,
        position,
        "INVALID_FIELD",
        f"value of filter criterion for field '{name}' must be of type {type_name} and {should} "
        "enclosed in quotes",
    )
