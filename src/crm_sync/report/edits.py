"""What people edited in Salesforce since we last sent, and converted there, in sentences.

In: rows whose records were read, before a sync (`dry-run --against-org`) or by it. Out: sentences;
nothing where nobody asked Salesforce.
"""

from __future__ import annotations

from collections.abc import Iterable

from crm_sync.report.headline import counted
from crm_sync.report.model import Edits, FieldChange, ObjectSummary, PlanRow, RunReport
from crm_sync.report.values import fold, visible, written

__all__ = ["CLOSED", "DONE", "edit_sentences", "edits_found", "edits_overwritten", "leads_closed"]

_NOT_ASKED = (
    "Salesforce was not asked what people changed, merged, converted or deleted there since the "
    "last run, which may hold or add rows: --against-org asks."
)
DONE = "recorded"
"""The state of a row that a sync has sent."""
CLOSED = "closed"
"""The state of a lead that people converted, of which nothing more is sent."""
LONGEST = 120
"""Characters of a value in a sentence."""


def edits_found(edits: Edits | None, summaries: Iterable[ObjectSummary] = ()) -> str:
    """What Salesforce was asked, and how many records people edited there; that it was not asked,
    where the plan changes or deletes records.
    """
    if edits is None:
        return _NOT_ASKED if any(s.update or s.delete for s in summaries) else ""
    asked = f"Salesforce was asked for the {counted(edits.read, 'record')} that a sync would change"
    asked += f" or delete ({counted(edits.calls, 'API call')})"
    found = [
        f"{counted(number, 'record')} {said}"
        for number, said in (
            (edits.overwritten, "would lose what someone edited there since the last push"),
            (edits.held, "held, since someone edited them there"),
            (edits.left_alone, "edited in fields that a sync would leave alone"),
            (edits.missing, "not there any more"),
        )
        if number
    ]
    return f"{asked}: {'; '.join(found)}." if found else f"{asked}: nobody edited them since."


def edits_overwritten(run: RunReport) -> str:
    """How many records a sync changed or deleted that people had edited, or nothing."""
    if not run.overwritten:
        return ""
    return (
        f"{counted(run.overwritten, 'record')} lost what someone had edited in Salesforce since "
        "the last push."
    )


def leads_closed(run: RunReport) -> str:
    """How many leads a sync found converted, or nothing."""
    if not run.closed:
        return ""
    if run.closed == 1:
        return "1 lead was converted in Salesforce: its row is closed, nothing more is sent of it."
    return (
        f"{run.closed:,} leads were converted in Salesforce: their rows are closed, nothing more "
        "is sent of them."
    )


def edit_sentences(row: PlanRow) -> list[str]:
    """What a person should know of a row's record before a sync writes to it; visible already."""
    said: list[str] = []
    if row.is_missing:
        said.append("its record is not in Salesforce any more")
    if row.overwritten:
        said.append(f"{_fate(row)}: {_edited(row.overwritten)}")
    elif row.state == DONE and row.action == "delete":
        said.append("deleted, though someone had edited it in Salesforce")
    if row.left_alone:
        said.append(f"stays as it is in Salesforce: {_edited(row.left_alone)}")
    return said


def _fate(row: PlanRow) -> str:
    """What becomes, or became, of the edits in a row's record."""
    if row.state == "held":
        return "kept for now"
    if row.action == "delete":
        return "deleted with it" if row.state == DONE else "would be deleted with it"
    return "overwritten" if row.state == DONE else "would overwrite"


def _edited(changes: tuple[FieldChange, ...]) -> str:
    return "; ".join(
        f"{visible(change.name)}, changed in Salesforce to {_quoted(change)}" for change in changes
    )


def _quoted(change: FieldChange) -> str:
    return fold(written(change.current, change.type).replace("\n", " "), LONGEST)
