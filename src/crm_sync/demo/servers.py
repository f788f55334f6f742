"""The servers of a demo or a test run: an embedded PostgreSQL and a local Salesforce org.

They live in one process of their own (`python -m crm_sync.demo.servers`) that says in one line of
JSON how to reach both, and ends with its standard input: so that nothing is left behind, even when
whoever started it is killed. `--keep` runs until `--stop DIRECTORY`.

In: nothing. Out: addresses. Imports localorg, which the rest of the package does not.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil
import psycopg
from psycopg import sql

from crm_sync.demo import leftovers
from crm_sync.demo.embedded import OWNER, EmbeddedPostgres, create_database, create_owner
from crm_sync.errors import SetupError

__all__ = ["OrgAddress", "Servers", "demo_servers", "main", "stop"]

DATABASE = "crm"
START_SECONDS = 60.0
STOP_SECONDS = 15.0
# What both roles may do is said in schema.sql, which finds them and adds their grants.
LOGIN_ROLES = ("crm_sync", "powerbi_reader")


@dataclass(frozen=True)
class OrgAddress:
    """How to reach the local org: what a target's settings need."""

    instance_url: str
    client_id: str
    client_secret: str
    ca_bundle: str
    org_id: str
    page: str
    """What a person opens in a browser."""


@dataclass(frozen=True)
class Servers:
    """How to reach the servers. `owner_url` leads to a database that is empty at first."""

    directory: Path
    pid: int
    admin_url: str
    owner_url: str
    sync_url: str
    reader_url: str
    org: OrgAddress | None


@contextmanager
def demo_servers(*, keep: bool = False, org: bool = True) -> Iterator[Servers]:
    """Start the servers, hand out their addresses, end them.

    `keep` leaves them running after the block and after this process; `stop(servers.directory)`
    ends them. `org=False` starts the database alone.

    Raises SetupError when they do not start.
    """
    leftovers.clear_leftovers()
    with _no_settings_of_libpq(), tempfile.TemporaryFile() as complaints:
        process = None
        try:
            with _ctrl_c_waits():  # or a process runs of which nobody knows
                process = _start_process(complaints, keep=keep, org=org)
            yield _read_addresses(process, complaints)
        except BaseException:
            if process is not None:
                process.terminate()  # kept servers do not mind their stdin
                _end_process(process)
            raise
        if keep:
            _let_go(process)
        else:
            _end_process(process)


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C in the block counts from its end."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of Ctrl-C
        return
    pressed: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if pressed:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _no_settings_of_libpq() -> Iterator[None]:
    """PGOPTIONS, PGSSLMODE, PGUSER … are meant for the user's own server, not for ours."""
    theirs = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    for name in theirs:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(theirs)


def stop(directory: Path) -> bool:
    """End kept servers and remove their directory; False where it is gone already.

    Raises SetupError for a directory that is not one of ours.
    """
    directory = directory.resolve()
    # By its name: the shell that stops them may have another TMPDIR than the one that started them.
    if directory.parent.name != leftovers.registry().name:
        raise SetupError(
            f"{directory} is no directory of kept servers.",
            "Give the directory that `demo --keep` printed.",
        )
    if not directory.exists():
        return False
    owner = leftovers.owner_of(directory)
    if owner is not None:
        leftovers.end_process(owner)
    leftovers.end_postgres(directory)
    leftovers.remove_directory(directory)
    return True


def main(arguments: list[str] | None = None) -> int:
    """Run the servers in this process until stdin closes, or with --keep until a signal."""
    parser = argparse.ArgumentParser(prog="python -m crm_sync.demo.servers")
    parser.add_argument("--keep", action="store_true", help="run until --stop")
    parser.add_argument("--no-org", action="store_true", help="the database alone")
    parser.add_argument("--stop", type=Path, metavar="DIRECTORY", help="end kept servers")
    options = parser.parse_args(arguments)
    try:
        if options.stop:
            stop(options.stop)
        else:
            _serve(keep=options.keep, org=not options.no_org)
    except SetupError as error:
        print(json.dumps({"sentence": error.sentence, "mend": error.mend}), flush=True)
        return 2
    return 0


def _serve(*, keep: bool, org: bool) -> None:
    end = threading.Event()
    # Windows sends Ctrl-C to every process of the console.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    if not keep:
        threading.Thread(target=_wait_for_stdin, args=(end,), daemon=True).start()
    with ExitStack() as stack:
        directory = stack.enter_context(leftovers.owned_directory())
        tempfile.tempdir = str(directory)  # nothing of ours outlives the directory
        postgres = stack.enter_context(EmbeddedPostgres(directory))
        _prepare(postgres)
        addresses: dict[str, object] = {
            "directory": str(directory),
            "pid": os.getpid(),
            "admin_url": postgres.admin_url,
            "owner_url": postgres.address.url(OWNER, DATABASE),
            "sync_url": postgres.address.url("crm_sync", DATABASE),
            "reader_url": postgres.address.url("powerbi_reader", DATABASE),
            "org": asdict(_start_org(stack, directory)) if org else None,
        }
        try:
            print(json.dumps(addresses), flush=True)
        except BrokenPipeError:  # whoever asked is gone already
            _leave_the_terminal()
        if keep:
            _leave_the_terminal()
        # Windows wakes a waiting main thread for a signal only between time-outs.
        while not end.wait(0.5):
            pass


def _leave_the_terminal() -> None:
    """Nobody reads what kept servers say, and the terminal may be closed."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _wait_for_stdin(end: threading.Event) -> None:
    with suppress(OSError):
        while os.read(0, 1024):  # not sys.stdin: its lock would be held while Python shuts down
            pass
    end.set()


def _prepare(postgres: EmbeddedPostgres) -> None:
    create_owner(postgres.admin_url)
    create_database(postgres.admin_url, DATABASE)
    # The owner makes them, as schema.sql would, and so may grant to them.
    with psycopg.connect(postgres.address.url(OWNER, DATABASE), autocommit=True) as owner:
        for role in LOGIN_ROLES:
            owner.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))


def _start_org(stack: ExitStack, directory: Path) -> OrgAddress:
    from crm_sync.localorg.serve import LocalOrg

    org = stack.enter_context(LocalOrg(data=directory / "org.sqlite", page_port=0))
    return OrgAddress(
        instance_url=org.instance_url,
        client_id=org.client_id,
        client_secret=org.client_secret,
        ca_bundle=str(org.ca_bundle),
        org_id=org.org_id,
        page=org.page_url,
    )


def _start_process(complaints: IO[bytes], *, keep: bool, org: bool) -> subprocess.Popen[str]:
    options = [*(["--keep"] if keep else []), *([] if org else ["--no-org"])]
    return subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", "crm_sync.demo.servers", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,  # the user's terminal is not the place for what our servers mutter
        encoding="utf-8",
        # Out of the terminal's process group: whoever started us decides what Ctrl-C means.
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def _read_addresses(process: subprocess.Popen[str], complaints: IO[bytes]) -> Servers:
    watchdog = threading.Timer(START_SECONDS, process.kill)
    watchdog.daemon = True  # Ctrl-C before the next line would else leave us waiting for it
    watchdog.start()
    try:
        line = process.stdout.readline() if process.stdout else ""
    finally:
        watchdog.cancel()
    if not line.startswith("{"):
        complaints.seek(0)
        said = complaints.read().decode("utf-8", "replace").strip().splitlines()
        raise SetupError(
            "The servers of the demo did not start"
            + (f": {said[-1].rstrip('.')}." if said else "."),
            "Run `python -m crm_sync.demo.servers` to see more.",
        )
    told = json.loads(line)
    if "sentence" in told:
        raise SetupError(told["sentence"], told["mend"])
    org = told["org"]
    return Servers(
        directory=Path(told["directory"]),
        pid=told["pid"],
        admin_url=told["admin_url"],
        owner_url=told["owner_url"],
        sync_url=told["sync_url"],
        reader_url=told["reader_url"],
        org=OrgAddress(**org) if org else None,
    )


def _let_go(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _end_process(process: subprocess.Popen[str]) -> None:
    with suppress(OSError):
        _let_go(process)
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    if process.poll() is None:
        leftovers.end_process(psutil.Process(process.pid))
    if process.wait() != 0:
        leftovers.clear_leftovers()


if __name__ == "__main__":
    sys.exit(main())
