"""The org beside recordings of real orgs: shape and text. Runs with --recordings=DIRECTORY."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .client import BASE, Client, typed

pytestmark = pytest.mark.recordings

OPPORTUNITY = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}
UNRECORDED = {"CRM_Id__c"}
"""Our own custom field."""


def recorded(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def shape(value: Any) -> Any:
    """Keys and kinds of a JSON value, in the order of Python's types; lists by their first."""
    if isinstance(value, dict):
        return {key: shape(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_every_offered_field_is_described_as_recorded(client: Client, recordings: Path) -> None:
    """All 57 facts of each, of every object that was recorded whole and that the org offers.

    Of a lookup's many targets the org offers some.
    """
    compared: list[str] = []
    differences: list[tuple[str, str, str, Any, Any]] = []
    for path in sorted((recordings / "describe").glob("*.json")):
        described = client.call("GET", f"/sobjects/{path.stem}/describe")
        if described.status_code == 404 or "." in path.stem:
            continue
        compared.append(path.stem)
        theirs = {f["name"]: f for f in recorded(path.parent, path.name)["fields"]}
        ours = {f["name"]: f for f in described.json()["fields"]}
        for name in ours.keys() - UNRECORDED:
            mine, real = dict(ours[name]), dict(theirs[name])
            assert set(mine.pop("referenceTo")) <= set(real.pop("referenceTo"))
            assert mine.keys() == real.keys()
            differing = (k for k in mine if mine[k] != real[k])
            differences += [(path.stem, name, k, mine[k], real[k]) for k in differing]
    assert {"Account", "Event", "Lead", "Opportunity"} <= set(compared)
    assert differences == []


def test_the_task_is_described_as_far_as_it_was_recorded(client: Client, recordings: Path) -> None:
    theirs = {f["name"]: f for f in recorded(recordings, "describe/Task.reduced.json")["fields"]}
    described = client.call("GET", "/sobjects/Task/describe").json()
    for mine in described["fields"]:
        if mine["name"] in UNRECORDED:
            continue
        real = theirs[mine["name"]]
        assert set(mine["referenceTo"]) <= set(real["referenceTo"])
        told = {k: v for k, v in real.items() if k != "referenceTo"}
        assert {k: mine[k] for k in told} == told


@pytest.mark.parametrize("object_name", ["Account", "Lead", "Opportunity", "Event"])
def test_every_object_is_described_with_the_recorded_facts(
    client: Client, recordings: Path, object_name: str
) -> None:
    real = recorded(recordings, f"describe/{object_name}.json")
    mine = client.call("GET", f"/sobjects/{object_name}/describe").json()
    # Some keys came with later versions than that of the recorded Account.
    assert real.keys() <= mine.keys()
    differing = {
        key
        for key, value in real.items()
        if key not in ("fields", "childRelationships", "urls", "recordTypeInfos")
        and mine[key] != value
    }
    assert differing == set()
    assert shape(mine["recordTypeInfos"]) == shape(real["recordTypeInfos"])
    assert mine["urls"].keys() >= real["urls"].keys() - {"defaultValues", "eventSeriesUpdates"}


def test_a_created_record_is_answered_as_recorded(client: Client, recordings: Path) -> None:
    mine = client.call("POST", "/sobjects/Account", {"Name": "A"}).json()
    assert shape(mine) == shape(recorded(recordings, "collections/single-create-201.json"))


@pytest.mark.parametrize(
    ("method", "name"),
    [("POST", "insert-success.json"), ("PATCH", "update-success.json")],
)
def test_written_rows_are_answered_as_recorded(
    client: Client, recordings: Path, method: str, name: str
) -> None:
    ids = [client.upsert_one("Account", CRM_Id__c=f"{name}{n}", Name="A") for n in (1, 2)]
    rows = [{"Id": i} for i in ids] if method == "PATCH" else [{}, {}]
    records = typed("Account", *[{**row, "Name": "B"} for row in rows])
    mine = client.call(method, "/composite/sobjects", {"records": records}).json()
    assert shape(mine) == shape(recorded(recordings, f"collections/{name}"))


def test_an_empty_list_is_refused_as_recorded(client: Client, recordings: Path) -> None:
    answer = client.call("POST", "/composite/sobjects", {"records": []})
    assert answer.status_code == 400
    assert answer.json() == recorded(recordings, "collections/insert-empty-400.json")


def test_queried_records_are_shown_as_recorded(client: Client, recordings: Path) -> None:
    real = recorded(recordings, "collections/query-leads-page.json")["records"][0]
    street = {"Street": "321 Westcott Building", "City": "Tallahassee", "State": "FL"}
    client.upsert_one(
        "Lead",
        CRM_Id__c="page",
        LastName="L",
        FirstName="Bertha",
        Company="C",
        CleanStatus="Pending",
        Country="USA",
        PostalCode="32306",
        **street,
    )
    soql = "SELECT Address, City, CleanStatus, FirstName FROM Lead WHERE CRM_Id__c = 'page'"
    [mine] = client.call("GET", "/query", params={"q": soql}).json()["records"]
    assert {k: v for k, v in mine.items() if k != "attributes"} == {
        k: v for k, v in real.items() if k != "attributes"
    }
    assert shape(mine["attributes"]) == shape(real["attributes"])


def test_limits_hold_every_recorded_key(client: Client, recordings: Path) -> None:
    real = recorded(recordings, "limits.json")
    mine = client.call("GET", "/limits").json()
    assert real.keys() <= mine.keys()
    assert {k: mine[k]["Max"] for k in real} == {k: real[k]["Max"] for k in real}


def test_an_unknown_column_is_refused_as_recorded(client: Client, recordings: Path) -> None:
    answer = client.call("POST", "/sobjects/Account", {"AccountNumer": "1", "Name": "A"})
    assert answer.status_code == 400
    assert answer.json() == recorded(recordings, "errors/invalid-field-400.json")


def test_a_read_only_field_is_refused_as_recorded(client: Client, recordings: Path) -> None:
    one = client.upsert_one("Account", CRM_Id__c="ro", Name="A")
    answer = client.call("PATCH", f"/sobjects/Account/{one}", {"MasterRecordId": one})
    assert answer.status_code == 400
    assert answer.json() == recorded(recordings, "errors/invalid-field-for-insert-update-400.json")


def test_a_deleted_record_is_answered_as_recorded(client: Client, recordings: Path) -> None:
    one = client.upsert_one("Account", CRM_Id__c="gone", Name="A")
    client.org.delete(one)
    answer = client.call("DELETE", f"/sobjects/Account/{one}")
    assert answer.status_code == 404
    assert answer.json() == recorded(recordings, "errors/not-found-404.json")


def test_an_unknown_object_in_a_query_is_refused_as_recorded(
    client: Client, recordings: Path
) -> None:
    soql = "SELECT Id,Name,BillingCity,IsDeleted FROM Accout"
    answer = client.call("GET", "/query", params={"q": soql})
    assert answer.status_code == 400
    assert answer.json() == recorded(recordings, "errors/invalid-type-400.json")


def test_an_expired_session_is_answered_as_recorded(client: Client, recordings: Path) -> None:
    answer = client.call("GET", "/limits", headers={"Authorization": "Bearer gone"})
    assert answer.status_code == 401
    assert answer.json() == recorded(recordings, "errors/expired-session-401.json")


def test_several_matches_are_listed_as_recorded(client: Client, recordings: Path) -> None:
    for n in (1, 2):
        client.upsert_one("Opportunity", CRM_Id__c=f"several{n}", **OPPORTUNITY)
    answer = client.call("GET", "/sobjects/Opportunity/Name/O")
    real = recorded(recordings, "errors/multiple-choices-300.json")
    assert answer.status_code == 300
    assert shape(answer.json()) == shape(real)
    pattern = r"/services/data/v\d+\.0/sobjects/\w+/\w+"
    assert all(re.fullmatch(pattern, url) for url in [*answer.json(), *real])


def test_a_halted_composite_is_answered_as_recorded(client: Client, recordings: Path) -> None:
    real = recorded(recordings, "errors/composite-processing-halted.json")
    child = {**OPPORTUNITY, "Account": {"CRM_Id__c": "0116"}}
    mine = client.composite(
        {
            "method": "POST",
            "url": f"{BASE}/sobjects/Account",
            "referenceId": "NewPayment1",
            "body": {"Name": "A"},
        },
        {
            "method": "POST",
            "url": f"{BASE}/sobjects/Opportunity",
            "referenceId": "NewPayment2",
            "body": child,
        },
        allOrNone=True,
    )
    first, second = real["compositeResponse"]
    text = second["body"][0]["message"]
    second["body"][0]["message"] = text.replace("Invoice_External_Id__c", "CRM_Id__c").replace(
        "blng__Invoice__c", "Account"
    )
    assert mine == [first, second]


def test_a_refused_sign_in_has_the_recorded_form(client: Client, recordings: Path) -> None:
    form = {"grant_type": "client_credentials", "client_id": "nobody"}
    url = f"{client.org.instance_url}/services/oauth2/token"
    answer = client.session.post(url, data=form, timeout=10)
    assert answer.status_code == 400
    assert shape(answer.json()) == shape(recorded(recordings, "auth/error-400.json"))
