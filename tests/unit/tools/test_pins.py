"""tools.pins: what uv would install, in pyproject.toml and requirements.lock."""

from __future__ import annotations

import pytest

from tools import pins

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
EXPORTED = f"""\
click==8.5.1 \\
    --hash={OLD}
cryptography==48.0.1 ; sys_platform == 'darwin' \\
    --hash={OLD}
cryptography==50.0.2 ; sys_platform != 'darwin' \\
    --hash={OLD}
tzdata==2026.6 ; sys_platform == 'win32' \\
    --hash={OLD}
"""
PROJECT = """\
[tool.uv]
constraint-dependencies = [
    "click==8.5.1",
    "cryptography==48.0.1 ; sys_platform == 'darwin'",
    "cryptography==50.0.2 ; sys_platform != 'darwin'",
    "tzdata==2026.6",
]
build-constraint-dependencies = [
    "hatchling==1.33.0",
]
"""


def test_files_that_say_what_uv_installs_are_current() -> None:
    assert pins.check(PROJECT, pins.HEADER + EXPORTED, EXPORTED) == []


def test_a_file_added_to_a_release_later_is_no_difference() -> None:
    later = EXPORTED.replace(f"--hash={OLD}\ncrypt", f"--hash={OLD} \\\n    --hash={NEW}\ncrypt")
    assert later != EXPORTED
    assert pins.check(PROJECT, EXPORTED, later) == []


@pytest.mark.parametrize(
    ("project", "lock", "sentence"),
    [
        (PROJECT.replace("8.5.1", "8.5.0"), EXPORTED, "pyproject.toml: click==8.5.1 is missing"),
        (PROJECT, EXPORTED.replace("8.5.1", "8.5.0"), "requirements.lock: click==8.5.0 is not use"),
        (PROJECT, EXPORTED.replace("sys_platform != 'darwin'", ""), "requirements.lock: crypto"),
        (PROJECT, EXPORTED.replace(OLD, NEW, 1), "the hashes of click==8.5.1 are not those"),
        (PROJECT, EXPORTED.replace(f"--hash={OLD}", "", 1), "the hashes of click==8.5.1 are not"),
        (PROJECT, f"--index-url https://pins.example\n{EXPORTED}", "names an address"),
        (PROJECT.replace('    "hatchling==1.33.0",\n', ""), EXPORTED, "build's own packages"),
    ],
)
def test_a_difference_is_named(project: str, lock: str, sentence: str) -> None:
    wrong = pins.check(project, lock, EXPORTED)
    assert any(sentence in line for line in wrong), wrong


def test_writing_an_array_leaves_the_rest_of_the_file_alone() -> None:
    written = pins.write_array(PROJECT, "constraint-dependencies", frozenset({"b==1", "a==2"}))
    assert pins.read_array(written, "constraint-dependencies") == {"b==1", "a==2"}
    assert pins.read_array(written, "build-constraint-dependencies") == {"hatchling==1.33.0"}
    assert written.index('"a==2"') < written.index('"b==1"')
    again = pins.write_array(
        written,
        "constraint-dependencies",
        pins.read_array(PROJECT, "constraint-dependencies"),
    )
    assert again == PROJECT


def test_the_lock_names_no_address() -> None:
    assert "://" not in pins.LOCK.read_text("utf-8")
