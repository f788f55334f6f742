"""Finds which record is whose, mapping by mapping, parents first: reads only.

In: a plan at work and what a person chose and decided. Out: `Found` for each mapping. A child whose
parent was matched just now is compared as if the parent had its Id already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from crm_sync.adopt import records
from crm_sync.adopt.by import SHOWN, checked
from crm_sync.adopt.decisions import Decision, Wrong, wrong_lines
from crm_sync.adopt.match import match
from crm_sync.adopt.model import Certain, Found, Record, Row
from crm_sync.adopt.statements import statements
from crm_sync.errors import SetupError
from crm_sync.mapping.model import Mapping
from crm_sync.report.model import Value
from crm_sync.salesforce.client import Client
from crm_sync.sync.scope import Scope

__all__ = ["find"]

Parents = dict[tuple[str, str], str]
"""Mapping and key of rows that have a record, or get one now, with its Id."""


def find(
    scope: Scope,
    client: Client,
    by: Map[str, tuple[str, ...]],
    decisions: Sequence[Decision],
    file: Path | None,
) -> tuple[Found, ...]:
    """What is found of each mapping in `by`. `file`: where the decisions stand.

    Raises DecisionsError for decisions that the rows or the org do not bear.
    """
    renamed = _run(scope, "has_renamed").fetchone()
    if renamed:
        raise SetupError(
            f"The mapping {renamed[0]} is called {renamed[1]} now, and its records are not yet.",
            "Run crm-sync sync first, which writes the new name down.",
        )
    mappings = [m for m in scope.mappings if m.name in by]
    types = {m.name: checked(m, by[m.name], scope.facts) for m in mappings}
    wanted = [records.Wanted(m, scope.facts[m.object], _fields(scope, m, by)) for m in mappings]
    parents: Parents = {}
    resumed = {m.name: tuple(_run(scope, "resumed", mapping=m.name).fetchall()) for m in mappings}
    for name, pairs in resumed.items():
        parents |= {(name, key): given for key, given in pairs}
    rows = {one.mapping.name: _rows(scope, one) for one in wanted}
    # Where no row waits for a record, nothing is asked.
    asking = [one for one in wanted if rows[one.mapping.name]]
    counts = records.count(client, asking)
    read = dict(
        zip((o.mapping.name for o in asking), records.read(client, asking, counts), strict=True)
    )
    number = dict(zip((o.mapping.name for o in asking), counts, strict=True))
    found: list[Found] = []
    wrong: list[Wrong] = []
    for one in wanted:
        name = one.mapping.name
        own = [d for d in decisions if d.mapping == name]
        mine = [_with_parents(row, raw, one.mapping, parents) for row, raw in rows[name]]
        decided = _Decided(own, mine)
        rest = [row for row in mine if row.key not in decided.by_key]
        matched = match(rest, decided.divert(read.get(name, iter(()))), types[name])
        wrong += decided.wrong(scope, client, one)
        matched = replace(matched, certain=(*decided.certain(), *matched.certain))
        parents |= {(name, c.row.key): c.record.id for c in matched.certain}
        found.append(
            Found(
                mapping=name,
                object=one.mapping.object,
                by=by[name],
                rows=len(mine),
                records=number.get(name, 0),
                matched=matched,
                made_new=decided.made_new(),
                resumed=resumed[name],
            )
        )
    if wrong and file is not None:
        raise wrong_lines(file, wrong)
    return tuple(found)


def _run(scope: Scope, block: str, **values: Any) -> psycopg.Cursor[Any]:
    return scope.connection.execute(statements()[block], {"org": scope.org_id, **values})


def _fields(scope: Scope, mapping: Mapping, by: Map[str, tuple[str, ...]]) -> list[str]:
    """The fields to read: those that are compared, and those that a person knows a record by."""
    seen = scope.facts[mapping.object].fields
    return [*by[mapping.name], *(f for f in SHOWN if f in mapping.rules and f in seen)]


Raw = tuple[Map[str, Any], Sequence[Map[str, Any]]]
"""Payload and lookups of a row, as the plan has them."""


def _rows(scope: Scope, one: records.Wanted) -> list[tuple[Row, Raw]]:
    name = one.mapping.name
    return [
        (Row(name, key, label, {f: payload.get(f) for f in one.fields}), (payload, lookups))
        for key, label, payload, lookups in _run(scope, "rows", mapping=name)
    ]


def _with_parents(row: Row, raw: Raw, mapping: Mapping, parents: Parents) -> Row:
    """The row with the Ids of parents that were matched in this very run."""
    _, lookups = raw
    names = [name for name, lookup in mapping.lookups.items() if lookup.branches]
    values: dict[str, Value] = dict(row.values)
    for name, entry in zip(names, lookups, strict=True):
        if name in values and not isinstance(values[name], str):
            values[name] = parents.get((str(entry.get("mapping")), str(entry.get("key"))))
    return replace(row, values=values)


class _Decided:
    """The decisions of one mapping, beside its rows and the records that they name."""

    def __init__(self, decisions: Sequence[Decision], rows: Iterable[Row]) -> None:
        self.by_key = {d.key: d for d in decisions}
        self._by_id = {d.salesforce_id: d for d in decisions if d.salesforce_id}
        self._rows = {row.key: row for row in rows if row.key in self.by_key}
        self._records: dict[str, Record] = {}

    def divert(self, found: Iterable[Record]) -> Iterator[Record]:
        """The records that no decision names; the others are kept."""
        for record in found:
            if record.id in self._by_id:
                self._records[record.id] = record
            else:
                yield record

    def certain(self) -> Iterator[Certain]:
        for given, decision in self._by_id.items():
            if decision.key in self._rows and given in self._records:
                yield Certain(self._rows[decision.key], self._records[given], decided=True)

    def made_new(self) -> tuple[Row, ...]:
        return tuple(
            row for key, row in self._rows.items() if self.by_key[key].salesforce_id is None
        )

    def wrong(self, scope: Scope, client: Client, one: records.Wanted) -> Iterator[Wrong]:
        """Decisions about rows that wait for no record, or about records that are not free."""
        name = one.mapping.name
        strange = [key for key in self.by_key if key not in self._rows]
        recorded = dict(_run(scope, "recorded", mapping=name, keys=strange).fetchall())
        for key in strange:
            decision = self.by_key[key]
            given = recorded.get(key)
            if given is not None and decision.salesforce_id in (None, given):
                continue  # it was followed, and the file is read again
            yield Wrong(
                decision.where_key,
                f"The row {key} of {name} has the record {given} already."
                if given
                else f"{name} has no row {key} that waits for a record.",
                "Take the line out." if given else "Copy the key from the template (--csv).",
            )
        free = {d.salesforce_id for d in self.by_key.values() if d.key in self._rows}
        missing = [given for given in self._by_id if given in free and given not in self._records]
        states = records.states(client, one, missing) if missing else {}
        for given in missing:
            yield Wrong(
                self._by_id[given].where_id,
                _why(states.get(given), one.mapping, given),
                "Name a record that is not ours yet, or write create.",
            )


def _why(told: Map[str, Any] | None, mapping: Mapping, given: str) -> str:
    """Why a record cannot become the row's."""
    if told is None:
        return f"{given} is no {mapping.object} that our user sees."
    if told["IsDeleted"]:
        return f"{given} was deleted in Salesforce."
    if told[mapping.external_id.field] is not None:
        return f"{given} has an external ID already: it belongs to another row."
    return f"{given} was converted in Salesforce, and cannot be changed any more."
