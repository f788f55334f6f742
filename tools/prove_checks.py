"""Prove that the checks of CI see what they are for: each must fail on a copy that was spoiled.

    uv run --group check python -m tools.prove_checks

A check that passes whatever one does looks like a check that passes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = (
    "src", "tools", "docs", "pyproject.toml", "zensical.toml",
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE",
)  # fmt: skip
LAYERS = ("lint-imports", "--no-cache")
SITE = ("python", "-m", "tools.site")


@dataclass(frozen=True)
class Fault:
    """A line added to a file, the check that must refuse it, and what it must say of this one."""

    file: str
    line: str
    check: tuple[str, ...]
    says: str
    is_alone: bool = False
    """In a copy of its own: beside others the check would not come to it."""


FAULTS = (
    Fault(
        "src/crm_sync/mapping/model.py",
        "import crm_sync.sync.plan",
        LAYERS,
        "imports point downward BROKEN",
    ),
    Fault(
        "src/crm_sync/localorg/records/values.py",
        "import crm_sync.errors",
        LAYERS,
        "the local org stands alone BROKEN",
    ),
    Fault(
        "src/crm_sync/sync/plan.py",
        "import crm_sync.localorg.records.values",
        LAYERS,
        "only the demo and the command line know the local org BROKEN",
    ),
    Fault(
        "src/crm_sync/sync/plan.py",
        "import prefect",
        LAYERS,
        "the library knows neither Prefect nor pytest BROKEN",
    ),
    Fault(
        "src/crm_sync/errors.py",
        "def spoiled(value): return value",
        ("mypy", "src/crm_sync/errors.py"),
        "no-untyped-def",
    ),
    Fault("src/crm_sync/errors.py", "import json", ("ruff", "check"), "F401"),
    Fault(
        "src/crm_sync/errors.py", "x =  1", ("ruff", "format", "--check"), "would be reformatted"
    ),
    Fault("docs/reports.md", "[gone](gone.md)", SITE, "gone.md: is not there"),
    Fault("docs/reports.md", "[gone](check.md#gone)", SITE, "no heading of that page has"),
    Fault("docs/reports.md", "![gone](images/gone.png)", SITE, "gone.png: is not there"),
    Fault("docs/reports.md", "[out](../pyproject.toml)", SITE, "leads out of docs/"),
    Fault("docs/reports.md", "<b>raw</b>", SITE, "raw HTML"),
    Fault("docs/reports.md", "```mermaid\ngraph LR\na -->\n```", SITE, "Diagram parse error", True),
    Fault("docs/stray.md", "# Nobody leads here", SITE, "no entry in zensical.toml's nav"),
    Fault("docs/reports.md", "no empty line\n- before a list", SITE, "the git host shows", True),
    Fault(
        "docs/assets/site.css",
        "@import 'https://example.com/font.css';",
        SITE,
        "site.css: asks another host",
        is_alone=True,
    ),
)


def main() -> int:
    """Spoil a copy for each check; 1 when a check let a fault pass."""
    together: dict[tuple[str, ...], list[Fault]] = {}
    for fault in FAULTS:
        if not fault.is_alone:
            together.setdefault(fault.check, []).append(fault)
    groups = [*together.values(), *([fault] for fault in FAULTS if fault.is_alone)]
    unseen = [fault for group in groups for fault in not_noticed(group)]
    for fault in unseen:
        print(f"{' '.join(fault.check)} does not notice `{fault.line}` in {fault.file}")
    print(f"{len(FAULTS) - len(unseen)} of {len(FAULTS)} faults were noticed")
    return 1 if unseen else 0


def not_noticed(faults: list[Fault]) -> list[Fault]:
    """Of faults of one check those that it does not name in a copy that has them all."""
    check = faults[0].check
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in COPIED:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, copy / part)
            else:
                shutil.copy(ROOT / part, copy / part)
        for fault in faults:
            with (copy / fault.file).open("a", encoding="utf-8") as file:
                file.write(f"\n{fault.line}\n")
        done = subprocess.run(
            [str(Path(sys.executable).parent / check[0]), *check[1:]],
            cwd=copy,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(copy / "src")},
        )
        said = done.stdout + done.stderr
        return [fault for fault in faults if done.returncode == 0 or fault.says not in said]


if __name__ == "__main__":
    sys.exit(main())
