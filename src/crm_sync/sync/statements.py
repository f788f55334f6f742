"""Static SQL stands in `.sql` files as named blocks; this gives a block by its name."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import LiteralString, cast

from psycopg import sql

__all__ = ["statements"]


@cache
def statements(file: str) -> dict[str, sql.SQL]:
    """The blocks of `sync/<file>.sql`, each below a line `-- name: …`."""
    text = resources.files("crm_sync.sync").joinpath(f"{file}.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return {
        name: sql.SQL(cast(LiteralString, body.strip()))
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }
