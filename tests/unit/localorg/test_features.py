"""What can be switched on for good: several currencies, person accounts, address picklists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_sync.localorg.features import FEATURES
from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg

from .client import Client


@pytest.fixture(scope="module")
def running_org() -> Iterator[LocalOrg]:
    with LocalOrg(options=Options(features=FEATURES)) as org:
        yield org


def test_an_org_has_none_of_them_at_first() -> None:
    with LocalOrg(https=False) as org:
        plain = Client(org)
        assert plain.call("GET", "/sobjects/CurrencyType/describe").status_code == 404
        fields = {
            f["name"] for f in plain.call("GET", "/sobjects/Account/describe").json()["fields"]
        }
        assert not fields & {"CurrencyIsoCode", "IsPersonAccount", "BillingStateCode", "FirstName"}


def test_currencies_are_listed_and_a_record_has_the_corporate_one(client: Client) -> None:
    listed = client.query("SELECT IsoCode, IsCorporate FROM CurrencyType WHERE IsActive = true")
    assert [(r["IsoCode"], r["IsCorporate"]) for r in listed] == [("EUR", True), ("USD", False)]
    lead = client.upsert_one("Lead", CRM_Id__c="money", LastName="L", Company="C")
    assert client.row("Lead", lead, "CurrencyIsoCode") == {"CurrencyIsoCode": "EUR"}
    refused = client.error(
        "Lead", CRM_Id__c="yen", LastName="L", Company="C", CurrencyIsoCode="JPY"
    )
    assert refused["statusCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_state_and_country_say_the_same_as_text_and_as_code(client: Client) -> None:
    given = {"BillingCountry": "united states", "BillingState": "California"}
    account = client.upsert_one("Account", CRM_Id__c="address", Name="A", **given)
    names = ("BillingCountry", "BillingCountryCode", "BillingState", "BillingStateCode")
    assert client.row("Account", account, *names) == {
        "BillingCountry": "United States",
        "BillingCountryCode": "US",
        "BillingState": "California",
        "BillingStateCode": "CA",
    }


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        (
            {"BillingCountry": "Atlantis"},
            "BillingCountry",
            "There's a problem with this country, even though it may appear correct. Please select"
            " a country/territory from the list of valid countries.: Billing Country",
        ),
        (
            {"BillingCountry": "US", "BillingState": "Bavaria"},
            "BillingState",
            "There's a problem with this state, even though it may appear correct. Please select"
            " a state from the list of valid states.: Billing State/Province",
        ),
        (
            {"BillingState": "Texas"},
            "BillingState",
            "A country/territory must be specified before specifying a state value for field:"
            " Billing State/Province",
        ),
    ],
)
def test_an_address_that_is_not_listed_is_refused(
    client: Client, given: dict[str, Any], field: str, words: str
) -> None:
    error = client.error("Account", CRM_Id__c="wrong", Name="A", **given)
    assert error == {
        "statusCode": "FIELD_INTEGRITY_EXCEPTION", "message": words, "fields": [field],
    }  # fmt: skip


def test_the_name_of_a_person_is_composed_and_not_given(client: Client) -> None:
    types = client.query("SELECT Id, DeveloperName FROM RecordType WHERE IsPersonType = true")
    assert [r["DeveloperName"] for r in types] == ["PersonAccount"]
    person = {"RecordTypeId": types[0]["Id"]}
    error = client.error("Account", CRM_Id__c="p", Name="Ann Lee", **person)
    assert error == {
        "statusCode": "INVALID_FIELD_FOR_INSERT_UPDATE",
        "message": "Account: bad field names on insert/update call: Name",
        "fields": ["Name"],
    }
    assert client.error("Account", CRM_Id__c="p", FirstName="Ann", **person)["fields"] == [
        "LastName"
    ]
    made = client.upsert_one("Account", CRM_Id__c="p", FirstName="Ann", LastName="Lee", **person)
    assert client.row("Account", made, "Name", "IsPersonAccount") == {
        "Name": "Ann Lee",
        "IsPersonAccount": True,
    }


def test_a_business_account_keeps_its_name(client: Client) -> None:
    made = client.upsert_one("Account", CRM_Id__c="b", Name="Business")
    row = client.row("Account", made, "Name", "IsPersonAccount", "RecordType.DeveloperName")
    assert row == {
        "Name": "Business",
        "IsPersonAccount": False,
        "RecordType": {"DeveloperName": "Business_Account"},
    }
