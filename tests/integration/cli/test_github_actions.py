"""examples/github-actions/crm-sync.yml: the page shows it, and its step does what it says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ruamel.yaml import YAML

from tests.support.command_line import Desk
from tests.support.postgres import ROOT

WORKFLOW = ROOT / "examples" / "github-actions" / "crm-sync.yml"
PAGE = ROOT / "docs" / "scheduling.md"


def steps() -> dict[str, dict[str, Any]]:
    read = YAML(typ="safe").load(WORKFLOW.read_text(encoding="utf-8"))
    return {step["name"]: step for step in read["jobs"]["sync"]["steps"] if "name" in step}


def test_the_page_shows_the_file_as_it_is() -> None:
    assert f"```yaml\n{WORKFLOW.read_text(encoding='utf-8')}```\n" in PAGE.read_text(
        encoding="utf-8"
    )


def test_secrets_are_seen_by_the_step_that_syncs_alone() -> None:
    for name, step in steps().items():
        assert ("secrets." in str(step)) is (name == "Sync"), name
        assert "${{" not in step.get("run", ""), "a value could become a command"


@pytest.fixture
def runner(desk: Desk, tmp_path: Path) -> Desk:
    """GitHub's machine, as far as the step sees it: `uv run` starts the program under test."""
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$1 $2 $3" = "run --no-sync crm-sync" ] || exit 99\nshift 3\n'
        f'exec "{sys.executable}" -m crm_sync "$@"\n'
    )
    program.chmod(0o755)
    return desk


def step_in(runner: Desk, dry_run: str = "") -> tuple[int, str]:
    """The exit code of the step, and what it writes where people look."""
    summary = runner.folder / "summary.md"
    summary.write_text("")
    shutil.rmtree(runner.folder / "report", ignore_errors=True)
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "-e", "-o", "pipefail", "-c", steps()["Sync"]["run"]],
        cwd=runner.folder,
        env={
            **os.environ,
            "PATH": f"{runner.folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_STEP_SUMMARY": str(summary),
            "DRY_RUN": dry_run,
            "CRM_SYNC_TARGET": "local",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr + summary.read_text(encoding="utf-8")


def test_the_step_ends_as_the_command_does_and_says_which_rows(
    runner: Desk, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("insert into leads (company_name, last_name) values ('Alpha', 'Ng')")
    code, said = step_in(runner, dry_run="true")
    assert (code, "::error::" in said) == (0, False), said
    assert {file.name for file in (runner.folder / "report").iterdir()} == {"plan.html", "plan.md"}
    connection.execute(
        "insert into accounts (company_name, phone) values ('Beta', repeat('1', 99))"
    )
    code, said = step_in(runner)
    assert code == 1, said
    assert "::error::Finished, and some rows need you" in said
    assert "Beta" in said
    assert {file.name for file in (runner.folder / "report").iterdir()} == {
        "run.json",
        "problems.md",
    }
    program = runner.folder.parent / "bin" / "uv"
    program.write_text("#!/bin/sh\nexit 2\n")  # as a command does that could not run
    code, said = step_in(runner)
    assert (code, "::error::Could not run" in said) == (2, True), said
