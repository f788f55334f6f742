"""Reads a few records in the very call that writes them: what people edited, for no call more.

In: the rows of a call. Out: subrequests that stand before its writes, and `edited` of the rows in
`sync.plan`. A subrequest for one record is no Collection, of which a call takes five, but one of
its 25; without `collateSubrequests` they are done in order (REST API Developer Guide, Composite).
"""

from __future__ import annotations

from collections.abc import Sequence

from crm_sync.salesforce.client import Answer, Subrequest
from crm_sync.sync.batches import Row
from crm_sync.sync.lookup import as_payload, read_fields
from crm_sync.sync.statements import statements
from crm_sync.sync.work import Push

__all__ = ["note_read", "reading", "rows_to_read"]


def rows_to_read(work: Push, rows: Sequence[Row]) -> list[Row]:
    """Of a call's rows, those whose records it overwrites or deletes; none where the plan has read
    them.
    """
    if not work.reads_along:
        return []
    return [row for row in rows if row.action != "create" and row.salesforce_id]


def reading(work: Push, row: Row) -> Subrequest:
    """The subrequest that reads one record by its Id (REST API Developer Guide, sObject Rows)."""
    mapping = work.by_name[row.mapping]
    fields = ",".join(read_fields(mapping, work.scope.facts[mapping.object]))
    return Subrequest("GET", f"sobjects/{mapping.object}/{row.salesforce_id}?fields={fields}")


def note_read(work: Push, rows: Sequence[Row], answers: Sequence[Answer]) -> None:
    """What was read beside what is sent; a record that is not there has lost nothing to us. Runs
    inside the transaction that records the call's outcomes, before it does.
    """
    found = [(row, answer) for row, answer in zip(rows, answers, strict=True) if answer.ok]
    if not found:
        return
    current: list[str] = []
    for row, answer in found:
        mapping = work.by_name[row.mapping]
        current.append(as_payload(mapping, work.scope.facts[mapping.object], answer.body))
    work.scope.connection.execute(
        statements("edits")["note_along"],
        {
            "org": work.scope.org_id,
            "rows_mapping": [row.mapping for row, _ in found],
            "rows_key": [row.key for row, _ in found],
            "current": current,
        },
    )
