"""A mapping becomes one SELECT: every source row with its payload, lookups and problems.

In: a mapping, the table's facts (catalog) and the object's facts (describe). Out: composed SQL
with the columns mapping, key, label, payload (jsonb), lookups (jsonb array), problems (jsonb
array). What to do with a row is not decided here but in `sync/plan.sql`. All SQL that depends on a
mapping is composed in this module alone; `tests/golden/*.sql` shows what comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import LiteralString, cast

from psycopg import sql

from crm_sync.errors import MappingError
from crm_sync.mapping import rules
from crm_sync.mapping.catalog import Catalog, TableFacts
from crm_sync.mapping.model import Lookup, Mapping
from crm_sync.names import nearest
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["compile_mapping", "raw", "reference_values"]

_PAIRS = 40  # jsonb_build_object takes at most 100 arguments


def raw(text: str) -> sql.SQL:
    """SQL text that a mapping's author wrote, as it stands (`expression.complaint` was asked)."""
    return sql.SQL(cast(LiteralString, text))


def compile_mapping(mapping: Mapping, catalog: Catalog, facts: ObjectFacts) -> sql.Composed:
    """The SELECT of one mapping. Raises MappingError for unknown tables, columns and joins."""
    table = _table(mapping, catalog)
    names = [n for n in mapping.fields if n in facts.fields]
    lines = [
        sql.SQL("select\n    {} as mapping,\n    source.{}::text as key,\n").format(
            sql.Literal(mapping.name), sql.Identifier(mapping.source.key)
        ),
        sql.SQL("    value.label::text as label,\n    "),
        _payload(mapping, facts, names),
        sql.SQL(" as payload,\n    "),
        _lookups(mapping),
        sql.SQL(" as lookups,\n    "),
        _problems(mapping, facts, names),
        sql.SQL(" as problems\nfrom public.{} as source\n").format(sql.Identifier(table.name)),
        *_joins(mapping, table, catalog),
        *_values(mapping, table, names),
        *_sent(mapping, facts, names),
        *_references(mapping),
    ]
    return sql.Composed(lines)


def reference_values(mapping: Mapping, field: str, catalog: Catalog) -> sql.Composed:
    """SELECT of the distinct values by which one reference lookup searches Salesforce."""
    table = _table(mapping, catalog)
    return sql.Composed(
        [
            sql.SQL("select distinct lower(value.{}::text)\nfrom public.{} as source\n").format(
                sql.Identifier(f"{field}.0"), sql.Identifier(table.name)
            ),
            *_joins(mapping, table, catalog),
            *_values(mapping, table, []),
            sql.SQL("where value.{} is not null\n").format(sql.Identifier(f"{field}.0")),
        ]
    )


def _table(mapping: Mapping, catalog: Catalog) -> TableFacts:
    table = catalog.get(mapping.source.table)
    if table is None:
        raise MappingError(
            f"There is no table {mapping.source.table}." + nearest(mapping.source.table, catalog),
            "Apply schema.sql (`crm-sync db apply`), or name another table.",
            mapping.where("source", "table"),
        )
    if mapping.source.key not in table.columns:
        raise MappingError(
            f"{table.name} has no column {mapping.source.key}."
            + nearest(mapping.source.key, table.columns),
            where=mapping.where("source", "key"),
        )
    for path, column in _columns(mapping):
        if column not in table.columns:
            raise MappingError(
                f"{table.name} has no column {column}." + nearest(column, table.columns),
                where=mapping.where(*path),
            )
    return table


def _columns(mapping: Mapping) -> Iterable[tuple[tuple[str, ...], str]]:
    for name, rule in mapping.fields.items():
        if rule.column:
            yield ("fields", name), rule.column
    for name, lookup in mapping.lookups.items():
        for origin in (*lookup.branches, *([lookup.reference] if lookup.reference else [])):
            if origin.column:
                yield ("lookups", name), origin.column


def _joins(mapping: Mapping, table: TableFacts, catalog: Catalog) -> Iterable[sql.Composable]:
    for alias, target in mapping.source.join.items():
        where = mapping.where("source", "join", alias)
        if target not in catalog:
            raise MappingError(
                f"There is no table {target}." + nearest(target, catalog), where=where
            )
        keys = [k for k in table.foreign_keys if k.target == target]
        if len(keys) != 1:
            raise MappingError(
                f"{table.name} has {len(keys) or 'no'} foreign key{'s' * (len(keys) != 1)} to "
                f"{target}; a join needs exactly one.",
                where=where,
            )
        yield sql.SQL("left join public.{} as {} on {}.{} = source.{}\n").format(
            sql.Identifier(target),
            sql.Identifier(alias),
            sql.Identifier(alias),
            sql.Identifier(keys[0].target_column),
            sql.Identifier(keys[0].column),
        )


def _values(mapping: Mapping, table: TableFacts, names: Sequence[str]) -> Iterable[sql.Composable]:
    """The lateral in which the author's SQL runs: a bare column is always the row's own."""
    label = mapping.label
    origin: sql.Composable = sql.Identifier(label) if label in table.columns else raw(label)
    columns: list[sql.Composable] = [sql.SQL("{} as label").format(origin)]
    for name in names:
        rule = mapping.fields[name]
        if rule.column:
            origin = sql.Identifier(rule.column)
        elif rule.sql:
            origin = sql.SQL("({})").format(raw(rule.sql))
        else:
            origin = sql.Literal(rule.constant)
        columns.append(sql.SQL("{} as {}").format(origin, sql.Identifier(name)))
    for name, lookup in mapping.lookups.items():
        for number, branch in enumerate(_origins(lookup)):
            columns.append(
                sql.SQL("{} as {}").format(branch, sql.Identifier(f"{name}.{number}"))
            )
    yield sql.SQL("cross join lateral (\n    select\n        ")
    yield sql.SQL(",\n        ").join(columns)
    yield sql.SQL("\n    from (select source.*) as {}\n").format(sql.Identifier(table.name))
    if mapping.source.where:
        yield sql.SQL("    where ({})\n").format(raw(mapping.source.where))
    yield sql.SQL(") as value\n")


def _origins(lookup: Lookup) -> Iterable[sql.Composable]:
    for origin in lookup.branches or [lookup.reference]:
        if origin is None:
            continue
        if origin.column:
            yield sql.Identifier(origin.column)
        elif origin.sql:
            yield sql.SQL("({})").format(raw(origin.sql))
        else:
            yield sql.Literal(getattr(origin, "constant", None))


def _sent(mapping: Mapping, facts: ObjectFacts, names: Sequence[str]) -> Iterable[sql.Composable]:
    """The lateral that gives each value the type that Salesforce's field has."""
    columns = [
        sql.SQL("{} as {}").format(
            rules.typed(mapping.fields[name], facts.fields[name]), sql.Identifier(name)
        )
        for name in names
    ]
    if columns:
        yield sql.SQL("cross join lateral (\n    select\n        ")
        yield sql.SQL(",\n        ").join(columns)
        yield sql.SQL("\n) as sent\n")


def _payload(mapping: Mapping, facts: ObjectFacts, names: Sequence[str]) -> sql.Composable:
    pairs = [
        sql.SQL("{}, {}").format(
            sql.Literal(name), rules.as_json(mapping.fields[name], facts.fields[name])
        )
        for name in names
    ]
    pairs += [
        sql.SQL("{}, to_jsonb({}.salesforce_id)").format(
            sql.Literal(name), sql.Identifier(f"found {name}")
        )
        for name, lookup in mapping.lookups.items()
        if lookup.reference
    ]
    parts = [
        sql.SQL("jsonb_build_object(\n        {}\n    )").format(
            sql.SQL(",\n        ").join(pairs[start : start + _PAIRS])
        )
        for start in range(0, len(pairs), _PAIRS)
    ]
    return sql.SQL(" || ").join(parts) if parts else sql.SQL("'{}'::jsonb")


def _lookups(mapping: Mapping) -> sql.Composable:
    entries: list[sql.Composable] = []
    for name, lookup in mapping.lookups.items():
        if not lookup.branches:
            continue
        chosen = [
            sql.SQL("when value.{} is not null then {}").format(
                sql.Identifier(f"{name}.{n}"), _branch(mapping, name, n, lookup)
            )
            for n in range(len(lookup.branches))
        ]
        entries.append(
            sql.SQL("case {} else {} end").format(
                sql.SQL(" ").join(chosen), _branch(mapping, name, None, lookup)
            )
        )
    if not entries:
        return sql.SQL("'[]'::jsonb")
    return sql.SQL("jsonb_build_array(\n        {}\n    )").format(
        sql.SQL(",\n        ").join(entries)
    )


def _branch(mapping: Mapping, name: str, number: int | None, lookup: Lookup) -> sql.Composable:
    branch = lookup.branches[number or 0]
    column = f"{mapping.source.table}.{branch.column}" if branch.column else None
    key: sql.Composable = sql.SQL("null")
    if number is not None:
        key = sql.SQL("value.{}::text").format(sql.Identifier(f"{name}.{number}"))
    return sql.SQL(
        "jsonb_build_object('field', {}, 'mapping', {}, 'key', {}, 'column', {}, 'required', {})"
    ).format(
        sql.Literal(name),
        sql.Literal(branch.mapping),
        key,
        sql.SQL("null") if column is None else sql.Literal(column),
        sql.SQL("true" if lookup.required else "false"),
    )


def _references(mapping: Mapping) -> Iterable[sql.Composable]:
    for name, lookup in mapping.lookups.items():
        if lookup.reference:
            alias = sql.Identifier(f"found {name}")
            yield sql.SQL(
                "left join found_reference as {} on {}.object = {} and {}.field = {}\n"
                "    and {}.value = lower(value.{}::text) and {}.is_active and {}.matches = 1\n"
            ).format(
                alias, alias, sql.Literal(lookup.reference.object),
                alias, sql.Literal(lookup.reference.by), alias, sql.Identifier(f"{name}.0"),
                alias, alias,
            )  # fmt: skip


def _problems(mapping: Mapping, facts: ObjectFacts, names: Sequence[str]) -> sql.Composable:
    cases: list[sql.Composable] = []
    for name in names:
        cases.extend(rules.problems(mapping, name, facts.fields[name]))
    for name, lookup in mapping.lookups.items():
        cases.extend(rules.lookup_problems(mapping, name, lookup))
    if not cases:
        return sql.SQL("'[]'::jsonb")
    return sql.SQL("to_jsonb(array_remove(array[\n        {}\n    ]::jsonb[], null))").format(
        sql.SQL(",\n        ").join(cases)
    )
