"""What tells a row of the sample from any other: its id.

In: nothing. Out: the ids, by table. They are UUIDs of version 5, made of a namespace of our own
(`rows.NAMESPACE`), so that no other row has one of them by accident.
"""

from __future__ import annotations

from functools import cache

from crm_sync.sample.blueprint import blueprint

__all__ = ["TABLES", "sample_keys"]

TABLES = ("activities", "projects", "leads", "accounts")
"""The tables that the sample fills, children before their parents; two logs of status changes go
with the rows that they are about."""


@cache
def sample_keys() -> dict[str, frozenset[str]]:
    """The id of every row of the sample, as text, by table."""
    return {table: frozenset(str(row["id"]) for row in blueprint()[table]) for table in TABLES}
