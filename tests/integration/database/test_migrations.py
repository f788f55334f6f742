"""supabase/migrations beside schema.sql and views.sql: one database, whichever way it was made."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import ROOT, SCHEMA_FILES, Server, temporary_database
from tools.migrations import FIRST, MIGRATIONS, main

FILES = sorted(MIGRATIONS.glob("*.sql"))


def made_by(server: Server, files: list[Path]) -> str:
    """What pg_dump says of the schema that the files make, each run as one transaction."""
    with temporary_database(server, None) as fresh:
        with psycopg.connect(fresh.owner_url, autocommit=True) as owner:
            for file in files:
                owner.execute(file.read_bytes())
        dump = subprocess.run(
            [server.programs / "pg_dump", "--schema-only", fresh.owner_url],
            check=True,
            capture_output=True,
            encoding="utf-8",
        ).stdout
    # A line that is random by purpose, so that a dump cannot smuggle commands into psql.
    return re.sub(r"^\\(un)?restrict .*\n", "", dump, flags=re.MULTILINE)


def test_the_migrations_and_the_files_make_the_same_database(server: Server) -> None:
    by_files = made_by(server, list(SCHEMA_FILES))
    assert made_by(server, FILES) == by_files
    for part in (
        "CREATE TABLE public.accounts",
        "CREATE TABLE sync.record",
        "CREATE VIEW analytics.kpi",
        "CREATE POLICY",
        "GRANT SELECT",
        "CREATE TRIGGER",
        "ALTER DEFAULT PRIVILEGES",
    ):
        assert part in by_files


def test_the_dump_notices_what_a_migration_forgets(server: Server, tmp_path: Path) -> None:
    forgetful = tmp_path / FIRST
    text = (MIGRATIONS / FIRST).read_text(encoding="utf-8")
    forgetful.write_text(text.replace("check (duration_minutes >= 0)", "check (true)"), "utf-8")
    assert made_by(server, [forgetful]) != made_by(server, list(SCHEMA_FILES))


def test_migrations_are_named_as_the_supabase_cli_wants_them() -> None:
    assert FILES[0].name == FIRST
    for file in FILES:
        moment, name = file.stem.split("_", 1)
        datetime.strptime(moment, "%Y%m%d%H%M%S")  # fails for what is no moment
        assert re.fullmatch(r"[a-z0-9_]+", name)
    assert [file.name for file in MIGRATIONS.iterdir() if file.suffix != ".sql"] == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for file in SCHEMA_FILES:
        (tmp_path / file.name).write_text(f"-- {file.name}\n", encoding="utf-8")
    return tmp_path


def test_the_first_migration_is_the_files_until_there_is_a_second(repository: Path) -> None:
    directory = repository / MIGRATIONS.relative_to(ROOT)
    assert main(repository) == 0
    assert (directory / FIRST).read_text("utf-8") == "-- schema.sql\n\n\n-- views.sql\n"
    (repository / "schema.sql").write_text("-- another\n", encoding="utf-8")
    main(repository)
    assert (directory / FIRST).read_text("utf-8").startswith("-- another")
    (directory / "20270101000000_more.sql").write_text("-- more\n", encoding="utf-8")
    (repository / "schema.sql").write_text("-- a third\n", encoding="utf-8")
    main(repository)
    assert (directory / FIRST).read_text("utf-8").startswith("-- another")
