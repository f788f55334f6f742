"""The assertion of the JWT bearer flow: who asks, for whom, signed with the app's private key.

Source: Salesforce Help, OAuth 2.0 JWT Bearer Flow: RS256; `iss` the consumer key, `sub` the user
name, `aud` the sign-in host, `exp` a few minutes ahead. An RSA key of 2,048 bits or more.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from crm_sync.errors import SignInError
from crm_sync.targets import Target

__all__ = ["assertion", "audience"]

SECONDS = 180
LEAST_BITS = 2_048


def assertion(name: str, target: Target) -> str:
    """A signed assertion, good for three minutes. The target has client_id, username, private_key.

    Raises SignInError for a key that cannot sign; no message holds a part of it.
    """
    import jwt  # takes a while, and only this way to sign in needs it
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # A variable of one line may hold line breaks as \n.
    pem = target.private_key.get_secret_value() if target.private_key else ""
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), None)
    except TypeError:
        raise SignInError(
            f"The private_key of target {name} is locked with a password.",
            "Write it without one: openssl pkey -in locked.key -out server.key",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SignInError(
            f"The private_key of target {name} is no private key in PEM form.",
            "Give the whole file, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----.",
        ) from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise SignInError(
            f"The private_key of target {name} is not an RSA key of {LEAST_BITS:,} bits or more.",
            "Make one and upload its certificate: docs/how-to/sign-in.md.",
        )
    claims = {
        "iss": target.client_id,
        "sub": target.username,
        "aud": audience(target),
        "exp": int(time.time()) + SECONDS,
    }
    return jwt.encode(claims, key, algorithm="RS256")


def audience(target: Target) -> str:
    """The sign-in host of the target's org: test for a sandbox, else login, unless it says one."""
    if target.audience:
        return target.audience
    host = (urlsplit(target.instance_url).hostname or "").lower()
    is_sandbox = host == "test.salesforce.com" or host.endswith(".sandbox.my.salesforce.com")
    return f"https://{'test' if is_sandbox else 'login'}.salesforce.com"
