"""Row locks: UNABLE_TO_LOCK_ROW when parallel work touches one parent.

Salesforce locks the parents of the records it writes until the transaction ends; who meets a lock
waits up to ten seconds and is then refused (D, Record Locking Cheat Sheet). Work on this org is
serialized and takes milliseconds, so nobody would ever wait so long. The rule can therefore be
switched on without patience (``automation.Locks``): whoever *overlaps* in time another holder
that touched one of his parents is refused, whichever of them came to work first.

A holder is a request from its arrival to its answer, or a Bulk batch from its start to its end.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class Holder:
    """One request or batch and the parents that it has touched."""

    overlapping: list["Holder"] = field(default_factory=list["Holder"])
    """Those that were there when it came, and those that came while it was there."""
    touched: set[str] = field(default_factory=set[str])


class Locks:
    """Who is here, and whom the work in progress belongs to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present: list[Holder] = []
        self._working = threading.local()

    @contextmanager
    def request(self) -> Iterator[Holder]:
        """The span of one request or batch."""
        holder = Holder()
        with self._lock:
            for other in self._present:
                other.overlapping.append(holder)
            holder.overlapping = list(self._present)
            self._present.append(holder)
        try:
            yield holder
        finally:
            with self._lock:
                self._present.remove(holder)
                holder.overlapping.clear()  # else holders would chain one to the next for ever

    @contextmanager
    def working(self, holder: Holder) -> Iterator[None]:
        """What this thread writes inside belongs to the holder."""
        self._working.holder = holder
        try:
            yield
        finally:
            self._working.holder = None

    def contended(self, parents: Iterable[str]) -> str | None:
        """A parent that an overlapping holder touched; else they are touched by this one."""
        holder: Holder | None = getattr(self._working, "holder", None)
        if holder is None:
            return None
        wanted = set(parents)
        with self._lock:
            for other in holder.overlapping:
                for parent in sorted(wanted & other.touched):
                    return parent
            holder.touched |= wanted
        return None
