"""tools.wheels: a package without a wheel for a system that we promise is found."""

from __future__ import annotations

import pytest
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from tools import wheels

LINUX = wheels.linux("x86_64")
WINDOWS = next(system for system in wheels.SYSTEMS if system.sys_platform == "win32")
INTEL_MAC = wheels.macos("x86_64")


def missing(
    filename: str | None, system: wheels.System, python: tuple[int, int], marker: str = ""
) -> list[str]:
    pins = list(wheels.read_pins([f"thing==1{marker}"]))
    assert [pin.name for pin in pins] == ["thing"]
    tags: frozenset[Tag] = parse_wheel_filename(filename)[3] if filename else frozenset()
    found = wheels.find_missing(pins, {("thing", "1"): tags}, [system], [python])
    return found.get((system.name, python), [])


@pytest.mark.parametrize(
    ("filename", "system", "python"),
    [
        ("thing-1-py3-none-any.whl", WINDOWS, (3, 15)),
        ("thing-1-cp315-cp315-manylinux_2_28_x86_64.whl", LINUX, (3, 15)),
        ("thing-1-cp315-cp315-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", LINUX, (3, 15)),
        ("thing-1-cp39-abi3-win_amd64.whl", WINDOWS, (3, 15)),
        ("thing-1-py3-none-macosx_11_0_x86_64.whl", INTEL_MAC, (3, 11)),
        ("thing-1-cp311-cp311-macosx_10_9_universal2.whl", INTEL_MAC, (3, 11)),
    ],
)
def test_a_fitting_wheel_is_enough(
    filename: str, system: wheels.System, python: tuple[int, int]
) -> None:
    assert missing(filename, system, python) == []


@pytest.mark.parametrize(
    ("filename", "system", "python"),
    [
        (None, LINUX, (3, 11)),
        ("thing-1-cp314-cp314-manylinux_2_28_x86_64.whl", LINUX, (3, 15)),
        ("thing-1-cp315-cp315-manylinux_2_39_x86_64.whl", LINUX, (3, 15)),
        ("thing-1-cp315-cp315-musllinux_1_2_x86_64.whl", LINUX, (3, 15)),
        ("thing-1-cp312-abi3-win_amd64.whl", WINDOWS, (3, 11)),
        ("thing-1-cp311-cp311-macosx_11_0_arm64.whl", INTEL_MAC, (3, 11)),
        ("thing-1-cp315-cp315-win_arm64.whl", WINDOWS, (3, 15)),
    ],
)
def test_a_wheel_for_something_else_is_missing(
    filename: str | None, system: wheels.System, python: tuple[int, int]
) -> None:
    assert missing(filename, system, python) == ["thing"]


def test_a_package_that_is_not_installed_there_is_not_missed() -> None:
    assert missing(None, LINUX, (3, 13), " ; python_full_version < '3.13'") == []
    assert missing(None, LINUX, (3, 12), " ; python_full_version < '3.13'") == ["thing"]
    assert missing(None, LINUX, (3, 12), " ; sys_platform == 'win32'") == []
