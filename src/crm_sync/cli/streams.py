"""Standard output and error as every command finds them: UTF-8, and patient with their readers."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["prepare"]


def prepare() -> None:
    """UTF-8 whatever the platform or PYTHONIOENCODING says; a report holds names of all kinds."""
    sys.stdout = _prepared(sys.stdout)
    sys.stderr = _prepared(sys.stderr)


def _prepared(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed by whoever started us, or a Windows program without a console
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - stays open
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is None:
        return stream
    reconfigure(encoding="utf-8", errors="replace")
    if stream.isatty():
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Patient(stream.fileno(), "w", closefd=False)),
        encoding="utf-8",
        errors="replace",
        newline=None,
        write_through=stream is sys.stderr,
    )


class _Patient(io.FileIO):
    """A pipe whose reader may leave: what is written then goes nowhere.

    So `crm-sync sync | head -1` still sends everything and still ends with the run's own exit code.
    """

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            gone = isinstance(error, BrokenPipeError) or (
                os.name == "nt" and error.errno == errno.EINVAL
            )
            if not gone:
                raise
            return memoryview(data).nbytes
