"""The two roles that programs sign in as: their password, and by what address they sign in.

In: a connection of who may set it, a role, a password. Out: an `Address`. The password itself never
leaves this process: PostgreSQL is sent what it would keep of it, a SCRAM verifier, so that no log
and no list of statements has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from crm_sync.errors import DatabaseError, SettingsError

__all__ = [
    "READER",
    "SHORTEST",
    "SYNC",
    "Address",
    "address",
    "check_password",
    "enable_login",
    "require_role",
    "signing_in",
]

SYNC, READER = "crm_sync", "powerbi_reader"
SHORTEST = 12
"""Characters: such a role may be asked from the whole internet, and nothing slows guesses down."""
_DIRECT = re.compile(r"db\.([a-z0-9]+)\.supabase\.co")
_POOLER = ".pooler.supabase.com"
_KEPT = ("sslmode", "sslrootcert", "channel_binding")
"""What an address says of the connection itself goes with it."""


@dataclass(frozen=True)
class Address:
    """Where a role signs in. `host` may be a socket's directory, or empty for this machine's
    default; `project`: the reference of the Supabase project, else empty; `options` of the URL.
    """

    role: str
    host: str
    port: int
    database: str
    project: str
    is_pooler: bool
    options: tuple[tuple[str, str], ...] = ()

    @property
    def user(self) -> str:
        """The user to give: Supabase's pooler wants the project behind it."""
        return f"{self.role}.{self.project}" if self.is_pooler else self.role

    @property
    def is_socket(self) -> bool:
        """Whether only this machine can reach it."""
        return not self.host or self.host.startswith(("/", "@"))

    def url(self, password: str = "PASSWORD") -> str:  # noqa: S107 - what stands for one
        """As `.env` wants it."""
        options = list(self.options)
        place = f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
        if self.is_socket:
            place = ""
            options += [("host", self.host), ("port", str(self.port))]
        after = f"?{urlencode([o for o in options if o[1]], quote_via=quote, safe='/')}"
        name = quote(self.database, safe="")
        return (
            f"postgresql://{quote(self.user, safe='')}:{quote(password, safe='')}@{place}/{name}"
            + (after if len(after) > 1 else "")
        )


def check_password(role: str, password: str) -> None:
    """Raises SettingsError for one that is too easily guessed, or not to be typed elsewhere."""
    if len(password) < SHORTEST:
        raise SettingsError(
            f"The password for {role} is too short.", f"Give at least {SHORTEST} characters."
        )
    if role in password:
        raise SettingsError(
            f"The password for {role} has the role's name in it.", "Take one that nobody guesses."
        )
    if not password.isprintable():
        raise SettingsError(
            f"The password for {role} has a character that cannot be typed.",
            "Take letters, digits and signs, in one line.",
        )


def require_role(connection: psycopg.Connection[Any], role: str) -> None:
    """Raises DatabaseError where there is no such role."""
    if not connection.execute(
        "select 1 from pg_catalog.pg_roles where rolname = %s", [role]
    ).fetchone():
        raise DatabaseError(
            f"There is no role {role} on this server.", "Make it first: crm-sync db apply"
        )


def enable_login(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    """Lets a role sign in, with this password from now on.

    Raises DatabaseError where our user may not do that.
    """
    # Whatever password_encryption says: md5 can be turned back into the password.
    verifier = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode("ascii")
    try:
        connection.execute(
            sql.SQL("alter role {} login password {}").format(sql.Identifier(role), verifier)
        )
    except errors.InsufficientPrivilege:
        raise DatabaseError(
            f"{connection.info.user} may not set the password of {role}.",
            "Sign in as the user who applied the schema (on Supabase postgres; "
            "CRM_SYNC_OWNER_DATABASE_URL), who needs CREATEROLE and, from PostgreSQL 16 on, the "
            "role WITH ADMIN OPTION.",
        ) from None


def address(url: str, role: str, *, host: str, port: int, database: str) -> Address:
    """How a role signs in to the database that this URL led to; the rest is the connection's."""
    parts = conninfo_to_dict(url)
    direct = _DIRECT.fullmatch(host)
    project = str(parts.get("user") or "").partition(".")[2] if host.endswith(_POOLER) else ""
    return Address(
        role,
        host,
        port,
        database,
        direct[1] if direct else project,
        bool(project),
        tuple((name, str(parts[name])) for name in _KEPT if parts.get(name)),
    )


def signing_in(url: str, one: Address, password: str) -> str:
    """A URL that leads where `url` does, as a role, to try the password with."""
    parts = conninfo_to_dict(url) | {"user": one.user, "password": password}
    return f"postgresql:///?{urlencode(parts, quote_via=quote, safe='')}"
