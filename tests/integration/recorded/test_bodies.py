"""What goes to Salesforce for each mapping: the exact bodies, by replaying recorded exchanges.

The rows and the plan are real, in PostgreSQL; Salesforce's side is the recording. The bodies are
compared with the recording, and with what stands here, written by hand.
"""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from crm_sync.settings import Settings
from crm_sync.sync import run
from crm_sync.sync.options import Options
from tests.support.postgres import ROOT, Database
from tests.support.replay import recorded, replayed
from tools.record import BLANK, HOST, RECORDED, read_steps

MAPPINGS = ("account", "event", "lead", "opportunity", "task")
ACCOUNT, OTHER_ACCOUNT, LEAD, PROJECT = (
    "a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002",
    "b0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000001",
)  # fmt: skip
ACTIVITY = "d0000000-0000-4000-8000-00000000000"
DASH = "\N{EN DASH}"
UPSERT, UPDATE, DELETE = "PATCH upsert", "PATCH", "DELETE"

# Mapping → step → what is sent of its objects: (how, object or Id, record) for each row.
EXPECTED: dict[str, dict[str, list[tuple[str, str, dict[str, Any] | None]]]] = {
    "account": {
        "create": [
            (UPSERT, "Account", {
                "CRM_Id__c": ACCOUNT, "Name": "Südhang & Söhne", "Industry": "Energy",
                "Website": "https://suedhang.example.com", "Phone": "+49 30 23125 001",
                "BillingStreet": "Am Hang 7\nHof 2", "BillingCity": "Meppen",
                "BillingPostalCode": "01234", "BillingCountry": "Germany",
            }),
            (UPSERT, "Account", {"CRM_Id__c": OTHER_ACCOUNT, "Name": "No industry, no account"}),
        ],
        "mend what was refused": [
            (UPSERT, "Account", {"CRM_Id__c": OTHER_ACCOUNT, "Name": "No industry, no account",
                                 "Industry": "Banking"}),
        ],
        "update one field": [
            (UPDATE, "Account", {"Id": "001Ord000000001IAA", "Name": "Südhang"}),
        ],
        "clear": [
            (UPDATE, "Account", {"Id": "001Ord000000001IAA", "Phone": None, "Website": None}),
        ],
        "nothing changed": [],
        "delete": [(DELETE, "001Ord000000002IAA", None)],
    },
    "lead": {
        "create": [
            (UPSERT, "Lead", {
                "CRM_Id__c": LEAD, "Company": 'Nordwind "Nord" GmbH', "FirstName": "Ada",
                "LastName": "[not provided]", "Email": "ada@example.com", "LeadSource": "Web",
                "Description": "Call: 50 % 🚀", "Status": "Open - Not Contacted",
            }),
            (UPSERT, "Lead", {
                "CRM_Id__c": LEAD[:-1] + "2", "Company": "Westwind", "LastName": "West",
                "Status": "Working - Contacted",
            }),
        ],
        "update one field": [
            (UPDATE, "Lead", {"Id": "00QOrd000000001MAA", "Status": "Working - Contacted"}),
        ],
        "a value that Salesforce does not tell apart": [],
        "clear": [
            (UPDATE, "Lead", {"Id": "00QOrd000000001MAA", "Description": None, "Email": None}),
        ],
        "a lead that joins an account leaves the leads": [(DELETE, "00QOrd000000001MAA", None)],
    },
    "opportunity": {
        "create beside its parent": [
            (UPSERT, "Opportunity", {
                "CRM_Id__c": PROJECT, "Account": {"CRM_Id__c": ACCOUNT},
                "Name": f"Südhang & Söhne {DASH} Storage", "StageName": "Proposal/Price Quote",
                "Amount": 8280, "CloseDate": "2026-06-30", "Description": "Plan it.",
            }),
            (UPSERT, "Opportunity", {
                "CRM_Id__c": PROJECT[:-1] + "2", "Account": {"CRM_Id__c": ACCOUNT},
                "Name": f"Südhang & Söhne {DASH} Audit", "StageName": "Closed Won",
                "CloseDate": "2026-04-02",  # 90 days after the row was made
            }),
        ],
        "refused": [(UPDATE, "Opportunity", {"Id": "006Ord000000001IAA", "Amount": 1})],
        "update one field": [
            (UPDATE, "Opportunity", {"Id": "006Ord000000001IAA", "Amount": 9999.5}),
        ],
        "clear": [(UPDATE, "Opportunity", {"Id": "006Ord000000001IAA", "Description": None})],
        "another parent": [
            (UPDATE, "Opportunity", {
                "Id": "006Ord000000001IAA", "AccountId": "001Ord000000002IAA",
                "Name": f"No industry, no account {DASH} Storage",
            }),
        ],
        "delete": [(DELETE, "006Ord000000001IAA", None)],
    },
    "task": {
        "create beside each kind of parent": [
            (UPSERT, "Task", {
                "CRM_Id__c": f"task:{ACTIVITY}1", "Subject": "Call: First",
                "Status": "Not Started", "ActivityDate": "2026-03-09",
                "Who": {"attributes": {"type": "Lead"}, "CRM_Id__c": LEAD},
            }),
            (UPSERT, "Task", {
                "CRM_Id__c": f"task:{ACTIVITY}2", "Subject": "Email: Second",
                "Status": "Completed", "ActivityDate": "2026-03-04",
                "What": {"attributes": {"type": "Account"}, "CRM_Id__c": ACCOUNT},
            }),
            (UPSERT, "Task", {
                "CRM_Id__c": f"task:{ACTIVITY}3", "Subject": "Third", "Status": "Not Started",
                "ActivityDate": "2026-03-04", "Description": "One\nTwo",
                "What": {"attributes": {"type": "Opportunity"}, "CRM_Id__c": PROJECT},
            }),
        ],
        "create below parents that are there": [
            (UPSERT, "Task", {
                "CRM_Id__c": f"task:{ACTIVITY}4", "Subject": "Fourth", "Status": "Not Started",
                "ActivityDate": "2026-03-04", "WhatId": "006Ord000000001IAA",
            }),
        ],
        "update one field": [
            (UPDATE, "Task", {"Id": "00TOrd000000002MAA", "Status": "Completed"}),
        ],
        "clear": [(UPDATE, "Task", {"Id": "00TOrd000000003MAA", "Description": None})],
        "a call becomes a meeting": [
            (UPSERT, "Event", {
                "CRM_Id__c": f"event:{ACTIVITY}1", "Subject": "First",
                "ActivityDateTime": "2026-03-04T05:06:07Z", "DurationInMinutes": 30,
                "WhoId": "00QOrd000000001MAA",
            }),
            (DELETE, "00TOrd000000002MAA", None),
        ],
        "delete": [(DELETE, "00TOrd000000001MAA", None)],
    },
    "event": {
        "create beside each kind of parent": [
            (UPSERT, "Event", {
                "CRM_Id__c": f"event:{ACTIVITY}5", "Subject": "Fifth",
                "ActivityDateTime": "2026-03-04T05:06:07Z", "DurationInMinutes": 60,
                "Who": {"attributes": {"type": "Lead"}, "CRM_Id__c": LEAD},
            }),
            (UPSERT, "Event", {
                "CRM_Id__c": f"event:{ACTIVITY}6", "Subject": "Sixth",
                "ActivityDateTime": "2026-03-04T05:06:07Z", "DurationInMinutes": 90,
                "What": {"attributes": {"type": "Account"}, "CRM_Id__c": ACCOUNT},
            }),
        ],
        "refused": [
            (UPSERT, "Event", {
                "CRM_Id__c": f"event:{ACTIVITY}7", "Subject": "Seventh", "Description": "N",
                "ActivityDateTime": "2026-03-04T05:06:07Z", "DurationInMinutes": 60,
                "WhatId": "006Ord000000001IAA",
            }),
        ],
        "update one field": [
            (UPDATE, "Event", {"Id": "00UOrd000000001MAA", "DurationInMinutes": 45}),
        ],
        "mend what was refused": [
            (UPSERT, "Event", {
                "CRM_Id__c": f"event:{ACTIVITY}7", "Subject": "Seventh", "Description": "N",
                "ActivityDateTime": "2026-03-05T08:00:00Z", "DurationInMinutes": 60,
                "WhatId": "006Ord000000001IAA",
            }),
        ],
        "clear": [(UPDATE, "Event", {"Id": "00UOrd000000003MAA", "Description": None})],
        "a meeting becomes a call": [
            (UPSERT, "Task", {
                "CRM_Id__c": f"task:{ACTIVITY}6", "Subject": "Call: Sixth",
                "Status": "Not Started", "ActivityDate": "2026-03-04",
                "WhatId": "001Ord000000001IAA",
            }),
            (DELETE, "00UOrd000000001MAA", None),
        ],
        "delete": [(DELETE, "00UOrd000000002MAA", None)],
    },
}  # fmt: skip
OF_ACTIVITIES = {"Task", "Event"}
OBJECTS = {
    "account": {"Account"}, "lead": {"Lead"}, "opportunity": {"Opportunity"},
    "task": OF_ACTIVITIES, "event": OF_ACTIVITIES,
}  # fmt: skip


@pytest.fixture
def settings(database: Database) -> Settings:
    target = {"instance_url": HOST, "client_id": BLANK, "client_secret": BLANK, "attempts": 1}
    return Settings.model_validate(
        {
            "database_url": database.sync_url,
            "mappings": ROOT / "mappings",
            "targets": {"recorded": target},
        }
    )


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_the_bodies_of_a_mapping(
    settings: Settings, connection: psycopg.Connection[Any], mapping: str
) -> None:
    first = recorded("first_sync")["exchanges"]
    with replayed(first) as sent:
        run.sync(settings, options=Options(yes=True))
    assert sent == [exchange["body"] for exchange in first]
    steps = recorded(mapping)["steps"]
    assert list(EXPECTED[mapping]) == [step["step"] for step in steps]
    for step, kept in zip(read_steps(mapping), steps, strict=True):
        connection.execute(step.sql.encode())
        exchanges = [first[0], *kept["exchanges"]]
        with replayed(exchanges) as sent:
            report = run.sync(settings)
        assert sent == [exchange["body"] for exchange in exchanges], step.name
        assert report.status == kept["status"]
        said = [row for body in sent[1:] for row in rows_of(body)]
        said = [row for row in said if row[0] == DELETE or row[1] in OBJECTS[mapping]]
        wanted = EXPECTED[mapping][step.name]
        assert in_order(said) == in_order(wanted), step.name


def in_order(rows: list[tuple[str, str, dict[str, Any] | None]]) -> list[str]:
    """Rows of one object may go in any order."""
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows)


def rows_of(body: dict[str, Any]) -> list[tuple[str, str, dict[str, Any] | None]]:
    """(how, object or Id, record without its type) for each row that a composite call writes."""
    found: list[tuple[str, str, dict[str, Any] | None]] = []
    for request in body["compositeRequest"]:
        if request["method"] == "GET":
            continue
        assert request["httpHeaders"] == {"Sforce-Auto-Assign": "FALSE"}
        path, _, query = request["url"].partition("?")
        if request["method"] == "DELETE":
            ids = query.removeprefix("ids=").removesuffix("&allOrNone=false").split(",")
            found += [(DELETE, record_id, None) for record_id in ids]
            continue
        assert request["body"]["allOrNone"] is False
        is_upsert = path.endswith("/CRM_Id__c")
        for record in request["body"]["records"]:
            kind = record["attributes"]["type"]
            assert record["attributes"] == {"type": kind}
            assert not is_upsert or path.endswith(f"/{kind}/CRM_Id__c")
            rest = {name: value for name, value in record.items() if name != "attributes"}
            found.append((UPSERT if is_upsert else UPDATE, kind, rest))
    return found


def test_there_is_a_recording_for_each_mapping_here_and_no_other() -> None:
    names = {file.stem for file in RECORDED.glob("*.json")}
    assert names == {"first_sync", *MAPPINGS}
    assert {file.stem for file in RECORDED.glob("*.sql")} == set(MAPPINGS)


def test_no_recording_holds_a_secret() -> None:
    for file in RECORDED.glob("*.json"):
        text = file.read_text(encoding="utf-8")
        assert "127.0.0.1" not in text
        for name in ("client_secret", "access_token", "client_id"):
            assert text.count(f'"{name}"') == text.count(f'"{name}": "{BLANK}"')
