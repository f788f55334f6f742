"""Many rows: each of them arrives, call after call."""

from collections.abc import Iterator
from typing import Any

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import BASE, Client, typed


@pytest.fixture
def own() -> Iterator[Client]:
    with LocalOrg() as org:
        yield Client(org)


def subrequest(batch: int, part: int) -> dict[str, Any]:
    records = [
        {
            "CRM_Id__c": f"{batch}-{part}-{n}",
            "Name": f"Müller & Söhne {n}",
            "Industry": "Consulting",
            "Phone": "+49 30 1234567",
            "BillingCity": "Berlin",
            "AnnualRevenue": 12345.5,
            "Description": "x" * 300,
        }
        for n in range(200)
    ]
    return {
        "method": "PATCH",
        "url": f"{BASE}/composite/sobjects/Account/CRM_Id__c",
        "referenceId": f"part{part}",
        "body": {"allOrNone": False, "records": typed("Account", *records)},
    }


def test_ten_thousand_rows_arrive_in_ten_calls(own: Client) -> None:
    for batch in range(10):
        answers = own.composite(*[subrequest(batch, part) for part in range(5)])
        assert all(row["created"] for answer in answers for row in answer["body"])
    assert own.org.store.count("Account") == 10000
    assert len(own.org.calls) == 10
