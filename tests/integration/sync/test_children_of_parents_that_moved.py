"""Rows whose parent ended, left or was made again are looked at, though nobody wrote them."""

from __future__ import annotations

from tests.integration.sync.both_ways import assert_one_plan
from tests.integration.sync.practice import Practice, key_of


def test_children_of_a_record_that_people_deleted_are_looked_at(filled: Practice) -> None:
    account = key_of(filled, "accounts", "company_name = 'Alpha'")
    filled.org.delete(filled.record("Account", account)["Id"])
    filled.change("accounts", account, phone="1")
    filled.sync()
    with filled.planned() as report:
        found = {row.mapping: row.state for row in report.rows()}
    assert found["account"] == "held"
    assert found["opportunity"] == found["task"] == "blocked"
    assert_one_plan(filled)


def test_children_of_a_record_that_was_made_again_and_refused_are_not_forgotten(
    filled: Practice,
) -> None:
    """The record ends, is to be made again, is refused, and is made at last."""
    account = key_of(filled, "accounts", "company_name = 'Alpha'")
    file = filled.mappings / "account.yaml"
    file.write_text(file.read_text() + "on_missing: recreate\n")
    filled.sync()
    filled.org.delete(filled.record("Account", account)["Id"])
    filled.refuse({"object": "Account", "method": "PATCH"})
    filled.change("accounts", account, phone="1")
    filled.sync()
    assert_one_plan(filled)
    filled.org.faults.clear()
    filled.change("accounts", account, phone="2")
    filled.sync()
    # Salesforce took the children along: each is found out when it is to name the new record.
    found = {row.mapping: row.state for row in assert_one_plan(filled)}
    assert found == {"opportunity": "held", "task": "held"}


def test_children_of_a_row_that_leaves_its_where_wait_for_another_parent(
    filled: Practice,
) -> None:
    file = filled.mappings / "account.yaml"
    where = "{table: accounts, where: account_status <> 'former'}"
    file.write_text(file.read_text().replace("{table: accounts}", where))
    filled.connection.execute(b"alter type account_status add value 'former'")
    filled.sync()
    account = key_of(filled, "accounts", "company_name = 'Alpha'")
    filled.change("accounts", account, account_status="former")
    with filled.planned() as report:
        found = {row.mapping: row.state for row in report.rows()}
    assert found["account"] == "blocked"  # Salesforce would take its children along
    assert found["opportunity"] == "blocked"
    assert_one_plan(filled)
