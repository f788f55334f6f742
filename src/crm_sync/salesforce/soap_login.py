"""SOAP `login()`: user name and password as a request, its answer as facts. No input or output.

It is on its way out: off by default in new orgs, absent from version 65.0 on, retired with Summer
'27 (Salesforce Help, 005132110). OAuth's flow for passwords is no better: blocked by default since
Summer '23, and External Client Apps do not have it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape, unescape

from simple_salesforce.util import getUniqueElementValueFromXmlString

__all__ = ["PATH", "Told", "read", "request"]

PATH = "/services/Soap/u/64.0"
"""64.0 is the last version with login()."""


@dataclass(frozen=True)
class Told:
    """What login() says: a session, or the code and words of a refusal. The token is not shown."""

    access_token: str = field(default="", repr=False)
    server_url: str = ""
    org_id: str = ""
    user_id: str = ""
    password_expired: bool = False
    code: str = ""
    said: str = ""


def request(username: str, password: str, security_token: str) -> bytes:
    """The envelope. The security token follows the password."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
        '<login xmlns="urn:partner.soap.sforce.com">'
        f"<username>{escape(username)}</username>"
        f"<password>{escape(password + security_token)}</password>"
        "</login></env:Body></env:Envelope>"
    ).encode()


def read(answer: bytes) -> Told | None:
    """What an answer says, or None where it is no answer of login()."""
    try:
        texts = {
            name: getUniqueElementValueFromXmlString(answer, name) for name in (*_SESSION, *_FAULT)
        }
    except (ExpatError, ValueError):
        return None
    if texts["sessionId"]:
        given = {field: unescape(texts[name] or "") for name, field in _SESSION.items()}
        return Told(
            **given,
            password_expired=getUniqueElementValueFromXmlString(answer, "passwordExpired")
            == "true",
        )
    code = texts["sf:exceptionCode"] or texts["faultcode"]
    if not code:
        return None
    said = texts["sf:exceptionMessage"] or texts["faultstring"] or ""
    return Told(code=code.removeprefix("sf:"), said=unescape(said))


_SESSION = {
    "sessionId": "access_token",
    "serverUrl": "server_url",
    "organizationId": "org_id",
    "userId": "user_id",
}
_FAULT = ("sf:exceptionCode", "sf:exceptionMessage", "faultcode", "faultstring")
