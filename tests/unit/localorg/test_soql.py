"""Queries of every form: children, aggregates, dates, functions, FIELDS, TYPEOF, columns."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import BASE, Client, without_attributes

NOW = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
"""The 30th of March for the integration user, who lives in Berlin."""


@pytest.fixture(scope="module")
def filled() -> Iterator[Client]:
    with LocalOrg(clock=lambda: NOW) as org:
        client = Client(org)
        client.upsert(
            "Account",
            {"CRM_Id__c": "a", "Name": "Ärger", "Rating": "Cold", "BillingCity": "Köln"},
            {"CRM_Id__c": "b", "Name": "beta", "Rating": "Hot"},
            {"CRM_Id__c": "c", "Name": "ärger", "Rating": "Warm"},
        )
        deals = [("x", "a", 10, "2026-03-29"), ("y", "a", 30, "2026-03-30"), ("z", "b", 20, None)]
        client.upsert(
            "Opportunity",
            *[
                {
                    "CRM_Id__c": key,
                    "Name": key.upper(),
                    "StageName": "Closed Won" if key == "x" else "Prospecting",
                    "CloseDate": day or "2026-12-24",
                    "Amount": amount,
                    "Account": {"CRM_Id__c": account},
                }
                for key, account, amount, day in deals
            ],
        )
        client.upsert_one("Lead", CRM_Id__c="l", LastName="Lamarr", FirstName="Hedy", Company="C")
        what = {"attributes": {"type": "Account"}, "CRM_Id__c": "a"}
        who = {"attributes": {"type": "Lead"}, "CRM_Id__c": "l"}
        client.upsert("Task", {"CRM_Id__c": "t", "Subject": "T", "What": what})
        client.upsert("Task", {"CRM_Id__c": "u", "Subject": "U", "Who": who})
        yield client


def keys(client: Client, where: str, object_name: str = "Opportunity") -> str:
    soql = f"SELECT CRM_Id__c FROM {object_name} WHERE {where} ORDER BY CRM_Id__c"
    return "".join(record["CRM_Id__c"] for record in client.query(soql))


def error(client: Client, soql: str) -> tuple[str, str]:
    """The code of a refusal and the last line of its message."""
    answer = client.call("GET", "/query", params={"q": soql})
    assert answer.status_code == 400, answer.text
    [body] = answer.json()
    return body["errorCode"], body["message"].rpartition("\n")[2]


# Children ------------------------------------------------------------------------------------


def test_children_stand_in_their_parent_as_a_result_of_their_own(filled: Client) -> None:
    soql = (
        "SELECT Name, (SELECT Name, Account.Name FROM Opportunities WHERE Amount > 5"
        " ORDER BY Amount DESC LIMIT 1), (SELECT Id FROM Tasks) FROM Account ORDER BY CRM_Id__c"
    )
    first, second, third = filled.call("GET", "/query", params={"q": soql}).json()["records"]
    assert (first["Opportunities"]["totalSize"], first["Opportunities"]["done"]) == (1, True)
    [deal] = first["Opportunities"]["records"]
    assert deal["attributes"]["type"] == "Opportunity"
    assert without_attributes(deal) == {"Name": "Y", "Account": {"Name": "Ärger"}}
    assert first["Tasks"]["totalSize"] == 1
    assert [r["Name"] for r in second["Opportunities"]["records"]] == ["Z"]
    assert third["Opportunities"] is None
    assert list(first) == ["attributes", "Name", "Opportunities", "Tasks"]


def test_children_of_children(filled: Client) -> None:
    soql = (
        "SELECT (SELECT Name, (SELECT Subject FROM Account.Tasks) FROM ChildAccounts) FROM Account"
        " WHERE CRM_Id__c = 'b'"
    )
    parent = filled.row("Account", _id(filled, "Account", "b"), "Id")["Id"]
    filled.update("Account", _id(filled, "Account", "a"), ParentId=parent)
    [record] = filled.query(soql)
    [child] = record["ChildAccounts"]["records"]
    assert child["Name"] == "Ärger"
    assert [t["Subject"] for t in child["Tasks"]["records"]] == ["T"]
    filled.update("Account", _id(filled, "Account", "a"), ParentId=None)


def _id(client: Client, object_name: str, key: str) -> str:
    [found] = client.query(f"SELECT Id FROM {object_name} WHERE CRM_Id__c = '{key}'")
    return str(found["Id"])


# Conditions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("CloseDate = TODAY", "y"),
        ("CloseDate = YESTERDAY", "x"),
        ("CloseDate < today", "x"),
        ("CloseDate <= TODAY", "xy"),
        ("CloseDate = LAST_N_DAYS:1", "xy"),
        ("CloseDate = NEXT_N_MONTHS:9", "z"),
        ("CloseDate IN (TODAY, 2026-12-24)", "yz"),
        ("CloseDate != THIS_MONTH", "z"),
        ("CALENDAR_MONTH(CloseDate) = 12", "z"),
        ("CreatedDate = TODAY", "xyz"),
        ("CreatedDate >= 2026-03-30T00:30:00+02:00", "xyz"),
        ("DAY_ONLY(CreatedDate) = 2026-03-29", "xyz"),
        ("DAY_ONLY(convertTimezone(CreatedDate)) = 2026-03-30", "xyz"),
        ("HOUR_IN_DAY(convertTimezone(CreatedDate)) = 0", "xyz"),
        ("AccountId IN (SELECT Id FROM Account WHERE Name = 'ÄRGER')", "xy"),
        ("AccountId NOT IN (SELECT Id FROM Account WHERE Name = 'ÄRGER')", "z"),
        ("Account.Name LIKE 'Ä%'", "xy"),
    ],
)
def test_conditions(filled: Client, where: str, found: str) -> None:
    assert keys(filled, where) == found


def test_text_compares_without_regard_to_case_beyond_ascii(filled: Client) -> None:
    assert keys(filled, "Name = 'äRGER'", "Account") == "ac"
    assert keys(filled, "Name IN ('BETA', 'ÄRGER')", "Account") == "abc"


def test_a_picklist_sorts_by_the_order_of_its_values(filled: Client) -> None:
    found = filled.query("SELECT Rating FROM Account ORDER BY Rating")
    assert [r["Rating"] for r in found] == ["Hot", "Warm", "Cold"]


def test_a_scope_a_lock_and_a_mode_are_understood(filled: Client) -> None:
    soql = (
        "SELECT Id FROM Account USING SCOPE mine WHERE Name != null WITH SECURITY_ENFORCED"
        " ORDER BY Name LIMIT 5 OFFSET 0 FOR VIEW"
    )
    assert len(filled.query(soql)) == 3


def test_everything_is_a_scope_of_every_object(filled: Client) -> None:
    assert len(filled.query("SELECT Id FROM Account USING SCOPE Everything")) == 3


@pytest.mark.parametrize(
    ("scope", "source"), [("foo", "Account"), ("team", "Account"), ("mine", "CampaignMember")]
)
def test_a_scope_that_is_not_known_is_refused(filled: Client, scope: str, source: str) -> None:
    soql = f"SELECT Id FROM {source} USING SCOPE {scope}"
    answer = filled.call("GET", "/query", params={"q": soql})
    assert answer.status_code == 400
    [error] = answer.json()
    assert error["errorCode"] == "MALFORMED_QUERY"
    assert f"Scope '{scope}' is not supported here. Scopes are: everything" in error["message"]


# Aggregates ----------------------------------------------------------------------------------


def test_aggregates_of_groups_and_of_all(filled: Client) -> None:
    soql = (
        "SELECT Account.Name, COUNT(Id), SUM(Amount) total, MAX(CloseDate) FROM Opportunity"
        " GROUP BY Account.Name HAVING COUNT(Id) > 1 ORDER BY SUM(Amount) DESC"
    )
    assert filled.query(soql) == [
        {"Name": "Ärger", "expr0": 2, "total": 40.0, "expr1": "2026-03-30"}
    ]
    assert filled.query("SELECT AVG(Amount), COUNT_DISTINCT(AccountId) n FROM Opportunity") == [
        {"expr0": 20.0, "n": 2}
    ]
    by_year = "SELECT CALENDAR_YEAR(CloseDate), COUNT(Id) FROM Opportunity GROUP BY "
    assert filled.query(by_year + "CALENDAR_YEAR(CloseDate)") == [{"expr0": 2026, "expr1": 3}]


def test_rollup_adds_totals(filled: Client) -> None:
    soql = (
        "SELECT StageName, GROUPING(StageName) g, COUNT(Id) n FROM Opportunity"
        " GROUP BY ROLLUP(StageName) ORDER BY GROUPING(StageName), StageName"
    )
    assert [(r["StageName"], r["g"], r["n"]) for r in filled.query(soql)] == [
        ("Prospecting", 0, 2),
        ("Closed Won", 0, 1),
        (None, 1, 3),
    ]


# What is shown -------------------------------------------------------------------------------


def test_fields_stand_for_the_fields_of_the_object(filled: Client) -> None:
    [everything] = filled.query("SELECT FIELDS(ALL) FROM Account WHERE CRM_Id__c = 'a' LIMIT 200")
    [standard] = filled.query("SELECT FIELDS(STANDARD) FROM Account WHERE CRM_Id__c = 'a'")
    [custom] = filled.query("SELECT Id, FIELDS(CUSTOM) FROM Account LIMIT 1")
    assert everything["BillingAddress"]["city"] == "Köln"
    assert set(everything) - set(standard) == {"CRM_Id__c"}
    assert list(custom) == ["Id", "CRM_Id__c"]


def test_typeof_shows_fields_by_what_the_parent_is(filled: Client) -> None:
    soql = (
        "SELECT Subject, TYPEOF What WHEN Account THEN Name, Rating WHEN Opportunity THEN Amount"
        " ELSE Name END FROM Task ORDER BY Subject"
    )
    first, second = filled.query(soql)
    assert first["What"] == {"Name": "Ärger", "Rating": "Cold"}
    assert second["What"] is None


def test_typeof_of_a_relationship_to_one_object_is_refused(filled: Client) -> None:
    soql = "SELECT Id, TYPEOF Owner WHEN User THEN Name END FROM Account"
    [error] = filled.call("GET", "/query", params={"q": soql}).json()
    assert error["errorCode"] == "INVALID_FIELD"
    assert "TYPEOF needs a polymorphic relationship, which 'Owner' is not." in error["message"]
    twice = "SELECT What.Name, TYPEOF What WHEN Account THEN Name END FROM Task"
    [error] = filled.call("GET", "/query", params={"q": twice}).json()
    assert error["message"] == "duplicate field selected: What"


def test_to_label_shows_the_label(filled: Client) -> None:
    soql = "SELECT toLabel(Rating), toLabel(Type) kind FROM Account WHERE CRM_Id__c = 'a'"
    assert filled.query(soql) == [{"Rating": "Cold", "kind": None}]


def test_columns_describe_the_answer_instead_of_giving_it(filled: Client) -> None:
    soql = "SELECT Id, Account.Owner.Name, Account.Name, Amount FROM Opportunity"
    body = filled.call("GET", "/query", params={"q": soql, "columns": "true"}).json()
    assert "records" not in body
    assert (body["entityName"], body["keyPrefix"], body["idSelected"]) == (
        "Opportunity",
        "006",
        True,
    )
    record_id, account, amount = body["columnMetadata"]
    assert (record_id["columnName"], record_id["joinColumns"]) == ("Id", [])
    assert [c["columnName"] for c in account["joinColumns"]] == ["Owner", "Name"]
    assert [c["columnName"] for c in account["joinColumns"][0]["joinColumns"]] == ["Name"]
    assert (amount["numberType"], amount["aggregate"]) == (True, False)
    soql = "SELECT COUNT(Id), MAX(Amount) most FROM Opportunity"
    body = filled.call("GET", "/query", params={"q": soql, "columns": "true"}).json()
    assert [
        (c["columnName"], c["displayName"], c["aggregate"]) for c in body["columnMetadata"]
    ] == [
        ("expr0", "count(Id)", True),
        ("most", "max(Amount)", True),
    ]
    soql = "SELECT Id, (SELECT Name FROM Opportunities) FROM Account"
    body = filled.call("GET", "/query", params={"q": soql, "columns": "true"}).json()
    children: Any = body["columnMetadata"][1]
    assert (children["columnName"], children["aggregate"]) == ("Opportunities", True)
    assert [c["columnName"] for c in children["joinColumns"]] == ["Name"]


# Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        (
            "SELECT Id FROM Account WHERE Id != null OR Name = 'x' AND Name = 'y'",
            "MALFORMED_QUERY",
            "unexpected token: 'AND'",
        ),
        (
            "SELECT Id FROM Account WHERE Name LIKE NULL",
            "MALFORMED_QUERY",
            "unexpected token: 'NULL'",
        ),
        (
            "SELECT Id FROM Account USING everything",
            "MALFORMED_QUERY",
            "unexpected token: 'everything'",
        ),
        ("SELECT Id FROM $x", "MALFORMED_QUERY", "line 1:15 unexpected token: '$'"),
        (
            "SELECT Id FROM Account WHERE Name = :name",
            "MALFORMED_QUERY",
            "Bind variables only allowed in Apex code",
        ),
        (
            "SELECT Id FROM Account WHERE CreatedDate > 2020-52-12t12:12:00-05:00",
            "MALFORMED_QUERY",
            "Invalid datetime: 2020-52-12t12:12:00-05:00",
        ),
        (
            "SELECT FIELDS(ALL) FROM Account",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT Id, FIELDS(ALL) FROM Account LIMIT 200",
            "INVALID_FIELD",
            "duplicate field selected: Id",
        ),
        (
            "SELECT Name n FROM Account",
            "MALFORMED_QUERY",
            "only aggregate expressions use field aliasing",
        ),
        (
            "SELECT SUM(Name) FROM Account",
            "MALFORMED_QUERY",
            "field Name does not support aggregate operator SUM",
        ),
        (
            "SELECT COUNT(IsDeleted) FROM Account",
            "MALFORMED_QUERY",
            "field IsDeleted does not support aggregate operator COUNT",
        ),
        (
            "SELECT COUNT(Id) FROM Account LIMIT 1",
            "MALFORMED_QUERY",
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT",
        ),
        (
            "SELECT Rating, COUNT(Id) FROM Account GROUP BY Rating ORDER BY Name",
            "MALFORMED_QUERY",
            "Ordered field must be grouped or aggregated: Name",
        ),
        (
            "SELECT Id FROM Account WHERE Id LIKE '001%'",
            "INVALID_FIELD",
            "invalid operator on id field",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Opportunity)",
            "MALFORMED_QUERY",
            "Semi join sub-selects are not allowed with the 'OR' operator",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT ParentId FROM Account)",
            "MALFORMED_QUERY",
            "The inner and outer selects should not be on the same object type",
        ),
        (
            "SELECT Id FROM Opportunity WHERE AccountId IN (SELECT Id FROM Lead)",
            "MALFORMED_QUERY",
            "The selected field 'Id' in the subquery and the left operand field in the where "
            "expression in the outer query 'AccountId' should point to the same object type",
        ),
        (
            "SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'",
            "INVALID_FIELD",
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and should "
            "not be enclosed in quotes",
        ),
    ],
)
def test_refusals(filled: Client, soql: str, code: str, message: str) -> None:
    assert error(filled, soql) == (code, message)


def test_an_unknown_relationship_of_children(filled: Client) -> None:
    code, message = error(filled, "SELECT Id, (SELECT Id FROM Cases) FROM Account")
    assert code == "INVALID_TYPE"
    assert message.startswith("Didn't understand relationship 'Cases' in FROM part of query call.")


def test_an_alias_of_the_object_may_stand_before_each_field(filled: Client) -> None:
    soql = "SELECT o.Account.Name FROM Opportunity o WHERE o.Name = 'X' ORDER BY o.Name"
    body = filled.call("GET", "/query", params={"q": soql}).json()
    assert body["records"][0]["attributes"]["url"].startswith(f"{BASE}/sobjects/Opportunity/006")
    assert without_attributes(body["records"][0]) == {"Account": {"Name": "Ärger"}}
