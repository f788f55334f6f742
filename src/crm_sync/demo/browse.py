"""`crm-sync demo --open`: the local org's page and the report in a browser, and a wait.

In: addresses. Out: two open pages, or one line that names them where no browser can be opened.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from crm_sync.cli.browser import open_all

__all__ = ["offer", "wait_for_enter"]

RUN = "uv run --env-file"


def offer(page: str, reports: list[Path], settings: Path) -> None:
    """Opens the org's page and the last report, and says how to sync again."""
    addresses = [page, *(file.resolve().as_uri() for file in reports[-1:])]
    if open_all(addresses):
        print(f"  The org's page is open in your browser: {page}")
    else:
        print(f"  No browser could be opened. Open these: {'  '.join(addresses)}")
    print("  Edit, delete or merge a record there; then, in another terminal in this folder:")
    print(f"  {RUN} {settings} crm-sync sync --target my --resend --allow-changes")
    print("  (without --resend a sync sends only what changed in the database)")


def wait_for_enter() -> None:
    """Returns when the reader presses Enter or Ctrl-C, or closes standard input."""
    print("  Enter ends both servers.", flush=True)
    with suppress(EOFError, KeyboardInterrupt):
        input()
