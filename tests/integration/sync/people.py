"""What people do in Salesforce beside a sync, and what the database makes of it, for tests."""

from __future__ import annotations

from tests.integration.sync.practice import Practice, Record


def say(practice: Practice, mapping: str, text: str) -> None:
    """Adds a line to a mapping's file."""
    file = practice.mappings / f"{mapping}.yaml"
    file.write_text(f"{file.read_text('utf-8')}\n{text}\n", "utf-8")


def accounts(practice: Practice) -> list[Record]:
    """The living accounts of the org."""
    return practice.org.store.records("Account")


def lead_of(practice: Practice, key: str) -> str:
    """The Id of a lead's record."""
    return str(practice.record("Lead", key)["Id"])


def convert_here(practice: Practice, lead: str) -> str:
    """The CRM converts a lead; the key of the account that it made."""
    return str(practice.value("select convert_lead(%s)", lead))


def codes(practice: Practice) -> dict[str, str]:
    """The code of each row that is not in order, by key."""
    rows = practice.rows("select key, problems -> 0 ->> 'code' as code from sync.plan")
    return {row["key"]: row["code"] for row in rows}


def merge(practice: Practice, winner: str, *losers: str) -> str:
    """People merge records of these keys; the master's Id."""
    master = str(practice.record("Account", winner)["Id"])
    for loser in losers:
        practice.org.merge(master, practice.record("Account", loser)["Id"])
    return master


def foreign(practice: Practice, **fields: object) -> str:
    """An account that people made in Salesforce."""
    key = practice.add("accounts", company_name="Theirs")
    practice.sync()
    given = str(practice.record("Account", key)["Id"])
    practice.org.edit(given, {"CRM_Id__c": None, **fields})
    practice.connection.execute("delete from sync.record where key = %s", [key])
    practice.connection.execute("delete from accounts where id = %s", [key])
    return given
