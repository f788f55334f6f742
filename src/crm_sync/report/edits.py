"""What people edited in Salesforce since we last sent, in sentences: `dry-run --against-org`.

In: rows whose records were read. Out: sentences; nothing where nobody asked Salesforce.
"""

from __future__ import annotations

from crm_sync.report.headline import counted
from crm_sync.report.model import Edits, FieldChange, PlanRow
from crm_sync.report.values import fold, visible, written

__all__ = ["edit_sentences", "edits_found"]

LONGEST = 120
"""Characters of a value in a sentence."""


def edits_found(edits: Edits | None) -> str:
    """What Salesforce was asked, and how many records people edited there."""
    if edits is None:
        return ""
    asked = f"Salesforce was asked for the {counted(edits.read, 'record')} that a sync would change"
    asked += f" or delete ({counted(edits.calls, 'API call')})"
    found = [
        f"{counted(number, 'record')} {said}"
        for number, said in (
            (edits.overwritten, "would lose what someone edited there since the last push"),
            (edits.left_alone, "edited in fields that a sync would leave alone"),
            (edits.missing, "not there any more"),
        )
        if number
    ]
    return f"{asked}: {'; '.join(found)}." if found else f"{asked}: nobody edited them since."


def edit_sentences(row: PlanRow) -> list[str]:
    """What a person should know of a row's record before a sync writes to it; visible already."""
    said: list[str] = []
    if row.is_missing:
        said.append("its record is not in Salesforce any more")
    if row.overwritten:
        would = "would be deleted with it" if row.action == "delete" else "would overwrite"
        said.append(f"{would}: {_edited(row.overwritten)}")
    if row.left_alone:
        said.append(f"stays as it is in Salesforce: {_edited(row.left_alone)}")
    return said


def _edited(changes: tuple[FieldChange, ...]) -> str:
    return "; ".join(
        f"{visible(change.name)}, changed in Salesforce to {_quoted(change)}" for change in changes
    )


def _quoted(change: FieldChange) -> str:
    return fold(written(change.current, change.type).replace("\n", " "), LONGEST)
