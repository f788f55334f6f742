"""The assertion of the JWT bearer flow, checked as Salesforce checks it (D, JWT Bearer Flow).

In: the text that a client sent. Out: the username of its ``sub``, or the refusal in Salesforce's
words.
"""

import base64
import binascii
import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LONGEST = 32_768


class Refused(Exception):
    """A sign-in that is refused: ``error`` and ``error_description`` of the answer."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


def subject(
    assertion: str,
    *,
    client_id: str,
    audiences: Iterable[str],
    key: rsa.RSAPublicKey | None,
    now: datetime,
) -> str:
    """The username in whose name the app asks.

    Refused with: "invalid assertion" for what is no RS256 token of the app's key (3, many logs);
    "client identifier invalid" for another ``iss`` (3); "audience is invalid" (R, forcedotcom/cli
    3325); "expired authorization code" for an ``exp`` in the past (3, stackexchange 282513).
    """
    header, claims, signed, signature = _parts(assertion)
    if header.get("alg") != "RS256":
        raise _invalid()
    if claims.get("iss") != client_id:
        raise Refused("invalid_client_id", "client identifier invalid")
    named: Any = claims.get("aud")
    given: list[Any] = named if isinstance(named, list) else [named]
    accepted = {a.rstrip("/") for a in audiences}
    if not any(isinstance(a, str) and a.rstrip("/") in accepted for a in given):
        raise Refused("invalid_grant", "audience is invalid")
    if key is None:
        raise _invalid()
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise _invalid() from None
    if _seconds(claims.get("exp")) <= now.timestamp():
        raise Refused("invalid_grant", "expired authorization code")
    username = claims.get("sub") or claims.get("prn")
    if not isinstance(username, str):
        raise _invalid()
    return username


def _invalid() -> Refused:
    return Refused("invalid_grant", "invalid assertion")


def _parts(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    pieces = assertion.split(".")
    if len(pieces) != 3 or len(assertion) > LONGEST:
        raise _invalid()
    try:
        header, claims, signature = (_decoded(piece) for piece in pieces)
        told: list[Any] = [json.loads(header), json.loads(claims)]
    except (binascii.Error, ValueError, RecursionError):
        raise _invalid() from None
    if not all(isinstance(part, dict) for part in told):
        raise _invalid()
    return told[0], told[1], f"{pieces[0]}.{pieces[1]}".encode(), signature


def _decoded(piece: str) -> bytes:
    return base64.b64decode(piece + "=" * (-len(piece) % 4), altchars="-_", validate=True)


def _seconds(value: Any) -> float:
    """A time of the token; as a text, too, which simple-salesforce sends."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _invalid()
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        raise _invalid() from None
    if not math.isfinite(seconds):
        raise _invalid()
    return seconds
