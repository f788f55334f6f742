"""A server with the roles and schemas of a Supabase project, as far as rights go.

Made after the first scripts of supabase/postgres (migrations/db): the superuser is supabase_admin,
and postgres is an ordinary user who may create databases and roles and skips row level security.
What the hosted platform adds in C (supautils: which roles are reserved, event triggers for
postgres) is not here, nor is PostgREST.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from crm_sync.demo import embedded as demo
from tests.support.postgres import SCHEMA_FILES, Server

OWNER = "postgres"
ADMIN = "supabase_admin"
API_ROLES = ("anon", "authenticated", "service_role")
_numbers = itertools.count(1)
USER = "7f0c3a52-5d0e-4a57-9a55-0d5f6a1c1e01"

_ROLES = f"""
alter role postgres rename to {ADMIN};
create role {OWNER} login nosuperuser createdb createrole replication bypassrls;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
grant anon, authenticated, service_role to authenticator;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
"""
_PROJECT = f"""
grant all on schema public to {OWNER};
grant usage on schema public to anon, authenticated, service_role;
create schema extensions;
grant usage on schema extensions to {OWNER}, anon, authenticated, service_role;
create schema auth;
grant usage on schema auth to {OWNER}, anon, authenticated, service_role;
create function auth.jwt() returns jsonb language sql stable
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
create function auth.uid() returns uuid language sql stable return (auth.jwt() ->> 'sub')::uuid;
create function auth.role() returns text language sql stable return auth.jwt() ->> 'role';
create publication supabase_realtime;
"""
# Until 2026 every new object of public went to the API's roles; projects of that age still do so.
_OLD_DEFAULT_RIGHTS = f"""
alter default privileges for role {OWNER} in schema public
    grant all on tables to {OWNER}, anon, authenticated, service_role;
alter default privileges for role {OWNER} in schema public
    grant all on functions to {OWNER}, anon, authenticated, service_role;
alter default privileges for role {OWNER} in schema public
    grant all on sequences to {OWNER}, anon, authenticated, service_role;
"""


@dataclass(frozen=True)
class Project:
    """One database with the rights of a Supabase project."""

    name: str
    admin_url: str

    def url(self, user: str) -> str:
        """The database as one of its users."""
        return demo.server_url(self.admin_url, user, self.name)

    def request(
        self,
        role: str,
        statement: str,
        *parameters: Any,
        user: str | None = USER,
        more_claims: dict[str, Any] | None = None,
        method: str = "POST",
    ) -> list[dict[str, Any]]:
        """One HTTP request as PostgREST would run it; the rows of its answer."""
        mode = "read only" if method == "GET" else "read write"
        with (
            psycopg.connect(self.url("authenticator")) as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            cursor.execute(f"set transaction isolation level read committed {mode}".encode())
            become(cursor, role, user=user, more_claims=more_claims, method=method)
            cursor.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []


def become(
    cursor: psycopg.Cursor[Any],
    role: str,
    *,
    user: str | None = USER,
    more_claims: dict[str, Any] | None = None,
    method: str = "POST",
) -> None:
    """What PostgREST sets for one request, until the end of the transaction."""
    claims = {"role": role} | ({"sub": user} if user else {}) | (more_claims or {})
    cursor.execute(
        "select set_config('search_path', '\"public\", \"extensions\"', true),"
        " set_config('role', %s, true), set_config('request.jwt.claims', %s, true),"
        " set_config('request.method', %s, true)",
        (role, json.dumps(claims), method),
    )


def as_supabase(server: Server) -> Server:
    """Gives a fresh server Supabase's roles; from then on supabase_admin is its superuser."""
    # The superuser that the server came with is called postgres, cannot be less, and cannot rename
    # itself.
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(b"create role helper superuser login")
    with psycopg.connect(server.url("helper", "postgres"), autocommit=True) as helper:
        helper.execute(_ROLES.encode())
    admin_url = server.url(ADMIN, "postgres")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(b"drop role helper")
        admin.execute(b"drop database if exists crm")  # of the demo, whose server this is
        admin.execute(f"drop role if exists {demo.OWNER}".encode())
    return Server(admin_url, server.programs)


@contextmanager
def project(server: Server, name: str, *, is_old: bool, applied: int = 1) -> Iterator[Project]:
    """A project in which schema.sql and views.sql ran so often, as they are.

    `is_old`: it gives new objects in public to the API's roles, and belongs to the superuser, as
    the first scripts leave it; else neither.
    """
    demo.create_database(server.admin_url, name, ADMIN if is_old else OWNER)
    made = Project(name, server.url(ADMIN, name))
    try:
        with psycopg.connect(made.admin_url, autocommit=True) as admin:
            admin.execute(_PROJECT.encode())
            if is_old:
                admin.execute(_OLD_DEFAULT_RIGHTS.encode())
                admin.execute(
                    sql.SQL("grant all on database {} to {}").format(
                        sql.Identifier(name), sql.Identifier(OWNER)
                    )
                )
        with psycopg.connect(made.url(OWNER), autocommit=True) as owner:
            for file in SCHEMA_FILES * applied:
                owner.execute(file.read_bytes())
        yield made
    finally:
        _drop(server, name)


@contextmanager
def copy_of(server: Server, template: Project) -> Iterator[Project]:
    """A project with all that another one holds, for one test."""
    name = f"{template.name}_{next(_numbers)}"
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template.name)
            )
        )
    try:
        yield Project(name, server.url(ADMIN, name))
    finally:
        _drop(server, name)


def _drop(server: Server, name: str) -> None:
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )
