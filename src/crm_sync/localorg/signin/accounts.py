"""What decides whether a user may sign in: passwords, frozen users, the org's policies, the app.

All of it can be changed while the org runs (``/local/policies``, ``/local/users``,
``/local/certificate``), so that a client can be shown every refusal.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from crm_sync.localorg import kinds
from crm_sync.localorg.records.store import Record, Store

KEY_BITS = 2048
_TABLE = (
    "create table if not exists local_credential (user_id text primary key, password text, "
    "security_token text, is_frozen integer, password_expired integer)"
)


@dataclass(frozen=True)
class Policies:
    """The org's and the app's policies on signing in, with what a new org here has."""

    session_seconds: int = 7200
    """A session ends after so many seconds without a call."""
    api_enabled: bool = True
    soap_login: bool = True
    """SOAP login() is off in new orgs of Salesforce (D, help 005132110); on here."""
    app_approved: bool = True
    """False: no user is approved to use the app."""
    ip_trusted: bool = True
    """False: a password must be followed by the security token."""
    ip_allowed: bool = True
    my_domain: bool = True
    """False: the org answers as login.salesforce.com does, which refuses client credentials."""
    run_as: str | None = "integration@local-org.example.com"
    """Username of the user whom client credentials sign in; None when nobody chose one."""

    def changed(self, wanted: Mapping[str, Any]) -> "Policies":
        """These policies with some replaced; ValueError names what is wrong."""
        kinds.check_map(wanted, {}, POLICY_KINDS)
        return replace(self, **wanted)


POLICY_KINDS: kinds.Kinds = {
    **{f.name: kinds.FLAG for f in fields(Policies)},
    "session_seconds": kinds.number("a whole number of seconds, 1 or more", 1, whole=True),
    "run_as": kinds.either(kinds.TEXT, kinds.NOTHING),
}
CREDENTIAL_KINDS: kinds.Kinds = {
    "password": kinds.TEXT,
    "security_token": kinds.TEXT,
    "is_frozen": kinds.FLAG,
    "password_expired": kinds.FLAG,
}


@dataclass(frozen=True)
class Credential:
    """A user's secrets and standing."""

    password: str
    security_token: str
    is_frozen: bool = False
    password_expired: bool = False


class Accounts:
    """Credentials, policies and the app's certificate, kept with the org's data."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.execute(_TABLE)
        self._policies = Policies(**json.loads(store.setting("policies") or "{}"))

    # Policies --------------------------------------------------------------------------------

    @property
    def policies(self) -> Policies:
        return self._policies

    def change_policies(self, wanted: Mapping[str, Any]) -> Policies:
        self._policies = self._policies.changed(wanted)
        self._store.set_setting("policies", json.dumps(asdict(self._policies)))
        return self._policies

    # Users -----------------------------------------------------------------------------------

    def user(self, name: str) -> Record | None:
        """A user by username, in any case, or by Id."""
        user_type = self._store.schema["User"]
        if name.startswith(user_type.prefix) and "@" not in name:
            return self._store.record(name)
        found = self._store.where_in(user_type, user_type["Username"], [name])
        return found[0] if found else None

    def credential(self, user_id: str) -> Credential:
        """The user's credential; random ones are made when first asked for."""
        found = self._store.rows(
            "select password, security_token, is_frozen, password_expired from local_credential "
            "where user_id = ?",
            [user_id],
        )
        if found:
            password, token, is_frozen, expired = found[0]
            return Credential(password, token, bool(is_frozen), bool(expired))
        return self._keep(user_id, Credential(secrets.token_urlsafe(12), secrets.token_hex(12)))

    def change_user(self, user_id: str, wanted: Mapping[str, Any]) -> Credential:
        """Set password, security_token, is_frozen, password_expired; ValueError otherwise."""
        kinds.check_map(wanted, {}, CREDENTIAL_KINDS)
        return self._keep(user_id, replace(self.credential(user_id), **wanted))

    def may_enter(self, user: Record | None) -> bool:
        """Is there such a user, active and not frozen?"""
        return bool(user and user["IsActive"] and not self.credential(user["Id"]).is_frozen)

    def by_password(self, username: str, given: str) -> tuple[Record | None, bool]:
        """The user whose password this is, or None; and whether only the token is missing.

        The security token follows the password; from a trusted network the password is enough (D,
        Security Token).
        """
        user = self.user(username) if "@" in username else None
        if user is None or not self.may_enter(user):
            return None, False
        credential = self.credential(user["Id"])
        whole = credential.password + credential.security_token
        if secrets.compare_digest(given.encode(), whole.encode()):
            return user, False
        if secrets.compare_digest(given.encode(), credential.password.encode()):
            return (user, False) if self._policies.ip_trusted else (None, True)
        return None, False

    def _keep(self, user_id: str, credential: Credential) -> Credential:
        self._store.execute(
            "insert or replace into local_credential values (?, ?, ?, ?, ?)",
            [user_id, *asdict(credential).values()],
        )
        return credential

    # The app's certificate -------------------------------------------------------------------

    def certificate_key(self) -> rsa.RSAPublicKey | None:
        """The key with which the app's assertions are checked; None when none is registered."""
        pem = self._store.setting("app_public_key")
        return _public_key(pem) if pem else None

    def register(self, pem: str) -> None:
        """Take the app's certificate (or bare public key) in PEM; ValueError when it is none."""
        key = _public_key(pem)
        text = key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._store.set_setting("app_public_key", text.decode())

    def private_key(self) -> str:
        """A private key in PEM whose public half is registered; made when first asked for."""
        pem = self._store.setting("app_private_key")
        if pem is None:
            key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
            pem = key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode()
            public = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            with self._store.transaction():
                self._store.set_setting("app_private_key", pem)
                self._store.set_setting("app_public_key", public.decode())
        return pem


def _public_key(pem: str) -> rsa.RSAPublicKey:
    key: object
    try:
        if "CERTIFICATE" in pem:
            key = x509.load_pem_x509_certificate(pem.encode()).public_key()
        else:
            key = serialization.load_pem_public_key(pem.encode())
    except ValueError:
        raise ValueError("This is no certificate in PEM form.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("The certificate's key is not RSA, which RS256 needs.")
    return key
