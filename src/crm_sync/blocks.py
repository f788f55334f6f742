"""Static SQL stands in `.sql` files as named blocks, each below a line `-- name: …`.

In: a package and a file of it. Out: the blocks' text by name. Imports nothing of the project.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

__all__ = ["blocks"]


@cache
def blocks(package: str, file: str) -> dict[str, str]:
    """The blocks of a file, without the blank lines around them."""
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], (body.strip() for body in parts[1::2]), strict=True))
