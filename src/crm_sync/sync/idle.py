"""Records that belong to no enabled mapping, told in a sentence each.

One mapping that writes the same records under another name was most likely renamed. Without
`formerly` the new name looks its records up in Salesforce, so nothing is doubled or deleted, but
history and status stay with the old name.
"""

from __future__ import annotations

from crm_sync.sync.scope import Scope

__all__ = ["idle_records"]


def idle_records(scope: Scope) -> list[str]:
    """A sentence for each mapping that has records and is not enabled, or not there any more."""
    heirs = {
        (m.object, m.external_id.field, m.external_id.prefix, m.source.table): m.name
        for m in scope.known
    }
    said: list[str] = []
    known = [m.name for m in scope.known]
    for name, number, *record, planned in scope.run("idle", "idle", known=known):
        kept = f"{number} records of the mapping {name} are kept; no enabled mapping has that name."
        heir = heirs.get(tuple(record))
        if heir is not None and heir in planned:
            kept += f" {heir} has taken the same records over, and these are not used any more."
        elif heir is not None:
            kept += (
                f" {heir} belongs to the same object and table: if that is its new name, let "
                f"{heir}.yaml say `formerly: {name}`."
            )
        said.append(kept)
    return said
