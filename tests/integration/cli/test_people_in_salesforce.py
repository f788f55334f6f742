"""What people did in Salesforce, as the commands tell it: held rows, and the history of a row."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.support.output import assert_documented


def say(desk: Desk, mapping: str, old: str, new: str) -> None:
    file: Path = desk.mappings / f"{mapping}.yaml"
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")


@pytest.fixture
def edited(
    desk: Desk, org: LocalOrg, accounts: list[str], connection: psycopg.Connection[object]
) -> str:
    """The key of an account whose phone people edited, and whose row got another one."""
    desk.run("sync")
    [record] = [r for r in org.store.records("Account") if r["CRM_Id__c"] == accounts[0]]
    org.edit(record["Id"], {"Phone": "+49 30 7"})
    connection.execute("update accounts set phone = '+49 30 2' where id = %s", [accounts[0]])
    return accounts[0]


def test_a_sync_names_what_it_overwrote(desk: Desk, edited: str) -> None:
    ran = desk.run("sync")
    assert ran.code == 0
    assert "1 record lost what someone had edited in Salesforce since the last push." in ran.out
    assert "overwritten: Account Phone, changed in Salesforce to +49 30 7" in ran.out
    told = desk.run("history", "accounts", edited).out
    assert "Phone  +49 30 23125 001 → +49 30 2 (edited in Salesforce to +49 30 7)" in told
    said = json.loads(desk.run("history", "account", edited, "--json").out)
    [change] = said["entries"][0]["changes"]
    assert (change["is_edited"], change["current"]) == (True, "+49 30 7")
    assert said["table"] == "account"


def test_a_sync_as_json_has_what_it_overwrote(desk: Desk, edited: str) -> None:
    text = desk.run("sync", "--json").out
    assert_documented(text)
    said = json.loads(text)
    assert said["overwritten"] == 1
    [row] = said["overwritten_rows"]
    assert (row["key"], row["changes"][0]["current"]) == (edited, "+49 30 7")


def test_a_held_row_shows_both_values_until_a_person_lets_it_through(
    desk: Desk, edited: str
) -> None:
    say(desk, "account", "on_delete: delete", "on_delete: delete\non_edited: hold")
    foretold = desk.run("dry-run", "--against-org")
    assert foretold.code == 1
    assert "1 record held, since someone edited them there" in " ".join(foretold.out.split())
    ran = desk.run("sync")
    assert ran.code == 1
    for text in (ran.out, desk.run("problems").out):
        assert "EDITED_IN_SALESFORCE: People edited Phone in Salesforce" in text
        assert "kept for now: Account Phone, changed in Salesforce to +49 30 7" in text
    assert "+49 30 [23125 001] → +49 30 [2]" in desk.run("problems").out
    told = " ".join(desk.run("problems").out.split())
    found = re.search(r"send ours: crm-sync (sync --overwrite \S+)\.", told)
    assert found, told
    assert desk.run(*found[1].split()).code == 0
    assert desk.run("problems").code == 0


def test_a_sync_names_the_leads_that_people_converted(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[object]
) -> None:
    connection.execute("insert into leads (company_name, last_name) values ('Kelp', 'Ng')")
    desk.run("sync")
    [lead] = org.store.records("Lead")
    became = org.convert_lead(lead["Id"])["ConvertedAccountId"]
    for title in ("Pilot", "Captain"):
        connection.execute("update leads set title = %s", [title])
        as_json = title == "Captain"
        ran = desk.run("sync", *(["--json"] if as_json else []))
        assert ran.code == 0
        if as_json:
            assert_documented(ran.out)
            assert (json.loads(ran.out)["closed"], json.loads(ran.out)["closed_rows"]) == (0, [])
            continue
        out = " ".join(ran.out.split())
        assert "1 lead was converted in Salesforce: its row is closed" in out
        assert f"Kelp leads {lead['CRM_Id__c']}" in out
        assert f"LEAD_CONVERTED: Its record {lead['Id']} was converted into Account {became}" in out
    assert "closed" in desk.run("history", "leads", lead["CRM_Id__c"]).out


def test_sensitive_values_of_a_held_row_are_masked(desk: Desk, edited: str) -> None:
    say(desk, "account", "Phone: phone", "Phone: {column: phone, sensitive: true}")
    say(desk, "account", "on_delete: delete", "on_delete: delete\non_edited: hold")
    desk.run("sync")
    for command in (["sync"], ["problems"], ["problems", "--json"], ["history", edited],
                    ["history", edited, "--json"], ["dry-run", "--against-org"],
                    ["sync", "--overwrite", edited], ["history", edited]):  # fmt: skip
        out = desk.run(*command).out
        assert "+49 30 2" not in out, command
        assert "+49 30 7" not in out, command


def test_a_key_that_no_row_has_is_one_line(desk: Desk, edited: str) -> None:
    ran = desk.run("sync", "--overwrite", "nobody")
    assert ran.code != 0
    [line] = ran.err.strip().splitlines()
    assert "--overwrite nobody: no row that is to be sent has this key." in line


def test_history_tells_of_a_record_that_is_gone_by_its_id(
    desk: Desk, org: LocalOrg, accounts: list[str], connection: psycopg.Connection[object]
) -> None:
    desk.run("sync")
    [record] = [r for r in org.store.records("Account") if r["CRM_Id__c"] == accounts[0]]
    connection.execute("delete from accounts where id = %s", [accounts[0]])
    assert desk.run("sync").code == 0
    for name in (record["Id"], record["Id"][:15]):
        told = desk.run("history", name).out
        assert "run 2 · delete recorded" in told
        assert "run 1 · create recorded" in told
        assert "Nordwind" not in told


def test_history_tells_a_row_that_was_never_sent(
    desk: Desk, connection: psycopg.Connection[object]
) -> None:
    row = connection.execute(
        "insert into leads (company_name, last_name) values (%s, 'Lang') returning id::text",
        ["x" * 300],
    ).fetchone()
    assert row is not None
    key = str(row[0])  # type: ignore[index]
    for _ in range(2):
        assert desk.run("sync").code == 1
    told = desk.run("history", "leads", key).out
    assert told.count("create invalid") == 1
    assert "STRING_TOO_LONG" in told


def test_history_of_what_nobody_knows_is_one_clear_line(desk: Desk, accounts: list[str]) -> None:
    desk.run("sync")
    for words, said in (
        (["4711"], "Nothing was sent of a row with the key or Salesforce Id 4711."),
        (["leads", accounts[0]], f"Nothing was sent of a row of leads with the key or Salesforce "
                                 f"Id {accounts[0]}."),
    ):  # fmt: skip
        ran = desk.run("history", *words)
        assert (ran.code, ran.out.splitlines()[1:]) == (0, [said])
    ran = desk.run("history", "acounts", accounts[0])
    assert ran.code != 0
    [line] = ran.err.strip().splitlines()
    assert "Nothing was ever sent of a table or mapping acounts. Did you mean 'accounts'?" in line
    for words in (["history", "a", "b", "c"], ["history", ""], ["history", "accounts", " "]):
        assert desk.run(*words).code == 2
