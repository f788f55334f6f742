"""Records that belong to no enabled mapping, told in a sentence each.

One mapping that writes the same records under another name was most likely renamed. Without
`formerly` the new name looks its records up in Salesforce, so nothing is doubled or deleted, but
history and status stay with the old name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.model import Mapping
from crm_sync.report.headline import counted
from crm_sync.sync.scope import Scope

__all__ = ["idle_records", "rename_findings"]


@dataclass(frozen=True)
class _Idle:
    """A name with records that no enabled mapping has. `heir`: the mapping that writes the same
    records; `has_taken_over`: it was planned before.
    """

    name: str
    records: int
    heir: Mapping | None
    has_taken_over: bool

    @property
    def sentence(self) -> str:
        kept = (
            f"{counted(self.records, 'record')} of the mapping {self.name} "
            f"{'is' if self.records == 1 else 'are'} kept; no enabled mapping has that name."
        )
        if self.heir is None:
            return kept
        if self.has_taken_over:
            took = "has taken the same records over, and these are not used any more."
        else:
            took = "belongs to the same object and table."
        return f"{kept} {self.heir.name} {took}"

    @property
    def mend(self) -> str:
        if self.heir is None or self.has_taken_over:
            return ""
        return f"If that is its new name, let {self.heir.name}.yaml say `formerly: {self.name}`."


def idle_records(scope: Scope) -> list[str]:
    """A sentence for each mapping that has records and is not enabled, or not there any more."""
    return [f"{found.sentence} {found.mend}".strip() for found in _idle(scope)]


def rename_findings(scope: Scope) -> Iterator[Finding]:
    """A mapping that writes the records of another name, which no file has, and does not say so."""
    for found in _idle(scope):
        if found.heir is not None and found.mend:
            yield said_of(
                found.heir, ("object",), "undeclared-rename", found.sentence, found.mend,
                severity="warning",
            )  # fmt: skip


def _idle(scope: Scope) -> Iterator[_Idle]:
    heirs = {
        (m.object, m.external_id.field, m.external_id.prefix, m.source.table): m
        for m in scope.known
    }
    known = [name for m in scope.known for name in (m.name, m.formerly) if name]
    for name, number, *record, planned in scope.run("idle", "idle", known=known):
        heir = heirs.get(tuple(record))
        yield _Idle(name, number, heir, heir is not None and heir.name in planned)
