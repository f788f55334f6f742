"""Follows what people merged or converted in Salesforce, so that a row finds its record again.

In: what is known of records, and the loaded source. Out: temporary tables that the plan reads: a
record that a row has from now on (`found_record`), one that ended (`lost_record`), a row that
cannot have the record that it should have. Asks nothing where nothing of the kind is known.

A merged record leads to its master (`MasterRecordId`), and that one to its own, until one lives.
Where no row has it, the row of the merged record takes it over; else the row is held and names the
other, so that never two rows write one record. A converted lead is closed; what it became is the
record of the row that the mapping names (`converted`), where that has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from psycopg.types.json import Jsonb

from crm_sync.mapping.keys import converted_rows
from crm_sync.mapping.model import Mapping, converted_id
from crm_sync.salesforce.client import Client
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import Fate, fate
from crm_sync.sync.explain import followed, record_ended, taken_elsewhere, taken_over
from crm_sync.sync.lookup import as_payload, chunks, read_fates, read_fields, soql_text
from crm_sync.sync.scope import Scope

__all__ = ["follow"]

Fates = dict[str, dict[str, Any]]
"""Records by Id, as Salesforce still has them."""


def follow(scope: Scope, client: Client) -> None:
    """Follows merged records, then converted leads."""
    scope.run("create_tables", "followed")
    following = _Following(scope, client)
    following.merged()
    for mapping in scope.known:
        if mapping.converted:
            following.converted(mapping)


@dataclass(frozen=True)
class _Owner:
    """The row that has a record; `leaves`: it is gone from its source."""

    mapping: str
    key: str
    leaves: bool


@dataclass
class _Following:
    scope: Scope
    client: Client
    taken: dict[str, _Owner] = field(default_factory=dict)  # records that this plan gave to rows

    def merged(self) -> None:
        """Rows whose record was merged: their masters are theirs, or another row's."""
        rows = self.scope.run("merged", "followed").fetchall()
        by_name = {m.name: m for m in self.scope.mappings}
        ids: dict[str, set[str]] = {}
        for name, _, given in rows:
            ids.setdefault(by_name[name].object, set()).add(given)
        fates = self._fates(ids)
        ends = {given: _end(given, fates) for _, _, given in rows}
        owners = self._owners(end for end in ends.values() if end)
        free: list[tuple[Mapping, str, str, dict[str, Any]]] = []
        for name, key, given in rows:
            mapping, end = by_name[name], ends[given]
            row = Row(name, key, "update", salesforce_id=given)
            if end is None:
                master = (fates.get(given) or {}).get("MasterRecordId")
                self._note(mapping, key, given, Fate.GONE, record_ended(
                    mapping, row, Fate.GONE, {"MasterRecordId": master}))  # fmt: skip
                continue
            if end == given:
                continue  # restored: it lives
            owner = self.taken.get(end) or owners.get(end)
            if owner and not owner.leaves:
                told = record_ended(mapping, row, Fate.MERGED, {"MasterRecordId": end},
                                    owner=(owner.mapping, owner.key))  # fmt: skip
                self._note(mapping, key, given, Fate.MERGED, told)
                continue
            if owner:
                others = next(m for m in self.scope.mappings if m.name == owner.mapping)
                told = taken_over(end, mapping.name, key)
                self._note(others, owner.key, end, Fate.MERGED, told)
            self.taken[end] = _Owner(name, key, leaves=False)
            free.append((mapping, key, end, followed(Fate.MERGED, given, end)))
        self._adopt(free)

    def converted(self, mapping: Mapping) -> None:
        """Leads that people converted, of rows that leave or that became rows without a record."""
        scope = self.scope
        by_name = {m.name: m for m in scope.mappings}
        became = [
            (by_name[parent], key, lead_key, given)
            for parent, column in mapping.converted.items()
            if parent in by_name
            for key, lead_key, given in scope.compute(
                mapping,
                converted_rows(mapping, column, parent, scope.catalog, scope.org_id),
            ).fetchall()
        ]
        leaving: list[tuple[str, str]] = []
        if mapping.name in by_name and mapping.on_delete.action != "ignore":
            leaving = scope.run("leaving", "followed", mapping=mapping.name).fetchall()
        ids = {row[3] for row in became} | {row[1] for row in leaving}
        if not ids:
            return
        leads = read_fates(self.client, scope.facts, {mapping.object: ids})
        for key, given in leaving:
            if fate(leads.get(given)) is Fate.CONVERTED:
                row = Row(mapping.name, key, "update", salesforce_id=given)
                told = record_ended(mapping, row, Fate.CONVERTED, leads[given])
                self._note(mapping, key, given, Fate.CONVERTED, told)
        self._give(became, leads)

    def _give(self, became: list[tuple[Mapping, str, str, str]], leads: Fates) -> None:
        """What leads became, to the rows that the database has for it."""
        made: dict[tuple[str, str], tuple[Mapping, str, str]] = {}
        ids: dict[str, set[str]] = {}
        for parent, key, _, given in became:
            lead = leads.get(given) or {}
            into = lead.get(converted_id(parent.object)) if lead.get("IsConverted") else None
            if into:
                made.setdefault((parent.name, key), (parent, given, into))
                ids.setdefault(parent.object, set()).add(into)
        fates = self._fates(ids)
        ends = {one: _end(one, fates) for some in ids.values() for one in some}
        owners = self._owners(end for end in ends.values() if end)
        free: list[tuple[Mapping, str, str, dict[str, Any]]] = []
        for (_, key), (parent, given, into) in sorted(made.items()):
            end = ends[into]
            if end is None:
                continue  # it was deleted since: the row makes its own
            owner = self.taken.get(end) or owners.get(end)
            if owner and not owner.leaves:
                told = taken_elsewhere(parent, given, end, (owner.mapping, owner.key))
                self.scope.run(
                    "contest", "followed", mapping=parent.name, key=key, problem=Jsonb(told)
                )
                continue
            self.taken[end] = _Owner(parent.name, key, leaves=False)
            free.append((parent, key, end, followed(Fate.CONVERTED, given, end)))
        self._adopt(free)

    def _fates(self, ids: Map[str, set[str]]) -> Fates:
        """Records by Id with those that they were merged into, level by level."""
        found: Fates = {}
        while ids := {name: some - found.keys() for name, some in ids.items()}:
            if not any(ids.values()):
                break
            read = read_fates(self.client, self.scope.facts, ids)
            found |= {
                one: read.get(one, {"IsDeleted": True}) for some in ids.values() for one in some
            }
            ids = {
                name: {m for one in some if (m := found[one].get("MasterRecordId"))}
                for name, some in ids.items()
            }
        return found

    def _owners(self, ids: Iterable[str]) -> dict[str, _Owner]:
        wanted = sorted(set(ids))
        if not wanted:
            return {}
        rows = self.scope.run("owners", "followed", ids=wanted).fetchall()
        # A row that stays wins over one that leaves.
        return {given: _Owner(*owner) for given, *owner in sorted(rows, key=lambda r: not r[3])}

    def _note(
        self, mapping: Mapping, key: str, given: str, became: Fate, told: dict[str, Any]
    ) -> None:
        self.scope.run(
            "end_record", "followed", mapping=mapping.name, key=key, id=given, state=became.value,
            problem=Jsonb(told),
        )  # fmt: skip

    def _adopt(self, rows: list[tuple[Mapping, str, str, dict[str, Any]]]) -> None:
        """Gives records to rows, with the values read: what they hold, their external ID too."""
        for _, group in groupby(rows, key=lambda row: row[0].name):
            mine = list(group)
            mapping = mine[0][0]
            facts = self.scope.facts[mapping.object]
            fields = ", ".join(read_fields(mapping, facts))
            queries = [
                f"SELECT {fields} FROM {mapping.object}"  # noqa: S608 - names are those of describe
                f" WHERE Id IN ({', '.join(soql_text(row[2]) for row in some)})"
                " AND IsDeleted = false"
                for some in chunks(mine)
            ]
            answers = self.client.query(queries, deleted=True)
            read = {record["Id"]: record for records in answers for record in records}
            external = mapping.external_id.field
            for _, key, given, told in mine:
                if given not in read:
                    continue  # deleted between two questions: the next plan asks again
                payload = json.loads(as_payload(mapping, facts, read[given]))
                payload[external] = read[given][external]
                self.scope.run(
                    "adopt", "followed", mapping=mapping.name, key=key, id=given,
                    payload=json.dumps(payload), problem=Jsonb(told),
                )  # fmt: skip


def _end(given: str, fates: Fates) -> str | None:
    """The living record that a merged one led to at last; None where it is gone."""
    seen: set[str] = set()
    while given not in seen:
        seen.add(given)
        record = fates.get(given) or {"IsDeleted": True}
        if not record.get("IsDeleted"):
            return given
        given = record.get("MasterRecordId") or ""
    return None
