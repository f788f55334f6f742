"""Which way planned rows go to Salesforce: by Composite, or by Bulk API 2.0.

Composite answers at once and takes 1,000 rows a call; a Bulk job takes a handful of calls for
100,000 rows, and its time. So an action of a mapping with more rows than the target's `bulk_above`
goes by Bulk, unless its mapping needs what Bulk lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from math import ceil
from typing import Literal

from crm_sync.mapping.model import Mapping
from crm_sync.report.model import Way
from crm_sync.sync.batches import Row
from crm_sync.sync.pieces import MOST_ROWS

__all__ = ["Api", "Routes"]

Api = Literal["composite", "bulk"]
Planned = tuple[str, str, int]
"""A mapping, an action, and how many planned rows it has."""

CALLS_A_JOB = 20
"""Made, filled, closed, asked about some ten times, three kinds of results, deleted."""
CALL_SECONDS = 5.0
JOB_SECONDS = 30.0
ROWS_A_SECOND = 150.0
"""A cautious guess for what Salesforce takes, whose pace hangs on the org's triggers and queue."""


@dataclass(frozen=True)
class Routes:
    """The actions that go by Bulk, as (mapping, action). `threshold`: rows that Composite takes."""

    bulk: frozenset[tuple[str, str]]
    threshold: int

    @classmethod
    def of(
        cls,
        planned: Iterable[Planned],
        mappings: Iterable[Mapping],
        api: Api | None,
        bulk_above: int,
    ) -> Routes:
        """By the numbers of planned rows. `api` forces one way, where it can be gone at all."""
        able = {m.name for m in mappings if m.lacked_by_bulk is None}
        threshold = 0 if api == "bulk" else bulk_above
        chosen = (
            (mapping, action)
            for mapping, action, rows in planned
            if api != "composite" and mapping in able and rows > threshold
        )
        return cls(frozenset(chosen), threshold)

    def is_bulk(self, row: Row) -> bool:
        return (row.mapping, row.action) in self.bulk and not row.by_composite

    def ways(
        self, planned: Sequence[Planned], carrying: Map[tuple[str, str], int]
    ) -> tuple[Way, ...]:
        """What a dry run says of each action. `carrying`: the Composite calls with rows of it."""

        def way(mapping: str, action: str, rows: int) -> Way:
            if (mapping, action) not in self.bulk:
                calls = carrying.get((mapping, action), 0)
                return Way(mapping, action, rows, "composite", calls, calls * CALL_SECONDS)
            calls, seconds = _of_jobs(rows)
            return Way(mapping, action, rows, "bulk", calls, seconds)

        return tuple(way(*one) for one in planned)

    def calls_and_seconds(self, planned: Sequence[Planned], composite: int) -> tuple[int, float]:
        """About how many calls a push takes and how long Salesforce works, with so many Composite
        calls.
        """
        jobs = [_of_jobs(n) for mapping, action, n in planned if (mapping, action) in self.bulk]
        calls = sum(calls for calls, _ in jobs)
        seconds = sum(seconds for _, seconds in jobs)
        return composite + calls, composite * CALL_SECONDS + seconds


def _of_jobs(rows: int) -> tuple[int, float]:
    """About the calls and seconds that so many rows of one action take by Bulk."""
    jobs = ceil(rows / MOST_ROWS)
    return jobs * CALLS_A_JOB, jobs * JOB_SECONDS + rows / ROWS_A_SECOND
