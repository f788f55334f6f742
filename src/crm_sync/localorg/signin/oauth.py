"""OAuth: an access token for a client that proves who it is, and the end of one.

In: the form of a request. Out: an answer; a refusal has Salesforce's ``error`` and
``error_description`` with status 400 (R, auth/error-400.json). The flows are client credentials,
JWT bearer, username and password, and refresh token.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.records.store import Record
from crm_sync.localorg.routing import Answer
from crm_sync.localorg.signin.assertion import Refused, subject
from crm_sync.localorg.signin.identity import identity_url

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

SCOPE = "api id"
LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
IP_RESTRICTED = ("invalid_grant", "ip restricted")

Form = Mapping[str, str]


def token(org: "Org", form: Form, authorization: str) -> Answer:
    """POST /services/oauth2/token. The app's credentials stand in the form or in a Basic header."""
    flow = _FLOWS.get(form.get("grant_type", ""))
    try:
        if flow is None:
            raise Refused("unsupported_grant_type", "grant type not supported")
        body = flow(org, _with_basic(form, authorization))
    except Refused as refused:
        return _refusal(refused)
    return Answer(200, body)


def revoke(org: "Org", form: Form) -> Answer:
    """/services/oauth2/revoke: 200 and nothing, or 400 for a token that is none (D, Revoke)."""
    given = form.get("token", "")
    if org.sessions.end(given):
        return Answer(200)
    return _refusal(Refused("unsupported_token_type", "this token type is not supported"))


def introspect(org: "Org", form: Form, authorization: str) -> Answer:
    """POST /services/oauth2/introspect (D, Token Introspection): what a token of the app is."""
    try:
        form = _with_basic(form, authorization)
        _check_app(org, form, needs_secret=True)
    except Refused as refused:
        return Answer(401, {"error": refused.error, "error_description": refused.description})
    lifetime = org.accounts.policies.session_seconds
    session = org.sessions.find(form.get("token", ""), lifetime)
    user = org.store.record(session.user_id) if session else None
    if session is None or user is None:
        return Answer(200, {"active": False})
    body = {
        "active": True,
        "scope": SCOPE,
        "client_id": org.client_id,
        "username": user["Username"],
        "sub": identity_url(org, user["Id"]),
        "token_type": "access_token",
        "exp": int(session.used) + lifetime,
        "iat": int(session.opened),
        "nbf": int(session.opened),
    }
    return Answer(200, body)


# Flows ---------------------------------------------------------------------------------------


def _client_credentials(org: "Org", form: Form) -> dict[str, str]:
    """The user whom the app runs as (D, Client Credentials Flow); refusals 3, many logs."""
    policies = org.accounts.policies
    if not policies.my_domain:
        raise Refused("invalid_grant", "request not supported on this domain")
    _check_app(org, form, needs_secret=True)
    user = org.accounts.user(policies.run_as) if policies.run_as else None
    if user is None or not org.accounts.may_enter(user):
        raise Refused("invalid_grant", "no client credentials user enabled")
    if not policies.app_approved:
        raise Refused("invalid_app_access", "user is not admin approved to access this app")
    _check_network(org)
    return _signed(org, user, "client_credentials", SCOPE)


def _jwt_bearer(org: "Org", form: Form) -> dict[str, str]:
    """A user whom an administrator has approved for the app (D, JWT Bearer Flow).

    The answer has neither ``issued_at`` nor ``signature`` (D). A user who is unknown, inactive or
    not approved gets one and the same refusal (3).
    """
    username = subject(
        form.get("assertion", ""),
        client_id=org.client_id,
        audiences=_audiences(org),
        key=org.accounts.certificate_key(),
        now=org.clock(),
    )
    user = org.accounts.user(username)
    if user is None or not org.accounts.may_enter(user) or not org.accounts.policies.app_approved:
        raise Refused("invalid_grant", "user hasn't approved this consumer")
    _check_network(org)
    return {
        "access_token": org.sessions.open(user["Id"], "jwt"),
        "scope": SCOPE,
        "instance_url": org.instance_url,
        "id": identity_url(org, user["Id"]),
        "token_type": "Bearer",
    }


def _password(org: "Org", form: Form) -> dict[str, str]:
    """Password with security token; one refusal for all that may be wrong (3, many logs)."""
    _check_app(org, form, needs_secret=True)
    user, _ = org.accounts.by_password(form.get("username", ""), form.get("password", ""))
    if user is None:
        raise Refused("invalid_grant", "authentication failure")
    _check_network(org)
    told = _signed(org, user, "password", None)
    # R, openstax 2021 to 2024: the signature stands last, and no scope is told.
    signature = told.pop("signature")
    return {**told, "signature": signature}


def _refresh(org: "Org", form: Form) -> dict[str, str]:
    """A new access token; the secret may be left out (D, Refresh Token Flow)."""
    _check_app(org, form, needs_secret="client_secret" in form)
    given = form.get("refresh_token", "")
    user_id = org.sessions.refresh_user(given)
    user = org.store.record(user_id) if user_id else None
    if user is None:
        raise Refused("invalid_grant", "expired access/refresh token")  # R, refresh-error-400
    if not org.accounts.may_enter(user):
        raise Refused("inactive_user", "user is inactive")
    _check_network(org)
    return _signed(org, user, "refresh", SCOPE, refresh_token=given)


_FLOWS: dict[str, Callable[["Org", Form], dict[str, str]]] = {
    "client_credentials": _client_credentials,
    JWT_BEARER: _jwt_bearer,
    "password": _password,
    "refresh_token": _refresh,
}


# Inside --------------------------------------------------------------------------------------


def _check_app(org: "Org", form: Form, *, needs_secret: bool) -> None:
    if form.get("client_id", "") != org.client_id:
        raise Refused("invalid_client_id", "client identifier invalid")
    given = form.get("client_secret", "")
    if needs_secret and not secrets.compare_digest(given.encode(), org.client_secret.encode()):
        raise Refused("invalid_client", "invalid client credentials")


def _check_network(org: "Org") -> None:
    if not org.accounts.policies.ip_allowed:
        raise Refused(*IP_RESTRICTED)  # R, metadeploy


def _audiences(org: "Org") -> list[str]:
    """Whom an assertion may address; the last is what simple-salesforce makes of HOST:PORT/my."""
    own = org.instance_url
    return [*LOGIN_HOSTS, own, f"{own}/services/oauth2/token", f"{own}/my.salesforce.com"]


def _signed(
    org: "Org", user: Record, kind: str, scope: str | None, refresh_token: str | None = None
) -> dict[str, str]:
    """The answer with ``signature``: HMAC-SHA256 of id and issued_at with the secret (D)."""
    issued_at = str(int(org.clock().timestamp() * 1000))
    url = identity_url(org, user["Id"])
    digest = hmac.digest(org.client_secret.encode(), (url + issued_at).encode(), "sha256")
    return {
        "access_token": org.sessions.open(user["Id"], kind, refresh_token),
        "signature": base64.b64encode(digest).decode(),
        **({"scope": scope} if scope else {}),
        "instance_url": org.instance_url,
        "id": url,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


def _with_basic(form: Form, authorization: str) -> Form:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    client_id, _, client_secret = decoded.partition(":")
    return {**form, "client_id": client_id, "client_secret": client_secret}


def _refusal(refused: Refused) -> Answer:
    body: dict[str, Any] = {"error": refused.error, "error_description": refused.description}
    return Answer(400, body)
