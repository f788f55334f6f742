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


def event(done: int, job_id: str | None = None) -> Event:
    return Event("account", "Account", done, 2000, done, 5000, calls=7, job_id=job_id)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stream: io.StringIO,
    *,
    quiet: bool = False,
    pause: float = 60,
    job_id: str | None = None,
) -> tuple[str, str]:
    """Standard output, which is no terminal, and what `stream` got as standard error."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress(quiet=quiet, pause=pause) as progress:
        progress.announce(ORG)
        progress.show(event(0))
        progress.show(event(1234, job_id))
        progress.show(Event("lead", "Lead", 0, 3000, 1234, 5000, calls=7, job_id=job_id))
    return capsys.readouterr().out, stream.getvalue()


def test_a_terminal_shows_the_step_then_a_bar_for_each_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    out, shown = printed(monkeypatch, capsys, Terminal(), job_id="7505g00000AbCdEAAV")
    assert out == SENTENCE
    assert "Signing in" in shown
    [account] = {line for line in lines(shown) if "1,234 of 2,000 rows" in line}
    assert re.search(r"Account .* 1,234 of 2,000 rows [\d,]+ rows/s [\d.]+ s left", account)
    assert any(re.search(r"Lead .* 0 of 3,000 rows", line) for line in lines(shown))
    assert "7 API calls, Bulk job 7505g00000AbCdEAAV" in lines(shown)


def lines(shown: str) -> list[str]:
    """What stood on the terminal, line by line, without colours and movements."""
    parts = re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
    return [" ".join(part.split()) for part in parts]


@pytest.mark.parametrize("columns", [20, 40, 60, 80])
def test_no_line_of_the_bar_is_wider_than_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    """A bar that wraps is drawn anew below itself, again and again."""
    monkeypatch.setenv("COLUMNS", str(columns))
    _, shown = printed(monkeypatch, capsys, Terminal(), job_id="7505g00000AbCdEAAV")
    written = re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))
    assert max(len(line) for line in written) <= columns
    assert "1,234 of 2,000 rows" in shown


def test_mappings_of_the_package_are_told_below_the_org(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Progress(quiet=False, note="So it is.") as progress:
        progress.announce(ORG)
    assert capsys.readouterr().out == f"{SENTENCE}So it is.\n"


def test_elsewhere_a_short_run_shows_the_org_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(monkeypatch, capsys, io.StringIO()) == (SENTENCE, "")


def test_elsewhere_a_long_run_says_in_a_line_now_and_then_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, shown = printed(monkeypatch, capsys, io.StringIO(), pause=0, job_id="750AAV")
    assert out == SENTENCE
    first, second, third = shown.splitlines()
    assert first == "Account: 0 of 2,000 rows, 7 API calls"
    assert re.fullmatch(
        r"Account: 1,234 of 2,000 rows, [\d,]+ rows/s, [\d.]+ s left, 7 API calls, Bulk job 750AAV",
        second,
    )
    assert third == "Lead: 0 of 3,000 rows, 7 API calls, Bulk job 750AAV"


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_quiet_shows_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stream: type[io.StringIO],
) -> None:
    assert printed(monkeypatch, capsys, stream(), quiet=True, pause=0) == ("", "")
