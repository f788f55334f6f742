"""Random SOQL, and what it means by a plain evaluation over dicts.

Written from the rules of SOQL, not from the compiler: texts are compared through a table of
letters, date literals by looking at each day of a calendar, LIKE by trying. A condition is a tuple
that :func:`render` writes as SOQL and :func:`holds` evaluates.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

Row = dict[str, Any]
Condition = tuple[Any, ...]

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
"""After midnight of the 30th for the user, on the night after the clocks went forward."""
TODAY = date(2026, 3, 30)

LOWER = dict(zip(ascii_uppercase + "ÄЖ", ascii_lowercase + "äж", strict=True))
UPPER = {small: large for large, small in LOWER.items()}
LETTERS = "aAbBäÄжЖß_%\\' "
FEW_TEXTS = ("a", "A", "Ä", "ä", "Äb", "äB")
"""Texts that often differ in case only."""

RATINGS = ("Hot", "Warm", "Cold")
STAGES = ("Prospecting", "Closed Won", "own stage")
PICKLISTS = {"Rating": RATINGS, "StageName": STAGES[:2]}
"""Values that sort by their place in the list."""

KINDS = {
    "Account": {
        "Site": "text",
        "CRM_Id__c": "exact",
        "Rating": "text",
        "AnnualRevenue": "number",
        "NumberOfEmployees": "number",
        "CreatedDate": "datetime",
        "Id": "id",
        "ParentId": "id",
        "Parent.Site": "text",
        "Parent.Parent.AnnualRevenue": "number",
    },
    "Opportunity": {
        "Name": "text",
        "CRM_Id__c": "exact",
        "Amount": "number",
        "CloseDate": "date",
        "IsWon": "boolean",
        "StageName": "text",
        "Id": "id",
        "AccountId": "id",
        "Account.Site": "text",
        "Account.Parent.NumberOfEmployees": "number",
        "Account.CreatedDate": "datetime",
    },
}

texts = st.text(LETTERS, min_size=1, max_size=3).filter(lambda t: t.strip() != "")
texts |= st.sampled_from(FEW_TEXTS)
patterns = st.lists(
    st.sampled_from([*"aAbBäÄжЖß_%%' ", "\\_", "\\%", "\\\\"]), min_size=1, max_size=4
).map("".join) | st.sampled_from(["ä%", "%Ä%", "_B", "Ä"])
numbers = st.integers(-2, 3)
days = st.integers(-500, 500).map(lambda n: TODAY + timedelta(n)) | st.integers(-3, 3).map(
    lambda n: TODAY + timedelta(n)
)
moments = st.builds(
    lambda day, hour, half: datetime(day.year, day.month, day.day, hour, half * 30, tzinfo=UTC),
    days,
    st.integers(0, 23),
    st.integers(0, 1),
)
ids = st.integers(0, 3)


def folded(text: str) -> str:
    """A text by which = and LIKE compare."""
    return "".join(LOWER.get(c, c) for c in text)


def sort_text(text: str) -> str:
    """A text by which < and ORDER BY compare."""
    return "".join(UPPER.get(c, c) for c in text)


# Conditions ----------------------------------------------------------------------------------


@st.composite
def comparisons(draw: st.DrawFn, object_name: str, field: str | None = None) -> Condition:
    """One comparison of a field with literals."""
    kinds = KINDS[object_name]
    field = field or draw(st.sampled_from(sorted(kinds)))
    kind = kinds[field]
    function = ""
    if kind in ("date", "datetime") and draw(st.booleans()):
        function = draw(st.sampled_from(["CALENDAR_MONTH", "CALENDAR_QUARTER", "DAY_IN_WEEK"]))
        kind = "number"
    elif kind == "datetime" and draw(st.booleans()):
        function, kind = "DAY_ONLY", "date"
    operators = ["=", "!=", "<>", "IN", "NOT IN"]
    if kind != "boolean":
        operators += ["<", "<=", ">", ">="]
    if kind in ("text", "exact"):
        operators += ["LIKE", "LIKE"]
    operator = draw(st.sampled_from(operators))
    values = {
        "text": texts | st.sampled_from([*RATINGS, *STAGES]),
        "exact": texts,
        "number": numbers,
        "boolean": st.booleans(),
        "date": days | literals,
        "datetime": moments | literals,
        "id": ids.map(lambda n: ("id", n)),
    }[kind]
    if operator in ("=", "!=", "<>"):
        values |= st.none()
    if operator in ("IN", "NOT IN"):
        given = draw(st.lists(values | st.none(), min_size=1, max_size=12))
    elif operator == "LIKE":
        given = [draw(patterns)]
    else:
        given = [draw(values)]
    return ("compare", field, function, operator, given)


def conditions(object_name: str) -> st.SearchStrategy[Condition]:
    """Trees of comparisons."""
    return st.recursive(
        comparisons(object_name),
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)),
            st.tuples(st.just("NOT"), st.lists(inner, min_size=1, max_size=1)),
        ),
        max_leaves=5,
    )


def render(condition: Condition, id_of: Callable[[int], str]) -> str:
    """The condition as SOQL."""
    if condition[0] == "NOT":
        return f"NOT ({render(condition[1][0], id_of)})"
    if condition[0] in ("AND", "OR"):
        parts = [f"({render(part, id_of)})" for part in condition[1]]
        return f" {condition[0].lower()} ".join(parts)
    if condition[0] == "joined":
        _, field, operator, object_name, inner_field, inner = condition
        where = f" WHERE {render(inner, id_of)}" if inner else ""
        return f"{field} {operator} (SELECT {inner_field} FROM {object_name}{where})"
    _, field, function, operator, given = condition
    named = f"{function}({field})" if function else field
    shown = [_literal(value, id_of, is_pattern=operator == "LIKE") for value in given]
    listed = f"({', '.join(shown)})" if "IN" in operator else shown[0]
    return f"{named} {operator} {listed}"


def _literal(value: Any, id_of: Callable[[int], str], *, is_pattern: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, tuple):
        return value[1] if value[0] == "literal" else f"'{id_of(value[1])}'"
    if isinstance(value, datetime):
        return value.astimezone(ZONE).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        # A pattern has its escapes already.
        written = value if is_pattern else value.replace("\\", "\\\\")
        return "'" + written.replace("'", "\\'") + "'"
    return str(value)


def holds(condition: Condition, row: Row, id_of: Callable[[int], str], data: "Data") -> bool:
    """Whether a row satisfies it."""
    if condition[0] == "NOT":
        return not holds(condition[1][0], row, id_of, data)
    if condition[0] == "AND":
        return all(holds(part, row, id_of, data) for part in condition[1])
    if condition[0] == "OR":
        return any(holds(part, row, id_of, data) for part in condition[1])
    if condition[0] == "joined":
        _, field, operator, object_name, inner_field, inner = condition
        found = {
            r[inner_field]
            for r in data.living(object_name)
            if inner is None or holds(inner, r, id_of, data)
        }
        is_in = row[field] is not None and row[field] in found
        return is_in if operator == "IN" else not is_in
    _, field, function, operator, given = condition
    kind = data.kind(row, field)
    actual = _applied(function, data.value(row, field))
    is_one = [_equals(actual, value, kind, id_of) for value in given]
    if operator in ("=", "IN"):
        return any(is_one)
    if operator in ("!=", "<>", "NOT IN"):
        return not any(is_one)
    if actual is None:
        return False
    if operator == "LIKE":
        return _matches(folded(given[0]), folded(actual))
    low, high = _ends(given[0], kind, id_of)
    compared = sort_text(actual) if kind == "text" else actual
    if isinstance(low, date) and not isinstance(low, datetime) and isinstance(actual, datetime):
        compared = actual.astimezone(ZONE).date()
    return bool(
        {"<": compared < low, "<=": compared <= high, ">": compared > high, ">=": compared >= low}[
            operator
        ]
    )


def _applied(function: str, value: Any) -> Any:
    """Functions of dates count in UTC."""
    if not function or value is None:
        return value
    if function == "DAY_ONLY":
        return value.date()
    if function == "CALENDAR_MONTH":
        return value.month
    if function == "CALENDAR_QUARTER":
        return (1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)[value.month - 1]
    return value.isoweekday() % 7 + 1


def _equals(actual: Any, value: Any, kind: str, id_of: Callable[[int], str]) -> bool:
    if value is None or actual is None:
        return value is None and actual is None
    if kind == "text":
        return folded(actual) == folded(value)
    low, high = _ends(value, kind, id_of)
    if isinstance(low, date) and not isinstance(low, datetime) and isinstance(actual, datetime):
        actual = actual.astimezone(ZONE).date()
    return bool(low <= actual <= high)


def _ends(value: Any, kind: str, id_of: Callable[[int], str]) -> tuple[Any, Any]:
    """The first and the last value that a literal means."""
    if isinstance(value, tuple) and value[0] == "literal":
        found = _days_of(value[1])
        return found[0], found[-1]
    if isinstance(value, tuple):
        value = id_of(value[1])
    if kind == "text":
        value = sort_text(value)
    return value, value


def _matches(pattern: str, text: str) -> bool:
    """LIKE, by trying."""
    if not pattern:
        return not text
    if len(pattern) > 1 and pattern[0] == "\\" and pattern[1] in "_%\\":
        return text[:1] == pattern[1] and _matches(pattern[2:], text[1:])
    if pattern[0] == "%":
        return any(_matches(pattern[1:], text[n:]) for n in range(len(text) + 1))
    if pattern[0] == "_":
        return text != "" and _matches(pattern[1:], text[1:])
    return text[:1] == pattern[0] and _matches(pattern[1:], text[1:])


# Date literals, a day at a time --------------------------------------------------------------

CALENDAR = [TODAY + timedelta(n) for n in range(-1200, 1200)]


def _week(day: date) -> int:
    """Weeks that begin on Sunday, counted."""
    return day.toordinal() // 7


def _month(day: date) -> int:
    return day.year * 12 + day.month


def _quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


PERIODS: dict[str, Callable[[date], int]] = {
    "DAY": date.toordinal,
    "WEEK": _week,
    "MONTH": _month,
    "QUARTER": _quarter,
    "YEAR": lambda day: day.year,
    "FISCAL_QUARTER": _quarter,
    "FISCAL_YEAR": lambda day: day.year,
}

literals = st.one_of(
    st.sampled_from(["TODAY", "yesterday", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"]),
    st.builds(
        lambda side, unit: f"{side}_{unit}",
        st.sampled_from(["LAST", "THIS", "NEXT"]),
        st.sampled_from([unit for unit in PERIODS if unit != "DAY"]),
    ),
    st.builds(
        lambda form, unit, n: form.format(unit=unit, n=n),
        st.sampled_from(["LAST_N_{unit}S:{n}", "NEXT_N_{unit}S:{n}", "N_{unit}S_AGO:{n}"]),
        st.sampled_from(sorted(PERIODS)),
        st.integers(1, 2),
    ),
).map(lambda word: ("literal", word))


@cache
def _days_of(word: str) -> list[date]:
    word = word.upper()
    for name, distance in (("YESTERDAY", -1), ("TODAY", 0), ("TOMORROW", 1)):
        if word == name:
            return [TODAY + timedelta(distance)]
    if word == "LAST_90_DAYS":
        return [d for d in CALENDAR if -90 <= (d - TODAY).days <= 0]
    if word == "NEXT_90_DAYS":
        return [d for d in CALENDAR if 1 <= (d - TODAY).days <= 90]
    word, _, n = word.partition(":")
    if not n:
        side, _, unit = word.partition("_")
        wanted: Iterable[int] = [{"LAST": -1, "THIS": 0, "NEXT": 1}[side]]
    elif word.endswith("_AGO"):
        unit, wanted = word[2:-5], [-int(n)]
    else:
        unit = word[7:-1]
        last = range(-int(n), 1 if unit == "DAY" else 0)
        wanted = last if word.startswith("LAST") else range(1, int(n) + 1)
    period = PERIODS[unit]
    return [d for d in CALENDAR if period(d) - period(TODAY) in wanted]


# Data ----------------------------------------------------------------------------------------


class Data:
    """The rows of a test; a value over a relationship is looked up, null where a parent is not."""

    def __init__(self, accounts: list[Row], opportunities: list[Row]) -> None:
        self.rows = {"Account": accounts, "Opportunity": opportunities}
        self._by_id = {row["Id"]: row for row in [*accounts, *opportunities]}

    def living(self, object_name: str) -> list[Row]:
        return [row for row in self.rows[object_name] if not row["IsDeleted"]]

    def value(self, row: Row | None, path: str) -> Any:
        *relationships, name = path.split(".")
        for relationship in relationships:
            row = self._by_id.get(row[relationship + "Id"]) if row else None
        return row[name] if row else None

    @staticmethod
    def kind(row: Row, path: str) -> str:
        return KINDS["Account" if "Site" in row else "Opportunity"][path]


def sort_key(data: Data, field: str) -> Callable[[Row], Any]:
    """Orders rows whose value is not null; a picklist by its list, then other values."""

    def key(row: Row) -> Any:
        value = data.value(row, field)
        kind = data.kind(row, field)
        if field in PICKLISTS:
            listed = [folded(v) for v in PICKLISTS[field]]
            known = folded(value) in listed
            return (listed.index(folded(value)) if known else len(listed), sort_text(value))
        return sort_text(value) if kind == "text" else value

    return key


def ordered(data: Data, rows: list[Row], order: list[tuple[str, str, str]]) -> list[Row]:
    """Sorted by several fields; equal rows stay in the order of creation."""
    found = list(rows)
    for field, direction, nulls in reversed(order):
        some = [r for r in found if data.value(r, field) is not None]
        none = [r for r in found if data.value(r, field) is None]
        some.sort(key=sort_key(data, field), reverse=False)
        if direction == "DESC":
            some = _descending(some, sort_key(data, field))
        found = [*some, *none] if nulls == "LAST" else [*none, *some]
    return found


def _descending(rows: list[Row], key: Callable[[Row], Any]) -> list[Row]:
    """Backwards, but equal ones as they were."""
    groups: list[list[Row]] = []
    for row in rows:
        if groups and key(groups[-1][0]) == key(row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [row for group in reversed(groups) for row in group]
