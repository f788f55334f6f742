"""A stand-in for the Salesforce CLI on the path, for answers that the real one gives rarely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["put_sf"]


def put_sf(programs: Path, by_command: dict[str, Any]) -> None:
    """An `sf` in this folder that answers each command, by a part of it, as told."""
    programs.mkdir(exist_ok=True)
    lines = ["#!/bin/sh", 'case "$*" in']
    for number, (command, answer) in enumerate(by_command.items()):
        file = programs / f"answer-{number}"
        text = answer if isinstance(answer, str) else json.dumps(answer)
        file.write_text(f"{text}\n", "utf-8")
        lines.append(f'*"{command}"*) while IFS= read -r line; do echo "$line"; done < "{file}";;')
    program = programs / "sf"
    program.write_text("\n".join([*lines, "*) exit 3;;", "esac", ""]), "utf-8")
    program.chmod(0o755)
