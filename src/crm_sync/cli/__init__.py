"""The command line: parses, calls the library, shows what it gives. No logic of its own.

Nothing but Typer is imported here; each command imports what it needs when it runs, so that
`--help` answers at once.
"""

from __future__ import annotations

import sys
from typing import TextIO

__all__ = ["main"]


def main() -> None:
    """The entry point `crm-sync`: runs a command and turns every known error into one line."""
    for stream in (sys.stdout, sys.stderr):
        _as_utf8(stream)
    from crm_sync.cli import app

    sys.exit(app.run(sys.argv[1:]))


def _as_utf8(stream: TextIO | None) -> None:
    """UTF-8 whatever the platform or PYTHONIOENCODING says; a report holds names of all kinds."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")
