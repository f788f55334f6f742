"""The declared matrix beside a live database: what each role was granted, and what it can do.

Each role acts on each table, view and function, as PostgREST lets the API's roles act and as the
others sign in; each attempt is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.types.json import Jsonb

from crm_sync.documents.access import rights
from crm_sync.er_diagram.catalog import read
from tests.integration.database.access_matrix import MATRIX, ROLES, Matrix, as_lines
from tests.integration.database.rows import ORG, STATE_ROWS, add_each, values
from tests.support.postgres import Server
from tests.support.supabase import API_ROLES, OWNER, Project, become, copy_of, project

Connection = psycopg.Connection[Any]

OURS = "('public'::regnamespace, 'sync'::regnamespace, 'analytics'::regnamespace)"
RELATIONS = f"""
select c.relnamespace::regnamespace || '.' || c.relname
from pg_class c where c.relnamespace in {OURS} and c.relkind in ('r', 'p', 'v', 'm', 'f')
"""
FUNCTIONS = f"""
select p.pronamespace::regnamespace || '.' || p.proname || '('
       || array_to_string(p.proargtypes::regtype[], ',') || ')',
    array(select 'null::' || t from unnest(p.proargtypes::regtype[]) as t)
from pg_proc p where p.pronamespace in {OURS}
"""
# What was granted, to a role or to everyone. On a table that keeps its rows to itself, what a
# policy opens to the role; a role with BYPASSRLS needs none.
GRANTED = f"""
select 'schema ' || n.nspname, r.role, 'u'
from pg_namespace n cross join unnest(%(roles)s::text[]) as r (role)
where n.oid in {OURS} and has_schema_privilege(r.role, n.oid, 'usage')
union all
select c.relnamespace::regnamespace || '.' || c.relname, r.role, p.letter
from pg_class c cross join unnest(%(roles)s::text[]) as r (role)
cross join (values ('s', 'select', 'r'), ('i', 'insert', 'a'), ('u', 'update', 'w'),
                   ('d', 'delete', 'd')) as p (letter, privilege, command)
where c.relnamespace in {OURS} and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and has_schema_privilege(r.role, c.relnamespace, 'usage')
  and has_table_privilege(r.role, c.oid, p.privilege)
  and (not c.relrowsecurity or (select rolbypassrls from pg_roles where rolname = r.role)
       or exists (select from pg_policy y
                  where y.polrelid = c.oid and y.polpermissive
                    and y.polcmd::text in ('*', p.command)
                    and y.polroles && array[0::oid, r.role::regrole::oid]))
union all
select p.pronamespace::regnamespace || '.' || p.proname || '('
       || array_to_string(p.proargtypes::regtype[], ',') || ')', r.role, 'x'
from pg_proc p cross join unnest(%(roles)s::text[]) as r (role)
where p.pronamespace in {OURS} and has_schema_privilege(r.role, p.pronamespace, 'usage')
  and has_function_privilege(r.role, p.oid, 'execute')
"""
STRANGERS: dict[str, dict[str, Any]] = {
    "a token without a user": {"user": None},
    "an anonymous sign-in": {"more_claims": {"is_anonymous": True}},
}
ACTORS = (*ROLES, *STRANGERS)
NEW, OLD = "new project", "project with the old default rights"


@pytest.fixture(scope="module", params=[NEW, OLD])
def supabase(supabase_server: Server, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project with a row in every table."""
    with project(supabase_server, "matrix", is_old=request.param == OLD) as made:
        with psycopg.connect(made.url(OWNER), autocommit=True) as owner:
            add_each(owner)
            for statement in STATE_ROWS:
                owner.execute(statement.encode(), (ORG,))
            owner.execute("insert into sync.made values ('table public.mine')")
        yield made


@pytest.fixture
def owner(supabase: Project) -> Iterator[Connection]:
    with psycopg.connect(supabase.url(OWNER), autocommit=True) as connection:
        connection.execute("set search_path = ''")
        yield connection


def test_the_owner_is_no_superuser(owner: Connection) -> None:
    found = owner.execute(
        "select rolsuper, rolcreaterole, rolbypassrls from pg_catalog.pg_roles"
        " where rolname = current_user"
    ).fetchone()
    assert found == (False, True, True)


def test_the_matrix_has_a_line_for_everything(owner: Connection) -> None:
    there = {*values(owner, RELATIONS), *values(owner, FUNCTIONS)}
    assert {name for name in MATRIX if not name.startswith("schema ")} == there


def test_what_was_granted_is_what_the_matrix_says(owner: Connection) -> None:
    schemas = [name for name in MATRIX if name.startswith("schema ")]
    there = [*schemas, *values(owner, RELATIONS), *values(owner, FUNCTIONS)]
    granted: Matrix = {name: dict.fromkeys(ROLES, "") for name in there}
    for name, role, letter in owner.execute(GRANTED.encode(), {"roles": list(ROLES)}):
        granted[name][role] = "".join(sorted(granted[name][role] + letter, key="siudx".index))
    assert as_lines(granted) == as_lines(MATRIX)


def test_the_page_says_what_the_matrix_says(owner: Connection) -> None:
    letters = {"select": "s", "insert": "i", "update": "u", "delete": "d", "execute": "x"}
    said: Matrix = {}
    for schema in ("public", "sync", "analytics"):
        shown = read(owner, schema)
        for role in ROLES:
            for thing, may in rights(shown, role).items():
                cells = said.setdefault(f"{schema}.{thing.partition('(')[0]}", {})
                cells[role] = "".join(letters[right] for right in may)
    # The page has the names of arguments, too, the matrix their types alone.
    assert as_lines(said) == as_lines(
        {n.partition("(")[0]: cells for n, cells in MATRIX.items() if not n.startswith("schema ")}
    )


def test_nobody_but_the_owner_has_any_other_right(owner: Connection) -> None:
    rows = owner.execute(
        f"""
        select r.role, c.oid::regclass::text
        from pg_class c cross join unnest(%(roles)s::text[]) as r (role)
        where c.relnamespace in {OURS} and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and has_table_privilege(r.role, c.oid, 'truncate, references, trigger')
        union all
        select r.role, c.oid::regclass::text
        from pg_class c cross join unnest(%(roles)s::text[]) as r (role)
        where c.relnamespace in {OURS} and c.relkind = 'S'
          and has_sequence_privilege(r.role, c.oid, 'usage, select, update')
        union all
        select r.role, n.nspname
        from pg_namespace n cross join unnest(%(roles)s::text[]) as r (role)
        where n.oid in {OURS} and has_schema_privilege(r.role, n.oid, 'create')
        union all
        select r.role, current_database()
        from unnest(%(roles)s::text[]) as r (role)
        where has_database_privilege(r.role, current_database(), 'create')
        """.encode(),
        {"roles": list(ROLES)},
    ).fetchall()
    assert rows == []


@contextmanager
def acting(supabase: Project, actor: str) -> Iterator[Connection]:
    """A session of a role, in a transaction that is taken back."""
    role = "authenticated" if actor in STRANGERS else actor
    user = "authenticator" if role in API_ROLES else role
    with (
        psycopg.connect(supabase.url(user)) as connection,
        connection.transaction(force_rollback=True),
    ):
        if user == "authenticator":
            claims = STRANGERS.get(actor, {})
            become(connection.cursor(), role, **({"user": None} if role == "anon" else claims))
        yield connection


@dataclass(frozen=True)
class Relation:
    """A table or view with what an attempt on it needs: a column that may be updated first, and a
    row to insert once more.
    """

    is_view: bool
    columns: list[str]
    rows: int
    row: dict[str, Any]


@pytest.fixture(scope="module")
def relations(supabase: Project) -> dict[str, Relation]:
    with psycopg.connect(supabase.url(OWNER), autocommit=True) as owner:
        owner.execute("set search_path = ''")
        return {name: looked_at(owner, name) for name in values(owner, RELATIONS)}


def looked_at(owner: Connection, name: str) -> Relation:
    ((is_view, columns),) = owner.execute(
        """
        select c.relkind in ('v', 'm'),
            array_agg(quote_ident(a.attname) order by a.attidentity = 'a', a.attnum)
        from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
        where c.oid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        group by c.relkind
        """,
        [name],
    )
    ((rows, row),) = owner.execute(
        f"select (select count(*) from {name}), (select to_jsonb(r) from {name} r limit 1)".encode()
    )
    assert is_view or rows, f"without a row of {name} this shows nothing"
    return Relation(is_view, columns, rows, row or {})


# On the harder kind of project; what was granted is the same in both.
@pytest.mark.parametrize("supabase", [OLD], indirect=True)
@pytest.mark.parametrize("actor", ACTORS)
def test_each_role_can_do_what_the_matrix_says_and_no_more(
    supabase: Project, owner: Connection, relations: dict[str, Relation], actor: str
) -> None:
    role = "authenticated" if actor in STRANGERS else actor
    wanted = {
        name: {role: "".join(c for c in cells[role] if c == "x" or actor not in STRANGERS)}
        for name, cells in MATRIX.items()
        if not name.startswith("schema ")
    }
    found: Matrix = {}
    with acting(supabase, actor) as connection:
        for name, relation in relations.items():
            found[name] = {role: done_to(connection, name, relation)}
        for function, arguments in owner.execute(FUNCTIONS.encode()).fetchall():
            call = f"select {function.split('(')[0]}({', '.join(arguments)})"
            is_refused = reached(connection, sql.SQL(call).format()) is None
            found[function] = {role: "" if is_refused else "x"}
    assert as_lines(found) == as_lines(wanted)


@pytest.mark.parametrize("supabase", [OLD], indirect=True)
def test_the_matrix_notices_what_is_not_in_it(supabase_server: Server, supabase: Project) -> None:
    with (
        copy_of(supabase_server, supabase) as other,
        psycopg.connect(other.url(OWNER), autocommit=True) as owner,
    ):
        owner.execute("set search_path = ''")
        owner.execute("create table public.note (id integer); insert into public.note values (1)")
        owner.execute("create function public.peek() returns integer return 1")
        assert "public.note" in set(values(owner, RELATIONS)) - MATRIX.keys()
        assert {n for n, _ in owner.execute(FUNCTIONS.encode())} - MATRIX.keys() == {
            "public.peek()"
        }
        with acting(other, "anon") as connection:
            assert done_to(connection, "public.note", looked_at(owner, "public.note")) == "siud"
        owner.execute("alter table public.note enable row level security")
        with acting(other, "anon") as connection:
            assert done_to(connection, "public.note", looked_at(owner, "public.note")) == ""


def done_to(connection: Connection, name: str, relation: Relation) -> str:
    """The letters of what a session can do to every row of a table or view."""
    table, columns = sql.SQL(name), relation.columns
    attempts = {
        "s": sql.SQL("select from {}").format(table),
        "i": sql.SQL(
            "insert into {0} ({1}) overriding system value"
            " select {1} from jsonb_populate_record(null::{0}, {2})"
        ).format(table, sql.SQL(", ".join(columns)), Jsonb(relation.row)),
        "u": sql.SQL("update {0} set {1} = {1} where true").format(table, sql.SQL(columns[0])),
        "d": sql.SQL("delete from {} where true").format(table),
    }
    letters = ""
    for letter, attempt in attempts.items():
        rows = reached(connection, attempt)
        is_empty_view = relation.is_view and relation.rows == 0 and letter == "s"
        if rows is None or (rows == 0 and not is_empty_view):
            continue
        all_rows = 1 if letter == "i" else relation.rows
        assert rows in ("stopped", all_rows), f"{letter} on {name}: some rows, not all"
        letters += letter
    return letters


def reached(connection: Connection, statement: sql.Composed) -> int | str | None:
    """How many rows a statement met; None where it was refused for want of a right. `stopped` where
    something else than rights ended it: a key that is there already, a child, a null.
    """
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(statement).rowcount
    except (errors.InsufficientPrivilege, errors.WrongObjectType):
        return None
    except errors.ObjectNotInPrerequisiteState:  # a view that nobody can write
        return None
    except (errors.IntegrityError, errors.RaiseException):
        return "stopped"
    except psycopg.Error as error:
        if (error.sqlstate or "").startswith("PT"):  # of our own functions
            return "stopped"
        raise
