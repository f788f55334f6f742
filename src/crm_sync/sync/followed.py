"""Follows what people merged or converted in Salesforce, so that a row finds its record again.

In: what is known of records, and the loaded source. Out: temporary tables that the plan reads: a
record that a row has from now on (`found_record`), one that ended (`lost_record`), a row that
cannot have the record that it should have. Asks nothing where nothing of the kind is known.

A merged record leads to its master (`MasterRecordId`), and that one to its own, until one lives.
Salesforce forgets merged records with its recycle bin; what a sync once saw of them is known for
good. Where no row has the master, the row of the merged record takes it over; else the row is held
and names the other, so that never two rows write one record. A converted lead is closed; what it
became is the record of the row that the mapping names (`converted`), where that has none.
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
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import Client
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import Fate, fate
from crm_sync.sync.explain import (
    converted_into,
    followed,
    merged_and_lost,
    record_ended,
    taken_elsewhere,
    taken_over,
)
from crm_sync.sync.links import keep_links
from crm_sync.sync.lookup import as_payload, chunks, read_fates, read_fields, soql_text
from crm_sync.sync.scope import Scope

__all__ = ["follow"]

Fates = dict[str, dict[str, Any] | None]
"""Records by Id, as Salesforce still has them or as it had them once; None: nobody knows."""


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


@dataclass(frozen=True)
class _Became:
    """A row that a lead became, without a record yet, and the lead. `made`: what people made of it
    by object, where it is known to be converted.
    """

    parent: Mapping
    key: str
    lead_key: str
    lead: str
    made: dict[str, str] | None


@dataclass(frozen=True)
class _Taken:
    """A record that becomes that of a row, and the row by which it came: that whose record was
    merged, or the lead. What was pushed of that one is ours in it, whatever else it holds is not.
    """

    mapping: Mapping
    key: str
    given: str
    told: dict[str, Any]
    by_mapping: str
    by_key: str


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
        for name, _, given, master, _ in rows:
            ids.setdefault(by_name[name].object, set()).update({given, master or given})
        fates = self._fates(ids, {given: master for _, _, given, master, _ in rows if master})
        ends = {given: _end_of_merge(given, master, fates) for _, _, given, master, _ in rows}
        owners = self._owners(end for end, became in ends.values() if became is Fate.ALIVE)
        free: list[_Taken] = []
        for name, key, given, _, state in rows:
            mapping, (end, became) = by_name[name], ends[given]
            row = Row(name, key, "update", salesforce_id=given)
            if became is Fate.GONE:
                record = {"MasterRecordId": end if end != given else None}
                told = record_ended(mapping, row, Fate.GONE, record)
                self._note(mapping, key, given, Fate.GONE, told)
                continue
            if became is None:
                if state != Fate.GONE.value:  # found deleted once: it stays so without the bin
                    told = merged_and_lost(mapping, row, end)
                    self._note(mapping, key, given, Fate.MERGED, told)
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
            free.append(_Taken(mapping, key, end, followed(Fate.MERGED, given, end), name, key))
        self._adopt(free)

    def converted(self, mapping: Mapping) -> None:
        """Leads that people converted, of rows that leave or that became rows without a record."""
        scope = self.scope
        by_name = {m.name: m for m in scope.mappings}
        became = [
            _Became(by_name[parent], *row)
            for parent, column in mapping.converted.items()
            if parent in by_name
            for row in scope.compute(
                mapping,
                converted_rows(mapping, column, parent, scope.catalog, scope.org_id),
            ).fetchall()
        ]
        left: list[tuple[str, str, str, dict[str, str] | None]] = []
        if mapping.name in by_name:
            left = scope.run("left", "followed", mapping=mapping.name).fetchall()
        closed = {given: made or {} for _, given, state, made in left if state == "converted"}
        leaving = [(key, given) for key, given, state, _ in left if state == "live"]
        if mapping.on_delete.action == "ignore":
            leaving = []
        ids = {one.lead for one in became} | {given for _, given in leaving}
        leads = read_fates(self.client, scope.facts, {mapping.object: ids}) if ids else {}
        for key, given in leaving:
            if fate(leads.get(given)) is Fate.CONVERTED:
                row = Row(mapping.name, key, "update", salesforce_id=given)
                told = record_ended(mapping, row, Fate.CONVERTED, leads[given])
                self._note(mapping, key, given, Fate.CONVERTED, told)
                closed[given] = told["converted"]
        for one in became:
            found = leads.get(one.lead)
            if found and fate(found) is Fate.CONVERTED:
                closed[one.lead] = converted_into(found)
            elif found is None and one.made:  # the lead was deleted since
                closed[one.lead] = one.made
        ends = self._give(mapping, became, closed)
        if closed:
            into = {
                lead: [*made.values(), *(ends[one] for one in made.values() if one in ends)]
                for lead, made in closed.items()
            }
            keep_links(scope, mapping, into)

    def _give(
        self, lead: Mapping, became: list[_Became], closed: Map[str, Map[str, str]]
    ) -> dict[str, str]:
        """What leads became, to the rows that the database has for it. Gives the records that live,
        by those that people made of the leads.
        """
        made: dict[tuple[str, str], tuple[_Became, str]] = {}
        ids: dict[str, set[str]] = {}
        for one in became:
            into = closed.get(one.lead, {}).get(one.parent.object)
            if into:
                made.setdefault((one.parent.name, one.key), (one, into))
                ids.setdefault(one.parent.object, set()).add(into)
        fates = self._fates(ids)
        ends = {}
        for given in (given for some in ids.values() for given in some):
            end, is_alive = _end(given, fates)
            if is_alive is Fate.ALIVE:
                ends[given] = end
        owners = self._owners(ends.values())
        free: list[_Taken] = []
        for (_, key), (one, into) in sorted(made.items()):
            end = ends.get(into, "")
            if not end:
                continue  # it was deleted since: the row makes its own
            owner = self.taken.get(end) or owners.get(end)
            if owner and not owner.leaves:
                told = taken_elsewhere(one.parent, one.lead, end, (owner.mapping, owner.key))
                self.scope.run(
                    "contest", "followed", mapping=one.parent.name, key=key, problem=Jsonb(told)
                )
                continue
            self.taken[end] = _Owner(one.parent.name, key, leaves=False)
            told = followed(Fate.CONVERTED, one.lead, end)
            free.append(_Taken(one.parent, key, end, told, lead.name, one.lead_key))
        self._adopt(free)
        return ends

    def _fates(self, ids: Map[str, set[str]], known: Map[str, str] | None = None) -> Fates:
        """Records by Id with those that they were merged into, level by level. `known`: masters of
        merged records as they were seen once.
        """
        found: Fates = {}
        while ids := {name: some - found.keys() for name, some in ids.items()}:
            if not any(ids.values()):
                break
            read = read_fates(self.client, self.scope.facts, ids)
            masters: dict[str, set[str]] = {}
            for name, some in ids.items():
                for one in some:
                    master = (known or {}).get(one)
                    seen = {"IsDeleted": True, "MasterRecordId": master} if master else None
                    record = found[one] = read.get(one, seen)
                    if record and record.get("MasterRecordId"):
                        masters.setdefault(name, set()).add(record["MasterRecordId"])
            ids = masters
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

    def _adopt(self, rows: list[_Taken]) -> None:
        """Gives records to rows, with the values read: what they hold, their external ID too."""
        for _, group in groupby(rows, key=lambda row: row.mapping.name):
            mine = list(group)
            mapping = mine[0].mapping
            facts = self.scope.facts[mapping.object]
            fields = ", ".join(read_fields(mapping, facts))
            queries = [
                f"SELECT {fields} FROM {mapping.object}"  # noqa: S608 - names are those of describe
                f" WHERE Id IN ({', '.join(soql_text(row.given) for row in some)})"
                " AND IsDeleted = false"
                for some in chunks(mine)
            ]
            answers = self.client.query(queries, deleted=True)
            read = {record["Id"]: record for records in answers for record in records}
            external = mapping.external_id.field
            for row in mine:
                if row.given not in read:
                    continue  # deleted between two questions: the next plan asks again
                payload = json.loads(as_payload(mapping, facts, read[row.given]))
                payload[external] = read[row.given][external]
                self.scope.run(
                    "adopt", "followed", mapping=mapping.name, key=row.key, id=row.given,
                    payload=json.dumps(payload), problem=Jsonb(row.told),
                    by_mapping=row.by_mapping, by_key=row.by_key,
                )  # fmt: skip


def _end(given: str, fates: Fates) -> tuple[str, Fate | None]:
    """The record that a merged one led to at last, and whether it lives or is gone; None where
    Salesforce does not know it any more.
    """
    seen: set[str] = set()
    while given not in seen:
        seen.add(given)
        record = fates.get(given)
        if record is None:
            return given, None
        if fate(record) is not Fate.MERGED:
            return given, Fate.GONE if record.get("IsDeleted") else Fate.ALIVE
        given = record["MasterRecordId"]
    return given, Fate.GONE


def _end_of_merge(given: str, master: str | None, fates: Fates) -> tuple[str, Fate | None]:
    """As `_end`; where the way from the merged record is forgotten, that from its known master."""
    end = _end(given, fates)
    return _end(master, fates) if master and end[1] is None else end
