"""SOQL: from text to a tree; what is understood is listed in docs/local-org.md.

A text that is not SOQL answers MALFORMED_QUERY with the place, as Salesforce does; the excerpt that
Salesforce shows around the place is imitated from two recordings (R) and otherwise U.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from crm_sync.localorg.errors import ApiError

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:\\.|[^'\\])*')
    | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
    | (?P<date>\d{4}-\d{2}-\d{2})
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<symbol><=|>=|!=|<>|[=<>(),:])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
AGGREGATES = ("count", "count_distinct", "sum", "avg", "min", "max")
_CLAUSES = ("where", "with", "group", "having", "order", "limit", "offset", "for", "using", "all")
_EXCERPT = 33


@dataclass(frozen=True)
class Path:
    """A field, reached over relationships: ``Account.Owner.Name``."""

    names: tuple[str, ...]
    position: int


@dataclass(frozen=True)
class Selected:
    """One thing selected: a field, or a function of one; COUNT() has no path."""

    path: Path | None
    function: str | None = None
    alias: str | None = None


@dataclass(frozen=True)
class Literal:
    """A value: kind is string, number, date, datetime, boolean or null."""

    kind: str
    value: Any
    position: int


@dataclass(frozen=True)
class Comparison:
    path: Path
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Logical:
    """``and``/``or`` over two or more conditions, ``not`` over one."""

    operator: str
    parts: tuple["Condition", ...]


Condition = Comparison | Logical


@dataclass(frozen=True)
class Order:
    path: Path
    is_descending: bool
    are_nulls_last: bool


@dataclass(frozen=True)
class Query:
    """One parsed SELECT."""

    text: str
    selected: tuple[Selected, ...]
    object_name: str
    object_position: int
    where: Condition | None
    group_by: tuple[Path, ...]
    order_by: tuple[Order, ...]
    limit: int | None
    offset: int
    all_rows: bool

    @property
    def is_count(self) -> bool:
        """``SELECT COUNT() FROM …``: the answer is totalSize alone."""
        return len(self.selected) == 1 and self.selected[0].path is None

    @property
    def is_aggregate(self) -> bool:
        return bool(self.group_by) or any(s.function for s in self.selected)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind == "name" else self.text


def error_at(text: str, position: int, code: str, message: str) -> ApiError:
    """A refusal with the excerpt, the mark and the place, as Salesforce writes it (R)."""
    row = text.count("\n", 0, position) + 1
    line_start = text.rfind("\n", 0, position) + 1
    start = line_start
    if position - line_start > _EXCERPT:
        starts = [m.start() for m in re.finditer(r"[^\s,]+", text[:position])]
        start = next((s for s in starts if position - s <= _EXCERPT), position)
    line_end = text.find("\n", position)
    excerpt = text[start : line_end if line_end >= 0 else len(text)]
    mark = " " * (position - start) + "^"
    return ApiError(
        400,
        code,
        f"\n{excerpt}\n{mark}\nERROR at Row:{row}:Column:{position - line_start + 1}\n{message}",
    )


def parse(text: str) -> Query:
    """The tree of a query; raises ApiError MALFORMED_QUERY."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._tokenize(text)
        self._at = 0

    def query(self) -> Query:
        self._expect("select")
        selected = [self._selected()]
        while self._take(","):
            selected.append(self._selected())
        self._expect("from")
        source = self._name()
        alias = self._alias()
        if self._take("using"):
            self._expect("scope")
            self._name()
        where = self._or() if self._take("where") else None
        group_by: list[Path] = []
        if self._take("group"):
            self._expect("by")
            group_by.append(self._path())
            while self._take(","):
                group_by.append(self._path())
        order_by: list[Order] = []
        if self._take("order"):
            self._expect("by")
            order_by.append(self._order())
            while self._take(","):
                order_by.append(self._order())
        limit = self._integer() if self._take("limit") else None
        offset = self._integer() if self._take("offset") else 0
        all_rows = self._take("all") and bool(self._expect("rows"))
        if self._peek().kind != "end":
            raise self._unexpected(self._peek())
        query = Query(
            text=self._text,
            selected=tuple(selected),
            object_name=source.text,
            object_position=source.position,
            where=where,
            group_by=tuple(group_by),
            order_by=tuple(order_by),
            limit=limit,
            offset=offset,
            all_rows=all_rows,
        )
        return query if alias is None else _without_alias(query, alias)

    # Parts -----------------------------------------------------------------------------------

    def _selected(self) -> Selected:
        token = self._name()
        if self._take("("):
            function = token.word
            if function not in AGGREGATES:
                raise self._unexpected(token)
            if function == "count" and self._take(")"):
                return Selected(None, "count", self._alias())
            path = self._path()
            self._expect(")")
            return Selected(path, function, self._alias())
        return Selected(_path_of(token), None, self._alias())

    def _alias(self) -> str | None:
        token = self._peek()
        if token.kind == "name" and token.word not in ("from", *_CLAUSES):
            self._at += 1
            return token.text
        return None

    def _order(self) -> Order:
        path = self._path()
        is_descending = self._take("desc")
        if not is_descending:
            self._take("asc")
        are_nulls_last = False
        if self._take("nulls"):
            are_nulls_last = self._take("last")
            if not are_nulls_last:
                self._expect("first")
        return Order(path, is_descending, are_nulls_last)

    def _or(self) -> Condition:
        parts = [self._and()]
        while self._take("or"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Logical("or", tuple(parts))

    def _and(self) -> Condition:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Logical("and", tuple(parts))

    def _not(self) -> Condition:
        if self._take("not"):
            return Logical("not", (self._not(),))
        if self._take("("):
            inner = self._or()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._path()
        token = self._next()
        if token.word in ("=", "!=", "<>", "<", "<=", ">", ">=", "like"):
            operator = "!=" if token.word == "<>" else token.word
            return Comparison(path, operator, (self._literal(),))
        if token.word == "not":
            self._expect("in")
            return Comparison(path, "not in", self._list())
        if token.word == "in":
            return Comparison(path, "in", self._list())
        raise self._unexpected(token)

    def _list(self) -> tuple[Literal, ...]:
        self._expect("(")
        listed = [self._literal()]
        while self._take(","):
            listed.append(self._literal())
        self._expect(")")
        return tuple(listed)

    def _literal(self) -> Literal:
        token = self._next()
        if token.kind == "string":
            return Literal("string", _unescape(token.text[1:-1]), token.position)
        if token.kind in ("number", "date", "datetime"):
            value: Any = float(token.text) if token.kind == "number" else token.text
            return Literal(token.kind, value, token.position)
        if token.word in ("true", "false"):
            return Literal("boolean", token.word == "true", token.position)
        if token.word == "null":
            return Literal("null", None, token.position)
        raise self._unexpected(token)

    def _path(self) -> Path:
        return _path_of(self._name())

    def _integer(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdigit():
            raise self._unexpected(token)
        return int(token.text)

    # Tokens ----------------------------------------------------------------------------------

    def _tokenize(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                start = at + len(text[at:]) - len(text[at:].lstrip())
                raise self._malformed(start, f"unexpected token: '{text[start : start + 1]}'")
            kind = match.lastgroup
            tokens.append(_Token(kind, match[kind], match.start(kind)))
            at = match.end()
        return [*tokens, _Token("end", "<EOF>", len(text))]

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._peek()
        if token.kind != "end":
            self._at += 1
        return token

    def _take(self, word: str) -> bool:
        if self._peek().word == word and self._peek().kind != "string":
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> _Token:
        token = self._next()
        if token.word != word:
            raise self._unexpected(token)
        return token

    def _name(self) -> _Token:
        token = self._next()
        if token.kind != "name":
            raise self._unexpected(token)
        return token

    def _unexpected(self, token: _Token) -> ApiError:
        return self._malformed(token.position, f"unexpected token: '{token.text}'")

    def _malformed(self, position: int, message: str) -> ApiError:
        return error_at(self._text, position, "MALFORMED_QUERY", message)


def _path_of(token: _Token) -> Path:
    return Path(tuple(token.text.split(".")), token.position)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), text)


def _without_alias(query: Query, alias: str) -> Query:
    """``FROM Account a`` allows ``a.Name``; nothing else is different."""

    def path(p: Path) -> Path:
        is_aliased = len(p.names) > 1 and p.names[0].lower() == alias.lower()
        return Path(p.names[1:], p.position + len(alias) + 1) if is_aliased else p

    def condition(c: Condition) -> Condition:
        if isinstance(c, Logical):
            return replace(c, parts=tuple(condition(part) for part in c.parts))
        return replace(c, path=path(c.path))

    return replace(
        query,
        selected=tuple(replace(s, path=s.path and path(s.path)) for s in query.selected),
        where=query.where and condition(query.where),
        group_by=tuple(path(p) for p in query.group_by),
        order_by=tuple(replace(o, path=path(o.path)) for o in query.order_by),
    )
