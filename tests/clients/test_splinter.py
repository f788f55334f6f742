"""Splinter, Supabase's linter of a database, as the Postgres language server brings it.

Its snapshot lacks the lints from 0025 on: tests/integration/database/test_newer_lints.py. The
reporter is JSON: JUnit's writes that there were errors, and not which.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support import clients
from tests.support.postgres import Server
from tests.support.supabase import ADMIN, OWNER, Project, copy_of, project

pytestmark = pytest.mark.clients

Findings = set[tuple[str, str, str]]
"""Severity, lint, message."""

KNOWN_BAD = """
create table public.bad_parent (id integer primary key);
create table public.bad (
    id integer references public.bad_parent (id), ssn text, owner_id uuid, other text);
create view public.bad_view as select id from public.bad;
create materialized view public.bad_materialized_view as select id from public.bad;
grant all on public.bad, public.bad_parent, public.bad_view, public.bad_materialized_view
    to anon, authenticated;
create policy unused on public.bad_parent for select to authenticated using (id = 1);

create table public.bad_policies (id integer primary key, owner_id uuid);
alter table public.bad_policies enable row level security;
grant all on public.bad_policies to authenticated;
create policy everyone on public.bad_policies for all to authenticated
    using (true) with check (true);
create policy own on public.bad_policies for select to authenticated
    using (owner_id = auth.uid());
create policy by_metadata on public.bad_policies for delete to authenticated
    using ((auth.jwt() -> 'user_metadata' ->> 'role') = 'boss');
create index bad_once on public.bad_policies (owner_id);
create index bad_twice on public.bad_policies (owner_id);

create function public.bad_function() returns integer language sql as 'select 1';
create table public.bad_silent (id integer primary key);
alter table public.bad_silent enable row level security;
"""
FOUND_IN_IT = {
    "error": {
        "policyExistsRlsDisabled",
        "rlsDisabledInPublic",
        "rlsReferencesUserMetadata",
        "securityDefinerView",
        "sensitiveColumnsExposed",
    },
    "warning": {
        "authRlsInitplan",
        "duplicateIndex",
        "functionSearchPathMutable",
        "materializedViewInApi",
        "multiplePermissivePolicies",
        "rlsPolicyAlwaysTrue",
    },
    "info": {"noPrimaryKey", "rlsEnabledNoPolicy", "unindexedForeignKeys", "unusedIndex"},
}


@pytest.fixture(scope="module")
def ours(supabase_server: Server) -> Iterator[Project]:
    """Our files in an older project, which would expose most."""
    with project(supabase_server, "linted", is_old=True) as made:
        yield made


@pytest.fixture
def lint(pytestconfig: pytest.Config, tmp_path: Path) -> Callable[[Project], Findings]:
    """Lints a project's database, as the program's exit code and its report agree on it."""

    def run(linted: Project) -> Findings:
        # Without this setting the lints of what is exposed find nothing, and say nothing.
        with psycopg.connect(linted.admin_url, autocommit=True) as admin:
            admin.execute(f"alter database {linted.name} set pgrst.db_schemas = 'public'".encode())
            host, port = admin.info.host, admin.info.port
        done = clients.lint(
            pytestconfig,
            tmp_path,
            *("postgres-language-server", "dblint", f"--host={host}", f"--port={port}"),
            *(f"--username={ADMIN}", f"--database={linted.name}"),
            *("--max-diagnostics=none", "--error-on-warnings", "--reporter=json"),
            cwd=tmp_path,
        )
        report = json.loads(done.stdout)
        found = {
            (one["severity"], one["category"].rpartition("/")[2], one["message"])
            for one in report["diagnostics"]
        }
        is_bad = any(severity in ("error", "warning") for severity, _, _ in found)
        assert (done.returncode != 0) is is_bad, done.stderr
        return found

    return run


def test_it_finds_what_is_bad_in_a_known_bad_schema(
    lint: Callable[[Project], Findings], supabase_server: Server, ours: Project
) -> None:
    with copy_of(supabase_server, ours) as bad:
        with psycopg.connect(bad.url(OWNER), autocommit=True) as owner:
            owner.execute(KNOWN_BAD.encode())
        found = lint(bad)
    by_severity = {
        severity: {lint for of, lint, _ in found if of == severity} for severity in FOUND_IN_IT
    }
    assert by_severity == FOUND_IN_IT


def test_it_finds_no_error_and_no_warning_in_ours(
    lint: Callable[[Project], Findings], ours: Project
) -> None:
    found = lint(ours)
    indexes = {one for one in found if one[1] == "unusedIndex"}
    # No key: a row may be noted many times, and a key would make every write of the CRM dearer.
    rest = {(severity, lint) for severity, lint, _ in found - indexes}
    assert rest == {("info", "noPrimaryKey")}
    assert [message for _, lint, message in found if lint == "noPrimaryKey"] == [
        r"Table \`sync.change\` does not have a primary key"
    ]
    assert indexes, "the linter looked at our tables: no index of a new database has been used"
