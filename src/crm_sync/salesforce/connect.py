"""Sign-in: a target's settings in, a session at Salesforce out.

OAuth client credentials, or an access token that is ready. Everything goes through one
`requests.Session` with bounds on connecting, on each read and on the whole answer:
simple-salesforce itself knows no time-out (read in its source, 1.12.10).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter

from crm_sync.errors import OrgUnreachable, SignInError
from crm_sync.settings import Target

__all__ = ["NAME", "BoundedSession", "SignIn", "long_id", "sign_in"]

NAME = "crm-sync"
"""How calls name this client, in `Sforce-Call-Options`."""


class BoundedSession(requests.Session):
    """A session in which no request can hang: connect, read and total time are bounded."""

    def __init__(self, target: Target) -> None:
        super().__init__()
        self._timeout = (target.connect_timeout, target.read_timeout)
        self._total = target.total_timeout
        self.verify = str(target.ca_bundle) if target.ca_bundle else True
        self.trust_env = target.ca_bundle is None  # REQUESTS_CA_BUNDLE would win over ours
        self.mount("https://", HTTPAdapter(max_retries=0))
        self.headers["Sforce-Call-Options"] = f"client={NAME}"

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As `requests`, but reads the whole answer within the total time."""
        kwargs.setdefault("timeout", self._timeout)
        kwargs["stream"] = True
        end = time.monotonic() + self._total
        response = super().request(*args, **kwargs)
        pieces: list[bytes] = []
        for piece in response.iter_content(65536):
            pieces.append(piece)
            if time.monotonic() > end:
                response.close()
                raise requests.ReadTimeout("the whole answer took too long")
        response._content = b"".join(pieces)  # pyright: ignore[reportPrivateUsage]
        return response


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
    OrgUnreachable where no answer comes.
    """
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
        raise SignInError(f"Target {name}: Salesforce's answer holds no session.")
    return SignIn(
        instance_url=str(answer.get("instance_url") or target.instance_url).rstrip("/"),
        org_id=long_id(parts[-2]),
        user_id=long_id(parts[-1]),
        access_token=str(token),
    )


def _with_token(session: requests.Session, name: str, target: Target) -> SignIn:
    if target.access_token is None:
        raise SignInError(
            f"Target {name} has no access_token.",
            f"Set CRM_SYNC_TARGETS__{name.upper()}__ACCESS_TOKEN.",
        )
    token = target.access_token.get_secret_value()
    answer = _ask(
        session,
        "GET",
        f"{target.instance_url}/services/oauth2/userinfo",
        name,
        headers={"Authorization": f"Bearer {token}"},
    )
    return SignIn(
        instance_url=target.instance_url,
        org_id=long_id(str(answer.get("organization_id", ""))),
        user_id=long_id(str(answer.get("user_id", ""))),
        access_token=token,
    )


_MENDS = {
    "invalid_client_id": "Check client_id (the app's consumer key).",
    "invalid_client": "Check client_secret (the app's consumer secret).",
    "invalid_grant": "In the External Client App's policies, set Run As for the client credentials "
    "flow to an active integration user.",
    "unsupported_grant_type": "Enable the client credentials flow in the app's settings.",
    "inactive_user": "Activate the user that the app runs as.",
    "inactive_org": "The org is closed or suspended; ask its administrator.",
    "rate_limit_exceeded": "Too many sign-ins; wait some minutes.",
}


def _ask(
    session: requests.Session, method: str, url: str, name: str, **request: Any
) -> dict[str, Any]:
    try:
        response = session.request(method, url, **request)
    except requests.exceptions.SSLError:
        raise SignInError(
            f"Target {name}: the certificate of {url.split('/')[2]} is not trusted.",
            "For the local org set ca_bundle to the file that it prints.",
        ) from None
    except requests.RequestException as error:
        raise OrgUnreachable(
            f"Target {name}: no answer from {url.split('/')[2]} ({type(error).__name__}).",
            "Check instance_url (your My Domain) and the network.",
        ) from None
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
        _MENDS.get(code, "Check instance_url, client_id and client_secret of the target."),
    )


def _said(answer: Any) -> tuple[str, str]:
    """Salesforce's code and words, from either form of an error body. Neither holds a secret."""
    if isinstance(answer, list) and answer:
        answer = cast("list[Any]", answer)[0]
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
