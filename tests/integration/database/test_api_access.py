"""What Supabase's API roles may do: the statements that PostgREST sends, sent without PostgREST.

Not covered by this: signatures and expiry of tokens, and PostgREST's own grammar of URLs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.rows import MAPPED, PARENTS, VALID, add, add_each, value, values
from tests.support.postgres import Server
from tests.support.supabase import API_ROLES, OWNER, Project, copy_of, project

HISTORIES = ("lead_status_changes", "project_status_changes")


@pytest.fixture(scope="module", params=["new project", "project with the old default rights"])
def api_template(supabase_server: Server, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project in which both files ran twice."""
    is_old = "old" in request.param
    with project(supabase_server, "api_template", is_old=is_old, applied=2) as made:
        yield made


@pytest.fixture
def api(supabase_server: Server, api_template: Project) -> Iterator[Project]:
    """A project of the test's own."""
    with copy_of(supabase_server, api_template) as made:
        yield made


@pytest.fixture
def owner(api: Project) -> Iterator[psycopg.Connection[Any]]:
    """The same database as its owner."""
    with psycopg.connect(api.url(OWNER), autocommit=True) as connection:
        yield connection


def test_the_people_of_the_practice_read_and_write_everything(api: Project) -> None:
    ids: dict[str, str] = {}
    for table, more in VALID.items():
        row = {c: ids[parent] for c, parent in PARENTS.get(table, {}).items()} | more
        insert = (
            f"insert into {table} ({', '.join(row)})"
            f" values ({', '.join(['%s'] * len(row))}) returning id"
        )
        ids[table] = api.request("authenticated", insert, *row.values())[0]["id"]
    for table in MAPPED:
        update = f"update {table} set owner_email = 'anna@example.com' where true returning id"
        assert len(api.request("authenticated", update)) == 1
        assert len(api.request("authenticated", f"select id from {table}", method="GET")) == 1
    for table in reversed(VALID):
        assert (
            len(api.request("authenticated", f"delete from {table} where true returning id")) == 1
        )


def test_a_write_through_the_api_is_captured_and_its_history_kept(
    api: Project, owner: psycopg.Connection[Any]
) -> None:
    api.request("authenticated", "insert into leads (company_name) values ('Lighthouse Books')")
    api.request("authenticated", "update leads set lead_status = 'contacted' where true")
    assert value(owner, "select count(*) from sync.change") == 2
    history = api.request(
        "authenticated", "select new_status from lead_status_changes", method="GET"
    )
    assert {row["new_status"] for row in history} == {"new", "contacted"}
    api.request("authenticated", "delete from leads where true")
    assert value(owner, "select count(*) from lead_status_changes") == 0


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"user": None}, id="a token without a user"),
        pytest.param({"more_claims": {"is_anonymous": True}}, id="an anonymous sign-in"),
    ],
)
def test_who_did_not_sign_in_sees_and_writes_nothing(
    api: Project, owner: psycopg.Connection[Any], claims: dict[str, Any]
) -> None:
    add(owner, "leads")
    for table in (*MAPPED, *HISTORIES, "practice_setting"):
        assert api.request("authenticated", f"select * from {table}", method="GET", **claims) == []
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        api.request("authenticated", "insert into leads (company_name) values ('x')", **claims)
    update = "update leads set notes = 'x' where true returning id"
    assert api.request("authenticated", update, **claims) == []
    lead = value(owner, "select id from leads")
    with pytest.raises(psycopg.Error) as refused:
        api.request("authenticated", "select convert_lead(%s)", lead, **claims)
    assert refused.value.sqlstate == "PT404"


def test_anon_has_no_right_on_anything(owner: psycopg.Connection[Any], api: Project) -> None:
    ours = "('public'::regnamespace, 'sync'::regnamespace, 'analytics'::regnamespace)"
    assert (
        values(
            owner,
            f"""
        select oid::regclass::text from pg_class
        where relnamespace in {ours} and relkind in ('r', 'v')
          and has_any_column_privilege('anon', oid, 'select, insert, update, references')
        union all
        select oid::regprocedure::text from pg_proc
        where pronamespace in {ours} and has_function_privilege('anon', oid, 'execute')""",
        )
        == []
    )
    with pytest.raises(errors.InsufficientPrivilege):
        api.request("anon", "select * from leads", user=None, method="GET")
    with pytest.raises(errors.InsufficientPrivilege):
        api.request("anon", "select convert_lead(gen_random_uuid())", user=None)


@pytest.mark.parametrize("role", ["authenticated", "service_role"])
def test_the_rights_of_the_other_roles_are_exactly_these(
    owner: psycopg.Connection[Any], role: str
) -> None:
    rows = owner.execute(
        """
        select c.relname, string_agg(lower(g.privilege_type), ' ' order by g.privilege_type)
        from pg_class c cross join lateral aclexplode(c.relacl) g
        where g.grantee = %s::regrole and c.relkind in ('r', 'v', 'S')
        group by c.relname
        """,
        (role,),
    ).fetchall()
    wanted: dict[str, str] = dict.fromkeys(MAPPED, "delete insert select update")
    wanted |= dict.fromkeys(HISTORIES, "select")
    wanted["practice_setting"] = "select update"
    assert dict(rows) == wanted
    functions = values(
        owner,
        "select p.proname from pg_proc p cross join lateral aclexplode(p.proacl) g"
        " where g.grantee = %s::regrole order by 1",
        role,
    )
    assert functions == ["convert_lead", "full_name", "is_open", "is_overdue", "is_staff"]


@pytest.mark.parametrize("role", API_ROLES)
@pytest.mark.parametrize("relation", ["sync.change", "sync.record", "analytics.kpi"])
def test_sync_and_analytics_are_closed_to_the_api(api: Project, role: str, relation: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        api.request(role, f"select * from {relation}", method="GET")


@pytest.mark.parametrize("role", ["authenticated", "service_role"])
@pytest.mark.parametrize("table", HISTORIES)
@pytest.mark.parametrize(
    "statement",
    [
        "insert into {} default values",
        "update {} set changed_at = now() where true",
        "delete from {} where true",
    ],
)
def test_history_cannot_be_written_through_the_api(
    api: Project, role: str, table: str, statement: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        api.request(role, statement.format(table))


def test_a_won_lead_is_converted_through_the_api(
    api: Project, owner: psycopg.Connection[Any]
) -> None:
    lead = add(owner, "leads", lead_status="won")
    call = "select pgrst_call as id from public.convert_lead(lead_id => %s) pgrst_call"
    first = api.request("authenticated", call, lead)
    assert api.request("service_role", call, lead) == first
    assert values(owner, "select converted_account_id from leads") == [first[0]["id"]]
    with pytest.raises(errors.ReadOnlySqlTransaction):
        api.request("authenticated", call, lead, method="GET")


@pytest.fixture(params=["with BYPASSRLS, as on Supabase", "without it"])
def bypass(supabase_server: Server, request: pytest.FixtureRequest) -> Iterator[None]:
    """service_role has the attribute by which row level security leaves it alone, or not."""
    without = request.param == "without it"
    with psycopg.connect(supabase_server.admin_url, autocommit=True) as admin:
        admin.execute(f"alter role service_role {'no' if without else ''}bypassrls".encode())
        yield
        admin.execute("alter role service_role bypassrls")


@pytest.mark.usefixtures("bypass")
def test_service_role_reads_and_writes_every_row(
    api: Project, owner: psycopg.Connection[Any]
) -> None:
    add_each(owner)

    def ask(statement: str) -> list[dict[str, Any]]:
        return api.request("service_role", statement, user=None)

    for table in (*MAPPED, *HISTORIES, "practice_setting"):
        assert len(ask(f"select * from {table}")) == 1, table
    assert ask("update practice_setting set time_zone = 'Asia/Tokyo' where true returning 1")
    assert ask("update leads set lead_status = 'won' where true returning 1")
    assert ask("select convert_lead(id) from leads")
    ask("insert into leads (company_name) values ('Lighthouse Books')")
    for table in reversed(VALID):
        changed = ask(f"update {table} set owner_email = 'a@example.com' where true returning 1")
        assert len(changed) == value(owner, f"select count(*) from {table}"), table
        if table != "accounts":
            assert len(ask(f"delete from {table} where true returning 1")) == len(changed)
    assert len(ask("delete from accounts where true returning 1")) == 2


def test_a_token_cannot_ask_for_another_role(api: Project) -> None:
    for role in (OWNER, "crm_sync", "powerbi_reader", "supabase_admin"):
        with pytest.raises(errors.InsufficientPrivilege):
            api.request(role, "select 1")


def test_the_practice_sets_its_time_zone(api: Project) -> None:
    update = (
        "update practice_setting set time_zone = 'Europe/Berlin' where true returning time_zone"
    )
    assert api.request("authenticated", update) == [{"time_zone": "Europe/Berlin"}]
    with pytest.raises(errors.InsufficientPrivilege):
        api.request("authenticated", "delete from practice_setting where true")


def test_there_is_one_permissive_policy_per_role_and_action(
    owner: psycopg.Connection[Any],
) -> None:
    doubled = values(
        owner,
        """
        select p.polrelid::regclass || ' ' || r.role::regrole || ' ' || c.command
        from pg_policy p
        cross join lateral unnest(p.polroles) as r (role)
        cross join (values ('r'), ('a'), ('w'), ('d')) as c (command)
        where p.polpermissive and p.polcmd::text in ('*', c.command)
        group by 1 having count(*) > 1
        """,
    )
    assert doubled == []
    # Only the sync and servers that hold service_role's key are asked nothing; no person is.
    always_true = values(
        owner,
        "select polrelid::regclass::text from pg_policy"
        " where polroles not in"
        " (array['crm_sync'::regrole]::oid[], array['service_role'::regrole]::oid[])"
        " and 'true' in (pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))",
    )
    assert always_true == []
    without_policy = values(
        owner,
        "select oid::regclass::text from pg_class where relkind = 'r' and relrowsecurity"
        " and not exists (select from pg_policy where polrelid = pg_class.oid)",
    )
    assert without_policy == []
