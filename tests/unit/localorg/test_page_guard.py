"""Other web sites neither read the page nor press its buttons."""

import pytest

from crm_sync.localorg.serve import LocalOrg

from .browser_like import Visitor
from .client import Client


@pytest.fixture(scope="module")
def visitor(running_org: LocalOrg) -> Visitor:
    return Visitor(running_org)


@pytest.fixture
def account(client: Client) -> str:
    return client.upsert_one("Account", CRM_Id__c="guarded", Name="Guarded")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://127.0.0.1"},
    ],
)
def test_a_form_from_elsewhere_does_nothing(
    client: Client, visitor: Visitor, account: str, headers: dict[str, str]
) -> None:
    answer = visitor.post(f"/page/records/{account}/delete", headers=headers)
    assert answer.status_code == 403
    assert "nothing was done" in answer.text
    assert client.row("Account", account, "IsDeleted") == {"IsDeleted": False}


def test_an_older_browser_is_known_by_its_origin(
    client: Client, visitor: Visitor, account: str
) -> None:
    headers = {"Origin": client.org.instance_url}
    assert visitor.post(f"/page/records/{account}/delete", headers=headers).status_code == 303
    assert client.row("Account", account, "IsDeleted") == {"IsDeleted": True}


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.example.com", "", "a.b:80"])
def test_a_name_that_leads_here_does_not_read_the_page(visitor: Visitor, host: str) -> None:
    answer = visitor.get("/", headers={"Host": host})
    assert answer.status_code == 403
    assert "Accounts</span>" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost:8443", "[::1]:8443", "org:80"])
def test_an_address_of_this_machine_or_network_does(visitor: Visitor, host: str) -> None:
    assert visitor.get("/", headers={"Host": host}).status_code == 200


def test_a_web_site_does_not_pull_the_levers_under_local_either(
    client: Client, account: str
) -> None:
    body = {"id": account}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.com"}):
        answer = client.call("POST", "/local/delete", body, headers=headers)
        assert answer.status_code == 403
    assert client.call("POST", "/local/delete", body).status_code == 200


def test_other_methods_are_refused_and_a_form_has_a_bound(visitor: Visitor, account: str) -> None:
    answer = visitor.session.put(visitor.org.instance_url + "/page/calls", timeout=10)
    assert answer.status_code == 405
    long = visitor.post(f"/page/records/{account}/edit", {"shown": "x" * 3_000_000})
    assert long.status_code == 413


def test_the_page_can_stand_under_plain_http_beside_an_org_with_tls() -> None:
    with LocalOrg(page_port=0) as org:
        assert org.page_url.startswith("http://127.0.0.1:")
        assert org.instance_url.startswith("https://127.0.0.1:")
        visitor = Visitor(org)
        page = visitor.session.get(org.page_url, timeout=10)
        assert page.status_code == 200
        assert org.instance_url in page.text
        own = {"Origin": org.page_url.rstrip("/")}
        for headers, status in ((own, 303), ({"Origin": org.instance_url}, 403)):
            answer = visitor.session.post(
                org.page_url + "page/levers/use-up-limit",
                headers=headers,
                allow_redirects=False,
                timeout=10,
            )
            assert answer.status_code == status
        api = visitor.session.get(org.page_url + "services/data", timeout=10)
        assert api.status_code == 404
        levers = visitor.session.get(org.page_url + "local/calls", timeout=10)
        assert levers.status_code == 404


def test_a_taken_page_port_is_said_and_the_other_port_is_free_again() -> None:
    with LocalOrg(page_port=0) as org:
        taken = int(org.page_url.rsplit(":", 1)[1].strip("/"))
        with pytest.raises(OSError, match=f"Port {taken} cannot be used: it is already in use"):
            LocalOrg(page_port=taken)
