"""A table or an external ID field gets another name while records exist: declared,
nothing is lost and nothing doubled, wherever a run ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from crm_sync.errors import MappingError, OrgAccessError
from crm_sync.localorg.serve import LocalOrg
from crm_sync.sync import carry
from tests.integration.sync.practice import Practice
from tests.integration.sync.test_a_mappings_life import edit


@pytest.fixture
def org(org_with_row_key: LocalOrg) -> LocalOrg:
    """An org that has a second field for keys."""
    return org_with_row_key


# The external ID field -------------------------------------------------------------------------


def rename_field(practice: Practice, name: str, old: str = "CRM_Id__c") -> None:
    edit(practice, name, "field: CRM_Id__c", f"field: Row_Key__c, formerly: {old}")


def test_an_external_id_field_under_another_name_takes_the_keys_over(filled: Practice) -> None:
    before = {key: r["Id"] for key, r in filled.by("Task", "CRM_Id__c").items()}
    rename_field(filled, "task")
    with filled.planned() as report:
        assert list(report.rows()) == []
        assert report.notes == (
            "A sync first writes the keys of 2 records of task into Row_Key__c; they stand in "
            "CRM_Id__c.",
        )
    assert filled.by("Task", "Row_Key__c") == {}
    filled.org.calls.clear()
    assert filled.sync().status == "finished"
    assert [set(record) for record in filled.sent()] == [{"Id", "Row_Key__c"}] * 2
    assert {key: r["Id"] for key, r in filled.by("Task", "Row_Key__c").items()} == before
    filled.finds_nothing_to_send()
    key = filled.add("activities", account_id=filled.value("select min(id::text) from accounts"))
    filled.sync()
    assert filled.by("Task", "Row_Key__c")[f"task:{key}"]["CRM_Id__c"] is None
    edit(filled, "task", ", formerly: CRM_Id__c", "")
    filled.finds_nothing_to_send()


def test_the_history_of_a_row_tells_that_its_key_was_written(filled: Practice) -> None:
    rename_field(filled, "lead")
    filled.sync()
    (key,) = (
        row["key"] for row in filled.rows("select key from sync.record where mapping = 'lead'")
    )
    last = filled.rows("select * from sync.history where key = %s order by id", key)[-1]
    assert (last["action"], last["outcome"]) == ("update", "recorded")
    assert (last["before"], last["after"]) == ({"Row_Key__c": None}, {"Row_Key__c": key})


@pytest.mark.parametrize("after", [1, 2])
def test_a_run_that_dies_while_keys_are_carried_is_followed_by_one_that_goes_on(
    filled: Practice, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    for number in range(5):
        filled.add("leads", last_name=f"Lead {number}")
    filled.sync()
    before = {key: r["Id"] for key, r in filled.by("Lead", "CRM_Id__c").items()}
    rename_field(filled, "lead")
    monkeypatch.setattr(carry, "KEYS", 2)
    monkeypatch.setattr(carry, "COLLECTIONS", 1)
    noted: list[int] = []

    def dies(*given: Any) -> None:
        noted.append(1)
        if len(noted) == after:
            raise KeyboardInterrupt  # Salesforce has them, and we have not noted it

    with monkeypatch.context() as patched:
        patched.setattr(carry, "_note", dies)
        with pytest.raises(KeyboardInterrupt):
            filled.sync()
    assert len(filled.by("Lead", "Row_Key__c")) == 2 * after
    filled.org.calls.clear()
    filled.sync()
    assert len(filled.sent()) == 6 - 2 * after, "the rest, and nothing twice"
    assert {key: r["Id"] for key, r in filled.by("Lead", "Row_Key__c").items()} == before
    filled.finds_nothing_to_send()


def test_a_process_that_is_killed_between_two_mappings_is_followed_by_one_that_goes_on(
    filled: Practice, tmp_path: Path
) -> None:
    before = {name: filled.by(name, "CRM_Id__c") for name in ("Lead", "Task")}
    for name in ("lead", "task"):
        rename_field(filled, name)
    filled.org.faults.append({"when": {"object": "Task", "method": "PATCH"},
                              "then": {"delay": 2.0}, "times": 1})  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "crm_sync", "sync", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, **filled.environment()},
    )
    try:
        until = time.monotonic() + 20
        while not filled.by("Lead", "Row_Key__c"):
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    filled.sync()
    for name, records in before.items():
        after = filled.by(name, "Row_Key__c")
        assert {key: r["Id"] for key, r in after.items()} == {
            key: r["Id"] for key, r in records.items()
        }
        assert len(filled.org.store.records(name)) == len(records)
    filled.finds_nothing_to_send()


def test_a_create_whose_answer_was_lost_is_found_again_under_the_new_name(
    filled: Practice,
) -> None:
    filled.org.faults.append(
        {"when": {"method": "PATCH", "object": "Lead"}, "then": {"drop": "after"}, "times": 2}
    )  # fmt: skip
    key = filled.add("leads", last_name="Lost")
    with pytest.raises(Exception, match="no answer"):
        filled.sync()
    filled.org.faults.clear()
    assert len(filled.by("Lead", "CRM_Id__c")) == 2
    rename_field(filled, "lead")
    with filled.planned() as report:
        assert [row.action for row in report.rows()] in ([], ["update"])
    filled.sync()
    assert len(filled.org.store.records("Lead")) == 2
    assert key in filled.by("Lead", "Row_Key__c")
    filled.finds_nothing_to_send()


def test_a_record_that_does_not_take_its_key_stops_the_run_before_anything_else(
    filled: Practice,
) -> None:
    rename_field(filled, "lead")
    filled.refuse({"object": "Lead"})
    account = filled.add("accounts", company_name="Later")
    with pytest.raises(OrgAccessError) as caught:
        filled.sync()
    assert "1 record of Lead did not take their key in Row_Key__c" in str(caught.value)
    assert filled.records("Account", account) == []
    filled.org.faults.clear()
    filled.sync()
    assert filled.records("Account", account)
    assert len(filled.by("Lead", "Row_Key__c")) == 1


def test_somebody_elses_value_in_the_new_field_is_never_overwritten(filled: Practice) -> None:
    (record,) = filled.by("Lead", "CRM_Id__c").values()
    filled.org.store.update(filled.org.store.schema["Lead"], [record | {"Row_Key__c": "theirs"}])
    rename_field(filled, "lead")
    with pytest.raises(OrgAccessError, match="1 record of Lead carry another key in Row_Key__c"):
        filled.sync()
    assert list(filled.by("Lead", "Row_Key__c")) == ["theirs"]


def test_an_external_id_field_that_changes_undeclared_is_refused_and_told_how(
    filled: Practice,
) -> None:
    edit(filled, "lead", "field: CRM_Id__c", "field: Row_Key__c")
    with pytest.raises(MappingError, match="let `formerly` name the former field"):
        filled.sync()


# The table --------------------------------------------------------------------------------------


def rename_table(practice: Practice) -> None:
    practice.connection.execute("alter table public.leads rename to prospects")
    join_prospects(practice)


def join_prospects(practice: Practice) -> None:
    """What joins the table names it as it is called now."""
    for name in ("task", "event"):
        edit(practice, name, "lead: leads", "lead: prospects")


def test_a_renamed_table_keeps_its_records(filled: Practice) -> None:
    key = filled.value("select id::text from leads")
    filled.change("leads", key, title="Noted under the former name")
    rename_table(filled)
    filled.change("prospects", key, company_name="Noted under the new one")
    edit(filled, "lead", "table: leads", "table: prospects\n  formerly: leads")
    with filled.planned() as report:
        assert [(r.mapping, r.action) for r in report.rows()] == [("lead", "update")]
    filled.sync()
    record = filled.record("Lead", key)
    assert record["Title"] == "Noted under the former name"
    assert record["Company"] == "Noted under the new one"
    filled.finds_nothing_to_send()
    filled.change("prospects", key, title="Later")
    edit(filled, "lead", "\n  formerly: leads", "")
    filled.sync()
    assert filled.record("Lead", key)["Title"] == "Later"
    assert len(filled.org.store.records("Lead")) == 1


def test_another_table_is_not_taken_for_a_renamed_one(filled: Practice) -> None:
    filled.connection.execute("create table public.prospects (like public.leads including all)")
    filled.connection.execute("grant select on public.prospects to crm_sync")
    edit(filled, "lead", "table: leads", "table: prospects\n  formerly: leads")
    with pytest.raises(MappingError, match="leads is still there"):
        filled.sync()
