"""Every way to sign in against the local org, and every refusal that an administrator can cause."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from crm_sync.errors import CrmSyncError, LegacySignIn, OrgAccessError, OrgUnreachable
from crm_sync.localorg.serve import LocalOrg
from crm_sync.salesforce.assertion import audience
from crm_sync.salesforce.bounded import BoundedSession
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.connect import SignIn, sign_in
from crm_sync.targets import Target


def target(org: LocalOrg, auth: str, **keys: Any) -> Target:
    base = {"instance_url": org.instance_url, "ca_bundle": org.ca_bundle, "attempts": 1}
    return Target.model_validate({**base, "auth": auth, **keys})


def credentials(org: LocalOrg, **keys: Any) -> Target:
    given = {"client_id": org.client_id, "client_secret": org.client_secret}
    return target(org, "client_credentials", **{**given, **keys})


def bearer(org: LocalOrg, **keys: Any) -> Target:
    given = {
        "client_id": org.client_id,
        "username": org.username,
        "private_key_file": org.private_key_file,
    }
    return target(org, "jwt_bearer", **{**given, **keys})


def by_password(org: LocalOrg, **keys: Any) -> Target:
    given = {"username": org.username, "password": org.password}
    return target(org, "password", **{**given, **keys})


def enter(wanted: Target) -> SignIn:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LegacySignIn)
        return sign_in(BoundedSession(wanted), "local", wanted)


def refusal(wanted: Target) -> str:
    with pytest.raises(CrmSyncError) as caught:
        enter(wanted)
    shown = "".join(traceback.format_exception(caught.value)) + repr(wanted)
    for key in ("client_secret", "password", "private_key", "access_token", "security_token"):
        if secret := getattr(wanted, key):
            assert secret.get_secret_value() not in shown
    assert "\n" not in str(caught.value)
    return str(caught.value)


WAYS = [credentials, bearer, by_password]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_gives_a_session_of_the_integration_user(
    org: LocalOrg, way: Callable[..., Target]
) -> None:
    session = enter(way(org))
    assert (session.org_id, session.user_id) == (org.org_id, org.integration_user_id)
    assert session.instance_url == org.instance_url
    assert session.access_token not in repr(session)


def test_a_ready_token_gives_a_session(org: LocalOrg) -> None:
    session = enter(target(org, "access_token", access_token=org.access_token))
    assert (session.org_id, session.user_id) == (org.org_id, org.integration_user_id)


def test_a_private_key_may_be_a_variable_of_one_line(org: LocalOrg) -> None:
    pem = org.private_key_file.read_text(encoding="ascii")
    for text in (pem, pem.replace("\n", "\\n")):
        assert enter(bearer(org, private_key_file=None, private_key=text)).org_id == org.org_id


def test_a_password_followed_by_its_token_enters_from_anywhere(org: LocalOrg) -> None:
    org.set_policies(ip_trusted=False)
    assert "LOGIN_MUST_USE_SECURITY_TOKEN" in (said := refusal(by_password(org)))
    assert "Set security_token" in said
    whole = by_password(org, security_token=org.security_token)
    assert enter(whole).org_id == org.org_id


def test_a_password_is_sent_as_it_is(org: LocalOrg) -> None:
    org.set_user(org.username, password="<&\"'> ü € ]]>")
    assert enter(by_password(org)).org_id == org.org_id


def test_signing_in_by_password_warns_of_its_end(org: LocalOrg) -> None:
    wanted = by_password(org)
    with pytest.warns(LegacySignIn, match="Summer '27") as told:
        sign_in(BoundedSession(wanted), "local", wanted)
    assert org.password not in str(told[0].message)


@pytest.mark.parametrize(
    ("way", "policies", "code", "click"),
    [
        (credentials, {"run_as": None}, "no client credentials user enabled", "set Run As to"),
        (credentials, {"app_approved": False}, "invalid_app_access", "Permitted Users"),
        (credentials, {"my_domain": False}, "not supported on this domain",
         "Setup → My Domain → Current My Domain URL"),
        (credentials, {"ip_allowed": False}, "ip restricted", "Setup → Network Access"),
        (bearer, {"app_approved": False}, "hasn't approved this consumer", "Permitted Users"),
        (bearer, {"ip_allowed": False}, "ip restricted", "IP Relaxation"),
        (by_password, {"ip_allowed": False}, "LOGIN_DURING_RESTRICTED_DOMAIN", "Network Access"),
        (by_password, {"soap_login": False}, "INVALID_OPERATION", "Use client credentials"),
        (by_password, {"api_enabled": False}, "API_DISABLED_FOR_ORG", "API Enabled"),
    ],
)  # fmt: skip
def test_a_policy_that_keeps_us_out_is_named_with_what_to_click(
    org: LocalOrg, way: Callable[..., Target], policies: dict[str, Any], code: str, click: str
) -> None:
    org.set_policies(**policies)
    said = refusal(way(org))
    assert said.startswith("Target local: Salesforce refused the sign-in: ")
    assert code in said
    assert click in said


@pytest.mark.parametrize("way", [credentials, bearer])
def test_a_closed_api_is_named_at_the_first_call(org: LocalOrg, way: Callable[..., Target]) -> None:
    org.set_policies(api_enabled=False)
    client = Client("local", way(org))
    with pytest.raises(OrgAccessError, match="API_DISABLED_FOR_ORG") as caught:
        client.query(["SELECT Id FROM Organization"])
    assert "System Permissions: API Enabled" in str(caught.value)


def test_an_expired_password_is_named(org: LocalOrg) -> None:
    with pytest.warns(LegacySignIn):
        client = Client("local", by_password(org))
    org.set_user(org.username, password_expired=True)
    said = refusal(by_password(org))
    assert "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" in said
    assert "Password Never Expires" in said
    with pytest.raises(OrgAccessError, match=r"EXPIRED_PASSWORD.*set a new password"):
        client.query(["SELECT Id FROM Organization"])


@pytest.mark.parametrize(
    ("way", "click"),
    [
        (credentials, "that is not frozen"),
        (bearer, "that the user is active"),
        (by_password, "not locked out"),
    ],
)
def test_a_user_who_is_frozen(org: LocalOrg, way: Callable[..., Target], click: str) -> None:
    wanted = way(org)
    org.set_user(org.username, is_frozen=True)
    assert click in refusal(wanted)


@pytest.mark.parametrize(
    ("way", "keys", "code", "click"),
    [
        (credentials, {"client_id": "another"}, "invalid_client_id", "Check client_id"),
        (credentials, {"client_secret": "hunter2"}, "invalid_client", "Check client_secret"),
        (bearer, {"username": "nobody@example.com"}, "hasn't approved", "Check username"),
        (bearer, {"audience": "https://example.com"}, "audience is invalid", "Set audience"),
        (by_password, {"password": "hunter2"}, "INVALID_LOGIN", "Correct username, password"),
    ],
)
def test_a_wrong_setting_is_named(
    org: LocalOrg, way: Callable[..., Target], keys: dict[str, Any], code: str, click: str
) -> None:
    said = refusal(way(org, **keys))
    assert code in said
    assert click in said


def pem_of(key: Any, password: bytes | None = None) -> str:
    lock: Any = serialization.NoEncryption()
    if password:
        lock = serialization.BestAvailableEncryption(password)
    form = serialization.PrivateFormat.PKCS8
    text: bytes = key.private_bytes(serialization.Encoding.PEM, form, lock)
    return text.decode()


def test_a_key_that_belongs_to_another_certificate(org: LocalOrg) -> None:
    other = pem_of(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    said = refusal(bearer(org, private_key_file=None, private_key=other))
    assert "invalid assertion" in said
    assert "upload the certificate that belongs to private_key" in said


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        ("hunter2", "is no private key in PEM form"),
        (pem_of(ec.generate_private_key(ec.SECP256R1())), "is not an RSA key of 2,048 bits"),
        (pem_of(rsa.generate_private_key(public_exponent=65537, key_size=1024)),  # noqa: S505
         "is not an RSA key of 2,048 bits"),
        (pem_of(ec.generate_private_key(ec.SECP256R1()), b"locked"), "is locked with a password"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_sign(org: LocalOrg, pem: str, said: str) -> None:
    assert said in refusal(bearer(org, private_key_file=None, private_key=pem))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://acme.my.salesforce.com", "login"),
        ("https://acme--dev.sandbox.my.salesforce.com", "test"),
        ("https://acme.develop.my.salesforce.com", "login"),
        ("https://test.salesforce.com", "test"),
    ],
)
def test_the_audience_follows_the_kind_of_org(url: str, host: str) -> None:
    assert audience(Target(instance_url=url)) == f"https://{host}.salesforce.com"
    named = Target(instance_url=url, audience="https://example.my.salesforce.com/")
    assert audience(named) == "https://example.my.salesforce.com"


@pytest.mark.parametrize(
    "host",
    ["login.salesforce.com", "test.salesforce.com", "acme.lightning.force.com",
     "acme.my.salesforce-setup.com"],
)  # fmt: skip
def test_an_address_that_is_no_my_domain_is_told_without_asking_it(host: str) -> None:
    wanted = Target(instance_url=f"https://{host}", client_id="id", client_secret="hunter2")  # type: ignore[arg-type]
    said = refusal(wanted)
    assert said.startswith(f"Target local: {host} is not the My Domain of an org.")
    assert "Current My Domain URL" in said


@pytest.mark.parametrize(
    ("auth", "keys", "missing"),
    [
        ("client_credentials", {}, "client_id"),
        ("client_credentials", {"client_id": "x"}, "client_secret"),
        ("jwt_bearer", {"client_id": "x"}, "username"),
        ("jwt_bearer", {"client_id": "x", "username": "a@b.c"}, "private_key"),
        ("access_token", {}, "access_token"),
        ("password", {}, "username"),
        ("password", {"username": "a@b.c"}, "password"),
    ],
)
def test_what_a_way_needs_and_nobody_gave(auth: str, keys: dict[str, Any], missing: str) -> None:
    given = {"instance_url": "https://x.my.salesforce.com", "auth": auth, **keys}
    said = refusal(Target.model_validate(given))
    assert said.startswith(
        f"Target local has no {missing}. Set CRM_SYNC_TARGETS__LOCAL__{missing.upper()}"
    )


def test_trouble_of_the_server_at_a_soap_login_is_no_refusal(org: LocalOrg) -> None:
    org.faults = [{"when": {"path": "services/Soap"}, "then": {"status": 503, "body": "<html>"}}]
    wanted = by_password(org)
    with pytest.raises(OrgUnreachable, match="HTTP 503"):
        enter(wanted)


def test_an_answer_that_is_none_of_soap(org: LocalOrg) -> None:
    org.faults = [{"when": {"path": "services/Soap"}, "then": {"status": 200, "body": "<html>"}}]
    assert "is not one of SOAP login()" in refusal(by_password(org))


def test_secrets_from_files(org: LocalOrg, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{org.client_secret}\n", encoding="utf-8")
    wanted = credentials(org, client_secret=None, client_secret_file=file)
    assert enter(wanted).org_id == org.org_id
    file.write_text("\n", encoding="utf-8")
    assert f"targets.local.client_secret_file: {file} is empty." in refusal(wanted)
    file.unlink()
    assert "cannot be read: no such file or directory." in refusal(wanted)
