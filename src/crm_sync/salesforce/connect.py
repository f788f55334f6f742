"""Sign-in: a target's settings in, a session at Salesforce out.

OAuth client credentials, or an access token that is ready. Everything goes through one
`BoundedSession`, so nothing can hang.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from crm_sync.errors import OrgUnreachable, SignInError
from crm_sync.settings import Target

__all__ = ["SIGN_IN_MENDS", "SignIn", "long_id", "patiently", "sign_in"]


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
    again. A wrong address is not tried twice.
    """
    for attempt in patiently(target, _Busy):
        with attempt:
            return _sign_in(session, name, target)
    raise AssertionError("there is at least one attempt")


def _sign_in(session: requests.Session, name: str, target: Target) -> SignIn:
    if target.auth == "access_token":
        return _with_token(session, name, target)
    if not target.client_id or target.client_secret is None:
        key = "client_id" if not target.client_id else "client_secret"
        raise SignInError(
            f"Target {name} has no {key}.",
            f"Set CRM_SYNC_TARGETS__{name.upper()}__{key.upper()}.",
        )
    answer = _ask(
        session,
        "POST",
        f"{target.instance_url}/services/oauth2/token",
        name,
        data={
            "grant_type": "client_credentials",
            "client_id": target.client_id,
            "client_secret": target.client_secret.get_secret_value(),
        },
    )
    token, identity = answer.get("access_token"), str(answer.get("id", ""))
    parts = identity.rstrip("/").split("/")
    if not token or len(parts) < 2:
        raise SignInError(
            f"Target {name}: the answer of {_host(target.instance_url)} holds no session.",
            "Check that instance_url is the My Domain of a Salesforce org.",
        )
    where = str(answer.get("instance_url") or target.instance_url).rstrip("/")
    return _session(name, where, parts[-2], parts[-1], str(token))


def _with_token(session: requests.Session, name: str, target: Target) -> SignIn:
    if target.access_token is None:
        raise SignInError(
            f"Target {name} has no access_token.",
            f"Set CRM_SYNC_TARGETS__{name.upper()}__ACCESS_TOKEN.",
        )
    token = target.access_token.get_secret_value()
    if not re.fullmatch(r"[!-~]+", token):  # a header could not hold it
        raise SignInError(
            f"The access_token of target {name} is not one word of ASCII characters.",
            f"Correct CRM_SYNC_TARGETS__{name.upper()}__ACCESS_TOKEN.",
        )
    answer = _ask(
        session,
        "GET",
        f"{target.instance_url}/services/oauth2/userinfo",
        name,
        mend="Set a fresh access_token: a session ends after a time, and with a sign-out.",
        headers={"Authorization": f"Bearer {token}"},
    )
    organization, user = (str(answer.get(k) or "") for k in ("organization_id", "user_id"))
    return _session(name, target.instance_url, organization, user, token)


def _session(name: str, url: str, organization: str, user: str, token: str) -> SignIn:
    org_id, user_id = long_id(organization), long_id(user)
    if len(org_id) != 18 or len(user_id) != 18:
        raise SignInError(
            f"Target {name}: Salesforce's answer does not say what org this is.",
            "Check that instance_url is the My Domain of a Salesforce org.",
        )
    return SignIn(url, org_id, user_id, token)


SIGN_IN_MENDS = {
    "invalid_client_id": "Check client_id (the app's consumer key).",
    "invalid_client": "Check client_secret (the app's consumer secret).",
    "invalid_grant": "In the External Client App's policies, set Run As for the client credentials "
    "flow to an active integration user.",
    "unsupported_grant_type": "Enable the client credentials flow in the app's settings.",
    "inactive_user": "Activate the user that the app runs as.",
    "inactive_org": "The org is closed or suspended; ask its administrator.",
    "rate_limit_exceeded": "Too many sign-ins; wait some minutes.",
}
"""What to do about a refused sign-in, by Salesforce's code (OAuth); docs/errors.md lists them."""


def _ask(
    session: requests.Session,
    method: str,
    url: str,
    name: str,
    *,
    mend: str = "Check instance_url, client_id and client_secret of the target.",
    **request: Any,
) -> dict[str, Any]:
    """The answer's object. `mend` is for a refusal whose code says nothing of its own."""
    try:
        response = session.request(method, url, **request)
    except requests.exceptions.SSLError:
        raise SignInError(
            f"Target {name}: the certificate of {_host(url)} is not trusted.",
            "For the local org set ca_bundle to the file that it prints.",
        ) from None
    except requests.RequestException as error:
        raise OrgUnreachable(
            f"Target {name}: no answer from {_host(url)} ({type(error).__name__}).",
            "Check instance_url (your My Domain) and the network.",
        ) from None
    if response.status_code >= 500 or response.status_code in (408, 429):
        raise _Busy(
            f"Target {name}: {_host(url)} answers the sign-in with HTTP {response.status_code}.",
            "Look at https://status.salesforce.com; run again later.",
        )
    try:
        answer: Any = response.json()
    except ValueError:
        answer = {}
    if response.ok and isinstance(answer, dict):
        return cast("dict[str, Any]", answer)
    code, said = _said(answer)
    raise SignInError(
        f"Target {name}: Salesforce refused the sign-in: {code or response.status_code}"
        + (f" ({said})." if said else "."),
        SIGN_IN_MENDS.get(code, mend),
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
