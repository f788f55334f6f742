"""Tasks: closed or open, whom and what they are about."""

from .client import Client


def test_a_closed_task_says_since_when_and_forgets_it_when_reopened(client: Client) -> None:
    task = client.upsert_one("Task", CRM_Id__c="c", Subject="T", Status="Completed")
    done = client.row("Task", task, "IsClosed", "CompletedDateTime")
    assert done["IsClosed"] is True
    assert done["CompletedDateTime"]
    client.update("Task", task, Status="In Progress")
    assert client.row("Task", task, "IsClosed", "CompletedDateTime") == {
        "IsClosed": False,
        "CompletedDateTime": None,
    }


def test_high_priority_follows_the_priority(client: Client) -> None:
    task = client.upsert_one("Task", CRM_Id__c="p", Subject="T", Priority="High")
    assert client.row("Task", task, "IsHighPriority") == {"IsHighPriority": True}


def test_the_due_date_is_a_date_and_stays_one(client: Client) -> None:
    task = client.upsert_one("Task", CRM_Id__c="d", Subject="T", ActivityDate="2026-03-29")
    assert client.row("Task", task, "ActivityDate") == {"ActivityDate": "2026-03-29"}


def test_a_lead_stands_alone(client: Client) -> None:
    lead = client.upsert_one("Lead", CRM_Id__c="l", LastName="L", Company="C")
    account = client.upsert_one("Account", CRM_Id__c="a", Name="A")
    error = client.error("Task", CRM_Id__c="both", WhoId=lead, WhatId=account)
    assert error["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert error["fields"] == ["WhoId", "WhatId"]


def test_the_account_follows_what_the_task_is_about(client: Client) -> None:
    account = client.upsert_one("Account", CRM_Id__c="a2", Name="A")
    opportunity = client.upsert_one(
        "Opportunity",
        CRM_Id__c="o2",
        Name="O",
        StageName="Prospecting",
        CloseDate="2026-01-01",
        AccountId=account,
    )
    task = client.upsert_one("Task", CRM_Id__c="t2", Subject="T", WhatId=opportunity)
    assert client.row("Task", task, "AccountId", "What.Name", "What.Type") == {
        "AccountId": account,
        "What": {"Name": "O", "Type": "Opportunity"},
    }
    client.update("Task", task, WhatId=None)
    assert client.row("Task", task, "AccountId") == {"AccountId": None}


def test_the_external_ids_of_tasks_and_events_are_kept_apart(client: Client) -> None:
    client.upsert_one("Task", CRM_Id__c="same", Subject="T")
    client.upsert_one(
        "Event",
        CRM_Id__c="same",
        Subject="E",
        ActivityDateTime="2026-01-01T10:00:00Z",
        DurationInMinutes=5,
    )
