"""`db login` on a server that asks these two roles for their password, with Supabase's roles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from crm_sync.errors import DatabaseError
from crm_sync.schema.logins import SYNC, enable_login
from tests.support.command_line import Desk
from tests.support.postgres import Server
from tests.support.supabase import OWNER, Project, project
from tests.support.terminal import Terminal

PASSWORD = "Tide-tables @ 07:30, 100%"
NAME = "signs_in"


@pytest.fixture(scope="module")
def asking(supabase_server: Server) -> Iterator[Project]:
    """A project whose server lets both roles in by SCRAM alone; all others as they are."""
    with (
        project(supabase_server, NAME, is_old=False) as made,
        psycopg.connect(made.admin_url, autocommit=True) as admin,
    ):
        (hba,) = admin.execute("show hba_file").fetchone() or ("",)
        before = Path(hba).read_text("utf-8")
        line = f"{{}} {NAME} crm_sync,powerbi_reader {{}} scram-sha-256\n"
        ours = line.format("local", "") + line.format("host", "all")
        Path(hba).write_text(ours + before, "utf-8")
        admin.execute("select pg_reload_conf()")
        yield made
        Path(hba).write_text(before, "utf-8")
        admin.execute("select pg_reload_conf()")


@pytest.fixture
def at(bare_desk: Desk, asking: Project) -> Desk:
    """A folder that knows the owner's URL and nothing else."""
    know(bare_desk, OWNER_DATABASE_URL=asking.url(OWNER))
    return bare_desk


def know(desk: Desk, **secrets: str) -> None:
    """Writes these into .env, and no target anywhere."""
    desk.secrets |= {f"CRM_SYNC_{name}": value for name, value in secrets.items()}
    desk.settle()
    (desk.folder / "crm-sync.toml").unlink()


def signs_in(project: Project, role: str, password: str) -> bool:
    try:
        psycopg.connect(project.url(role), password=password).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" not in str(error):
            raise
        return False
    return True


def test_a_person_types_it_twice_and_nobody_sees_it(at: Desk, asking: Project) -> None:
    assert not signs_in(asking, "powerbi_reader", PASSWORD)
    person = Terminal(at.folder, "db", "login", "powerbi_reader")
    person.answer("New password for powerbi_reader", "short")
    person.expect("too short. Give at least 12 characters.")
    person.answer("New password for powerbi_reader", PASSWORD)
    person.answer("Once more", PASSWORD + "x")
    person.expect("The two are not the same.")
    person.answer("New password for powerbi_reader", PASSWORD)
    person.answer("Once more", PASSWORD)
    person.expect("powerbi_reader may sign in to signs_in, with the password that you typed.")
    person.expect("Database  signs_in")
    person.expect("User      powerbi_reader, under Database")
    assert person.end() == 0
    assert PASSWORD not in person.seen
    assert "short" not in person.seen.replace("too short", "")
    assert signs_in(asking, "powerbi_reader", PASSWORD)
    assert not signs_in(asking, "powerbi_reader", PASSWORD + "x")


def test_a_variable_gives_it_and_what_is_printed_signs_in(at: Desk, asking: Project) -> None:
    know(at, LOGIN_PASSWORD=PASSWORD)
    ran = at.run("db", "login", "crm_sync")
    assert (ran.code, ran.err) == (0, "")
    assert PASSWORD not in ran.out
    [line] = [line.strip() for line in ran.out.splitlines() if "CRM_SYNC_DATABASE_URL=" in line]
    url = line.partition("=")[2].strip("'").replace("PASSWORD", quote(PASSWORD, safe=""))
    with psycopg.connect(url) as connection:
        assert (connection.info.user, connection.info.dbname) == ("crm_sync", NAME)
    assert ran.out.startswith(
        "crm_sync may sign in to signs_in, with the password of CRM_SYNC_LOGIN_PASSWORD.\n"
    )
    quiet = at.run("db", "login", "crm_sync", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_a_file_gives_it(at: Desk, asking: Project, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("Another tide-table\n", "utf-8")
    know(at, LOGIN_PASSWORD_FILE=str(file))
    assert at.run("db", "login", "crm_sync").code == 0
    assert signs_in(asking, "crm_sync", "Another tide-table")


def test_what_cannot_be_done_is_said_in_a_line(
    at: Desk, asking: Project, supabase_server: Server
) -> None:
    assert at.refused("db", "login", "crm_sync") == (
        "Nobody can be asked for the password of crm_sync. Set CRM_SYNC_LOGIN_PASSWORD, or "
        "CRM_SYNC_LOGIN_PASSWORD_FILE to a file that holds it."
    )
    know(at, LOGIN_PASSWORD="tooshort")
    assert "too short" in at.refused("db", "login", "crm_sync")
    know(at, LOGIN_PASSWORD=PASSWORD)
    unknown = at.run("db", "login", "crm_snyc")
    assert unknown.code == 2
    assert "crm_sync" in unknown.err
    assert "powerbi_reader" in unknown.err
    with psycopg.connect(supabase_server.admin_url, autocommit=True) as admin:
        admin.execute("create role plain login")
        admin.execute("alter role powerbi_reader rename to another_reader")
        try:
            assert at.refused("db", "login", "powerbi_reader") == (
                "There is no role powerbi_reader on this server. Make it first: crm-sync db apply"
            )
            know(at, OWNER_DATABASE_URL=asking.url("plain"))
            said = at.refused("db", "login", "crm_sync")
            assert said.startswith("plain may not set the password of crm_sync. Sign in as the")
        finally:
            admin.execute("alter role another_reader rename to powerbi_reader")
            admin.execute("drop role plain")


def test_the_password_is_in_no_statement_and_in_no_error(asking: Project) -> None:
    with psycopg.connect(asking.admin_url, autocommit=True) as admin:
        admin.execute(f"alter role {OWNER} in database {NAME} set log_statement = 'all'".encode())
    said: list[str] = []
    with psycopg.connect(asking.url(OWNER), autocommit=True) as owner:
        owner.execute("set client_min_messages = 'log'")
        owner.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        enable_login(owner, SYNC, PASSWORD)
    [statement] = [line for line in said if "alter role" in line]
    assert "password 'SCRAM-SHA-256$" in statement
    assert not any(PASSWORD in line for line in said)
    with psycopg.connect(asking.url("authenticator"), autocommit=True) as nobody:
        connection: psycopg.Connection[Any] = nobody
        with pytest.raises(DatabaseError) as refused:
            enable_login(connection, SYNC, PASSWORD)
    assert refused.value.__cause__ is None
    assert "SCRAM" not in str(refused.value)
