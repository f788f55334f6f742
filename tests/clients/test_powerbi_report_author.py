"""Microsoft's checker of Power BI reports finds nothing to say of docs/powerbi."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients import install
from tests.powerbi import project
from tests.support import clients

pytestmark = pytest.mark.clients


def validate(pytestconfig: pytest.Config, pbip: Path) -> tuple[int, dict[str, Any]]:
    """Its exit code and what it says; without the schemas, which it would fetch."""
    directory = clients.directory(pytestconfig)
    assert directory is not None
    node = install.node_home(directory) / "bin" / "node"
    program = directory / "node_modules/@microsoft/powerbi-report-authoring-cli/dist/cli.js"
    done = subprocess.run(
        [node, program, "validate", "--no-schema", pbip],
        capture_output=True,
        text=True,
        timeout=clients.PATIENCE_SECONDS,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)["data"]


def test_the_checker_finds_neither_errors_nor_warnings(pytestconfig: pytest.Config) -> None:
    code, said = validate(pytestconfig, project.PROJECT)
    assert (code, said["errorCount"], said["warningCount"]) == (0, 0, 0), said
    assert said["reportPath"] == str(project.REPORT)


def test_the_checker_sees_a_misspelt_role_and_a_misspelt_kind_of_visual(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    pbip = project.copy(tmp_path)
    files = sorted(tmp_path.rglob("visual.json"))
    role = next(file for file in files if '"Category"' in file.read_text("utf-8"))
    role.write_text(role.read_text("utf-8").replace('"Category"', '"Categories"'), "utf-8")
    kind = next(file for file in files if '"tableEx"' in file.read_text("utf-8"))
    kind.write_text(kind.read_text("utf-8").replace('"tableEx"', '"tableau"'), "utf-8")
    code, said = validate(pytestconfig, pbip)
    assert code == 1, said
    found = {
        name: [one["file"] for one in part["items"]] for name, part in said["diagnostics"].items()
    }
    assert any(str(role) in places for places in found.values()), found
    assert found["PBIR_VISUAL_TYPE_UNKNOWN"] == [str(kind)], found
