"""The way in: paths that need no session, and the session that all others need.

    the path → token, revoke, introspect, SOAP, versions     answered here, each with its own proof
             → userinfo, identity                            answered here, for a session
             → everything else                               the Id of the signed-in user

Every one of them may stand behind a host name as a first segment: simple-salesforce asks
https://{domain}.salesforce.com, and with "HOST:PORT/my" as its domain that is a path here.
"""

import re
from typing import TYPE_CHECKING

from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.rest import resources
from crm_sync.localorg.routing import Answer, Request
from crm_sync.localorg.signin import identity, oauth
from crm_sync.localorg.soap import service

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

OWN_BODY = re.compile(r"^(/[\w.-]+\.salesforce\.com)?/services/(oauth2|Soap)/")
"""Paths whose body is no JSON, whatever its content type says."""
_LOGIN_HOST = re.compile(r"^/[\w.-]+\.salesforce\.com(?=/services/)")
_VERSION = re.compile(r"\d{2}(\.0)?|latest")


def answer(org: "Org", request: Request) -> Answer | None:
    """The answer of a path that looks after its own proof; None for any other."""
    path = _LOGIN_HOST.sub("", request.path.rstrip("/"))
    authorization = request.headers.get("authorization", "")
    soap = service.of(path)
    match path:
        case "/services/data":
            return Answer(200, resources.versions(org.newest_version))
        case "/services/oauth2/token":
            return _post(request) or oauth.token(org, _form(request), authorization)
        case "/services/oauth2/introspect":
            return _post(request) or oauth.introspect(org, _form(request), authorization)
        case "/services/oauth2/revoke":
            return oauth.revoke(org, _form(request))
        case "/services/oauth2/userinfo":
            return _userinfo(org, request)
        case _ if path.startswith("/id/"):
            return _identity(org, request, path)
        case _ if path.startswith("/services/async/"):
            # The first Bulk API is not here. Its session stands in a header of its own, so that
            # "session expired" would send its clients to sign in again and again.
            raise not_found()
        case _ if soap is not None:
            return _post(request) or soap(org, request)
        case _:
            return None


def signed_in(org: "Org", request: Request) -> str:
    """The Id of the user whose session the request names.

    Raises ApiError: 401 without a living session (R), 401 for an expired password (R, grouparoo),
    403 where the API is closed to the org or the user (R, restforce 219).
    """
    user_id = _session_user(org, request)
    if user_id is None:
        raise ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
    is_open = org.accounts.policies.api_enabled and org.permissions(user_id).has("ApiEnabled")
    if not is_open:
        raise ApiError(
            403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."
        )
    return user_id


def _session_user(org: "Org", request: Request) -> str | None:
    token = _token(request)
    return org.session_user(token) if token else None


def _token(request: Request) -> str:
    """From the header, as Bearer or OAuth (D), or the query, as jsforce's identity sends it."""
    given = request.query.get("oauth_token") or request.query.get("access_token")
    if given:
        return given
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def _userinfo(org: "Org", request: Request) -> Answer:
    user_id, refusal = _identified(org, request)
    user = org.store.record(user_id) if user_id else None
    return refusal if user is None else Answer(200, identity.userinfo(org, user))


def _identity(org: "Org", request: Request, path: str) -> Answer:
    """Refused with one word of plain text (D, Identity URLs)."""
    asked_by, refusal = _identified(org, request)
    if asked_by is None:
        return refusal
    parts = [identifiers.normalize(part) for part in path.split("/")[2:]]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        return _word(404, "Bad_Id")
    if parts[0] != org.org_id:
        return _word(403, "Wrong_Org")
    user = org.store.record(parts[1]) if parts[1].startswith("005") else None
    if user is None:
        return _word(404, "Bad_Id")
    if user["Id"] != asked_by and not org.permissions(asked_by).has("ManageUsers"):
        return _word(403, "No_Access")
    if not user["IsActive"]:
        return _word(404, "Inactive")
    version = request.query.get("version")
    if version is not None and not _VERSION.fullmatch(version):
        return _word(406, "Invalid_Version")
    version = f"{org.newest_version}.0" if version == "latest" else version
    return Answer(200, identity.identity(org, user, asked_by=asked_by, version=version))


def _identified(org: "Org", request: Request) -> tuple[str | None, Answer]:
    """The signed-in user, or the refusal of the identity service (D; C, jsforce and sf)."""
    if not _token(request):
        return None, _word(403, "Missing_OAuth_Token")
    return _session_user(org, request), _word(403, "Bad_OAuth_Token")


def _word(status: int, word: str) -> Answer:
    return Answer(status, word)


def _post(request: Request) -> Answer | None:
    """405 unless the method is POST."""
    if request.method == "POST":
        return None
    return Answer(405, None, {"Allow": "POST"})


def _form(request: Request) -> dict[str, str]:
    """The parameters, from the query and the form; what is no form has none."""
    body = request.body if isinstance(request.body, dict) else {}
    return {**request.query, **body}
