"""What became of the rows of one call, gathered, looked into, and recorded in one transaction.

A child is judged by its parent's result, never by its own error: a refused row whose parent was
not recorded is planned again and becomes blocked with its parent. "Gone" is read, not guessed:
after a refusal that may mean a missing record, the record and the parents that the row names are
read by Id, deleted ones included, and then judged.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb

from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import Client
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import Decision, Fate, Verdict, fate
from crm_sync.sync.explain import parent_ended, problem, record_ended
from crm_sync.sync.lookup import read_fates
from crm_sync.sync.plan import children
from crm_sync.sync.scope import Scope

__all__ = ["Outcomes"]

Execute = Callable[..., Any]
_Told = tuple[Row, dict[str, Any], str]  # a row, its problem, its state


@dataclass
class Outcomes:
    """Rows of one call by what is to be recorded of them. `has_waited`: `work.Push`."""

    scope: Scope
    client: Client
    by_name: Map[str, Mapping]
    has_waited: set[str]
    sent: list[tuple[Row, Decision]] = field(default_factory=list)
    deleted: list[Row] = field(default_factory=list)
    refused: list[_Told] = field(default_factory=list)
    ended: list[_Told] = field(default_factory=list)
    unknown: list[Row] = field(default_factory=list)
    back: list[Row] = field(default_factory=list)
    doubted: list[Row] = field(default_factory=list)
    stopped: dict[str, str] = field(default_factory=dict)
    limit_reached: bool = False
    _declined: list[tuple[Row, Decision]] = field(default_factory=list)

    @property
    def leaves_problems(self) -> bool:
        """Whether rows that wait for one of these may have to wait for a person."""
        return bool(self.refused or self.ended or self.unknown or self.stopped)

    @property
    def changes_the_plan(self) -> bool:
        """Whether a new plan may send more: a record that people deleted is made again and its
        children follow, one that they merged is followed to its master, or a create met a record
        and left values where it sent no null.
        """
        mine = [m.name for m in self.scope.mappings if m.on_missing == "recreate"]
        followed = (
            state == Fate.MERGED.value or (state == Fate.GONE.value and row.mapping in mine)
            for row, _, state in self.ended
        )
        return any(followed) or any(decision.met for _, decision in self.sent)

    def take_back(self, row: Row, *, doubted: bool = False) -> None:
        """The row is planned again. `doubted`: it may have been done nevertheless."""
        (self.doubted if doubted else self.back).append(row)

    def add(self, row: Row, decision: Decision) -> None:
        """Takes one row's decision."""
        if decision.verdict is Verdict.RECORDED:
            self.sent.append((row, decision))
        elif decision.verdict is Verdict.DELETED:
            self.deleted.append(row)
        elif decision.verdict is Verdict.STOP_RUN:
            self.take_back(row)
            self.limit_reached = True
        elif decision.verdict is Verdict.UNKNOWN:
            self.unknown.append(row)
        else:
            self._declined.append((row, decision))

    def look(self, execute: Execute) -> None:
        """Decides what the refusals mean, reading in Salesforce where a code does not say it."""
        if not self._declined:
            return
        self._wait_for_parents(execute)
        doubtful = [(r, d) for r, d in self._declined if d.verdict is Verdict.LOOK]
        read = self._read(doubtful, execute)
        for row, decision in self._declined:
            if decision.verdict is Verdict.LOOK:
                self._judge_doubtful(row, decision, read)
            else:
                self._refuse(row, decision)
                if decision.verdict is Verdict.STOP_OBJECT and not self._works(row):
                    self.stopped[row.mapping] = decision.code
        self._declined.clear()

    def leave_doubtful(self) -> None:
        """Salesforce cannot be asked why it refused some rows: these are planned as before."""
        for row, decision in self._declined:
            if decision.verdict is Verdict.LOOK:
                self.back.append(row)
            else:
                self._refuse(row, decision)
        self._declined.clear()

    def _wait_for_parents(self, execute: Execute) -> None:
        """Takes back what was refused while its parent was not there; once for each row."""
        rows = [row for row, _ in self._declined if row.name not in self.has_waited]
        found = execute("open_parents", rows, sent=[row.name for row, _ in self.sent])
        waiting = {(name, key) for name, key in found}
        for row in rows:
            if (row.mapping, row.key) in waiting:
                self.has_waited.add(row.name)
                self.back.append(row)
        self._declined = [(r, d) for r, d in self._declined if (r.mapping, r.key) not in waiting]

    def _works(self, row: Row) -> bool:
        """Whether another row of its kind was taken: then this row is at fault, not the org."""
        return any(r.mapping == row.mapping and r.action == row.action for r, _ in self.sent)

    def _refuse(self, row: Row, decision: Decision, state: str = "refused") -> None:
        self.refused.append((row, problem(self.by_name[row.mapping], row, decision), state))

    def _read(self, doubtful: list[tuple[Row, Decision]], execute: Execute) -> _Read:
        """The records of doubtful rows and of the parents that they name, one query per object."""
        if not doubtful:
            return _Read({}, {})
        wanted: dict[str, set[str]] = {}
        for row, _ in doubtful:
            if row.salesforce_id:
                wanted.setdefault(self.by_name[row.mapping].object, set()).add(row.salesforce_id)
        parents: dict[str, list[_Parent]] = {}
        lookups = sorted({f for row, _ in doubtful for f in self.by_name[row.mapping].lookups})
        for found in execute("named_parents", [row for row, _ in doubtful], lookups=lookups):
            child, field_name, given, mapping, key, label = found
            if mapping in self.by_name:
                parents.setdefault(child, []).append(
                    _Parent(field_name, given, mapping, key, label)
                )
                wanted.setdefault(self.by_name[mapping].object, set()).add(given)
        return _Read(read_fates(self.client, self.scope.facts, wanted), parents)

    def _judge_doubtful(self, row: Row, decision: Decision, read: _Read) -> None:
        mapping = self.by_name[row.mapping]
        record = read.records.get(row.salesforce_id or "")
        became = Fate.ALIVE if row.action == "create" else fate(record)
        if row.action == "delete" and became in (Fate.GONE, Fate.MERGED):
            self.deleted.append(row)
        elif became is not Fate.ALIVE:
            self._end(mapping, row, became, record)
        else:
            self._blame_parent(row, decision, read)

    def _end(self, mapping: Mapping, row: Row, became: Fate, record: Any) -> None:
        if all(r.name != row.name for r, _, _ in self.ended):
            told = record_ended(mapping, row, became, record)
            self.ended.append((row, told, became.value))

    def _blame_parent(self, row: Row, decision: Decision, read: _Read) -> None:
        """The record is alive, so a record that it names is not: which, and what became of it."""
        for parent in read.parents.get(row.name, ()):
            record = read.records.get(parent.salesforce_id)
            became = fate(record)
            if became is Fate.ALIVE:
                continue
            named = Row(parent.mapping, parent.key, "update", salesforce_id=parent.salesforce_id)
            self._end(self.by_name[parent.mapping], named, became, record)
            told = parent_ended(parent.mapping, parent.label, parent.field, became)
            self.refused.append((row, told, "blocked"))
            return
        self._refuse(row, decision)

    def record(self, execute: Execute) -> None:
        """Writes all of it; runs inside the caller's transaction, parents before children."""
        for name in self.scope.names:
            mine = [(row, decision) for row, decision in self.sent if row.mapping == name]
            if mine:
                execute(
                    "record_sent",
                    [row for row, _ in mine],
                    ids=[decision.salesforce_id for _, decision in mine],
                    met=[decision.met for _, decision in mine],
                )
        if self.deleted:
            execute("record_deleted", self.deleted)
            self._record_cascaded(execute)
        for recreate in (False, True):
            told = [
                e for e in self.ended
                if (self.by_name[e[0].mapping].on_missing == "recreate") is recreate
            ]  # fmt: skip
            if told:
                execute("hold", [r for r, _, _ in told], recreate=recreate, **_told(told))
        if self.refused:
            execute("record_refused", [r for r, _, _ in self.refused], **_told(self.refused))
        if self.unknown:
            execute("record_unknown", self.unknown, every=False)
        for rows_back, doubted in ((self.back, False), (self.doubted, True)):
            if rows_back:
                execute("take_back", rows_back, doubted=doubted)

    def _record_cascaded(self, execute: Execute) -> None:
        """What Salesforce took along, level by level."""
        ids: dict[str, list[str]] = {}
        for row in self.deleted:
            if row.salesforce_id:
                ids.setdefault(row.mapping, []).append(row.salesforce_id)
        known = self.scope.known
        while ids:
            below: dict[str, list[str]] = {}
            for parent, child, lookup in children(known, [self.by_name[n] for n in ids]):
                cascades = self.scope.facts[self.by_name[parent].object].cascades
                if (self.by_name[child].object, lookup) in cascades:
                    gone = execute(
                        "record_cascaded",
                        mapping=parent,
                        child=child,
                        field=lookup,
                        ids=ids[parent],
                    ).fetchall()
                    below.setdefault(child, []).extend(row[0] for row in gone if row[0])
            ids = {name: found for name, found in below.items() if found}


@dataclass(frozen=True)
class _Parent:
    """A record that a row names, as we know it."""

    field: str
    salesforce_id: str
    mapping: str
    key: str
    label: str


@dataclass(frozen=True)
class _Read:
    """Records by Id, as far as Salesforce still has them; parents by the row that names them."""

    records: Map[str, dict[str, Any]]
    parents: Map[str, list[_Parent]]


def _told(rows: list[_Told]) -> dict[str, Any]:
    return {"problems": [Jsonb(p) for _, p, _ in rows], "states": [s for _, _, s in rows]}
