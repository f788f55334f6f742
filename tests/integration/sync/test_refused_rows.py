"""Rows that Salesforce refuses: how they are told, and when they are sent again."""

from __future__ import annotations

import pytest

from tests.integration.sync.practice import Practice

NO = {
    "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "message": "Nummer fehlt.",
    "fields": ["Phone"],
}


def refuse(practice: Practice, name: str = "Account", **error: object) -> None:
    practice.org.faults.replace([{"when": {"object": name}, "then": {"row_error": NO | error}}])


@pytest.fixture
def refused(practice: Practice) -> str:
    """The key of an account that was refused once."""
    key = practice.add("accounts", phone="0")
    refuse(practice)
    assert practice.sync().status == "finished with problems"
    practice.org.calls.clear()
    return key


def test_a_refusal_is_told_with_code_message_field_column_and_mend(
    practice: Practice, refused: str
) -> None:
    problem = practice.problem(refused)
    assert problem["code"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert "Nummer fehlt." in problem["sentence"]
    assert (problem["field"], problem["column"]) == ("Phone", "accounts.phone")
    assert "accounts.phone" in problem["mend"]
    assert practice.history(refused) == [("create", "refused")]


def test_one_refused_row_sinks_no_other(practice: Practice) -> None:
    bad, good = practice.add("accounts"), practice.add("accounts")
    practice.org.faults.append({"when": {"external_id": bad}, "then": {"row_error": NO}})
    report = practice.sync()
    counts = practice.count(report, "account")
    assert (counts.create, counts.refused) == (1, 1)
    assert practice.record("Account", good)
    assert [row.key for row in report.problems] == [bad]


def test_a_refused_row_is_not_sent_again_while_nothing_changes(
    practice: Practice, refused: str
) -> None:
    report = practice.sync()
    assert practice.writes() == []
    assert practice.count(report, "account").refused == 1
    assert report.status == "finished with problems"
    assert practice.problem(refused)["code"] == NO["statusCode"]


def test_a_refused_row_goes_again_when_the_row_changes(practice: Practice, refused: str) -> None:
    practice.org.faults.clear()
    practice.change("accounts", refused, phone="+49 555 0101")
    assert practice.sync().status == "finished"
    practice.assert_same()
    assert practice.history(refused) == [("create", "refused"), ("create", "recorded")]


def test_a_refused_row_goes_again_when_the_mapping_changes(
    practice: Practice, refused: str
) -> None:
    practice.org.faults.clear()
    file = practice.mappings / "account.yaml"
    file.write_text(file.read_text("utf-8").replace("  Phone: phone\n", ""), "utf-8")
    assert practice.sync().status == "finished"
    assert practice.record("Account", refused)


def test_a_refused_row_goes_again_when_the_org_describes_the_field_anew(
    practice: Practice, refused: str
) -> None:
    practice.org.faults.clear()
    practice.connection.execute(
        "update sync.describe set facts = jsonb_set(facts, '{fields,Phone,length}', '20')"
        " where object = 'Account'"
    )
    practice.sync()
    practice.org.calls.clear()
    assert practice.sync(full=True).status == "finished"
    assert practice.record("Account", refused)


def test_retry_refused_sends_it_again(practice: Practice, refused: str) -> None:
    practice.org.faults.clear()
    assert [row.state for row in practice.plan(retry_refused=True)] == ["planned"]
    assert practice.sync(retry_refused=True).status == "finished"
    practice.assert_same()


def test_a_refused_row_goes_again_by_itself_once_a_day(practice: Practice, refused: str) -> None:
    practice.connection.execute("update sync.plan set refused_at = now() - interval '23 hours'")
    practice.sync()
    assert practice.writes() == []
    practice.connection.execute("update sync.plan set refused_at = now() - interval '25 hours'")
    practice.sync()
    assert len(practice.writes()) == 1
    practice.sync()
    assert len(practice.writes()) == 1


def test_a_refused_update_leaves_what_is_known_as_it_was(practice: Practice) -> None:
    key = practice.add("accounts", phone="P1")
    practice.sync()
    refuse(practice)
    practice.change("accounts", key, phone="P2")
    practice.sync()
    practice.org.faults.clear()
    practice.change("accounts", key, phone="P1")
    practice.org.calls.clear()
    assert practice.sync().status == "finished"
    assert practice.writes() == []
    practice.assert_same()


def test_a_refused_deletion_keeps_the_record_until_it_goes(practice: Practice) -> None:
    key = practice.add("accounts")
    practice.add("accounts")
    practice.sync()
    practice.remove("accounts", key)
    refuse(practice, statusCode="DELETE_FAILED")
    practice.sync()
    assert practice.open_rows() == {f"account:{key}": "refused"}
    assert practice.record("Account", key)
    practice.org.faults.clear()
    practice.sync(retry_refused=True)
    practice.assert_same()


def test_an_invalid_row_is_not_sent_and_names_its_column(practice: Practice) -> None:
    key = practice.add("accounts", company_name="x" * 300)
    report = practice.sync()
    assert practice.count(report, "account").invalid == 1
    assert practice.writes() == []
    assert practice.problem(key)["code"] == "STRING_TOO_LONG"
    assert practice.problem(key)["column"] == "accounts.company_name"


def test_a_missing_field_in_the_org_stops_its_object_and_no_other(practice: Practice) -> None:
    for number in range(1_100):
        practice.connection.execute(
            "insert into accounts (company_name) values (%s)", [f"C{number}"]
        )
    account = practice.value("select id::text from accounts order by id desc limit 1")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    call = practice.add("activities", project_id=project)
    lead = practice.add("leads", last_name="Ng")
    refuse(practice, statusCode="INVALID_FIELD", message="No such column", fields=[])
    report = practice.sync()
    assert report.status == "finished with problems"
    assert (report.message or "").startswith("account stopped: INVALID_FIELD (")
    assert practice.record("Lead", lead)
    counts = practice.count(report, "account")
    assert counts.refused + counts.planned == 1_100
    assert counts.planned >= 100
    states = practice.open_rows()
    assert states[f"opportunity:{project}"] == states[f"task:{call}"] == "blocked"
    assert len(practice.org.calls) < 8, "it sent the same rows over and over"
    practice.org.faults.clear()
    practice.sync(retry_refused=True)
    practice.assert_same()


def test_a_code_of_configuration_for_one_row_among_good_ones_refuses_that_row(
    practice: Practice,
) -> None:
    keys = [practice.add("accounts") for _ in range(3)]
    error = NO | {"statusCode": "INSUFFICIENT_ACCESS_OR_READONLY"}
    practice.org.faults.append({"when": {"external_id": keys[1]}, "then": {"row_error": error}})
    report = practice.sync()
    assert report.message is None
    assert practice.open_rows() == {f"account:{keys[1]}": "refused"}


def test_a_child_refused_together_with_its_new_parent_is_not_sent_again(
    practice: Practice,
) -> None:
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account)
    refuse(practice, "Opportunity", fields=["Name"])
    practice.sync()
    assert practice.problem(project)["code"] == NO["statusCode"]
    practice.org.calls.clear()
    practice.sync()  # that the account has an Id by now is no change of the project
    assert practice.writes() == []


def duplicate_rule(practice: Practice, action: str) -> None:
    """The org has a lead of that e-mail already, and a rule that looks for such."""
    practice.add("leads", last_name="Ng", email="ng@example.com")
    practice.sync()
    practice.org.rules = [
        {"rule": "duplicate", "object": "Lead", "fields": ["Email"], "action": action}
    ]


def allow_duplicates(practice: Practice) -> None:
    file = practice.mappings / "lead.yaml"
    file.write_text(file.read_text("utf-8") + "duplicate_rule: allow\n", "utf-8")


def test_a_possible_duplicate_is_refused_until_the_mapping_allows_it(practice: Practice) -> None:
    duplicate_rule(practice, "alert")
    key = practice.add("leads", last_name="Ng", email="ng@example.com")
    practice.sync()
    assert practice.open_rows() == {f"lead:{key}": "refused"}
    assert practice.problem(key)["code"] == "DUPLICATES_DETECTED"
    allow_duplicates(practice)
    practice.org.calls.clear()
    assert practice.sync().status == "finished", "another mapping: the row is tried again"
    practice.assert_same()
    (part,) = practice.writes()
    assert part["httpHeaders"] == {
        "Sforce-Auto-Assign": "FALSE",
        "Sforce-Duplicate-Rule-Header": "allowSave=true",
    }
    practice.add("accounts")
    practice.change("leads", key, last_name="Öz", email="n@example.com")
    practice.sync()
    practice.change("leads", key, email="ng@example.com")
    assert practice.sync().status == "finished", "an update that makes a duplicate passes, too"
    practice.assert_same()


def test_what_a_duplicate_rule_blocks_stays_refused(practice: Practice) -> None:
    duplicate_rule(practice, "block")
    allow_duplicates(practice)
    key = practice.add("leads", last_name="Ng", email="ng@example.com")
    practice.sync()
    assert practice.open_rows() == {f"lead:{key}": "refused"}
    assert practice.problem(key)["code"] == "DUPLICATES_DETECTED"


def test_rows_that_a_duplicate_rule_would_stop_go_by_composite_however_many_they_are(
    practice: Practice,
) -> None:
    duplicate_rule(practice, "alert")
    for _ in range(3):
        practice.add("leads", last_name="Ng", email="ng@example.com")
    assert practice.sync(api="bulk").status != "finished", "Bulk has no word for it"
    allow_duplicates(practice)
    with practice.planned(api="bulk") as report:
        assert {(way.mapping, way.api) for way in report.ways} == {("lead", "composite")}
    assert practice.sync(api="bulk").status == "finished"
    practice.assert_same()
