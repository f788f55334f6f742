"""Records of the org that lookups name and that are not there, or are no longer active users.

In: a scope and a signed-in client. Out: findings that count values and show none.
"""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from crm_sync.errors import CrmSyncError
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.keys import reference_values
from crm_sync.mapping.model import Mapping, Reference
from crm_sync.salesforce.client import Client
from crm_sync.sync import lookup
from crm_sync.sync.scope import Scope

__all__ = ["owner_findings", "reference_findings"]


def owner_findings(scope: Scope, client: Client, username: str | None) -> Iterator[Finding]:
    """A target's default_owner who is no active user: a sync stops for it."""
    if username is not None and lookup.find_owner(scope, client, username) is None:
        yield Finding(
            "inactive-owner", "error", client.name,
            f"The default_owner of target {client.name} is no active user of the org.",
            "Write the user name (like an e-mail address) of an active user.",
        )  # fmt: skip


def reference_findings(scope: Scope, client: Client, mapping: Mapping) -> Iterator[Finding]:
    """Values of a mapping's reference lookups that name nothing, or an inactive user.

    An inactive user cannot become an owner: INACTIVE_OWNER_OR_USER (third party).
    """
    try:
        lookup.find_references(scope, client, mapping, due=False)
    except CrmSyncError as error:
        yield said_of(
            mapping, ("lookups",), "reference", f"Not checked: what the lookups name. {error}",
            severity="information",
        )  # fmt: skip
        return
    for name, look in mapping.lookups.items():
        if look.reference is not None:
            yield from _found(scope, mapping, name, look.reference)


def _found(scope: Scope, mapping: Mapping, name: str, reference: Reference) -> Iterator[Finding]:
    rows = scope.connection.execute(
        sql.SQL(
            "select f.salesforce_id, f.matches from found_reference f\njoin ({}) as v(value)"
            " on v.value = f.value\nwhere f.object = {} and f.field = {} and f.matches <> 1\n"
            "order by f.salesforce_id"
        ).format(
            reference_values(mapping, name, scope.catalog),
            sql.Literal(reference.object),
            sql.Literal(reference.by),
        )
    ).fetchall()
    inactive = [row[0] for row in rows if row[0] and row[1] == 0]
    unknown = sum(not row[0] for row in rows)
    several = sum(row[1] > 1 for row in rows)
    source = f"{mapping.source.table}.{reference.column}" if reference.column else name
    if inactive:
        yield said_of(
            mapping, ("lookups", name), "inactive-owner",
            f"{_values(len(inactive), source)} an inactive {reference.object} "
            f"({', '.join(inactive[:3])}{', …' if len(inactive) > 3 else ''}).",
            "Activate the user, or name another.", severity="warning",
        )  # fmt: skip
    if unknown:
        yield said_of(
            mapping, ("lookups", name), "reference",
            f"{_values(unknown, source)} no {reference.object} by {reference.by}.",
            f"Correct the values, or add the {reference.object} in Salesforce.",
            severity="warning",
        )  # fmt: skip
    if several:
        yield said_of(
            mapping, ("lookups", name), "reference",
            f"{_values(several, source)} more than one {reference.object} by {reference.by}.",
            "Use a field whose values differ.", severity="warning",
        )  # fmt: skip


def _values(count: int, source: str) -> str:
    return f"{count:,} value{'s' if count > 1 else ''} of {source} name{'s' * (count == 1)}"
