"""A mapping is disabled, renamed, or changed while records exist."""

from __future__ import annotations

import psycopg
import pytest

from crm_sync.errors import MappingError
from crm_sync.localorg.serve import LocalOrg
from crm_sync.sync import session
from tests.integration.sync.practice import Practice


def edit(practice: Practice, name: str, old: str, new: str) -> None:
    file = practice.mappings / f"{name}.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_a_disabled_mapping_plans_nothing_and_keeps_its_records(practice: Practice) -> None:
    key = practice.add("activities", account_id=practice.add("accounts"))
    practice.sync()
    edit(practice, "task", "object: Task", "enabled: false\nobject: Task")
    practice.change("activities", key, subject="Another")
    with practice.planned() as report:
        assert list(report.rows()) == []
        assert report.notes == (
            "1 record of the mapping task is kept; no enabled mapping has that name.",
        )
    assert practice.sync().status == "finished"
    assert practice.record("Task", key)["Subject"] != "Call: Another"
    edit(practice, "task", "enabled: false\n", "")
    practice.sync()
    practice.assert_same()


def rename_lead(practice: Practice, formerly: str) -> None:
    text = (practice.mappings / "lead.yaml").read_text("utf-8")
    (practice.mappings / "lead.yaml").unlink()
    (practice.mappings / "prospect.yaml").write_text(text + formerly, "utf-8")
    for name in ("task", "event"):
        edit(practice, name, "- mapping: lead\n", "- mapping: prospect\n")


def test_a_renamed_mapping_keeps_its_records_and_a_dry_run_says_so(practice: Practice) -> None:
    key = practice.add("leads", last_name="Ng")
    practice.add("activities", lead_id=key)
    practice.sync()
    given = practice.record("Lead", key)["Id"]
    rename_lead(practice, "formerly: lead\n")
    with practice.planned() as report:
        assert list(report.rows()) == []
        assert report.former is not None
        assert report.former.counts["prospect"]["create"] == 1, "what became of its rows before"
    assert practice.value("select count(*) from sync.record where mapping = 'lead'") == 1
    practice.org.calls.clear()
    practice.sync()
    assert practice.writes() == []
    assert practice.record("Lead", key)["Id"] == given
    assert practice.value("select count(*) from sync.record where mapping = 'prospect'") == 1
    practice.change("leads", key, title="Pilot")
    practice.sync()
    assert practice.record("Lead", key)["Title"] == "Pilot"


def test_a_dry_run_of_a_rename_waits_for_nobody(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds the rows that the rename will write (a running sync, say) is not waited for."""
    key = practice.add("leads", last_name="Ng")
    practice.sync()
    practice.refuse({"object": "Lead"})
    practice.change("leads", key, title="Pilot")
    practice.sync()
    rename_lead(practice, "formerly: lead\n")
    monkeypatch.setitem(session._LIMITS, "lock_timeout", "300ms")
    with psycopg.connect(practice.database.owner_url) as other:
        for table in ("mapping", "record", "plan", "history"):
            other.execute(f"select from sync.{table} for update".encode())
        with practice.planned() as report:
            (row,) = report.rows()
            assert (row.mapping, row.action, row.state) == ("prospect", "update", "planned")
            assert report.notes == ()
            locked = "select count(*) from pg_locks where mode = 'RowExclusiveLock'"
            assert practice.value(f"{locked} and relation = 'sync.record'::regclass") == 0


def test_a_rename_that_was_not_declared_doubles_nothing_and_cannot_be_declared_later(
    practice: Practice,
) -> None:
    key = practice.add("leads", last_name="Ng")
    practice.sync()
    rename_lead(practice, "")
    practice.sync()
    assert practice.record("Lead", key)
    file = practice.mappings / "prospect.yaml"
    file.write_text(file.read_text("utf-8") + "formerly: lead\n", "utf-8")
    with pytest.raises(MappingError, match="both have records"):
        practice.sync()


def test_an_undeclared_rename_is_told_and_neither_doubles_nor_deletes(practice: Practice) -> None:
    kept, goes = practice.add("leads", last_name="Ng"), practice.add("leads", last_name="Öz")
    practice.add("activities", lead_id=kept)
    practice.sync()
    given = practice.record("Lead", kept)["Id"]
    rename_lead(practice, "")
    with practice.planned() as report:
        assert list(report.rows()) == []
        assert report.notes == (
            "2 records of the mapping lead are kept; no enabled mapping has that name. prospect "
            "belongs to the same object and table. If that is its new name, let prospect.yaml say "
            "`formerly: lead`.",
        )
    practice.org.calls.clear()
    practice.sync()
    assert practice.writes() == []
    practice.change("leads", kept, title="Pilot")
    practice.remove("leads", goes)
    with practice.planned() as report:
        assert [(row.mapping, row.action) for row in report.rows()] == [
            ("prospect", "update"),
            ("prospect", "delete"),
        ]
        assert report.notes[0].endswith(
            "prospect has taken the same records over, and these are not used any more."
        )
    practice.sync()
    assert practice.record("Lead", kept)["Id"] == given
    assert practice.record("Lead", kept)["Title"] == "Pilot"
    assert practice.records("Lead", goes) == []
    assert practice.plan() == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("object: Lead\n", "object: Account\n", "object"),
        (
            "external_id: {field: CRM_Id__c}",
            'external_id: {field: CRM_Id__c, prefix: "x:"}',
            "prefix",
        ),
        ("table: leads", "table: accounts", "table"),
    ],
)
def test_what_a_record_is_known_by_cannot_change_while_records_exist(
    practice: Practice, old: str, new: str, what: str
) -> None:
    practice.add("leads", last_name="Ng")
    practice.sync()
    if what == "object":
        for file in practice.mappings.glob("*.yaml"):
            if file.stem != "lead":
                file.unlink()
        lines = (practice.mappings / "lead.yaml").read_text("utf-8").splitlines(keepends=True)
        [converted] = [line for line in lines if line.startswith("converted:")]
        edit(practice, "lead", converted, "")
    edit(practice, "lead", old, new)
    practice.org.calls.clear()
    with pytest.raises(MappingError, match=f"The {what} of lead changed"):
        practice.sync()
    assert practice.writes() == []


def test_history_tells_who_changed_what_and_when(practice: Practice) -> None:
    key = practice.add("accounts", phone="1")
    practice.sync()
    practice.change("accounts", key, phone="2")
    practice.sync()
    rows = practice.rows("select * from sync.history where key = %s order by id", key)
    assert [(r["action"], r["outcome"], r["run_number"]) for r in rows] == [
        ("create", "recorded", 1),
        ("update", "recorded", 2),
    ]
    assert (rows[0]["before"], rows[0]["after"]["Phone"]) == (None, "1")
    assert (rows[1]["before"], rows[1]["after"]) == ({"Phone": "1"}, {"Phone": "2"})
    assert {r["salesforce_id"] for r in rows} == {practice.record("Account", key)["Id"]}


def test_old_history_goes_and_changes_that_every_org_has_seen(practice: Practice) -> None:
    practice.add("accounts")
    practice.sync()
    practice.connection.execute("update sync.history set at = now() - interval '401 days'")
    practice.sync()
    assert practice.value("select count(*) from sync.history") == 0
    assert practice.value("select count(*) from sync.change") == 0


def test_changes_that_another_org_has_not_seen_stay(practice: Practice) -> None:
    seen = "select count(*) from sync.change"
    practice.add("accounts")
    practice.sync()
    practice.add("accounts")
    with LocalOrg(data=None) as other:
        practice.orgs["other"] = other
        practice.sync("other")
        assert practice.value(seen) == 1
        practice.sync("local")
        assert practice.value(seen) == 0


def test_an_org_that_nobody_has_synced_for_a_month_keeps_no_changes_and_compares_all_later(
    practice: Practice,
) -> None:
    position = "select position::text from sync.org where org_id = %s"
    practice.add("accounts")
    practice.sync()
    idle = practice.org.org_id
    with LocalOrg(data=None) as other:
        practice.orgs["other"] = other
        key = ""
        for days, is_kept in ((29, True), (31, False)):
            practice.connection.execute(
                "update sync.org set last_run_at = now() - make_interval(days => %s)"
                " where org_id = %s",
                [days, idle],
            )
            key = practice.add("accounts")
            practice.sync("other")
            assert (practice.value(position, idle) is not None) is is_kept
            assert (practice.value("select count(*) from sync.change") > 0) is is_kept
    practice.sync("local")
    assert practice.value(position, idle) is not None
    assert practice.record("Account", key)
    practice.assert_same()


def test_a_run_notes_its_end_its_counts_and_its_calls(practice: Practice) -> None:
    practice.add("accounts")
    report = practice.sync()
    (noted,) = practice.rows("select * from sync.run")
    none: dict[str, dict[str, int]] = {
        mapping.stem: {} for mapping in practice.mappings.glob("*.yaml")
    }
    assert (noted["status"], noted["counts"]) == ("finished", none | {"account": {"create": 1}})
    assert noted["calls"] == report.calls
