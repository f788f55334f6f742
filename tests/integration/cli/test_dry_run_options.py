"""What each option of `dry-run` does, and that none of them sends anything."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.cli import show
from crm_sync.cli.app import app
from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.support.output import assert_documented

EVERY_OPTION = (
    ["--target", "local"],
    ["--select", "account"],
    ["--full"],
    ["--rows", "0"],
    ["--html", "report.html"],
    ["--markdown", "report.md"],
    ["--csv", "rows"],
    ["--csv-separator", "semicolon"],
    ["--open"],
    ["--against-org"],
    ["--create-anyway"],
    ["--retry-refused"],
    ["--resend"],
    ["--overwrite", "all"],
    ["--api", "bulk"],
    ["--json"],
    ["--quiet"],
    ["--debug"],
)


def writing_calls(org: LocalOrg) -> list[str]:
    """The calls that could have changed anything: all but sign-in, GET, and a composite of GETs."""
    return [
        f"{call.method} {call.path}"
        for call in org.calls
        if call.method != "GET"
        and not call.path.endswith("/services/oauth2/token")
        and not (
            call.path.endswith("/composite")
            and all(part["method"] == "GET" for part in call.body["compositeRequest"])
        )
    ]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser was asked to open."""
    addresses: list[str] = []

    def open_all(some: list[str]) -> bool:
        addresses.extend(some)
        return True

    monkeypatch.setattr(show, "open_all", open_all)
    return addresses


@pytest.fixture
def work(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any], accounts: list[str]
) -> str:
    """A plan with everything: create, update, delete, a refused, an invalid and a blocked row."""
    refused = {"statusCode": "X", "message": "Y", "fields": []}
    lost = "insert into leads (company_name, last_name) values ('Gone', 'G') returning id"
    row = connection.execute(lost).fetchone()
    assert row is not None
    assert desk.run("sync").code == 0
    connection.execute("insert into leads (company_name, last_name) values ('No', 'N')")
    org.faults = [{"when": {"object": "Lead"}, "then": {"row_error": refused}}]
    assert desk.run("sync").code == 1
    org.edit(org.store.records("Account")[0]["Id"], {"Phone": "theirs"})
    connection.execute("update accounts set phone = '5'")
    connection.execute("delete from leads where id = %s", row)
    connection.execute("insert into accounts (company_name) values (repeat('x', 300)), ('New')")
    connection.execute(
        "insert into projects (project_name, account_id)"
        " select 'P', id from accounts where length(company_name) = 300"
    )
    return accounts[0]


def test_every_option_is_in_the_list_below() -> None:
    """A new option must be added, so that the next test tries it, too."""
    [command] = [c for c in app.registered_commands if c.name == "dry-run"]
    from typer.main import get_command_from_info

    built = get_command_from_info(command, pretty_exceptions_short=False, rich_markup_mode=None)
    options = {name for param in built.params for name in param.opts if name.startswith("--")}
    assert options - {"--help"} == {option[0] for option in EVERY_OPTION}


def test_a_dry_run_sends_not_one_write_call_with_any_option(
    desk: Desk, org: LocalOrg, work: str, opened: list[str]
) -> None:
    before = {name: org.store.records(name) for name in ("Account", "Lead", "Opportunity")}
    together = [word for option in EVERY_OPTION for word in option if option[0] != "--select"]
    for options in ([], *EVERY_OPTION, together, [*together, "--select", "lead"]):
        org.calls.clear()
        ran = desk.run("dry-run", *options)
        assert ran.code in (0, 1), f"{options}: {ran.err}"
        assert org.calls, options
        assert writing_calls(org) == [], options
        assert org.jobs == []
    assert {name: org.store.records(name) for name in before} == before


def test_against_the_org_the_terminal_and_the_files_show_what_people_edited(
    desk: Desk, work: str
) -> None:
    said = "would overwrite: Account Phone, changed in Salesforce to theirs"
    ran = desk.run("dry-run", "--against-org", "--html", "report.html", "--csv", "rows")
    assert said in ran.out
    lost = "1 record would lose what someone edited there since the last push"
    assert lost in " ".join(ran.out.split())
    html = (desk.folder / "report.html").read_text("utf-8")
    assert "Would overwrite: Account Phone, changed in Salesforce to theirs" in html
    assert said in (desk.folder / "rows" / "Account.csv").read_text("utf-8")
    text = desk.run("dry-run", "--against-org", "--json").out
    assert_documented(text)
    assert json.loads(text)["edits"] == {
        "read": 3, "overwritten": 1, "left_alone": 0, "missing": 0, "held": 0, "calls": 1,
    }  # fmt: skip


def test_csv_holds_every_row_of_the_plan(desk: Desk, work: str) -> None:
    printed = desk.run("dry-run", "--csv", "rows").out
    rows = json.loads(desk.run("dry-run", "--json").out)["rows"]
    lines = [
        line
        for file in sorted(Path("rows").glob("*.csv"))
        for line in csv.DictReader(file.read_text("utf-8-sig").splitlines(keepends=True))
    ]
    assert sorted(line["key"] for line in lines) == sorted(row["key"] for row in rows)
    for name in ("Account", "Lead", "Opportunity", "Task", "Event"):
        assert f"Written: {desk.folder / 'rows' / name}.csv" in printed


def test_open_shows_the_report_in_a_browser_and_writes_it_here_where_no_file_is_named(
    desk: Desk, accounts: list[str], opened: list[str]
) -> None:
    desk.run("dry-run", "--open")
    desk.run("dry-run", "--open", "--html", "mine.html", "--csv", "rows", "--quiet")
    assert opened == [
        (desk.folder / name).as_uri() for name in ("crm-sync-report.html", "mine.html")
    ]
    assert all(Path(name).is_file() for name in ("crm-sync-report.html", "mine.html"))


def test_without_a_browser_open_says_where_the_report_is(
    desk: Desk, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "open_all", lambda some: False)
    ran = desk.run("dry-run", "--open", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["kind"] == "dry-run"
    report = desk.folder / "crm-sync-report.html"
    assert ran.err == f"crm-sync: no browser could be opened; the report is {report}\n"


def test_every_output_says_that_it_is_about_a_part(desk: Desk, accounts: list[str]) -> None:
    files = ("--html", "report.html", "--markdown", "report.md")
    said = "Only account: 2 records will be created in "
    note = "This is a part of the whole, as --select asked: "
    command = "crm-sync sync --target local --select account --expect "
    printed = desk.run("dry-run", "--select", "account", *files).out
    html = (desk.folder / "report.html").read_text("utf-8")
    markdown = (desk.folder / "report.md").read_text("utf-8")
    for text in (printed, html, markdown):
        assert said in text
        assert note in text
    assert command in html
    text = desk.run("dry-run", "--select", "account", "--json").out
    assert_documented(text)
    told = json.loads(text)
    assert told["selected"] == ["account"]
    assert told["headline"].startswith(said)
    assert any(one.startswith(note) for one in told["notes"])
    assert json.loads(desk.run("dry-run", "--json").out)["selected"] is None


def test_every_output_begins_with_what_would_stop_a_sync(
    desk: Desk, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("insert into accounts (company_name) select n from generate_series(1, 5) n")
    assert desk.run("sync").code == 0
    connection.execute("delete from accounts")
    stops = "The source of account is empty, and 5 records would go."
    ran = desk.run("dry-run", "--html", "report.html", "--markdown", "report.md")
    assert ran.code == 1
    html = (desk.folder / "report.html").read_text("utf-8")
    title = html.partition("<title>")[2].partition("</title>")[0]
    heading = html.partition("<h1>")[2].partition("</h1>")[0]
    markdown = (desk.folder / "report.md").read_text("utf-8").splitlines()[0]
    said = json.loads(desk.run("dry-run", "--json").out)
    assert said["stops"] == stops
    for text in (title, heading, markdown, said["headline"], " ".join(ran.out.split())):
        assert "A sync would stop in Local org: " in text
        assert "will be deleted" not in text.partition("A sync would stop in ")[0]
        assert stops.removesuffix(".") in text
    assert "5</b><span>to delete, if allowed</span>" in html
    assert "--allow-deletions --expect " in html


def test_the_run_before_is_told(desk: Desk, accounts: list[str]) -> None:
    assert "No run has ended in this org yet." in desk.run("dry-run").out
    desk.run("sync")
    out = desk.run("dry-run").out
    assert "The run before (1, on " in out
    assert "): 2 created; " in out
