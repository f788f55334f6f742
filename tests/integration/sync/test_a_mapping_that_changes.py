"""What becomes of records when their mapping gains, loses or changes a part, or goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sync.errors import MappingError
from crm_sync.localorg.serve import LocalOrg
from tests.integration.sync.practice import Practice, write_mapping
from tests.integration.sync.test_a_mappings_life import edit, rename_lead


def replace_file(practice: Practice, name: str, text: str) -> None:
    (practice.mappings / f"{name}.yaml").write_text(text, "utf-8")


def text_of(practice: Practice, name: str) -> str:
    return (practice.mappings / f"{name}.yaml").read_text("utf-8")


# Fields -------------------------------------------------------------------------------------------


def test_a_removed_field_is_no_longer_sent_and_never_cleared(practice: Practice) -> None:
    key = practice.add("accounts", phone="1", website="https://example.com")
    practice.sync()
    edit(practice, "account", "  Phone: phone\n", "")
    assert practice.plan() == []
    practice.change("accounts", key, phone=None, website="https://example.org")
    practice.org.calls.clear()
    practice.sync()
    practice.sync(full=True)
    practice.sync(resend=True)
    assert all("Phone" not in record for record in practice.sent())
    record = practice.record("Account", key)
    assert (record["Phone"], record["Website"]) == ("1", "https://example.org")


def test_a_removed_field_that_comes_back_is_sent_where_it_differs(practice: Practice) -> None:
    same, other = (practice.add("accounts", phone="1") for _ in range(2))
    practice.sync()
    before = text_of(practice, "account")
    edit(practice, "account", "  Phone: phone\n", "")
    practice.change("accounts", other, phone="2")
    practice.sync()
    replace_file(practice, "account", before)
    assert [(row.key, [c.field for c in row.changes]) for row in practice.plan()] == [
        (other, ["Phone"])
    ]
    practice.sync()
    assert practice.record("Account", same)["Phone"] == "1"
    assert practice.record("Account", other)["Phone"] == "2"
    practice.assert_same()


def test_a_removed_lookup_leaves_its_parent_in_salesforce(practice: Practice) -> None:
    one, two = practice.add("accounts"), practice.add("accounts")
    project = practice.add("projects", account_id=one)
    practice.sync()
    parent = practice.record("Account", one)["Id"]
    before = text_of(practice, "opportunity")
    edit(
        practice,
        "opportunity",
        "lookups:\n  AccountId: {mapping: account, column: account_id, required: true}\n",
        "",
    )
    practice.change("projects", project, account_id=two, project_name="Another")
    practice.sync()
    record = practice.record("Opportunity", project)
    assert record["AccountId"] == parent
    assert "Another" in record["Name"]
    replace_file(practice, "opportunity", before)
    practice.sync()
    assert (
        practice.record("Opportunity", project)["AccountId"]
        == practice.record("Account", two)["Id"]
    )
    practice.assert_same()


def test_a_new_field_is_sent_for_every_record_that_has_a_value(practice: Practice) -> None:
    key = practice.add("accounts", primary_contact="Ann")
    empty = practice.add("accounts")
    practice.sync()
    edit(practice, "account", "  Phone: phone\n", "  Phone: phone\n  Site: primary_contact\n")
    assert [row.key for row in practice.plan()] == [key]
    practice.sync()
    assert practice.record("Account", key)["Site"] == "Ann"
    assert practice.record("Account", empty)["Site"] is None
    practice.assert_same()


# Words --------------------------------------------------------------------------------------------


def test_another_time_zone_moves_the_dates_that_it_makes_of_moments(practice: Practice) -> None:
    late = practice.add(
        "activities",
        account_id=practice.add("accounts"),
        occurred_at="2026-03-01T23:30:00Z",
        subject="Late",
    )
    edit(practice, "task", '"coalesce(due_date, occurred_at::date)"', "occurred_at")
    practice.sync()
    assert practice.record("Task", late)["ActivityDate"] == "2026-03-01"
    edit(practice, "task", "time_zone: UTC", "time_zone: Europe/Berlin")
    practice.sync()
    assert practice.record("Task", late)["ActivityDate"] == "2026-03-02"
    edit(practice, "task", "time_zone: Europe/Berlin\n", "")
    (practice.mappings / "defaults.yaml").write_text("time_zone: America/New_York\n", "utf-8")
    practice.change("activities", late, occurred_at="2026-03-05T02:00:00Z")
    practice.sync()
    assert practice.record("Task", late)["ActivityDate"] == "2026-03-04"


@pytest.mark.parametrize("word", ["delete", "{set: {Title: gone}}"])
def test_what_left_while_it_was_ignored_follows_another_word_of_the_mapping(
    practice: Practice, word: str
) -> None:
    edit(practice, "lead", "on_delete: delete", "on_delete: ignore")
    key, converted = (practice.add("leads", last_name=name) for name in ("Ng", "Öz"))
    practice.add("leads", last_name="Li")
    practice.sync()
    account = practice.add("accounts")
    practice.change("leads", converted, lead_status="won", converted_account_id=account)
    practice.remove("leads", key)
    practice.sync()
    practice.sync()
    assert practice.record("Lead", key)
    edit(practice, "lead", "on_delete: ignore", f"on_delete: {word}")
    plan = practice.plan()
    assert {row.key for row in plan} == {key, converted}
    assert {row.action for row in plan} == {"delete" if word == "delete" else "update"}
    practice.sync()
    found = [*practice.records("Lead", key), *practice.records("Lead", converted)]
    assert [record["Title"] for record in found] == ([] if word == "delete" else ["gone"] * 2)
    assert practice.plan() == practice.plan(full=True) == []


def test_a_held_row_is_created_again_once_the_mapping_says_so(practice: Practice) -> None:
    key = practice.add("leads", last_name="Ng")
    practice.sync()
    former = practice.record("Lead", key)["Id"]
    practice.org.delete(former)
    practice.change("leads", key, title="Pilot")
    practice.sync()
    assert practice.open_rows() == {f"lead:{key}": "held"}
    edit(practice, "lead", "on_delete: delete", "on_delete: delete\non_missing: recreate")
    practice.sync()
    assert practice.record("Lead", key)["Id"] != former
    practice.assert_same()


def test_the_defaults_change_every_mapping_that_does_not_say_otherwise(practice: Practice) -> None:
    key = practice.add("leads", last_name="Ng")
    practice.sync()
    (practice.mappings / "defaults.yaml").write_text(
        "fields:\n  Description: {constant: From the CRM}\n", "utf-8"
    )
    practice.add("accounts", company_name="Alpha")
    practice.sync()
    (account,) = practice.org.store.records("Account")
    assert account["Description"] == "From the CRM"
    assert practice.record("Lead", key)["Description"] is None, "lead.yaml has a rule of its own"
    practice.assert_same()


# Names and keys -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("{field: CRM_Id__c}", "{field: Other_Id__c}", "external ID"),
        ("table: leads\n", "table: leads\n  key: email\n", "key"),
    ],
)
def test_a_mapping_cannot_be_keyed_anew_while_records_exist(
    practice: Practice, old: str, new: str, what: str
) -> None:
    key = practice.add("leads", last_name="Ng", email="ng@example.com")
    practice.sync()
    edit(practice, "lead", old, new)
    practice.org.calls.clear()
    for attempt in (practice.plan, practice.sync):
        with pytest.raises(MappingError, match=f"The {what} of lead changed, and records exist"):
            attempt()
    assert practice.writes() == []
    edit(practice, "lead", new, old)
    practice.change("leads", key, title="Pilot")
    practice.sync()
    practice.assert_same()


def test_a_mapping_that_is_renamed_and_keyed_anew_at_once_is_refused(practice: Practice) -> None:
    practice.add("leads", last_name="Ng")
    practice.sync()
    rename_lead(practice, "formerly: lead\n")
    edit(practice, "prospect", "{field: CRM_Id__c}", '{field: CRM_Id__c, prefix: "p:"}')
    practice.org.calls.clear()
    with pytest.raises(MappingError, match="The prefix of prospect changed"):
        practice.sync()
    assert practice.writes() == []
    assert practice.value("select count(*) from sync.record where mapping = 'lead'") == 1


def test_a_mapping_without_records_may_be_keyed_anew(practice: Practice) -> None:
    practice.sync()
    edit(practice, "lead", "{field: CRM_Id__c}", '{field: CRM_Id__c, prefix: "lead:"}')
    key = practice.add("leads", last_name="Ng")
    practice.sync()
    (record,) = practice.org.store.records("Lead")
    assert record["CRM_Id__c"] == f"lead:{key}"


def test_formerly_may_stay_and_serves_each_org_at_its_own_time(practice: Practice) -> None:
    key = practice.add("leads", last_name="Ng")
    with LocalOrg(data=None) as other:
        practice.orgs["other"] = other
        given = {}
        for target, org in practice.orgs.items():
            practice.sync(target)
            given[target] = practice.record("Lead", key, org)["Id"]
        rename_lead(practice, "formerly: lead\n")
        practice.sync("local")
        practice.sync("local")
        assert practice.rows(
            "select o.org_id, mapping from sync.record join sync.org o using (org_id)"
            " order by mapping"
        ) == [
            {"org_id": other.org_id, "mapping": "lead"},
            {"org_id": practice.org.org_id, "mapping": "prospect"},
        ]
        practice.change("leads", key, title="Pilot")
        for target, org in practice.orgs.items():
            practice.sync(target)
            record = practice.record("Lead", key, org)
            assert (record["Id"], record["Title"]) == (given[target], "Pilot")


# Mappings that go ---------------------------------------------------------------------------------


def test_a_mapping_that_is_gone_plans_nothing_and_keeps_its_records_until_it_is_back(
    practice: Practice,
) -> None:
    account = practice.add("accounts")
    changed, removed = (practice.add("activities", account_id=account) for _ in range(2))
    practice.sync()
    before = text_of(practice, "task")
    (practice.mappings / "task.yaml").unlink()
    practice.change("activities", changed, subject="Another")
    practice.remove("activities", removed)
    with practice.planned() as report:
        assert list(report.rows()) == []
        assert report.notes == (
            "2 records of the mapping task are kept; no enabled mapping has that name.",
        )
    practice.sync(full=True)
    assert practice.record("Task", removed)
    assert practice.value("select count(*) from sync.record where mapping = 'task'") == 2
    replace_file(practice, "task", before)
    assert {(row.action, row.key) for row in practice.plan()} == {
        ("update", changed),
        ("delete", removed),
    }
    practice.sync()
    practice.assert_same()


def test_children_of_a_disabled_mapping_name_its_records_and_wait_for_none_of_it(
    practice: Practice,
) -> None:
    known = practice.add("accounts")
    practice.sync()
    edit(practice, "account", "object: Account", "enabled: false\nobject: Account")
    unknown = practice.add("accounts")
    with_parent = practice.add("projects", account_id=known)
    without = practice.add("projects", account_id=unknown)
    practice.sync()
    assert (
        practice.record("Opportunity", with_parent)["AccountId"]
        == practice.record("Account", known)["Id"]
    )
    assert practice.open_rows() == {f"opportunity:{without}": "blocked"}
    assert "is not part of what is synced" in practice.problem(without)["sentence"]
    edit(practice, "account", "enabled: false\n", "")
    practice.sync()
    practice.assert_same()


def test_a_mapping_whose_parents_are_gone_is_refused_with_its_place(
    practice: Practice, tmp_path: Path
) -> None:
    practice.mappings = write_mapping(
        tmp_path / "own",
        "project",
        "object: Opportunity\nsource: {table: projects}\nlabel: project_name\n"
        "fields: {Name: project_name}\n"
        "lookups:\n  AccountId: {mapping: account, column: account_id}\n",
    )
    with pytest.raises(MappingError, match="AccountId names the mapping 'account'") as caught:
        practice.sync()
    assert str(caught.value.where).endswith("project.yaml:6:3")
