"""Computes what a visual shows, in PostgreSQL: measures by columns, filtered and ordered.

In: a connection that may read schema analytics, the `Model`, names of columns and measures.
Out: rows. Imports `model` and psycopg.

Each measure has beside its DAX an annotation `SQL`: one query that returns one value (or no row),
over the tables of the model as if they were tables of PostgreSQL, under the names that the model
shows:

    select sum("Contract Amount")
    from "Project" join "Project Status" using ("Project Status Key")
    where "Is Contracted"

A table there holds what DAX calls its filter context: the rows that are left by the filters and by
the group's columns, of the table itself and of those to which it has a relation (many to one).
`"Project without Account"` is the same without what Account's columns leave out, as
REMOVEFILTERS ( Account ) does; several tables stand with commas between them. A null is DAX's
blank, and a group in which every measure is null is not shown.

Not as in Power BI: texts that differ only in capitals are different here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tools.powerbi.model import Model, ModelError, Relation

__all__ = ["Field", "Filter", "rows"]

Field = tuple[str, str]
"""Table and column."""

ZERO = {
    "string": "''",
    "int64": "0",
    "double": "0",
    "decimal": "0",
    "dateTime": "date '1899-12-30'",
    "boolean": "false",
}
"""What DAX takes a blank for where it compares by size."""


@dataclass(frozen=True)
class Filter:
    """Rows of a table that stay. `in` and `not in` take any number of values, None is the blank;
    the others take one, and a blank counts as 0 there, as in DAX.
    """

    table: str
    column: str
    operator: Literal["in", "not in", "<", "<=", ">", ">="]
    values: tuple[Any, ...]


def rows(
    connection: psycopg.Connection[Any],
    model: Model,
    columns: Sequence[Field],
    measures: Sequence[str],
    filters: Sequence[Filter] = (),
    order: Sequence[tuple[str, bool]] = (),
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """The rows of a visual, each by the names that a report has for its fields: `Table.Column`,
    `Table.Measure` with the measure's home table.

    `order` names such fields, True for descending; without it the columns order, each by its
    sort-by column. Raises ModelError for a name that the model has not.
    """
    for name in measures:
        if name not in model.measures:
            raise ModelError(f"the model has no measure [{name}]")
    text = _Statement(model, tuple(columns), tuple(filters)).text(measures, order, limit)
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(text.encode()).fetchall()
    shown = [named(column) for column in columns]
    shown += [named((model.measures[name].table, name)) for name in measures]
    return [{name: row[name] for name in shown} for row in found]


def named(field: Field) -> str:
    """A field's name in a report."""
    return f"{field[0]}.{field[1]}"


def quoted(name: str) -> str:
    """An identifier of PostgreSQL."""
    return sql.Identifier(name).as_string()


@dataclass(frozen=True)
class _Statement:
    """The one statement that answers for columns and filters."""

    model: Model
    columns: tuple[Field, ...]
    filters: tuple[Filter, ...]

    def __post_init__(self) -> None:
        for table, column in (*self.columns, *((f.table, f.column) for f in self.filters)):
            self.model.column(table, column)

    def text(
        self, measures: Sequence[str], order: Sequence[tuple[str, bool]], limit: int | None
    ) -> str:
        """The statement. The model's tables come first, then the groups, then their measures."""
        values = [f"    ({self._measure(name)}) as {self._shown(name)}" for name in measures]
        groups = self._groups()
        shown = " or ".join(f"{self._shown(name)} is not null" for name in measures)
        where = f"\nwhere {shown}" if shown and self.columns else ""
        sorting = ", ".join(self._order(order))
        return (
            f"with {self._tables()},\n"
            f"shown as (\nselect grouped.*{''.join(f',{chr(10)}{value}' for value in values)}\n"
            f"from (\n{groups}\n) as grouped\n)\n"
            f"select * from shown{where}"
            + (f"\norder by {sorting}" if sorting else "")
            + (f"\nlimit {limit}" if limit is not None else "")
        )

    def _tables(self) -> str:
        """Every table of the model, with the names that the model shows. PostgreSQL computes only
        those that are used.
        """
        return ",\n".join(
            f"{quoted(f'model {table.name}')} as materialized (\n    select "
            + ", ".join(f"{quoted(c.source)} as {quoted(c.name)}" for c in table.columns.values())
            + f"\n    from analytics.{quoted(table.view)}\n)"
            for table in self.model.tables.values()
        )

    def _shown(self, measure: str) -> str:
        return quoted(named((self.model.measures[measure].table, measure)))

    def _groups(self) -> str:
        """The distinct values of the columns. Those of a table and of tables that it has a relation
        to stand together as in its rows; others are combined each with each.
        """
        tables = list(dict.fromkeys(table for table, _ in self.columns))
        if not tables:
            return "select"
        leading = next((table for table in tables if set(tables) <= self._reached(table)), None)
        parts = [(leading, tables)] if leading else [(table, [table]) for table in tables]
        return "select * from " + "\ncross join ".join(
            f"({self._distinct(lead, among, only=not leading or len(tables) == 1)})"
            f" as {quoted(f'of {lead}')}"
            for lead, among in parts
        )

    def _distinct(self, leading: str, tables: list[str], only: bool) -> str:
        wanted = [
            f"{quoted(table)}.{quoted(name)} as {quoted(alias)}"
            for table, column in self.columns
            if table in tables
            for name, alias in self._with_sort(table, column)
        ]
        source = self._with_blank(leading) if only else quoted(f"model {leading}")
        joins, conditions = self._joins(leading, without=frozenset(), grouped=False)
        reached = [
            self._join(relation)
            for relation in self.model.relations
            if relation.many[0] == leading
            and relation.one[0] in tables
            and self._join(relation) not in joins
        ]
        return (
            f"select distinct {', '.join(wanted)} from {source} as {quoted(leading)}"
            f"{''.join((*joins, *reached))}{_where(conditions)}"
        )

    def _with_blank(self, table: str) -> str:
        """A table with the blank row that stands for rows of others that find no match in it."""
        missing = [
            f"exists (select from {quoted(f'model {relation.many[0]}')} as many"
            f" where not exists (select from {quoted(f'model {table}')} as one"
            f" where one.{quoted(relation.one[1])} = many.{quoted(relation.many[1])}))"
            for relation in self.model.relations
            if relation.one[0] == table
        ]
        own = quoted(f"model {table}")
        if not missing:
            return own
        return (
            f"(select * from {own} union all"
            f" select blank.* from (select) as nothing left join {own} as blank on false"
            f" where {' or '.join(missing)})"
        )

    def _with_sort(self, table: str, column: str) -> list[Field]:
        """A column and what it is sorted by, each with its name in the groups."""
        sort_by = self.model.column(table, column).sort_by
        name = named((table, column))
        return [(column, name), *([(sort_by, f"order of {name}")] if sort_by else [])]

    def _measure(self, name: str) -> str:
        """A measure's query, behind the tables that it names, each as the group leaves it."""
        query = self.model.measures[name].sql
        found = dict.fromkeys(re.findall(r'"([^"]+)"', query))
        contexts = [
            f"{quoted(text)} as (\n{self._context(*_parted(text))}\n)"
            for text in found
            if _parted(text)[0] in self.model.tables
        ]
        return f"with {', '.join(contexts)}\n{query}" if contexts else query

    def _context(self, table: str, without: frozenset[str]) -> str:
        """The rows of a table that filters and group leave, but for those of the tables named."""
        unknown = without - self.model.tables.keys()
        if unknown:
            raise ModelError(f"the model has no table {', '.join(sorted(unknown))}")
        joins, conditions = self._joins(table, without, grouped=True)
        own = quoted(table)
        return (
            f"select {own}.* from {quoted(f'model {table}')} as {own}"
            f"{''.join(joins)}{_where(conditions)}"
        )

    def _joins(
        self, table: str, without: frozenset[str], grouped: bool
    ) -> tuple[list[str], list[str]]:
        """What restricts a table: joins to the tables that it reaches, and conditions."""
        joins = []
        conditions = []
        for relation in self._outgoing(table):
            if relation.one[0] not in without:
                found = self._conditions(relation.one[0], grouped)
                joins += [self._join(relation)] if found else []
                conditions += found
        if table not in without:
            conditions += self._conditions(table, grouped)
        return joins, conditions

    def _conditions(self, table: str, grouped: bool) -> list[str]:
        """What filters, and if `grouped` the group's columns, ask of a table."""
        asked = [self._condition(found) for found in self.filters if found.table == table]
        if grouped:
            asked += [
                f"{quoted(table)}.{quoted(column)} is not distinct from"
                f" grouped.{quoted(named((table, column)))}"
                for owner, column in self.columns
                if owner == table
            ]
        return asked

    def _condition(self, asked: Filter) -> str:
        column = f"{quoted(asked.table)}.{quoted(asked.column)}"
        literals = [sql.Literal(value).as_string() for value in asked.values if value is not None]
        if asked.operator in ("in", "not in"):
            parts = [f"{column} in ({', '.join(literals)})"] if literals else []
            parts += [f"{column} is null"] if None in asked.values else []
            # Of a blank, IN ('x') is unknown in SQL and false in DAX.
            found = f"coalesce({' or '.join(parts) or 'false'}, false)"
            return found if asked.operator == "in" else f"not {found}"
        zero = ZERO[self.model.column(asked.table, asked.column).kind]
        (value,) = literals
        return f"coalesce({column}, {zero}) {asked.operator} {value}"

    def _order(self, order: Sequence[tuple[str, bool]]) -> Iterable[str]:
        """Blank is the lowest, as in Power BI."""
        sorted_by = {named(field): self._with_sort(*field)[-1][1] for field in self.columns}
        for name, is_descending in order or [(named(field), False) for field in self.columns]:
            by = quoted(sorted_by.get(name, name))
            yield f"{by} desc nulls last" if is_descending else f"{by} nulls first"

    def _outgoing(self, table: str) -> list[Relation]:
        return [relation for relation in self.model.relations if relation.many[0] == table]

    def _reached(self, table: str) -> set[str]:
        return {table, *(relation.one[0] for relation in self._outgoing(table))}

    @staticmethod
    def _join(relation: Relation) -> str:
        (many, key), (one, unique) = relation.many, relation.one
        return (
            f" left join {quoted(f'model {one}')} as {quoted(one)}"
            f" on {quoted(one)}.{quoted(unique)} = {quoted(many)}.{quoted(key)}"
        )


def _parted(text: str) -> tuple[str, frozenset[str]]:
    """`Project without Account, Date` as the table and the tables that do not restrict it."""
    table, _, without = text.partition(" without ")
    return table, frozenset(without.split(", ")) if without else frozenset()


def _where(conditions: list[str]) -> str:
    return f" where {' and '.join(conditions)}" if conditions else ""
