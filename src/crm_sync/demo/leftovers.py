"""Directories of throw-away servers: made here, and cleared here when their owner was killed.

Every server of a demo, of a test run or of `org serve` lies in a directory of its own below
`<temporary directory>/crm-sync-<user>`, with a file that names the process answering for it. When
that process is gone (kill -9, power cut), the next run ends what it left and removes the directory.

Imports nothing of the package but errors.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from crm_sync.errors import SetupError

__all__ = [
    "clear_leftovers",
    "end_postgres",
    "end_process",
    "owned_directory",
    "owner_of",
    "registry",
    "remove_directory",
]

OWNER_FILE = "owner.json"
# A directory without its owner file is either being made or half removed; after this it is litter.
YOUNG_SECONDS = 60.0
STOP_SECONDS = 10.0
# A unix socket's path may have 103 bytes on macOS; ours adds at most 46 to the temporary directory.
SOCKET_ROOM = 103 - 46


def registry() -> Path:
    """The directory that holds one directory per running set of servers of this user.

    Never with a blank in its path, since the embedded PostgreSQL passes it on unquoted, and short.
    Raises SetupError when no directory can be had or when it belongs to another user.
    """
    name = f"crm-sync-{os.getuid()}" if hasattr(os, "getuid") else "crm-sync"
    directory = _temporary_directory() / name
    try:
        directory.mkdir(exist_ok=True)
        if hasattr(os, "getuid") and directory.stat().st_uid != os.getuid():
            raise SetupError(
                f"{directory} belongs to another user, so no server can keep its files there.",
                "Remove it, or set TMPDIR to a directory of your own.",
            )
        directory.chmod(0o755)  # root's servers run as a user of their own, who must pass through
    except OSError as error:
        raise SetupError(
            f"The directory {directory} cannot be used: {error.strerror or error}.",
            "Make it writable, or set TMPDIR to a directory of your own.",
        ) from error
    return directory


def new_directory() -> Path:
    """A fresh directory in the registry, owned by this process until it hands it on."""
    directory = Path(tempfile.mkdtemp(prefix="", dir=registry()))
    directory.chmod(0o755)
    own(directory)
    return directory


def own(directory: Path) -> None:
    """Let this process answer for the directory."""
    me = psutil.Process()
    text = json.dumps({"pid": me.pid, "started": me.create_time()})
    unfinished = directory / f"{OWNER_FILE}.new"
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(directory / OWNER_FILE)


def owner_of(directory: Path) -> psutil.Process | None:
    """The living process that answers for the directory."""
    with suppress(OSError, ValueError, KeyError, psutil.NoSuchProcess):
        owner = json.loads((directory / OWNER_FILE).read_text(encoding="utf-8"))
        process = psutil.Process(int(owner["pid"]))
        # A pid is used again sooner or later; a pid with its start is not.
        is_the_same = abs(process.create_time() - float(owner["started"])) < 1.0
        if is_the_same and is_alive(process):
            return process
    return None


def is_alive(process: psutil.Process) -> bool:
    """False also for a zombie: a container without an init never clears them away."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def is_litter(directory: Path) -> bool:
    """True for a directory that no living process answers for."""
    if owner_of(directory) is not None:
        return False
    if (directory / OWNER_FILE).exists():
        return True
    with suppress(OSError):
        return time.time() - directory.stat().st_mtime > YOUNG_SECONDS
    return False


def clear_leftovers() -> list[Path]:
    """End the servers whose owner is dead and remove their directories; returns these."""
    cleared: list[Path] = []
    for directory in sorted(registry().iterdir()):
        if directory.is_dir() and is_litter(directory):
            end_postgres(directory)
            remove_directory(directory)
            cleared.append(directory)
    return cleared


def end_postgres(directory: Path) -> None:
    """End every PostgreSQL server whose data lies below the directory."""
    for pid_file in directory.glob("*/postmaster.pid"):
        with suppress(OSError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(int(pid_file.read_text(encoding="utf-8").split()[0]))
            # The command line proves that the pid was not given to somebody else meanwhile.
            if any(str(pid_file.parent) in word for word in process.cmdline()):
                # To PostgreSQL SIGTERM means: wait until the last client has left.
                end_process(process, signal.SIGINT if os.name != "nt" else signal.SIGTERM)


def end_process(process: psutil.Process, gently: signal.Signals = signal.SIGTERM) -> None:
    """End a process and its children for certain, politely if it lets us."""
    with suppress(psutil.NoSuchProcess):
        family = [process, *process.children(recursive=True)]
        process.send_signal(gently)
        deadline = time.monotonic() + STOP_SECONDS
        while is_alive(process) and time.monotonic() < deadline:
            time.sleep(0.02)
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()


def remove_directory(directory: Path) -> None:
    """Remove a directory of ours; Windows lets go of a server's files a moment after its end."""
    for pause in (0.1, 0.3, 1.0, 2.0):
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            return
        time.sleep(pause)


@contextmanager
def owned_directory() -> Iterator[Path]:
    """A fresh directory, removed at the end with whatever server still runs in it."""
    directory = new_directory()
    try:
        yield directory
    finally:
        end_postgres(directory)
        remove_directory(directory)


def _temporary_directory() -> Path:
    usual = Path(tempfile.gettempdir()).resolve()
    if os.name == "nt":
        return usual  # PostgreSQL listens on TCP there: neither a blank nor the length does harm
    # S108: others can write to these too, so registry() looks whose directory it got.
    for candidate in (usual, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")):  # noqa: S108
        path = str(candidate.resolve())
        is_usable = not any(c.isspace() for c in path) and len(os.fsencode(path)) <= SOCKET_ROOM
        if is_usable and os.access(path, os.W_OK | os.X_OK):
            return Path(path)
    raise SetupError(
        f"PostgreSQL cannot use the temporary directory {usual}: a blank in its path, or too long.",
        "Set TMPDIR to a short path without blanks that you may write to.",
    )
