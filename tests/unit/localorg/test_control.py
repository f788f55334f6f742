"""The control end points, and the log of calls."""

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
