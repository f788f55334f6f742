"""`status` beside a run: its last runs, where the one at work stands, and what waits."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from crm_sync.cli import watch
from crm_sync.localorg.serve import LocalOrg
from tests.integration.cli.test_runs import wait_until
from tests.support.command_line import Desk


@pytest.fixture
def running(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any], accounts: list[str]
) -> Iterator[subprocess.Popen[str]]:
    """A sync of 1,200 accounts whose second call gets no answer while the test lasts."""
    connection.execute(
        "insert into accounts (company_name) select 'C' || n from generate_series(1, 1198) n"
    )
    org.faults = [{"when": {"object": "Account", "method": "PATCH", "nth": 6},
                   "then": {"delay": 110}}]  # fmt: skip
    process = desk.start("sync", "--quiet")
    in_flight = "select count(*) from sync.plan where state = 'sending'"
    recorded = "select count(*) from sync.history where outcome = 'recorded'"
    wait_until(lambda: connection.execute(recorded).fetchone() == (1000,), 100)
    wait_until(lambda: connection.execute(in_flight).fetchone() == (200,), 100)
    yield process
    process.kill()
    process.communicate()


class Reader(io.StringIO):
    """Standard output whose reader ends a process once he has read something for the third time."""

    def __init__(self, text: str, process: subprocess.Popen[str], *, is_terminal: bool) -> None:
        super().__init__()
        self._text, self._process, self._is_terminal = text, process, is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        written = super().write(text)
        if self._text in text and self.getvalue().count(self._text) == 3:
            self._process.terminate()
        return written


def test_where_a_run_stands_that_works_elsewhere(
    desk: Desk, running: subprocess.Popen[str]
) -> None:
    [known] = json.loads(desk.run("status", "--json").out)["orgs"]
    assert known["last_run"]["status"] == "running"
    assert known["at_work"]["run_number"] == 1
    assert known["at_work"]["started_at"] == known["last_run"]["started_at"]
    assert known["at_work"]["mappings"] == [
        {"mapping": "account", "object": "Account", "planned": 0, "sending": 200, "recorded": 1000}
    ]
    said = desk.run("status").out
    assert "  Run 1 is at work since " in said
    assert re.search(r"^ +account +0 +200 +1,000$", said, re.MULTILINE)


def test_ctrl_c_ends_the_look_and_not_the_run(
    desk: Desk, running: subprocess.Popen[str], connection: psycopg.Connection[Any]
) -> None:
    watching = desk.start("status", "--watch")
    assert watching.stdout is not None
    assert watching.stdout.readline().startswith("Local org run 1: account ")
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=60)
    assert (watching.returncode, err) == (130, "")
    assert connection.execute("select status from sync.run").fetchone() == ("running",)
    assert running.poll() is None


def test_watch_says_where_a_run_stands_until_it_ends(
    desk: Desk, running: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PAUSE", 0.2)
    stands = "Local org run 1: account 0 planned 200 sending 1,000 recorded"
    output = Reader(stands, running, is_terminal=False)
    monkeypatch.setattr(sys, "stdout", output)
    assert desk.run("status", "--watch").code == 0
    lines = output.getvalue().splitlines()
    assert lines[:3] == [stands] * 3
    assert any(line.startswith("  Last run 1 interrupted ") for line in lines)
    assert lines[-1].startswith("Schema sync takes ")


def test_watch_on_a_terminal_is_a_table_that_stays_in_its_place(
    desk: Desk, running: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PAUSE", 0.2)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Reader("Run 1 is at work since", running, is_terminal=True)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert desk.run("status", "--watch").code == 0
    assert "\x1b[1A\x1b[2K" in terminal.getvalue()  # goes up, and writes in the same place
    assert "Last run 1 " in terminal.getvalue()


def test_watch_without_a_run_is_status(desk: Desk, accounts: list[str]) -> None:
    desk.run("sync")
    assert desk.run("status", "--watch").out == desk.run("status").out
    assert desk.refused("status", "--watch", "--json").startswith("Invalid value: --watch is for")


def test_each_org_says_how_many_changes_wait_for_it(
    desk: Desk, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    def waiting() -> int | None:
        [known] = json.loads(desk.run("status", "--json").out)["orgs"]
        number: int | None = known["changes_waiting"]
        return number

    desk.run("sync")
    assert waiting() == 0
    assert "  No change waits for the next sync.\n" in desk.run("status").out
    connection.execute("update accounts set phone = '1'")
    assert waiting() == 2
    assert "  2 changes wait for the next sync.\n" in desk.run("status").out
    with psycopg.connect(connection.info.dsn, password=connection.info.password) as other:
        other.execute("update accounts set phone = '2'")
        assert desk.run("sync").code == 0
    assert waiting() == 2, "what was not committed when the plan was made"
    connection.execute("update sync.org set position = null")
    assert waiting() is None
    assert "  The next sync compares every row.\n" in desk.run("status").out


def test_the_last_runs_are_told_newest_first(
    desk: Desk, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    for number in range(7):
        connection.execute(
            "update accounts set phone = %s where id = %s", [str(number), accounts[0]]
        )
        assert desk.run("sync").code == 0
    [known] = json.loads(desk.run("status", "--json").out)["orgs"]
    assert [run["run_number"] for run in known["runs"]] == [7, 6, 5, 4, 3]
    assert known["last_run"] == known["runs"][0]
    assert (known["runs"][0]["mode"], known["runs"][0]["calls"]) == ("incremental", 1)
    told = [line for line in desk.run("status").out.splitlines() if " finished " in line]
    assert [line.split(" finished ")[0] for line in told] == [
        "  Last run 7", "  Run 6", "  Run 5", "  Run 4", "  Run 3",
    ]  # fmt: skip
    assert " · incremental · 1 changed · 1 API call · " in told[0]
