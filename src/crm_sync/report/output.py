"""Writes a report or document to a file, whole or not at all.

In: text and a path. Out: the file, or `OutputError` with what to do about it.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from crm_sync.errors import OutputError

__all__ = ["directory", "write", "writing"]

_ELSEWHERE = "Name another place."
_REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "Free some space, or name another disk."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, or name another disk."),
    errno.EROFS: ("the file system is read-only", _ELSEWHERE),
    errno.EACCES: ("writing is not permitted there", _ELSEWHERE),
    errno.EPERM: ("writing is not permitted there", _ELSEWHERE),
    errno.ENOENT: ("the directory does not exist", "Create it, or name another one."),
    errno.ENOTDIR: ("a part of the path is a file, not a directory", _ELSEWHERE),
    errno.EISDIR: ("that is a directory", "Name a file in it."),
    errno.ENAMETOOLONG: ("the name is too long", "Name a shorter one."),
}


def write(path: Path | str, pieces: str | Iterable[str], mode: int | None = None) -> Path:
    """Writes UTF-8 text and returns the file's full path. Raises `OutputError`.

    `mode`: its permissions; without it those of the former file, else a new file's.
    """
    target = Path(path).expanduser()
    with writing(target, mode=mode) as file:
        file.writelines([pieces] if isinstance(pieces, str) else pieces)
    return target.resolve()


@contextmanager
def writing(target: Path, newline: str = "\n", mode: int | None = None) -> Iterator[TextIO]:
    """A file to write UTF-8 text to. Raises `OutputError`.

    The text goes to a file beside it first and is then put in place, so that a full disk or an
    interruption leaves the former report as it was.
    """
    _refuse_dash(target)
    with _explained(target):
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.exists() and not target.is_file():  # /dev/stdout, a pipe
            with target.open("w", encoding="utf-8", newline=newline) as file:
                yield file
        else:
            with _draft(target, newline, mode) as file:
                yield file


def directory(path: Path) -> Path:
    """A directory for reports, made where it is missing. Raises `OutputError`."""
    target = path.expanduser()
    _refuse_dash(target)
    with _explained(target):
        if target.exists() and not target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        target.mkdir(exist_ok=True)
    return target


def _refuse_dash(target: Path) -> None:
    """Other programs take - for standard output; a file of that name is meant by nobody."""
    if str(target) == "-":
        raise OutputError("- names no file.", f"{_ELSEWHERE} For a pipe, /dev/stdout is one.")


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason, mend = _REASONS.get(error.errno or 0, (_plain_reason(error), _ELSEWHERE))
        raise OutputError(f"{target} cannot be written: {reason}.", mend) from error


@contextmanager
def _draft(target: Path, newline: str, mode: int | None) -> Iterator[TextIO]:
    if target.exists() and not os.access(target, os.W_OK):  # a replacement would get around this
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    descriptor, name = tempfile.mkstemp(prefix=".crm-sync-", suffix=".tmp", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline=newline) as file:
            yield file
        draft.chmod(_mode(target) if mode is None else mode)
        draft.replace(target)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def _mode(target: Path) -> int:
    """The former file's permissions, else what a new file gets here: mkstemp's are private."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _plain_reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
