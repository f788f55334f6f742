"""Every JSON file of the project against Microsoft's schemas, which are not ours to copy.

Power BI Desktop does the same when it opens a project, and refuses what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from tests.powerbi import project

pytestmark = pytest.mark.powerbi_schemas

ADDRESS = "https://developer.microsoft.com/json-schemas/"
WITHOUT_SCHEMA = "RegisteredResources"
"""Themes: their schema is not among these; test_theme.py and Microsoft's checker look at them."""

Check = Callable[[Any], list[str]]


@pytest.fixture(scope="module")
def check(pytestconfig: pytest.Config) -> Check:
    """What Microsoft's schemas find wrong with a document."""
    folder = pytestconfig.getoption("--powerbi-schemas")
    # Under its path and not its $id: some are spelled otherwise there than the $refs to them.
    schemas = {
        ADDRESS + path.relative_to(folder).as_posix(): project.read(path)
        for path in folder.rglob("schema*.json")
    }
    if not schemas:
        raise pytest.UsageError(f"--powerbi-schemas: {folder} holds no schemas")
    registry: Registry[Any] = Registry().with_resources(
        (address, DRAFT7.create_resource(schema)) for address, schema in schemas.items()
    )

    def problems(document: Any) -> list[str]:
        address = document.get("$schema", "(none)")
        if address not in schemas:
            return [f"no copy of the schema {address}"]
        found = Draft7Validator(schemas[address], registry=registry).iter_errors(document)
        return [f"{error.json_path}: {error.message[:200]}" for error in found]

    return problems


def judged() -> list[Path]:
    """The files that have a schema."""
    return [
        file for file in project.json_files(project.POWERBI) if WITHOUT_SCHEMA not in file.parts
    ]


def test_every_json_file_fits_its_schema(check: Check) -> None:
    found = {
        str(file.relative_to(project.POWERBI)): problems
        for file in judged()
        if (problems := check(project.read(file)))
    }
    assert found == {}


def test_all_kinds_of_files_are_among_those_that_are_checked() -> None:
    names = {file.name for file in judged()}
    assert names == {
        "ConsultingCRM.pbip", ".platform", "definition.pbir", "definition.pbism", "version.json",
        "report.json", "pages.json", "page.json", "visual.json",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "spoil", "says"),
    [
        ("page.json", {"isHidden": True}, "'isHidden' was unexpected"),
        ("visual.json", {"position": {"x": 0, "y": 0, "width": "wide", "height": 1}}, "'wide'"),
        ("ConsultingCRM.pbip", {"note": "mine"}, "'note' was unexpected"),
        ("report.json", {"themeCollection": None}, "None is not of type 'object'"),
        ("definition.pbism", {"$schema": "elsewhere"}, "no copy of the schema elsewhere"),
    ],
)
def test_a_spoiled_file_does_not_fit(
    check: Check, file: str, spoil: dict[str, Any], says: str
) -> None:
    path = next(one for one in judged() if one.name == file)
    found = check(project.read(path) | spoil)
    assert any(says in problem for problem in found), found
