"""Which way planned rows go to Salesforce: by Composite, or by Bulk API 2.0.

Composite answers at once and takes 1,000 rows a call; a Bulk job takes a handful of calls for
100,000 rows, and its time. So an action of a mapping with more rows than the target's `bulk_above`
goes by Bulk, unless its mapping needs what Bulk lacks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from crm_sync.mapping.model import Mapping
from crm_sync.sync.batches import Row

__all__ = ["Api", "Routes", "lacks"]

Api = Literal["composite", "bulk"]


def lacks(mapping: Mapping) -> str | None:
    """What a mapping needs that Bulk API 2.0 lacks, or None.

    Assignment rules run by a header of REST calls; a job knows only one rule by its Id (Bulk API
    2.0 and Bulk API Developer Guide, Create a Job).
    """
    return "assignment rules" if mapping.auto_assign else None


@dataclass(frozen=True)
class Routes:
    """The actions that go by Bulk, as (mapping, action). `threshold`: rows that Composite takes."""

    bulk: frozenset[tuple[str, str]]
    threshold: int

    @classmethod
    def of(
        cls,
        planned: Iterable[tuple[str, str, int]],
        mappings: Iterable[Mapping],
        api: Api | None,
        bulk_above: int,
    ) -> Routes:
        """By the numbers of planned rows, (mapping, action, rows). `api` forces one way, where it
        can be gone at all.
        """
        able = {m.name for m in mappings if lacks(m) is None}
        threshold = 0 if api == "bulk" else bulk_above
        chosen = (
            (mapping, action)
            for mapping, action, rows in planned
            if api != "composite" and mapping in able and rows > threshold
        )
        return cls(frozenset(chosen), threshold)

    def is_bulk(self, row: Row) -> bool:
        return (row.mapping, row.action) in self.bulk and not row.by_composite
