"""The first sync to somebody's org: shown and asked; no sample rows, and not more than has room."""

from __future__ import annotations

import io
import json
import sys
from datetime import date
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg
from crm_sync.sample import load, remove
from crm_sync.sync import state
from tests.support.command_line import Desk

Connection = psycopg.Connection[Any]


class Terminal(io.StringIO):
    """Standard input of somebody who sits there and types."""

    def isatty(self) -> bool:
        return True


def types(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(text))


def writes(org: LocalOrg) -> list[Any]:
    return [
        part for call in org.calls for part in call.subrequests or () if part["method"] != "GET"
    ]


def test_without_a_terminal_it_stops_and_says_how_to_go_on(
    desk: Desk, far_org: LocalOrg, accounts: list[str]
) -> None:
    line = desk.refused("sync")
    assert line == (
        f"This would be the first sync to Local org ({far_org.org_id}, production), and there is "
        "nobody to ask: nothing was sent. Look at the dry run, then run this on a terminal "
        "(without --quiet and --json), or with --yes."
    )
    assert writes(far_org) == []
    assert desk.run("sync", "--yes").code == 0
    assert far_org.store.count("Account") == 2
    assert desk.run("sync").code == 0, "the second one asks nobody"


@pytest.mark.parametrize(("typed", "goes"), [("y\n", True), ("Yes\n", True), ("n\n", False),
                                             ("\n", False), ("", False)])  # fmt: skip
def test_on_a_terminal_it_shows_the_counts_and_asks(
    desk: Desk, far_org: LocalOrg, accounts: list[str], monkeypatch: pytest.MonkeyPatch,
    typed: str, goes: bool,
) -> None:  # fmt: skip
    types(monkeypatch, typed)
    ran = desk.run("sync")
    assert ran.code == (0 if goes else 2)
    lines = ran.out.splitlines()
    assert lines[1] == "Nothing of yours was sent to this org yet."
    assert lines[2] == "2 records will be created in Local org production; nothing will be deleted."
    assert any(line.split() == ["Account", "2", "0", "0", "0"] for line in lines)
    assert f"Send this to Local org ({far_org.org_id}, production)? [y/N] " in ran.out
    assert far_org.store.count("Account") == (2 if goes else 0)
    if not goes:
        assert ran.err == "crm-sync: The first sync was not confirmed: nothing was sent.\n"
        assert writes(far_org) == []
        assert "never synced" in desk.run("status").out


def test_what_changed_while_it_was_asked_is_not_sent(
    desk: Desk, far_org: LocalOrg, accounts: list[str], connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    class Slow(Terminal):
        def readline(self, *size: Any) -> Any:
            connection.execute("insert into accounts (company_name) values ('Late')")
            return super().readline(*size)

    monkeypatch.setattr(sys, "stdin", Slow("y\n"))
    ran = desk.run("sync")
    assert ran.code == 2
    assert "The plan is not the one that was expected" in ran.err
    assert writes(far_org) == []


def test_a_first_sync_with_nothing_to_send_asks_nothing(
    desk: Desk, far_org: LocalOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "")
    ran = desk.run("sync")
    assert (ran.code, ran.err) == (0, "")
    assert "Send this" not in ran.out


def test_a_first_sync_that_was_cut_short_is_not_asked_again(
    desk: Desk, far_org: LocalOrg, accounts: list[str]
) -> None:
    assert desk.run("sync", "--yes", "--select", "account").code == 0
    assert desk.run("sync").code == 0


def test_a_digest_is_no_yes_and_another_one_stops_before_the_question(
    desk: Desk, far_org: LocalOrg, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = json.loads(desk.run("dry-run", "--json").out)["digest"]
    assert "first sync" in desk.refused("sync", "--expect", digest)
    types(monkeypatch, "y\n")
    ran = desk.run("sync", "--expect", "0" * 16)
    assert ran.code == 2
    assert "Send this" not in ran.out
    types(monkeypatch, "y\n")
    assert desk.run("sync", "--expect", digest).code == 0


def test_a_local_org_is_not_asked_about(desk: Desk, org: LocalOrg, accounts: list[str]) -> None:
    ran = desk.run("sync")
    assert (ran.code, org.store.count("Account")) == (0, 2)


# Sample rows ------------------------------------------------------------------------------------


def test_sample_rows_go_to_no_business_unless_somebody_says_so(
    desk: Desk, far_org: LocalOrg, connection: Connection
) -> None:
    load(connection, date.today())
    connection.execute("insert into accounts (company_name) values ('Ours'), ('Ours, too')")
    shown = desk.run("dry-run")
    assert shown.code == 1
    said = "rows of the sample data would go to Local org, which is no local org: 60 of accounts, "
    assert said in " ".join(shown.out.split())
    line = desk.refused("sync", "--yes")
    assert said in line
    assert line.endswith(
        "Remove them from the database (crm-sync db seed --remove), or, if they are to go there, "
        "run again with --with-sample-data."
    )
    assert writes(far_org) == []
    told = json.loads(desk.run("dry-run", "--json").out)
    assert told["passes"] == ["--with-sample-data"]
    assert desk.run("db", "seed", "--remove").out == (
        "Removed: 60 accounts, 180 leads, 150 projects, 1,200 activities.\n"
    )
    assert desk.run("sync", "--yes").code == 0
    assert far_org.store.count("Account") == 2, "the own ones"


def test_sample_rows_that_were_sent_on_purpose_may_be_taken_back(
    desk: Desk, far_org: LocalOrg, connection: Connection
) -> None:
    load(connection, date.today())
    ran = desk.run("sync", "--yes", "--with-sample-data", "--select", "account")
    assert (ran.code, far_org.store.count("Account")) == (0, 60)
    connection.execute("update accounts set phone = '1' where company_name like 'H%%'")
    assert "of the sample data" in desk.refused("sync", "--select", "account")
    remove(connection)
    assert desk.run("sync", "--select", "account", "--allow-deletions").code == 0
    assert far_org.store.count("Account") == 0


def test_the_sample_goes_to_a_local_org_without_a_word(
    desk: Desk, org: LocalOrg, connection: Connection
) -> None:
    assert desk.run("db", "seed").code == 0
    assert desk.run("sync", "--select", "account").code == 0
    assert org.store.count("Account") == 60


def test_a_database_that_holds_rows_is_not_seeded(desk: Desk, accounts: list[str]) -> None:
    assert desk.refused("db", "seed").startswith("The table accounts holds rows already")
    assert desk.run("db", "seed", "--remove").out == "There is no sample data here.\n"


# Storage ----------------------------------------------------------------------------------------


def test_more_than_the_org_has_room_for_is_not_begun(
    desk: Desk, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute(
        "insert into accounts (company_name) select 'A' || n from generate_series(1, 1100) n"
    )
    monkeypatch.setattr(state, "NEAR", frozenset())
    with LocalOrg(options=Options(data_storage=2)) as org:
        desk.leads_to(org)
        said = (
            "1,100 records to create take about 2.1 MB of data storage, and 2 MB is left: "
            "Salesforce would refuse the rest (STORAGE_LIMIT_EXCEEDED)."
        )
        shown = json.loads(desk.run("dry-run", "--json").out)
        assert (shown["stops"], shown["passes"]) == (said, ["--ignore-storage"])
        assert said in desk.refused("sync", "--yes")
        assert writes(org) == []
        assert any(said.rstrip(".") in line for line in desk.findings())
        assert desk.run("sync", "--yes", "--ignore-storage").code == 1
        assert org.store.count("Account") == 1024, "the org refuses the rest, row by row"


def test_room_that_is_enough_is_told_and_stops_nothing(
    desk: Desk, far_org: LocalOrg, connection: Connection
) -> None:
    connection.execute(
        "insert into accounts (company_name) select 'A' || n from generate_series(1, 100) n"
    )
    shown = json.loads(desk.run("dry-run", "--json").out)
    said = "100 records to create take about 0.2 MB of data storage, and 5 MB is left."
    assert shown["stops"] is None
    assert said in shown["notes"]
    assert desk.run("sync", "--yes").code == 0
