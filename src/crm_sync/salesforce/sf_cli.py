"""The session that the Salesforce CLI (`sf`) holds: asked for by its own commands, never stored.

In: an alias or user name. Out: address and token. `sf org display --json` refreshes the session and
tells the address; since May 2026 it hides the token, which `sf org auth show-access-token` tells
(forcedotcom/cli 3558; older versions tell both at once). Decisions are made by the name of an
error, never by its words. Nothing that sf prints reaches a log or a message.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Any, cast

from crm_sync.errors import OrgUnreachable, SignInError

__all__ = ["SfOrg", "is_installed", "session", "signed_in_orgs"]

SECONDS = 120
"""sf takes some seconds to start; without a network it tries for half a minute."""
_QUIET = {"NO_COLOR": "1", "FORCE_COLOR": "0", "SF_SKIP_NEW_VERSION_CHECK": "true"}
_ONE_WORD = re.compile(r"[!-~]+")
_NETWORK = ("fetch failed", "enotfound", "econnrefused", "etimedout", "eai_again", "econnreset")
_ALIVE = (None, "Connected", "Unknown")
"""`connectedStatus`; a scratch org has none."""


@dataclass(frozen=True)
class SfOrg:
    """An org that sf is signed in to. The token is not shown."""

    instance_url: str
    username: str
    alias: str | None = None
    org_id: str = ""
    is_sandbox: bool = False
    access_token: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """How sf is told which org is meant."""
        return self.alias or self.username


def is_installed() -> bool:
    return shutil.which("sf") is not None


def session(org: str | None) -> SfOrg:
    """The org with a session that sf has just refreshed. None: sf's default org.

    Raises SignInError (not installed, not signed in, over) and OrgUnreachable (no network).
    """
    at = ("--target-org", org) if org else ()
    shown = _of("sf's default org" if org is None else org, "org", "display", *at)
    said = f"sf's default org {shown.get('username', '')}" if org is None else org
    status = shown.get("connectedStatus")
    if status not in _ALIVE:
        if any(sign in str(status).lower() for sign in _NETWORK):
            raise OrgUnreachable(
                f"sf cannot reach the org {said}.", "Check the network, and run again."
            )
        raise SignInError(
            f"The session that sf has for {said} is over, and sf cannot renew it.",
            f"Sign in again: sf org login web{_named(org)}",
        )
    token = str(shown.get("accessToken") or "")
    if not _ONE_WORD.fullmatch(token):  # "[REDACTED] Use …"
        told = _of(said, "org", "auth", "show-access-token", "--no-prompt", *at)
        token = str(told.get("accessToken") or "")
    url = str(shown.get("instanceUrl") or "").rstrip("/")
    if not _ONE_WORD.fullmatch(token) or not url:
        raise SignInError(
            f"sf tells no session for {said}.", "Bring it up to date: sf update; or sign in again."
        )
    return SfOrg(
        url,
        str(shown.get("username") or ""),
        shown.get("alias"),
        str(shown.get("id") or ""),
        access_token=token,
    )


def signed_in_orgs() -> list[SfOrg]:
    """The orgs that sf has been signed in to, without their tokens; no network is asked.

    Raises SignInError where sf is not installed or does not answer.
    """
    listed: Any = _result("sf", "org", "list", "auth")
    return [
        SfOrg(
            str(one.get("instanceUrl") or "").rstrip("/"),
            str(one["username"]),
            one.get("alias"),
            str(one.get("orgId") or ""),
            bool(one.get("isSandbox")),
        )
        for one in cast("list[dict[str, Any]]", listed if isinstance(listed, list) else [])
        if one.get("username") and not one.get("error")
    ]


def _named(org: str | None) -> str:
    return f" --alias {org}" if org and "@" not in org else ""


def _of(org: str, *arguments: str) -> dict[str, Any]:
    result = _result(org, *arguments)
    return cast("dict[str, Any]", result) if isinstance(result, dict) else {}


def _result(org: str, *arguments: str) -> Any:
    """What `sf … --json` answers. Raises as `session` does."""
    program = shutil.which("sf")
    if program is None:
        raise SignInError(
            "The Salesforce CLI (sf) is not installed, or not on the PATH.",
            "Install it (npm install --global @salesforce/cli), or sign in another way.",
        )
    try:
        done = subprocess.run(  # noqa: S603 - the user's own sf, arguments of one word each
            [program, *arguments, "--json"],
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OrgUnreachable(
            f"sf gave no answer in {SECONDS} seconds.", "Check the network, and run again."
        ) from None
    except OSError as error:
        raise SignInError(
            f"sf cannot be started: {(error.strerror or type(error).__name__).lower()}.",
            "Install it again (npm install --global @salesforce/cli).",
        ) from None
    try:
        answer: Any = json.loads(done.stdout)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        command = " ".join(["sf", *arguments])
        raise SignInError(
            "What sf answers is not JSON.", f"Look at what it says: {command}; then: sf update"
        )
    if answer.get("status") == 0:
        return answer.get("result")
    raise _refused(org, str(answer.get("name") or ""))


def _refused(org: str, name: str) -> SignInError:
    """`name`: that of sf's error (read in sf 2.150: NamedOrgNotFoundError, NoDefaultEnvError)."""
    if "NoDefault" in name:
        return SignInError(
            "sf has no default org.", "Name one with sf_org; sf org list shows them."
        )
    if "NotFound" in name or "NoAuthInfo" in name or "NoOrg" in name:
        alias = "" if "@" in org else f" --alias {org}"
        return SignInError(
            f"sf is not signed in to an org called {org}.",
            f"Sign in: sf org login web{alias}; sf org list shows those that it knows.",
        )
    shown = name if re.fullmatch(r"\w{1,60}", name) else "an error"
    return SignInError(f"sf ended with {shown}.", f"Look at what it says: sf org display -o {org}")
