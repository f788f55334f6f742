"""Where the files lie that ship beside the code: schema.sql and views.sql.

They stand at the top of the repository, where people look for them, and are packed into the wheel.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from crm_sync.errors import SetupError

__all__ = ["sql_file"]


def sql_file(name: str) -> str:
    """The text of schema.sql or views.sql."""
    packed = resources.files("crm_sync").joinpath("sql", name)
    if packed.is_file():
        return packed.read_text(encoding="utf-8")
    beside = Path(__file__).parents[2] / name
    if not beside.is_file():
        raise SetupError(f"{name} was not installed with the package.", "Install it again.")
    return beside.read_text(encoding="utf-8")
