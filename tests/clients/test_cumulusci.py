"""CumulusCI: data sets there and back by REST; what needs the first Bulk API is left out."""

import json
from pathlib import Path

import pytest

from tests.support.clients import Clients

pytestmark = pytest.mark.clients

PROJECT = """\
minimum_cumulusci_version: '4.0.0'
project:
  name: local
  package:
    name: local
    api_version: '60.0'
"""
MAPPING = """\
Accounts:
  sf_object: Account
  api: rest
  action: upsert
  update_key: CRM_Id__c
  fields: [Name, Phone, CRM_Id__c]
Opportunities:
  sf_object: Opportunity
  api: rest
  fields: [Name, StageName, CloseDate]
  lookups:
    AccountId:
      table: Account
"""
DATA = """\
BEGIN TRANSACTION;
CREATE TABLE "Account" (id VARCHAR(255) PRIMARY KEY, "Name" TEXT, "Phone" TEXT, "CRM_Id__c" TEXT);
INSERT INTO "Account" VALUES('Account-1', 'Cci 1', '1', 'c1');
INSERT INTO "Account" VALUES('Account-2', 'Cci 2', '2', 'c2');
CREATE TABLE "Opportunity" (
    id VARCHAR(255) PRIMARY KEY, "Name" TEXT, "StageName" TEXT, "CloseDate" TEXT, "AccountId" TEXT);
INSERT INTO "Opportunity" VALUES('Deal-1', 'Deal 1', 'Prospecting', '2027-01-31', 'Account-1');
INSERT INTO "Opportunity" VALUES('Deal-2', 'Deal 2', 'Closed Won', '2027-01-31', 'Account-2');
COMMIT;
"""


@pytest.fixture(scope="module")
def project(tools: Clients) -> Path:
    """A project of CumulusCI, which must be a repository."""
    folder = tools.home / "project"
    folder.mkdir()
    assert tools.run("git", "init", "--quiet", cwd=folder).returncode == 0
    for name, text in (("cumulusci.yml", PROJECT), ("mapping.yml", MAPPING), ("data.sql", DATA)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def cci(tools: Clients, project: Path, *arguments: str) -> str:
    """What a command printed, which must succeed. The org comes from the environment."""
    org = tools.org
    user_url = f"{org.instance_url}/id/{org.org_id}/{org.integration_user_id}"
    settings = {
        "access_token": org.access_token,
        "instance_url": org.instance_url,
        "id": user_url,
        "username": org.username,
        "org_id": org.org_id,
    }
    surroundings = {
        "CUMULUSCI_ORG_local": json.dumps(settings),
        "CUMULUSCI_KEY": "0123456789abcdef",
        "CUMULUSCI_DISABLE_REFRESH": "true",  # the token is all that there is
        "COLUMNS": "200",
    }
    done = tools.run("cci", *arguments, cwd=project, env=surroundings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_knows_the_org(tools: Clients, project: Path) -> None:
    shown = cci(tools, project, "org", "info", "local", "--json")
    facts = json.loads(shown[shown.index("{") :])
    assert facts["org_id"] == tools.org.org_id
    assert (facts["org_type"], facts["is_sandbox"]) == ("Developer Edition", False)


def test_a_data_set_is_loaded_and_extracted(tools: Clients, project: Path) -> None:
    task = ("--org", "local", "--mapping", "mapping.yml")
    cci(tools, project, "task", "run", "load_dataset", *task, "--sql_path", "data.sql")
    accounts = {a["Id"]: a["CRM_Id__c"] for a in tools.org.store.records("Account")}
    made = {o["Name"]: accounts[o["AccountId"]] for o in tools.org.store.records("Opportunity")}
    assert made == {"Deal 1": "c1", "Deal 2": "c2"}
    cci(tools, project, "task", "run", "extract_dataset", *task, "--sql_path", "out.sql")
    extracted = (project / "out.sql").read_text(encoding="utf-8")
    assert """'Deal 2','Closed Won','2027-01-31','Account-2'""" in extracted
    assert """'Account-1','Cci 1','1','c1'""" in extracted
    assert not any("/services/async" in call.path for call in tools.org.calls)
