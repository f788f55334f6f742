"""The static SQL of this package, ready for psycopg."""

from __future__ import annotations

from functools import cache

from psycopg import sql

from crm_sync.blocks import blocks

__all__ = ["statements"]


@cache
def statements() -> dict[str, sql.SQL]:
    """The blocks of `adopt.sql` by name."""
    return {name: sql.SQL(text) for name, text in blocks("crm_sync.adopt", "adopt.sql").items()}
