"""The day's API calls, and sessions that end."""

from collections.abc import Iterator

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import BASE, Client


@pytest.fixture
def own() -> Iterator[Client]:
    with LocalOrg() as org:
        yield Client(org)


def test_every_answer_says_how_many_calls_were_used(own: Client) -> None:
    first = own.call("GET", "/sobjects/Foo")
    second = own.call("GET", "/limits")
    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    assert second.headers["Sforce-Limit-Info"] == "api-usage=2/15000"
    assert second.json()["DailyApiRequests"] == {"Max": 15000, "Remaining": 14998}


def test_a_composite_is_one_call(own: Client) -> None:
    requests = [
        {"method": "GET", "url": f"{BASE}/limits", "referenceId": f"r{n}"} for n in range(25)
    ]
    answer = own.call("POST", "/composite", {"compositeRequest": requests})
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/15000"


def test_signing_in_is_no_api_call(own: Client) -> None:
    own.call("GET", "/services/oauth2/userinfo")
    answer = own.call("GET", "/services/data")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=0/15000"


def test_when_the_days_calls_are_used_up_nothing_more_is_done(own: Client) -> None:
    own.org.set_remaining_calls(1)
    assert own.call("POST", "/sobjects/Account", {"Name": "Last"}).status_code == 201
    refused = own.call("POST", "/sobjects/Account", {"Name": "One too many"})
    assert refused.status_code == 403
    assert refused.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    assert own.org.store.count("Account") == 1


def test_a_session_that_expired_answers_401_until_a_new_sign_in(own: Client) -> None:
    own.org.expire_sessions()
    answer = own.call("GET", "/limits")
    assert answer.status_code == 401
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]
    form = {
        "grant_type": "client_credentials",
        "client_id": own.org.client_id,
        "client_secret": own.org.client_secret,
    }
    signed_in = own.session.post(
        f"{own.org.instance_url}/services/oauth2/token", data=form, timeout=10
    )
    own.session.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
    assert own.call("GET", "/limits").status_code == 200


def test_counts_of_records_leave_out_the_empty_objects(own: Client) -> None:
    own.upsert_one("Account", CRM_Id__c="a", Name="A")
    asked = {"sObjects": "Account,Lead"}
    answer = own.call("GET", "/limits/recordCount", params=asked).json()
    assert answer == {"sObjects": [{"count": 1, "name": "Account"}]}
