"""What became of the rows of one call, gathered, looked into, and recorded in one transaction.

"Gone" is read, not guessed: after a refusal that may mean a missing record, the record and the
parents that the row names are read by Id, deleted ones included, and then judged.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb

from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import Decision, Verdict
from crm_sync.sync.explain import problem
from crm_sync.sync.plan import Scope, children

__all__ = ["Outcomes"]

Execute = Callable[..., Any]


@dataclass
class Outcomes:
    """Rows of one call by what is to be recorded of them."""

    scope: Scope
    client: Client
    by_name: Map[str, Mapping]
    facts: Map[str, ObjectFacts]
    sent: list[tuple[Row, str | None]] = field(default_factory=list)
    deleted: list[Row] = field(default_factory=list)
    refused: list[tuple[Row, dict[str, Any], str]] = field(default_factory=list)
    ended: list[tuple[Row, dict[str, Any], str]] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)
    doubtful: list[tuple[Row, Decision]] = field(default_factory=list)
    stopped: dict[str, str] = field(default_factory=dict)
    limit_reached: bool = False
    _stopping: list[tuple[Row, Decision]] = field(default_factory=list)

    def add(self, row: Row, decision: Decision) -> None:
        """Takes one row's decision."""
        if decision.verdict is Verdict.RECORDED:
            self.sent.append((row, decision.salesforce_id))
        elif decision.verdict is Verdict.DELETED:
            self.deleted.append(row)
        elif decision.verdict is Verdict.LOOK:
            self.doubtful.append((row, decision))
        elif decision.verdict is Verdict.STOP_OBJECT:
            self._stopping.append((row, decision))
        elif decision.verdict is Verdict.STOP_RUN:
            self.waiting.append(row)
            self.limit_reached = True
        else:
            self._refuse(row, decision)

    def _refuse(self, row: Row, decision: Decision, state: str = "refused") -> None:
        self.refused.append((row, problem(self.by_name[row.mapping], row, decision), state))

    def look(self) -> None:
        """Reads the records behind doubtful refusals and decides what became of them."""
        self._judge_stopping()
        if not self.doubtful:
            return
        found = self._read({row.mapping for row, _ in self.doubtful})
        for row, decision in self.doubtful:
            record = found.get(row.salesforce_id or "")
            mapping = self.by_name[row.mapping]
            if row.action == "create":
                self._blame_parent(row, decision)
            elif record is None or record.get("IsDeleted"):
                master = (record or {}).get("MasterRecordId")
                state = "merged" if master else "gone"
                if row.action == "delete":
                    self.deleted.append(row)
                else:
                    self.ended.append((row, _ended(mapping, state, row, master), state))
            elif record.get("IsConverted"):
                self.ended.append((row, _ended(mapping, "converted", row, None), "converted"))
            else:
                self._blame_parent(row, decision)

    def _read(self, mappings: set[str]) -> dict[str, dict[str, Any]]:
        """The doubtful records by Id, as far as Salesforce still has them."""
        queries: list[str] = []
        for name in sorted(mappings):
            mapping = self.by_name[name]
            known = self.facts[mapping.object].fields
            extra = [f for f in ("IsDeleted", "MasterRecordId", "IsConverted") if f in known]
            ids = [r.salesforce_id for r, _ in self.doubtful if r.mapping == name]
            listed = ", ".join(f"'{i}'" for i in ids if i)
            if listed:
                queries.append(
                    f"SELECT {', '.join(['Id', *extra])} FROM {mapping.object}"
                    f" WHERE Id IN ({listed})"
                )
        return {r["Id"]: r for rows in self.client.query(queries, deleted=True) for r in rows}

    def _blame_parent(self, row: Row, decision: Decision) -> None:
        """The record is alive, so a record that the row names is not: which, and what became of it."""
        mapping = self.by_name[row.mapping]
        named = self.scope.connection.execute(
            "select e.key, e.value #>> '{}', r.mapping, r.key, coalesce(r.label, r.key)"
            " from sync.plan p cross join jsonb_each(p.payload) e"
            " left join sync.record r on r.org_id = p.org_id and r.salesforce_id = e.value #>> '{}'"
            " where p.org_id = %s and p.mapping = %s and p.key = %s and e.key = any(%s)"
            " and jsonb_typeof(e.value) = 'string'",
            [self.scope.org_id, row.mapping, row.key, list(mapping.lookups)],
        ).fetchall()
        for lookup, given, parent_mapping, parent_key, label in named:
            if parent_mapping is None:
                continue
            parent = self.by_name.get(parent_mapping)
            if parent is None:
                continue
            extra = [
                f
                for f in ("IsDeleted", "MasterRecordId", "IsConverted")
                if f in self.facts[parent.object].fields
            ]
            records = self.client.query(
                [f"SELECT {', '.join(['Id', *extra])} FROM {parent.object} WHERE Id = '{given}'"],
                deleted=True,
            )[0]
            record = records[0] if records else None
            if record is not None and not record.get("IsDeleted") and not record.get("IsConverted"):
                continue
            master = (record or {}).get("MasterRecordId")
            state = "converted" if record and record.get("IsConverted") else (
                "merged" if master else "gone"
            )  # fmt: skip
            parent_row = Row(parent_mapping, parent_key, "update", None, given)
            if not any(r == parent_row for r, _, _ in self.ended):
                self.ended.append((parent_row, _ended(parent, state, parent_row, master), state))
            self.refused.append(
                (
                    row,
                    {
                        "code": "PARENT_NOT_READY",
                        "field": lookup,
                        "column": None,
                        "severity": "error",
                        "transient": True,
                        "sentence": f"Waits for the {parent_mapping} {label}, which was "
                        f"{_WORDS[state]} in Salesforce.",
                        "mend": f"Mend the {parent_mapping} first; this row then goes by itself.",
                    },
                    "blocked",
                )
            )
            return
        self._refuse(row, decision)

    def _judge_stopping(self) -> None:
        """A missing field stops its object, unless the row named a parent that was not created."""
        if not self._stopping:
            return
        recorded = {(r.mapping, r.key) for r, _ in self.sent}
        for row, decision in self._stopping:
            waits = self.scope.connection.execute(
                "select u.name, r.salesforce_id is not null from sync.plan p"
                " cross join unnest(p.waits_for) u(name) left join sync.record r"
                " on r.org_id = p.org_id and r.mapping || ':' || r.key = u.name"
                " where p.org_id = %s and p.mapping = %s and p.key = %s",
                [self.scope.org_id, row.mapping, row.key],
            ).fetchall()
            open_parents = [
                w for w, has_id in waits if not has_id and tuple(w.split(":", 1)) not in recorded
            ]
            if row.action == "create" and open_parents:
                self.waiting.append(row)
            else:
                self._refuse(row, decision)
                self.stopped[row.mapping] = decision.code

    def record(self, execute: Execute) -> None:
        """Writes all of it; runs inside the caller's transaction, parents before children."""
        for name in self.scope.names:
            rows = [(r, i) for r, i in self.sent if r.mapping == name]
            if rows:
                execute("record_sent", [r for r, _ in rows], ids=[i for _, i in rows])
        if self.deleted:
            execute("record_deleted", self.deleted)
            self._record_cascaded(execute)
        for recreate in (False, True):
            rows3 = [
                e for e in self.ended
                if (self.by_name[e[0].mapping].on_missing == "recreate") is recreate
            ]  # fmt: skip
            if rows3:
                execute("hold", [r for r, _, _ in rows3], recreate=recreate, **_told(rows3))
        if self.refused:
            execute("record_refused", [r for r, _, _ in self.refused], **_told(self.refused))
        if self.waiting:
            execute("take_back", self.waiting)

    def _record_cascaded(self, execute: Execute) -> None:
        ids: dict[str, list[str]] = {}
        for row in self.deleted:
            if row.salesforce_id:
                ids.setdefault(row.mapping, []).append(row.salesforce_id)
        for parent, child, lookup in children(self.scope.known, self.scope.mappings):
            cascades = self.facts[self.by_name[parent].object].cascades
            if parent in ids and (self.by_name[child].object, lookup) in cascades:
                execute("record_cascaded", mapping=parent, child=child, field=lookup, ids=ids[parent])


_WORDS = {"gone": "deleted", "merged": "merged into another record", "converted": "converted"}


def _ended(mapping: Mapping, state: str, row: Row, master: Any) -> dict[str, Any]:
    into = f" into {master}" if master else ""
    mends = {
        "gone": "Restore it from Salesforce's recycle bin, delete the row, or let "
        f"{mapping.name}.yaml say on_missing: recreate.",
        "merged": f"Join the two rows in {mapping.source.table} as Salesforce joined the records.",
        "converted": "Nothing: a converted lead is closed.",
    }
    words = "merged" if state == "merged" else _WORDS[state]
    return {
        "code": {"gone": "RECORD_DELETED", "merged": "RECORD_MERGED", "converted": "LEAD_CONVERTED"}[
            state
        ],
        "field": None,
        "column": None,
        "severity": "error" if state != "converted" else "note",
        "sentence": f"Its record {row.salesforce_id} was {words}{into} in Salesforce.",
        "mend": mends[state],
    }


def _told(rows: list[tuple[Row, dict[str, Any], str]]) -> dict[str, Any]:
    return {"problems": [Jsonb(p) for _, p, _ in rows], "states": [s for _, _, s in rows]}
