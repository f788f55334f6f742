"""`dry-run --against-org`: what people edited in Salesforce since we last sent."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.report.edits import edit_sentences, edits_found
from crm_sync.report.model import Edits, FieldChange, PlanRow
from crm_sync.sync import against
from tests.integration.sync.practice import Practice


def edit(practice: Practice, name: str, key: str, **fields: object) -> None:
    """A person writes into the record of this key."""
    practice.org.edit(practice.record(name, key)["Id"], fields)


def looked_at(practice: Practice, **options: Any) -> tuple[dict[str, PlanRow], Edits]:
    """The rows of a dry run against the org, by key, and what it found."""
    with practice.planned(against_org=True, **options) as report:
        assert report.edits is not None
        return {row.key: row for row in report.rows()}, report.edits


def named(changes: tuple[FieldChange, ...]) -> dict[str, object]:
    return {change.field: change.current for change in changes}


def test_an_edit_that_a_sync_would_overwrite_is_shown_with_what_stands_there(
    practice: Practice,
) -> None:
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account, project_status="active")
    practice.sync()
    edit(practice, "Opportunity", project, StageName="Prospecting")
    practice.change("projects", project, project_status="cancelled")
    rows, edits = looked_at(practice)
    [change] = [c for c in rows[project].changes if c.field == "StageName"]
    assert (change.is_edited, change.current) == (True, "Prospecting")
    assert change.label == "Stage"
    assert edits == Edits(read=1, overwritten=1, left_alone=0, missing=0, calls=1)
    [said] = edit_sentences(rows[project])
    assert said == "would overwrite: Stage, changed in Salesforce to Prospecting"
    assert "1 record would lose what someone edited there" in edits_found(edits)


def test_an_edit_of_a_field_that_a_sync_does_not_send_stays_and_is_told(
    practice: Practice,
) -> None:
    account = practice.add("accounts", company_name="Alpha", phone="1", website="a.example")
    practice.sync()
    edit(practice, "Account", account, Website="theirs.example")
    practice.change("accounts", account, phone="2")
    rows, edits = looked_at(practice)
    row = rows[account]
    assert named(row.overwritten) == {}
    assert named(row.left_alone) == {"Website": "theirs.example"}
    assert (edits.overwritten, edits.left_alone) == (0, 1)
    practice.sync()
    assert practice.record("Account", account)["Website"] == "theirs.example"


def test_what_already_stands_there_as_it_will_be_sent_is_no_loss(practice: Practice) -> None:
    account = practice.add("accounts", phone="1")
    practice.sync()
    edit(practice, "Account", account, Phone="2")
    practice.change("accounts", account, phone="2")
    rows, edits = looked_at(practice)
    assert rows[account].overwritten == ()
    assert edits.overwritten == 0


def test_what_salesforce_wrote_itself_is_no_edit(practice: Practice) -> None:
    """Defaults of fields that we never sent, and values that it gives back in another form."""
    account = practice.add("accounts", website="a.example", billing_street="One\r\nTwo")
    project = practice.add("projects", account_id=account, contract_value="1200.50")
    meeting = practice.add("activities", account_id=account, activity_type="meeting")
    lead = practice.add("leads", last_name="Ng", notes="One\nTwo")
    practice.sync()
    practice.change("accounts", account, phone="2")
    practice.change("projects", project, project_name="Other")
    practice.change("activities", meeting, notes="n")
    practice.change("leads", lead, title="Pilot")
    rows, edits = looked_at(practice)
    assert rows.keys() == {account, project, meeting, lead}
    assert edits == Edits(read=4, overwritten=0, left_alone=0, missing=0, calls=1)
    assert edits_found(edits).endswith("nobody edited them since.")


def test_a_record_that_is_to_be_deleted_tells_what_would_go_with_it(practice: Practice) -> None:
    lead = practice.add("leads", last_name="Ng", title="Pilot", email="ng@example.com")
    practice.sync()
    edit(practice, "Lead", lead, Title="Captain", Email=None)
    practice.remove("leads", lead)
    rows, edits = looked_at(practice)
    row = rows[lead]
    assert row.action == "delete"
    assert named(row.overwritten) == {"Title": "Captain", "Email": None}
    assert edit_sentences(row) == [
        "would be deleted with it: Title, changed in Salesforce to Captain; "
        "Email, changed in Salesforce to —"
    ]
    assert edits.overwritten == 1


def test_a_record_that_somebody_deleted_is_named_before_a_sync_meets_it(
    practice: Practice,
) -> None:
    account = practice.add("accounts")
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])
    practice.change("accounts", account, phone="2")
    rows, edits = looked_at(practice)
    assert rows[account].is_missing
    assert edit_sentences(rows[account]) == ["its record is not in Salesforce any more"]
    assert edits.missing == 1
    assert (rows[account].action, rows[account].state) == ("update", "held")
    assert "was deleted" in rows[account].problems[0].sentence
    assert_foretold(practice, rows)


def assert_foretold(practice: Practice, rows: dict[str, PlanRow]) -> None:
    """A sync ends as the dry run said: the same rows are not sent, each for the same reason. (The
    sync after it tells of a parent that was found deleted, too.)
    """
    expected = {(r.key, r.state, r.problems[0].code) for r in rows.values() if r.problems}
    sent = [row for row in rows.values() if row.state == "planned"]
    assert sum(s.recorded for s in practice.sync().summaries) == len(sent)
    ended = practice.sync()
    assert {(r.key, r.state, r.problems[0].code) for r in ended.problems} == expected
    assert sum(s.recorded for s in ended.summaries) == 0


def test_what_waits_for_a_record_that_somebody_deleted_is_foretold_with_it(
    practice: Practice,
) -> None:
    account = practice.add("accounts")
    other = practice.add("accounts")
    project = practice.add("projects", account_id=other)
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])
    call = practice.add("activities", account_id=account)
    new = practice.add("projects", account_id=account)
    practice.add("activities", project_id=new)
    practice.change("projects", project, project_name="Other")
    rows, edits = looked_at(practice)
    assert rows[account].state == "held", "nobody changed it, but new rows name it"
    assert {rows[call].state, rows[new].state} == {"blocked"}
    assert rows[project].state == "planned"
    assert edits.missing == 1
    assert_foretold(practice, rows)


def test_a_record_that_is_to_be_made_again_is_planned_so_with_what_went_with_it(
    practice: Practice,
) -> None:
    for name in ("account", "opportunity", "task"):
        file = practice.mappings / f"{name}.yaml"
        file.write_text(file.read_text("utf-8") + "\non_missing: recreate\n", "utf-8")
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account)
    call = practice.add("activities", project_id=project)
    practice.sync()
    practice.org.delete(practice.record("Account", account)["Id"])
    practice.change("accounts", account, phone="2")
    rows, edits = looked_at(practice)
    assert {(rows[key].action, rows[key].state) for key in (account, project, call)} == {
        ("create", "planned")
    }
    assert edits.missing == 3
    assert all(row.is_missing for row in rows.values())
    assert_foretold(practice, rows)
    practice.assert_same()


def test_a_record_that_somebody_merged_is_planned_as_held(practice: Practice) -> None:
    one, other = practice.add("accounts"), practice.add("accounts")
    practice.sync()
    practice.org.merge(
        practice.record("Account", one)["Id"], practice.record("Account", other)["Id"]
    )
    practice.change("accounts", other, phone="2")
    rows, _ = looked_at(practice)
    assert rows[other].state == "held"
    assert "was merged into" in rows[other].problems[0].sentence
    assert_foretold(practice, rows)


def test_a_lead_that_somebody_converted_is_foretold_as_closed(practice: Practice) -> None:
    lead = practice.add("leads", last_name="Ng")
    practice.sync()
    practice.org.convert_lead(practice.record("Lead", lead)["Id"])
    practice.change("leads", lead, title="Pilot", lead_status="contacted")
    call = practice.add("activities", lead_id=lead)
    rows, _ = looked_at(practice)
    assert {key: row.state for key, row in rows.items()} == {call: "planned"}
    assert_foretold(practice, rows)
    assert practice.history(lead)[-1] == ("update", "closed")


def test_a_plan_that_writes_to_no_record_asks_nothing(practice: Practice) -> None:
    practice.add("accounts")
    practice.org.calls.clear()
    _, edits = looked_at(practice)
    assert edits == Edits(read=0, overwritten=0, left_alone=0, missing=0, calls=0)


def test_thousands_of_records_of_several_objects_take_a_call_for_five_queries(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(against, "RECORDS", 40)
    practice.connection.execute(
        "insert into accounts (company_name) select 'C' || n from generate_series(1, 190) n"
    )
    practice.connection.execute(
        "insert into leads (company_name, last_name) select 'L', 'N' || n"
        " from generate_series(1, 30) n"
    )
    practice.sync()
    keys = [row["id"] for row in practice.rows("select id::text from accounts order by id")]
    practice.connection.execute("update accounts set phone = '1'")
    practice.connection.execute("update leads set title = 'T'")
    for key in keys[::50]:
        edit(practice, "Account", key, Phone="theirs")
    practice.org.calls.clear()
    rows, edits = looked_at(practice)
    assert edits == Edits(read=220, overwritten=4, left_alone=0, missing=0, calls=2)
    assert {key for key, row in rows.items() if row.overwritten} == set(keys[::50])
    assert sum(1 for call in practice.org.calls if "queryAll" in str(call.body)) == 2
    assert practice.writes() == []


def test_the_digest_is_the_same_with_and_without_a_look_at_the_org(practice: Practice) -> None:
    account = practice.add("accounts")
    practice.sync()
    practice.change("accounts", account, phone="2")
    edit(practice, "Account", account, Phone="theirs")
    with practice.planned() as one, practice.planned(against_org=True) as other:
        assert one.digest == other.digest
