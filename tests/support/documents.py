"""Whether the packages are there that build the documentation site; `uv run pytest` brings none."""

from __future__ import annotations

from importlib.util import find_spec

HOW_TO_INSTALL = "they need the site's packages (uv run --group site pytest)"


def are_installed() -> bool:
    """True where the dependency group `site` is installed."""
    return all(find_spec(name) is not None for name in ("zensical", "mmdr"))
