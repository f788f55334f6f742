# ruff: noqa: S608 - what is put into statements are names and constants of this module
"""The org as our state knows it: binding of a target, the lock, the run number, cached facts.

State belongs to an org (its 18-character Id) and to a database (system identifier and oid), so
that a refreshed sandbox, a wrong credential or a copied database is noticed before anything is
sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

import psycopg
from psycopg.types.json import Jsonb

from crm_sync.errors import AlreadyRunning, MappingError, OrgAccessError, OrgChangedError
from crm_sync.mapping.model import Mapping
from crm_sync.report.model import Org
from crm_sync.salesforce.client import SUBREQUESTS, Answer, Client, Subrequest
from crm_sync.salesforce.describe import ObjectFacts

__all__ = [
    "DatabaseIdentity",
    "accept",
    "begin_run",
    "check_mapping_identity",
    "database_identity",
    "identify",
    "locked",
    "read_facts",
]

FACTS_AGE = "1 day"


@dataclass(frozen=True)
class DatabaseIdentity:
    """What tells a database from its copy on another server or beside it."""

    system_identifier: int
    oid: int


def database_identity(connection: psycopg.Connection[Any]) -> DatabaseIdentity:
    found = connection.execute(
        "select system_identifier, (select oid from pg_database where datname = current_database())"
        " from pg_control_system()"
    ).fetchall()
    ((system_identifier, oid),) = found
    return DatabaseIdentity(int(system_identifier), int(oid))


def identify(
    connection: psycopg.Connection[Any], client: Client, *, accepting: bool = False
) -> Org:
    """The org that the target leads to, checked against what the state is bound to.

    Raises OrgChangedError where target or database are not those of the state.
    """
    signed_in = client.signed_in
    bound = connection.execute(
        "select t.org_id, o.name from sync.target t join sync.org o using (org_id)"
        " where t.target = %s",
        [client.name],
    ).fetchone()
    if bound and bound[0] != signed_in.org_id and not accepting:
        raise OrgChangedError(
            f"Target {client.name} was bound to the org {bound[0]} ({bound[1]}), and now leads to "
            f"{signed_in.org_id}. Nothing was sent.",
            f"If that is meant (a refreshed sandbox): crm-sync target accept {client.name}",
        )
    known = connection.execute(
        "select name, kind, username, database_system_identifier, database_oid from sync.org"
        " where org_id = %s",
        [signed_in.org_id],
    ).fetchone()
    if known is None:
        return _ask_org(client)
    here = database_identity(connection)
    if (int(known[3]), int(known[4])) != (here.system_identifier, here.oid) and not accepting:
        raise OrgChangedError(
            f"This database is a copy: the state for org {signed_in.org_id} was written by "
            f"another one ({known[3]}/{known[4]}), this is {here.system_identifier}/{here.oid}. "
            "Nothing was sent.",
            "If this copy takes over: crm-sync target accept --database " + client.name,
        )
    return Org(
        id=signed_in.org_id,
        name=known[0],
        kind=known[1],
        instance_url=signed_in.instance_url,
        target=client.name,
        username=known[2],
    )


def _ask_org(client: Client) -> Org:
    organizations, users = client.query(
        [
            "SELECT Id, Name, IsSandbox, InstanceName FROM Organization",
            f"SELECT Id, Username FROM User WHERE Id = '{client.signed_in.user_id}'",
        ]
    )
    if not organizations:
        raise OrgAccessError("Salesforce does not tell what org this is.")
    found = organizations[0]
    host = urlparse(client.signed_in.instance_url).hostname or ""
    if host in ("localhost", "127.0.0.1", "::1"):
        kind = "local"
    else:
        kind = "sandbox" if found.get("IsSandbox") else "production"
    return Org(
        id=client.signed_in.org_id,
        name=str(found["Name"]),
        kind=kind,
        instance_url=client.signed_in.instance_url,
        target=client.name,
        username=str(users[0]["Username"]) if users else None,
    )


@contextmanager
def locked(connection: psycopg.Connection[Any], org_id: str) -> Iterator[None]:
    """One run at a time for one org: a session lock, held as long as this connection lives.

    Given back on every way out, since a pooler may keep the session for the next client. Raises
    AlreadyRunning.
    """
    row = connection.execute(
        "select pg_try_advisory_lock(hashtextextended('crm-sync ' || %s, 0))", [org_id]
    ).fetchone()
    if not row or not row[0]:
        raise AlreadyRunning(
            f"Another run works on org {org_id}; nothing was sent.",
            "Wait for it to end, or look at `crm-sync status`.",
        )
    try:
        yield
    finally:
        with suppress(psycopg.Error):
            connection.rollback()
            connection.execute(
                "select pg_advisory_unlock(hashtextextended('crm-sync ' || %s, 0))", [org_id]
            )


def begin_run(connection: psycopg.Connection[Any], org: Org, mode: str) -> int:
    """Binds target and org, takes the next run number, and notes that the run began.

    A former run that never ended is marked interrupted: the lock is ours, so it is over.
    """
    here = database_identity(connection)
    with connection.transaction():
        ((run_number,),) = connection.execute(
            "insert into sync.org (org_id, name, kind, instance_url, username,"
            " database_system_identifier, database_oid, run_number, last_run_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, 1, now())"
            " on conflict (org_id) do update set run_number = sync.org.run_number + 1,"
            " name = excluded.name, instance_url = excluded.instance_url,"
            " username = coalesce(excluded.username, sync.org.username), last_run_at = now()"
            " returning run_number",
            [
                org.id, org.name, org.kind, org.instance_url, org.username,
                here.system_identifier, here.oid,
            ],
        ).fetchall()  # fmt: skip
        connection.execute(
            "insert into sync.target (target, org_id) values (%s, %s) on conflict (target)"
            " do update set org_id = excluded.org_id, bound_at = now()"
            " where sync.target.org_id <> excluded.org_id",
            [org.target, org.id],
        )
        connection.execute(
            "update sync.run set status = 'interrupted', finished_at = now()"
            " where org_id = %s and status = 'running'",
            [org.id],
        )
        connection.execute(
            "insert into sync.run (org_id, run_number, target, mode) values (%s, %s, %s, %s)",
            [org.id, run_number, org.target, mode],
        )
    return int(run_number)


def read_facts(
    connection: psycopg.Connection[Any],
    client: Client,
    org: Org,
    objects: Iterable[str],
    *,
    refresh: bool,
    keep: bool,
) -> dict[str, ObjectFacts]:
    """Field facts of objects: from `sync.describe` where younger than a day, else from the org."""
    facts: dict[str, ObjectFacts] = {}
    wanted = list(dict.fromkeys(objects))
    if not refresh:
        for name, content in connection.execute(
            "select object, facts from sync.describe where org_id = %s and object = any(%s)"
            f" and fetched_at > now() - interval '{FACTS_AGE}'",
            [org.id, wanted],
        ):
            facts[name] = ObjectFacts.model_validate(content)
    missing = [name for name in wanted if name not in facts]
    if not missing:
        return facts
    answers: list[Answer] = []
    for start in range(0, len(missing), SUBREQUESTS):
        some = missing[start : start + SUBREQUESTS]
        answers += client.read([Subrequest("GET", f"sobjects/{n}/describe") for n in some])
    for name, answer in zip(missing, answers, strict=True):
        if not answer.ok:
            raise OrgAccessError(
                f"Salesforce does not describe {name} to our user: {answer.code}.",
                f"Give the integration user a licence and permission for {name}.",
            )
        facts[name] = ObjectFacts.from_describe(answer.body)
    if keep:
        with connection.transaction():
            for name in missing:
                connection.execute(
                    "insert into sync.describe (org_id, object, facts) values (%s, %s, %s)"
                    " on conflict (org_id, object) do update set facts = excluded.facts,"
                    " fetched_at = now()",
                    [org.id, name, Jsonb(facts[name].model_dump(mode="json", by_alias=True))],
                )
    return facts


def check_mapping_identity(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[Mapping]
) -> set[str]:
    """The mappings that were searched for in Salesforce before.

    Raises MappingError where object, key, prefix or external ID changed while records exist: they
    would be doubled under the new name.
    """
    searched: set[str] = set()
    for m in mappings:
        names = [m.name, m.formerly] if m.formerly else [m.name]
        row = connection.execute(
            "select object, external_id, prefix, source_table, source_key, looked_up_at is not null"
            " from sync.mapping where org_id = %s and mapping = any(%s)"
            " order by mapping = %s desc limit 1",
            [org_id, names, m.name],
        ).fetchone()
        if row is None:
            continue
        if row[5]:
            searched.add(m.name)
        now = (m.object, m.external_id.field, m.external_id.prefix, m.source.table, m.source.key)
        if (
            tuple(row[:5]) != now
            and connection.execute(
                "select 1 from sync.record where org_id = %s and mapping = any(%s) limit 1",
                [org_id, names],
            ).fetchone()
        ):
            said = ("object", "external ID", "prefix", "table", "key")
            what = next(n for n, a, b in zip(said, row, now, strict=False) if a != b)
            raise MappingError(
                f"The {what} of {m.name} changed, and records exist under the old one.",
                "Take the change back, or use a new mapping name and let the old records go first.",
                m.where("source" if what in ("table", "key") else "object"),
            )
    return searched


def keep_mappings(
    connection: psycopg.Connection[Any],
    org_id: str,
    mappings: Iterable[Mapping],
    fingerprints: dict[str, str],
) -> None:
    """What the records of these mappings belong to from now on, in a sync."""
    for m in mappings:
        connection.execute(
            "insert into sync.mapping (org_id, mapping, object, external_id, prefix, source_table,"
            " source_key, fingerprint, looked_up_at) values (%s, %s, %s, %s, %s, %s, %s, %s, now())"
            " on conflict (org_id, mapping) do update set object = excluded.object,"
            " external_id = excluded.external_id, prefix = excluded.prefix,"
            " source_table = excluded.source_table, source_key = excluded.source_key,"
            " fingerprint = excluded.fingerprint, planned_at = now(),"
            " looked_up_at = coalesce(sync.mapping.looked_up_at, now())",
            [
                org_id, m.name, m.object, m.external_id.field, m.external_id.prefix,
                m.source.table, m.source.key, fingerprints[m.name],
            ],
        )  # fmt: skip


def rename_mappings(
    connection: psycopg.Connection[Any], org_id: str, mappings: Iterable[Mapping]
) -> None:
    """`formerly`: records, plan and history follow a mapping to its new name, once.

    Runs in the plan's transaction, so that a dry run, which rolls it back, sees the same plan.
    """
    for m in mappings:
        if not m.formerly:
            continue
        known = {
            row[0]
            for row in connection.execute(
                "select mapping from sync.mapping where org_id = %s and mapping = any(%s)",
                [org_id, [m.formerly, m.name]],
            )
        }
        if known == {m.formerly, m.name}:
            raise MappingError(
                f"{m.name} was known as {m.formerly}, and both have records already.",
                "Take `formerly` out, or give the mapping a name that was not used.",
                m.where("formerly"),
            )
        if known == {m.formerly}:
            for table in ("mapping", "record", "plan", "history"):
                connection.execute(
                    f"update sync.{table} set mapping = %s where org_id = %s and mapping = %s",
                    [m.name, org_id, m.formerly],
                )


def accept(connection: psycopg.Connection[Any], client: Client, *, database: bool) -> Org:
    """`target accept`: binds the target to the org that it leads to now, or the org's state to this
    database. Either way the next plan searches Salesforce before it counts a row as a create.
    """
    org = identify(connection, client, accepting=True)
    here = database_identity(connection)
    with locked(connection, org.id), connection.transaction():
        connection.execute(
            "insert into sync.org (org_id, name, kind, instance_url, username,"
            " database_system_identifier, database_oid) values (%s, %s, %s, %s, %s, %s, %s)"
            " on conflict (org_id) do nothing",
            [
                org.id, org.name, org.kind, org.instance_url, org.username,
                here.system_identifier, here.oid,
            ],
        )  # fmt: skip
        if database:
            connection.execute(
                "update sync.org set database_system_identifier = %s, database_oid = %s,"
                " position = null where org_id = %s",
                [here.system_identifier, here.oid, org.id],
            )
        else:
            connection.execute(
                "insert into sync.target (target, org_id) values (%s, %s) on conflict (target)"
                " do update set org_id = excluded.org_id, bound_at = now()",
                [client.name, org.id],
            )
        connection.execute(
            "update sync.mapping set looked_up_at = null where org_id = %s", [org.id]
        )
    return org
