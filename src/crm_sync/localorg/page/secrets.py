"""Secrets blanked: what a log of calls may show of them is that they were there.

The log itself keeps them, for tests; the page, which stands on a screen, does not.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

BLANK = "••••"
_NAMES = frozenset(
    (
        "access_token", "assertion", "client_assertion", "client_secret", "code", "code_verifier",
        "cookie", "id_token", "new_password", "oauth_token", "password", "refresh_token",
        "security_token", "session_id", "sessionid", "set-cookie", "sid", "signature",
        "token", "x-sfdc-session",
    )
)  # fmt: skip
_TOKEN = re.compile(r"\b(00D\w{12}(?:\w{3})?)(!|%21)[\w.%-]+")
"""An access token of Salesforce: the org's Id, an exclamation mark, the secret."""
_ELEMENT = re.compile(
    r"(<(?:\w+:)?(?:sessionId|password|securityToken)\b[^>]*>)[^<]*", re.IGNORECASE
)


def blanked(value: Any) -> Any:
    """JSON or text without its secrets."""
    if isinstance(value, Mapping):
        return {
            name: BLANK if str(name).lower() in _NAMES and inner else blanked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [blanked(inner) for inner in value]
    if isinstance(value, str):
        return _ELEMENT.sub(rf"\1{BLANK}", _TOKEN.sub(rf"\1\2{BLANK}", value))
    return value


def headers(given: Mapping[str, str]) -> dict[str, str]:
    """Headers without their secrets; of ``Authorization`` the scheme stays."""
    shown: dict[str, str] = blanked(dict(given))
    if "authorization" in shown:
        scheme, _, rest = given["authorization"].partition(" ")
        shown["authorization"] = f"{scheme} {BLANK}" if rest else BLANK
    return shown


def address(target: str) -> str:
    """A path with its query, without the secrets that some clients put there."""
    path, mark, query = target.partition("?")
    shown = [_parameter(part) for part in query.split("&")]
    return _TOKEN.sub(rf"\1\2{BLANK}", f"{path}{mark}{'&'.join(shown)}")


def _parameter(part: str) -> str:
    name, mark, value = part.partition("=")
    return f"{name}{mark}{BLANK}" if value and unquote(name).lower() in _NAMES else part
