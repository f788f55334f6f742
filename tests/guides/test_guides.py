"""Both how-to guides about the schema do what they say, word by word, in a copy of the repository.

What Salesforce holds afterwards is asked of the local org that the guide starts: from the copy,
as all commands are, with the copy's schema and mappings.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from psycopg import errors

from tests.guides.following import Reader, follow, git
from tests.support.postgres import ROOT, Database

HOW_TO = ROOT / "docs" / "how-to"


def guide(name: str) -> str:
    return (HOW_TO / f"{name}.md").read_text(encoding="utf-8")


def found(reader: Reader, query: str) -> list[dict[str, Any]]:
    """What the org that the guide started answers to a query."""
    org = reader.filled_in
    answer = requests.get(
        f"{org['instance_url']}/services/data/v60.0/query",
        params={"q": query},
        headers={"Authorization": f"Bearer {org['access_token']}"},
        verify=org["ca_bundle"],
        timeout=30,
    )
    answer.raise_for_status()
    return [
        {name: value for name, value in record.items() if name != "attributes"}
        for record in answer.json()["records"]
    ]


def assert_committed(reader: Reader) -> None:
    """The guide ends with a commit that leaves nothing over."""
    assert git(reader.folder, "status", "--porcelain") == ""


def run(reader: Reader, *arguments: str) -> str:
    """What a command of the copy prints; it ends well."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=reader.folder, env=reader.environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def test_a_reader_runs_the_copy_and_not_this_repository(reader: Reader) -> None:
    ask = "import crm_sync, crm_sync.files as f; print(crm_sync.__file__, f.mappings_directory())"
    places = [Path(place) for place in run(reader, "-c", ask).split()]
    assert [place.is_relative_to(reader.folder) for place in places] == [True, True]


def test_adding_a_field_by_the_guide_brings_it_to_salesforce(reader: Reader) -> None:
    follow(guide("add-a-field"), reader)
    assert found(reader, "SELECT Name, NumberOfEmployees, VAT_Id__c FROM Account") == [
        {"Name": "Brightwater Dairy", "NumberOfEmployees": 240, "VAT_Id__c": "IE6388047V"}
    ]
    document = (reader.folder / "docs" / "salesforce-mapping.md").read_text(encoding="utf-8")
    assert "| `NumberOfEmployees` | Employees | Number | `employee_count` |" in document
    assert "| `VAT_Id__c` | VAT Id | Text(20) | `vat_id` |" in document
    assert_committed(reader)


def test_adding_an_object_by_the_guide_brings_its_rows_and_what_names_them_to_salesforce(
    reader: Reader, database: Database, connection: psycopg.Connection[Any]
) -> None:
    follow(guide("add-an-object"), reader)
    [account] = found(reader, "SELECT Id FROM Account")
    [contact] = found(reader, "SELECT Id, CRM_Id__c, AccountId, Name FROM Contact")
    assert contact["AccountId"] == account["Id"]
    assert contact["Name"] == "Nora Quill"
    about = {"WhoId": contact["Id"], "WhatId": account["Id"]}
    assert found(reader, "SELECT WhoId, WhatId FROM Task") == [about]
    assert found(reader, "SELECT WhoId, WhatId FROM Event") == [about]

    with psycopg.connect(database.reader_url) as power_bi:
        rows = power_bi.execute("select contact_id, full_name, account_name from analytics.contact")
        assert rows.fetchall() == [(contact["CRM_Id__c"], "Nora Quill", "Brightwater Dairy")]
    document = (reader.folder / "docs" / "salesforce-mapping.md").read_text(encoding="utf-8")
    assert "| [Contact](#contact) | `contacts` | all rows |" in document
    assert_committed(reader)

    with pytest.raises(errors.CheckViolation, match="activities_contact_not_with_lead"):
        connection.execute(
            "with lead as (insert into leads (company_name) values ('Other') returning id)"
            " update activities set account_id = null, lead_id = lead.id from lead"
        )
    connection.execute("delete from contacts")
    run(reader, "-m", "crm_sync", "sync", "--allow-deletions")  # of the only one
    assert found(reader, "SELECT Id FROM Contact") == []
    assert found(reader, "SELECT WhoId, WhatId FROM Task") == [about | {"WhoId": None}]
    assert found(reader, "SELECT WhoId, WhatId FROM Event") == [about | {"WhoId": None}]
