"""Who is signed in: identity and userinfo."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.records.store import Record

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

_OFFSETS = {"Europe/Berlin": 1, "America/New_York": -5, "America/Los_Angeles": -8}
"""Hours from UTC of the zones that a user may have; the others have none."""


def identity(org: "Org", user: Record, *, asked_by: str, version: str | None) -> dict[str, Any]:
    """GET /id/{org}/{user}: who a user is (D, Identity URLs).

    ``asked_by`` is the Id of the signed-in user, ``version`` the API version of the URLs in the
    answer; without one they keep ``{version}``.
    """
    user_id = user["Id"]
    urls = _urls(org, user_id)
    if version is not None:
        urls = {name: url.replace("{version}", version) for name, url in urls.items()}
    return {
        "id": identity_url(org, user_id),
        "asserted_user": user_id == asked_by,
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
        "addr_street": user["Street"],
        "addr_city": user["City"],
        "addr_state": user["State"],
        "addr_country": user["Country"],
        "addr_zip": user["PostalCode"],
        "mobile_phone": user["MobilePhone"],
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "urls": urls,
        "active": bool(user["IsActive"]),
        "user_type": "STANDARD",
        "language": user["LanguageLocaleKey"],
        "locale": user["LocaleSidKey"],
        "utcOffset": offset(user),
        "last_modified_date": user["LastModifiedDate"],
        "is_app_installed": True,
    }


def userinfo(org: "Org", user: Record) -> dict[str, Any]:
    """GET /services/oauth2/userinfo (the 23 keys are R, nango get-current-user)."""
    user_id = user["Id"]
    return {
        "sub": identity_url(org, user_id),
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
        "utcOffset": offset(user),
        "updated_at": datetime.strptime(
            user["LastModifiedDate"], "%Y-%m-%dT%H:%M:%S.000%z"
        ).isoformat(),
    }


def offset(user: Record) -> int:
    """Milliseconds from UTC of a user's zone, summer time left out (D)."""
    return _OFFSETS.get(user["TimeZoneSidKey"], 0) * 3_600_000


def identity_url(org: "Org", user_id: str) -> str:
    """The URL that names org and user; clients read both Ids from it (C, sf)."""
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
