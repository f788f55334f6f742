"""What a rule sees of a write."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Record, Store
from crm_sync.localorg.schema import ObjectType


@dataclass(frozen=True)
class Change:
    """One record about to be written.

    ``new`` is complete (defaults and the old record beneath what was given) and may be changed;
    ``given`` names the fields of the request; ``assignment_owner`` is the owner whom the active
    assignment rule would set, or None when the caller switched the rules off.
    """

    object_type: ObjectType
    new: Record
    old: Record | None
    given: frozenset[str]
    now: datetime
    api_version: float
    multiday_events: bool
    assignment_owner: str | None
    store: Store

    def changed(self, name: str) -> bool:
        """Is the field new or different from what is stored?"""
        return self.old is None or self.old.get(name) != self.new.get(name)


def _apply_nothing(change: Change) -> None:
    """An object without rules."""


def _complete_nothing(store: Store, records: list[Record]) -> None:
    """An object whose rules need no other record."""


def _refuse_nothing(store: Store, rows: list[Row]) -> None:
    """An object whose records may be alike."""


@dataclass(frozen=True)
class Rules:
    """The hooks of an object: before a row is written, before all are, after that, and what refuses
    a row because of another one."""

    apply: Callable[[Change], None] = _apply_nothing
    complete: Callable[[Store, list[Record]], None] = _complete_nothing
    after: Callable[[Store, list[Record]], None] = _complete_nothing
    refuse: Callable[[Store, list[Row]], None] = _refuse_nothing
