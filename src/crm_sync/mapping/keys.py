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
    "converted_rows",
    "differing_rows",
    "foreign_key",
    "former_keys",
    "former_keys_in_use",
    "named_parents",
    "parent_keys",
    "present_keys",
    "reference_uses",
    "reference_values",
    "row_counts",
    "rows_joining",
    "shared_keys",
    "stands_under_former_keys",
]


def reference_values(
    mapping: Mapping, field: str, catalog: Catalog, *, due: bool = False
) -> sql.Composed:
    """SELECT of the distinct values by which one reference lookup searches Salesforce; of all rows,
    or of those in `due_row`.
    """
    return sql.SQL("select distinct {}\n{}").format(
        searched_value(mapping, field), _searching(mapping, field, catalog, due=due)
    )


def reference_uses(mapping: Mapping, field: str, catalog: Catalog) -> sql.Composed:
    """SELECT of the values by which one reference lookup searches Salesforce, with how many rows
    have each, and the first of their keys.
    """
    return sql.SQL("select {}, count(*), min(source.{}::text)\n{}group by 1\n").format(
        searched_value(mapping, field),
        sql.Identifier(mapping.source.key),
        _searching(mapping, field, catalog, due=False),
    )


def _searching(mapping: Mapping, field: str, catalog: Catalog, *, due: bool) -> sql.Composed:
    """The rows of which a reference lookup names something."""
    table = table_of(mapping, catalog)
    return sql.Composed(
        [
            sql.SQL("from {} as source\n").format(rows_of(mapping, table, None, due=due)),
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


def former_keys(mapping: Mapping) -> sql.Composed:
    """SELECT of the mapping's name, the key that a row had before, and its key of today, of every
    row that has another one now.
    """
    return sql.SQL(
        "select {}, source.{former}::text, source.{key}::text\nfrom public.{} as source\n"
        "where source.{former}::text <> source.{key}::text\n"
    ).format(
        sql.Literal(mapping.name),
        sql.Identifier(mapping.source.table),
        former=sql.Identifier(str(mapping.source.former_key)),
        key=sql.Identifier(mapping.source.key),
    )


def stands_under_former_keys(mapping: Mapping, org_id: str) -> sql.Composed:
    """SELECT of whether a record of an org stands under the key that its row had before; the
    mapping's former name counts, too.
    """
    return sql.SQL(
        "select exists (select from (\n{}) as k(mapping, former, key)\n"
        "join sync.record r on r.org_id = {} and r.mapping = any({})"
        ' and r.key = k.former collate "C")\n'
    ).format(
        former_keys(mapping),
        sql.Literal(org_id),
        sql.Literal([mapping.name, mapping.formerly or mapping.name]),
    )


def former_keys_in_use(mapping: Mapping) -> sql.Composed:
    """SELECT of how many former keys (`rekeyed` of `sync/plan.sql`) are another row's key today."""
    return sql.SQL(
        "select count(*) from rekeyed r join public.{} as source on source.{}::text = r.former\n"
        "where r.mapping = {}\n"
    ).format(
        sql.Identifier(mapping.source.table),
        sql.Identifier(mapping.source.key),
        sql.Literal(mapping.name),
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
        # A record that does not carry our key yet.
        "      or r.payload ->> {external} <> {prefix} || r.key\n"
        "      or r.payload -> {external} = 'null'\n"
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
        external=sql.Literal(mapping.external_id.field),
        prefix=sql.Literal(mapping.external_id.prefix),
        leaves=_leaves(mapping),
    )


def converted_rows(
    mapping: Mapping, column: str, parent: str, catalog: Catalog, org_id: str
) -> sql.Composed:
    """SELECT of leads that became rows of the mapping `parent` which the plan compares and of which
    no record is known: the row's key, the lead's key, the Id of the lead's record, and what people
    are known to have made of it, by object.
    """
    type_ = table_of(mapping, catalog).columns[column]
    return sql.SQL(
        # offset 0: keys of other mappings may be of another type.
        "select s.key, r.key, r.salesforce_id, r.problem -> 'converted'\n"
        "from (select key from source_row where mapping = {parent} offset 0) as s\n"
        "join public.{table} as source on source.{column} = s.key::{type}\n"
        "join named_record as r on r.org_id = {org} and r.mapping = {name}\n"
        '    and r.key = source.{key}::text collate "C" and r.salesforce_id is not null\n'
        "where r.state in ('live', 'converted')\n"
        "  and not exists (select from named_record as k where k.org_id = {org}\n"
        "      and k.mapping = {parent} and k.key = s.key)\n"
        "  and not exists (select from found_record as f\n"
        "      where f.mapping = {parent} and f.key = s.key)\norder by 1, 2\n"
    ).format(
        table=sql.Identifier(mapping.source.table), column=sql.Identifier(column), type=raw(type_),
        key=sql.Identifier(mapping.source.key), org=sql.Literal(org_id),
        name=sql.Literal(mapping.name), parent=sql.Literal(parent),
    )  # fmt: skip


def row_counts(mapping: Mapping, catalog: Catalog, facts: ObjectFacts, org_id: str) -> sql.Composed:
    """SELECT of what a mapping's rows come to, with every value of each computed: a line for all
    rows (code null), and one for each rule that makes rows invalid. Columns: code, field, mend, how
    many rows, how many of them have no record in an org that we know of (what a first sync creates,
    but for those that it finds there), the longest sentence.
    """
    return sql.SQL(
        "select p.told ->> 'code', p.told ->> 'field', p.told ->> 'mend', count(*),\n"
        "    count(*) filter (where r.key is null),\n"
        # A sentence may tell a length: the longest sentence tells the largest.
        "    substr(max(lpad(length(p.told ->> 'sentence')::text, 6, '0')"
        " || (p.told ->> 'sentence')), 7),\n"
        # So that PostgreSQL computes these, too.
        "    max(length(concat(s.payload, s.lookups, s.label)))\n"
        "from (\n{query}) as s\n"
        "left join sync.record r on r.org_id = {org} and r.mapping = {name}"
        ' and r.key = s.key collate "C"\n'
        "cross join lateral (\n"
        "    select null::jsonb union all\n"
        "    select e from jsonb_array_elements(s.problems) as e where e ->> 'severity' = 'error'\n"
        ") as p(told)\ngroup by 1, 2, 3\norder by 1 nulls first, 2, 3\n"
    ).format(
        query=compile_mapping(mapping, catalog, facts),
        org=sql.Literal(org_id),
        name=sql.Literal(mapping.name),
    )


def named_parents(
    mapping: Mapping,
    field: str,
    parent: str,
    parents: sql.Composable,
    catalog: Catalog,
    facts: ObjectFacts,
) -> sql.Composed:
    """SELECT of how many rows name the mapping `parent` by a lookup, and how many of them name a
    key that the SELECT `parents` gives.
    """
    return sql.SQL(
        "select count(*), count(p.key) from (\n{query}) as s\n"
        'left join (\n{parents}) as p(key) on p.key collate "C" = s.{key} collate "C"\n'
        "where s.{named} = {parent}\n"
    ).format(
        query=compile_mapping(mapping, catalog, facts, parents=True),
        parents=parents,
        key=sql.Identifier(f"key {field}"),
        named=sql.Identifier(f"mapping {field}"),
        parent=sql.Literal(parent),
    )


def parent_keys(
    mapping: Mapping | None, name: str, catalog: Catalog, facts: ObjectFacts, org_id: str
) -> sql.Composed:
    """SELECT of the keys by which children can name a mapping's records: those that an org has, and
    the rows of a mapping, unless it is None, that a sync would create.
    """
    records = sql.SQL(
        "select key from sync.record where org_id = {} and mapping = {}"
        " and state in ('live', 'converted')\n"
    ).format(sql.Literal(org_id), sql.Literal(name))
    if mapping is None:
        return records
    return sql.SQL("{}union\nselect s.key from (\n{}) as s\n").format(
        records, compile_mapping(mapping, catalog, facts)
    )


def shared_keys(one: Mapping, other: Mapping, catalog: Catalog, facts: ObjectFacts) -> sql.Composed:
    """SELECT of how many rows two mappings of one table and one object both take."""
    return sql.SQL("select count(*) from (\n{}) as s join (\n{}) as t on t.key = s.key\n").format(
        *(compile_mapping(mapping, catalog, facts) for mapping in (one, other))
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
