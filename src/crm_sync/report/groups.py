"""The rows of a plan in the order in which people read them, and no more of them than asked for.

In: `PlanReport`. Out: groups of one mapping and one action, parents first. One pass over the rows,
of which at most `limit` per group are held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_sync.report.model import ObjectSummary, OutcomeSummary, PlanReport, PlanRow

__all__ = ["NOT_SENT", "Group", "groups", "is_sent", "problem_rows"]

NOT_SENT = "not sent"
ORDER = ("create", "update", "delete", NOT_SENT)
SENT_STATES = frozenset({"planned", "sending", "unknown"})
"""An unknown row was sent and not answered; a sync sends it again."""


@dataclass(frozen=True)
class Group:
    """Rows of one mapping that share an action. `rows` may be fewer than `total`."""

    mapping: str
    object: str
    kind: str  # create, update, delete, not sent
    total: int
    rows: tuple[PlanRow, ...]

    @property
    def left_out(self) -> int:
        """Rows that the group counts and does not show."""
        return self.total - len(self.rows)


def is_sent(row: PlanRow) -> bool:
    """Whether a sync would send this row."""
    return row.state in SENT_STATES


def groups(report: PlanReport, limit: int) -> tuple[Group, ...]:
    """The report's rows by mapping and action, at most `limit` of each."""
    rows: dict[tuple[str, str], list[PlanRow]] = {}
    totals: dict[tuple[str, str], int] = {}
    for row in report.rows():
        place = (row.mapping, row.action if is_sent(row) else NOT_SENT)
        totals[place] = totals.get(place, 0) + 1
        held = rows.setdefault(place, [])
        if len(held) < limit:
            held.append(row)
    objects = {summary.mapping: summary.object for summary in report.summaries}
    objects |= {m: held[0].object for (m, _), held in rows.items() if held and m not in objects}
    return tuple(
        Group(mapping, object_, kind, totals[mapping, kind], tuple(rows[mapping, kind]))
        for mapping, object_ in objects.items()
        for kind in ORDER
        if (mapping, kind) in totals
    )


def problem_rows(rows: Iterable[PlanRow], limit: int) -> tuple[PlanRow, ...]:
    """The first `limit` rows that are not in order, an unanswered one included."""
    found: list[PlanRow] = []
    for row in rows:
        if len(found) == limit:
            break
        if row.state not in {"planned", "sending"}:
            found.append(row)
    return tuple(found)


def total(summaries: Iterable[ObjectSummary | OutcomeSummary], name: str) -> int:
    """The sum of one count over all mappings."""
    return sum(getattr(summary, name) for summary in summaries)
