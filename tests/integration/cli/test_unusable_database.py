"""Databases that cannot be used as they are: one clear line, nothing sent, no secret shown."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from crm_sync.errors import DatabaseError
from crm_sync.sync.database import connect, is_transaction_pooler
from tests.support.command_line import Desk
from tests.support.pooler import Pooler
from tests.support.postgres import Database, Server

PASSWORD = "p@ss/w:rd?#% ü'\"x"


@pytest.fixture
def guarded(server: Server, database: Database) -> Iterator[str]:
    """A role that the server asks for a password, on a server that trusts everybody else."""
    role = f"guarded_{database.name}"
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        rules = _rules(admin)
        before = rules.read_bytes()
        guard = f"local all {role} scram-sha-256\nhost all {role} all scram-sha-256\n"
        rules.write_bytes(guard.encode() + before)
        admin.execute("select pg_reload_conf()")
        admin.execute(
            sql.SQL("create role {} login password {}").format(
                sql.Identifier(role), sql.Literal(PASSWORD)
            )
        )
        try:
            yield role
        finally:
            rules.write_bytes(before)
            admin.execute("select pg_reload_conf()")
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


def _rules(admin: psycopg.Connection[Any]) -> Path:
    row = admin.execute("show hba_file").fetchone()
    assert row is not None
    return Path(row[0])


def url_of(database: Database, role: str, password: str) -> str:
    return database.sync_url.replace("crm_sync@", f"{role}:{password}@", 1)


@contextmanager
def free_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]  # bound, and nobody listens


def test_a_database_that_is_not_reachable(desk: Desk) -> None:
    with free_port() as port:
        desk.database_is(f"postgresql://crm_sync:secret@127.0.0.1:{port}/crm")
        line = desk.refused("sync")
    assert line == (
        f"PostgreSQL cannot be reached at 127.0.0.1:{port}: nothing listens there. "
        "Start it, or correct host and port in CRM_SYNC_DATABASE_URL."
    )


def test_a_host_that_does_not_exist(desk: Desk) -> None:
    desk.database_is("postgresql://crm_sync:secret@db.invalid/crm")
    assert desk.refused("status") == (
        "There is no host db.invalid. Correct the host in CRM_SYNC_DATABASE_URL."
    )


def test_a_database_that_the_server_does_not_have(desk: Desk, server: Server) -> None:
    desk.database_is(server.url("crm_sync", "crm_nowhere"))
    assert desk.refused("dry-run").startswith("There is no database crm_nowhere.")


def test_a_wrong_password(desk: Desk, database: Database, guarded: str) -> None:
    desk.database_is(url_of(database, guarded, quote("not " + PASSWORD, safe="")))
    assert desk.refused("sync") == (
        f"The password for {guarded} is wrong, or there is no such role. "
        "Correct it in CRM_SYNC_DATABASE_URL."
    )


def test_a_role_that_is_missing_is_no_missing_database(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as theirs:
        theirs.setenv("PGOPTIONS", "-c role=crm_nobody")
        line = desk.refused("status")
    assert 'refuses the connection: role "crm_nobody" does not exist.' in line


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "Something other than PostgreSQL answers at {}."),
        (b"N", "PostgreSQL cannot be reached at {}: it hangs up at once."),
    ],
)
def test_a_port_where_something_else_listens(desk: Desk, answer: bytes, sentence: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        where = f"127.0.0.1:{other.getsockname()[1]}"
        threading.Thread(target=_answer, args=(other, answer), daemon=True).start()
        desk.database_is(f"postgresql://crm_sync:secret@{where}/crm")
        line = desk.refused("status")
    assert line.startswith(sentence.format(where))
    assert "host and port" in line


def _answer(server: socket.socket, answer: bytes) -> None:
    """Every client gets the same, and is hung up on; ends when the server is closed."""
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            with client:
                client.recv(1024)
                client.sendall(answer)


def test_a_connect_timeout_that_is_no_number(desk: Desk) -> None:
    desk.database_is("postgresql://crm_sync:secret@127.0.0.1/crm?connect_timeout=soon")
    assert desk.refused("status") == (
        "The connect_timeout in the database URL is not a number. Write whole seconds."
    )


def test_the_right_password_percent_encoded(desk: Desk, database: Database, guarded: str) -> None:
    desk.database_is(url_of(database, guarded, quote(PASSWORD, safe="")))
    assert desk.refused("sync").startswith(f"The user {guarded} may not write schema sync.")


@pytest.mark.parametrize("password", ["p@ssw0rd", "pass/w0rd", "1234/w0rd", "pa?w0rd", "p%zzw0rd",
                                      "pass#w0rd", "pass w0rd"])  # fmt: skip
@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_no_part_of_a_password_that_was_not_encoded_is_shown(
    desk: Desk, password: str, debug: tuple[str, ...]
) -> None:
    desk.database_is(f"postgresql://crm_sync:{password}@127.0.0.1:1/crm")
    ran = desk.run("sync", *debug)
    assert ran.code == 2
    for part in (password, "w0rd", "1234"):
        assert part not in ran.out + ran.err
    if "#" not in password:  # libpq takes that one as it is
        assert "percent-encode" in ran.err


def test_no_message_of_psycopg_about_a_url_is_shown_with_debug(desk: Desk) -> None:
    desk.database_is("mysql://crm_sync:hunter2@localhost/crm")
    ran = desk.run("status", "--debug")
    assert "The database URL cannot be read." in ran.err
    assert "Traceback" in ran.err
    assert "hunter2" not in ran.err


def test_a_schema_that_is_not_applied(desk: Desk, empty_database: Database) -> None:
    desk.database_is(empty_database.sync_url)
    for command in (["sync"], ["dry-run"], ["status"], ["problems"], ["history", "x"]):
        assert desk.refused(*command) == (
            "The schema is not applied in this database. Run `crm-sync db apply` as the owner, or "
            "run schema.sql and views.sql yourself."
        )
    desk.secrets["CRM_SYNC_OWNER_DATABASE_URL"] = empty_database.owner_url
    desk.settle()
    assert desk.refused("db", "seed").startswith("The schema is not applied")


def test_the_files_are_not_applied_by_a_role_that_is_not_the_owner(
    desk: Desk, empty_database: Database
) -> None:
    desk.secrets["CRM_SYNC_OWNER_DATABASE_URL"] = empty_database.reader_url
    desk.settle()
    line = desk.refused("db", "apply")
    assert line.startswith("schema.sql was not applied: PostgreSQL says: permission denied")
    assert "CRM_SYNC_OWNER_DATABASE_URL" in line


def test_a_table_that_is_not_the_one_of_the_file(
    desk: Desk, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("alter table public.leads drop column company_name cascade")
    line = desk.refused("db", "apply")
    assert line.startswith(
        'schema.sql was not applied: PostgreSQL says: column "company_name" of relation '
    )
    assert "in line with schema.sql" in line
    assert "as the owner" not in line


def test_applying_and_seeding(desk: Desk, empty_database: Database) -> None:
    desk.secrets["CRM_SYNC_OWNER_DATABASE_URL"] = empty_database.owner_url
    desk.settle()
    for _ in range(2):
        ran = desk.run("db", "apply")
        assert (ran.code, ran.out.count("applied to")) == (0, 2)
    ran = desk.run("db", "seed")
    assert ran.code == 0
    assert ran.out.startswith("Loaded: 60 accounts, 180 leads")
    assert "Nothing was loaded" in desk.refused("db", "seed")


def test_a_role_without_the_grants(desk: Desk, database: Database) -> None:
    desk.database_is(database.reader_url)
    assert desk.refused("sync").startswith("The user powerbi_reader may not write schema sync.")


def test_a_transaction_pooler_on_its_port(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Pooler(database.sync_url) as pooler:
        # Supabase's port may be taken on this machine; the rule is about whichever port it is.
        port = int(conninfo_to_dict(pooler.url)["port"] or 0)
        monkeypatch.setattr("crm_sync.sync.database.TRANSACTION_POOLER_PORT", port)
        with pytest.raises(DatabaseError) as caught, connect(pooler.url):
            pass
    assert str(caught.value) == (
        f"127.0.0.1:{port} is a transaction pooler, which cannot hold a lock for a run. "
        "Use Supabase's session pooler or the direct connection, both on port 5432."
    )


def test_a_session_pooler_will_do(desk: Desk, database: Database) -> None:
    with Pooler(database.sync_url) as pooler, connect(pooler.url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("host", "port", "direct", "shared", "is_one"),
    [
        ("db.example.com", 5432, True, False, False),  # no pooler
        ("db.example.com", 6543, True, False, False),  # a PostgreSQL that listens on this port
        ("aws-0-x.pooler.supabase.com", 5432, False, False, False),  # a session pooler
        ("aws-0-x.pooler.supabase.com", 6543, False, False, True),  # a transaction pooler
        # The same, if they told our backend's own number.
        ("aws-0-x.pooler.supabase.com", 6543, True, False, True),
        ("db.abcdefghijklmnopqrst.supabase.co", 6543, True, False, True),
        ("db.example.com", 6432, False, True, True),  # PgBouncer, pool_mode = transaction
    ],
)
def test_what_counts_as_a_transaction_pooler(
    host: str, port: int, direct: bool, shared: bool, is_one: bool
) -> None:
    assert is_transaction_pooler(host, port, direct=direct, shared=shared) is is_one


def test_a_wrong_owner_is_mended_in_the_owners_variable(desk: Desk) -> None:
    desk.secrets["CRM_SYNC_OWNER_DATABASE_URL"] = "postgresql://u:hunter2@127.0.0.1:1/x"
    desk.settle()
    for command in (("db", "apply"), ("db", "login", "crm_sync")):
        line = desk.refused(*command)
        assert "in CRM_SYNC_OWNER_DATABASE_URL." in line
        assert "hunter2" not in line


def test_a_connection_that_is_lost_on_the_way(database: Database) -> None:
    with pytest.raises(DatabaseError, match="connection to PostgreSQL was lost"):
        _lose(database)


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (
            "set statement_timeout = '10ms'; select pg_sleep(5)",
            "PostgreSQL ended a statement because it took longer than its statement_timeout. "
            "As the database's owner, `alter role crm_sync set statement_timeout = 0`, "
            "then run again.",
        ),
        (
            "select pg_cancel_backend(pg_backend_pid())",
            "Somebody cancelled a statement of the run in PostgreSQL. "
            "Run again: it continues where this run stopped.",
        ),
    ],
)
def test_a_statement_that_is_ended(database: Database, statement: str, line: str) -> None:
    with pytest.raises(DatabaseError) as caught, connect(database.sync_url) as connection:
        connection.execute(statement.encode())
    assert str(caught.value) == line


def test_the_limits_of_role_and_database_do_not_bind_a_run(database: Database) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(f"alter database {database.name} set statement_timeout = '1s'".encode())
    with connect(database.sync_url) as connection:
        assert connection.execute("show statement_timeout").fetchone() == ("0",)


def _lose(database: Database) -> None:
    with (
        psycopg.connect(database.admin_url, autocommit=True) as admin,
        connect(database.sync_url) as connection,
    ):
        admin.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        connection.execute("select 1")
