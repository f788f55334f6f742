"""Records of the org that lookups name and that are not there, or are no longer active users.

In: a scope and a signed-in client. Out: findings that count values and show none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psycopg import sql

from crm_sync.errors import CrmSyncError
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.finding_kinds import Kind, Severity
from crm_sync.mapping.keys import reference_uses
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import Reference
from crm_sync.names import nearest
from crm_sync.report.headline import counted
from crm_sync.salesforce.client import Client
from crm_sync.sync import lookup
from crm_sync.sync.scope import Scope

__all__ = ["named_findings", "owner_findings"]

SHOWN = 3
"""Records that are named, of those that are meant."""


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
        yield from _found(scope, client, mapping, name, reference)


def _found(
    scope: Scope, client: Client, mapping: Mapping, name: str, reference: Reference
) -> Iterator[Finding]:
    uses = scope.connection.execute(
        sql.SQL(
            "select coalesce(f.salesforce_id, ''), coalesce(f.matches, 0), v.rows, v.first\n"
            "from ({}) as v(value, rows, first)\n"
            # A value that no query can hold was not asked for: no record has it.
            "left join found_reference f\n"
            "    on f.value = v.value and f.object = {} and f.field = {}\n"
            "where f.matches is distinct from 1\norder by f.salesforce_id, v.first\n"
        ).format(
            reference_uses(mapping, name, scope.catalog),
            sql.Literal(reference.object),
            sql.Literal(reference.by),
        )
    ).fetchall()
    subject = _Subject(scope, mapping, name, reference)
    if inactive := [use for use in uses if use[0] and use[1] == 0]:
        named = _names(client, reference.object, [use[0] for use in inactive[:SHOWN]])
        more = ", …" if len(inactive) > SHOWN else ""
        yield subject.say(
            "inactive-owner", inactive, f"an inactive {subject.kind} ({', '.join(named)}{more})",
            "Activate it, or name another.",
        )  # fmt: skip
    if unknown := [use for use in uses if not use[0]]:
        yield subject.say(
            "reference", unknown, f"no {subject.kind} by {reference.by}", subject.correct()
        )
    if several := [use for use in uses if use[1] > 1]:
        yield subject.say(
            "reference", several, f"more than one {subject.kind} by {reference.by}",
            "Use a field whose values differ.",
        )  # fmt: skip


def _names(client: Client, kind: str, ids: Sequence[str]) -> list[str]:
    """Records of the org as people know them there, each with its Id."""
    wanted = ", ".join(map(lookup.soql_text, ids))
    query = f"SELECT Id, Name FROM {kind} WHERE Id IN ({wanted})"  # noqa: S608 - Ids as literals
    [records] = client.query([query])
    names = {record["Id"]: record["Name"] for record in records}
    return [f"{names[each]}, {each}" if each in names else each for each in ids]


Use = tuple[str, int, int, str]
"""The Id that a value names, of how many records it is the value, its rows, the first one's key."""


class _Subject:
    """Whose values name a record: a column's, an expression's, or the one that the file says."""

    def __init__(self, scope: Scope, mapping: Mapping, name: str, reference: Reference) -> None:
        self.mapping, self.name, self.reference = mapping, name, reference
        self.facts = scope.facts.get(mapping.object)
        self.kind = reference.object
        if reference.object == "RecordType":
            self.kind += f" of {mapping.object}"
        # One value for all rows: where it names nothing, every row is invalid.
        loss: Severity = "warning" if reference.constant is None else "error"
        self.severity: Severity = loss if reference.otherwise == "error" else "information"

    def say(self, kind: Kind, uses: Sequence[Use], what: str, mend: str) -> Finding:
        """That values name what they should not, in how many rows; the values stay untold."""
        given = self.reference.constant
        if given is not None:
            sentence = f"The constant {given!r} of {self.name} names {what}."
        else:
            column = self.reference.column
            source = f"{self.mapping.source.table}.{column}" if column else self.name
            rows = sum(use[2] for use in uses)
            first = min(use[3] for use in uses)
            sentence = (
                f"{counted(len(uses), 'value')} of {source} name{'s' * (len(uses) == 1)} {what}: "
                f"in {counted(rows, 'row')}, {'the first is' if rows > 1 else 'it is'} {first}."
            )
        return said_of(
            self.mapping, ("lookups", self.name), kind, sentence, mend, severity=self.severity
        )

    def correct(self) -> str:
        """How to mend a value that names nothing."""
        given = self.reference.constant
        if given is None:
            return f"Correct the values, or add the {self.reference.object} in Salesforce."
        offered = [r.name for r in self.facts.record_types if not r.master] if self.facts else []
        is_type = (self.reference.object, self.reference.by) == ("RecordType", "DeveloperName")
        near = nearest(given, offered) if is_type else ""
        return f"{near} Correct it, or add the {self.reference.object} in Salesforce.".strip()
