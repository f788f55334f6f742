"""The recycle bin, what goes along, and merges."""

from .client import Client


def family(client: Client, key: str) -> dict[str, str]:
    """An account with an opportunity, a task and an event, and a lead with a task."""
    account = client.upsert_one("Account", CRM_Id__c=key, Name=key)
    opportunity = client.upsert_one(
        "Opportunity",
        CRM_Id__c=key,
        Name=key,
        StageName="Prospecting",
        CloseDate="2026-01-01",
        AccountId=account,
    )
    lead = client.upsert_one("Lead", CRM_Id__c=key, LastName=key, Company=key)
    return {
        "Account": account,
        "Opportunity": opportunity,
        "Lead": lead,
        "Task": client.upsert_one("Task", CRM_Id__c=f"{key}1", Subject="T", WhatId=account),
        "TaskOfLead": client.upsert_one("Task", CRM_Id__c=f"{key}2", Subject="T", WhoId=lead),
        "Event": client.upsert_one(
            "Event",
            CRM_Id__c=key,
            Subject="E",
            ActivityDateTime="2026-01-01T10:00:00Z",
            DurationInMinutes=5,
            WhatId=opportunity,
        ),
    }


def deleted(client: Client, ids: dict[str, str]) -> set[str]:
    return {
        name
        for name, record_id in ids.items()
        if (record := client.org.store.record(record_id)) is not None and record["IsDeleted"]
    }


def test_an_account_takes_its_opportunities_and_all_their_activities_along(
    client: Client,
) -> None:
    ids = family(client, "account")
    assert client.call("DELETE", f"/sobjects/Account/{ids['Account']}").status_code == 204
    assert deleted(client, ids) == {"Account", "Opportunity", "Task", "Event"}
    again = client.call("DELETE", f"/sobjects/Event/{ids['Event']}")
    assert again.status_code == 404
    assert again.json()[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_a_lead_and_an_opportunity_take_their_activities_along(client: Client) -> None:
    ids = family(client, "both")
    client.org.delete(ids["Lead"])
    assert deleted(client, ids) == {"Lead", "TaskOfLead"}
    client.org.delete(ids["Opportunity"])
    assert deleted(client, ids) == {"Lead", "TaskOfLead", "Opportunity", "Event"}


def test_a_child_account_stays_and_loses_its_parent(client: Client) -> None:
    parent = client.upsert_one("Account", CRM_Id__c="parent", Name="P")
    child = client.upsert_one("Account", CRM_Id__c="child", Name="C", ParentId=parent)
    client.org.delete(parent)
    assert client.row("Account", child, "IsDeleted", "ParentId") == {
        "IsDeleted": False,
        "ParentId": None,
    }


def test_a_deleted_record_shows_in_query_all_only(client: Client) -> None:
    record_id = client.upsert_one("Account", CRM_Id__c="hidden", Name="H")
    client.org.delete(record_id)
    soql = "SELECT Id, IsDeleted FROM Account WHERE CRM_Id__c = 'hidden'"
    assert client.query(soql) == []
    assert client.query(soql, "queryAll") == [{"Id": record_id, "IsDeleted": True}]


def test_an_archived_activity_shows_in_query_all_only(client: Client) -> None:
    task = client.upsert_one("Task", CRM_Id__c="old", Subject="T")
    client.org.edit(task, {"IsArchived": True})
    soql = "SELECT Id FROM Task WHERE CRM_Id__c = 'old'"
    assert client.query(soql) == []
    assert client.query(soql, "queryAll") == [{"Id": task}]


def test_the_loser_of_a_merge_names_the_winner_who_gets_its_children(client: Client) -> None:
    ids = family(client, "loser")
    winner = client.upsert_one("Account", CRM_Id__c="winner", Name="W")
    client.org.merge(winner, ids["Account"])
    assert client.row("Account", ids["Account"], "IsDeleted", "MasterRecordId") == {
        "IsDeleted": True,
        "MasterRecordId": winner,
    }
    assert client.row("Opportunity", ids["Opportunity"], "AccountId") == {"AccountId": winner}
    assert client.row("Task", ids["Task"], "WhatId") == {"WhatId": winner}
