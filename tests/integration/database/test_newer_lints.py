"""What Supabase's linter asks since its lints 0025 to 0029, which the tool in tests/clients lacks.

0025 looks at files in Supabase's storage, of which schema.sql and views.sql have none. 0026 and
0027 speak where pg_graphql is installed, of whatever the API's roles may read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.integration.database.access_matrix import MATRIX
from tests.integration.database.rows import values
from tests.support.postgres import SCHEMA_FILES, Server
from tests.support.supabase import OWNER, Project, project

Connection = psycopg.Connection[Any]

PEOPLES = "c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$|auth$|extensions$)'"
READABLE = f"""
select c.relnamespace::regnamespace || '.' || c.relname
from pg_catalog.pg_class c
where c.relkind in ('r', 'p', 'v', 'm') and {PEOPLES} and has_table_privilege(%s, c.oid, 'select')
order by 1
"""
DEFINERS = f"""
select c.oid::regprocedure::text
from (select p.*, p.pronamespace as relnamespace from pg_catalog.pg_proc p) c
where c.prosecdef and {PEOPLES} and has_function_privilege(%s, c.oid, 'execute')
order by 1
"""


@pytest.fixture(scope="module")
def supabase(supabase_server: Server) -> Iterator[Project]:
    with project(supabase_server, "newer_lints", is_old=True) as made:
        yield made


@pytest.fixture
def owner(supabase: Project) -> Iterator[Connection]:
    """What the test makes is taken back."""
    with (
        psycopg.connect(supabase.url(OWNER)) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute("set local search_path = ''")
        yield connection


def test_graphql_shows_nothing_to_those_who_did_not_sign_in(owner: Connection) -> None:
    assert values(owner, READABLE, "anon") == []
    owner.execute("create table public.bad (id integer)")  # readable by the old default rights
    assert values(owner, READABLE, "anon") == ["public.bad"]


def test_graphql_shows_the_practice_to_its_members_and_nothing_else(owner: Connection) -> None:
    practice = sorted(
        name
        for name, cells in MATRIX.items()
        if name.startswith("public.") and "s" in cells["authenticated"]
    )
    assert values(owner, READABLE, "authenticated") == practice
    owner.execute("create view public.bad as select 1 as one")
    assert values(owner, READABLE, "authenticated") == sorted([*practice, "public.bad"])


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_no_function_with_its_owners_rights_can_be_called(owner: Connection, role: str) -> None:
    assert values(owner, DEFINERS, role) == []
    owner.execute(
        "create function public.bad() returns integer language sql security definer"
        " set search_path = '' as 'select 1'"
    )
    assert values(owner, DEFINERS, role) == ["public.bad()"]


def test_the_files_make_no_bucket(owner: Connection) -> None:
    assert values(owner, "select to_regnamespace('storage')::text") == [None]
    assert all("storage." not in file.read_text("utf-8") for file in SCHEMA_FILES)
