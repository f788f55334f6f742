"""Keys of a mapping's rows, as SQL: which rows a change elsewhere reaches, and what they look up.

In: a mapping and the tables' facts (catalog). Out: composed SQL. Some of it reads temporary tables
of a plan (`sync/plan.sql`).
"""

from __future__ import annotations

import json

from psycopg import sql

from crm_sync.mapping.catalog import Catalog, ForeignKey
from crm_sync.mapping.compile import (
    compile_mapping,
    joins_of,
    raw,
    rows_of,
    searched_value,
    values_of,
)
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.source import table_of
from crm_sync.salesforce.describe import ObjectFacts

__all__ = [
    "differing_rows",
    "foreign_key",
    "new_rows",
    "present_keys",
    "reference_values",
    "rows_joining",
]


def reference_values(
    mapping: Mapping, field: str, catalog: Catalog, *, due: bool = False
) -> sql.Composed:
    """SELECT of the distinct values by which one reference lookup searches Salesforce; of all rows,
    or of those in `due_row`.
    """
    table = table_of(mapping, catalog)
    return sql.Composed(
        [
            sql.SQL("select distinct {}\nfrom {} as source\n").format(
                searched_value(mapping, field), rows_of(mapping, table, None, due=due)
            ),
            *joins_of(mapping, table),
            *values_of(mapping, table, []),
            sql.SQL("where value.{}::text <> ''\n").format(sql.Identifier(f"{field}.0")),
        ]
    )


def present_keys(mapping: Mapping, catalog: Catalog, *, due: bool = False) -> sql.Composed:
    """SELECT of every key in a mapping's table, its `where` or not, with the mapping's name; or of
    those in `due_row`.
    """
    return sql.SQL("select {}, source.{}::text\nfrom {} as source\n").format(
        sql.Literal(mapping.name),
        sql.Identifier(mapping.source.key),
        rows_of(mapping, table_of(mapping, catalog), None, due=due),
    )


def differing_rows(
    mapping: Mapping, catalog: Catalog, facts: ObjectFacts, org_id: str
) -> sql.Composed:
    """SELECT of the rows that are not as their record has them (`named_record` of `sync/plan.sql`),
    and of records without a row. It may name rows that turn out to be in order, never too few.
    """
    fields = [name for name, lookup in mapping.lookups.items() if lookup.branches]
    parents = [sql.Identifier(f"parent {name}") for name in fields]
    joins = [
        sql.SQL(
            "left join named_record as {0} on {0}.org_id = {1} and {0}.mapping = any({2})\n"
            "    and {0}.mapping = s.{3} and {0}.key = s.{4}\n"
        ).format(
            parent,
            sql.Literal(org_id),
            sql.Literal([b.mapping for b in mapping.lookups[name].branches]),
            sql.Identifier(f"mapping {name}"),
            sql.Identifier(f"key {name}"),
        )
        for name, parent in zip(fields, parents, strict=True)
    ]
    # A record that named a lead before it was converted keeps naming it (see `decide`).
    named = [
        sql.SQL(
            "      or coalesce(r.payload ->> {0}, '') <> coalesce(case\n"
            "          when {1}.state in ('live', 'converted') then {1}.salesforce_id end, '')\n"
        ).format(sql.Literal(name), parent)
        for name, parent in zip(fields, parents, strict=True)
    ]
    return sql.SQL(
        'select {name}, coalesce(s.key collate "C", r.key)\nfrom (\n{query}) as s\n'
        "full join (select * from named_record where org_id = {org} and mapping = {name}) as r\n"
        '    on r.key = s.key collate "C"\n{joins}'
        "where s.key is null and r.state in ('live', 'converted') and {leaves}\n"
        "   or s.key is not null and (r.key is null or r.state in ('gone', 'merged') or r.cleared\n"
        # Null where nothing was ever sent is left alone. Values are no lists and no objects, so
        # what contains them is the same; that is the quick answer for nearly every row.
        "      or not r.payload @> s.payload\n"
        "         and jsonb_strip_nulls(r.payload || s.payload) <> jsonb_strip_nulls(r.payload)\n"
        "{named})\n"
    ).format(
        name=sql.Literal(mapping.name),
        query=compile_mapping(mapping, catalog, facts, parents=True),
        org=sql.Literal(org_id),
        joins=sql.Composed(joins),
        named=sql.Composed(named),
        leaves=_leaves(mapping),
    )


def new_rows(mapping: Mapping, catalog: Catalog, facts: ObjectFacts, org_id: str) -> sql.Composed:
    """SELECT of how many rows have no record in an org that we know of: what a first sync creates,
    but for those that it finds there.
    """
    return sql.SQL(
        "select count(*) from (\n{query}) as s\nwhere not exists (\n"
        "    select from sync.record r\n    where r.org_id = {org} and r.mapping = {name}"
        ' and r.key = s.key collate "C")\n'
    ).format(
        query=compile_mapping(mapping, catalog, facts),
        org=sql.Literal(org_id),
        name=sql.Literal(mapping.name),
    )


def _leaves(mapping: Mapping) -> sql.Composable:
    """Whether something may be left to do for a record whose row is gone. With values that were
    cleared it was looked at before, maybe when the mapping said another `on_delete`.
    """
    match mapping.on_delete.action:
        case "delete":
            return sql.SQL("true")
        case "set":
            values = sql.Literal(json.dumps(dict(mapping.on_delete.values)))
            return sql.SQL("not (r.cleared and r.payload @> {}::jsonb)").format(values)
        case "ignore":
            return sql.SQL("not r.cleared")


def rows_joining(
    mapping: Mapping, target: str, catalog: Catalog, keys: sql.Composable
) -> sql.Composed:
    """SELECT of the rows that join a row of `target` whose key the SELECT `keys` gives."""
    foreign = foreign_key(mapping, target, catalog)
    column = sql.SQL("source.{}").format(sql.Identifier(foreign.column))
    type_ = table_of(mapping, catalog).columns[foreign.column]
    # By the column's own type an index serves; a key of another type is compared as text.
    if catalog[target].columns[foreign.target_column] == type_:
        same: sql.Composable = sql.SQL("{} = k.key::{}").format(column, raw(type_))
    else:
        same = sql.SQL("{}::text = k.key").format(column)
    return sql.SQL(
        "select {}, source.{}::text\nfrom ({}) as k\njoin public.{} as source on {}\n"
    ).format(
        sql.Literal(mapping.name),
        sql.Identifier(mapping.source.key),
        keys,
        sql.Identifier(mapping.source.table),
        same,
    )


def foreign_key(mapping: Mapping, target: str, catalog: Catalog) -> ForeignKey:
    """The one foreign key by which a mapping joins a table (`compile_mapping` has checked it)."""
    keys = table_of(mapping, catalog).foreign_keys
    return next(key for key in keys if key.target == target)
