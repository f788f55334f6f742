"""A command at a terminal of its own, with a person who reads and types."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 60


class Terminal:
    """`crm-sync ARGUMENTS` behind a pseudo-terminal. What it prints is in `seen`."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.seen = ""
        self._read = 0
        child, self._master = pty.fork()
        if child == 0:
            os.chdir(folder)
            os.environ.update(environment, COLUMNS="200", PYTHONUTF8="1")
            os.execv(sys.executable, [sys.executable, "-m", "crm_sync", *arguments])  # noqa: S606
        self._child = child

    def expect(self, text: str) -> None:
        """Waits until it prints this, after what was expected before."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.seen[self._read :]:
            assert time.monotonic() < end, f"no {text!r} in {self.seen[self._read :]!r}"
            assert self._more(end), f"it ended without {text!r}: {self.seen[self._read :]!r}"
        self._read = self.seen.index(text, self._read) + len(text)

    def answer(self, question: str, typed: str = "") -> None:
        """Waits for a question and types a line."""
        self.expect(question)
        self.expect(": ")
        os.write(self._master, typed.encode() + b"\n")

    def press(self, key: bytes) -> None:
        """Types without Enter: b"\\x03" is Ctrl-C."""
        os.write(self._master, key)

    def end(self) -> int:
        """Waits for its end; the exit code."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self._more(end):
            pass
        os.close(self._master)
        _, status = os.waitpid(self._child, 0)
        return os.waitstatus_to_exitcode(status)

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"nothing more came after {self.seen!r}"
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.seen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)
