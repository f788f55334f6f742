"""The org as our state knows it: binding of a target, the lock, the run number.

State belongs to an org (its 18-character Id) and to a database (system identifier and oid), so
that a refreshed sandbox, a wrong credential or a copied database is noticed before anything is
sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import urlparse

import psycopg

from crm_sync.errors import AlreadyRunning, OrgAccessError, OrgChangedError
from crm_sync.report.model import Org
from crm_sync.salesforce.client import Client
from crm_sync.sync.statements import statements

__all__ = [
    "DatabaseIdentity",
    "accept",
    "ask_org",
    "begin_run",
    "database_identity",
    "identify",
    "locked",
]

NEAR = frozenset({"localhost", "127.0.0.1", "::1"})
"""How this machine calls itself: an org there is a local one."""


@dataclass(frozen=True)
class DatabaseIdentity:
    """What tells a database from its copy on another server or beside it."""

    system_identifier: int
    oid: int


def database_identity(connection: psycopg.Connection[Any]) -> DatabaseIdentity:
    ((system_identifier, oid),) = _run(connection, "database_identity").fetchall()
    return DatabaseIdentity(int(system_identifier), int(oid))


def identify(
    connection: psycopg.Connection[Any],
    client: Client,
    *,
    accepting: Literal["", "org", "database"] = "",
) -> Org:
    """The org that the target leads to, checked against what the state is bound to.

    Raises OrgChangedError where target or database are not those of the state.
    """
    signed_in = client.signed_in
    bound = _run(connection, "bound_org", target=client.name).fetchone()
    if bound and bound[0] != signed_in.org_id and accepting != "org":
        raise OrgChangedError(
            f"Target {client.name} was bound to the org {bound[0]} ({bound[1]}), and now leads to "
            f"{signed_in.org_id}. Nothing was sent.",
            f"If that is meant (a refreshed sandbox): crm-sync target accept {client.name}",
        )
    known = _run(connection, "known_org", org=signed_in.org_id).fetchone()
    if known is None:
        return ask_org(client)
    here = database_identity(connection)
    if (int(known[3]), int(known[4])) != (here.system_identifier, here.oid) and (
        accepting != "database"
    ):
        raise OrgChangedError(
            f"This database is a copy: the state for org {signed_in.org_id} was written by "
            f"another one ({known[3]}/{known[4]}), this is {here.system_identifier}/{here.oid}. "
            "Nothing was sent.",
            "If this copy takes over: crm-sync target accept --database " + client.name,
        )
    if known[5] != signed_in.user_id:  # somebody else signs in than before
        return ask_org(client)
    return Org(
        id=signed_in.org_id,
        name=known[0],
        kind=known[1],
        instance_url=signed_in.instance_url,
        target=client.name,
        username=known[2],
        edition=known[6],
    )


def ask_org(client: Client) -> Org:
    """What org this is, and as whom we are there, asked of the org itself: one call.

    Raises OrgAccessError where it does not say.
    """
    organizations, users = client.query(
        [
            "SELECT Id, Name, IsSandbox, InstanceName, OrganizationType FROM Organization",
            f"SELECT Id, Username FROM User WHERE Id = '{client.signed_in.user_id}'",  # noqa: S608 - Salesforce gave the Id
        ]
    )
    if not organizations:
        raise OrgAccessError("Salesforce does not tell what org this is.")
    found = organizations[0]
    host = urlparse(client.signed_in.instance_url).hostname or ""
    elsewhere = "sandbox" if found.get("IsSandbox") else "production"
    return Org(
        id=client.signed_in.org_id,
        name=str(found["Name"]),
        kind="local" if host in NEAR else elsewhere,
        instance_url=client.signed_in.instance_url,
        target=client.name,
        username=str(users[0]["Username"]) if users else None,
        edition=found.get("OrganizationType"),
    )


@contextmanager
def locked(connection: psycopg.Connection[Any], org_id: str) -> Iterator[None]:
    """One run at a time for one org: a session lock, held as long as this connection lives.

    Given back on every way out, since a pooler may keep the session for the next client. Raises
    AlreadyRunning.
    """
    if _run(connection, "lock", org=org_id).fetchone() != (True,):
        raise AlreadyRunning(
            f"Another run works on org {org_id}; nothing was sent.",
            "Wait for it to end, or look at `crm-sync status`. If it was killed, PostgreSQL sets "
            "the org free as soon as it notices: within seconds, or about a minute after its "
            "machine or network went away.",
        )
    try:
        yield
    finally:
        with suppress(psycopg.Error):
            connection.rollback()
            _run(connection, "unlock", org=org_id)


def begin_run(connection: psycopg.Connection[Any], org: Org, user_id: str) -> int:
    """Binds target and org, takes the next run number, and notes that the run began. `user_id`: of
    the user who signed in.

    A former run that never ended is marked interrupted: the lock is ours, so it is over.
    """
    target = {"target": org.target, "org": org.id}
    with connection.transaction():
        values = _written(connection, org, user_id)
        ((run_number,),) = _run(connection, "next_run", **values).fetchall()
        _run(connection, "bind_target", **target)
        _run(connection, "interrupt_runs", org=org.id)
        _run(connection, "begin_run", run=run_number, **target)
    return int(run_number)


def accept(connection: psycopg.Connection[Any], client: Client, *, database: bool) -> Org:
    """`target accept`: binds the target to the org that it leads to now, or the org's state to this
    database. Either way the next plan searches Salesforce before it counts a row as a create.
    """
    org = identify(connection, client, accepting="database" if database else "org")
    with locked(connection, org.id), connection.transaction():
        values = _written(connection, org, client.signed_in.user_id)
        _run(connection, "know_org", **values)
        if database:
            _run(connection, "accept_database", **values)
        else:
            _run(connection, "bind_target", target=client.name, org=org.id)
        _run(connection, "search_again", org=org.id)
    return org


def _written(connection: psycopg.Connection[Any], org: Org, user_id: str) -> dict[str, Any]:
    """An org and this database, as `sync.org` has them."""
    return {
        "org": org.id,
        "name": org.name,
        "kind": org.kind,
        "instance_url": org.instance_url,
        "username": org.username,
        "user_id": user_id,
        "edition": org.edition,
        **asdict(database_identity(connection)),
    }


def _run(connection: psycopg.Connection[Any], block: str, **values: Any) -> psycopg.Cursor[Any]:
    """Runs a block of state.sql."""
    return connection.execute(statements("state")[block], values)
