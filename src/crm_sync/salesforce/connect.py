"""Sign-in: a target's settings in, a session at Salesforce out.

OAuth client credentials, JWT bearer, an access token that is ready, the session of the Salesforce
CLI, or, as long as there is such a thing, user name and password. Everything goes through one
`BoundedSession`, so nothing can hang. What a refusal means, `refusals` knows.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from crm_sync.credentials import complete
from crm_sync.errors import LegacySignIn, OrgUnreachable, SignInError
from crm_sync.salesforce import sf_cli
from crm_sync.salesforce.assertion import assertion
from crm_sync.salesforce.refusals import GUIDE, mend_of_sign_in
from crm_sync.settings_sources import variable
from crm_sync.targets import Target

__all__ = ["SignIn", "long_id", "patiently", "sign_in"]


class _Busy(OrgUnreachable):
    """The server is there and in trouble."""


def patiently(
    target: Target,
    passing: type[Exception],
    before_sleep: Callable[[RetryCallState], None] | None = None,
) -> Retrying:
    """As many attempts as the target allows while `passing` is raised, with growing pauses.

    The pauses are random so that many clients do not come back at the same moment.
    """
    return Retrying(
        stop=stop_after_attempt(target.attempts),
        wait=wait_random_exponential(multiplier=0.5, max=30),
        retry=retry_if_exception_type(passing),
        before_sleep=before_sleep,
        reraise=True,
    )


@dataclass(frozen=True)
class SignIn:
    """A session. `org_id` and `user_id` have 18 characters. The token is not shown."""

    instance_url: str
    org_id: str
    user_id: str
    access_token: str

    def __repr__(self) -> str:
        return f"SignIn({self.instance_url}, {self.org_id})"


def sign_in(session: requests.Session, name: str, target: Target) -> SignIn:
    """A fresh session for the target.

    Raises SignInError where Salesforce refuses (with Salesforce's code and what to do), and
    OrgUnreachable where no answer comes, or where it has only server trouble to tell, again and
    again. A wrong address is not tried twice. Raises SettingsError where a secret cannot be read.
    """
    target = complete(name, target)
    for attempt in patiently(target, _Busy):
        with attempt:
            return _sign_in(session, name, target)
    raise AssertionError("there is at least one attempt")


def _sign_in(session: requests.Session, name: str, target: Target) -> SignIn:
    match target.auth:
        case "client_credentials":
            _check_given(name, target, "client_id", "client_secret")
            _check_host(name, target)
            return _by_oauth(session, name, target, _credentials(target))
        case "jwt_bearer":
            _check_given(name, target, "client_id", "username", "private_key")
            form = {"grant_type": JWT_BEARER, "assertion": assertion(name, target)}
            return _by_oauth(session, name, target, form)
        case "access_token":
            _check_given(name, target, "access_token")
            token = _secret(target.access_token)
            mend = "Set a fresh access_token: a session ends after a time, and with a sign-out."
            return _with_token(session, name, target, token, mend)
        case "sf_cli":
            return _with_sf(session, name, target)
        case "password":
            _check_given(name, target, "username", "password")
            return _by_password(session, name, target)


JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _credentials(target: Target) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": target.client_id or "",
        "client_secret": _secret(target.client_secret),
    }


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""


def _check_given(name: str, target: Target, *keys: str) -> None:
    for key in keys:
        if not getattr(target, key):
            elsewhere = f", {key}_file, or the keyring ({GUIDE})" if key not in _PLAIN else ""
            raise SignInError(
                f"Target {name} has no {key}.",
                f"Set {variable('targets', name, key)}{elsewhere}.",
            )


_PLAIN = ("client_id", "username")


def _check_host(name: str, target: Target) -> None:
    """Raises SignInError for a host that has no client credentials flow, whatever the app."""
    host = _host(target.instance_url).lower()
    if host in ("login.salesforce.com", "test.salesforce.com") or host.endswith(
        (".lightning.force.com", ".my.salesforce-setup.com")
    ):
        raise SignInError(
            f"Target {name}: {host} is not the My Domain of an org.",
            mend_of_sign_in("", "not supported on this domain", target.auth, ""),
        )


def _by_oauth(session: requests.Session, name: str, target: Target, form: dict[str, str]) -> SignIn:
    url = f"{target.instance_url}/services/oauth2/token"
    answer = _ask(session, "POST", url, name, target, data=form)
    token, identity = answer.get("access_token"), str(answer.get("id", ""))
    parts = identity.rstrip("/").split("/")
    if not token or len(parts) < 2:
        raise SignInError(
            f"Target {name}: the answer of {_host(target.instance_url)} holds no session.",
            "Check that instance_url is the My Domain of a Salesforce org.",
        )
    where = str(answer.get("instance_url") or target.instance_url).rstrip("/")
    return _session(name, where, parts[-2], parts[-1], str(token))


def _with_token(
    session: requests.Session, name: str, target: Target, token: str, mend: str
) -> SignIn:
    if not re.fullmatch(r"[!-~]+", token):  # a header could not hold it
        raise SignInError(
            f"The access_token of target {name} is not one word of ASCII characters.",
            f"Correct {variable('targets', name, 'access_token')}.",
        )
    url = f"{target.instance_url}/services/oauth2/userinfo"
    headers = {"Authorization": f"Bearer {token}"}
    answer = _ask(session, "GET", url, name, target, mend=mend, headers=headers)
    organization, user = (str(answer.get(k) or "") for k in ("organization_id", "user_id"))
    return _session(name, target.instance_url, organization, user, token)


def _with_sf(session: requests.Session, name: str, target: Target) -> SignIn:
    org = sf_cli.session(target.sf_org)
    if org.instance_url.lower() != target.instance_url.lower():
        raise SignInError(
            f"Target {name} names {_host(target.instance_url)}, and sf is signed in to "
            f"{_host(org.instance_url + '/')} as {org.name}.",
            "Correct instance_url or sf_org: they must name the same org.",
        )
    mend = f"Sign in again: sf org login web --instance-url {target.instance_url}"
    return _with_token(session, name, target, org.access_token, mend)


def _by_password(session: requests.Session, name: str, target: Target) -> SignIn:
    """SOAP login(). A refusal comes as a fault with HTTP 500, so the body is read first."""
    from crm_sync.salesforce import soap_login

    warnings.warn(
        f"Target {name} signs in by user name and password, which ends: Salesforce retires SOAP "
        f"login() with Summer '27 and new orgs have it off. Change to client credentials: {GUIDE}.",
        LegacySignIn,
        stacklevel=1,
    )
    body = soap_login.request(
        target.username or "", _secret(target.password), _secret(target.security_token)
    )
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": "login"}
    url = f"{target.instance_url}{soap_login.PATH}"
    response = _answer(session, "POST", url, name, data=body, headers=headers)
    told = soap_login.read(response.content)
    if told is None:
        _check_busy(response, name)
        raise SignInError(
            f"Target {name}: the answer of {_host(url)} is not one of SOAP login().",
            "Check that instance_url is the My Domain of a Salesforce org.",
        )
    if told.code:
        raise _refused(name, target, told.code, told.said)
    if told.password_expired:
        raise _refused(name, target, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "")
    where = urlsplit(told.server_url)
    base = f"{where.scheme}://{where.netloc}" if where.netloc else target.instance_url
    return _session(name, base, told.org_id, told.user_id, told.access_token)


def _session(name: str, url: str, organization: str, user: str, token: str) -> SignIn:
    org_id, user_id = long_id(organization), long_id(user)
    if len(org_id) != 18 or len(user_id) != 18:
        raise SignInError(
            f"Target {name}: Salesforce's answer does not say what org this is.",
            "Check that instance_url is the My Domain of a Salesforce org.",
        )
    return SignIn(url, org_id, user_id, token)


def _ask(
    session: requests.Session,
    method: str,
    url: str,
    name: str,
    target: Target,
    *,
    mend: str = "Check instance_url, client_id and the secret of the target.",
    **request: Any,
) -> dict[str, Any]:
    """The answer's object. `mend` is for a refusal whose code says nothing of its own."""
    response = _answer(session, method, url, name, **request)
    _check_busy(response, name)
    try:
        answer: Any = response.json()
    except ValueError:
        answer = {}
    if response.ok and isinstance(answer, dict):
        return cast("dict[str, Any]", answer)
    code, said = _said(answer)
    raise _refused(name, target, code or str(response.status_code), said, mend)


def _answer(
    session: requests.Session, method: str, url: str, name: str, **request: Any
) -> requests.Response:
    try:
        return session.request(method, url, **request)
    except requests.exceptions.SSLError:
        raise SignInError(
            f"Target {name}: the certificate of {_host(url)} is not trusted.",
            "For the local org set ca_bundle to the file that it prints.",
        ) from None
    except requests.RequestException as error:
        raise OrgUnreachable(
            f"Target {name}: no answer from {_host(url)} ({type(error).__name__}).",
            "Check instance_url (in Salesforce: Setup → My Domain → Current My Domain URL) and the "
            "network.",
        ) from None


def _check_busy(response: requests.Response, name: str) -> None:
    if response.status_code >= 500 or response.status_code in (408, 429):
        raise _Busy(
            f"Target {name}: {_host(response.url)} answers the sign-in with HTTP "
            f"{response.status_code}.",
            "Look at https://status.salesforce.com; run again later.",
        )


def _refused(name: str, target: Target, code: str, said: str, mend: str = "") -> SignInError:
    words = said.removeprefix(f"{code}: ").rstrip(".")
    return SignInError(
        f"Target {name}: Salesforce refused the sign-in: {code}"
        + (f" ({words})." if words else "."),
        mend_of_sign_in(code, said, target.auth, mend or f"{GUIDE} says how to sign in."),
    )


def _host(url: str) -> str:
    return url.split("/")[2]


def _said(answer: Any) -> tuple[str, str]:
    """Salesforce's code and words, from either form of an error body. Neither holds a secret."""
    if isinstance(answer, list) and answer:
        answer = answer[0]
    if not isinstance(answer, dict):
        return "", ""
    body = cast("dict[str, Any]", answer)
    code = str(body.get("error") or body.get("errorCode") or "")
    return code, str(body.get("error_description") or body.get("message") or "")


def long_id(record_id: str) -> str:
    """The 18-character form of an Id: three characters that hold the case of the other fifteen.

    Source: Salesforce Help, "Record Id 15 to 18 conversion": each block of five gives one of
    A to Z and 0 to 5 by which of its characters are capitals.
    """
    if len(record_id) != 15:
        return record_id
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    blocks = (record_id[start : start + 5] for start in (0, 5, 10))
    return record_id + "".join(
        signs[sum(1 << n for n, c in enumerate(block) if "A" <= c <= "Z")] for block in blocks
    )
