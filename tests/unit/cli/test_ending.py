"""How a command ends: exit code, one line on standard error, a traceback only with --debug."""

from __future__ import annotations

import errno
import sys

import pytest

from crm_sync.cli import databases, ending
from crm_sync.errors import SettingsError


def ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException,
    *options: str,
) -> tuple[int, str]:  # fmt: skip
    def raise_it(*, quiet: bool, dry_run: bool) -> int:
        raise error

    monkeypatch.setattr(databases, "apply", raise_it)
    code = ending.run(["db", "apply", *options])
    printed = capsys.readouterr()
    assert printed.out == ""
    return code, printed.err


def test_a_known_error_is_its_own_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = SettingsError("It is so.", "Do that.")
    assert ended(monkeypatch, capsys, error) == (2, "crm-sync: It is so. Do that.\n")


def test_debug_shows_the_traceback_before_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ended(monkeypatch, capsys, SettingsError("It is so."), "--debug")
    assert code == 2
    assert said.startswith("Traceback")
    assert said.endswith("crm-sync: It is so.\n")


def test_a_mistake_of_ours_says_how_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, capsys, KeyError("s3cret")) == (
        2,
        "crm-sync: an unexpected error: KeyError. "
        "Run again with --debug and report what it shows.\n",
    )


def test_an_interrupt_has_the_code_of_an_interrupt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, capsys, KeyboardInterrupt()) == (130, "")


@pytest.mark.parametrize(("command", "extra"), [(["org", "serve"], "org"), (["demo"], "demo")])
def test_a_package_that_an_extra_brings(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    extra: str,
) -> None:
    for name in [name for name in sys.modules if name.startswith("crm_sync.demo")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("crm_sync.demo", raising=False)
    monkeypatch.setitem(sys.modules, "psutil", None)  # as if it were not installed
    assert ending.run(command) == 2
    assert capsys.readouterr().err == (
        f"crm-sync: This needs the package psutil, which is not installed. The extra {extra} "
        f"brings it. In a clone of the project: `uv sync`, or `pip install '.[{extra}]'`.\n"
    )


@pytest.mark.parametrize(
    "arguments", [["history", "\udcff\udcfe"], ["status", "--target", "a\udcff"]]
)
def test_an_argument_that_is_no_text(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert ending.run(arguments) == 2
    shown = arguments[-1].replace("\udcff", "\\xff").replace("\udcfe", "\\xfe")
    assert capsys.readouterr().err == (
        f"crm-sync: The argument {shown} is not UTF-8. Write it in UTF-8.\n"
    )


def test_another_error_of_the_disk_is_no_full_disk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = ended(monkeypatch, capsys, OSError(errno.EIO, "x"))
    assert code == 2
    assert "unexpected error: OSError" in said
