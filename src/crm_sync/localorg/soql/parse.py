"""SOQL: from text to a tree, by the grammar in ``grammar.lark``.

A text that is not SOQL answers MALFORMED_QUERY with the place and the token that was not expected.
Short texts are remembered, since clients ask the same ones again and again.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken
from lark.visitors import v_args

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.soql import dateliterals
from crm_sync.localorg.soql.refusals import Unexpected, error_at, malformed, unexpected
from crm_sync.localorg.soql.tree import (
    Call,
    Comparison,
    Condition,
    Join,
    Literal,
    Logical,
    Order,
    Path,
    Query,
    Selected,
    TypeOf,
    Value,
)

LARGEST_NUMBER = 2**63 - 1
OUT_OF_RANGE = "The query holds a value out of range"
"""U."""
_LONGEST_REMEMBERED = 2000
_STRING = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}
_WILDCARDS = {"_": r"\_", "%": r"\%", "\\": r"\\"}
_CONSTANTS = {"true": ("boolean", True), "false": ("boolean", False), "null": ("null", None)}


def parse(text: str) -> Query:
    """The tree of a query; raises ApiError MALFORMED_QUERY."""
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _parse(text)


def unescape(text: str, position: int) -> str:
    """What a string literal says (D, Quoted String Escape Sequences); ``\\%`` is for LIKE alone."""

    def said(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        if escape.lower() not in _ESCAPES:
            raise _illegal(text, match[0], position)
        return _ESCAPES[escape.lower()]

    return _ESCAPE.sub(said, text) if "\\" in text else text


def like_pattern(text: str, position: int) -> str:
    """A LIKE literal as a pattern of SQL whose escape character is a backslash (D, as above)."""

    def said(match: re.Match[str]) -> str:
        escape = match[1]
        if escape in _WILDCARDS:
            return _WILDCARDS[escape]
        return unescape(match[0], position)

    return _ESCAPE.sub(said, text) if "\\" in text else text


def _illegal(text: str, escape: str, position: int) -> Unexpected:
    """3: mautic/mautic issue 5249."""
    what = f"Illegal character sequence '{escape}' in string literal."
    return Unexpected(position, f"Invalid string literal '{text}'. {what}")


@v_args(inline=True)
class _Reader(Transformer[Token, Query]):
    """Makes the tree while the parser reads; clauses are (name, value) pairs until then."""

    def start(self, query: Query) -> Query:
        return query

    def query(self, *parts: Any) -> Query:
        selected = tuple(p for p in parts if isinstance(p, (Selected, TypeOf, Query)))
        clauses: dict[str, Any] = {}
        for part in parts[len(selected) :]:
            clauses.update(part)
        return Query(selected=selected, **clauses)

    # What is selected ------------------------------------------------------------------------

    def column(self, value: Value, alias: Token | None = None) -> Selected:
        return Selected(value, None if alias is None else str(alias))

    def child(self, query: Query) -> Query:
        return query

    def typeof(self, path: Token, *parts: Any) -> TypeOf:
        branches = tuple(p for p in parts if p[0])
        otherwise = next((p[1] for p in parts if not p[0]), ())
        return TypeOf(_path(path), branches, otherwise)

    def when(self, name: Token, *paths: Token) -> tuple[str, tuple[Path, ...]]:
        return str(name), tuple(map(_path, paths))

    def otherwise(self, *paths: Token) -> tuple[str, tuple[Path, ...]]:
        return "", tuple(map(_path, paths))

    def path(self, token: Token) -> Path:
        return _path(token)

    def call(self, token: Token, argument: Value | None = None) -> Call:
        return Call(token.lower(), argument, _place(token))

    # Clauses ---------------------------------------------------------------------------------

    def source(self, token: Token, alias: Token | None = None) -> dict[str, Any]:
        return {"source": _path(token), "alias": None if alias is None else str(alias)}

    def scope(self, name: Token) -> dict[str, Any]:
        return {"scope": _path(name)}

    def where(self, condition: Condition) -> dict[str, Any]:
        return {"where": condition}

    def with_clause(self, name: Token) -> dict[str, Any]:
        _one_of(name, "security_enforced", "user_mode", "system_mode")
        return {}

    def group(self, *values: Value) -> dict[str, Any]:
        return {"group_by": values}

    def grouping_sets(self, kind: Token, *values: Value) -> dict[str, Any]:
        return {"group_by": values, "grouping": kind.lower()}

    def having(self, condition: Condition) -> dict[str, Any]:
        return {"having": condition}

    def order(self, *ordered: Order) -> dict[str, Any]:
        return {"order_by": ordered}

    def ordered(self, value: Value, *words: Token) -> Order:
        said = {word.type for word in words}
        return Order(value, "DESC" in said, "LAST" in said)

    def limit(self, number: Token) -> dict[str, Any]:
        return {"limit": _whole(number)}

    def offset(self, number: Token) -> dict[str, Any]:
        return {"offset": _whole(number)}

    def lock(self, name: Token) -> dict[str, Any]:
        _one_of(name, "view", "reference", "update", "tracking", "viewstat")
        return {}

    def all_rows(self) -> dict[str, Any]:
        return {"all_rows": True}

    # Conditions ------------------------------------------------------------------------------

    def conjunction(self, *parts: Condition) -> Logical:
        return Logical("and", parts)

    def disjunction(self, *parts: Condition) -> Logical:
        return Logical("or", parts)

    def negation(self, part: Condition) -> Logical:
        return Logical("not", (part,))

    def comparison(self, value: Value, operator: Token, literal: Literal) -> Comparison:
        said = operator.lower()
        if said == "like" and literal.kind == "null":
            raise unexpected("NULL", literal.position)
        return Comparison(value, "!=" if said == "<>" else said, (literal,))

    def listed(self, value: Value, operator: str, *literals: Literal | Token) -> Comparison:
        if isinstance(literals[0], Token):
            return Comparison(value, operator, _strings(literals[0]))
        return Comparison(value, operator, tuple(p for p in literals if isinstance(p, Literal)))

    def joined(self, value: Value, operator: str, query: Query) -> Join:
        return Join(value, operator, query)

    def listing(self, word: Token) -> str:
        return word.lower()

    def not_in(self, _word: Token) -> str:
        return "not in"

    def literal(self, token: Token) -> Literal:
        place = _place(token)
        if token.type == "STRING":
            return Literal("string", token[1:-1], place)
        if token.type == "NUMBER":
            return Literal("number", float(token) if "." in token else int(token), place)
        if token.type in ("DATE", "DATETIME"):
            return Literal(token.type.lower(), str(token), place)
        if token.type == "BIND":
            raise Unexpected(place, "Bind variables only allowed in Apex code")
        word = re.sub(r"\s", "", token.lower())
        if word in _CONSTANTS:
            kind, value = _CONSTANTS[word]
            return Literal(kind, value, place)
        if not dateliterals.is_known(word):
            raise unexpected(str(token), place)
        return Literal("literal", word, place)


def _place(token: Token) -> int:
    return token.start_pos or 0


def _path(token: Token) -> Path:
    return Path(tuple(token.split(".")), _place(token))


def _whole(token: Token) -> int:
    if not token.isdigit():
        raise unexpected(str(token), _place(token))
    if int(token) > LARGEST_NUMBER:
        raise Unexpected(_place(token), OUT_OF_RANGE)
    return int(token)


def _one_of(token: Token, *words: str) -> None:
    if token.lower() not in words:
        raise unexpected(str(token), _place(token))


def _strings(token: Token) -> tuple[Literal, ...]:
    start = _place(token)
    return tuple(Literal("string", m[1], start + m.start()) for m in _STRING.finditer(token))


@cache
def _grammar() -> Lark:
    """Made with the first query: an org that nobody asks starts sooner."""
    text = (files("crm_sync.localorg.soql") / "grammar.lark").read_text(encoding="utf-8")
    return Lark(
        text,
        parser="lalr",
        transformer=_Reader(),
        propagate_positions=False,
        maybe_placeholders=False,
    )


def _parse(text: str) -> Query:
    try:
        tree: Any = _grammar().parse(text)
    except Unexpected as refused:
        raise error_at(text, refused.position, "MALFORMED_QUERY", refused.message) from None
    except UnexpectedInput as refused:
        raise _refusal(text, refused) from None
    if not isinstance(tree, Query):
        raise TypeError(f"the grammar gave {type(tree).__name__}")
    return tree


_remembered = lru_cache(maxsize=2048)(_parse)


def _refusal(text: str, refused: UnexpectedInput) -> ApiError:
    if isinstance(refused, UnexpectedToken):
        at_end = refused.token.type == "$END"
        place = len(text) if at_end else _place(refused.token)
        token = "<EOF>" if at_end else str(refused.token)
        message = f"unexpected token: '{token}'"
        if not at_end and not text[:place].strip():
            # What does not even begin as a query is told without its place (R,
            # node-salesforce-connection).
            return malformed(message)
    else:
        place = int(getattr(refused, "pos_in_stream", 0))
        message = _no_token(text, place)
    return error_at(text, place, "MALFORMED_QUERY", message)


def _no_token(text: str, place: int) -> str:
    """Said of a character that begins no token, in the words of Salesforce's lexer (D, notes of
    Summer '24; U for a text that does not end)."""
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place) - 1
    if text[place : place + 1] == "'":
        return f"line {line}:{len(text)} mismatched character '<EOF>' expecting '''"
    return f"line {line}:{column} unexpected token: '{text[place : place + 1]}'"
