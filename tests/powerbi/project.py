"""The project under test, and copies of it that may be spoiled."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
POWERBI = ROOT / "docs" / "powerbi"
PROJECT = POWERBI / "ConsultingCRM.pbip"
REPORT = POWERBI / "ConsultingCRM.Report"
MODEL = POWERBI / "ConsultingCRM.SemanticModel"
PARTS = (PROJECT, REPORT, MODEL)


def copy(folder: Path) -> Path:
    """The whole project in another folder; its .pbip."""
    for part in PARTS:
        if part.is_dir():
            shutil.copytree(part, folder / part.name)
        else:
            shutil.copy(part, folder / part.name)
    return folder / PROJECT.name


def json_files(folder: Path) -> Iterator[Path]:
    """Every file of a project in `folder` that is JSON, whatever its name ends with."""
    for part in PARTS:
        path = folder / part.name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix != ".tmdl":
                yield file


def read(path: Path) -> Any:
    """A JSON file's content."""
    return json.loads(path.read_text("utf-8"))
