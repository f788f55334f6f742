"""`crm-sync demo --open`: the local org's page and the report in a browser, and a wait.

In: addresses. Out: two open pages, or one line that names them where no browser can be opened.
"""

from __future__ import annotations

import webbrowser
from contextlib import suppress
from pathlib import Path

__all__ = ["offer", "wait_for_enter"]

RUN = "uv run --env-file"
_IN_THE_TERMINAL = frozenset(("www-browser", "links", "elinks", "lynx", "w3m"))
"""Browsers that would take the terminal away from the demo."""


def offer(page: str, reports: list[Path], settings: Path) -> None:
    """Opens the org's page and the last report, and says how to sync again."""
    addresses = [page, *(file.resolve().as_uri() for file in reports[-1:])]
    if _open(addresses):
        print(f"  The org's page is open in your browser: {page}")
    else:
        print(f"  No browser could be opened. Open these: {'  '.join(addresses)}")
    print("  Edit, delete or merge a record there; then, in another terminal in this folder:")
    print(f"  {RUN} {settings} crm-sync sync --target my --resend")
    print("  (without --resend a sync sends only what changed in the database)")


def wait_for_enter() -> None:
    """Returns when the reader presses Enter or Ctrl-C, or closes standard input."""
    print("  Enter ends both servers.", flush=True)
    with suppress(EOFError, KeyboardInterrupt):
        input()


def _open(addresses: list[str]) -> bool:
    """Whether a browser with a window of its own took all addresses."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if Path(getattr(browser, "name", "")).name in _IN_THE_TERMINAL:
        return False
    return all(browser.open(address) for address in addresses)
