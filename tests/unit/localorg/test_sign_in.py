"""Token, identity, userinfo, versions: everything before the first record."""

import base64

import pytest
import requests

from .client import BASE, Client


def token(client: Client, **form: str) -> requests.Response:
    url = f"{client.org.instance_url}/services/oauth2/token"
    session = requests.Session()
    session.trust_env = False
    return session.post(url, data=form, verify=str(client.org.ca_bundle), timeout=10)


def test_client_credentials_give_a_token_that_works(client: Client) -> None:
    org = client.org
    answer = token(
        client,
        grant_type="client_credentials",
        client_id=org.client_id,
        client_secret=org.client_secret,
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body["instance_url"] == org.instance_url
    assert body["id"] == f"{org.instance_url}/id/{org.org_id}/{org.integration_user_id}"
    assert body["token_type"] == "Bearer"
    assert body["access_token"].startswith(org.org_id[:15] + "!")
    assert body["issued_at"].isdigit()
    assert set(body) == {
        "access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at",
    }  # fmt: skip
    listed = requests.get(
        f"{org.instance_url}{BASE}/limits",
        headers={"Authorization": f"Bearer {body['access_token']}"},
        verify=str(org.ca_bundle),
        timeout=10,
    )
    assert listed.status_code == 200


def test_credentials_may_stand_in_a_basic_header(client: Client) -> None:
    org = client.org
    pair = base64.b64encode(f"{org.client_id}:{org.client_secret}".encode()).decode()
    answer = requests.post(
        f"{org.instance_url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {pair}"},
        verify=str(org.ca_bundle),
        timeout=10,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client_id"),
        ({"grant_type": "device"}, "unsupported_grant_type"),
    ],
)
def test_a_refused_sign_in_names_its_error(
    client: Client, form: dict[str, str], error: str
) -> None:
    right = {
        "grant_type": "client_credentials",
        "client_id": client.org.client_id,
        "client_secret": client.org.client_secret,
    }
    answer = token(client, **{**right, **form})
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic abc"])
def test_without_a_session_nothing_is_answered(client: Client, authorization: str | None) -> None:
    headers = {"Authorization": authorization or ""}
    answer = client.call("GET", "/sobjects", headers=headers)
    assert answer.status_code == 401
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]


def test_versions_are_listed_in_ascending_order_with_their_labels(client: Client) -> None:
    listed = client.call("GET", "/services/data").json()
    assert [v["version"] for v in listed] == [f"{n}.0" for n in range(31, 68)]
    by_version = {v["version"]: v for v in listed}
    assert by_version["60.0"] == {
        "label": "Spring '24",
        "url": "/services/data/v60.0",
        "version": "60.0",
    }
    assert by_version["31.0"]["label"] == "Summer '14"
    assert by_version["62.0"]["label"] == "Winter '25"


@pytest.mark.parametrize("version", ["68.0", "99.0", "x"])
def test_an_unknown_version_is_not_found(client: Client, version: str) -> None:
    answer = client.call("GET", f"/services/data/v{version}/limits")
    assert answer.status_code == 404
    assert answer.json()[0]["errorCode"] == "NOT_FOUND"


def test_the_resource_list_names_the_identity(client: Client) -> None:
    listed = client.call("GET", "").json()
    assert listed["sobjects"] == f"{BASE}/sobjects"
    assert listed["identity"].endswith(client.org.integration_user_id)
    identity = client.session.get(listed["identity"], params={"format": "json"}, timeout=10).json()
    assert identity["organization_id"] == client.org.org_id
    assert identity["username"] == "integration@local-org.example.com"


def test_userinfo_tells_who_is_signed_in(client: Client) -> None:
    info = client.call("GET", "/services/oauth2/userinfo").json()
    assert info["user_id"] == client.org.integration_user_id
    assert info["organization_id"] == client.org.org_id
    assert info["is_salesforce_integration_user"] is True
    assert len(info) == 23


def test_the_org_tells_what_it_is(client: Client) -> None:
    soql = "SELECT Id, Name, InstanceName, IsSandbox, OrganizationType FROM Organization"
    assert client.query(soql) == [
        {
            "Id": client.org.org_id,
            "Name": "Local org",
            "InstanceName": "LOCAL",
            "IsSandbox": False,
            "OrganizationType": "Developer Edition",
        }
    ]


def test_the_users_are_an_administrator_an_integration_user_a_queue_and_a_former_one(
    client: Client,
) -> None:
    users = client.query("SELECT Name, Email, IsActive FROM User ORDER BY Name")
    assert [(u["Name"], u["IsActive"]) for u in users] == [
        ("Ada Admin", True),
        ("Fred Former", False),
        ("Integration User", True),
        ("Queue User", True),
    ]
    assert all(u["Email"].endswith("@example.com") for u in users)
