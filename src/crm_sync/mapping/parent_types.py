"""Lookups whose values cannot be the keys of the parents that they name, judged by their types.

In: mappings and the catalog. Out: findings with the line of the mapping file. Keys are compared as
text, so a text may name any key; of two other types neither ever names the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map

from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping

__all__ = ["parent_type_findings"]

_WHOLE = ("smallint", "integer", "bigint", "numeric")
_TEXTS = ("text", "character", "citext")


def parent_type_findings(
    mapping: Mapping, parents: Map[str, Mapping], catalog: Catalog
) -> Iterator[Finding]:
    """Columns of another type than the parent's key. `parents`: mappings by their names."""
    table = catalog.get(mapping.source.table)
    for name, lookup in mapping.lookups.items():
        for number, branch in enumerate(lookup.branches):
            parent = parents.get(branch.mapping)
            if table is None or parent is None or branch.column not in table.columns:
                continue  # who asks for tables and mappings says so
            theirs = catalog.get(parent.source.table)
            if theirs is None or parent.source.key not in theirs.columns:
                continue
            given, wanted = table.columns[branch.column], theirs.columns[parent.source.key]
            one, other = _kind(given), _kind(wanted)
            if one is None or other is None or one == other:
                continue
            is_text = "text" in (one, other)
            then = (
                "a row whose value is no such key waits for ever"
                if is_text
                else "none of its rows ever finds its parent"
            )
            key = f"{parent.source.table}.{parent.source.key}"
            yield said_of(
                mapping, ("lookups", name, *((str(number),) if len(lookup.branches) > 1 else ())),
                "parent-key-type",
                f"{table.name}.{branch.column} is of type {given}, and the key of {parent.name} "
                f"({key}) of type {wanted}: {then}.",
                f"Name the column that holds {key}.",
                severity="warning" if is_text else "error",
            )  # fmt: skip


def _kind(type_: str) -> str | None:
    """What a type's values look like as text; None where that is not known."""
    bare = type_.partition("(")[0].partition(" ")[0]
    if bare in _WHOLE:
        return "number"
    if bare in _TEXTS:
        return "text"
    return bare if bare in ("uuid", "date", "timestamp", "boolean") else None
