"""Queries: what they find, in which order, in what form."""

from collections.abc import Iterator
from typing import Any

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import BASE, Client, typed

ACCOUNTS: list[dict[str, Any]] = [
    {"CRM_Id__c": "a", "Name": "Alpha", "Industry": "Banking", "AnnualRevenue": 100},
    {"CRM_Id__c": "b", "Name": "beta", "Industry": "Energy", "AnnualRevenue": 300},
    {"CRM_Id__c": "c", "Name": "Gamma's 50% \\ off", "AnnualRevenue": 200},
    {"CRM_Id__c": "d", "Name": "delta", "Industry": "Banking"},
]
OPPORTUNITIES: list[dict[str, Any]] = [
    {"CRM_Id__c": "x", "Name": "X", "StageName": "Closed Won", "CloseDate": "2026-01-31"},
    {"CRM_Id__c": "y", "Name": "Y", "StageName": "Prospecting", "CloseDate": "2026-03-01"},
]


@pytest.fixture(scope="module")
def filled(running_org: LocalOrg) -> Client:
    client = Client(running_org)
    client.upsert("Account", *ACCOUNTS)
    client.upsert("Opportunity", *[{**o, "Account": {"CRM_Id__c": "a"}} for o in OPPORTUNITIES])
    client.upsert_one("Lead", CRM_Id__c="l", LastName="Lamarr", FirstName="Hedy", Company="C")
    lead = {"attributes": {"type": "Lead"}, "CRM_Id__c": "l"}
    client.upsert_one("Task", CRM_Id__c="t", Subject="T", Who=lead)
    return client


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("Name = 'ALPHA'", "a"),
        ("Name != 'alpha'", "bcd"),
        ("Name <> 'alpha'", "bcd"),
        ("CRM_Id__c = 'A'", ""),
        ("CRM_Id__c IN ('a', 'B', 'c')", "ac"),
        ("CRM_Id__c NOT IN ('a','b')", "cd"),
        ("Industry = null", "c"),
        ("Industry = ''", "c"),
        ("Industry != NULL", "abd"),
        ("Industry != 'Banking'", "bc"),
        ("NOT Industry = 'Banking'", "bc"),
        ("Industry IN ('Energy', null)", "bc"),
        ("Industry NOT IN ('Energy', null)", "ad"),
        ("AnnualRevenue > 100", "bc"),
        ("AnnualRevenue >= 100 AND AnnualRevenue < 300", "ac"),
        ("NOT (AnnualRevenue > 100)", "ad"),
        ("Name LIKE '%TA'", "bd"),
        ("Name LIKE 'Gamma\\'s 50\\% \\\\ off'", "c"),
        ("Name LIKE '_eta'", "b"),
        ("(NOT Name LIKE '%a')", "c"),
        ("Industry = 'Energy' OR (Industry = 'Banking' AND Name = 'delta')", "bd"),
        ("IsDeleted = FALSE AND Owner.Name = 'integration user'", "abcd"),
        ("CreatedDate > 2020-01-01T00:00:00Z AND CreatedDate < 2999-01-01T00:00:00+01:00", "abcd"),
        ("Account.Name = 'alpha'", "a"),
    ],
)
def test_conditions(filled: Client, where: str, keys: str) -> None:
    found = filled.query(f"SELECT CRM_Id__c FROM Account WHERE {where} ORDER BY CRM_Id__c")
    assert "".join(record["CRM_Id__c"] for record in found) == keys


@pytest.mark.parametrize(
    ("clauses", "keys"),
    [
        ("ORDER BY Name", "abdc"),
        ("ORDER BY Name DESC", "cdba"),
        ("ORDER BY AnnualRevenue", "dacb"),
        ("ORDER BY AnnualRevenue NULLS LAST", "acbd"),
        ("ORDER BY AnnualRevenue DESC", "dbca"),
        ("ORDER BY Industry NULLS FIRST, Name DESC", "cdab"),
        ("ORDER BY Name LIMIT 2", "ab"),
        ("ORDER BY Name LIMIT 2 OFFSET 1", "bd"),
        ("ORDER BY Name OFFSET 3", "c"),
    ],
)
def test_order_and_bounds(filled: Client, clauses: str, keys: str) -> None:
    found = filled.query(f"SELECT CRM_Id__c FROM Account {clauses}")
    assert "".join(record["CRM_Id__c"] for record in found) == keys


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("CloseDate = 2026-01-31", "x"),
        ("CloseDate > 2026-01-31", "y"),
        ("IsWon = true", "x"),
        ("isWon = FALSE", "y"),
        ("Account.CRM_Id__c = 'a' AND Account.Owner.IsActive = true", "xy"),
        ("Account.CRM_Id__c = 'b'", ""),
    ],
)
def test_conditions_on_dates_flags_and_parents(filled: Client, where: str, keys: str) -> None:
    found = filled.query(f"SELECT CRM_Id__c FROM Opportunity WHERE {where} ORDER BY CRM_Id__c")
    assert "".join(record["CRM_Id__c"] for record in found) == keys


def test_a_record_shows_its_type_its_url_and_its_parents(filled: Client) -> None:
    soql = "select id, account.name, Account.crm_id__c from opportunity where CRM_Id__c = 'x'"
    body = filled.call("GET", "/query/", params={"q": soql}).json()
    [record] = body["records"]
    assert (body["totalSize"], body["done"]) == (1, True)
    assert record["attributes"] == {
        "type": "Opportunity",
        "url": f"{BASE}/sobjects/Opportunity/{record['Id']}",
    }
    assert record["Account"]["attributes"]["type"] == "Account"
    assert (record["Account"]["Name"], record["Account"]["CRM_Id__c"]) == ("Alpha", "a")


def test_a_polymorphic_parent_shows_what_it_is(filled: Client) -> None:
    soql = "SELECT Who.Name, Who.Type, What.Name, Owner.Name FROM Task"
    body = filled.call("GET", "/query", params={"q": soql}).json()
    [record] = body["records"]
    assert record["Who"]["attributes"]["type"] == "Lead"
    assert (record["Who"]["Name"], record["Who"]["Type"]) == ("Hedy Lamarr", "Lead")
    assert record["What"] is None
    assert record["Owner"]["attributes"]["type"] == "User"


def test_an_id_may_have_either_form(filled: Client) -> None:
    [record] = filled.query("SELECT Id FROM Account WHERE CRM_Id__c = 'a'")
    short = record["Id"][:15]
    assert filled.query(f"SELECT Id FROM Account WHERE Id IN ('{short}')") == [record]
    assert len(filled.query(f"SELECT Id FROM Opportunity WHERE AccountId = '{short}'")) == 2


def test_count_without_a_field_gives_no_records(filled: Client) -> None:
    answer = filled.call("GET", "/query", params={"q": "SELECT COUNT() FROM Account"}).json()
    assert answer == {"totalSize": 4, "done": True, "records": []}


def test_aggregates_are_named_by_alias_or_number(filled: Client) -> None:
    soql = "SELECT Industry, COUNT(Id) n, MAX(AnnualRevenue) FROM Account GROUP BY Industry"
    answer = filled.call("GET", "/query", params={"q": soql}).json()
    assert answer["records"][0]["attributes"] == {"type": "AggregateResult"}
    found = {r["Industry"]: (r["n"], r["expr0"]) for r in answer["records"]}
    assert found == {None: (1, 200.0), "Banking": (2, 100.0), "Energy": (1, 300.0)}


def test_an_alias_of_the_object_is_understood(filled: Client) -> None:
    found = filled.query("SELECT a.Name, a.Owner.Name FROM Account a WHERE a.CRM_Id__c = 'a'")
    assert found == [{"Name": "Alpha", "Owner": {"Name": "Integration User"}}]


@pytest.fixture(scope="module")
def many() -> Iterator[Client]:
    with LocalOrg() as org:
        client = Client(org)
        for start in range(0, 4400, 200):
            names = [{"Subject": f"{n:04}"} for n in range(start, start + 200)]
            client.call("POST", "/composite/sobjects", {"records": typed("Task", *names)})
        yield client


def test_more_than_two_thousand_rows_come_in_pages(many: Client) -> None:
    page = many.call("GET", "/query", params={"q": "SELECT Subject FROM Task"}).json()
    seen = [r["Subject"] for r in page["records"]]
    sizes = [len(seen)]
    while not page["done"]:
        assert page["nextRecordsUrl"].startswith(f"{BASE}/query/01g")
        page = many.call("GET", page["nextRecordsUrl"]).json()
        assert page["totalSize"] == 4400
        sizes.append(len(page["records"]))
        seen += [r["Subject"] for r in page["records"]]
    assert sizes == [2000, 2000, 400]
    assert seen == [f"{n:04}" for n in range(4400)]
    assert "nextRecordsUrl" not in page


def test_a_client_may_wish_smaller_pages(many: Client) -> None:
    wish = {"Sforce-Query-Options": "batchSize=500"}
    page = many.call("GET", "/query", params={"q": "SELECT Id FROM Task"}, headers=wish).json()
    assert len(page["records"]) == 500
    assert page["nextRecordsUrl"].endswith("-500")
