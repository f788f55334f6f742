"""Opens addresses in the reader's browser, where one with a window of its own is there."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path

__all__ = ["open_all"]

_IN_THE_TERMINAL = frozenset(("www-browser", "links", "elinks", "lynx", "w3m"))
"""Browsers that would take the terminal away from the command."""


def open_all(addresses: Sequence[str]) -> bool:
    """Whether a browser took all addresses."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if Path(getattr(browser, "name", "")).name in _IN_THE_TERMINAL:
        return False
    return all(browser.open(address) for address in addresses)
