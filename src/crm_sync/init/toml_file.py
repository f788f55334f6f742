"""`crm-sync.toml` with other values: comments, order and what nobody answered stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit

__all__ = ["with_settings"]

HEAD = """\
# Settings without secrets; this file may be committed. `crm-sync init` changes it, keeps the rest.

"""


def with_settings(text: str, settings: Mapping[tuple[str, ...], str | bool]) -> str:
    """The file's text with these settings, by the path of each: a key, or targets, name and key."""
    document = tomlkit.parse(text or HEAD)
    for path, value in settings.items():
        level: Any = document
        for depth, part in enumerate(path[:-1]):
            if part not in level:
                level[part] = tomlkit.table(is_super_table=depth == 0)
            level = level[part]
        level[path[-1]] = value
    return tomlkit.dumps(document)
