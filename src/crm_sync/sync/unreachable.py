"""Why there is no connection to PostgreSQL, in one sentence with its mend.

In: libpq's words, which name no password, and the URL's parts. Out: a DatabaseError. Pure.

What Supabase says stands in its own code and pages: the pooler's codes in supavisor's `errors/`
(seen 2026-08), older ones without a code; the unknown project in its troubleshooting page
`tenant-or-user-not-found`. That a paused project is answered so, and that the host of a direct
connection has no address then, is told by users, not by Supabase: hence "may be paused".
"""

from __future__ import annotations

import re
from typing import Any

from crm_sync.errors import DatabaseError
from crm_sync.sync.address import HOW_TO_TRUST, place

__all__ = ["refused"]

_CODES = {
    "28P01": (
        "The password for {user} is wrong, or there is no such role.",
        "Correct it in CRM_SYNC_DATABASE_URL.",
    ),
    "tls": (
        "The server refuses the user {user} without TLS.",
        "Take sslmode=disable out of CRM_SYNC_DATABASE_URL, or check pg_hba.conf.",
    ),
    "28000": ("The server refuses the user {user}.", "Check the user name and pg_hba.conf."),
    "3D000": ("There is no database {dbname}.", "Correct the name in CRM_SYNC_DATABASE_URL."),
    "53300": ("The server has no connection left.", "Close some, or use the session pooler."),
    "57P03": ("PostgreSQL at {where} is starting or stopping.", "Run again in a moment."),
    "tenant": (
        "Supabase's pooler at {where} knows no project for the user {user}.",
        "The project may be paused (restore it on the dashboard); else copy host and user from its "
        "Connect: the user is crm_sync.<project ref>.",
    ),
    "asleep": (
        "Supabase's pooler at {where} does not reach the project's database.",
        "Look on the dashboard whether it is paused or starting, then run again.",
    ),
    "breaker": (
        "Supabase's pooler at {where} lets nobody in for some minutes, after too many refused "
        "sign-ins.",
        "Correct the password in CRM_SYNC_DATABASE_URL, and wait before you run again.",
    ),
}
# libpq hands on no SQLSTATE of a refused connection, only the server's words. In another language
# than English they are shown as they are.
_WORDS = {
    "28P01": ("password authentication failed", "no password supplied"),
    "tls": (r"pg_hba\.conf .*, no encryption", "ESSLREQUIRED", "SSL connection is required"),
    "28000": ("pg_hba.conf", "authentication failed", "is not permitted to log in"),
    "3D000": ('^database ".*" does not exist',),
    "53300": (
        "too many", "remaining connection slots", "Max client connections reached",
        "max clients reached", "max client connections reached",
    ),
    "57P03": ("is starting up", "is shutting down", "not yet accepting connections"),
    "tenant": ("ENOTFOUND", "Tenant or user not found", "ENOIDENTIFIER"),
    "breaker": ("ECIRCUITBREAKER",),
    "asleep": ("EAUTHQUERY", "EDBHANDLEREXITED", "connection to database not available"),
}  # fmt: skip
_NO_HOST = (
    "could not translate host name",
    "name or service not known",
    "failed to resolve host",
    "nodename nor servname",
)
_NOT_POSTGRESQL = (
    "invalid response to ssl negotiation",
    "invalid response to gssapi negotiation",
    "expected authentication request from server",
)
"""libpq's words for an answer in another protocol (its catalog, fe-connect.c)."""
_UNREACHABLE = (
    ("connection refused", "nothing listens there", "Start it, or correct host and port"),
    ("no such file", "there is no such socket", "Start it, or correct the socket's directory"),
    ("server closed the connection", "it hangs up at once",
     "Check that PostgreSQL and no other service listens there, or correct host and port"),
    ("timeout", "no answer came", "Check host, port and firewall"),
    ("network is unreachable", "there is no way to that network",
     "Supabase's direct connection needs IPv6; its session pooler does not. Correct the host"),
)  # fmt: skip
_DIRECT = re.compile(r"db\.[a-z0-9]+\.supabase\.(?:co|red)")
_OTHER_NAME = re.compile(r'server certificate for "([^"]*)".* does not match host name "([^"]*)"')


def refused(text: str, parts: dict[str, Any]) -> DatabaseError:
    """Why there is no connection: `text` is what libpq says."""
    said = text.split("FATAL:")[-1].strip().splitlines()[0] if "FATAL:" in text else None
    if said is not None:
        return _by_server(said, parts)
    where, lower = place(parts), text.lower()
    if any(sign in lower for sign in _NO_HOST):
        return _no_host(str(parts.get("host")))
    if any(sign in lower for sign in _NOT_POSTGRESQL):
        return DatabaseError(
            f"Something other than PostgreSQL answers at {where}.",
            "Correct host and port in CRM_SYNC_DATABASE_URL.",
        )
    if "server closed" not in lower and ("certificate" in lower or "ssl" in lower):
        return _insecure(text, where)
    for sign, reason, mend in _UNREACHABLE:
        if sign in lower:
            return DatabaseError(
                f"PostgreSQL cannot be reached at {where}: {reason}.",
                f"{mend} in CRM_SYNC_DATABASE_URL.",
            )
    return DatabaseError(
        f"PostgreSQL cannot be reached at {where}.",
        "Check that it runs, and host and port in CRM_SYNC_DATABASE_URL.",
    )


def _by_server(said: str, parts: dict[str, Any]) -> DatabaseError:
    """What a server or pooler said before it hung up."""
    where = place(parts)
    for code, words in _WORDS.items():
        if any(re.search(word, said) for word in words):
            sentence, mend = _CODES[code]
            names = {"user": parts.get("user"), "dbname": parts.get("dbname"), "where": where}
            return DatabaseError(sentence.format(**names), mend)
    return DatabaseError(
        f"PostgreSQL at {where} refuses the connection: {said.rstrip('.')}.",
        "Correct CRM_SYNC_DATABASE_URL.",
    )


def _no_host(host: str) -> DatabaseError:
    if _DIRECT.fullmatch(host):
        return DatabaseError(
            f"There is no host {host}.",
            "The project may be paused (restore it on the dashboard), or this network lacks IPv6: "
            "take the session pooler's address then. Correct the host in CRM_SYNC_DATABASE_URL.",
        )
    return DatabaseError(f"There is no host {host}.", "Correct the host in CRM_SYNC_DATABASE_URL.")


def _insecure(text: str, where: str) -> DatabaseError:
    """What TLS failed on."""
    lower = text.lower()
    if "does not support ssl" in lower:
        return DatabaseError(
            f"PostgreSQL at {where} offers no TLS, and password and rows would be readable on the "
            "way.",
            "Turn ssl on there; on a network of your own, write sslmode=disable in "
            "CRM_SYNC_DATABASE_URL.",
        )
    other = _OTHER_NAME.search(text)
    if other:
        return DatabaseError(
            f"PostgreSQL at {where} shows a certificate for {other[1]}, not for {other[2]}.",
            "Somebody else may answer there. Correct the host in CRM_SYNC_DATABASE_URL to the "
            "certificate's.",
        )
    if "root certificate file" in lower and "does not exist" in lower:
        return DatabaseError("No root certificate is named to check the server by.", HOW_TO_TRUST)
    if "certificate verify failed" in lower:
        return DatabaseError(
            f"PostgreSQL at {where} shows a certificate that the sslrootcert does not vouch for.",
            f"Somebody else may answer there, or the file is not its authority's. {HOW_TO_TRUST}",
        )
    return DatabaseError(
        f"There is no secure connection to {where}.",
        "Check sslmode and sslrootcert; Supabase's certificate is on its dashboard.",
    )
