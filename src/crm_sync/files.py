"""Where the files lie that ship beside the code: schema.sql, views.sql and the mappings.

They stand at the top of the repository, where people look for them, and are packed into the wheel.
"""

from __future__ import annotations

from pathlib import Path

from crm_sync.errors import SetupError

__all__ = ["mappings_directory", "sql_file"]

_PACKED = Path(__file__).parent / "shipped"
_REPOSITORY = Path(__file__).parents[2]


def sql_file(name: str) -> str:
    """The text of schema.sql or views.sql."""
    return _shipped(name).read_text(encoding="utf-8")


def mappings_directory() -> Path:
    """The mappings that the product ships: for the demo and the documents."""
    return _shipped("mappings")


def _shipped(name: str) -> Path:
    for place in (_PACKED / name, _REPOSITORY / name):
        if place.exists():
            return place
    raise SetupError(f"{name} was not installed with the package.", "Install it again.")
