"""What a person sees while a sync is at work, and that nobody else sees it."""

from __future__ import annotations

import io
import sys

import pytest

from crm_sync.cli.progress import Progress
from crm_sync.report.model import Org

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
        progress.show(0, 2000)
        progress.show(1234, 2000)
    return capsys.readouterr().out, stream.getvalue()


def test_a_terminal_shows_the_step_the_rows_and_how_fast_they_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, shown = printed(monkeypatch, capsys, Terminal())
    assert out == SENTENCE
    assert "Signing in" in shown
    assert "1,234 of 2,000 rows" in shown
    assert "rows/s" in shown


def test_elsewhere_there_is_the_org_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(monkeypatch, capsys, io.StringIO()) == (SENTENCE, "")


def test_quiet_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(monkeypatch, capsys, Terminal(), quiet=True) == ("", "")
