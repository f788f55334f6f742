"""Where a database is: the URL as libpq reads it, checked, and how the way there is secured.

In: a URL or `key=value` pairs, and what the environment adds as libpq takes it. Out: its parts, and
the settings that libpq would choose too carelessly. Asks no network.

No message repeats the URL or the password, nor a part of either that was taken for something else.
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from crm_sync.errors import DatabaseError
from crm_sync.settings import certificates_problem

__all__ = ["HOW_TO_TRUST", "parts_of", "place", "port", "sslmode"]

_URL = re.compile(r"postgres(?:ql)?://(?:[^@/?#\s]*@)?[^@?\s]*(?:\?[^@\s]*)?")
"""A URL whose password holds no sign that would end it early: libpq would look for a host there."""
_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
HOW_TO_TRUST = (
    "Write sslmode=verify-full&sslrootcert=FILE in CRM_SYNC_DATABASE_URL; Supabase's file is on "
    "its dashboard (Database, Settings, SSL Configuration)."
)


def parts_of(url: str) -> dict[str, Any]:
    """What libpq reads in a URL, or in `key=value` pairs. Raises DatabaseError."""
    is_url = "://" in url
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        parts = None
    if parts is None or (is_url and not _URL.fullmatch(url)):
        raise DatabaseError(
            "The database URL cannot be read.",
            "Write postgresql://user:password@host:5432/name, and percent-encode what the password "
            "holds of @ / : ? # % and blanks (@ is %40, / is %2F).",
        ) from None
    ports = str(parts.get("port") or "").strip(",") or "5432"  # "," where two hosts have none
    if not all(one.isdecimal() for one in ports.split(",")):
        raise DatabaseError(
            "The port in the database URL is not a number.",
            "Write postgresql://user:password@host:5432/name.",
        )
    if not str(parts.get("connect_timeout") or 0).strip().isdecimal():
        raise DatabaseError(
            "The connect_timeout in the database URL is not a number.", "Write whole seconds."
        )
    return parts | {"port": ports}


def place(parts: dict[str, Any]) -> str:
    """Host and port as messages call them."""
    return f"{parts.get('host') or 'localhost'}:{parts['port']}"


def port(parts: dict[str, Any]) -> int:
    """The first port that is tried."""
    return int(parts["port"].split(",")[0])


def sslmode(parts: dict[str, Any]) -> str | None:
    """The sslmode to connect with in place of the URL's; None where that is as it should be.

    libpq's own default, `prefer`, goes on unencrypted with whoever answers that it has no TLS. To
    another machine that never happens here unasked: `prefer` and `allow` become `require`, or
    `verify-full` where a root certificate is named. Only `disable` goes without. A service of
    pg_service.conf says its own.

    Raises DatabaseError where the root certificate cannot be used: under `require` libpq would
    check nothing and say nothing.
    """
    mode = _said(parts, "sslmode")
    if mode and mode not in _MODES:
        raise DatabaseError(
            "There is no such sslmode as that of the database.",
            f"Write one of {', '.join(_MODES)}.",
        )
    root = _said(parts, "sslrootcert")
    if root and root != "system" and mode != "disable":
        problem = certificates_problem(Path(root))
        if problem:
            raise DatabaseError(f"The sslrootcert of the database {problem}: {root}.", HOW_TO_TRUST)
    if _is_local(parts) or _said(parts, "service"):
        return None
    if mode in (None, "prefer", "allow"):
        return "verify-full" if root else "require"
    return None


def _said(parts: dict[str, Any], key: str) -> str | None:
    """What the URL or libpq's variable for it says."""
    value = parts.get(key) or os.environ.get(f"PG{key.upper()}")
    return str(value) if value else None


def _is_local(parts: dict[str, Any]) -> bool:
    """Whether no network lies between: sockets, and this machine's own addresses."""
    hosts = _said(parts, "hostaddr") or _said(parts, "host") or ""
    return all(_is_here(host) for host in hosts.split(","))


def _is_here(host: str) -> bool:
    if not host or host[0] in "/@" or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
