# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""Queries that count: aggregate functions, GROUP BY with ROLLUP and CUBE, HAVING (D, GROUP BY).

Texts that differ in case only are one group (U), shown as the first of them by code points.
"""

from dataclasses import replace
from itertools import combinations

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.soql import refusals
from crm_sync.localorg.soql.conditions import Conditions, SubSelect
from crm_sync.localorg.soql.functions import evaluate, is_aggregate
from crm_sync.localorg.soql.literals import NUMBERS
from crm_sync.localorg.soql.refusals import malformed
from crm_sync.localorg.soql.scope import Expression
from crm_sync.localorg.soql.select import Select
from crm_sync.localorg.soql.shape import AggregateShape, boolean, plain
from crm_sync.localorg.soql.statement import Column, Statement
from crm_sync.localorg.soql.tree import Call, Path, Query, Selected, Value

_ALL_GROUPED = "group by null"
"""One group, but none of no rows."""


def is_count(query: Query) -> bool:
    """``SELECT COUNT() FROM …``: the answer is totalSize alone."""
    [first, *more] = query.selected
    return not more and isinstance(first, Selected) and first.value == _bare_count(first.value)


def is_aggregate_query(query: Query) -> bool:
    values = [s.value for s in query.selected if isinstance(s, Selected)]
    return bool(query.group_by) or any(map(is_aggregate, values))


def compile_count(select: Select, sub_select: SubSelect | None) -> Statement:
    """COUNT(): a number of rows, at most the limit."""
    query = select.query
    if query.group_by or query.order_by:
        place = (query.group_by or (query.order_by[0].value,))[0].position
        name = "group" if query.group_by else "order"
        raise refusals.error_at(
            select.text, place, "MALFORMED_QUERY", f"unexpected token: '{name}'"
        )
    where, bounds = select.where(sub_select), select.bounds()
    sql = f"select count(*) {select.source()} {where}"
    if bounds:
        sql = f"select count(*) from (select 1 {select.source()} {where} {bounds})"
    return Statement(
        "count", select.scope.object_type, sql, tuple(select.parameters), (), AggregateShape([])
    )


def compile_aggregate(select: Select, sub_select: SubSelect | None) -> Statement:
    """One row for each group."""
    query = select.query
    if not query.group_by and query.limit is not None:
        raise malformed(
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"
        )
    where = select.where(sub_select)
    where_parameters = list(select.parameters)
    keys = [_key(select, value) for value in query.group_by]
    groupings = [_Grouping(select, keys, chosen) for chosen in _sets(query, len(keys))]
    columns, shape = _columns(select, groupings[0])
    parts = [g.sql(where, sub_select, is_alone=len(groupings) == 1) for g in groupings]
    # Every part was compiled before the joins are written: a later clause may have added one.
    sql = "\nunion all\n".join(part.replace(_FROM, select.source()) for part, _ in parts)
    parameters = [p for _, having in parts for p in (*where_parameters, *having)]
    if len(groupings) > 1:
        order = groupings[0].outer_order()
        sql = f"select * from (\n{sql}\n)" + (f"\norder by {order}" if order else "")
    return Statement(
        "aggregate",
        select.scope.object_type,
        f"{sql}\n{select.bounds()}",
        tuple(parameters),
        columns,
        shape,
        is_grouped=bool(query.group_by),
    )


_FROM = "/*from*/"


class _Grouping:
    """One SELECT with the keys that it groups by; the others are null in it."""

    def __init__(self, select: Select, keys: list[Expression], chosen: frozenset[int]) -> None:
        self._select = select
        self._keys = {key.sql: n for n, key in enumerate(keys)}
        self._grouped = [key for n, key in enumerate(keys) if n in chosen]
        self._chosen = chosen

    def find(self, value: Value) -> Expression:
        """A key of the group, or an aggregate over it."""
        if isinstance(value, Call) and is_aggregate(value):
            return self._aggregate(value)
        found = evaluate(self._select.scope, value)
        number = self._keys.get(found.sql)
        if number is None:
            raise malformed(f"Field must be grouped or aggregated: {_shown(value)}")
        if number not in self._chosen:
            return replace(found, sql="null", folds=False)
        return replace(found, sql=f"min({found.sql})") if found.folds else found

    def find_ordered(self, value: Value) -> Expression:
        try:
            return self.find(value)
        except ApiError as refused:
            if refused.body[0]["message"].startswith("Field must be grouped"):
                raise malformed(
                    f"Ordered field must be grouped or aggregated: {_shown(value)}"
                ) from None
            raise

    def sql(
        self, where: str, sub_select: SubSelect | None, *, is_alone: bool
    ) -> tuple[str, list[object]]:
        """The SELECT with a mark for its FROM, and the parameters of its HAVING."""
        query = self._select.query
        shown = [self.find(s.value).sql for s in query.selected if isinstance(s, Selected)]
        order = self._select.order(self.find_ordered)
        if not is_alone:
            shown += [_without_direction(key) for key in order]
        names = [f"{sql} as c{n}" for n, sql in enumerate(shown)]
        tail = [f"select {', '.join(names)}", _FROM, where]
        if query.group_by:
            folded = [f"folded({k.sql})" if k.folds else k.sql for k in self._grouped]
            tail.append("group by " + ", ".join(folded) if folded else _ALL_GROUPED)
        parameters: list[object] = []
        if query.having is not None:
            having = Conditions(self._select.scope, self.find, sub_select)
            tail.append("having " + having.compile(query.having))
            parameters += having.parameters
        if is_alone and order:
            tail.append("order by " + ", ".join(order))
        return "\n".join(tail), parameters

    def outer_order(self) -> str:
        """Sort keys over several groupings, which carry them as columns after the shown ones."""
        first = len(self._select.query.selected)
        keys = self._select.order(self.find_ordered)
        return ", ".join(
            f"c{first + n}{key[len(_without_direction(key)) :]}" for n, key in enumerate(keys)
        )

    def _aggregate(self, value: Call) -> Expression:
        function, argument = value.function, value.argument
        if argument is None or is_aggregate(argument):
            raise refusals.error_at(
                self._select.text, value.position, "MALFORMED_QUERY", "unexpected token: '('"
            )
        inner = evaluate(self._select.scope, argument)
        if function == "grouping":
            number = self._keys.get(inner.sql)
            if number is None:
                raise malformed(f"Field must be grouped or aggregated: {_shown(argument)}")
            excluded = int(number not in self._chosen)
            return replace(inner, sql=f"+{excluded}", kind="int", field=None, folds=False)
        is_allowed = inner.field is None or inner.field.describe["aggregatable"]
        if not is_allowed or (function in ("sum", "avg") and inner.kind not in NUMBERS):
            raise malformed(
                f"field {inner.name} does not support aggregate operator {function.upper()}"
            )
        return _applied(function, inner)


def _applied(function: str, inner: Expression) -> Expression:
    made = replace(inner, field=None)
    if function == "count":
        return replace(made, sql=f"count({inner.sql})", kind="int", folds=False)
    if function == "count_distinct":
        key = f"folded({inner.sql})" if inner.folds else inner.sql
        return replace(made, sql=f"count(distinct {key})", kind="int", folds=False)
    if inner.folds:
        # The least text by its folded form, but shown as it is.
        pair = f"{function}(folded({inner.sql}) || char(1) || {inner.sql})"
        return replace(made, sql=f"substr({pair}, instr({pair}, char(1)) + 1)")
    return replace(made, sql=f"{function}({inner.sql})")


def _key(select: Select, value: Value) -> Expression:
    found = evaluate(select.scope, value)
    if found.field is not None and not found.field.describe["groupable"]:
        raise refusals.cannot(select.text, found.name, "grouped", value.position)
    return found


def _sets(query: Query, count: int) -> list[frozenset[int]]:
    """The keys of each grouping: all; with ROLLUP also fewer from the right, with CUBE any."""
    if query.grouping == "rollup":
        return [frozenset(range(n)) for n in range(count, -1, -1)]
    if query.grouping == "cube":
        sizes = range(count, -1, -1)
        return [frozenset(c) for size in sizes for c in combinations(range(count), size)]
    return [frozenset(range(count))]


def _columns(select: Select, grouping: _Grouping) -> tuple[tuple[Column, ...], AggregateShape]:
    """Names: the alias, else the field's own name, else expr0, expr1 … for functions (D)."""
    columns: list[Column] = []
    unnamed = 0
    for index, selected in enumerate(select.query.selected):
        if not isinstance(selected, Selected):
            raise malformed("only root queries support aggregate expressions")
        found = grouping.find(selected.value)
        name = selected.alias
        if name is None and isinstance(selected.value, Call):
            name, unnamed = f"expr{unnamed}", unnamed + 1
        make = boolean(index) if found.kind == "boolean" else plain(index)
        columns.append(
            Column(
                path=(name or found.name,),
                kind=found.kind,
                field=found.field,
                display=_shown(selected.value),
                make=make,
                is_aggregate=isinstance(selected.value, Call),
            )
        )
    names = [column.path[0] for column in columns]
    twice = next((n for i, n in enumerate(names) if n.lower() in map(str.lower, names[:i])), None)
    if twice is not None:
        raise malformed(f"duplicate alias: {twice}")
    return tuple(columns), AggregateShape([(c.path[0], c.make) for c in columns])


def _bare_count(value: Value) -> Call:
    return Call("count", None, value.position)


def _shown(value: Value) -> str:
    if isinstance(value, Path):
        return value.text
    return f"{value.function}({_shown(value.argument) if value.argument else ''})"


def _without_direction(key: str) -> str:
    """A sort key without what follows its expression."""
    for ending in (" nulls first", " nulls last", " asc", " desc"):
        key = key.removesuffix(ending)
    return key
