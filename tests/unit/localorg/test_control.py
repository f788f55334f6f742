"""The control end points, and the log of calls."""

from typing import Any

import pytest

from .client import BASE, Client, typed


def test_calls_are_recorded_with_what_was_sent_and_answered(client: Client) -> None:
    assert client.call("POST", "/local/calls/reset").status_code == 204
    headers = {"Sforce-Call-Options": "client=crm-sync", "Sforce-Auto-Assign": "FALSE"}
    body = {
        "compositeRequest": [
            {
                "method": "POST",
                "url": f"{BASE}/composite/sobjects",
                "referenceId": "one",
                "httpHeaders": {"Sforce-Auto-Assign": "FALSE"},
                "body": {"records": typed("Account", {"Name": "A"})},
            }
        ]
    }
    client.call("POST", "/composite", body, headers=headers)
    [call] = client.org.calls
    assert (call.method, call.path, call.status) == ("POST", f"{BASE}/composite", 200)
    assert call.client == "crm-sync"
    assert call.headers["sforce-auto-assign"] == "FALSE"
    assert call.body == body
    [part] = call.subrequests
    assert part["httpHeaders"] == {"Sforce-Auto-Assign": "FALSE"}
    assert (part["status"], part["answer"][0]["success"]) == (200, True)
    [listed] = client.call("GET", "/local/calls").json()
    assert listed == call.as_json()


def test_records_and_counts_can_be_looked_at(client: Client) -> None:
    record_id = client.upsert_one("Account", CRM_Id__c="look", Name="Look")
    before = client.call("GET", "/local/counts").json()
    listed = client.call("GET", "/local/records/Account").json()
    assert before["Account"] == len(listed)
    assert listed[-1]["Id"] == record_id
    assert listed[-1]["IsDeleted"] is False
    assert client.call("POST", "/local/delete", {"id": record_id}).status_code == 200
    after = client.call("GET", "/local/counts").json()
    assert after["Account"] == before["Account"] - 1
    with_deleted = client.call("GET", "/local/records/Account?deleted=true").json()
    assert with_deleted[-1]["IsDeleted"] is True


def test_people_edit_convert_and_merge(client: Client) -> None:
    one = client.upsert_one("Account", CRM_Id__c="one", Name="One")
    two = client.upsert_one("Account", CRM_Id__c="two", Name="Two")
    lead = client.upsert_one("Lead", CRM_Id__c="lead", LastName="L", Company="C")
    edit = {"object": "Account", "id": one, "fields": {"Name": "Uno"}}
    assert client.call("POST", "/local/edit", edit).json()["Name"] == "Uno"
    converted = client.call("POST", "/local/convert-lead", {"id": lead}).json()
    assert converted["IsConverted"] is True
    merged = client.call("POST", "/local/merge", {"winner": one, "loser": two})
    assert merged.json()["Id"] == one
    assert client.row("Account", two, "MasterRecordId") == {"MasterRecordId": one}


def test_a_control_request_that_is_wrong_is_refused(client: Client) -> None:
    assert client.call("GET", "/local/nothing").status_code == 404
    assert client.call("POST", "/local/edit", {"id": "001000000000001"}).status_code == 400
    unknown = {"id": "001000000000001", "fields": {}}
    assert client.call("POST", "/local/edit", unknown).status_code == 404
    assert client.call("POST", "/local/delete", {"id": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    ("lever", "body", "message"),
    [
        ("edit", {"id": "001000000000001"}, '"fields" is missing; it is a JSON object.'),
        ("edit", {"id": 1, "fields": {}}, '"id" must be a text, not 1.'),
        ("edit", {"id": "001", "fields": [1]}, '"fields" must be a JSON object, not [1].'),
        ("edit", [], "The body must be a JSON object, not []."),
        ("delete", {}, '"id" is missing; it is a text.'),
        ("delete", {"id": ["a"]}, '"id" must be a text, not ["a"].'),
        ("undelete", {"ids": "a"}, '"id" is missing; it is a text.'),
        ("merge", {"loser": "a"}, '"winner" is missing; it is a text.'),
        ("convert-lead", {"id": "a", "acount_id": "b"}, '"acount_id" is not known; there are: id, '
         "account_id, contact_id, opportunity."),
        ("convert-lead", {"id": "a", "opportunity": 1}, '"opportunity" must be a text or true or '
         "false, not 1."),
        ("view", {"id": "a", "user_id": []}, '"user_id" must be a text, not [].'),
        ("daily-limit", {"remaining": "x"}, '"remaining" must be a whole number, 0 or more, not '
         '"x".'),
        ("policies", {"session_seconds": 0}, '"session_seconds" must be a whole number of seconds, '
         "1 or more, not 0."),
        ("policies", {"session_seconds": True}, '"session_seconds" must be a whole number of '
         "seconds, 1 or more, not true."),
        ("policies", {"ip_allowed": "no"}, '"ip_allowed" must be true or false, not "no".'),
        ("policies", {"color": 1}, '"color" is not known; there are: session_seconds, api_enabled, '
         "soap_login, app_approved, ip_trusted, ip_allowed, my_domain, run_as."),
        ("policies", [], "The body must be a JSON object, not []."),
        ("users", {}, '"user" is missing; it is a text.'),
        ("users", {"user": "nobody"}, "There is no user nobody; name one by username or Id."),
        ("users", {"user": "x", "is_frozen": 1}, '"is_frozen" must be true or false, not 1.'),
        ("certificate", {}, '"pem" is missing; it is a text.'),
        ("certificate", {"pem": "x"}, "This is no certificate in PEM form."),
        ("refresh-token", {"user": 5}, '"user" must be a text, not 5.'),
        ("faults", {}, "The body must be a list, not {}."),
        ("rules", "x", 'The body must be a list, not "x".'),
    ],
)  # fmt: skip
def test_a_lever_says_in_a_sentence_what_is_wrong(
    client: Client, lever: str, body: Any, message: str
) -> None:
    answer = client.call("POST", f"/local/{lever}", body)
    assert answer.status_code == 400
    assert answer.json() == [{"errorCode": "BAD_CONTROL_REQUEST", "message": message}]


def test_limits_sessions_and_faults_have_their_levers(client: Client) -> None:
    assert client.call("POST", "/local/daily-limit", {"remaining": 0}).json() == {"remaining": 0}
    assert client.call("GET", "/limits").status_code == 403
    client.call("POST", "/local/daily-limit", {"remaining": 100})
    rule = {"when": {"path": "/limits"}, "then": {"status": 418}}
    assert client.call("POST", "/local/faults", [rule]).json() == {"rules": 1}
    assert client.call("GET", "/limits").status_code == 418
    client.call("POST", "/local/faults", [])
    assert client.call("POST", "/local/expire-sessions").json()["expired"] >= 1
    assert client.call("GET", "/limits").status_code == 401
