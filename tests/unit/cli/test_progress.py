"""What a person sees while a sync is at work, and that nobody else sees it."""

from __future__ import annotations

import io
import re
import sys

import pytest

from crm_sync.cli.progress import Progress
from crm_sync.report.model import Org
from crm_sync.sync.progress import Event

ORG = Org("00D000000000001EAA", "Acme", "sandbox", "https://acme.example.com", "staging")
SENTENCE = "Acme (00D000000000001EAA, sandbox), target staging\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stream: io.StringIO,
    *,
    quiet: bool = False,
) -> tuple[str, str]:
    """Standard output, which is no terminal, and what `stream` got as standard error."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress(quiet=quiet) as progress:
        progress.announce(ORG)
        progress.show(Event(0, 2000))
        progress.show(Event(1234, 2000))
    return capsys.readouterr().out, stream.getvalue()


def test_a_terminal_shows_the_step_the_rows_and_how_fast_they_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, shown = printed(monkeypatch, capsys, Terminal())
    assert out == SENTENCE
    assert "Signing in" in shown
    assert "1,234 of 2,000 rows" in shown
    assert "rows/s" in shown


@pytest.mark.parametrize("columns", [20, 40, 60, 80])
def test_no_line_of_the_bar_is_wider_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    """A bar that wraps is drawn anew below itself, again and again."""
    monkeypatch.setenv("COLUMNS", str(columns))
    _, shown = printed(monkeypatch, capsys, Terminal())
    lines = re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
    assert max(len(line) for line in lines) <= columns
    assert "1,234 of 2,000 rows" in shown


def test_mappings_of_the_package_are_told_below_the_org(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Progress(quiet=False, note="So it is.") as progress:
        progress.announce(ORG)
    assert capsys.readouterr().out == f"{SENTENCE}So it is.\n"


def test_elsewhere_there_is_the_org_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(monkeypatch, capsys, io.StringIO()) == (SENTENCE, "")


def test_quiet_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(monkeypatch, capsys, Terminal(), quiet=True) == ("", "")
