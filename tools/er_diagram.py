"""Draws docs/architecture/er-diagram from the live schema; `--check` only says whether it is stale.

    python tools/er_diagram.py [--check] [--url POSTGRESQL_URL]

Without a URL it starts the embedded server and applies schema.sql. The check compares the SVG
files; the PNG files, made from them, depend on the fonts of the machine.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from crm_sync.demo.embedded import (
    OWNER,
    EmbeddedPostgres,
    create_database,
    create_owner,
    server_url,
)
from crm_sync.er_diagram.catalog import Schema, read
from crm_sync.er_diagram.layout import arrange
from crm_sync.er_diagram.svg import draw

ROOT = Path(__file__).resolve().parents[1]
DIRECTORY = ROOT / "docs" / "architecture"
DATABASE = "er_diagram"


def main() -> int:
    """Writes or checks the pictures; 1 when the check finds a stale one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if stale")
    parser.add_argument("--url", help="a database in which schema.sql was applied")
    options = parser.parse_args()
    with _database(options.url) as url, psycopg.connect(url) as connection:
        pictures = {
            "er-diagram": _crm(read(connection, "public")),
            "er-diagram-sync": _sync(read(connection, "sync")),
        }
    stale = [name for name, svg in pictures.items() if _is_stale(name, svg)]
    if options.check:
        for name in stale:
            print(f"docs/architecture/{name}.svg is stale: run python tools/er_diagram.py")
        return 1 if stale else 0
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures.items():
        (DIRECTORY / f"{name}.svg").write_text(svg, encoding="utf-8", newline="\n")
        if name in stale or not (DIRECTORY / f"{name}.png").exists():
            (DIRECTORY / f"{name}.png").write_bytes(_png(svg))
        print(f"docs/architecture/{name}.svg, .png")
    return 0


def _crm(schema: Schema) -> str:
    names = ", ".join(table.name for table in schema.tables)
    return draw(arrange(schema), "The CRM: tables of schema public", f"Tables: {names}.")


def _sync(schema: Schema) -> str:
    # Every table of schema sync refers to its org; the picture shows the keys only.
    layout = arrange(replace(schema, enums=()), keys_only=True)
    names = ", ".join(table.name for table in schema.tables)
    return draw(layout, "The state of the sync: tables of schema sync", f"Tables: {names}.")


def _is_stale(name: str, svg: str) -> bool:
    path = DIRECTORY / f"{name}.svg"
    return not path.exists() or path.read_text(encoding="utf-8") != svg


def _png(svg: str) -> bytes:
    try:
        import resvg_py
    except ImportError:
        sys.exit("The PNG needs resvg_py, a development tool: uv sync")
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=2, background="#ffffff"))


@contextmanager
def _database(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with (
        tempfile.TemporaryDirectory(prefix="crm-sync-er-", ignore_cleanup_errors=True) as directory,
        EmbeddedPostgres(Path(directory)) as server,
    ):
        create_owner(server.admin_url)
        create_database(server.admin_url, DATABASE)
        owner_url = server_url(server.admin_url, OWNER, DATABASE)
        with psycopg.connect(owner_url, autocommit=True) as connection:
            schema = (ROOT / "schema.sql").read_text(encoding="utf-8")
            connection.execute(schema.encode())  # as bytes: the file is trusted, and no placeholder
        yield owner_url


if __name__ == "__main__":
    raise SystemExit(main())
