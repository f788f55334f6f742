"""What an administrator can set so that a client is kept out, and what the client is told."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_sync.localorg.serve import LocalOrg

from .client import Client
from .signing_in import (
    app,
    ask,
    assertion,
    refresh_token,
    refusal,
    with_assertion,
    with_password,
    works,
)


def credentials(client: Client) -> tuple[str, str]:
    return refusal(ask(client, grant_type="client_credentials", **app(client)))


def test_without_a_run_as_user_client_credentials_are_refused(own: Client) -> None:
    expected = ("invalid_grant", "no client credentials user enabled")
    own.org.set_policies(run_as=None)
    assert credentials(own) == expected
    own.org.set_policies(run_as="nobody@example.com")
    assert credentials(own) == expected
    own.org.set_policies(run_as=own.org.username)
    own.org.set_user(own.org.username, is_frozen=True)
    assert credentials(own) == expected


def test_the_run_as_user_can_be_another(own: Client) -> None:
    own.org.set_policies(run_as=own.org.admin_username)
    token = ask(own, grant_type="client_credentials", **app(own)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    told = own.call("GET", "/services/oauth2/userinfo", headers=headers).json()
    assert told["preferred_username"] == own.org.admin_username
    assert told["is_salesforce_integration_user"] is False


def test_an_app_that_is_not_approved_is_refused_in_each_flows_words(own: Client) -> None:
    own.org.set_policies(app_approved=False)
    assert credentials(own) == (
        "invalid_app_access",
        "user is not admin approved to access this app",
    )
    assert refusal(with_assertion(own, assertion(own))) == (
        "invalid_grant",
        "user hasn't approved this consumer",
    )


def test_a_restricted_network_and_a_wrong_host_are_refused(own: Client) -> None:
    own.org.set_policies(ip_allowed=False)
    assert credentials(own) == ("invalid_grant", "ip restricted")
    assert refusal(with_password(own)) == ("invalid_grant", "ip restricted")
    own.org.set_policies(ip_allowed=True, my_domain=False)
    assert credentials(own) == ("invalid_grant", "request not supported on this domain")
    assert with_password(own).status_code == 200


def test_outside_the_trusted_network_the_password_needs_its_token(own: Client) -> None:
    own.org.set_policies(ip_trusted=False)
    assert refusal(with_password(own)) == ("invalid_grant", "authentication failure")
    whole = own.org.password + own.org.security_token
    assert with_password(own, password=whole).status_code == 200


def test_where_the_api_is_off_every_data_call_is_refused(own: Client) -> None:
    own.org.set_policies(api_enabled=False)
    answer = own.call("GET", "/limits")
    assert answer.status_code == 403
    assert answer.json() == [
        {
            "message": "The REST API is not enabled for this Organization.",
            "errorCode": "API_DISABLED_FOR_ORG",
        }
    ]
    assert own.call("GET", "/services/oauth2/userinfo").status_code == 200


def test_an_expired_password_ends_the_sessions_that_began_with_it(own: Client) -> None:
    token = with_password(own).json()["access_token"]
    own.org.set_user(own.org.username, password_expired=True)
    answer = own.call("GET", "/limits", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json() == [
        {
            "message": "Your password has expired. Please reset your password.",
            "errorCode": "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
        }
    ]
    assert works(own, own.org.access_token)


def test_a_frozen_or_inactive_user_is_out_at_once(own: Client) -> None:
    given = refresh_token(own)
    form = {"grant_type": "refresh_token", "refresh_token": given, **app(own)}
    name = own.org.username
    for change in ({"is_frozen": True}, {"is_frozen": False, "is_active": False}):
        told = own.call("POST", "/local/users", {"user": name, **change}).json()
        assert change.items() <= told.items()
        assert not works(own, own.org.access_token)
        assert refusal(with_password(own)) == ("invalid_grant", "authentication failure")
        assert refusal(ask(own, **form)) == ("inactive_user", "user is inactive")
    own.call("POST", "/local/users", {"user": name, "is_active": True})
    assert works(own, own.org.access_token)


def test_policies_and_users_can_be_looked_at_without_their_secrets(own: Client) -> None:
    told = own.call("POST", "/local/policies", {"session_seconds": 60}).json()
    assert own.call("GET", "/local/policies").json() == told
    assert (told["session_seconds"], told["run_as"]) == (60, own.org.username)
    users = own.call("GET", "/local/users")
    assert [u["profile"] for u in users.json()] == [
        "System Administrator",
        "Minimum Access - API Only Integrations",
        "Standard User",
        "Standard User",
    ]
    assert own.org.password not in users.text
    assert own.org.security_token not in users.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("policies", {"nonsense": True}),
        ("policies", {"session_seconds": 0}),
        ("policies", {"session_seconds": "60"}),
        ("policies", {"session_seconds": True}),
        ("policies", {"api_enabled": "no"}),
        ("policies", {"run_as": 1}),
        ("users", {"user": "nobody@example.com", "is_frozen": True}),
        ("users", {"is_frozen": True}),
        ("users", {"user": "admin@local-org.example.com", "nonsense": 1}),
        ("users", {"user": "admin@local-org.example.com", "is_frozen": 1}),
        ("certificate", {}),
        ("refresh-token", {"user": "x"}),
    ],
)
def test_a_wrong_lever_is_refused_and_changes_nothing(
    client: Client, path: str, body: dict[str, object]
) -> None:
    before = client.call("GET", "/local/policies").json()
    answer = client.call("POST", f"/local/{path}", body)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "BAD_CONTROL_REQUEST"
    assert client.call("GET", "/local/policies").json() == before
    assert works(client, client.org.access_token)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_session_ends_after_two_hours_without_a_call() -> None:
    clock = Clock()
    with LocalOrg(https=False, clock=clock) as org:
        client = Client(org)
        for _ in range(3):
            clock.now += timedelta(minutes=119)
            assert works(client, org.access_token)
        clock.now += timedelta(minutes=120)
        assert not works(client, org.access_token)
        clock.now -= timedelta(minutes=60)
        assert not works(client, org.access_token)


def test_the_lifetime_of_sessions_can_be_set() -> None:
    clock = Clock()
    with LocalOrg(https=False, clock=clock) as org:
        client = Client(org)
        org.set_policies(session_seconds=30)
        clock.now += timedelta(seconds=29)
        assert works(client, org.access_token)
        clock.now += timedelta(seconds=30)
        answer = client.call("GET", "/limits")
        assert answer.status_code == 401
        assert answer.json()[0]["errorCode"] == "INVALID_SESSION_ID"


def test_policies_and_credentials_outlive_a_restart(tmp_path: pytest.TempPathFactory) -> None:
    data = f"{tmp_path}/org.db"
    with LocalOrg(data, https=False) as org:
        org.set_policies(session_seconds=77)
        org.set_user(org.username, password="chosen")
        key = org.private_key_file
        told = (org.security_token, key.read_text(encoding="ascii"))
        assert key.stat().st_mode & 0o077 == 0
        session = org.access_token
    with LocalOrg(data, https=False) as org:
        client = Client(org)
        assert client.call("GET", "/local/policies").json()["session_seconds"] == 77
        assert org.password == "chosen"
        assert (org.security_token, org.private_key_file.read_text(encoding="ascii")) == told
        assert works(client, session)
