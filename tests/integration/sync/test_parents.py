"""Children and their parents: the order of sending, and who waits for whom."""

from __future__ import annotations

from itertools import groupby

import pytest

from tests.integration.sync.practice import Practice

NO = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No.", "fields": []}


def refuse(practice: Practice, key: str, **error: object) -> None:
    practice.org.faults.append({"when": {"external_id": key}, "then": {"row_error": NO | error}})


@pytest.fixture
def family(practice: Practice) -> tuple[str, str, str]:
    account = practice.add("accounts", company_name="Harbour Pilots")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    call = practice.add("activities", project_id=project)
    return account, project, call


def test_children_of_a_refused_parent_are_blocked_and_go_when_it_succeeds(
    practice: Practice, family: tuple[str, str, str]
) -> None:
    account, project, call = family
    refuse(practice, account)
    report = practice.sync()
    assert practice.open_rows() == {
        f"account:{account}": "refused",
        f"opportunity:{project}": "blocked",
        f"task:{call}": "blocked",
    }
    assert report.message is None, "a child's error must not stop its object"
    assert "Harbour Pilots" in practice.problem(project)["sentence"]
    practice.org.faults.clear()
    practice.change("accounts", account, phone="+49 555 0101")
    practice.sync()
    practice.assert_same()


def test_the_history_tells_once_that_a_row_waits(
    practice: Practice, family: tuple[str, str, str]
) -> None:
    account, project, _ = family
    refuse(practice, account)
    for _ in range(3):
        practice.sync(retry_refused=True)
    assert practice.history(account) == [("create", "refused")] * 3
    assert practice.history(project) == [("create", "blocked")]
    (told,) = practice.rows("select after, problem from sync.history where key = %s", project)
    assert told == {"after": None, "problem": practice.problem(project)}
    assert told["problem"]["code"] == "PARENT_NOT_READY"
    practice.org.faults.clear()
    practice.sync(retry_refused=True)
    assert practice.history(project) == [("create", "blocked"), ("create", "recorded")]
    practice.assert_same()


def test_rows_of_one_parent_stay_together(practice: Practice) -> None:
    """Salesforce locks the parent of each row; keys alone would send these in turn."""
    accounts = [practice.add("accounts") for _ in range(3)]
    for number in range(12):
        practice.add(
            "projects",
            id=f"00000000-0000-4000-8000-{number:012}",
            account_id=accounts[number % 3],
            start_date="2026-01-05",
        )
    practice.sync()
    parents = [r["Account"]["CRM_Id__c"] for r in practice.sent() if "StageName" in r]
    assert len(parents) == 12
    assert [parent for parent, _ in groupby(parents)] == sorted(accounts)


def test_children_of_an_invalid_parent_are_blocked_in_the_plan(practice: Practice) -> None:
    account = practice.add("accounts", company_name="x" * 300)
    practice.add("projects", account_id=account, start_date="2026-01-05")
    assert [(r.mapping, r.state) for r in practice.plan()] == [
        ("account", "invalid"),
        ("opportunity", "blocked"),
    ]


def test_a_row_that_waits_shows_its_whole_payload_and_the_parent_that_it_will_name(
    practice: Practice,
) -> None:
    """Also the fields of which a note tells: here the text that is cut."""
    account = practice.add("accounts", company_name="x" * 300)
    project = practice.add(
        "projects", account_id=account, project_name="n" * 300, contract_value=500,
        start_date="2026-01-05", end_date="2026-03-05",
    )  # fmt: skip
    call = practice.add("activities", project_id=project)
    rows = {row.key: row for row in practice.plan()}
    waiting = rows[project]
    assert waiting.state == "blocked"
    assert {"TRUNCATED", "PARENT_NOT_READY"} <= {problem.code for problem in waiting.problems}
    values = {change.field: change.after for change in waiting.changes}
    assert values["AccountId"] == {"mapping": "account", "key": account}
    assert {"Name", "Amount", "CloseDate", "StageName"} <= values.keys()
    assert rows[call].state == "blocked"
    named = {change.field: change.after for change in rows[call].changes}
    assert named["WhatId"] == {"mapping": "opportunity", "key": project}


def test_an_update_shows_the_new_parent_that_it_waits_for(practice: Practice) -> None:
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.sync()
    other = practice.add("accounts", company_name="x" * 300)
    practice.change("projects", project, account_id=other)
    [row] = [row for row in practice.plan() if row.key == project]
    [change] = [change for change in row.changes if change.field == "AccountId"]
    assert row.state == "blocked"
    assert change.before == practice.record("Account", account)["Id"]
    assert change.after == {"mapping": "account", "key": other}


def test_an_update_that_names_a_refused_new_parent_is_blocked_and_stops_nothing(
    practice: Practice, family: tuple[str, str, str]
) -> None:
    _, project, _ = family
    practice.sync()
    other = practice.add("accounts", company_name="Lighthouse")
    practice.change("projects", project, account_id=other)
    refuse(practice, other)
    report = practice.sync()
    assert practice.open_rows() == {
        f"account:{other}": "refused",
        f"opportunity:{project}": "blocked",
    }
    assert report.message is None
    practice.org.faults.clear()
    practice.sync(retry_refused=True)
    practice.assert_same()


def test_a_parent_that_is_locked_at_first_goes_before_its_children(
    practice: Practice, family: tuple[str, str, str]
) -> None:
    error = NO | {"statusCode": "UNABLE_TO_LOCK_ROW"}
    practice.org.faults.append({"when": {"external_id": family[0]}, "then": {"row_error": error},
                                "times": 1})  # fmt: skip
    assert practice.sync().status == "finished"
    practice.assert_same()


def test_a_child_is_selected_without_its_parent(
    practice: Practice, family: tuple[str, str, str]
) -> None:
    account, project, _ = family
    report = practice.sync(select=("opportunity",))
    assert practice.open_rows() == {f"opportunity:{project}": "blocked"}
    assert practice.writes() == []
    assert {s.mapping for s in report.summaries} == {"opportunity"}
    practice.sync(select=("account",))
    practice.sync(select=("opportunity",))
    assert (
        practice.record("Opportunity", project)["AccountId"]
        == (practice.record("Account", account)["Id"])
    )
    practice.sync()
    practice.assert_same()


def test_a_parent_is_not_deleted_by_a_run_without_its_children(practice: Practice) -> None:
    account = practice.add("accounts")
    call = practice.add("activities", account_id=account)
    practice.add("accounts")
    practice.sync()
    practice.remove("accounts", account)  # the call goes with it, here
    practice.sync(select=("account",))
    assert practice.open_rows() == {f"account:{account}": "blocked"}
    assert practice.problem(account)["code"] == "CHILDREN_REMAIN"
    assert practice.record("Task", call)
    practice.sync(allow_deletions=True)
    practice.assert_same()


def test_children_are_deleted_in_calls_before_their_parents(practice: Practice) -> None:
    account = practice.add("accounts")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    call = practice.add("activities", project_id=project)
    practice.add("accounts")
    practice.sync()
    practice.org.calls.clear()
    for table, key in (("activities", call), ("projects", project), ("accounts", account)):
        practice.remove(table, key)
    practice.sync(allow_deletions=True)
    ids = [part["url"].split("ids=")[1][:3] for part in practice.writes()]
    assert ids == ["00T", "006", "001"]
    calls = [c.body["compositeRequest"] for c in practice.org.calls if c.subrequests]
    # Each reads what it deletes, to see what people edited, and then deletes it.
    assert [[part["method"] for part in call] for call in calls] == [["GET", "DELETE"]] * 3
    practice.assert_same()


def test_a_child_that_refuses_to_leave_keeps_its_parent(practice: Practice) -> None:
    account, other = practice.add("accounts"), practice.add("accounts")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.sync()
    practice.change("projects", project, account_id=other)
    practice.remove("accounts", account)
    opportunity = practice.record("Opportunity", project)["Id"]
    practice.org.faults.append({"when": {"id": opportunity}, "then": {"row_error": NO}})
    practice.sync()
    assert practice.open_rows() == {
        f"opportunity:{project}": "refused",
        f"account:{account}": "blocked",
    }
    assert practice.record("Account", account)
    assert practice.record("Opportunity", project), "Salesforce took it along with its parent"
    practice.org.faults.clear()
    practice.sync(retry_refused=True)
    practice.assert_same()


def test_a_lead_that_becomes_an_account_leaves_and_its_calls_go_to_the_account(
    practice: Practice,
) -> None:
    lead = practice.add("leads", last_name="Ng", lead_status="won")
    calls = [practice.add("activities", lead_id=lead) for _ in range(3)]
    meeting = practice.add("activities", lead_id=lead, activity_type="meeting")
    practice.sync()
    account = str(practice.value("select convert_lead(%s)", lead))
    practice.sync(allow_deletions=True)
    assert practice.records("Lead", lead) == []
    given = practice.record("Account", account)["Id"]
    for call in calls:
        task = practice.record("Task", call)
        assert (task["WhoId"], task["WhatId"]) == (None, given)
    assert practice.record("Event", meeting)["WhatId"] == given
    assert practice.value("select count(*) from sync.history where action = 'create'"
                          " and mapping in ('task', 'event')") == 4  # fmt: skip
    practice.assert_same()


def test_a_converted_lead_whose_call_cannot_be_moved_stays_with_it(practice: Practice) -> None:
    lead = practice.add("leads", last_name="Ng", lead_status="won")
    call = practice.add("activities", lead_id=lead)
    practice.sync()
    practice.value("select convert_lead(%s)::text", lead)
    task = practice.record("Task", call)["Id"]
    practice.org.faults.append({"when": {"id": task}, "then": {"row_error": NO}})
    practice.sync(allow_deletions=True)
    assert practice.open_rows() == {f"task:{call}": "refused", f"lead:{lead}": "blocked"}
    assert practice.record("Task", call)
    practice.org.faults.clear()
    practice.sync(retry_refused=True, allow_deletions=True)
    practice.assert_same()


def test_what_salesforce_deletes_along_with_a_parent_is_marked_with_it(practice: Practice) -> None:
    file = practice.mappings / "opportunity.yaml"
    file.write_text(
        file.read_text("utf-8").replace("on_delete: delete", "on_delete: ignore"), "utf-8"
    )
    account = practice.add("accounts")
    practice.add("accounts")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.sync()
    practice.remove("projects", project)
    practice.sync()
    assert practice.record("Opportunity", project), "on_delete says ignore"
    practice.remove("accounts", account)
    practice.sync()
    assert practice.records("Opportunity", project) == []
    assert practice.history(project)[-1] == ("delete", "recorded")
    practice.assert_same()


def test_records_of_a_disabled_mapping_keep_their_parent(practice: Practice) -> None:
    account = practice.add("accounts")
    call = practice.add("activities", account_id=account)
    practice.sync()
    file = practice.mappings / "task.yaml"
    text = file.read_text("utf-8")
    file.write_text(text + "enabled: false\n", "utf-8")
    practice.remove("accounts", account)
    practice.sync(allow_deletions=True)
    assert practice.problem(account)["code"] == "CHILDREN_REMAIN"
    assert practice.record("Task", call)
    file.write_text(text, "utf-8")
    practice.sync(allow_deletions=True)
    practice.assert_same()


def test_a_long_name_of_a_parent_is_cut_where_its_child_waits(practice: Practice) -> None:
    name = "Kelp " * 60  # no Name of an account takes so many
    account = practice.add("accounts", company_name=name)
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    planned = {row.key: row for row in practice.plan()}
    said = f"Waits for the account {name[:59]}…, which is invalid."
    assert said in [problem.sentence for problem in planned[project].problems]
