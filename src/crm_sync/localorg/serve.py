"""Running the org: inside a test (:class:`LocalOrg`) or as a process (:func:`main`)."""

import argparse
import asyncio
import errno
import json
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from crm_sync.localorg import app, certificates
from crm_sync.localorg.calls import RecordedCall
from crm_sync.localorg.faults import Faults
from crm_sync.localorg.org import Org
from crm_sync.localorg.records import people, values
from crm_sync.localorg.records.store import Record, Store
from crm_sync.localorg.schema import FieldChanges

HOST = "127.0.0.1"
START_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 75


class LocalOrg:
    """A running local org; a context manager.

    ``data`` is the SQLite file, None for memory. ``fields`` changes the schema: for instance
    ``{"Account.CRM_Id__c": None}`` is an org without that field and
    ``{"Lead.CRM_Id__c": {"unique": False}}`` one where it is not unique. ``org_id`` and ``clock``
    make answers repeatable. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        data: Path | str | None = None,
        *,
        port: int = 0,
        https: bool = True,
        verbose: bool = False,
        fields: FieldChanges | None = None,
        org_id: str | None = None,
        clock: Callable[[], datetime] = values.now,
    ) -> None:
        self._socket = _bind(port)
        self._data = Path(data) if data else None
        self._folder = Path(tempfile.mkdtemp(prefix="crm-sync-org-"))
        self._org = Org(self._data, fields=fields, org_id=org_id, clock=clock)
        bound_port: int = self._socket.getsockname()[1]
        scheme = "https" if https else "http"
        self._org.instance_url = f"{scheme}://{HOST}:{bound_port}"
        self.ca_bundle: Path | None = None
        config = uvicorn.Config(
            app.build(self._org, verbose=verbose),
            log_config=None,
            http=_Protocol,
            ws="none",
            lifespan="off",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        config.load()
        if https:
            bundle = (
                self._data.with_name(self._data.name + ".ca.pem")
                if self._data
                else self._folder / "ca.pem"
            )
            self.ca_bundle = certificates.prepare(self._org.store, bundle)
            config.ssl = certificates.server_context(self._org.store)
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="local-org", daemon=True)
        self.access_token = self._org.open_session(self._org.integration_user_id)

    def __enter__(self) -> "LocalOrg":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve in a thread of this process; returns when requests are answered."""
        self._thread.start()
        if not self._server.has_started.wait(START_SECONDS):
            raise RuntimeError("the local org did not start")

    def stop(self) -> None:
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._org.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def join(self) -> None:
        """Wait until the server has stopped."""
        self._thread.join()

    # What one needs to reach it --------------------------------------------------------------

    @property
    def instance_url(self) -> str:
        return self._org.instance_url

    @property
    def org_id(self) -> str:
        return self._org.org_id

    @property
    def client_id(self) -> str:
        return self._org.client_id

    @property
    def client_secret(self) -> str:
        return self._org.client_secret

    @property
    def integration_user_id(self) -> str:
        return self._org.integration_user_id

    @property
    def queue_user_id(self) -> str:
        """Owner whom the lead assignment rule sets."""
        return self._org.queue_user_id

    def connection(self) -> dict[str, Any]:
        """All of it, as the first line of the process prints it."""
        return {
            "instance_url": self.instance_url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "access_token": self.access_token,
            "ca_bundle": str(self.ca_bundle) if self.ca_bundle else None,
            "org_id": self.org_id,
        }

    # What one does to it ---------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The records: ``store.records("Account")``, ``store.record(id)``, ``store.count(…)``."""
        return self._org.store

    @property
    def calls(self) -> deque[RecordedCall]:
        """The calls so far, oldest first; ``calls.clear()`` forgets them."""
        return self._org.calls

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """Bulk jobs as their own GET shows them, newest first."""
        return self._org.bulk.infos()

    @property
    def jobs_folder(self) -> Path:
        """Where uploads and results of jobs lie."""
        return self._org.bulk.folder

    @property
    def faults(self) -> Faults:
        """The fault rules; assign or ``append`` rules in their JSON form."""
        return self._org.faults

    @faults.setter
    def faults(self, rules: Iterable[Mapping[str, Any]]) -> None:
        self._org.faults.replace(rules)

    def edit(self, record_id: str, fields: Mapping[str, Any]) -> Record:
        return people.edit(self._org, record_id, fields)

    def delete(self, record_id: str) -> None:
        people.delete(self._org, record_id)

    def convert_lead(self, lead_id: str, account_id: str | None = None) -> Record:
        return people.convert_lead(self._org, lead_id, account_id)

    def merge(self, winner_id: str, loser_id: str) -> Record:
        return people.merge(self._org, winner_id, loser_id)

    def expire_sessions(self) -> int:
        return self._org.expire_sessions()

    def set_remaining_calls(self, remaining: int) -> None:
        """Leave so many API calls of the day."""
        self._org.set_remaining(remaining)

    # Inside ----------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))


class _Protocol(H11Protocol):
    """HTTP/1.1 that hands the transport to the application, which may have to hang up."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["transport"] = transport
            await inner(scope, receive, send)

        self.app = with_transport


class _Server(uvicorn.Server):
    """A server that says when it has started and leaves signals to its caller."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = threading.Event()

    def install_signal_handlers(self) -> None:
        """Signals belong to the process, not to one of its threads."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Hang up on idle clients at once: a TLS client that keeps its connection never answers."""
        for connection in list(self.server_state.connections):
            if connection.transport is not None:  # pyright: ignore[reportUnnecessaryComparison]
                connection.transport.abort()
        await super().shutdown(sockets)


def _bind(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named; else 40 ms a call.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError:
        listening.close()
        raise
    return listening


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 0 at the end, 2 when it cannot start."""
    options = _parser().parse_args(arguments)
    data: Path | None = None if options.memory else options.data
    if data is not None and options.reset:
        for suffix in ("", "-wal", "-shm", ".ca.pem"):
            data.with_name(data.name + suffix).unlink(missing_ok=True)
        shutil.rmtree(data.with_name(data.name + ".jobs"), ignore_errors=True)
    try:
        org = LocalOrg(data, port=options.port, https=not options.http, verbose=options.verbose)
    except OSError as error:
        is_taken = error.errno == errno.EADDRINUSE
        reason = f"port {options.port} is already in use" if is_taken else str(error)
        print(f"local org: {reason}", file=sys.stderr)
        return 2
    except (sqlite3.Error, ValueError) as error:
        print(f"local org: cannot use {data}: {error}", file=sys.stderr)
        return 2
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    if options.stop_with_stdin:
        threading.Thread(target=_await_end_of_input, args=(done,), daemon=True).start()
    with org:
        print(json.dumps(org.connection()), flush=True)
        while not done.wait(0.2):  # a bare wait() cannot be interrupted on Windows
            pass
    return 0


def _await_end_of_input(done: threading.Event) -> None:
    sys.stdin.buffer.read()
    done.set()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="crm-sync org serve", description="A local Salesforce org on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, help="SQLite file that keeps the org")
    where.add_argument("--memory", action="store_true", help="keep nothing (the default)")
    parser.add_argument("--reset", action="store_true", help="start the data file afresh")
    parser.add_argument("--http", action="store_true", help="plain HTTP instead of TLS")
    parser.add_argument("--verbose", action="store_true", help="a line for each request")
    parser.add_argument(
        "--stop-with-stdin", action="store_true", help="stop when standard input closes"
    )
    return parser
