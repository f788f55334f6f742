"""Writes the first migration of `supabase/migrations/`: schema.sql, then views.sql.

    uv run python -m tools.migrations

It stays the files themselves until there is a second migration. From then on it has been run in
databases that people use: it is frozen, and what the files gain goes into a new file, by hand,
whose name says when (`supabase migration new NAME` makes an empty one). A test holds that the
migrations and the files make the same database.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MIGRATIONS = ROOT / "supabase" / "migrations"
FIRST = "20261126000000_schema_and_views.sql"
FILES = ("schema.sql", "views.sql")


def main(root: Path = ROOT) -> int:
    """Writes the first migration anew, unless it is frozen."""
    directory = root / MIGRATIONS.relative_to(ROOT)
    first = directory / FIRST
    if any(file != first for file in directory.glob("*.sql")):
        print(f"{FIRST} is frozen: there are later migrations.", file=sys.stderr)
        return 0
    directory.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join((root / name).read_text(encoding="utf-8") for name in FILES)
    first.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
