"""A mapping becomes one SELECT: every source row with its payload, lookups and problems.

In: a mapping, the table's facts (catalog) and the object's facts (describe). Out: composed SQL
with the columns mapping, key, label, payload (jsonb), lookups (jsonb array), problems (jsonb
array). What to do with a row is not decided here but in `sync/plan.sql`. All SQL that depends on a
mapping is composed here, in `keys.py` and in `parents.py`; `tests/golden/*.sql` shows some of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql

from crm_sync.mapping import rules
from crm_sync.mapping.catalog import Catalog, TableFacts
from crm_sync.mapping.event_rules import event_problems
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Branch, DefaultedReference, FieldRule, Reference
from crm_sync.mapping.source import table_of
from crm_sync.mapping.values import as_json, typed
from crm_sync.salesforce.describe import ObjectFacts

__all__ = [
    "compile_mapping",
    "expression_view",
    "joins_of",
    "one_value_each",
    "raw",
    "rows_of",
    "searched_value",
    "values_of",
]

_PAIRS = 40  # jsonb_build_object takes at most 100 arguments


def raw(text: str) -> sql.SQL:
    """SQL text that a mapping's author wrote, as it stands (`expression.complaint` was asked)."""
    return sql.SQL(text)  # pyright: ignore[reportArgumentType]


def compile_mapping(
    mapping: Mapping,
    catalog: Catalog,
    facts: ObjectFacts,
    *,
    keys: Sequence[str] | None = None,
    due: bool = False,
    parents: bool = False,
) -> sql.Composed:
    """The SELECT of one mapping, or of its rows with these keys, or of those in `due_row`.

    `parents`: for each lookup also the columns "mapping FIELD" and "key FIELD" of what it names;
    to build `lookups` and take it apart again is much of the work of a comparison.

    Raises MappingError for unknown tables, columns and joins.
    """
    table = table_of(mapping, catalog)
    names = [n for n in mapping.fields if n in facts.fields]
    lines = [
        sql.SQL("select\n    {} as mapping,\n    source.{}::text as key,\n").format(
            sql.Literal(mapping.name), sql.Identifier(mapping.source.key)
        ),
        sql.SQL("    value.label::text as label,\n    "),
        _payload(mapping, facts, names),
        sql.SQL(" as payload,\n    "),
        _lookups(mapping, facts),
        sql.SQL(" as lookups,\n    "),
        *(_parents(mapping) if parents else ()),
        _problems(mapping, table, facts, names),
        sql.SQL(" as problems\nfrom {} as source\n").format(rows_of(mapping, table, keys, due=due)),
        *joins_of(mapping, table),
        *values_of(mapping, table, names),
        *_sent(mapping, facts, names),
        *_references(mapping),
    ]
    return sql.Composed(lines)


def one_value_each(mapping: Mapping, catalog: Catalog) -> sql.Composed:
    """A statement that PostgreSQL plans only where each expression gives one value for one row.

    Aggregates and functions that return sets may stand in a select list, where they would give a
    key several rows, or none: then the row would look deleted. In WHERE they may not stand.
    """
    table = table_of(mapping, catalog)
    expressions = [origin for _, origin in _expressions(mapping, table, list(mapping.fields))]
    expressions += [sql.SQL("({})").format(raw(e.sql)) for _, e in mapping.conditions]
    values = sql.SQL(",\n        ").join(expressions)
    return sql.Composed(
        [
            sql.SQL("select\nfrom public.{} as source\n").format(sql.Identifier(table.name)),
            *joins_of(mapping, table),
            sql.SQL(
                "cross join lateral (\n    select\n    from (select source.*) as {}\n"
                "    where row(\n        {}\n    ) is null\n) as value\n"
            ).format(sql.Identifier(table.name), values),
        ]
    )


def expression_view(mapping: Mapping, catalog: Catalog) -> sql.Composed:
    """A temporary view of all SQL of a mapping: PostgreSQL keeps the functions that it names.

    See `volatility.py`, which reads them and rolls the view back.
    """
    return sql.Composed(
        [
            sql.SQL(
                "create temporary view crm_sync_expression as\nselect true as computed from (\n"
            ),
            one_value_each(mapping, catalog),
            sql.SQL(") as expression\n"),
        ]
    )


def rows_of(
    mapping: Mapping, table: TableFacts, keys: Sequence[str] | None, *, due: bool = False
) -> sql.Composable:
    key = sql.Identifier(mapping.source.key)
    if due:
        return sql.SQL(
            "(select t.* from due_row d join public.{} t on t.{} = d.key::{}"
            " where d.mapping = {} offset 0)"
        ).format(
            sql.Identifier(table.name), key, raw(table.columns[mapping.source.key]),
            sql.Literal(mapping.name),
        )  # fmt: skip
    if keys is None:
        return sql.SQL("public.{}").format(sql.Identifier(table.name))
    # OFFSET 0 keeps PostgreSQL from computing other rows' expressions first.
    return sql.SQL("(select * from public.{} where {}::text = any({}) offset 0)").format(
        sql.Identifier(table.name), key, sql.Literal(list(keys))
    )


def joins_of(mapping: Mapping, table: TableFacts) -> Iterable[sql.Composable]:
    """The joins, each by its one foreign key (`table_of` was asked)."""
    for alias, target in mapping.source.join.items():
        (key,) = (k for k in table.foreign_keys if k.target == target)
        yield sql.SQL("left join public.{} as {} on {}.{} = source.{}\n").format(
            sql.Identifier(target),
            sql.Identifier(alias),
            sql.Identifier(alias),
            sql.Identifier(key.target_column),
            sql.Identifier(key.column),
        )


def values_of(
    mapping: Mapping, table: TableFacts, names: Sequence[str]
) -> Iterable[sql.Composable]:
    """The lateral in which the author's SQL runs: a bare column is always the row's own."""
    columns = [
        sql.SQL("{} as {}").format(origin, sql.Identifier(name))
        for name, origin in _expressions(mapping, table, names)
    ]
    yield sql.SQL("cross join lateral (\n    select\n        ")
    yield sql.SQL(",\n        ").join(columns)
    yield sql.SQL("\n    from (select source.*) as {}\n").format(sql.Identifier(table.name))
    for number, (_, condition) in enumerate(mapping.conditions):
        word = sql.SQL("and" if number else "where")
        yield sql.SQL("    {} ({})\n").format(word, raw(condition.sql))
    yield sql.SQL(") as value\n")


def _expressions(
    mapping: Mapping, table: TableFacts, names: Sequence[str]
) -> Iterable[tuple[str, sql.Composable]]:
    """What is computed for a row, by the name that it has from then on."""
    label = mapping.label.sql
    is_column = label in table.columns
    yield "label", sql.Identifier(label) if is_column else sql.SQL("({})").format(raw(label))
    for name in names:
        yield name, _origin(mapping.fields[name])
    for name, lookup in mapping.lookups.items():
        for number, origin in enumerate(lookup.origins):
            yield f"{name}.{number}", _origin(origin)


def _origin(said: FieldRule | Branch | Reference) -> sql.Composable:
    if said.column:
        return sql.Identifier(said.column)
    if said.sql:
        return sql.SQL("({})").format(raw(said.sql))
    return sql.Literal(None if isinstance(said, Branch) else said.constant)


def _sent(mapping: Mapping, facts: ObjectFacts, names: Sequence[str]) -> Iterable[sql.Composable]:
    """The lateral that gives each value the type that Salesforce's field has."""
    columns = [
        sql.SQL("{} as {}").format(
            typed(mapping.fields[name], facts.fields[name]), sql.Identifier(name)
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
            sql.Literal(name), as_json(mapping.fields[name], facts.fields[name])
        )
        for name in names
    ]
    left_out: list[sql.Composable] = []
    for name, lookup in mapping.lookups.items():
        if reference := lookup.reference:
            pair = sql.SQL("{}, {}").format(sql.Literal(name), _found_id(name, reference))
            (left_out if _may_be_left_out(reference) else pairs).append(pair)
    parts: list[sql.Composable] = [
        sql.SQL("jsonb_build_object(\n        {}\n    )").format(
            sql.SQL(",\n        ").join(pairs[start : start + _PAIRS])
        )
        for start in range(0, len(pairs), _PAIRS)
    ]
    parts += [sql.SQL("jsonb_strip_nulls(jsonb_build_object({}))").format(p) for p in left_out]
    return sql.SQL(" || ").join(parts) if parts else sql.SQL("'{}'::jsonb")


def _found_id(name: str, reference: Reference) -> sql.Composable:
    found = sql.SQL("{}.salesforce_id").format(sql.Identifier(f"found {name}"))
    if isinstance(reference, DefaultedReference):
        found = sql.SQL("coalesce({}, {})").format(found, sql.Literal(reference.default))
    return sql.SQL("to_jsonb({})").format(found)


def _may_be_left_out(reference: Reference) -> bool:
    """Whether Salesforce's own default counts where no record is found: what the payload does not
    have is neither created with nothing nor cleared.
    """
    return reference.otherwise == "default" and not isinstance(reference, DefaultedReference)


def searched_value(mapping: Mapping, name: str) -> sql.Composable:
    """The value by which a reference lookup is found, as `found_reference` has it: in lower case.

    A record type's stands behind its object's name, as in the Metadata API (`Lead.Consulting`): two
    objects may have record types of one name.
    """
    value: sql.Composable = sql.SQL("value.{}::text").format(sql.Identifier(f"{name}.0"))
    reference = mapping.lookups[name].reference
    if reference and reference.object == "RecordType":
        value = sql.SQL("{} || {}").format(sql.Literal(f"{mapping.object}."), value)
    return sql.SQL("lower({})").format(value)


def _lookups(mapping: Mapping, facts: ObjectFacts) -> sql.Composable:
    """Which parent each lookup names: of several branches the first whose key is not null."""
    entries: list[sql.Composable] = []
    for name, lookup in mapping.lookups.items():
        if not lookup.branches:
            continue
        described = facts.fields.get(name)
        required = rules.is_required(lookup, described) if described else lookup.required
        entry = _branch(mapping, name, 0, required)
        if len(lookup.branches) > 1:
            arms = [
                sql.SQL("            when value.{} is not null then {}\n").format(
                    sql.Identifier(f"{name}.{number}"), _branch(mapping, name, number, required)
                )
                for number in range(len(lookup.branches))
            ]
            entry = sql.SQL("case\n{}            else {}\n        end").format(
                sql.Composed(arms), entry
            )
        entries.append(entry)
    if not entries:
        return sql.SQL("'[]'::jsonb")
    return sql.SQL("jsonb_build_array(\n        {}\n    )").format(
        sql.SQL(",\n        ").join(entries)
    )


def _parents(mapping: Mapping) -> Iterable[sql.Composable]:
    for name, lookup in mapping.lookups.items():
        if lookup.branches:
            keys = [sql.Identifier(f"{name}.{n}") for n in range(len(lookup.branches))]
            arms = [
                sql.SQL(" when value.{} is not null then {}").format(key, sql.Literal(b.mapping))
                for key, b in zip(keys, lookup.branches, strict=True)
            ]
            yield sql.SQL("case{} end as {},\n    coalesce({}) as {},\n    ").format(
                sql.Composed(arms),
                sql.Identifier(f"mapping {name}"),
                sql.SQL(", ").join(sql.SQL("value.{}::text").format(key) for key in keys),
                sql.Identifier(f"key {name}"),
            )


def _branch(mapping: Mapping, name: str, number: int, required: bool) -> sql.Composable:
    lookup = mapping.lookups[name]
    branch = lookup.branches[number]
    indent = sql.SQL(" " * (16 if len(lookup.branches) > 1 else 12))
    column = f"{mapping.source.table}.{branch.column}" if branch.column else None
    return sql.SQL(
        "jsonb_build_object(\n"
        "{indent}'field', {field}, 'required', {required}, 'mapping', {mapping},\n"
        "{indent}'column', {column}, 'key', value.{key}::text\n"
        "{end})"
    ).format(
        indent=indent,
        end=sql.SQL(" " * (12 if len(lookup.branches) > 1 else 8)),
        field=sql.Literal(name),
        required=sql.SQL("true" if required else "false"),
        mapping=sql.Literal(branch.mapping),
        column=sql.SQL("null") if column is None else sql.Literal(column),
        key=sql.Identifier(f"{name}.{number}"),
    )


def _references(mapping: Mapping) -> Iterable[sql.Composable]:
    for name, lookup in mapping.lookups.items():
        if lookup.reference:
            alias = sql.Identifier(f"found {name}")
            yield sql.SQL(
                "left join found_reference as {} on {}.object = {} and {}.field = {}\n"
                "    and {}.value = {} and {}.is_active and {}.matches = 1\n"
            ).format(
                alias, alias, sql.Literal(lookup.reference.object),
                alias, sql.Literal(lookup.reference.by), alias, searched_value(mapping, name),
                alias, alias,
            )  # fmt: skip


def _problems(
    mapping: Mapping, table: TableFacts, facts: ObjectFacts, names: Sequence[str]
) -> sql.Composable:
    cases = list(rules.key_problem(mapping, table.columns[mapping.source.key], facts))
    for name in names:
        cases.extend(rules.problems(mapping, name, facts.fields[name]))
    for name, lookup in mapping.lookups.items():
        cases.extend(rules.lookup_problems(mapping, name, lookup, facts.fields.get(name)))
    cases.extend(rules.record_type_problem(mapping, facts))
    cases.extend(event_problems(mapping, facts))
    if not cases:
        return sql.SQL("'[]'::jsonb")
    return sql.SQL("to_jsonb(array_remove(array[\n        {}\n    ]::jsonb[], null))").format(
        sql.SQL(",\n        ").join(cases)
    )
