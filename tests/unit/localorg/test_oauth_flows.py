"""Every way to an access token, and what ends one."""

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from .client import BASE, Client
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

# Username and password -----------------------------------------------------------------------


def test_a_password_alone_or_with_the_security_token_gives_an_access_token(client: Client) -> None:
    for password in (client.org.password, client.org.password + client.org.security_token):
        body = with_password(client, password=password).json()
        assert works(client, body["access_token"])
        assert list(body) == [  # R, openstax
            "access_token", "instance_url", "id", "token_type", "issued_at", "signature",
        ]  # fmt: skip


def test_the_signature_is_that_of_id_and_time_under_the_secret(client: Client) -> None:
    body = with_password(client).json()
    signed = hmac.new(
        client.org.client_secret.encode(),
        (body["id"] + body["issued_at"]).encode(),
        hashlib.sha256,
    )
    assert body["signature"] == base64.b64encode(signed.digest()).decode()


def test_a_username_counts_in_any_case_and_parameters_may_stand_in_the_query(
    client: Client,
) -> None:
    form = {"username": client.org.username.upper(), "password": client.org.password}
    answer = requests.post(
        f"{client.org.instance_url}/services/oauth2/token",
        params={"grant_type": "password", **app(client), **form},
        verify=str(client.org.ca_bundle),
        timeout=10,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"password": "wrong"}, ("invalid_grant", "authentication failure")),
        ({"password": ""}, ("invalid_grant", "authentication failure")),
        ({"password": "x" * 2_000_000}, ("invalid_grant", "authentication failure")),
        ({"username": "nobody@example.com"}, ("invalid_grant", "authentication failure")),
        (
            {"username": "former@local-org.example.com"},
            ("invalid_grant", "authentication failure"),
        ),
        ({"client_id": "another"}, ("invalid_client_id", "client identifier invalid")),
        ({"client_secret": "another"}, ("invalid_client", "invalid client credentials")),
    ],
)
def test_a_wrong_password_or_app_is_refused(
    client: Client, changed: dict[str, str], error: tuple[str, str]
) -> None:
    assert refusal(with_password(client, **changed)) == error


def test_parameters_of_the_form_name_brackets_are_no_parameters(client: Client) -> None:
    form = {"username[]": client.org.username, "password[]": client.org.password}
    answer = ask(client, grant_type="password", **app(client), **form)
    assert refusal(answer) == ("invalid_grant", "authentication failure")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b'{"grant_type": "password"}', "application/json"),
        (b"[1, 2]", "application/json"),
        (b"{not json", "application/json"),
        (b"grant_type=password", "text/plain"),
        (b"grant_type=authorization", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_with_a_known_grant_is_no_grant(
    client: Client, body: bytes, content_type: str
) -> None:
    answer = requests.post(
        f"{client.org.instance_url}/services/oauth2/token",
        data=body,
        headers={"Content-Type": content_type},
        verify=str(client.org.ca_bundle),
        timeout=10,
    )
    assert refusal(answer) == ("unsupported_grant_type", "grant type not supported")


def test_only_post_is_allowed(client: Client) -> None:
    assert client.call("GET", "/services/oauth2/token").status_code == 405


# JWT bearer ----------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["https://login.salesforce.com/", "own", ["x", "own"]])
def test_a_signed_assertion_gives_an_access_token(client: Client, audience: Any) -> None:
    own = client.org.instance_url
    named = [own if a == "own" else a for a in audience] if isinstance(audience, list) else audience
    body = with_assertion(client, assertion(client, aud=own if named == "own" else named)).json()
    assert set(body) == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert body["id"].endswith(client.org.integration_user_id)
    assert works(client, body["access_token"])


APP = ("invalid_client_id", "client identifier invalid")
USER = ("invalid_grant", "user hasn't approved this consumer")
INVALID = ("invalid_grant", "invalid assertion")


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "another"}, APP),
        ({"iss": None}, APP),
        ({"aud": "https://example.com"}, ("invalid_grant", "audience is invalid")),
        ({"aud": None}, ("invalid_grant", "audience is invalid")),
        ({"aud": {"a": 1}}, ("invalid_grant", "audience is invalid")),
        ({"exp": int(time.time()) - 1}, ("invalid_grant", "expired authorization code")),
        ({"exp": None}, INVALID),
        ({"exp": "soon"}, INVALID),
        ({"exp": "nan"}, INVALID),
        ({"sub": "nobody@example.com"}, USER),
        ({"sub": "former@local-org.example.com"}, USER),
        ({"sub": ["a"]}, INVALID),
        ({"sub": None}, INVALID),
    ],
)
def test_an_assertion_with_wrong_claims_is_refused(
    client: Client, claims: dict[str, Any], error: tuple[str, str]
) -> None:
    header = {"alg": "RS256", "typ": "JWT"}
    right = {
        "iss": client.org.client_id,
        "sub": client.org.username,
        "aud": "https://login.salesforce.com",
        "exp": str(int(time.time()) + 180),
    }
    told = {name: value for name, value in {**right, **claims}.items() if value is not None}
    # PyJWT refuses to sign a subject that is no text, so the token is signed as a mere text.
    signer = jwt.PyJWS()
    key = client.org.private_key_file.read_bytes()
    text = signer.encode(json.dumps(told).encode(), key, algorithm="RS256", headers=header)
    assert refusal(with_assertion(client, text)) == error


def rsa_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_the_signature_is_really_checked(client: Client) -> None:
    good = assertion(client)
    assert refusal(with_assertion(client, assertion(client, rsa_pem()))) == INVALID
    head, claims, signature = good.split(".")
    other = assertion(client, sub=client.org.admin_username).split(".")[1]
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    secret = client.org.client_secret
    by_secret = jwt.encode(jwt.decode(good, options={"verify_signature": False}), secret, "HS256")
    for wrong in (
        f"{head}.{other}.{signature}",
        f"{head}.{claims}.",
        f"{unsigned}.{claims}.",
        by_secret,
    ):
        assert refusal(with_assertion(client, wrong)) == INVALID


@pytest.mark.parametrize(
    "text", ["", "a", "a.b.c", "..", "é.é.é", "W10.W10.W10", "e30.e30." * 9000]
)
def test_what_is_no_assertion_is_refused(client: Client, text: str) -> None:
    assert refusal(with_assertion(client, text)) == INVALID


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an app")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_another_certificate_can_be_registered_and_then_counts_alone(own: Client) -> None:
    before = assertion(own)
    pem = rsa_pem()
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    taken = own.call("POST", "/local/certificate", {"pem": certificate(key)})
    assert taken.status_code == 204
    assert with_assertion(own, assertion(own, pem)).status_code == 200
    assert refusal(with_assertion(own, before)) == INVALID


@pytest.mark.parametrize("pem", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nxx\n"])
def test_what_is_no_certificate_cannot_be_registered(client: Client, pem: str) -> None:
    answer = client.call("POST", "/local/certificate", {"pem": pem})
    assert answer.status_code == 400
    assert answer.json()[0]["message"] == "This is no certificate in PEM form."
    curve = certificate(ec.generate_private_key(ec.SECP256R1()))
    refused = client.call("POST", "/local/certificate", {"pem": curve}).json()
    assert refused[0]["message"] == "The certificate's key is not RSA, which RS256 needs."
    assert with_assertion(client, assertion(client)).status_code == 200


# Refresh, revoke, introspect -----------------------------------------------------------------


def test_a_refresh_token_gives_access_with_and_without_the_secret(client: Client) -> None:
    given = refresh_token(client)
    form = {"grant_type": "refresh_token", "refresh_token": given}
    for identified in (app(client), {"client_id": client.org.client_id}):
        body = ask(client, **form, **identified).json()
        assert works(client, body["access_token"])
        assert {"id", "issued_at", "instance_url", "signature", "access_token"} <= set(body)
        assert "refresh_token" not in body
    wrong = {**form, "refresh_token": "5Aep861nonsense"}
    expected = ("invalid_grant", "expired access/refresh token")
    assert refusal(ask(client, **wrong, **app(client))) == expected
    wrong = {**app(client), "client_secret": "another"}
    assert refusal(ask(client, **form, **wrong))[0] == "invalid_client"


def test_revoking_a_refresh_token_ends_what_it_gave(client: Client) -> None:
    given = refresh_token(client, user=client.org.admin_username)
    form = {"grant_type": "refresh_token", "refresh_token": given, **app(client)}
    first = ask(client, **form).json()["access_token"]
    second = ask(client, **form).json()["access_token"]
    assert ask(client, "revoke", token=first).status_code == 200
    assert (works(client, first), works(client, second)) == (False, True)
    assert ask(client, "revoke", token=given).status_code == 200
    assert not works(client, second)
    assert refusal(ask(client, **form))[1] == "expired access/refresh token"
    assert ask(client, "revoke", token=given).json()["error"] == "unsupported_token_type"


def test_a_token_can_be_introspected_by_its_app(client: Client) -> None:
    token = with_password(client).json()["access_token"]
    told = ask(client, "introspect", token=token, **app(client)).json()
    assert (told["active"], told["username"]) == (True, client.org.username)
    assert told["exp"] - told["iat"] == 7200
    assert ask(client, "introspect", token="x", **app(client)).json() == {"active": False}
    assert ask(client, "introspect", token=token).status_code == 401


# Using a token -------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["Bearer", "OAuth", "bearer"])
def test_a_token_is_taken_under_both_names(client: Client, scheme: str) -> None:
    assert works(client, client.org.access_token, scheme)
    assert not works(client, client.org.access_token, "Basic")


def test_the_identity_service_refuses_with_one_word(client: Client) -> None:
    url = f"/id/{client.org.org_id}/{client.org.integration_user_id}"

    def asked(path: str, authorization: str | None = None) -> tuple[int, str]:
        told = f"Bearer {client.org.access_token}" if authorization is None else authorization
        answer = client.call("GET", path, headers={"Authorization": told})
        return answer.status_code, answer.text

    assert asked(url, "") == (403, "Missing_OAuth_Token")
    assert asked(url, "Bearer nonsense") == (403, "Bad_OAuth_Token")
    assert asked("/services/oauth2/userinfo", "Bearer x") == (403, "Bad_OAuth_Token")
    assert asked(f"/id/00DLo0000000000MAA/{client.org.integration_user_id}")[0] in (403, 404)
    assert asked(f"/id/{client.org.org_id}/005000000000001AAA") == (404, "Bad_Id")
    assert asked(f"/id/{client.org.org_id}/x/y") == (404, "Bad_Id")
    assert asked(url + "?version=x") == (406, "Invalid_Version")


def test_an_administrator_may_ask_who_others_are(client: Client) -> None:
    url = f"/id/{client.org.org_id}/{client.org.integration_user_id}"
    headers = {"Authorization": f"Bearer {client.org.admin_token}"}
    told = client.call("GET", url + "?version=latest", headers=headers).json()
    assert told["username"] == client.org.username
    assert told["asserted_user"] is False
    assert told["urls"]["rest"].endswith("/services/data/v67.0/")
    [admin] = client.query(f"SELECT Id FROM User WHERE Username = '{client.org.admin_username}'")
    refused = client.call("GET", f"/id/{client.org.org_id}/{admin['Id']}")
    assert (refused.status_code, refused.text) == (403, "No_Access")


def test_plain_http_signs_in_as_well(own: Client) -> None:
    token = with_password(own).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{own.org.instance_url}{BASE}/limits", headers=headers, timeout=10)
    assert answer.status_code == 200
