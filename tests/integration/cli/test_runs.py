"""Commands on a real database and a real org: what they print, their JSON, their exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.support.output import assert_documented

TOO_LONG = "x" * 300
SLOW = {"when": {"path": "composite", "object": "Account"}, "then": {"delay": 20}, "times": 1}


def add_lead(connection: psycopg.Connection[Any], company: str) -> str:
    """A lead of this name; its key. More than 255 characters are too long for Salesforce."""
    row = connection.execute(
        "insert into leads (company_name, last_name) values (%s, 'Lang') returning id::text",
        [company],
    ).fetchone()
    assert row is not None
    return str(row[0])


def wait_until(is_true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_the_first_line_of_every_run_names_the_org(
    desk: Desk, org: LocalOrg, accounts: list[str]
) -> None:
    first = f"Local org ({org.org_id}, local), target local, user integration@local-org.example.com"
    for command in (["dry-run"], ["sync"], ["sync"], ["problems"], ["history", accounts[0]]):
        ran = desk.run(*command)
        assert ran.code == 0, ran.err
        assert ran.out.splitlines()[0] == first
    assert desk.run("status").out.startswith(f"{first}\n")


def test_the_digest_of_a_dry_run_lets_exactly_that_plan_go(
    desk: Desk, org: LocalOrg, accounts: list[str], connection: psycopg.Connection[Any]
) -> None:
    last = desk.run("dry-run", "--select", "account").out.splitlines()[-1]
    command = last.removeprefix("To send exactly this: crm-sync ").split()
    assert command[:4] == ["sync", "--select", "account", "--expect"]
    connection.execute("update accounts set phone = '1' where id = %s", [accounts[0]])
    line = desk.refused(*command)
    assert "Something changed since" in line
    assert org.store.count("Account") == 0
    connection.execute(
        "update accounts set phone = '+49 30 23125 001' where id = %s", [accounts[0]]
    )
    assert desk.run(*command).code == 0
    assert org.store.count("Account") == 2


def test_exit_codes_say_whether_rows_need_somebody(
    desk: Desk, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    assert [desk.run(c).code for c in ("dry-run", "sync", "problems", "status")] == [0, 0, 0, 0]
    key = add_lead(connection, TOO_LONG)
    assert [desk.run(c).code for c in ("dry-run", "sync", "problems", "status")] == [1, 1, 1, 0]
    printed = desk.run("problems").out
    assert "1 row is not in order: 1 invalid." in printed
    assert f"leads {key}" in printed
    assert "STRING_TOO_LONG: leads.company_name has 300 characters" in printed
    assert "LastName" not in printed  # only the field at fault
    [line] = [line for line in desk.run("status").out.splitlines() if " Lead " in line]
    assert line.split() == ["lead", "Lead", "0", "1"]


def test_quiet_commands_print_nothing(
    desk: Desk, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    add_lead(connection, TOO_LONG)
    for command in (["db", "apply"], ["dry-run"], ["sync"], ["problems"], ["status"]):
        ran = desk.run(*command, "--quiet")
        assert (ran.out, ran.err) == ("", "")


def test_json_is_all_of_standard_output(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    add_lead(connection, TOO_LONG)
    connection.execute("insert into projects (project_name, account_id, contract_value)"
                       " values ('P', %s, 123456789012.67)", [accounts[0]])  # fmt: skip
    org.faults = [{"when": {"object": "Opportunity"}, "then": {"row_error": {
        "statusCode": "X", "message": "Y", "fields": []}}}]  # fmt: skip
    for command in ("dry-run", "sync", "dry-run", "status", "problems"):
        ran = desk.run(command, "--json")
        assert ran.err == ""
        assert json.loads(ran.out)["kind"] == command
        assert_documented(ran.out)
    assert_documented(desk.run("history", accounts[0], "--json").out)
    assert "123456789012.67" in desk.run("problems", "--json").out
    status = json.loads(desk.run("status", "--json").out)
    [known] = status["orgs"]
    assert (known["id"], known["targets"]) == (org.org_id, ["local"])
    assert known["last_run"]["counts"] == {m.stem: {} for m in desk.mappings.glob("*.yaml")} | {
        "account": {"create": 2}, "lead": {"invalid": 1}, "opportunity": {"refused": 1},
    }  # fmt: skip
    assert known["mappings"][0] == {
        "mapping": "account", "object": "Account", "in_order": 2, "open": {}, "enabled": True,
    }  # fmt: skip


def test_history_tells_when_what_and_how(
    desk: Desk, connection: psycopg.Connection[Any], org: LocalOrg, accounts: list[str]
) -> None:
    desk.run("sync")
    connection.execute("update accounts set company_name = 'Neu', phone = null"
                       " where id = %s", [accounts[0]])  # fmt: skip
    desk.run("sync")
    org.faults = [{"when": {"external_id": accounts[0], "object": "Account"},
                   "then": {"row_error": {"statusCode": "X", "message": "Y", "fields": []}}},
                  {"when": {"object": "Account"}, "then": {"row_error": {
                      "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                      "message": "No industry, no account.", "fields": ["Industry"]}}}]  # fmt: skip
    connection.execute("update accounts set industry = 'Energy' where id = %s", [accounts[0]])
    assert desk.run("sync").code == 1

    [record] = [r for r in org.store.records("Account") if r["CRM_Id__c"] == accounts[0]]
    for name in (accounts[0], record["Id"], record["Id"][:15]):
        printed = desk.run("history", name).out
        update = printed[printed.index("run 2") :]
        assert "update recorded · Account " + record["Id"] in update
        assert "Name   Nordwind → Neu" in update
        assert "Phone  +49 30 23125 001 → —" in update
        assert "run 1 · create recorded" in update
        assert "run 3 · update refused" in printed
        assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in printed

    said = json.loads(desk.run("history", accounts[0], "--json").out)
    assert (said["version"], said["kind"], said["key"]) == (1, "history", accounts[0])
    entry = said["entries"][1]
    assert (entry["run_number"], entry["action"], entry["outcome"]) == (2, "update", "recorded")
    assert [(c["field"], c["label"], c["before"], c["after"]) for c in entry["changes"]] == [
        ("Name", "Account Name", "Nordwind", "Neu"),
        ("Phone", "Account Phone", "+49 30 23125 001", None),
    ]
    assert said["entries"][0]["problem"]["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"

    one = desk.run("history", accounts[0], "--rows", "1").out
    assert "run 1" not in one
    assert one.endswith("and 2 older: --rows 3\n")


def test_history_of_an_activity_by_its_external_id(
    desk: Desk, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    row = connection.execute(
        "insert into activities (account_id, activity_type, subject, occurred_at)"
        " values (%s, 'call', 'Hello', now()) returning id::text", [accounts[0]],
    ).fetchone()  # fmt: skip
    assert row is not None
    desk.run("sync")
    assert "create recorded · Task" in desk.run("history", f"task:{row[0]}").out
    assert "Nothing was sent" in desk.run("history", f"event:{row[0]}").out


def test_before_the_first_sync(desk: Desk) -> None:
    printed = desk.run("status")
    assert (printed.code, printed.out.splitlines()[0]) == (
        0,
        "Target local was never synced. See first what would be sent:",
    )
    for command in (["problems"], ["history", "x"]):
        assert desk.refused(*command) == (
            "The target local was never synced. Run `crm-sync sync --target local`."
        )


def test_a_second_sync_while_one_runs(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any], accounts: list[str]
) -> None:
    org.faults = [{"when": {"object": "Account", "method": "PATCH"}, "then": {"delay": 3}}]
    first = desk.start("sync", "--quiet")
    wait_until(lambda: _count(connection, "state = 'sending'") == 2)
    line = desk.refused("sync")
    assert line.startswith(f"Another run works on org {org.org_id}; nothing was sent.")
    assert desk.run("dry-run").code == 0  # works beside it
    out, err = first.communicate(timeout=30)
    assert (first.returncode, out, err) == (0, "", "")
    assert org.store.count("Account") == 2


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_ctrl_c_in_the_middle_of_a_sync_ends_cleanly_and_the_next_run_continues(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any], accounts: list[str], name: str
) -> None:
    org.faults = [SLOW]
    running = desk.start("sync")
    wait_until(lambda: _count(connection, "state = 'sending'") == 2)
    running.send_signal(getattr(signal, name))
    out, err = running.communicate(timeout=15)
    assert running.returncode == 130
    assert err == "crm-sync: interrupted. What was not sent goes with the next sync.\n"
    assert "Run 1 interrupted" in out
    assert _count(connection, "state = 'unknown'") == 2

    org.faults = []
    assert desk.run("sync").code == 0
    assert org.store.count("Account") == 2
    assert "finished" in desk.run("status").out


def _count(connection: psycopg.Connection[Any], where: str) -> int:
    row = connection.execute(f"select count(*) from sync.plan where {where}").fetchone()
    assert row is not None
    return int(row[0])


def test_a_report_on_a_full_disk(desk: Desk, accounts: list[str]) -> None:
    for option in ("--html", "--markdown"):
        ran = desk.run("dry-run", option, "/dev/full")
        assert ran.code == 2
        assert ran.err == (
            "crm-sync: /dev/full cannot be written: the disk is full. "
            "Free some space, or name another disk.\n"
        )


def test_a_report_where_nothing_may_be_written(desk: Desk, accounts: list[str]) -> None:
    for where in ("/sys/report.html", "/nowhere/report.html", "mappings"):
        ran = desk.run("dry-run", "--html", where)
        assert ran.code == 2
        assert ran.err.startswith(f"crm-sync: {where} cannot be written: ")


def test_reports_say_where_they_lie(desk: Desk, accounts: list[str]) -> None:
    printed = desk.run("dry-run", "--html", "a report.html", "--markdown", "summary.md").out
    assert f"Written: {desk.folder / 'a report.html'}" in printed
    assert "Account" in (desk.folder / "summary.md").read_text("utf-8")


def test_output_on_a_full_disk(desk: Desk, accounts: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        running = desk.start("sync", "--json", stdout=full)
        _, err = running.communicate(timeout=30)
    assert running.returncode == 2
    assert err == (
        "crm-sync: the disk is full: the output could not be written. Free some space.\n"
    )


def test_a_reader_who_leaves_does_not_stop_a_sync(
    desk: Desk, org: LocalOrg, accounts: list[str], connection: psycopg.Connection[Any]
) -> None:
    add_lead(connection, TOO_LONG)
    reader, writer = os.pipe()
    os.close(reader)
    running = desk.start("sync", stdout=writer)
    os.close(writer)
    _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (1, "")
    assert org.store.count("Account") == 2


@pytest.mark.parametrize("command", [["dry-run"], ["sync"], ["history", "KEY"], ["status"]])
def test_names_of_all_kinds_go_through_a_narrow_encoding(
    desk: Desk, accounts: list[str], command: list[str]
) -> None:
    narrow = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "LC_ALL": "C"}
    if command[0] == "history":
        desk.run("sync")
        command = ["history", accounts[1]]
    running = desk.start(*command, env=narrow)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (0, "")
    assert "Südhang & Söhne €" in out or command[0] in ("sync", "status")


def test_no_colours_where_nobody_sees_them(desk: Desk, accounts: list[str]) -> None:
    for command in (["dry-run"], ["sync"], ["status"], ["history", accounts[0]]):
        assert "\x1b" not in desk.run(*command).out


def test_a_port_that_is_taken(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = desk.run("org", "serve", "--port", str(port))
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err == (
        f"crm-sync: Port {port} cannot be used: it is already in use. "
        "Name another one; 0 takes a free one.\n"
    )


def test_org_serve_says_how_to_reach_it_and_ends_with_ctrl_c(desk: Desk) -> None:
    running = desk.start("org", "serve")
    assert running.stdout is not None
    said = json.loads(running.stdout.readline())
    assert {"instance_url", "client_id", "client_secret", "ca_bundle", "org_id"} <= set(said)
    running.send_signal(signal.SIGINT)
    assert running.wait(10) == 0


def test_org_serve_with_data_names_its_certificate_by_a_full_path(desk: Desk) -> None:
    running = desk.start("org", "serve", "--data", "org.db")
    assert running.stdout is not None
    said = json.loads(running.stdout.readline())
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 0
    assert Path(said["ca_bundle"]) == desk.folder / "org.db.ca.pem"


def test_what_a_killed_org_left_is_cleared_by_the_next(desk: Desk) -> None:
    left = []
    for name in ("SIGKILL", "SIGTERM"):
        running = desk.start("org", "serve")
        assert running.stdout is not None
        left.append(Path(json.loads(running.stdout.readline())["ca_bundle"]).parent)
        assert left[0].exists() == (name == "SIGKILL")
        running.send_signal(getattr(signal, name))
        running.wait(10)
    assert not left[1].exists()


def test_reset_leaves_a_file_of_another_kind_alone(desk: Desk) -> None:
    file = desk.folder / "letters.txt"
    file.write_text("Dear Ada", encoding="utf-8")
    line = desk.refused("org", "serve", "--data", "letters.txt", "--reset")
    assert line.startswith("letters.txt cannot be used: it is no SQLite file")
    assert file.read_text("utf-8") == "Dear Ada"


def test_status_needs_no_mappings(desk: Desk, accounts: list[str]) -> None:
    assert desk.run("sync").code == 0
    desk.edit_mapping("lead", "object:", "objekt:")
    assert desk.refused("sync").startswith("mappings/lead.yaml:")
    assert desk.run("history", accounts[0]).code == 0
    ran = desk.run("status")
    assert (ran.code, ran.err) == (0, "")
    assert "Which mappings are enabled cannot be told. mappings/lead.yaml:" in ran.out
    [known] = json.loads(desk.run("status", "--json").out)["orgs"]
    assert {mapping["enabled"] for mapping in known["mappings"]} == {None}


def test_without_a_folder_of_mappings_a_dry_run_takes_the_package_s_and_a_sync_none(
    desk: Desk, org: LocalOrg, accounts: list[str]
) -> None:
    shutil.rmtree(desk.mappings)
    ran = desk.run("dry-run")
    assert ran.code == 0
    assert ran.out.splitlines()[1].startswith("Mappings: the ones that ship with the package, in ")
    assert desk.refused("sync").startswith("No mappings are named, and this folder has none. Set ")
    assert org.store.count("Account") == 0


def test_two_reports_in_one_file(desk: Desk) -> None:
    line = desk.refused("dry-run", "--html", "a.html", "--markdown", "./a.html")
    assert line == "a.html is named twice. Name two files for --html and --markdown."


def test_the_command_with_the_digest_stays_on_one_line(
    desk: Desk, accounts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_sync.report.console._width", lambda stream: 60)
    said, command = desk.run("dry-run").out.splitlines()[-2:]
    assert said == "To send exactly this:"
    assert re.fullmatch(r"crm-sync sync --expect [0-9a-f]{16}", command)


def test_python_m_crm_sync_is_the_command(desk: Desk) -> None:
    done = subprocess.run([sys.executable, "-m", "crm_sync", "--version"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout.startswith("crm-sync ")
