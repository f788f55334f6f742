"""Faults by name, as ``org serve --fault`` takes them, and what they do to a client."""

import time
from collections.abc import Iterator

import pytest
import requests

from crm_sync.localorg import faultoptions
from crm_sync.localorg.serve import LocalOrg

from .client import Client, typed


@pytest.fixture
def faulty(running_org: LocalOrg) -> Iterator[Client]:
    running_org.calls.clear()
    yield Client(running_org)
    running_org.faults.clear()


def switch_on(client: Client, *options: str) -> None:
    client.org.faults = [faultoptions.parse(option) for option in options]


def test_503_is_a_page_and_no_work_is_done(faulty: Client) -> None:
    switch_on(faulty, "503:path=/sobjects/Account,nth=2")
    statuses = [faulty.call("GET", "/sobjects/Account").status_code for _ in range(3)]
    assert statuses == [200, 503, 200]


@pytest.mark.parametrize(("kind", "is_written"), [("reset-before", False), ("reset-after", True)])
def test_a_connection_is_reset_before_or_after_the_work(
    faulty: Client, kind: str, is_written: bool
) -> None:
    switch_on(faulty, f"{kind}:method=POST,times=1")
    with pytest.raises(requests.ConnectionError):
        faulty.call("POST", "/sobjects/Account", {"Name": kind})
    assert bool(faulty.query(f"SELECT Id FROM Account WHERE Name = '{kind}'")) is is_written


def test_a_slow_body_arrives_whole(faulty: Client) -> None:
    switch_on(faulty, "slow-body:seconds=0.5,path=describe")
    started = time.monotonic()
    answer = faulty.call("GET", "/sobjects/Account/describe")
    assert answer.json()["name"] == "Account"
    assert time.monotonic() - started >= 0.5


def test_a_truncated_body_is_told_by_its_length(faulty: Client) -> None:
    switch_on(faulty, "truncated-body:part=0.3,path=describe")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        faulty.call("GET", "/sobjects/Account/describe")
    assert faulty.call("GET", "/limits").status_code == 200


def test_a_session_expires_in_the_middle(faulty: Client) -> None:
    switch_on(faulty, "session-expiry:nth=3")
    statuses = [faulty.call("GET", "/limits").status_code for _ in range(4)]
    assert statuses == [200, 200, 401, 401]
    faulty.org.access_token = renewed(faulty)
    faulty.session.headers["Authorization"] = f"Bearer {faulty.org.access_token}"
    assert faulty.call("GET", "/limits").status_code == 200


def renewed(client: Client) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": client.org.client_id,
        "client_secret": client.org.client_secret,
    }
    url = client.org.instance_url + "/services/oauth2/token"
    token: str = client.session.post(url, data=form, timeout=10).json()["access_token"]
    return token


def test_the_daily_limit_is_reached_in_the_middle(faulty: Client) -> None:
    switch_on(faulty, "daily-limit:nth=2")
    answers = [faulty.call("GET", "/limits") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 403, 403]
    assert answers[1].json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    faulty.org.set_remaining_calls(15000)


def locked(client: Client, seed: int) -> list[bool]:
    switch_on(client, f"lock:object=Account,rate=0.3,seed={seed}")
    records = typed("Account", *[{"Name": f"A{n}"} for n in range(200)])
    results = client.call("POST", "/composite/sobjects", {"records": records}).json()
    codes = {e["statusCode"] for r in results for e in r["errors"]}
    assert codes == {"UNABLE_TO_LOCK_ROW"}
    return [not result["success"] for result in results]


def test_locks_come_at_a_rate_and_a_seed_repeats_them(faulty: Client) -> None:
    first = locked(faulty, 1)
    assert 30 <= sum(first) <= 90
    assert locked(faulty, 1) == first
    assert locked(faulty, 2) != first


def test_the_rules_in_force_tell_how_often_they_fired(faulty: Client) -> None:
    switch_on(faulty, "latency:seconds=0,path=/limits")
    faulty.call("GET", "/limits")
    [rule] = faulty.call("GET", "/local/faults").json()
    assert rule["then"] == {"delay": 0}
    assert (rule["matched"], rule["fired"]) == (1, 1)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("fire", "no such kind: fire; known are latency, 503, reset-before"),
        ("latency:minutes=1", "latency has no minutes; its keys are seconds, method, path"),
        ("latency:seconds", "seconds is not of the form key=value"),
        ("503:nth=x", "nth=x is not of the form key=value"),
        ("lock:rate=3", "A fault's when.rate must be a number from 0 to 1, not 3.0."),
        ("503:path=(", 'A fault\'s when.path must be a regular expression, not "(".'),
        ("503:status=x", 'A fault\'s then.status must be a status from 200 to 599, not "x".'),
        ("latency:seconds=inf", "A fault's then.delay must be a number of seconds, 0 to 86400"),
        ("503:status=7", "A fault's then.status must be a status from 200 to 599, not 7."),
    ],
)
def test_a_fault_that_cannot_be_understood_is_one_line(option: str, message: str) -> None:
    with pytest.raises(ValueError, match="--fault") as refused:
        faultoptions.parse(option)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
