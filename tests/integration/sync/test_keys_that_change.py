"""A key gets another column or another value while records exist: declared,
nothing is lost and nothing doubled, wherever a run ends.
"""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.errors import GuardStopped, MappingError
from crm_sync.localorg.serve import LocalOrg
from crm_sync.sync import carry
from tests.integration.sync.practice import Practice
from tests.integration.sync.test_a_mappings_life import edit


@pytest.fixture
def org(org_with_row_key: LocalOrg) -> LocalOrg:
    """An org that has a second field for keys."""
    return org_with_row_key


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
    now = coded.by("Opportunity", "CRM_Id__c")
    assert sorted(now) == [f"C-{number}" for number in range(5)]
    assert {r["Name"]: r["Id"] for r in now.values()} == before
    assert coded.value("select min(key) from sync.record where mapping = 'opportunity'") == "C-0"
    assert [outcome for outcome, _ in coded.history("C-0")] == ["create", "update"]
    coded.finds_nothing_to_send()
    with_code(coded, "code")
    coded.finds_nothing_to_send()


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
    assert set(coded.by("Opportunity", "CRM_Id__c")) == keys
    assert gone not in keys
    coded.finds_nothing_to_send()


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
    now = coded.by("Opportunity", "CRM_Id__c")
    assert {r["Name"]: r["Id"] for r in now.values()} == before
    assert set(now) == {row["id"] for row in coded.rows("select id::text from public.projects")}
    coded.finds_nothing_to_send()


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
    assert set(coded.by("Opportunity", "CRM_Id__c")) == keys
    coded.finds_nothing_to_send()


def test_keys_and_their_field_may_change_at_once(coded: Practice) -> None:
    before = {r["Name"]: r["Id"] for r in coded.org.store.records("Opportunity")}
    renumber(coded)
    with_code(coded, "id, former_key: former_id")
    edit(coded, "opportunity", "field: CRM_Id__c", "field: Row_Key__c, formerly: CRM_Id__c")
    coded.sync()
    now = coded.by("Opportunity", "Row_Key__c")
    assert {r["Name"]: r["Id"] for r in now.values()} == before
    assert set(now) == {row["id"] for row in coded.rows("select id::text from public.projects")}
    coded.finds_nothing_to_send()


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
