"""The PostgreSQL that is installed on this system: the oldest version that we promise, in CI."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crm_sync.demo import leftovers
from crm_sync.demo.embedded import create_owner
from tests.support.postgres import Server


@contextmanager
def system_server() -> Iterator[Server]:
    """The system's PostgreSQL, in a directory of our own, its cluster of nobody's concern."""
    leftovers.clear_leftovers()
    programs = system_programs()
    with leftovers.owned_directory() as directory:
        data = directory / "db"
        data.mkdir()
        run = _as_database_user(data)
        # By TCP nobody is let in; a test that goes that way adds a rule (`secure_postgres.py`).
        options = ["-U", "postgres", "--auth-local=trust", "--auth-host=reject"]
        options += ["--encoding=UTF8", "--locale=C.UTF-8"]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        run([str(programs / "initdb"), "-D", str(data), "--no-sync", *options])
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"listen_addresses = '127.0.0.1'\nport = {port}\n")
            settings.write("fsync = off\nfull_page_writes = off\n")
            # A sync's session never compiles statements (session.py); the tests' own would, for
            # seconds each.
            settings.write("synchronous_commit = off\nmax_prepared_transactions = 4\njit = off\n")
            settings.write(f"unix_socket_directories = '{data}'\n")
        try:
            run([str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(data / "log"), "start"])
            admin_url = f"postgresql://postgres@/postgres?host={data}&port={port}"
            create_owner(admin_url)
            yield Server(admin_url, programs)
        finally:
            leftovers.end_postgres(directory)


def system_programs() -> Path:
    """Where initdb and pg_ctl of the system's newest PostgreSQL are."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        directory = subprocess.run(
            [pg_config, "--bindir"], check=True, capture_output=True, text=True
        ).stdout.strip()
        if (Path(directory) / "initdb").exists():
            return Path(directory)
    raise pytest.UsageError("--postgres system: no PostgreSQL server is installed on this system")


def database_user() -> str | None:
    """As whom a server runs that refuses to run as root; None where we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "embedded_postgres") if name in names)


def _as_database_user(data: Path) -> Callable[[list[str]], None]:
    """Run commands as a user that PostgreSQL accepts: it refuses to run as root."""
    user = database_user()
    if user is not None:
        shutil.chown(data, user)

    def run(command: list[str]) -> None:
        # To a file: pg_ctl's server would inherit a pipe and hold it open.
        with (data.parent / "setup.log").open("ab") as log:
            subprocess.run(
                command, check=True, stdout=log, stderr=log, user=user, cwd="/", timeout=60
            )

    return run
