"""The whole demo, as a new user runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def test_the_demo_tells_seven_steps_on_one_screen(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "crm_sync", "demo"],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    # A machine that is slow enough to be told how far it is hears of that, and of nothing else.
    assert all(re.fullmatch(r"\w+: [\d,]+ of .*", line) for line in done.stderr.splitlines())
    lines = done.stdout.splitlines()
    assert len(lines) <= 44
    assert max(len(line) for line in lines if str(folder) not in line) <= 100
    assert [line[0] for line in lines if line[:1].isdigit()] == list("1234567")
    assert any(line.startswith("  rows sent 0, API calls 0;") for line in lines)
    assert any(line.endswith("doubled 0") for line in lines)
    assert "characters)" not in done.stdout  # the row that is shown in full is not folded
    assert sorted(path.name for path in folder.iterdir()) == [
        "crm-sync-report-1.html",
        "crm-sync-report-2.html",
    ]
