"""Objects from saved describes: those of an org of one's own."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_sync.localorg import saveddescribes
from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg

from .client import Client


def field(
    described: dict[str, Any], name: str, label: str, kind: str, **facts: Any
) -> dict[str, Any]:
    """A described field; what is not given is as in a text field of the local org."""
    plain = next(f for f in described["fields"] if f["name"] == "NextStep")
    return {**plain, "name": name, "label": label, "type": kind, "length": 0, **facts}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Invoice__c under Account with numbered names, and an Account with a field more."""
    folder = tmp_path_factory.mktemp("describes")
    with LocalOrg() as org:
        client = Client(org)
        account = client.call("GET", "/sobjects/Account/describe").json()
        base = client.call("GET", "/sobjects/Opportunity/describe").json()
    system = [f for f in base["fields"] if f["name"] in SYSTEM]
    read_only = {"createable": False, "updateable": False}
    colors = [
        {"active": True, "defaultValue": v == "red", "label": v, "validFor": None, "value": v}
        for v in ("red", "green", "blue")
    ]
    own = [
        field(base, "Name", "Number", "string", length=80, autoNumber=True, nameField=True,
              **read_only),
        field(base, "Account__c", "Account", "reference", length=18, referenceTo=["Account"],
              relationshipName="Account__r", cascadeDelete=True, nillable=False),
        field(base, "Total__c", "Total", "currency", precision=10, scale=2),
        field(base, "Tax__c", "Tax", "currency", precision=18, calculated=True, **read_only),
        field(base, "Color__c", "Color", "picklist", length=255, picklistValues=colors,
              restrictedPicklist=True),
        field(base, "Colors__c", "Colors", "multipicklist", length=4099, picklistValues=colors,
              restrictedPicklist=True),
        field(base, "Key__c", "Key", "string", length=20, externalId=True, idLookup=True,
              unique=True),
        field(base, "At__c", "At", "time"),
    ]  # fmt: skip
    invoice = {
        **base,
        "name": "Invoice__c",
        "label": "Invoice",
        "labelPlural": "Invoices",
        "keyPrefix": "a01",
        "custom": True,
        "childRelationships": [],
        "fields": [*system, *own],
    }
    account = copy.deepcopy(account)
    account["fields"].append(field(base, "Score__c", "Score", "double", precision=3))
    account["childRelationships"].append(
        {"childSObject": "Invoice__c", "field": "Account__c", "relationshipName": "Invoices__r"}
    )
    (folder / "Account.json").write_text(json.dumps(account), encoding="utf-8")
    saved = {"status": 0, "result": invoice, "warnings": []}  # as sf sobject describe --json
    (folder / "Invoice__c.json").write_text(json.dumps(saved), encoding="utf-8")
    return folder


SYSTEM = ("Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById",
          "SystemModstamp")  # fmt: skip


@pytest.fixture(scope="module")
def running_org(folder: Path) -> Iterator[LocalOrg]:
    with LocalOrg(options=Options(describes=saveddescribes.read(folder))) as org:
        yield org


def create(client: Client, **fields: Any) -> str:
    answer = client.call("POST", "/sobjects/Invoice__c", fields)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def test_a_custom_object_is_written_and_read(client: Client) -> None:
    account = client.upsert_one("Account", CRM_Id__c="1", Name="A", Score__c=12.4)
    one = create(client, Account__c=account, Total__c=1.5, Colors__c="red; blue", At__c="09:30")
    assert one.startswith("a01")
    row = client.row(
        "Invoice__c", one, "Name", "Total__c", "Color__c", "Colors__c", "Tax__c", "At__c"
    )
    assert row == {
        "Name": "00001",
        "Total__c": 1.5,
        "Color__c": "red",
        "Colors__c": "red;blue",
        "Tax__c": None,
        "At__c": "09:30:00.000Z",
    }
    assert client.row("Account", account, "Score__c") == {"Score__c": 12.0}
    path = "/sobjects/Invoice__c/Key__c/k1"
    body = {"Account__r": {"CRM_Id__c": "1"}}
    assert client.call("PATCH", path, body).status_code == 201
    assert client.call("PATCH", path.replace("k1", "K1"), {"Total__c": 2}).status_code == 200
    assert client.row("Invoice__c", one, "Account__r.Name") == {"Account__r": {"Name": "A"}}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Color__c": "pink"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Colors__c": "red;pink"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Tax__c": 1}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "9"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"At__c": "25:00"}, "JSON_PARSER_ERROR"),
        ({"Total__c": 123456789}, "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_its_fields_are_checked_by_their_facts(
    client: Client, fields: dict[str, Any], code: str
) -> None:
    account = client.upsert_one("Account", CRM_Id__c="2", Name="A")
    answer = client.call("POST", "/sobjects/Invoice__c", {"Account__c": account, **fields})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code


def test_a_master_takes_its_details_along(client: Client) -> None:
    account = client.upsert_one("Account", CRM_Id__c="3", Name="A")
    one = create(client, Account__c=account)
    client.org.delete(account)
    assert client.row("Invoice__c", one, "IsDeleted") == {"IsDeleted": True}


def test_it_is_described_as_it_was_saved(client: Client, folder: Path) -> None:
    saved = json.loads((folder / "Invoice__c.json").read_text(encoding="utf-8"))["result"]
    mine = client.call("GET", "/sobjects/Invoice__c/describe").json()
    assert {f["name"]: f for f in mine["fields"]} == {f["name"]: f for f in saved["fields"]}
    children = client.call("GET", "/sobjects/Account/describe").json()["childRelationships"]
    [relation] = [c for c in children if c["childSObject"] == "Invoice__c"]
    assert (relation["relationshipName"], relation["cascadeDelete"]) == ("Invoices__r", True)


def test_it_stays_with_the_data(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "org.db"
    with LocalOrg(data, options=Options(describes=saveddescribes.read(folder))) as org:
        account = Client(org).upsert_one("Account", CRM_Id__c="1", Name="A")
        one = create(Client(org), Account__c=account)
    with LocalOrg(data) as org:
        assert Client(org).row("Invoice__c", one, "Name") == {"Name": "00001"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "bad.json:1:2: "),
        ("[]", "bad.json: not a describe of one object: it has no list of fields"),
        ('{"fields": []}', "bad.json: the describe lacks name, label, labelPlural, keyPrefix"),
        (
            '{"name": "A", "label": "A", "labelPlural": "A", "keyPrefix": "a02", "fields": [{}]}',
            "bad.json: field 1 lacks name, label, type",
        ),
    ],
)
def test_a_file_that_is_no_describe_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.json") as refused:
        saveddescribes.read(tmp_path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_directory_without_describes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no \*\.json in it"):
        saveddescribes.read(tmp_path)
    with pytest.raises(ValueError, match="no such directory"):
        saveddescribes.read(tmp_path / "nowhere")
