"""Records of the org that lookups name and that are not there, or are no longer active users.

In: a scope and a signed-in client. Out: findings that count values and show none.
"""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from crm_sync.errors import CrmSyncError
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.finding_kinds import Severity
from crm_sync.mapping.keys import reference_values
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Reference
from crm_sync.salesforce.client import Client
from crm_sync.sync import lookup
from crm_sync.sync.scope import Scope

__all__ = ["named_findings", "owner_findings"]


def owner_findings(scope: Scope, client: Client, username: str | None) -> Iterator[Finding]:
    """A target's default_owner who is no active user: a sync stops for it."""
    if username is not None and lookup.find_owner(scope, client, username) is None:
        yield Finding(
            "inactive-owner", "error", client.name,
            f"The default_owner of target {client.name} is no active user of the org.",
            "Write the user name (like an e-mail address) of an active user.",
        )  # fmt: skip


def named_findings(scope: Scope, client: Client, mapping: Mapping) -> Iterator[Finding]:
    """Values of a mapping's reference lookups that name nothing, or an inactive user. Where the
    mapping says what becomes of their rows (`otherwise`), they are no warning.

    An inactive user cannot become an owner: INACTIVE_OWNER_OR_USER (third party).
    """
    try:
        lookup.find_references(scope, client, [mapping], due=False)
    except CrmSyncError as error:
        yield said_of(
            mapping, ("lookups",), "reference", f"Not checked: what the lookups name. {error}",
            severity="information",
        )  # fmt: skip
        return
    for name, reference in mapping.references.items():
        yield from _found(scope, mapping, name, reference)


def _found(scope: Scope, mapping: Mapping, name: str, reference: Reference) -> Iterator[Finding]:
    rows = scope.connection.execute(
        sql.SQL(
            "select coalesce(f.salesforce_id, ''), coalesce(f.matches, 0) from ({}) as v(value)\n"
            # A value that no query can hold was not asked for: no record has it.
            "left join found_reference f\n"
            "    on f.value = v.value and f.object = {} and f.field = {}\n"
            "where f.matches is distinct from 1\norder by f.salesforce_id"
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
    kind = reference.object
    if kind == "RecordType":
        kind += f" of {mapping.object}"
    severity: Severity = "warning" if reference.otherwise == "error" else "information"
    if inactive:
        yield said_of(
            mapping, ("lookups", name), "inactive-owner",
            f"{_values(len(inactive), source)} an inactive {kind} "
            f"({', '.join(inactive[:3])}{', …' if len(inactive) > 3 else ''}).",
            "Activate it, or name another.", severity=severity,
        )  # fmt: skip
    if unknown:
        yield said_of(
            mapping, ("lookups", name), "reference",
            f"{_values(unknown, source)} no {kind} by {reference.by}.",
            f"Correct the values, or add the {reference.object} in Salesforce.",
            severity=severity,
        )  # fmt: skip
    if several:
        yield said_of(
            mapping, ("lookups", name), "reference",
            f"{_values(several, source)} more than one {kind} by {reference.by}.",
            "Use a field whose values differ.", severity=severity,
        )  # fmt: skip


def _values(count: int, source: str) -> str:
    return f"{count:,} value{'s' if count > 1 else ''} of {source} name{'s' * (count == 1)}"
