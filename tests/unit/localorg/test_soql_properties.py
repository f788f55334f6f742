"""Random queries over random rows find what a plain evaluation finds (``soql_model``)."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_sync.localorg.records import identifiers, values
from crm_sync.localorg.records.store import Store
from crm_sync.localorg.schema import load_schema
from crm_sync.localorg.soql.compile import compile_query
from crm_sync.localorg.soql.context import QueryContext
from crm_sync.localorg.soql.dateliterals import Calendar
from crm_sync.localorg.soql.results import Results

from . import soql_model as model
from .soql_model import Data, Row

CONTEXT = QueryContext(zone="Europe/Berlin", calendar=Calendar(model.NOW, model.ZONE))
BASE = "/services/data/v60.0"
SETTINGS = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def account_id(number: int) -> str:
    return identifiers.build("001", "Lo0", number)


class Org:
    """A store that the rows of each example are put into, and queries."""

    def __init__(self) -> None:
        self.schema = load_schema()
        self.store = Store(self.schema, None)
        numbers = iter(range(1, 10**9))
        self.results = Results(
            self.store,
            lambda: identifiers.build("01g", "Lo0", next(numbers)),
            lambda: model.NOW,
        )

    def fill(self, data: Data) -> None:
        for name, rows in data.rows.items():
            self.store.execute(f'delete from "{name}"')
            self.store.insert(
                self.schema[name], [{k: stored(v) for k, v in r.items()} for r in rows]
            )

    def query(self, soql: str, page_size: int = 2000, *, with_deleted: bool = False) -> list[Row]:
        """Every record, over as many pages as it takes, children too."""
        statement = compile_query(self.schema, soql, CONTEXT, with_deleted=with_deleted)
        page = self.results.first_page(statement, page_size, "005", BASE)
        return self._whole(page)

    def _whole(self, page: Row) -> list[Row]:
        records = list(page["records"])
        size = page["totalSize"]
        while not page["done"]:
            page = self.results.next_page(page["nextRecordsUrl"].rsplit("/", 1)[1], "005", BASE)
            assert page["totalSize"] == size
            records += page["records"]
        assert len(records) == size
        return [
            {
                k: self._whole(v) if isinstance(v, dict) and "records" in v else v
                for k, v in r.items()
            }
            for r in records
        ]


@pytest.fixture(scope="module")
def org() -> Iterator[Org]:
    made = Org()
    yield made
    made.store.close()


def stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return values.format_datetime(value)
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


accounts = st.lists(
    st.fixed_dictionaries(
        {
            "Site": optional(model.texts),
            "CRM_Id__c": optional(model.texts),
            "Rating": optional(st.sampled_from(["Cold", "Hot", "Warm", "warm", "other"])),
            "AnnualRevenue": optional(model.numbers.map(float)),
            "NumberOfEmployees": optional(model.numbers),
            "CreatedDate": model.moments,
            "ParentId": optional(model.ids.map(account_id)),
            "IsDeleted": st.sampled_from([False, False, False, True]),
        }
    ),
    min_size=2,
    max_size=6,
)
opportunities = st.lists(
    st.fixed_dictionaries(
        {
            "Name": model.texts,
            "CRM_Id__c": optional(model.texts),
            "Amount": optional(model.numbers.map(float)),
            "CloseDate": model.days,
            "IsWon": st.booleans(),
            "StageName": st.sampled_from(model.STAGES),
            "AccountId": optional(model.ids.map(account_id)),
            "IsDeleted": st.sampled_from([False, False, False, True]),
        }
    ),
    min_size=3,
    max_size=9,
)


def made(account_rows: list[Row], opportunity_rows: list[Row]) -> Data:
    return Data(
        [{"Id": account_id(n), **row} for n, row in enumerate(account_rows)],
        [
            {"Id": identifiers.build("006", "Lo0", n), **row}
            for n, row in enumerate(opportunity_rows)
        ],
    )


datas = st.builds(made, accounts, opportunities)
objects = st.sampled_from(sorted(model.KINDS))
page_sizes = st.sampled_from([1, 3, 2000])


@st.composite
def orders(draw: st.DrawFn, object_name: str) -> list[tuple[str, str, str]]:
    fields = st.sampled_from(sorted(model.KINDS[object_name]))
    return draw(
        st.lists(
            st.tuples(
                fields, st.sampled_from(["", "ASC", "DESC"]), st.sampled_from(["", "FIRST", "LAST"])
            ),
            max_size=3,
            unique_by=lambda order: order[0],
        )
    )


bounds = st.tuples(optional(st.integers(0, 5)), st.integers(0, 3))


def tail(order: list[tuple[str, str, str]], limits: tuple[int | None, int]) -> str:
    """ORDER BY, LIMIT and OFFSET as SOQL."""
    keys = [f"{f} {d} {'NULLS ' + n if n else ''}" for f, d, n in order]
    limit, offset = limits
    return (
        (f" ORDER BY {', '.join(keys)}" if keys else "")
        + (f" LIMIT {limit}" if limit is not None else "")
        + (f" OFFSET {offset}" if offset else "")
    )


def cut(rows: list[Row], limits: tuple[int | None, int]) -> list[Row]:
    limit, offset = limits
    rows = rows[offset:]
    return rows if limit is None else rows[:limit]


@SETTINGS
@given(st.data(), datas, objects, page_sizes, bounds, st.booleans())
def test_a_query_finds_the_rows_that_hold_in_their_order(
    org: Org,
    draws: st.DataObject,
    data: Data,
    object_name: str,
    page_size: int,
    limits: tuple[int | None, int],
    with_deleted: bool,
) -> None:
    condition = draws.draw(model.conditions(object_name))
    order = draws.draw(orders(object_name))
    soql = f"SELECT Id FROM {object_name} WHERE {model.render(condition, account_id)}"
    org.fill(data)
    found = org.query(soql + tail(order, limits), page_size, with_deleted=with_deleted)
    rows = data.rows[object_name] if with_deleted else data.living(object_name)
    expected = [r for r in rows if model.holds(condition, r, account_id, data)]
    expected = cut(model.ordered(data, expected, order), limits)
    assert [r["Id"] for r in found] == [r["Id"] for r in expected], soql


@pytest.mark.parametrize(
    ("object_name", "field"),
    [
        ("Account", "Site"),
        ("Account", "CRM_Id__c"),
        ("Account", "Rating"),
        ("Account", "CreatedDate"),
        ("Account", "AnnualRevenue"),
        ("Account", "ParentId"),
        ("Opportunity", "CloseDate"),
        ("Opportunity", "IsWon"),
        ("Opportunity", "Account.Site"),
    ],
)
@settings(SETTINGS, max_examples=60)
@given(st.data(), datas)
def test_each_comparison_of_a_field(
    org: Org, object_name: str, field: str, draws: st.DataObject, data: Data
) -> None:
    org.fill(data)
    comparisons = st.lists(model.comparisons(object_name, field), min_size=8, max_size=8)
    for condition in draws.draw(comparisons):
        soql = f"SELECT Id FROM {object_name} WHERE {model.render(condition, account_id)}"
        rows = data.living(object_name)
        expected = [r["Id"] for r in rows if model.holds(condition, r, account_id, data)]
        assert [r["Id"] for r in org.query(soql)] == expected, soql


@SETTINGS
@given(st.data(), datas, page_sizes)
def test_semi_joins_and_anti_joins(
    org: Org, draws: st.DataObject, data: Data, page_size: int
) -> None:
    outer, field, inner, inner_field = draws.draw(
        st.sampled_from(
            [
                ("Account", "Id", "Opportunity", "AccountId"),
                ("Account", "ParentId", "Opportunity", "AccountId"),
                ("Opportunity", "AccountId", "Account", "Id"),
                ("Opportunity", "AccountId", "Account", "ParentId"),
            ]
        )
    )
    operator = draws.draw(st.sampled_from(["IN", "NOT IN"]))
    where = draws.draw(optional(model.conditions(inner)))
    also = draws.draw(optional(model.conditions(outer)))
    condition: model.Condition = ("joined", field, operator, inner, inner_field, where)
    if also is not None:
        condition = ("AND", [condition, also])
    soql = f"SELECT Id FROM {outer} WHERE {model.render(condition, account_id)}"
    org.fill(data)
    expected = [r for r in data.living(outer) if model.holds(condition, r, account_id, data)]
    assert [r["Id"] for r in org.query(soql, page_size)] == [r["Id"] for r in expected], soql


@SETTINGS
@given(st.data(), datas, page_sizes, bounds)
def test_children_of_each_parent(
    org: Org,
    draws: st.DataObject,
    data: Data,
    page_size: int,
    limits: tuple[int | None, int],
) -> None:
    condition = draws.draw(optional(model.comparisons("Opportunity")))
    order = draws.draw(orders("Opportunity"))
    where = f" WHERE {model.render(condition, account_id)}" if condition else ""
    child = f"SELECT Id, Account.Site FROM Opportunities{where}{tail(order, limits)}"
    org.fill(data)
    found = org.query(f"SELECT Id, ({child}) FROM Account", page_size)
    assert [r["Id"] for r in found] == [r["Id"] for r in data.living("Account")]
    for record in found:
        own = [
            row
            for row in data.living("Opportunity")
            if row["AccountId"] == record["Id"]
            and (condition is None or model.holds(condition, row, account_id, data))
        ]
        expected = cut(model.ordered(data, own, order), limits)
        children = record["Opportunities"]
        assert (children is None) == (not expected)
        assert [c["Id"] for c in children or []] == [r["Id"] for r in expected], child
        for c in children or []:
            parent = next(r for r in data.rows["Account"] if r["Id"] == record["Id"])
            assert c["Account"]["Site"] == parent["Site"]


@SETTINGS
@given(st.data(), datas, objects)
def test_values_of_a_record_and_its_parents(
    org: Org, draws: st.DataObject, data: Data, object_name: str
) -> None:
    fields = draws.draw(
        st.lists(st.sampled_from(sorted(model.KINDS[object_name])), min_size=1, unique=True)
    )
    org.fill(data)
    found = org.query(f"SELECT {', '.join(fields)} FROM {object_name}")
    statement = compile_query(org.schema, f"SELECT {', '.join(fields)} FROM {object_name}", CONTEXT)
    assert [".".join(column.path) for column in statement.columns] == fields
    flat = [
        [column.make(row, BASE) for column in statement.columns]
        for row in org.results.stream(statement, "005")
    ]
    assert flat == [
        [stored(data.value(row, field)) for field in fields] for row in data.living(object_name)
    ]
    for record, row in zip(found, data.living(object_name), strict=True):
        assert list(record)[1:] == list(dict.fromkeys(f.split(".")[0] for f in fields))
        for field in fields:
            here: Any = record
            for name in field.split("."):
                here = here and here[name]
            assert here == stored(data.value(row, field)), field


AGGREGATES: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda vs: len({model.folded(v) if isinstance(v, str) else v for v in vs}),
    "SUM": lambda vs: sum(vs) if vs else None,
    "AVG": lambda vs: pytest.approx(sum(vs) / len(vs)) if vs else None,
    "MIN": lambda vs: min(vs, key=_sortable) if vs else None,
    "MAX": lambda vs: max(vs, key=_sortable) if vs else None,
}


def _sortable(value: Any) -> Any:
    return model.sort_text(value) if isinstance(value, str) else value


@SETTINGS
@given(st.data(), datas, st.sampled_from(["", "ROLLUP", "CUBE"]))
def test_groups_and_their_numbers(
    org: Org, draws: st.DataObject, data: Data, grouping: str
) -> None:
    keys = draws.draw(
        st.lists(
            st.sampled_from(["StageName", "IsWon", "AccountId", "Account.Site", "Name"]),
            min_size=1 if grouping else 0,
            max_size=2,
            unique=True,
        ).filter(lambda names: not {"Account.Site", "Name"} <= set(names))
    )
    function = draws.draw(st.sampled_from(sorted(AGGREGATES)))
    numeric = ["Amount"] if function in ("SUM", "AVG") else ["Amount", "CloseDate", "Name"]
    field = draws.draw(st.sampled_from(numeric))
    condition = draws.draw(optional(model.conditions("Opportunity")))
    operator, least = draws.draw(st.sampled_from(["=", "!=", ">", "<="])), draws.draw(model.numbers)
    has_having = bool(keys) and draws.draw(st.booleans())
    listed = ", ".join(keys)
    group_by = f"{grouping}({listed})" if grouping else listed
    soql = (
        f"SELECT {', '.join([*keys, f'{function}({field})', 'COUNT(Id) n'])} FROM Opportunity"
        + (f" WHERE {model.render(condition, account_id)}" if condition else "")
        + (f" GROUP BY {group_by}" if keys else "")
        + (f" HAVING COUNT(Id) {operator} {least}" if has_having else "")
    )
    org.fill(data)
    found = org.query(soql)
    rows = [
        r
        for r in data.living("Opportunity")
        if condition is None or model.holds(condition, r, account_id, data)
    ]
    expected: list[tuple[Any, ...]] = []
    for chosen in _chosen(keys, grouping):
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in rows:
            key = [_group_key(data.value(row, k)) if k in chosen else None for k in keys]
            groups.setdefault(tuple(key), []).append(row)
        if not keys:
            groups.setdefault((), [])
        for group_key, members in groups.items():
            tests = {"=": int.__eq__, "!=": int.__ne__, ">": int.__gt__, "<=": int.__le__}
            if not has_having or tests[operator](len(members), least):
                actual = [v for m in members if (v := data.value(m, field)) is not None]
                expected.append((*group_key, AGGREGATES[function](actual), len(members)))
    names = [k.split(".")[-1] for k in keys]
    shown = [(*(_group_key(r[n]) for n in names), r["expr0"], r["n"]) for r in found]
    assert Counter(map(_plain, shown)) == Counter(map(_plain, expected)), soql


def _chosen(keys: list[str], grouping: str) -> list[set[str]]:
    if grouping == "ROLLUP":
        return [set(keys[:n]) for n in range(len(keys) + 1)]
    if grouping == "CUBE":
        without = partial(_chosen, grouping="CUBE")
        return (
            [set(keys[:1]) | s for s in without(keys[1:])] + without(keys[1:]) if keys else [set()]
        )
    return [set(keys)]


def _group_key(value: Any) -> Any:
    return model.folded(value) if isinstance(value, str) and len(value) < 18 else value


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Comparable: texts folded, numbers rounded."""
    return tuple(
        round(float(getattr(v, "expected", v)), 9)
        if isinstance(v, int | float) or hasattr(v, "expected")
        else _group_key(stored(v))
        for v in row
    )
