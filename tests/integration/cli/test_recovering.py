"""What docs/how-to/recover-from-a-bad-push.md says helps, and its SQL does what it says."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from tests.support.command_line import Desk
from tests.support.postgres import ROOT

PAGE = (ROOT / "docs" / "how-to" / "recover-from-a-bad-push.md").read_text("utf-8")


def page_sql(word: str, run: int) -> bytes:
    """The page's one SQL block with this word in it; it speaks of run 4."""
    blocks = re.findall(r"^ *```sql\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return str(found).replace("run_number = 4", f"run_number = {run}").encode()


def last_run(connection: psycopg.Connection[Any]) -> int:
    (number,) = connection.execute("select max(run_number) from sync.run").fetchone() or (0,)
    return int(number)


def phones(org: LocalOrg) -> set[Any]:
    return {record["Phone"] for record in org.store.records("Account")}


@pytest.mark.usefixtures("accounts")
def test_values_of_a_bad_push_come_back_out_of_the_history(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any]
) -> None:
    assert desk.run("sync").code == 0
    connection.execute("update accounts set phone = '0'")
    assert desk.run("sync").code == 0
    assert phones(org) == {"0"}
    connection.execute(page_sql("update public.accounts", last_run(connection)))
    assert desk.run("sync").code == 0
    assert phones(org) == {"+49 30 23125 001", None}


@pytest.mark.usefixtures("accounts")
def test_a_mapping_that_was_wrong_and_is_taken_back_mends_what_it_sent(
    desk: Desk, org: LocalOrg
) -> None:
    assert desk.run("sync").code == 0
    before = phones(org)
    desk.edit_mapping("account", "  Phone: phone", "  Phone: {constant: '0'}")
    assert desk.run("sync").code == 0
    assert phones(org) == {"0"}
    desk.edit_mapping("account", "  Phone: {constant: '0'}", "  Phone: phone")
    assert desk.run("sync").code == 0
    assert phones(org) == before


@pytest.mark.usefixtures("accounts")
def test_a_record_that_is_restored_before_its_row_keeps_its_id(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any]
) -> None:
    assert desk.run("sync").code == 0
    before = {record["Id"] for record in org.store.records("Account")}
    connection.execute("create table backup as table accounts")
    connection.execute("delete from accounts")
    assert desk.run("sync", "--allow-deletions").code == 0
    gone = connection.execute(page_sql("action = 'delete'", last_run(connection))).fetchall()
    assert {row[2] for row in gone} == before
    for record_id in before:
        org.undelete(record_id)
    connection.execute("insert into accounts table backup")
    assert desk.run("sync").code == 0
    assert {record["Id"] for record in org.store.records("Account")} == before


@pytest.mark.usefixtures("accounts")
def test_what_went_to_the_wrong_org_is_taken_out_and_the_org_forgotten(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any]
) -> None:
    assert desk.run("sync").code == 0
    created = connection.execute(page_sql("action = 'create'", last_run(connection))).fetchall()
    assert {row[1] for row in created} == {record["Id"] for record in org.store.records("Account")}
    source = "source: {table: accounts}"
    desk.edit_mapping("account", source, 'source: {table: accounts, where: "false"}')
    assert desk.run("sync").code == 2, "the guard"
    assert desk.run("sync", "--allow-deletions").code == 0
    assert org.store.records("Account") == []
    forget = page_sql("delete from sync.org", 0).replace(b"'wrong'", b"'local'")
    connection.execute(forget)
    left = connection.execute("select (select count(*) from sync.record), count(*) from sync.org")
    assert left.fetchone() == (0, 0)


@pytest.mark.usefixtures("accounts")
def test_after_a_restore_only_a_resend_makes_salesforce_equal_to_the_database(
    desk: Desk, org: LocalOrg, connection: psycopg.Connection[Any]
) -> None:
    assert desk.run("sync").code == 0
    before = phones(org)
    connection.execute("create table backup as table accounts")
    connection.execute("create table records as table sync.record")
    connection.execute("update accounts set phone = '0'")
    assert desk.run("sync").code == 0
    # A backup brings both back as they were: the rows, and what we believe of Salesforce.
    connection.execute("update accounts a set phone = b.phone from backup b where b.id = a.id")
    connection.execute(
        "update sync.record r set payload = b.payload from records b where b.key = r.key"
    )
    assert desk.run("sync").code == 0
    assert phones(org) == {"0"}
    assert desk.run("sync", "--resend").code == 0
    assert phones(org) == before
