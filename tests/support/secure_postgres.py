"""A PostgreSQL that shows a certificate: the system's (the embedded one has no TLS), with ssl on.

Reached by TCP on this machine under three names: `localhost` and `127.0.0.1`, which count as local,
and `127.1`, another way to write the same address, which the product takes for another machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import trustme

from tests.support.postgres import Database, Server
from tests.support.system_postgres import database_user

ELSEWHERE = "127.1"


@dataclass(frozen=True)
class Reached:
    """The server by TCP, with or without TLS."""

    port: int
    database: Database

    def url(self, host: str, more: str = "") -> str:
        """The URL of the sync's role there."""
        return f"postgresql://crm_sync@{host}:{self.port}/{self.database.name}{more}"


@contextmanager
def by_tcp(server: Server, database: Database, rule: str = "host") -> Iterator[Reached]:
    """The sync's role is let in by TCP; by TLS only where `rule` is hostssl."""
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        rules = Path(_shown(admin, "hba_file"))
        before = rules.read_bytes()
        rules.write_bytes(f"{rule} all crm_sync 127.0.0.1/32 trust\n".encode() + before)
        admin.execute("select pg_reload_conf()")
        try:
            yield Reached(int(_shown(admin, "port")), database)
        finally:
            rules.write_bytes(before)
            admin.execute("select pg_reload_conf()")


@contextmanager
def certified(server: Server, *names: str) -> Iterator[Path]:
    """The server shows a certificate for these names; the file of its authority."""
    authority = trustme.CA()
    made = authority.issue_cert(*names)
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        data = Path(_shown(admin, "data_directory"))
        chain, key, root = data / "server.crt", data / "server.key", data.parent / "root.crt"
        chain.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        key.touch(mode=0o600)
        key.write_bytes(made.private_key_pem.bytes())
        authority.cert_pem.write_to_path(root)
        user = database_user()
        if user is not None:
            for file in (chain, key):
                shutil.chown(file, user)
        _switch(admin, "on")
        try:
            yield root
        finally:
            _switch(admin, "off")
            for file in (chain, key, root):
                file.unlink()


def _switch(admin: psycopg.Connection[Any], state: str) -> None:
    """Turns ssl on or off, and waits until a new session sees it."""
    admin.execute(f"alter system set ssl = {state}".encode())
    admin.execute("select pg_reload_conf()")
    while _shown(admin, "ssl") != state:
        admin.execute("select pg_sleep(0.01)")


def _shown(admin: psycopg.Connection[Any], setting: str) -> str:
    row = admin.execute("select current_setting(%s)", [setting]).fetchone()
    assert row is not None
    return str(row[0])
