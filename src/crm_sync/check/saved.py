"""Describes kept as files, so that mappings are checked without an org.

In: what an org describes, or a directory. Out: `OBJECT.json`, each as the org said it (the same
files serve `crm-sync org serve --describe`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from crm_sync.errors import OutputError, SettingsError

__all__ = ["read_described", "save_described"]

Described = dict[str, Any]
"""A describe answer (REST, `sobjects/X/describe`)."""


def save_described(directory: Path, described: Iterable[Described]) -> list[Path]:
    """Writes each describe; the files. Raises OutputError where that cannot be."""
    written: list[Path] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for one in described:
            file = directory / f"{one['name']}.json"
            text = json.dumps(one, indent=1, ensure_ascii=False) + "\n"
            file.write_text(text, encoding="utf-8")
            written.append(file)
    except OSError as error:
        raise OutputError(f"{directory} cannot be written: {error.strerror}.") from None
    return written


def read_described(directory: Path, objects: Iterable[str]) -> dict[str, Described]:
    """The saved describes of these objects, as far as they are there.

    Raises SettingsError where there is no such directory, or a file in it is no describe.
    """
    if not directory.is_dir():
        raise SettingsError(
            f"There is no directory {directory} with saved describes.",
            "Save them first, with an org at hand: crm-sync describe --save",
        )
    found: dict[str, Described] = {}
    for name in dict.fromkeys(objects):
        file = directory / f"{name}.json"
        if not file.exists():
            continue
        try:
            content: Any = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(content["fields"], list) or content["name"] != name:
                raise ValueError
        except (OSError, ValueError, KeyError, TypeError):
            raise SettingsError(
                f"{file} is not the describe of {name}.", "Save it anew: crm-sync describe --save"
            ) from None
        found[name] = content
    return found
