"""What a consultant's day costs: one call beyond sign-in; the few exceptions are named here."""

from __future__ import annotations

import pytest

from crm_sync.report.model import RunReport
from tests.integration.sync.practice import Practice

Keys = dict[str, list[str]]


@pytest.fixture
def yesterday(practice: Practice) -> Keys:
    """Rows that Salesforce holds already."""
    accounts = [practice.add("accounts", company_name=f"Client {n}") for n in range(4)]
    leads = [practice.add("leads", last_name=f"Ng {n}") for n in range(4)]
    projects = [
        practice.add("projects", account_id=account, start_date="2026-01-05")
        for account in accounts[:3]
    ]
    calls = [practice.add("activities", project_id=project) for project in projects]
    meetings = [practice.add("activities", activity_type="meeting", lead_id=lead) for lead in leads]
    assert practice.sync().status == "finished"
    practice.org.calls.clear()
    return {"accounts": accounts, "leads": leads, "projects": projects, "calls": calls,
            "meetings": meetings}  # fmt: skip


def new_client(practice: Practice) -> str:
    """A new account with a project and four calls about it: six creates, five with a new parent."""
    account = practice.add("accounts", company_name="New client")
    project = practice.add("projects", account_id=account, start_date="2026-02-01")
    for number in range(4):
        practice.add("activities", project_id=project, subject=f"Kick-off {number}")
    return account


def thirteen_updates(practice: Practice, known: Keys) -> None:
    for number, key in enumerate(known["accounts"]):
        practice.change("accounts", key, phone=f"+49 30 {number}")
    for key in known["leads"][:3]:
        practice.change("leads", key, title="Pilot")
    for key in known["projects"][:2]:
        practice.change("projects", key, project_name="Tide tables, second edition")
    for key in known["calls"][:2] + known["meetings"][:2]:
        practice.change("activities", key, subject="Moved to Tuesday")


def calls(practice: Practice) -> list[list[str]]:
    """Of each API call beyond sign-in, what its subrequests wrote: beside them it reads what people
    edited, record by record.
    """
    return [
        [
            f"{part['method']} {part['url'].split('/')[-2]}"
            for part in call.body["compositeRequest"]
            if part["method"] != "GET"
        ]
        for call in practice.org.calls
        if "/oauth2/" not in call.path
    ]


def counts(report: RunReport) -> tuple[int, int, int]:
    create, update, delete = (
        sum(getattr(s, action) for s in report.summaries)
        for action in ("create", "update", "delete")
    )
    return create, update, delete


def test_twenty_changed_rows_in_five_objects_go_in_one_call(
    practice: Practice, yesterday: Keys
) -> None:
    account = new_client(practice)
    thirteen_updates(practice, yesterday)
    practice.remove("activities", yesterday["calls"][2])
    report = practice.sync()
    assert (counts(report), report.calls) == ((6, 13, 1), 1)
    touched = {s.object for s in report.summaries if s.recorded}
    assert touched == {"Account", "Lead", "Opportunity", "Task", "Event"}
    assert [call.path.rsplit("/", 1)[-1] for call in practice.org.calls] == ["token", "composite"]
    [parts] = calls(practice)
    assert len(parts) == 5
    assert practice.record("Account", account)["Id"]
    practice.assert_same()


def test_a_deletion_goes_in_a_call_after_the_rows_that_it_waits_for(
    practice: Practice, yesterday: Keys
) -> None:
    """Salesforce would take along whatever refused to leave the account."""
    leaving, staying = yesterday["accounts"][2], yesterday["accounts"][3]
    practice.change("projects", yesterday["projects"][2], account_id=staying)
    practice.remove("accounts", leaving)
    report = practice.sync()
    assert (counts(report), report.calls) == ((0, 1, 1), 2)
    practice.assert_same()


def test_new_rows_of_every_object_beside_updates_and_a_deletion_take_two_calls(
    practice: Practice, yesterday: Keys
) -> None:
    """A call takes five lists: one of creates for each object, one of updates, one of deletions."""
    new_client(practice)
    lead = practice.add("leads", last_name="Ono")
    practice.add("activities", activity_type="meeting", lead_id=lead)
    practice.change("leads", yesterday["leads"][0], title="Pilot")
    practice.remove("activities", yesterday["calls"][2])
    report = practice.sync()
    assert (counts(report), report.calls) == ((8, 1, 1), 2)
    assert [len(parts) for parts in calls(practice)] == [5, 2]
    practice.assert_same()
