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
COPIED = ("src", "pyproject.toml", "README.md", "LICENSE")
LAYERS = ("lint-imports", "--no-cache")


@dataclass(frozen=True)
class Fault:
    """A line added to a file, the check that must refuse it, and what it must say."""

    file: str
    line: str
    check: tuple[str, ...]
    says: str


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
)


def main() -> int:
    """Spoil a copy in each way; 1 when a check let one pass."""
    unseen = [fault for fault in FAULTS if not is_noticed(fault)]
    for fault in unseen:
        print(f"{' '.join(fault.check)} does not notice `{fault.line}` in {fault.file}")
    print(f"{len(FAULTS) - len(unseen)} of {len(FAULTS)} faults were noticed")
    return 1 if unseen else 0


def is_noticed(fault: Fault) -> bool:
    """True when the check refuses the spoiled copy for the reason that it was spoiled."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in COPIED:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, copy / part)
            else:
                shutil.copy(ROOT / part, copy / part)
        with (copy / fault.file).open("a", encoding="utf-8") as file:
            file.write(f"\n{fault.line}\n")
        done = subprocess.run(
            [str(Path(sys.executable).parent / fault.check[0]), *fault.check[1:]],
            cwd=copy,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(copy / "src")},
        )
        return done.returncode != 0 and fault.says in done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
