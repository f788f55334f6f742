"""The org as a process of its own: `crm-sync org serve`, or `local-salesforce-org`.

The first line of its output is JSON with all that one needs to reach it; what cannot be used is one
line on standard error and exit code 2.
"""

import json
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path

from crm_sync.localorg.bulk.service import JOBS
from crm_sync.localorg.commandline import parser_of
from crm_sync.localorg.listening import PortError
from crm_sync.localorg.options import OptionError, from_arguments
from crm_sync.localorg.serve import CERTIFICATE, PRIVATE_KEY, LocalOrg

SQLITE = b"SQLite format 3\0"


def main(
    arguments: Sequence[str] | None = None,
    folder: Callable[[], AbstractContextManager[Path | None]] = nullcontext,
    *,
    command: str = "crm-sync org serve",
) -> int:
    """Serve until SIGINT or SIGTERM; 0 at the end, 2 when it cannot start.

    ``folder`` opens the folder for the certificate and the private key of an org in memory.
    ``command`` is what was typed to come here: help and refusals name it.
    """
    parser = parser_of(command)
    options = parser.parse_args(arguments)
    data: Path | None = None if options.memory else options.data
    with ExitStack() as stack:
        try:
            if data is not None and options.reset:
                _remove(data)
            more = from_arguments(options)
            org = stack.enter_context(
                LocalOrg(
                    data,
                    port=options.port,
                    https=not options.http,
                    verbose=options.verbose,
                    folder=stack.enter_context(folder()) if data is None else None,
                    options=more,
                    page_port=options.page_port,
                )
            )
        except OSError as error:
            return parser.refused(_reason(error))
        except OptionError as error:
            return parser.refused(str(error))
        except (sqlite3.Error, ValueError) as error:
            return parser.refused(
                f"{data} cannot be used: {error}. Name a file of a local org, or a new one."
            )
        done = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: done.set())
        if options.stop_with_stdin:
            threading.Thread(target=_await_end_of_input, args=(done,), daemon=True).start()
        if not more.is_loopback:
            parser.say(f"listening on {more.host}: other machines can reach it")
        print(json.dumps(org.connection()), flush=True)
        while not done.wait(0.2):  # a bare wait() cannot be interrupted on Windows
            pass
    return 0


def _reason(error: OSError) -> str:
    if isinstance(error, PortError):
        return str(error.strerror)
    why = (error.strerror or str(error)).lower()
    return f"{error.filename or 'The data file'} cannot be used: {why}. Name another with --data."


def _remove(data: Path) -> None:
    """Remove an org's file and what belongs to it. Raises ValueError for another kind of file."""
    if data.exists():
        with data.open("rb") as file:
            if file.read(len(SQLITE)) not in (SQLITE, b""):
                raise ValueError("it is no SQLite file, so --reset leaves it alone")
    for suffix in ("", "-wal", "-shm", CERTIFICATE, PRIVATE_KEY):
        data.with_name(data.name + suffix).unlink(missing_ok=True)
    shutil.rmtree(data.with_name(data.name + JOBS), ignore_errors=True)


def _await_end_of_input(done: threading.Event) -> None:
    if sys.stdin is not None:  # closed by whoever started us
        sys.stdin.buffer.read()
    done.set()
