"""How far a run is, for whoever shows it: a bar, a line, an artifact.

In: rows to send and rows whose outcome is known, by mapping. Out: an `Event` to a callback.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass

from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import Client

__all__ = ["Event", "Progress", "Tally"]


@dataclass(frozen=True)
class Event:
    """One mapping is at work: `done` of its `total` rows have an outcome, `run_done` of `run_total`
    of all mappings. Totals are as the plans knew them. `calls`: API calls of the run until now;
    `job_id`: the Bulk job that Salesforce works on.

    The first event of a mapping comes as its first rows are about to leave.
    """

    mapping: str
    object: str
    done: int
    total: int
    run_done: int
    run_total: int
    calls: int
    job_id: str | None = None


Progress = Callable[[Event], None]
"""Called in the run's own thread; what it raises ends the run as Ctrl-C does."""


class Tally:
    """Counts the rows of one run over all its plans, and tells them."""

    def __init__(self, client: Client, progress: Progress | None) -> None:
        self._client = client
        self._progress = progress
        self._total: Counter[str] = Counter()
        self._done: Counter[str] = Counter()

    def expect(self, rows: Map[str, int]) -> None:
        """Rows that another plan sends, by mapping."""
        self._total.update(rows)

    def add(self, rows: Map[str, int]) -> None:
        """Rows whose outcome is known now, by mapping."""
        self._done.update(rows)

    def tell(self, mappings: Iterable[Mapping], job_id: str | None = None) -> None:
        """How far these mappings are."""
        if self._progress is None:
            return
        for mapping in mappings:
            self._progress(
                Event(
                    mapping=mapping.name,
                    object=mapping.object,
                    done=self._known(mapping.name),
                    total=self._total[mapping.name],
                    run_done=sum(map(self._known, self._total)),
                    run_total=self._total.total(),
                    calls=self._client.calls,
                    job_id=job_id,
                )
            )

    def _known(self, name: str) -> int:
        """A row that went again after its outcome counted still counts once."""
        return min(self._done[name], self._total[name])
