"""The static SQL of this package, ready for psycopg."""

from __future__ import annotations

from functools import cache

from psycopg import sql

from crm_sync.blocks import blocks

__all__ = ["statements"]


@cache
def statements(file: str) -> dict[str, sql.SQL]:
    """The blocks of `schema/<file>.sql` by name."""
    # The text is ours, so it may be SQL; a type checker cannot see that it is literal.
    found = blocks("crm_sync.schema", f"{file}.sql")
    return {name: sql.SQL(text) for name, text in found.items()}
