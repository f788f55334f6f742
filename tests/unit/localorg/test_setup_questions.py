"""What only users with "View Setup and Configuration" are told: duplicate rules, limits."""

from __future__ import annotations

import pytest

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg

from .client import Client
from .permitting import error, sync_set

RULE = {"rule": "duplicate", "object": "Account", "fields": ["Name"]}
ASKED = "SELECT MasterLabel, DeveloperName, SobjectType, IsActive FROM DuplicateRule"


def test_duplicate_rules_are_records_as_long_as_they_are_on(
    client: Client, running_org: LocalOrg
) -> None:
    assert client.query(ASKED) == []
    running_org.rules = [RULE]
    found = [{k: v for k, v in r.items() if k != "attributes"} for r in client.query(ASKED)]
    assert found == [
        {
            "MasterLabel": "Account Duplicate Rule 1",
            "DeveloperName": "Account_Duplicate_Rule_1",
            "SobjectType": "Account",
            "IsActive": True,
        }
    ]
    running_org.rules = []
    assert client.query(ASKED) == []


def test_who_may_not_see_setup_sees_neither(own: Client, admin: Client) -> None:
    client = own
    record_id = sync_set(admin)
    admin.call("PATCH", f"/sobjects/PermissionSet/{record_id}", {"PermissionsViewSetup": False})
    assert client.call("GET", "/limits").status_code == 403
    assert error(client.call("GET", f"/query?q={ASKED}"))[1] == "INVALID_TYPE"


def test_limits_tell_the_data_storage_that_is_left() -> None:
    with LocalOrg(https=False) as org:
        client = Client(org)
        told = client.call("GET", "/limits").json()["DataStorageMB"]
        assert told == {"Max": 5, "Remaining": 5}
        rows = [{"Name": str(n), "CRM_Id__c": str(n)} for n in range(600)]
        for start in range(0, 600, 200):
            client.upsert("Account", *rows[start : start + 200])
        assert client.call("GET", "/limits").json()["DataStorageMB"] == {"Max": 5, "Remaining": 3}


def test_a_full_org_refuses_what_is_new() -> None:
    with LocalOrg(https=False, options=Options(data_storage=0)) as org:
        refused = Client(org).error("Account", CRM_Id__c="1", Name="A")
    assert refused["statusCode"] == "STORAGE_LIMIT_EXCEEDED"


def test_an_unknown_feature_is_named() -> None:
    with pytest.raises(ValueError, match="unknown features: flying"):
        LocalOrg(options=Options(features=["flying"]))
