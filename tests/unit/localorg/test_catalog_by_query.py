"""The catalog asked by the data API's query: the rows of Tooling, in an answer of the data API."""

import pytest

from .client import BASE, Client


def test_entity_definitions_are_told(client: Client) -> None:
    """What SFDMU asks (C)."""
    soql = (
        "SELECT QualifiedApiName, Label, DeveloperName, IsEverUpdatable, IsEverCreatable, "
        "IsEverDeletable FROM EntityDefinition WHERE IsRetrieveable = true AND IsQueryable = true "
        "AND IsIdEnabled = true AND IsDeprecatedAndHidden = false and IsCustomizable = true"
    )
    body = client.call("GET", "/query", params={"q": soql}).json()
    assert set(body) == {"totalSize", "done", "records"}
    account = next(r for r in body["records"] if r["QualifiedApiName"] == "Account")
    assert account == {
        "attributes": {
            "type": "EntityDefinition",
            "url": f"{BASE}/sobjects/EntityDefinition/Account",
        },
        "QualifiedApiName": "Account",
        "Label": "Account",
        "DeveloperName": "Account",
        "IsEverUpdatable": True,
        "IsEverCreatable": True,
        "IsEverDeletable": True,
    }
    assert "User" not in [r["QualifiedApiName"] for r in body["records"]]


@pytest.mark.parametrize("source", ["FieldDefinition", "entityparticle"])
def test_fields_are_told(client: Client, source: str) -> None:
    soql = (
        f"SELECT Id, QualifiedApiName, ReferenceTo FROM {source} WHERE "
        "EntityDefinition.QualifiedApiName = 'Contact' AND QualifiedApiName = 'AccountId'"
    )
    assert client.query(soql) == [
        {
            "Id": "000000000000000AAA",
            "QualifiedApiName": "AccountId",
            "ReferenceTo": {"referenceTo": ["Account"]},
        }
    ]


def test_longer_answers_go_on_at_the_same_resource(client: Client) -> None:
    soql = "SELECT Id, ReferenceTo FROM EntityParticle"
    small = {"Sforce-Query-Options": "batchSize=200"}
    first = client.call("GET", "/query", params={"q": soql}, headers=small).json()
    assert (len(first["records"]), first["done"]) == (200, False)
    assert first["nextRecordsUrl"].startswith(f"{BASE}/query/")
    second = client.call("GET", first["nextRecordsUrl"]).json()
    assert {r["Id"] for r in second["records"]} == {"000000000000000AAA"}
    assert all(isinstance(r["ReferenceTo"], dict) for r in second["records"])


def test_what_the_catalog_cannot_be_asked_is_refused_here_too(client: Client) -> None:
    soql = "SELECT Id FROM EntityDefinition WHERE QualifiedApiName != 'Account'"
    answer = client.call("GET", "/query", params={"q": soql})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION"


def test_records_of_the_tooling_api_are_not_asked_here(client: Client) -> None:
    answer = client.call("GET", "/query", params={"q": "SELECT Id FROM CustomField"})
    assert answer.json()[0]["errorCode"] == "INVALID_TYPE"


def test_a_record_named_like_the_catalog_is_no_query_of_it(client: Client) -> None:
    assert client.query("SELECT Id FROM Account WHERE Name = 'x from EntityDefinition'") == []
