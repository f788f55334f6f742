"""One thing that a check found: where, how bad, what, and how to mend it.

In: nothing but the errors' tree. Out: `Finding`, which every check of a mapping yields. `crm-sync
check` shows them all; a sync and a dry run raise the first error (`raise_first`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from crm_sync.errors import CrmSyncError, DatabaseError, MappingError, OrgAccessError
from crm_sync.mapping.finding_kinds import Kind, Severity
from crm_sync.mapping.model import Mapping

__all__ = ["Finding", "raise_first", "said_of"]

Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """`kind` names the rule for programs (`finding_kinds.py`). `where` is `file:line:column`, or
    what the finding is about where no line is at fault. `path`: the keys of the mapping file that
    lead there. `error`: what a sync raises for it.
    """

    kind: Kind
    severity: Severity
    where: str
    sentence: str
    mend: str = ""
    path: Path_ = ()
    error: type[MappingError | OrgAccessError | DatabaseError] = MappingError
    mapping: str = field(default="", compare=False)
    alike: str = field(default="", compare=False)
    """The sentence without the mapping's own object and table: mappings that share a line of the
    defaults say the same of it."""

    def as_error(self) -> CrmSyncError:
        """The finding as a sync raises it."""
        if issubclass(self.error, MappingError):
            return self.error(self.sentence, self.mend, self.where)
        if issubclass(self.error, DatabaseError):  # no file is at fault
            return self.error(self.sentence, self.mend)
        return self.error(f"{self.where}: {self.sentence}", self.mend)

    @classmethod
    def of_error(cls, kind: Kind, error: MappingError) -> Finding:
        """What loading a file met."""
        return cls(kind, "error", error.where, error.what, error.mend)


def said_of(
    mapping: Mapping,
    path: Path_,
    kind: Kind,
    sentence: str,
    mend: str = "",
    *,
    severity: Severity = "error",
    error: type[MappingError | OrgAccessError | DatabaseError] = MappingError,
) -> Finding:
    """A finding at a place of a mapping file."""
    alike = sentence.replace(mapping.object, "").replace(mapping.source.table, "")
    return Finding(
        kind, severity, mapping.where(*path), sentence, mend.strip(), path, error,
        mapping=mapping.name, alike=alike,
    )  # fmt: skip


def raise_first(findings: Iterable[Finding]) -> None:
    """Raises the first error among findings; asks for no more of them than that."""
    for finding in findings:
        if finding.severity == "error":
            raise finding.as_error()
