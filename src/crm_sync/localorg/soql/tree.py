"""What a SOQL text says, as a tree; every position is an index into the text.

Nothing here knows the org's objects: names are as they were written.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Path:
    """A field, reached over relationships: ``Account.Owner.Name``."""

    names: tuple[str, ...]
    position: int

    @property
    def text(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a value; only COUNT() has no argument. ``function`` is in lower case."""

    function: str
    argument: "Value | None"
    position: int


Value = Path | Call


@dataclass(frozen=True, slots=True)
class Selected:
    """A value to show, under another name if there is an alias."""

    value: Value
    alias: str | None


@dataclass(frozen=True, slots=True)
class TypeOf:
    """Fields of a polymorphic parent, by the object that it turns out to be."""

    path: Path
    branches: tuple[tuple[str, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: kind is string, number, date, datetime, boolean, null or literal (TODAY …).

    A string keeps its escapes in ``value`` as written, since LIKE reads them otherwise than ``=``.
    """

    kind: str
    value: Any
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``operator`` is one of = != < <= > >= like, in, not in, includes, excludes."""

    value: Value
    operator: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """``Id IN (SELECT …)``, a semi-join; with ``not in`` an anti-join."""

    value: Value
    operator: str
    query: "Query"


@dataclass(frozen=True, slots=True)
class Logical:
    """``and``/``or`` over two or more conditions, ``not`` over one."""

    operator: str
    parts: tuple["Condition", ...]


Condition = Comparison | Join | Logical


@dataclass(frozen=True, slots=True)
class Order:
    value: Value
    is_descending: bool
    are_nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT; ``grouping`` is "", "rollup" or "cube"."""

    selected: tuple["Selected | TypeOf | Query", ...]
    source: Path
    alias: str | None
    scope: Path | None = None
    where: Condition | None = None
    group_by: tuple[Value, ...] = ()
    grouping: str = ""
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    all_rows: bool = False
