"""Faults on demand."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from crm_sync.localorg.serve import LocalOrg

from .client import BASE, Client, typed


@pytest.fixture
def faulty(running_org: LocalOrg) -> Iterator[Client]:
    running_org.calls.clear()
    yield Client(running_org)
    running_org.faults.clear()


def upsert(object_name: str, *keys: str) -> dict[str, Any]:
    records = typed(object_name, *[{"CRM_Id__c": key, "Name": key} for key in keys])
    return {
        "method": "PATCH",
        "url": f"{BASE}/composite/sobjects/{object_name}/CRM_Id__c",
        "referenceId": object_name + keys[0],
        "body": {"records": records},
    }


def test_a_status_is_answered_without_doing_the_work(faulty: Client) -> None:
    faulty.org.faults = [
        {
            "when": {"method": "POST", "path": "/sobjects/Account"},
            "then": {"status": 503, "body": "<html>down</html>"},
            "times": 1,
        }
    ]
    before = faulty.org.store.count("Account")
    down = faulty.call("POST", "/sobjects/Account", {"Name": "A"})
    assert (down.status_code, down.text) == (503, "<html>down</html>")
    assert down.headers["Content-Type"].startswith("text/html")
    assert faulty.org.store.count("Account") == before
    assert faulty.call("POST", "/sobjects/Account", {"Name": "A"}).status_code == 201


@pytest.mark.parametrize(("when", "is_written"), [("before", False), ("after", True)])
def test_a_connection_is_dropped_before_or_after_the_work(
    faulty: Client, when: str, is_written: bool
) -> None:
    faulty.org.faults.append({"when": {"object": "Account", "nth": 1}, "then": {"drop": when}})
    body = {"records": typed("Account", {"CRM_Id__c": f"drop {when}", "Name": "D"})}
    with pytest.raises(requests.ConnectionError):
        faulty.call("PATCH", "/composite/sobjects/Account/CRM_Id__c", body)
    found = faulty.query(f"SELECT Id FROM Account WHERE CRM_Id__c = 'drop {when}'")
    assert bool(found) is is_written
    assert [call.dropped for call in faulty.org.calls] == [True, False]


def test_a_delayed_call_goes_on_when_the_rules_are_replaced(faulty: Client) -> None:
    faulty.org.faults.append({"when": {"path": "/limits$"}, "then": {"delay": 86_000}})
    with ThreadPoolExecutor(1) as pool:
        delayed = pool.submit(faulty.call, "GET", "/limits")
        while not faulty.org.faults.as_json()[0]["fired"]:
            time.sleep(0.01)
        assert not delayed.done()
        faulty.org.faults.clear()
        assert delayed.result(60).status_code == 200


def test_a_delay_holds_one_call_and_not_its_neighbours(faulty: Client) -> None:
    faulty.org.faults.append({"when": {"path": "/limits$"}, "then": {"delay": 2}})
    started = time.monotonic()
    faulty.call("GET", "/sobjects")
    assert time.monotonic() - started < 1.5
    started = time.monotonic()
    assert faulty.call("GET", "/limits").status_code == 200
    assert time.monotonic() - started >= 2


def test_a_row_is_refused_by_its_external_id(faulty: Client) -> None:
    error = {
        "statusCode": "UNABLE_TO_LOCK_ROW",
        "message": "unable to obtain exclusive access to this record",
        "fields": [],
    }
    faulty.org.faults.append(
        {
            "when": {"object": "Account", "external_id": "^row2$"},
            "then": {"row_error": error},
            "times": 1,
        }
    )
    rows = [{"CRM_Id__c": f"row{n}", "Name": "R"} for n in (1, 2, 3)]
    results = faulty.upsert("Account", *rows)
    assert [r["success"] for r in results] == [True, False, True]
    assert results[1]["errors"] == [error]
    assert all(r["success"] for r in faulty.upsert("Account", *rows))


def test_a_row_is_refused_by_its_id_in_updates_and_deletes(faulty: Client) -> None:
    record_id = faulty.upsert_one("Account", CRM_Id__c="by id", Name="I")
    error = {"statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "trigger"}
    faulty.org.faults.append({"when": {"id": record_id}, "then": {"row_error": error}})
    assert faulty.update("Account", record_id, Phone="1")["errors"][0]["message"] == "trigger"
    deleted = faulty.call("DELETE", "/composite/sobjects", params={"ids": record_id}).json()
    assert deleted[0]["errors"][0]["message"] == "trigger"


def test_in_a_composite_a_rule_about_an_object_meets_its_subrequest(faulty: Client) -> None:
    body = [{"message": "busy", "errorCode": "SERVER_UNAVAILABLE"}]
    faulty.org.faults.append(
        {"when": {"external_id": "^sub2$"}, "then": {"status": 503, "body": body}}
    )
    answers = faulty.composite(
        upsert("Account", "sub1"), upsert("Account", "sub2"), upsert("Account", "sub3")
    )
    assert [a["httpStatusCode"] for a in answers] == [200, 503, 200]
    assert answers[1]["body"] == body


def test_the_nth_match_fires_once_unless_told_otherwise(faulty: Client) -> None:
    rule: dict[str, Any] = {"when": {"path": "/limits", "nth": 2}, "then": {"status": 500}}
    faulty.org.faults = [rule]
    statuses = [faulty.call("GET", "/limits").status_code for _ in range(4)]
    assert statuses == [200, 500, 200, 200]
    faulty.org.faults = [{**rule, "times": 2}]
    statuses = [faulty.call("GET", "/limits").status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "A fault rule.then is missing; it is a JSON object."),
        ({"then": {}}, "A fault's then must have one of: status, body, delay, drop, slow, "
         "truncate, expire_sessions, daily_limit, row_error, job."),
        ({"when": {"colour": 1}, "then": {"delay": 1}}, "A fault's when.colour is not known; there "
         "are: method, path, object, external_id, id, operation, nth, rate, seed."),
        ({"then": {"status": "x"}}, "A fault's then.status must be a status from 200 to 599, not "
         '"x".'),
        ({"then": {"status": 99}}, "A fault's then.status must be a status from 200 to 599, not "
         "99."),
        ({"then": {"delay": "soon"}}, "A fault's then.delay must be a number of seconds, 0 to 86400"
         ', not "soon".'),
        ({"then": {"drop": True}}, 'A fault\'s then.drop must be "before" or "after", not true.'),
        ({"then": {"truncate": 2}}, "A fault's then.truncate must be a number from 0 to 1, not 2."),
        ({"then": {"row_error": {}}}, "A fault's then.row_error.statusCode is missing; it is a "
         "text."),
        ({"then": {"job": {"hang": 1}}}, "A fault's then.job.hang must be true or false, not 1."),
        ({"then": {"delay": 1}, "times": 0}, "A fault rule.times must be a whole number, 1 or more "
         "or null, not 0."),
        ({"when": {"path": "("}, "then": {"delay": 1}}, "A fault's when.path must be a regular "
         'expression, not "(".'),
        ({"when": [], "then": {"delay": 1}}, "A fault rule.when must be a JSON object, not []."),
        (1, "A fault rule must be a JSON object, not 1."),
    ],
)  # fmt: skip
def test_a_rule_that_means_nothing_is_refused(faulty: Client, rule: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        faulty.org.faults.append(rule)
    answer = faulty.call("POST", "/local/faults", [rule])
    assert answer.status_code == 400
    assert answer.json() == [{"errorCode": "BAD_CONTROL_REQUEST", "message": message}]
    assert len(faulty.org.faults) == 0
