"""Signing in, and who is signed in: token, identity, userinfo.

Only the client credentials flow is offered. Its user is the integration user.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.routing import Answer

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

SCOPE = "api id"


def token(org: "Org", form: Mapping[str, str], authorization: str) -> Answer:
    """POST /services/oauth2/token. Credentials stand in the form or in a Basic header."""
    client_id, client_secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        client_id, _, client_secret = decoded.partition(":")
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "grant type not supported")
    if client_id != org.client_id:
        return _refused("invalid_client_id", "client identifier invalid")
    if not secrets.compare_digest(client_secret.encode(), org.client_secret.encode()):
        return _refused("invalid_client", "invalid client credentials")
    issued_at = str(int(org.clock().timestamp() * 1000))
    identity_url = _identity_url(org, org.integration_user_id)
    digest = hmac.digest(org.client_secret.encode(), (identity_url + issued_at).encode(), "sha256")
    return Answer(
        200,
        {
            "access_token": org.open_session(org.integration_user_id),
            "signature": base64.b64encode(digest).decode(),
            "scope": SCOPE,
            "instance_url": org.instance_url,
            "id": identity_url,
            "token_type": "Bearer",
            "issued_at": issued_at,
        },
    )


def signed_in(org: "Org", authorization: str) -> str:
    """The Id of the user whose session the header names; 401 when there is none (R)."""
    scheme, _, given = authorization.partition(" ")
    user_id = org.session_user(given.strip()) if scheme.lower() in ("bearer", "oauth") else None
    if user_id is None:
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    return user_id


def identity(org: "Org", user_id: str) -> dict[str, Any]:
    """GET /id/{org}/{user}: the identity of the signed-in user (D, Identity URLs)."""
    user = _user(org, user_id)
    return {
        "id": _identity_url(org, user_id),
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": org.org_id,
        "username": user["Username"],
        "nick_name": user["CommunityNickname"],
        "display_name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "first_name": user["FirstName"],
        "last_name": user["LastName"],
        "timezone": user["TimeZoneSidKey"],
        "photos": {"picture": _photo(org, "F"), "thumbnail": _photo(org, "T")},
        "addr_street": None,
        "addr_city": None,
        "addr_state": None,
        "addr_country": None,
        "addr_zip": None,
        "mobile_phone": None,
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "urls": _urls(org, user_id),
        "active": bool(user["IsActive"]),
        "user_type": "STANDARD",
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "utcOffset": 3600000,
        "last_modified_date": user["LastModifiedDate"],
        "is_app_installed": True,
    }


def userinfo(org: "Org", user_id: str) -> dict[str, Any]:
    """GET /services/oauth2/userinfo (the 23 keys are R, nango get-current-user)."""
    user = _user(org, user_id)
    return {
        "sub": _identity_url(org, user_id),
        "user_id": user_id,
        "organization_id": org.org_id,
        "preferred_username": user["Username"],
        "nickname": user["CommunityNickname"],
        "name": user["Name"],
        "email": user["Email"],
        "email_verified": True,
        "given_name": user["FirstName"],
        "family_name": user["LastName"],
        "zoneinfo": user["TimeZoneSidKey"],
        "photos": {"picture": _photo(org, "F"), "thumbnail": _photo(org, "T")},
        "profile": f"{org.instance_url}/{user_id}",
        "picture": _photo(org, "F"),
        "address": {},
        "is_salesforce_integration_user": user_id == org.integration_user_id,
        "urls": _urls(org, user_id),
        "active": bool(user["IsActive"]),
        "user_type": "STANDARD",
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "utcOffset": 3600000,
        "updated_at": datetime.strptime(
            user["LastModifiedDate"], "%Y-%m-%dT%H:%M:%S.000%z"
        ).isoformat(),
    }


def _refused(error: str, description: str) -> Answer:
    """400 (R, auth/error-400.json)."""
    return Answer(400, {"error": error, "error_description": description})


def _user(org: "Org", user_id: str) -> dict[str, Any]:
    user = org.store.record(user_id)
    if user is None:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return user


def _identity_url(org: "Org", user_id: str) -> str:
    return f"{org.instance_url}/id/{org.org_id}/{user_id}"


def _photo(org: "Org", size: str) -> str:
    return f"{org.instance_url}/profilephoto/005/{size}"


def _urls(org: "Org", user_id: str) -> dict[str, str]:
    services = f"{org.instance_url}/services"
    rest = f"{services}/data/v{{version}}/"
    return {
        "enterprise": f"{services}/Soap/c/{{version}}/{org.org_id[:15]}",
        "metadata": f"{services}/Soap/m/{{version}}/{org.org_id[:15]}",
        "partner": f"{services}/Soap/u/{{version}}/{org.org_id[:15]}",
        "rest": rest,
        "sobjects": f"{rest}sobjects/",
        "search": f"{rest}search/",
        "query": f"{rest}query/",
        "recent": f"{rest}recent/",
        "tooling_soap": f"{services}/Soap/T/{{version}}/{org.org_id[:15]}",
        "tooling_rest": f"{rest}tooling/",
        "profile": f"{org.instance_url}/{user_id}",
        "custom_domain": org.instance_url,
    }
