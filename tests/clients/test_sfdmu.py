"""SFDMU, the plugin of sf that moves records with their relations: from CSV files into the org.

Its release on the npm registry takes an access token from its own export.json only: it reads it
from the output of ``sf force:org:display``, which hides secrets now.
"""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.clients import Clients

pytestmark = pytest.mark.clients

ACCOUNTS = [
    {"CRM_Id__c": "d1", "Name": "Dmu 1", "Phone": "1"},
    {"CRM_Id__c": "d2", "Name": 'Dmu, "2"', "Phone": "2"},
]
OPPORTUNITIES = [
    {
        "CRM_Id__c": f"o{n}",
        "Name": f"Deal {n}",
        "StageName": "Closed Won" if n % 2 else "Prospecting",
        "CloseDate": "2027-01-31",
        "Account.CRM_Id__c": f"d{1 + n % 2}",
    }
    for n in range(4)
]


@pytest.fixture(scope="module")
def project(tools: Clients) -> Path:
    """A folder with export.json; two accounts go by Collections, four opportunities by Bulk 2.0."""
    done = tools.run(
        "sf", "plugins", "link", str(tools.directory / "node_modules/sfdmu"), "--no-install"
    )
    assert done.returncode == 0, done.stderr
    queries = {
        "Account": "SELECT Id, Name, Phone, CRM_Id__c FROM Account",
        "Opportunity": "SELECT Id, Name, StageName, CloseDate, AccountId, CRM_Id__c"
        " FROM Opportunity",
    }
    export: dict[str, Any] = {
        "orgs": [
            {
                "name": "local",
                "instanceUrl": tools.org.instance_url,
                "accessToken": tools.org.access_token,
            }
        ],
        "bulkThreshold": 2,
        "bulkApiVersion": "2.0",
        "apiVersion": "60.0",
        "objects": [
            {"query": query, "operation": "Upsert", "externalId": "CRM_Id__c"}
            for query in queries.values()
        ],
    }
    folder = tools.home / "project"
    folder.mkdir()
    (folder / "export.json").write_text(json.dumps(export), encoding="utf-8")
    return folder


def move(tools: Clients, project: Path, accounts: list[dict[str, str]]) -> str:
    """One run, which must succeed; what it printed."""
    for name, rows in (("Account", accounts), ("Opportunity", OPPORTUNITIES)):
        with (project / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    orgs = ("--sourceusername", "csvfile", "--targetusername", "local")
    done = tools.run("sf", "sfdmu", "run", *orgs, "--noprompt", "--path", ".", cwd=project)
    assert "Exit code 0 (SUCCESS)" in done.stdout, done.stdout + done.stderr
    return done.stdout


def test_parents_and_children_are_made_and_then_updated(tools: Clients, project: Path) -> None:
    move(tools, project, ACCOUNTS)
    store = tools.org.store
    accounts = {a["CRM_Id__c"]: a for a in store.records("Account")}
    assert {a["Name"] for a in accounts.values()} == {"Dmu 1", 'Dmu, "2"'}
    made = {o["CRM_Id__c"]: o for o in store.records("Opportunity")}
    assert set(made) == {"o0", "o1", "o2", "o3"}
    assert made["o1"]["AccountId"] == accounts["d2"]["Id"]
    assert (made["o0"]["IsWon"], made["o1"]["IsWon"]) == (False, True)
    [job] = tools.org.jobs
    assert (job["object"], job["numberRecordsFailed"]) == ("Opportunity", 0)
    said = move(tools, project, [{**account, "Phone": "9"} for account in ACCOUNTS])
    assert "{Account} The Update API operation has been finished." in said
    assert {a["Phone"] for a in store.records("Account")} == {"9"}
    assert {o["Id"] for o in store.records("Opportunity")} == {o["Id"] for o in made.values()}
