"""Columns of mapped tables that no mapping reads, and entries of `not_mapped` that are wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from crm_sync.mapping.catalog import Catalog
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest

__all__ = ["column_findings"]

_STRING = re.compile(r"'(?:[^']|'')*'")


def column_findings(
    mappings: Sequence[Mapping], catalog: Catalog, partial: Collection[str] = ()
) -> Iterator[Finding]:
    """One information a table, told where its first mapping names it. `partial`: mappings of which
    nobody knows all that they read.
    """
    told: set[str] = set()
    for mapping in mappings:
        table = catalog.get(mapping.source.table)
        if table is None or table.kind != "table":
            continue
        for column in mapping.not_mapped:
            if column not in table.columns:
                yield said_of(
                    mapping,
                    ("not_mapped", column),
                    "unknown-column",
                    f"not_mapped names {column}, and {table.name} has no such column.",
                    nearest(column, table.columns) or "Take it out.",
                    severity="warning",
                )
            elif column in mapping.columns:
                yield said_of(
                    mapping,
                    ("not_mapped", column),
                    "mapped-after-all",
                    f"not_mapped says why {column} is not sent, and the mapping sends it.",
                    "Take it out of not_mapped.",
                    severity="warning",
                )
        if table.name in told:
            continue
        told.add(table.name)
        siblings = [m for m in mappings if m.source.table == table.name]
        if any(m.name in partial for m in siblings):
            continue
        read = {name for m in siblings for name in (*_read(m), *m.not_mapped, m.source.key)}
        read |= {name for m in mappings for name in _joined(m, table.name)}
        if unread := [column for column in table.columns if column not in read]:
            yield said_of(
                mapping,
                ("source", "table"),
                "unread-column",
                f"No mapping reads {table.name}.{unread[0]}."
                if len(unread) == 1
                else f"No mapping reads these columns of {table.name}: {', '.join(unread)}.",
                "Map what Salesforce should have; of the rest say under not_mapped why not.",
                severity="information",
            )


def _read(mapping: Mapping) -> Iterator[str]:
    """Columns and words of SQL, of which some are columns."""
    yield from mapping.columns
    for _, expression in mapping.expressions:
        yield from _words(expression.sql)


def _joined(mapping: Mapping, table: str) -> Iterator[str]:
    """Columns that a mapping reads of a table that it joins."""
    aliases = [alias for alias, target in mapping.source.join.items() if target == table]
    for alias in aliases:
        for _, expression in mapping.expressions:
            yield from re.findall(rf"\b{alias}\.(\w+)", _bare(expression.sql).lower())


def _words(sql: str) -> list[str]:
    return re.findall(r"\w+", _bare(sql).lower())


def _bare(sql: str) -> str:
    """SQL without its strings."""
    return _STRING.sub("''", sql)
