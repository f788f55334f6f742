"""The command line: parses, calls the library, shows what it gives. No logic of its own.

Nothing but Typer is imported before a command runs; each command imports what it needs, so that
`--help` answers at once.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """The entry point `crm-sync`: runs a command and turns every known error into one line."""
    from crm_sync.cli import ending, streams

    streams.prepare()
    sys.exit(ending.run(sys.argv[1:]))
