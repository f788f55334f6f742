"""A table, an external ID field or a key gets another name or value while records exist: declared,
nothing is lost and nothing doubled, wherever a run ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_sync.errors import GuardStopped, MappingError, OrgAccessError
from crm_sync.localorg.serve import LocalOrg
from crm_sync.sync import carry
from tests.integration.sync.practice import Practice, Record
from tests.integration.sync.test_a_mappings_life import edit

KEY_FIELD = {
    "label": "Row Key", "type": "string", "length": 64, "custom": True, "externalId": True,
    "idLookup": True, "unique": True, "caseSensitive": True,
}  # fmt: skip
WITH_ROW_KEY = {
    f"{name}.Row_Key__c": {"name": "Row_Key__c", **KEY_FIELD}
    for name in ("Account", "Lead", "Opportunity", "Task", "Event")
}


@pytest.fixture
def org() -> Iterator[LocalOrg]:
    """An org that has a second field for keys."""
    with LocalOrg(data=None, fields=WITH_ROW_KEY) as running:
        yield running


def by(practice: Practice, name: str, field: str) -> dict[str, Record]:
    """The living records that carry something in a field, by that."""
    found: dict[str, Record] = {}
    for record in practice.org.store.records(name):
        if record[field] is not None:
            assert record[field] not in found, f"{name} {record[field]} is doubled"
            found[record[field]] = record
    return found


def without_changes(practice: Practice) -> None:
    practice.org.calls.clear()
    assert practice.sync().status == "finished"
    assert practice.writes() == []


# The external ID field -------------------------------------------------------------------------


def rename_field(practice: Practice, name: str, old: str = "CRM_Id__c") -> None:
    edit(practice, name, "field: CRM_Id__c", f"field: Row_Key__c, formerly: {old}")


def test_an_external_id_field_under_another_name_takes_the_keys_over(filled: Practice) -> None:
    before = {key: r["Id"] for key, r in by(filled, "Task", "CRM_Id__c").items()}
    rename_field(filled, "task")
    with filled.planned() as report:
        assert list(report.rows()) == []
        assert report.notes == (
            "A sync first writes the keys of 2 records of task into Row_Key__c; they stand in "
            "CRM_Id__c.",
        )
    assert by(filled, "Task", "Row_Key__c") == {}
    filled.org.calls.clear()
    assert filled.sync().status == "finished"
    assert [set(record) for record in filled.sent()] == [{"Id", "Row_Key__c"}] * 2
    assert {key: r["Id"] for key, r in by(filled, "Task", "Row_Key__c").items()} == before
    without_changes(filled)
    key = filled.add("activities", account_id=filled.value("select min(id::text) from accounts"))
    filled.sync()
    assert by(filled, "Task", "Row_Key__c")[f"task:{key}"]["CRM_Id__c"] is None
    edit(filled, "task", ", formerly: CRM_Id__c", "")
    without_changes(filled)


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
    before = {key: r["Id"] for key, r in by(filled, "Lead", "CRM_Id__c").items()}
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
    assert len(by(filled, "Lead", "Row_Key__c")) == 2 * after
    filled.org.calls.clear()
    filled.sync()
    assert len(filled.sent()) == 6 - 2 * after, "the rest, and nothing twice"
    assert {key: r["Id"] for key, r in by(filled, "Lead", "Row_Key__c").items()} == before
    without_changes(filled)


def test_a_process_that_is_killed_between_two_mappings_is_followed_by_one_that_goes_on(
    filled: Practice, tmp_path: Path
) -> None:
    before = {name: by(filled, name, "CRM_Id__c") for name in ("Lead", "Task")}
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
        while not by(filled, "Lead", "Row_Key__c"):
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    filled.sync()
    for name, records in before.items():
        after = by(filled, name, "Row_Key__c")
        assert {key: r["Id"] for key, r in after.items()} == {
            key: r["Id"] for key, r in records.items()
        }
        assert len(filled.org.store.records(name)) == len(records)
    without_changes(filled)


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
    assert len(by(filled, "Lead", "CRM_Id__c")) == 2
    rename_field(filled, "lead")
    with filled.planned() as report:
        assert [row.action for row in report.rows()] in ([], ["update"])
    filled.sync()
    assert len(filled.org.store.records("Lead")) == 2
    assert key in by(filled, "Lead", "Row_Key__c")
    without_changes(filled)


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
    assert len(by(filled, "Lead", "Row_Key__c")) == 1


def test_somebody_elses_value_in_the_new_field_is_never_overwritten(filled: Practice) -> None:
    (record,) = by(filled, "Lead", "CRM_Id__c").values()
    filled.org.store.update(filled.org.store.schema["Lead"], [record | {"Row_Key__c": "theirs"}])
    rename_field(filled, "lead")
    with pytest.raises(OrgAccessError, match="1 record of Lead carry another key in Row_Key__c"):
        filled.sync()
    assert list(by(filled, "Lead", "Row_Key__c")) == ["theirs"]


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
    without_changes(filled)
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


# The key ----------------------------------------------------------------------------------------

PROJECTS_BY_CODE = """
object: Opportunity
external_id: {field: CRM_Id__c}
source: {table: projects, key: KEY}
label: project_name
fields:
  Name: project_name
  StageName: {constant: Prospecting}
  CloseDate: {sql: "date '2026-12-01'"}
lookups:
  AccountId: {mapping: account, column: account_id, required: true}
on_delete: delete
"""


def with_code(practice: Practice, key: str) -> None:
    text = PROJECTS_BY_CODE.replace("KEY", key)
    (practice.mappings / "opportunity.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def coded(practice: Practice) -> Practice:
    """Projects with a code beside their id, synced by id; the org's other mappings are gone."""
    practice.connection.execute("alter table public.projects add column code text")
    for name in ("task", "event", "lead"):
        (practice.mappings / f"{name}.yaml").unlink()
    account = practice.add("accounts")
    for number in range(5):
        practice.add("projects", account_id=account, project_name=f"P{number}", code=f"C-{number}")
    with_code(practice, "id")
    practice.sync()
    return practice


def test_a_key_in_another_column_is_taken_over(coded: Practice) -> None:
    before = {r["Name"]: r["Id"] for r in coded.org.store.records("Opportunity")}
    with_code(coded, "code")
    with pytest.raises(MappingError, match="let `former_key` name it"):
        coded.sync()
    with_code(coded, "code, former_key: id")
    with coded.planned() as report:
        assert list(report.rows()) == []
        assert report.notes == (
            "A sync first gives the records of opportunity whose rows have another key that key: "
            "5 rows.",
        )
    coded.org.calls.clear()
    coded.sync()
    assert [set(record) for record in coded.sent()] == [{"Id", "CRM_Id__c"}] * 5
    now = by(coded, "Opportunity", "CRM_Id__c")
    assert sorted(now) == [f"C-{number}" for number in range(5)]
    assert {r["Name"]: r["Id"] for r in now.values()} == before
    assert coded.value("select min(key) from sync.record where mapping = 'opportunity'") == "C-0"
    assert [outcome for outcome, _ in coded.history("C-0")] == ["create", "update"]
    without_changes(coded)
    with_code(coded, "code")
    without_changes(coded)


def renumber(practice: Practice) -> None:
    """Every project gets another id; the one that it had stands beside it."""
    practice.connection.execute(
        # Nobody edits this history; here it is not what is tested.
        "alter table public.project_status_changes"
        " drop constraint project_status_changes_project_id_fkey"
    )
    practice.connection.execute("alter table public.projects add column former_id uuid")
    practice.connection.execute("update public.projects set former_id = id, id = gen_random_uuid()")


def test_keys_that_changed_in_their_own_column_are_taken_over(coded: Practice) -> None:
    before = {r["Name"]: r["Id"] for r in coded.org.store.records("Opportunity")}
    renumber(coded)
    with_code(coded, "id, former_key: former_id")
    coded.connection.execute("update public.projects set project_name = 'New' where code = 'C-0'")
    gone = coded.value("delete from public.projects where code = 'C-1' returning former_id::text")
    coded.add("projects", account_id=coded.value("select id from accounts"), project_name="Later")
    with coded.planned(allow_deletions=True) as report:
        planned = sorted((row.action, row.label) for row in report.rows())
        assert planned == [("create", "Later"), ("delete", "P1"), ("update", "New")]
    coded.sync(allow_deletions=True)
    names = {r["Name"]: r for r in coded.org.store.records("Opportunity")}
    assert sorted(names) == ["Later", "New", "P2", "P3", "P4"]
    assert names["New"]["Id"] == before["P0"]
    assert names["P2"]["Id"] == before["P2"]
    keys = {row["id"] for row in coded.rows("select id::text from public.projects")}
    assert set(by(coded, "Opportunity", "CRM_Id__c")) == keys
    assert gone not in keys
    without_changes(coded)


def test_a_new_name_and_new_keys_at_once_are_refused(coded: Practice) -> None:
    renumber(coded)
    with_code(coded, "id, former_key: former_id")
    file = coded.mappings / "opportunity.yaml"
    text = file.read_text("utf-8") + "formerly: opportunity\n"
    file.unlink()
    (coded.mappings / "deal.yaml").write_text(text, "utf-8")
    with pytest.raises(MappingError, match="deal has a new name and new keys at once"):
        coded.sync()


def test_keys_may_change_twice_while_former_keys_are_declared(coded: Practice) -> None:
    before = {r["Name"]: r["Id"] for r in coded.org.store.records("Opportunity")}
    renumber(coded)
    with_code(coded, "id, former_key: former_id")
    coded.sync()
    coded.connection.execute(
        "update public.projects set former_id = id, id = gen_random_uuid() where code < 'C-3'"
    )
    coded.sync()
    now = by(coded, "Opportunity", "CRM_Id__c")
    assert {r["Name"]: r["Id"] for r in now.values()} == before
    assert set(now) == {row["id"] for row in coded.rows("select id::text from public.projects")}
    without_changes(coded)


@pytest.mark.parametrize("point", ["carried", "noted"])
def test_a_run_that_dies_while_keys_change_is_followed_by_one_that_goes_on(
    coded: Practice, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    before = {r["Name"]: r["Id"] for r in coded.org.store.records("Opportunity")}
    renumber(coded)
    with_code(coded, "id, former_key: former_id")
    monkeypatch.setattr(carry, "KEYS", 2)
    monkeypatch.setattr(carry, "COLLECTIONS", 1)

    def dies(*given: Any) -> None:
        raise KeyboardInterrupt

    where = (
        "crm_sync.sync.carry._note" if point == "carried" else "crm_sync.sync.run.rename_mappings"
    )
    with monkeypatch.context() as patched:
        patched.setattr(where, dies)
        with pytest.raises(KeyboardInterrupt):
            coded.sync()
    coded.sync()
    assert {r["Name"]: r["Id"] for r in coded.org.store.records("Opportunity")} == before
    keys = {row["id"] for row in coded.rows("select id::text from public.projects")}
    assert set(by(coded, "Opportunity", "CRM_Id__c")) == keys
    without_changes(coded)


def test_keys_and_their_field_may_change_at_once(coded: Practice) -> None:
    before = {r["Name"]: r["Id"] for r in coded.org.store.records("Opportunity")}
    renumber(coded)
    with_code(coded, "id, former_key: former_id")
    edit(coded, "opportunity", "field: CRM_Id__c", "field: Row_Key__c, formerly: CRM_Id__c")
    coded.sync()
    now = by(coded, "Opportunity", "Row_Key__c")
    assert {r["Name"]: r["Id"] for r in now.values()} == before
    assert set(now) == {row["id"] for row in coded.rows("select id::text from public.projects")}
    without_changes(coded)


def test_former_keys_that_lead_nowhere_are_stopped_by_the_guard_before_anything_is_sent(
    coded: Practice,
) -> None:
    renumber(coded)
    coded.connection.execute("update public.projects set former_id = gen_random_uuid()")
    with_code(coded, "id, former_key: former_id")
    coded.org.calls.clear()
    with pytest.raises(GuardStopped):
        coded.sync()
    assert coded.writes() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("set former_id = (select min(former_id::text)::uuid from public.projects)",
         "More than one row has the same projects.former_id"),
        ("set former_id = (select id from public.projects where code = 'C-4') where code = 'C-3'",
         "projects.former_id holds what is the key of another row today"),
    ],
)  # fmt: skip
def test_former_keys_that_do_not_tell_one_row_are_refused(
    coded: Practice, change: str, said: str
) -> None:
    renumber(coded)
    coded.connection.execute(f"update public.projects {change}".encode())
    with_code(coded, "id, former_key: former_id")
    coded.org.calls.clear()
    with pytest.raises(MappingError, match=said):
        coded.sync()
    assert coded.writes() == []


def test_a_dry_run_of_other_keys_changes_nothing(coded: Practice) -> None:
    renumber(coded)
    with_code(coded, "id, former_key: former_id")
    before = coded.rows("select * from sync.record order by mapping, key")
    with coded.planned():
        locked = "select count(*) from pg_locks where mode = 'RowExclusiveLock'"
        assert coded.value(f"{locked} and relation = 'sync.record'::regclass") == 0
    assert coded.rows("select * from sync.record order by mapping, key") == before


def test_two_orgs_follow_each_with_its_own_sync(coded: Practice) -> None:
    with LocalOrg(data=None) as other:
        coded.orgs["other"] = other
        coded.sync("other")
        renumber(coded)
        with_code(coded, "id, former_key: former_id")
        keys = {row["id"] for row in coded.rows("select id::text from public.projects")}
        for name, org in coded.orgs.items():
            coded.sync(name)
            records = org.store.records("Opportunity")
            assert {record["CRM_Id__c"] for record in records} == keys
            assert len(records) == 5


def test_keys_that_changed_and_were_synced_before_that_was_said_are_told(coded: Practice) -> None:
    renumber(coded)
    coded.sync(allow_deletions=True)
    coded.connection.execute(
        "insert into sync.record (org_id, mapping, key, salesforce_id, run_number)"
        " select org_id, mapping, (select former_id::text from public.projects limit 1),"
        " '006000000000001AAA', 1 from sync.record where mapping = 'opportunity' limit 1"
    )
    with_code(coded, "id, former_key: former_id")
    coded.org.calls.clear()
    with pytest.raises(MappingError, match="and another under their key"):
        coded.sync()
    assert coded.writes() == []
