"""The log of calls on the page: what was sent and answered, without its secrets."""

from collections.abc import Iterator

import pytest
import requests

from crm_sync.localorg.page import secrets
from crm_sync.localorg.serve import LocalOrg

from .browser_like import Visitor
from .client import BASE, Client, typed


@pytest.fixture
def own() -> Iterator[LocalOrg]:
    with LocalOrg(https=False) as org:
        yield org


def test_calls_stand_newest_first_with_status_client_and_duration(own: LocalOrg) -> None:
    client, visitor = Client(own), Visitor(own)
    client.call("GET", "/limits", headers={"Sforce-Call-Options": "client=crm-sync"})
    client.call("GET", "/sobjects/Nothing")
    seen = visitor.see("/page/calls")
    numbers = [link for link in seen.links if link.startswith("/page/calls/")]
    assert numbers == ["/page/calls/2", "/page/calls/1"]
    assert "crm-sync" in seen.text
    assert own.calls[0].seconds > 0
    assert own.calls[0].at.endswith("+0000")
    refused = visitor.see("/page/calls?refused=1")
    assert [link for link in refused.links if link.startswith("/page/calls/")] == numbers[:1]
    found = visitor.see("/page/calls?q=LIMITS+crm-sync")
    assert [link for link in found.links if link.startswith("/page/calls/")] == numbers[1:]


def test_the_log_has_pages(own: LocalOrg) -> None:
    client, visitor = Client(own), Visitor(own)
    for _ in range(51):
        client.call("GET", "/limits")
    assert "1 to 50 of 51" in visitor.see("/page/calls").text
    second = visitor.see("/page/calls?page=2")
    assert "51 to 51 of 51" in second.text
    assert "/page/calls/1" in second.links


def test_a_call_shows_request_and_answer_and_each_subrequest(own: LocalOrg) -> None:
    client, visitor = Client(own), Visitor(own)
    client.composite(
        {
            "method": "POST",
            "url": f"{BASE}/composite/sobjects",
            "referenceId": "many",
            "httpHeaders": {"Sforce-Auto-Assign": "FALSE"},
            "body": {"records": typed("Account", {"Name": "Inside"})},
        },
        {"method": "GET", "url": f"{BASE}/sobjects/Nothing", "referenceId": "wrong"},
    )
    seen = visitor.see("/page/calls/1")
    assert "2 subrequests" in seen.text
    assert '"Name": "Inside"' in seen.text
    assert "many" in seen.text
    assert "The requested resource does not exist" in seen.text
    assert "Sforce-Auto-Assign FALSE" in seen.text


def test_a_call_without_an_answer_says_so(own: LocalOrg) -> None:
    own.faults.append({"when": {"path": "/limits"}, "then": {"drop": "before"}})
    with pytest.raises(requests.ConnectionError):
        Client(own).call("GET", "/limits")
    visitor = Visitor(own)
    assert "no answer" in visitor.see("/page/calls?refused=1").text
    assert "the client got no answer, by a fault" in visitor.see("/page/calls/1").text


def test_no_token_and_no_secret_stands_on_any_page(own: LocalOrg) -> None:
    client, visitor = Client(own), Visitor(own)
    client.call("GET", "/limits")
    form = {
        "grant_type": "client_credentials",
        "client_id": own.client_id,
        "client_secret": own.client_secret,
    }
    signed = client.session.post(
        own.instance_url + "/services/oauth2/token", data=form, timeout=10
    ).json()
    client.session.get(
        own.instance_url + "/services/oauth2/userinfo",
        params={"oauth_token": signed["access_token"]},
        headers={"Authorization": ""},
        timeout=10,
    )
    shown = [visitor.see(f"/page/calls/{n}") for n in (1, 2, 3)]
    pages = [visitor.see("/").html, visitor.see("/page/calls").html, *(s.html for s in shown)]
    told = (own.client_secret, own.access_token, signed["access_token"], signed["signature"])
    for secret in told:
        for part in (secret, secret.partition("!")[2] or secret):
            assert all(part not in page for page in pages)
    assert "Bearer ••••" in shown[0].text
    assert '"client_secret": "••••"' in shown[1].text
    assert '"access_token": "••••"' in shown[1].text
    assert "oauth_token=••••" in shown[2].text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"Password": "x", "n": [{"Token": "y"}]}, {"Password": "••••", "n": [{"Token": "••••"}]}),
        ({"password": None}, {"password": None}),
        ("00D000000000001AAA!AQE.x-y_z end", "00D000000000001AAA!•••• end"),
        ("<u:password>p</u:password>", "<u:password>••••</u:password>"),
        ("<sessionId xsi:type='s'>00Dx</sessionId>", "<sessionId xsi:type='s'>••••</sessionId>"),
        ("Name", "Name"),
        (7, 7),
    ],
)
def test_secrets_are_blanked_wherever_they_stand(given: object, shown: object) -> None:
    assert secrets.blanked(given) == shown


def test_a_long_body_is_folded_and_a_very_long_one_cut(own: LocalOrg) -> None:
    client, visitor = Client(own), Visitor(own)
    rows = [
        {"CRM_Id__c": f"x{n}", "Name": "N" * 250, "Description": "D" * 1500} for n in range(150)
    ]
    client.upsert("Account", *rows)
    seen = visitor.see("/page/calls/1")
    assert "details" in seen.elements
    assert "more characters are left out here" in seen.text
    assert len(seen.html) < 300_000
