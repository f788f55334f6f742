"""Reads what Salesforce holds now of the records that a plan changes.

In: a plan in `plan_row` and a signed-in client. Out: the temporary table `current_record`, what
people edited (`edited` of a row), and, for `dry-run --against-org`, the records that people deleted
or merged, of which a sync would learn by sending: with these noted, the next plan is the one that
it would end with. It asks and never writes. Memory does not grow with rows: what one call answers
is written down before the next is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from psycopg.types.json import Jsonb

from crm_sync.mapping.model import Mapping
from crm_sync.report.model import Edits
from crm_sync.salesforce.client import COLLECTIONS, Client
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import Fate, fate
from crm_sync.sync.explain import record_ended
from crm_sync.sync.lookup import as_payload, read_fates, read_fields, soql_text
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements

__all__ = ["Lost", "count_edits", "find_lost", "note_lost", "read_edits"]

RECORDS = 2_000
"""Of one query: a page holds as many, and their Ids take 44,000 of SOQL's 100,000 characters. In
the body of a Composite call the length of a URL does not count (Salesforce Help, 000386264).
"""

CONVERTED = "IsConverted"
"""Of a lead that takes no update any more."""

PARENTS = 10_000
"""Whose fate is asked for at once."""


@dataclass(frozen=True)
class Lost:
    """A record that people deleted, merged or converted; `state` and `problem` as `sync.record` has
    them.
    """

    mapping: str
    key: str
    salesforce_id: str
    state: str
    problem: dict[str, Any]


Asked = tuple[Mapping, tuple[str, ...]]


def read_edits(scope: Scope, client: Client) -> None:
    """Notes what people edited since we last sent: five queries of 2,000 records to a call."""
    scope.run("create_current", "against")
    scope.run("expect_lost", "against")
    for asked in _calls(scope):
        _read(scope, client, asked)
    scope.connection.execute("analyze current_record")
    for mapping in scope.mappings:
        on_create = [name for name, rule in mapping.rules.items() if rule.write == "on_create"]
        scope.run("compare", "against", mapping=mapping.name, on_create=on_create)


def count_edits(scope: Scope, calls: int) -> Edits:
    """What was read, by what people did to it; `calls`: what reading took."""
    read, overwritten, left_alone, missing, held = scope.run("edits", "against").fetchall()[0]
    return Edits(read, overwritten, left_alone, missing, calls, held)


def find_lost(scope: Scope, client: Client) -> list[Lost]:
    """Records that a sync would find deleted, merged or converted when it sends this plan, of which
    edits were read: those that it changes, and those that it names for the first time.
    """
    lookups = sorted({name for m in scope.mappings for name in m.lookups})
    rows = scope.run("lost_rows", "against").fetchall()
    rows += scope.run("parents_to_read", "against", lookups=lookups).fetchall()
    by_name = {m.name: m for m in scope.mappings}
    lost: list[Lost] = []
    for start in range(0, len(rows), PARENTS):
        lost += _ended(scope, client, by_name, rows[start : start + PARENTS])
    return lost


def _ended(
    scope: Scope, client: Client, by_name: dict[str, Mapping], rows: Iterable[tuple[str, str, str]]
) -> Iterator[Lost]:
    wanted: dict[str, set[str]] = {}
    for name, _, given in rows:
        wanted.setdefault(by_name[name].object, set()).add(given)
    records = read_fates(client, scope.facts, wanted)
    for name, key, given in rows:
        record = records.get(given)
        became = fate(record)
        if became is not Fate.ALIVE:
            row = Row(name, key, "update", salesforce_id=given)
            told = record_ended(by_name[name], row, became, record)
            yield Lost(name, key, given, became.value, told)


def note_lost(scope: Scope, lost: Iterable[Lost]) -> None:
    """Lets the plan that is being made know of these records."""
    for one in lost:
        scope.run(
            "note_lost", "against", mapping=one.mapping, key=one.key, id=one.salesforce_id,
            state=one.state, problem=Jsonb(one.problem),
        )  # fmt: skip


def _calls(scope: Scope) -> Iterator[list[Asked]]:
    """What each call asks for."""
    by_name = {m.name: m for m in scope.mappings}
    with scope.connection.cursor(name="rows_to_read") as cursor:
        cursor.execute(statements("against")["rows_to_read"], {"order": scope.names})
        queries: list[Asked] = []
        for name, rows in groupby(cursor, key=lambda row: str(row[0])):
            while some := tuple(str(row[1]) for row in islice(rows, RECORDS)):
                queries.append((by_name[name], some))
                if len(queries) == COLLECTIONS:
                    yield queries
                    queries = []
        if queries:
            yield queries


def _read(scope: Scope, client: Client, asked: list[Asked]) -> None:
    texts = [_query(scope, mapping, ids) for mapping, ids in asked]
    # queryAll: activities older than a year are archived, and only it sees them.
    answers = client.query(texts, deleted=True)
    statement = statements("against")["copy_current"]
    with scope.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for (mapping, ids), records in zip(asked, answers, strict=True):
            facts = scope.facts[mapping.object]
            found = {record["Id"]: record for record in records}
            for id_ in ids:
                record = found.get(id_)
                payload = as_payload(mapping, facts, record) if record else None
                is_converted = bool(record and record.get(CONVERTED))
                copy.write_row((id_, payload, is_converted))


def _query(scope: Scope, mapping: Mapping, ids: tuple[str, ...]) -> str:
    facts = scope.facts[mapping.object]
    names = read_fields(mapping, facts)
    names += [CONVERTED] if CONVERTED in facts.fields and CONVERTED not in names else []
    fields = ", ".join(names)
    listed = ", ".join(soql_text(id_) for id_ in ids)
    return (
        f"SELECT {fields} FROM {mapping.object}"  # noqa: S608 - names are those of describe
        f" WHERE Id IN ({listed}) AND IsDeleted = false"
    )
