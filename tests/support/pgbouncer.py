"""A real transaction pooler: the system's PgBouncer before a test's server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from crm_sync.demo.leftovers import owned_directory
from tests.support.postgres import Database

HOW_TO_INSTALL = "they need PgBouncer (Debian: apt-get install pgbouncer)"
SECONDS = 10
ROLES = ("crm_sync", "powerbi_reader")


def program() -> str | None:
    """Where PgBouncer is installed; None where it is not."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def transaction_pooler(database: Database, backends: int) -> Iterator[str]:
    """The URL of the database through a pool of so many backends, each handed on after every
    transaction.
    """
    binary = program()
    assert binary is not None, "a test that uses it needs the marker `pgbouncer`"
    parts = {key: str(value) for key, value in conninfo_to_dict(database.sync_url).items()}
    with owned_directory() as directory:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (directory / "users.txt").write_text(
            "".join(f'"{role}" ""\n' for role in ROLES), encoding="utf-8"
        )
        settings = directory / "pgbouncer.ini"
        settings.write_text(
            "[databases]\n"
            f"{database.name} = host={parts['host']} port={parts.get('port', '5432')}\n"
            "[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {directory / 'users.txt'}\n"
            f"pool_mode = transaction\ndefault_pool_size = {backends}\n",
            encoding="utf-8",
        )
        url = f"postgresql://crm_sync@127.0.0.1:{port}/{database.name}"
        with (directory / "log").open("wb") as log:
            pooler = subprocess.Popen(
                [binary, str(settings)],
                stdout=log,
                stderr=log,
                user=_user(directory, Path(parts["host"])),
            )
            try:
                _wait(url)
                yield url
            finally:
                pooler.send_signal(signal.SIGINT)
                try:
                    pooler.wait(SECONDS)
                except subprocess.TimeoutExpired:
                    pooler.kill()
                    pooler.wait()


def _user(directory: Path, server: Path) -> str | None:
    """As whom it runs, who must not be root: as the server, whose socket others may not reach."""
    if os.geteuid() != 0:
        return None
    user = server.owner()
    for path in (directory, *directory.iterdir()):
        shutil.chown(path, user)
    return user


def _wait(url: str) -> None:
    until = time.monotonic() + SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
