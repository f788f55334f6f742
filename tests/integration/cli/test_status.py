"""`status` beside a run: its last runs, where the one at work stands, and what waits."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from crm_sync.cli import watch
from crm_sync.localorg.serve import LocalOrg
from tests.integration.cli.test_runs import wait_until
from tests.support.command_line import Desk


@contextmanager
def running(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any]
) -> Iterator[subprocess.Popen[str]]:
    """A sync of 1,200 accounts whose second call takes a while; entered while it is on its way."""
    connection.execute(
        "insert into accounts (company_name) select 'C' || n from generate_series(1, 1198) n"
    )
    org.faults = [{"when": {"object": "Account", "method": "PATCH", "nth": 6},
                   "then": {"delay": 8}}]  # fmt: skip
    process = desk.start("sync", "--quiet")
    in_flight = "select count(*) from sync.plan where state = 'sending'"
    recorded = "select count(*) from sync.history where outcome = 'recorded'"
    wait_until(lambda: connection.execute(recorded).fetchone() == (1000,), 60)
    wait_until(lambda: connection.execute(in_flight).fetchone() == (200,), 60)
    try:
        yield process
    finally:
        process.communicate(timeout=60)


STANDS = {"mapping": "account", "object": "Account", "planned": 0, "sending": 200,
          "recorded": 1000}  # fmt: skip


def test_where_a_run_stands_that_works_elsewhere(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    with running(desk, org, connection):
        [known] = json.loads(desk.run("status", "--json").out)["orgs"]
        assert known["last_run"]["status"] == "running"
        assert known["at_work"]["run_number"] == 1
        assert known["at_work"]["started_at"] == known["last_run"]["started_at"]
        assert known["at_work"]["mappings"] == [STANDS]
        said = desk.run("status").out
        assert "  Run 1 is at work since " in said
        assert re.search(r"^ +account +0 +200 +1,000$", said, re.MULTILINE)
    [known] = json.loads(desk.run("status", "--json").out)["orgs"]
    assert known["at_work"] is None
    assert known["last_run"]["status"] == "finished"
    assert known["last_run"]["seconds"] > 0


def test_watch_says_where_a_run_stands_until_it_ends(
    desk: Desk,
    org: LocalOrg,
    connection: psycopg.Connection[Any],
    accounts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "PAUSE", 0.2)
    with running(desk, org, connection):
        ran = desk.run("status", "--watch")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == lines[1] == ("Local org run 1: account 0 planned 200 sending 1,000 recorded")
    assert lines[-1].startswith("Schema sync takes ")
    assert any(line.startswith("  Last run 1 finished ") for line in lines)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_watch_on_a_terminal_is_a_table_that_stays_in_its_place(
    desk: Desk,
    org: LocalOrg,
    connection: psycopg.Connection[Any],
    accounts: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "PAUSE", 0.2)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    with running(desk, org, connection):
        assert desk.run("status", "--watch").code == 0
    shown = terminal.getvalue()
    assert shown.count("Run 1 is at work since") > 1
    assert "\x1b[1A\x1b[2K" in shown  # goes up, and writes in the same place
    assert "Last run 1 finished" in shown


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
