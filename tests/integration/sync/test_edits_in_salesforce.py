"""`on_edited`: what people edited in Salesforce is held, or overwritten and named in the report."""

from __future__ import annotations

import pytest

from crm_sync.errors import GuardStopped, SettingsError
from crm_sync.report.edits import edit_sentences, edits_found
from crm_sync.report.model import PlanRow, RunReport
from crm_sync.sync import edits
from crm_sync.sync.errors import Ended
from tests.integration.sync.people import codes, say
from tests.integration.sync.practice import Practice

HELD = "EDITED_IN_SALESFORCE"


def edit(practice: Practice, name: str, key: str, **fields: object) -> None:
    """A person writes into the record of this key."""
    practice.org.edit(practice.record(name, key)["Id"], fields)


def stood_there(row: PlanRow) -> dict[str, object]:
    return {change.field: change.current for change in row.overwritten}


def asked(practice: Practice) -> int:
    """Calls that only read."""
    bodies = [(call.body or {}).get("compositeRequest") for call in practice.org.calls]
    return sum(all(part["method"] == "GET" for part in body) for body in bodies if body)


@pytest.fixture
def edited(practice: Practice) -> str:
    """An account whose phone a person edited, and whose row got another one."""
    key = practice.add("accounts", company_name="Kelp", phone="100", website="kelp.example")
    practice.sync()
    edit(practice, "Account", key, Phone="300")
    practice.change("accounts", key, phone="200", website="kelp.test")
    practice.org.calls.clear()
    return key


# overwrite ---------------------------------------------------------------------------------------


def test_an_edit_that_is_overwritten_is_counted_and_named_for_no_call_more(
    practice: Practice, edited: str
) -> None:
    report = practice.sync()
    assert (report.status, report.calls) == ("finished", 1)
    assert practice.record("Account", edited)["Phone"] == "200"
    assert report.overwritten == 1
    [row] = report.overwritten_rows
    assert (row.key, row.label, stood_there(row)) == (edited, "Kelp", {"Phone": "300"})
    assert edit_sentences(row) == ["overwritten: Account Phone, changed in Salesforce to 300"]
    kept = practice.value("select edited from sync.history where edited is not null")
    assert kept == {"Phone": "300"}
    assert practice.sync().overwritten == 0


def test_many_records_are_read_before_they_are_written(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "ALONG", 2)
    keys = [practice.add("accounts", company_name=f"C {n}", phone="1") for n in range(4)]
    practice.sync()
    edit(practice, "Account", keys[2], Phone="3")
    practice.connection.execute("update accounts set phone = '2'")
    practice.org.calls.clear()
    report = practice.sync()
    assert (report.overwritten, report.calls, asked(practice)) == (1, 2, 1)
    assert [stood_there(row) for row in report.overwritten_rows] == [{"Phone": "3"}]


def test_rows_that_go_by_bulk_are_read_before(practice: Practice, edited: str) -> None:
    report = practice.sync(api="bulk")
    assert [stood_there(row) for row in report.overwritten_rows] == [{"Phone": "300"}]
    assert practice.record("Account", edited)["Phone"] == "200"


def test_an_edit_to_what_is_to_be_sent_is_none(practice: Practice, edited: str) -> None:
    edit(practice, "Account", edited, Phone="200")
    assert practice.sync().overwritten == 0


def test_a_record_that_is_deleted_with_its_edits_is_named_without_values(
    practice: Practice,
) -> None:
    lead = practice.add("leads", last_name="Ng", title="Pilot")
    practice.add("leads", last_name="Ono")
    practice.sync()
    edit(practice, "Lead", lead, Title="Captain")
    practice.remove("leads", lead)
    report = practice.sync()
    assert report.overwritten == 1
    [row] = report.overwritten_rows
    assert (row.key, row.action, row.changes) == (lead, "delete", ())
    assert edit_sentences(row) == ["deleted, though someone had edited it in Salesforce"]


def test_a_refused_row_has_overwritten_nothing(practice: Practice, edited: str) -> None:
    practice.refuse({"object": "Account"})
    report = practice.sync()
    assert (practice.count(report, "account").refused, report.overwritten) == (1, 0)


def test_what_was_sent_without_an_answer_is_nobodys_edit(practice: Practice) -> None:
    key = practice.add("accounts", phone="1")
    practice.sync()
    practice.attempts = 1
    practice.change("accounts", key, phone="2")
    practice.org.faults.append({"when": {"object": "Account"}, "then": {"drop": "before"}})
    with pytest.raises(Ended):
        practice.sync()
    practice.org.faults.clear()
    say(practice, "account", "on_edited: hold")
    practice.change("accounts", key, phone="3")
    assert practice.sync().status == "finished"
    assert practice.record("Account", key)["Phone"] == "3"


# hold --------------------------------------------------------------------------------------------


def test_a_held_row_shows_both_values_and_nothing_of_it_is_sent(
    practice: Practice, edited: str
) -> None:
    say(practice, "account", "on_edited: hold")
    report = practice.sync()
    assert (practice.count(report, "account").held, report.calls) == (1, 1)
    assert practice.writes() == []
    [row] = report.problems
    assert (row.state, row.problems[0].code, row.problems[0].field) == ("held", HELD, "Phone")
    assert row.problems[0].column == "accounts.phone"
    assert f"--overwrite {edited}" in row.problems[0].mend
    [phone] = row.overwritten
    assert (phone.before, phone.after, phone.current) == ("100", "200", "300")
    assert practice.history(edited)[-1] == ("update", "held")
    entries = len(practice.history(edited))
    practice.sync()
    assert len(practice.history(edited)) == entries, "told once"


def test_a_dry_run_against_the_org_foretells_what_is_held(practice: Practice, edited: str) -> None:
    say(practice, "account", "on_edited: hold")
    other = practice.add("accounts", company_name="New")
    with practice.planned(against_org=True) as report:
        rows, found, digest = list(report.rows()), report.edits, report.digest
    assert {row.key: row.state for row in rows} == {edited: "held", other: "planned"}
    assert found is not None
    assert (found.held, found.overwritten) == (1, 0)
    assert "1 record held, since someone edited them there" in edits_found(found)
    with practice.planned() as report:
        unknowing = report.digest
    with pytest.raises(GuardStopped, match="--against-org"):
        practice.sync(expect=unknowing)
    practice.sync(expect=digest)
    assert codes(practice) == {edited: HELD}
    assert practice.record("Account", other)


def let_through(practice: Practice, key: str) -> RunReport:
    return practice.sync(overwrite=(key,))


@pytest.mark.parametrize("name", ["key", "mapping and key", "Salesforce Id", "all"])
def test_a_person_lets_a_held_row_through(practice: Practice, edited: str, name: str) -> None:
    say(practice, "account", "on_edited: hold")
    practice.sync()
    given = practice.record("Account", edited)["Id"]
    keys = {"key": edited, "mapping and key": f"account:{edited}", "Salesforce Id": given}
    report = let_through(practice, keys.get(name, "all"))
    assert report.status == "finished"
    assert practice.record("Account", edited)["Phone"] == "200"
    assert [stood_there(row) for row in report.overwritten_rows] == [{"Phone": "300"}]
    practice.assert_same()


def test_a_key_that_lets_nothing_through_stops_before_anything_is_sent(
    practice: Practice, edited: str
) -> None:
    with pytest.raises(SettingsError, match="--overwrite: an empty key"):
        practice.sync(overwrite=("",))
    with pytest.raises(SettingsError, match="--overwrite 4711: no row"):
        let_through(practice, "4711")
    assert practice.writes() == []


def test_a_held_row_goes_when_people_take_their_edit_back(practice: Practice, edited: str) -> None:
    say(practice, "account", "on_edited: hold")
    practice.sync()
    edit(practice, "Account", edited, Phone="100")
    assert practice.sync().status == "finished"
    assert practice.record("Account", edited)["Phone"] == "200"
    practice.assert_same()


def test_a_held_row_goes_when_the_database_takes_their_value_over(
    practice: Practice, edited: str
) -> None:
    say(practice, "account", "on_edited: hold")
    practice.sync()
    practice.change("accounts", edited, phone="300")
    assert practice.sync().status == "finished"
    practice.assert_same()


def test_a_fields_own_word_wins(practice: Practice, edited: str) -> None:
    file = practice.mappings / "account.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("Phone: phone", "Phone: {column: phone, on_edited: hold}"))
    edit(practice, "Account", edited, Website="theirs.example")
    practice.sync()
    (names,) = practice.rows("select problems -> 0 ->> 'field' as field,"
                             " jsonb_array_length(problems) as number from sync.plan")  # fmt: skip
    assert names == {"field": "Phone", "number": 1}
    edit(practice, "Account", edited, Phone="100")
    report = practice.sync()
    assert [stood_there(row) for row in report.overwritten_rows] == [{"Website": "theirs.example"}]


def test_an_edit_of_a_field_that_does_not_change_holds_nothing(practice: Practice) -> None:
    say(practice, "account", "on_edited: hold")
    key = practice.add("accounts", phone="1", website="a.example")
    practice.sync()
    edit(practice, "Account", key, Website="theirs.example")
    practice.change("accounts", key, phone="2")
    assert practice.sync().status == "finished"
    assert practice.record("Account", key)["Website"] == "theirs.example"


def test_a_deletion_of_what_people_edited_is_held_and_so_is_that_of_its_parent(
    practice: Practice,
) -> None:
    for name in ("account", "opportunity"):
        say(practice, name, "on_edited: hold")
    practice.add("accounts")
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.sync()
    edit(practice, "Opportunity", project, Amount=900)
    practice.remove("projects", project)
    practice.remove("accounts", account)
    practice.sync(allow_deletions=True)
    assert codes(practice) == {project: HELD, account: "CHILDREN_REMAIN"}
    assert practice.record("Opportunity", project)
    practice.sync(allow_deletions=True, overwrite=(project,))
    assert (practice.records("Opportunity", project), practice.records("Account", account)) == (
        [], [],
    )  # fmt: skip


def test_a_row_that_moves_to_a_sibling_is_held_whole(practice: Practice) -> None:
    say(practice, "task", "on_edited: hold")
    account = practice.add("accounts")
    call = practice.add("activities", account_id=account, subject="Tides")
    practice.sync()
    edit(practice, "Task", call, Subject="Theirs")
    practice.change("activities", call, activity_type="meeting")
    practice.sync()
    assert practice.open_rows() == {f"task:{call}": "held", f"event:{call}": "held"}
    assert practice.records("Event", call) == []
    practice.sync(overwrite=(call,))
    assert practice.records("Task", call) == []
    assert practice.record("Event", call)["Subject"] == "Tides"


def test_archived_activities_are_read_before_they_are_written(practice: Practice) -> None:
    say(practice, "task", "on_edited: hold")
    account = practice.add("accounts")
    call = practice.add("activities", account_id=account, subject="Tides")
    practice.sync()
    edit(practice, "Task", call, Subject="Theirs", IsArchived=True)
    practice.change("activities", call, subject="Ours")
    practice.sync()
    assert codes(practice) == {call: HELD}
