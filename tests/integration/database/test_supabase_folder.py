"""supabase/ as the Supabase CLI reads it: the keys of its configuration, and what a reset runs.

The CLI itself, which needs containers, is not run.
"""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.integration.database.rows import value
from tests.support.postgres import ROOT, SCHEMA_FILES, Server
from tests.support.supabase import OWNER, Project, project
from tools.migrations import MIGRATIONS

FOLDER = ROOT / "supabase"
CONFIG: dict[str, Any] = tomllib.loads((FOLDER / "config.toml").read_text("utf-8"))

# From supabase/cli, apps/cli-go/pkg/config/templates/config.toml: of each table the keys that we
# use, with the type that they have there.
DOCUMENTED = {
    "project_id": str,
    "api.schemas": list,
    "api.extra_search_path": list,
    "api.max_rows": int,
    "db.major_version": int,
    "db.migrations.enabled": bool,
    "db.migrations.schema_paths": list,
    "db.seed.enabled": bool,
    "db.seed.sql_paths": list,
    "auth.enable_signup": bool,
    "auth.enable_anonymous_sign_ins": bool,
}


def keys(table: dict[str, Any], above: str = "") -> Iterator[tuple[str, type]]:
    for key, content in table.items():
        if isinstance(content, dict):
            yield from keys(content, f"{above}{key}.")
        else:
            yield f"{above}{key}", type(content)


def from_the_root(path: str) -> str:
    """As the CLI joins a path to the folder: by its text, before it looks for files."""
    return posixpath.normpath(posixpath.join("supabase", path))


def test_every_key_is_one_that_the_cli_documents() -> None:
    assert dict(keys(CONFIG)) == DOCUMENTED


def test_the_paths_lead_to_our_files() -> None:
    schemas = [from_the_root(path) for path in CONFIG["db"]["migrations"]["schema_paths"]]
    assert [ROOT / path for path in schemas] == list(SCHEMA_FILES)
    seeds = [from_the_root(path) for path in CONFIG["db"]["seed"]["sql_paths"]]
    assert [(ROOT / path).is_file() for path in seeds] == [True]


def test_the_api_shows_the_crm_alone_and_nobody_signs_up() -> None:
    assert CONFIG["api"]["schemas"] == ["public"]
    assert CONFIG["auth"] == {"enable_signup": False, "enable_anonymous_sign_ins": False}


@pytest.fixture(scope="module")
def empty(supabase_server: Server) -> Iterator[Project]:
    with project(supabase_server, "reset", is_old=False, applied=0) as made:
        yield made


def test_what_a_reset_runs_makes_the_crm_with_its_sample_data(empty: Project) -> None:
    files = sorted(MIGRATIONS.glob("*.sql"))
    files += [ROOT / from_the_root(path) for path in CONFIG["db"]["seed"]["sql_paths"]]
    with psycopg.connect(empty.url(OWNER), autocommit=True) as owner:
        for file in files:
            owner.execute(file.read_bytes())
        assert value(owner, "select count(*) from public.accounts") > 10
        assert value(owner, "select account_count from analytics.kpi") > 10
    [row] = empty.request("authenticated", "select count(*) from activities", method="GET")
    assert row["count"] > 100
