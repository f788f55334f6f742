"""The tables that a mapping reads: whether they are there, and what is wrong with them.

In: a mapping and the catalog. Out: findings, or the table's facts for who compiles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crm_sync.mapping.catalog import Catalog, TableFacts
from crm_sync.mapping.finding import Finding, raise_first, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest

__all__ = ["source_findings", "table_of"]

Path_ = tuple[str, ...]


def table_of(mapping: Mapping, catalog: Catalog) -> TableFacts:
    """A mapping's table. Raises MappingError where the table, its columns or joins are wrong."""
    raise_first(source_findings(mapping, catalog))
    return catalog[mapping.source.table]


def source_findings(mapping: Mapping, catalog: Catalog) -> Iterator[Finding]:
    """Unknown tables and columns, and joins that are none. What is below `fields` or `lookups` has
    a path that begins so; anything else makes the whole mapping unreadable.
    """
    place = ("source", "table")
    table = catalog.get(mapping.source.table)
    if table is None:
        yield said_of(
            mapping, place, "unknown-table", f"There is no table {mapping.source.table}.",
            nearest(mapping.source.table, _tables(catalog))
            + " Apply schema.sql (`crm-sync db apply`), or name another table.",
        )  # fmt: skip
        return
    if (other := _other_than_table(mapping, table, place)) is not None:
        yield other
        return
    if mapping.source.key not in table.columns:
        yield _no_column(mapping, ("source", "key"), mapping.source.key, table)
    former_key = mapping.source.former_key
    if former_key is not None and former_key not in table.columns:
        yield _no_column(mapping, ("source", "former_key"), former_key, table)
    for path, column in _columns(mapping):
        if column not in table.columns:
            yield _no_column(mapping, path, column, table)
    for alias, target in mapping.source.join.items():
        yield from _join_findings(mapping, ("source", "join", alias), table, target, catalog)


def _join_findings(
    mapping: Mapping, path: Path_, table: TableFacts, target: str, catalog: Catalog
) -> Iterator[Finding]:
    if target not in catalog:
        mend = nearest(target, _tables(catalog)) or "Name a table, or take the join out."
        yield said_of(mapping, path, "unknown-table", f"There is no table {target}.", mend)
        return
    if (other := _other_than_table(mapping, catalog[target], path)) is not None:
        yield other
        return
    count = sum(key.target == target for key in table.foreign_keys)
    if count != 1:
        yield said_of(
            mapping, path, "join-without-key",
            f"{table.name} has {count or 'no'} foreign key{'s' * (count > 1)} to {target}; a join "
            "needs exactly one.",
            "Add a foreign key, or take the join out." if count == 0 else "Take the join out.",
        )  # fmt: skip


def _no_column(mapping: Mapping, path: Path_, column: str, table: TableFacts) -> Finding:
    sentence = f"{table.name} has no column {column}."
    mend = nearest(column, table.columns) or f"Known: {', '.join(table.columns)}."
    return said_of(mapping, path, "unknown-column", sentence, mend)


def _other_than_table(mapping: Mapping, facts: TableFacts, path: Path_) -> Finding | None:
    """A view and its like, which a plan cannot rely on."""
    if facts.kind == "table":
        return None
    if facts.kind == "foreign table":
        return said_of(
            mapping, path, "no-table",
            f"{facts.name} is a foreign table: its rows change on another server, where no trigger "
            "of ours notes it and no key is sure.",
            "Load its rows into a table of this database, and name that.",
        )  # fmt: skip
    return said_of(
        mapping, path, "no-table",
        f"{facts.name} is a {facts.kind}: it has no key, no foreign keys and no change triggers of "
        "its own, and row level security beneath it may hide rows unseen.",
        "Name the table beneath it, and say what it computes with sql, join and where.",
    )  # fmt: skip


def _tables(catalog: Catalog) -> list[str]:
    return [name for name, facts in catalog.items() if facts.kind == "table"]


def _columns(mapping: Mapping) -> Iterable[tuple[Path_, str]]:
    for name, rule in mapping.fields.items():
        if rule.column:
            yield ("fields", name), rule.column
    for name, lookup in mapping.lookups.items():
        for number, origin in enumerate(lookup.origins):
            if origin.column:
                part = (str(number),) if len(lookup.origins) > 1 else ()
                yield ("lookups", name, *part), origin.column
    for name, column in mapping.converted.items():
        yield ("converted", name), column
