"""Writes tests/golden: the SQL that each shipped mapping becomes, for a person to read in review.

    python -m tests.integration.mapping.golden            write the files
    python -m tests.integration.mapping.golden --check    exit 1 when one is not as it would be

In: mappings/, schema.sql on the embedded PostgreSQL, and what the local org describes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping as Map
from typing import Any

import psycopg

from crm_sync.demo.embedded import OWNER
from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.compile import compile_mapping
from crm_sync.mapping.load import load_mappings
from crm_sync.salesforce.describe import ObjectFacts
from tests.integration.mapping.described import local_facts
from tests.support.postgres import ROOT, TEMPLATE, build_template, embedded_server

GOLDEN = ROOT / "tests" / "golden"
HEAD = "-- mappings/{name}.yaml as SQL, made by python -m tests.integration.mapping.golden.\n"


def golden(connection: psycopg.Connection[Any], facts: Map[str, ObjectFacts]) -> dict[str, str]:
    """The file for each shipped mapping, by its name; `connection` leads to our schema."""
    catalog = read_catalog(connection)
    return {
        mapping.name: HEAD.format(name=mapping.name)
        + compile_mapping(mapping, catalog, facts[mapping.object]).as_string(connection)
        for mapping in load_mappings(ROOT / "mappings")
    }


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks the files; 1 when the check finds a stale one."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.mapping.golden")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if stale")
    is_check = parser.parse_args(arguments).check
    with embedded_server() as server:
        build_template(server)
        with psycopg.connect(server.url(OWNER, TEMPLATE)) as connection:
            made = {f"{name}.sql": text for name, text in golden(connection, local_facts()).items()}
    kept = {file.name: file.read_text(encoding="utf-8") for file in GOLDEN.glob("*.sql")}
    stale = sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    for name in stale:
        if not is_check and name in made:
            (GOLDEN / name).write_text(made[name], encoding="utf-8", newline="\n")
        elif not is_check:
            (GOLDEN / name).unlink()
        print(f"tests/golden/{name}: {'is stale' if is_check else 'written'}")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
