"""`init`: hands the answers of the command line to the questions, and says how they ended."""

from __future__ import annotations

import sys
from typing import Any

from crm_sync.cli.exits import INTERRUPTED, OK
from crm_sync.init.answers import Flags
from crm_sync.init.story import Answered
from crm_sync.init.story import init as ask

__all__ = ["init"]


def init(**flags: Any) -> int:
    """Asks and writes. Ctrl-C, the end of input, and a no leave everything as it was."""
    try:
        ask(Flags(**flags))
    except Answered:
        print("Nothing was written.")
    except (KeyboardInterrupt, EOFError):
        print("\ncrm-sync: interrupted. Nothing was written.", file=sys.stderr)
        return INTERRUPTED
    return OK
