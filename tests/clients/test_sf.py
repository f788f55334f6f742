"""Salesforce CLI, ``sf``: signed in with an access token, everything else from what that left."""

import csv
from pathlib import Path
from typing import Any

import pytest

from crm_sync.errors import SignInError
from crm_sync.salesforce import sf_cli
from crm_sync.salesforce.bounded import BoundedSession
from crm_sync.salesforce.connect import sign_in
from crm_sync.targets import Target
from tests.support.clients import Clients

pytestmark = pytest.mark.clients

IN_BULK = ("--sobject", "Account", "--wait", "5", "--file")


@pytest.fixture(scope="module")
def sf(tools: Clients) -> Clients:
    """sf with the local org as its default."""
    url = tools.org.instance_url
    arguments = ("--instance-url", url, "--no-prompt", "--alias", "local", "--set-default")
    signed_in = tools.sf("org", "login", "access-token", *arguments)
    assert signed_in["orgId"] == tools.org.org_id
    assert signed_in["username"] == tools.org.username
    return tools


def account(sf: Clients, key: str) -> dict[str, Any]:
    [found] = [r for r in sf.org.store.records("Account") if r["CRM_Id__c"] == key]
    return found


def is_deleted(sf: Clients, record_id: str) -> bool:
    found = sf.org.store.record(record_id)
    return found is not None and bool(found["IsDeleted"])


def test_it_is_connected(sf: Clients) -> None:
    shown = sf.sf("org", "display")
    assert shown["connectedStatus"] == "Connected"
    assert (shown["id"], shown["apiVersion"]) == (sf.org.org_id, "67.0")


def test_crm_sync_uses_its_session(sf: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in sf.environment().items():
        monkeypatch.setenv(name, value)
    [listed] = sf_cli.signed_in_orgs()
    assert (listed.name, listed.instance_url) == ("local", sf.org.instance_url)
    target = Target(
        instance_url=sf.org.instance_url, auth="sf_cli", sf_org="local", ca_bundle=sf.org.ca_bundle
    )
    session = sign_in(BoundedSession(target), "trial", target)
    assert (session.org_id, session.user_id) == (sf.org.org_id, sf.org.integration_user_id)
    with pytest.raises(SignInError, match="sf is not signed in to an org called nowhere"):
        sf_cli.session("nowhere")
    assert sf_cli.session(None).username == sf.org.username  # its default org


def test_the_life_of_a_record(sf: Clients) -> None:
    of_account = ("--sobject", "Account")
    made = sf.sf(
        "data", "create", "record", *of_account, "--values", "Name='By sf' CRM_Id__c='s 1'"
    )
    where = ("--where", "CRM_Id__c='s 1'")
    assert sf.sf("data", "get", "record", *of_account, *where)["Name"] == "By sf"
    changed = sf.sf("data", "update", "record", *of_account, *where, "--values", "Phone='1 2'")
    assert changed["id"] == made["id"]
    query = "SELECT Name, Phone, Owner.Username FROM Account WHERE CRM_Id__c = 's 1'"
    [found] = sf.sf("data", "query", "--query", query)["records"]
    assert (found["Phone"], found["Owner"]["Username"]) == ("1 2", sf.org.username)
    sf.sf("data", "delete", "record", *of_account, "--record-id", made["id"])
    assert is_deleted(sf, made["id"])


def test_a_query_for_people_and_as_csv(sf: Clients) -> None:
    """Both ask for the columns of the result once more, and fail without them."""
    sf.sf(
        "data", "create", "record", "--sobject", "Lead", "--values", "LastName=L Company=C Phone=7"
    )
    query = "SELECT Name, Phone, Owner.Username FROM Lead"
    shown = sf.run("sf", "data", "query", "--query", query, "--result-format", "csv")
    [row] = csv.DictReader(shown.stdout.splitlines())
    assert (row["Name"], row["Phone"]) == ("L", "7")
    assert row["Owner.Username"]
    count = "SELECT COUNT(Id) many FROM Lead GROUP BY Company"
    counted = sf.run("sf", "data", "query", "--query", count)
    assert "many" in counted.stdout.lower()
    assert "Total number of records retrieved: 1." in counted.stdout


def test_rows_in_bulk_there_and_back(sf: Clients, tmp_path: Path) -> None:
    rows = [{"CRM_Id__c": f"b{n}", "Name": f'Bulk, "{n}"', "Phone": str(n)} for n in range(3)]
    write(tmp_path / "rows.csv", rows)
    upserted = sf.sf(
        "data", "upsert", "bulk", *IN_BULK, "rows.csv", "-i", "CRM_Id__c", cwd=tmp_path
    )
    assert upserted["jobInfo"]["numberRecordsProcessed"] == 3
    assert {r["CRM_Id__c"] for r in upserted["records"]["successfulResults"]} == {"b0", "b1", "b2"}
    assert account(sf, "b2")["Name"] == 'Bulk, "2"'
    query = "SELECT Id, Name FROM Account WHERE CRM_Id__c LIKE 'b%' ORDER BY CRM_Id__c"
    export = ("--query", query, "--result-format", "csv", "--output-file", "out.csv", "--wait", "5")
    assert sf.sf("data", "export", "bulk", *export, cwd=tmp_path)["totalSize"] == 3
    with (tmp_path / "out.csv").open(newline="") as file:
        exported = list(csv.DictReader(file))
    assert [r["Name"] for r in exported] == [r["Name"] for r in rows]
    write(tmp_path / "ids.csv", [{"Id": r["Id"]} for r in exported])
    deleted = sf.sf("data", "delete", "bulk", *IN_BULK, "ids.csv", cwd=tmp_path)
    assert deleted["jobInfo"]["numberRecordsFailed"] == 0
    assert all(is_deleted(sf, r["Id"]) for r in exported)


def test_a_refused_row_in_bulk_can_be_fetched(sf: Clients, tmp_path: Path) -> None:
    write(
        tmp_path / "rows.csv", [{"CRM_Id__c": "r1", "Name": ""}, {"CRM_Id__c": "r2", "Name": "R"}]
    )
    refused = sf.sf(
        "data", "upsert", "bulk", *IN_BULK, "rows.csv", "-i", "CRM_Id__c", cwd=tmp_path, fails=True
    )
    assert refused["name"] == "FailedRecordDetailsError"
    job_id = sf.org.jobs[0]["id"]
    results = sf.sf("data", "bulk", "results", "--job-id", job_id, cwd=tmp_path)
    assert (results["successfulRecords"], results["failedRecords"]) == (1, 1)
    [failed] = csv.DictReader((tmp_path / results["failedFilePath"]).read_text().splitlines())
    assert (
        failed["sf__Error"] == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    )


def test_describe_and_limits(sf: Clients) -> None:
    described = sf.sf("sobject", "describe", "--sobject", "Opportunity")
    assert {f["name"]: f["type"] for f in described["fields"]}["StageName"] == "picklist"
    limits = {limit["name"]: limit for limit in sf.sf("org", "list", "limits")}
    assert limits["DailyApiRequests"]["max"] == 15000


def test_a_query_of_the_tooling_api(sf: Clients) -> None:
    field = "EntityDefinition.QualifiedApiName = 'Account' AND QualifiedApiName = 'CRM_Id__c'"
    query = f"SELECT QualifiedApiName, DataType FROM FieldDefinition WHERE {field}"
    asked = ("--query", query, "--use-tooling-api", "--result-format", "csv")
    [row] = csv.DictReader(sf.run("sf", "data", "query", *asked).stdout.splitlines())
    assert row["DataType"] == "Text(64) (External ID) (Unique Case Sensitive)"


def test_it_tells_what_is_wrong_with_a_query(sf: Clients) -> None:
    wrong = sf.sf("data", "query", "--query", "SELECT Foo FROM Account", fails=True)
    assert wrong["name"] == "INVALID_FIELD"
    assert "No such column 'Foo' on entity 'Account'" in wrong["message"]


def test_a_session_that_ended_is_told_and_one_by_a_key_is_renewed(
    sf: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = sf.org
    for name, value in sf.environment().items():
        monkeypatch.setenv(name, value)
    count = ("data", "query", "--query", "SELECT COUNT() FROM Group")
    org.expire_sessions()
    ended = sf.sf(*count, fails=True)
    assert ended["message"] == "Session expired or invalid"
    with pytest.raises(SignInError, match="The session that sf has for local is over"):
        sf_cli.session("local")
    key = ("--username", org.username, "--jwt-key-file", str(org.private_key_file))
    app = ("--client-id", org.client_id, "--instance-url", org.instance_url)
    assert sf.sf("org", "login", "jwt", *key, *app, "--set-default")["username"] == org.username
    org.expire_sessions()
    assert sf.sf(*count)["totalSize"] == 1
    org.expire_sessions()
    renewed = Target(  # by the user name: a sign-in without an alias takes the former one away
        instance_url=org.instance_url, auth="sf_cli", sf_org=org.username, ca_bundle=org.ca_bundle
    )
    assert sign_in(BoundedSession(renewed), "trial", renewed).org_id == org.org_id


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """Rows as CSV with line feeds, which is what sf expects on this system."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
