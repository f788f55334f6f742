"""Reads named blocks from the `.sql` files of this package.

In: a file name. Out: its blocks by name. Imports nothing of the project.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

__all__ = ["statements"]


@cache
def statements(file: str) -> dict[str, str]:
    """The blocks of `file`, each after a line `-- name: …`; blank lines around them left out."""
    text = files("crm_sync.sample").joinpath(file).read_text(encoding="utf-8")
    blocks = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(blocks[::2], (body.strip() for body in blocks[1::2]), strict=True))
