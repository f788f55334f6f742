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
from crm_sync.salesforce.describe import ObjectFacts

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


def read_described(
    directory: Path, objects: Iterable[str]
) -> tuple[dict[str, Described], dict[str, Path]]:
    """The saved describes of these objects, as far as they are there; and the files, by object,
    that are none.

    Raises SettingsError where there is no such directory.
    """
    if not directory.is_dir():
        raise SettingsError(
            f"There is no directory {directory} with saved describes.",
            "Save them first, with an org at hand: crm-sync describe --save",
        )
    found: dict[str, Described] = {}
    damaged: dict[str, Path] = {}
    for name in dict.fromkeys(objects):
        file = directory / f"{name}.json"
        if not file.exists():
            continue
        try:
            content: Any = json.loads(file.read_text(encoding="utf-8"))
            if content["name"] != name:
                raise ValueError
            ObjectFacts.from_describe(content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            damaged[name] = file
        else:
            found[name] = content
    return found, damaged
