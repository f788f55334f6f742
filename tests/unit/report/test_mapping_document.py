from __future__ import annotations

from typing import Any

import pytest

from crm_sync.mapping.document import document
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts

ACCOUNT = Mapping.model_validate(
    {
        "name": "account",
        "object": "Account",
        "about": "A client | of the *practice*.",
        "source": {"table": "accounts"},
        "label": "company_name",
        "fields": {"Name": "company_name"},
        "on_delete": "delete",
    }
)
TASK = Mapping.model_validate(
    {
        "name": "task",
        "object": "Task",
        "external_id": {"field": "CRM_Id__c", "prefix": "task:"},
        "source": {
            "table": "activities",
            "join": {"lead": "leads"},
            "where": "activity_type <> 'meeting'",
        },
        "label": "subject",
        "fields": {
            "Subject": {"sql": "activity_type || ': ' || subject", "too_long": "truncate"},
            "Status": {
                "column": "state",
                "values": {"open": "Not Started", "dropped": None},
                "otherwise": "keep",
                "write": "on_create",
            },
            "Priority": {"constant": "Normal"},
            "Minutes__c": {"column": "minutes", "if_null": 60},
            "Age__c": {"sql": "current_date - due_date", "time_dependent": True},
        },
        "lookups": {
            "WhatId": [
                {"mapping": "account", "column": "account_id"},
                {"mapping": "project", "sql": "coalesce(project_id, lead.project_id)"},
            ],
            "OwnerId": {"object": "User", "by": "Email", "column": "owner_email"},
        },
        "on_delete": {"set": {"Status": "Deferred"}},
        "not_mapped": {"notes": "Nobody reads them."},
    }
)
EVENT = Mapping.model_validate(
    {
        "name": "event",
        "object": "Event",
        "source": {"table": "activities", "where": "activity_type = 'meeting'"},
        "label": "subject",
        "fields": {"Subject": "subject"},
    }
)


def facts(name: str, *fields: FieldFacts) -> ObjectFacts:
    return ObjectFacts(name=name, fields={field.name: field for field in fields})


FACTS = {
    "Account": facts(
        "Account",
        FieldFacts(
            name="Name",
            label="Account Name",
            type="string",
            length=255,
            createable=True,
            nillable=False,
        ),
    ),
    "Task": facts(
        "Task",
        FieldFacts(name="CRM_Id__c", type="string", length=64, unique=True),
        FieldFacts(name="Subject", label="Subject", type="combobox", length=255),
        FieldFacts(name="Status", label="Status", type="picklist", restrictedPicklist=True),
        FieldFacts(name="Priority", label="Priority", type="picklist"),
        FieldFacts(name="Minutes__c", type="double", precision=18, scale=2),
        FieldFacts(name="WhatId", type="reference", referenceTo=("Account", "Opportunity")),
    ),
}


def page(*mappings: Mapping, **examples: dict[str, object]) -> str:
    return document(mappings, FACTS, examples)


def lines(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def test_a_field_has_label_type_source_rule_and_example() -> None:
    text = page(ACCOUNT, account={"Name": "Müller | Söhne"})
    assert lines(text, "| `Name`") == [
        r"| `Name` | Account Name | Text(255) | `company_name` | required | Müller \| Söhne |"
    ]


def test_sql_stands_as_code_that_no_bar_breaks() -> None:
    text = page(ACCOUNT, TASK)
    assert (
        "| <code>activity_type &#124;&#124; ': ' &#124;&#124; subject</code> | cut to 255 "
        "characters, with a note |" in text
    )


def test_every_rule_is_said_in_words() -> None:
    text = page(ACCOUNT, TASK)
    assert "by the table of values below; other values as they are; written on create only" in text
    assert "always `Normal`" in text
    assert "`60` where null, with a note" in text
    assert "changes with time, so every row is compared each time" in text
    assert "Picklist, restricted" in text
    assert "Number(16, 2)" in text
    assert "not in the org that was described" in text


def test_the_source_the_key_and_deletion_are_said() -> None:
    text = page(ACCOUNT, TASK)
    assert "table `activities`, joined with `leads` as `lead`" in text
    assert "only rows where `activity_type <> 'meeting'`" in text
    assert "`CRM_Id__c` (Text(64), unique) holds `task:` and `activities.id`." in text
    assert "its record stays and gets `Status` = `Deferred`." in text
    assert "its record is deleted, too" in text


def test_a_value_map_is_a_table_and_an_empty_value_says_so() -> None:
    text = page(ACCOUNT, TASK)
    assert "### Values of `Status`\n\n| `state` | In Salesforce |" in text
    assert "| `open` | Not Started |" in text
    assert "| `dropped` | *empty* |" in text


def test_a_lookup_lists_its_parents() -> None:
    text = page(ACCOUNT, TASK, task={"WhatId": {"account": "77"}})
    row = lines(text, "| `WhatId`")[0]
    assert "| Account | `account_id` |" in row
    assert "Id of account `77`" in row
    assert "`coalesce(project_id, lead.project_id)`" in text
    assert "| the User whose `Email` is | `owner_email` |" in text
    assert "task -->|WhatId| account" in text


def test_what_is_not_mapped_says_why() -> None:
    assert "| `notes` | Nobody reads them. |" in page(ACCOUNT, TASK)


def test_mappings_over_one_table_say_that_a_row_can_move() -> None:
    text = page(TASK, EVENT)
    assert "**When a row moves to Event:** its record is deleted here and created there." in text
    assert "When a row moves" not in page(TASK)


def test_every_table_has_as_many_cells_as_its_head() -> None:
    text = page(ACCOUNT, TASK, EVENT, account={"Name": "a|b"}, task={"Subject": "x\ny"})
    width = 0
    for line in text.splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = line.replace(r"\|", "").count("|")
        width = width or cells
        assert cells == width, line


def test_links_of_the_overview_lead_to_headings() -> None:
    second = ACCOUNT.model_copy(update={"name": "partner"})
    text = page(ACCOUNT, second, TASK)
    assert "[Account](#account-partner)" in text
    assert "## Account (partner)" in text
    assert "## Task" in text
    assert "(#task)" in text


def test_prose_cannot_become_markup() -> None:
    assert r"A client \| of the \*practice\*." in page(ACCOUNT)


def test_an_object_that_needs_what_bulk_lacks_says_that_it_never_goes_that_way() -> None:
    said = "Way to Salesforce"
    assert said not in document([ACCOUNT], {}, {})
    for more, lacks in (
        ({"assignment_rule": "active"}, "assignment rules"),
        ({"duplicate_rule": "allow"}, "a way past duplicate rules"),
    ):
        page = document([ACCOUNT.model_copy(update=more)], {}, {})
        assert (
            f"**{said}:** by Composite, however many rows there are, since Bulk API 2.0 lacks "
            f"{lacks}." in page
        )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"assignment_rule": "active"}, "**Assignment rule:** the org's active one runs, and may"),
        ({"assignment_rule": "01Q5g000000AbCd"}, "**Assignment rule:** `01Q5g000000AbCd` runs"),
        ({"duplicate_rule": "allow"}, "**Possible duplicates:** a record that a duplicate rule"),
        ({"formerly": "client"}, "**Former name:** `client`; its records follow."),
        ({"enabled": False}, "**Switched off:** nothing is sent; its records are kept"),
        ({"time_zone": "Europe/Berlin"}, "**Time zone of computed dates:** Europe/Berlin."),
        ({"on_missing": "recreate"}, "deleted in Salesforce:** it is created again."),
    ],
)
def test_every_word_of_a_mapping_is_said_in_words(more: dict[str, Any], said: str) -> None:
    assert said not in document([ACCOUNT], {}, {})
    assert said in document([ACCOUNT.model_copy(update=more)], {}, {})


@pytest.mark.parametrize(
    ("lookup", "said"),
    [
        ({}, "a row whose record is not found is invalid"),
        ({"otherwise": "blank"}, "empty where none is found, with a note"),
        (
            {"otherwise": "default"},
            "where none is found, the target's default owner or else Salesforce's own default, "
            "with a note",
        ),
        ({"sensitive": True}, "reports hide its values"),
    ],
)
def test_a_record_that_is_not_ours_says_what_happens_where_it_is_not_found(
    lookup: dict[str, Any], said: str
) -> None:
    owner = {"object": "User", "by": "Email", "column": "owner_email", **lookup}
    mapping = Mapping.model_validate({**ACCOUNT.model_dump(), "lookups": {"OwnerId": owner}})
    assert said in document([mapping], {}, {})


@pytest.mark.parametrize(
    ("otherwise", "said"),
    [
        ("error", "any other value makes the row invalid"),
        ("keep", "other values as they are"),
        ("blank", "other values leave it empty"),
        ("Other", "other values become `Other`"),
    ],
)
def test_a_value_map_says_what_becomes_of_others(otherwise: str, said: str) -> None:
    rule = {"column": "a", "values": {"b": "c"}, "otherwise": otherwise, "sensitive": True}
    mapping = Mapping.model_validate({**ACCOUNT.model_dump(), "fields": {"Rating": rule}})
    page = document([mapping], {}, {})
    assert f"by the table of values below; {said}; reports hide its values" in page
