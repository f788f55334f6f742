# ruff: noqa: S608 - names of objects and fields are those of describe, values are literals
"""Reads from Salesforce what a plan must know before it decides: never writes there.

Four questions: which records already carry our keys (first sync, restore, rebind), what became of
rows whose create or delete was in flight when we died, whether a record that was found deleted is
back, and which records that are not ours lookups name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from datetime import UTC, datetime
from typing import Any, TypeVar

from crm_sync.mapping.keys import reference_values
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.rules import CAN_BE_INACTIVE
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements

__all__ = [
    "as_payload",
    "chunks",
    "find_owner",
    "find_records",
    "find_references",
    "has_changed_references",
    "keep_references",
    "read_fates",
    "read_fields",
    "recall_references",
    "settle_in_flight",
    "soql_text",
]

_T = TypeVar("_T")
KEYS = 200  # per query: 200 keys of 45 characters stay below SOQL's 100,000
LONGEST_QUERY = 90_000
LONGEST_LITERAL = 4_000
"""Characters: SOQL takes 100,000 in a query, and 4,000 in a text in it (SOQL and SOSL Limits)."""

FATE = (
    "IsDeleted", "MasterRecordId", "IsConverted", "ConvertedAccountId", "ConvertedContactId",
    "ConvertedOpportunityId",
)  # fmt: skip
"""Fields that say what became of a record (Object Reference, Account and Lead)."""

Question = tuple[str, str]
"""An object, and the field by which its records are found."""


def find_records(scope: Scope, client: Client, searched: set[str]) -> None:
    """Searches Salesforce by external ID for the rows of mappings not in `searched`.

    What is found for a row that has no recorded Id becomes a found record, with the values read.
    """
    mappings = [m for m in scope.mappings if m.name not in searched]
    if not mappings:
        return
    queries = [
        f"SELECT {', '.join(read_fields(m, scope.facts[m.object]))} FROM {m.object}"
        f" WHERE {_carries_our_key(m)} AND IsDeleted = false"
        for m in mappings
    ]
    # queryAll: activities older than a year are archived, and only it sees them.
    for mapping, records in zip(mappings, client.query(queries, deleted=True), strict=True):
        _keep(scope, mapping, records)


def settle_in_flight(scope: Scope, client: Client) -> None:
    """Asks what became of creates without an Id, of deletions that nobody heard the end of, and of
    records that were deleted or merged in Salesforce. Asks nothing where there are none.
    """
    asked: list[tuple[Mapping, str, Sequence[str]]] = []
    for mapping in scope.mappings:
        rows = scope.run("open_ends", "lookup", mapping=mapping.name).fetchall()
        name, prefix = mapping.external_id.field, mapping.external_id.prefix
        asked += [
            (mapping, name, some)
            for some in chunks([prefix + key for key, given in rows if given is None])
        ]
        asked += [(mapping, "Id", some) for some in chunks([row[1] for row in rows if row[1]])]
    queries = [
        f"SELECT {', '.join(read_fields(mapping, scope.facts[mapping.object]))}"
        f" FROM {mapping.object} WHERE {field} IN ({', '.join(map(soql_text, values))})"
        " AND IsDeleted = false"
        for mapping, field, values in asked
    ]
    answers = client.query(queries, deleted=True)
    for (mapping, field, values), records in zip(asked, answers, strict=True):
        if field != "Id":
            _keep(scope, mapping, records)
            continue
        found = [(r["Id"], as_payload(mapping, scope.facts[mapping.object], r)) for r in records]
        scope.run(
            "settle_by_id",
            "lookup",
            mapping=mapping.name,
            asked=list(values),
            alive=[given for given, _ in found],
            payloads=[payload for _, payload in found],
        )


def read_fates(
    client: Client, facts: Map[str, ObjectFacts], wanted: Map[str, Iterable[str]]
) -> dict[str, dict[str, Any]]:
    """Records by Id, the deleted ones included, as far as Salesforce still has them, with what says
    whether they were deleted, merged or converted. `wanted`: Ids by object.
    """
    queries: list[str] = []
    for name, ids in sorted(wanted.items()):
        extra = [f for f in FATE if f in facts[name].fields]
        queries += [
            f"SELECT {', '.join(['Id', *extra])} FROM {name}"
            f" WHERE Id IN ({', '.join(map(soql_text, some))})"
            for some in chunks(sorted(ids))
        ]
    return {r["Id"]: r for rows in client.query(queries, deleted=True) for r in rows}


def recall_references(scope: Scope, client: Client) -> None:
    """Fills `found_reference` with what was found within a day; what was asked longer ago is asked
    again, since the rows that name it may not be looked at. Recalls nothing where every row is
    compared anew.
    """
    if scope.options.full:
        return
    scope.run("recall_references", "lookup")
    questions = {(r.object, r.by) for m in scope.mappings for r in m.references.values()}
    stale = {
        (name, field): [
            row[0] for row in scope.run("stale_references", "lookup", object=name, field=field)
        ]
        for name, field in sorted(questions)
    }
    _ask_references(scope, client, stale)


def has_changed_references(scope: Scope, mapping: Mapping) -> bool:
    """Whether a record that a mapping's lookups name is not the one that was remembered."""
    return any(
        scope.run("changed_references", "lookup", object=r.object, field=r.by).fetchone() == (True,)
        for r in mapping.references.values()
    )


def find_references(
    scope: Scope, client: Client, mappings: Iterable[Mapping], *, due: bool
) -> None:
    """Asks Salesforce for the records that reference lookups of these mappings name and
    `found_reference` lacks: those of every row, or of the rows in `due_row`. Each object and field
    is asked once, whichever mappings want it.
    """
    wanted: dict[Question, dict[str, None]] = {}
    for mapping in mappings:
        for name, reference in mapping.references.items():
            question = (reference.object, reference.by)
            query = reference_values(mapping, name, scope.catalog, due=due)
            given = (row[0] for row in scope.compute(mapping, query))
            wanted.setdefault(question, {}).update(dict.fromkeys(given))
    for (name, field), values in wanted.items():
        for known in scope.run("known_references", "lookup", object=name, field=field):
            values.pop(known[0], None)
    _ask_references(scope, client, {q: list(values) for q, values in wanted.items()})


def find_owner(scope: Scope, client: Client, username: str) -> str | None:
    """The Id of the active user with this user name, or None."""
    row = scope.run("owner", "lookup", username=username).fetchone()
    if row is None:
        _ask_references(scope, client, {("User", "Username"): [username.lower()]})
        row = scope.run("owner", "lookup", username=username).fetchone()
    return row[0] if row else None


def keep_references(scope: Scope, compared: Iterable[str]) -> None:
    """What was asked is remembered, in a sync. `compared`: mappings whose every row the plan has
    compared; where an answer is new, the others must be.
    """
    scope.run("keep_references", "lookup", compared=list(compared))


def _ask_references(scope: Scope, client: Client, wanted: Map[Question, Sequence[str]]) -> None:
    """Notes for each value which record has it: of several living ones none counts."""
    asked = [(question, some) for question, values in wanted.items() for some in _portions(values)]
    queries = [
        f"SELECT {', '.join(_asked_fields(name, field))} FROM {name}"
        f" WHERE {field} IN ({', '.join(soql_text(_bare(name, value)) for value in values)})"
        for (name, field), values in asked
    ]
    notes: list[dict[str, Any]] = []
    for ((name, field), values), records in zip(asked, client.query(queries), strict=True):
        found: dict[str, list[dict[str, Any]]] = {}
        for record in records:
            found.setdefault(_noted(name, field, record), []).append(record)
        for value in values:
            # PostgreSQL's lower case is not Python's in every database.
            same = found.get(value.lower(), [])
            live = [r for r in same if name not in CAN_BE_INACTIVE or r["IsActive"]]
            notes.append(
                {
                    "object": name,
                    "field": field,
                    "value": value,
                    "id": next((r["Id"] for r in live or same), ""),
                    "is_active": bool(live),
                    "matches": len(live),
                }
            )
    with scope.connection.cursor() as cursor:
        cursor.executemany(statements("lookup")["note_reference"], notes)


def _asked_fields(name: str, field: str) -> list[str]:
    active = ["IsActive"] if name in CAN_BE_INACTIVE else []
    return ["Id", field, *active, *(["SobjectType"] if name == "RecordType" else [])]


def _bare(name: str, value: str) -> str:
    """A value as Salesforce has it; see `compile.searched_value`."""
    return value.partition(".")[2] if name == "RecordType" else value


def _noted(name: str, field: str, record: dict[str, Any]) -> str:
    """The value for which a record was found, in the same form as it was wanted."""
    owner = f"{record['SobjectType']}." if name == "RecordType" else ""
    return f"{owner}{record[field]}".lower()


def _portions(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """Values that one query can ask for. One that no literal can hold no record has."""
    portion: list[str] = []
    length = 0
    for value in values:
        needed = len(soql_text(value)) + 2
        if needed > LONGEST_LITERAL:
            continue
        if portion and length + needed > LONGEST_QUERY:
            yield portion
            portion, length = [], 0
        portion.append(value)
        length += needed
    if portion:
        yield portion


def _carries_our_key(mapping: Mapping) -> str:
    field, prefix = mapping.external_id.field, mapping.external_id.prefix
    return f"{field} LIKE {soql_text(prefix + '%')}" if prefix else f"{field} != null"


def read_fields(mapping: Mapping, facts: ObjectFacts) -> list[str]:
    """The fields of a record by which it is compared with what a mapping sends."""
    wanted = _written(mapping)
    return ["Id", mapping.external_id.field, *(f for f in wanted if f in facts.fields)]


def _keep(scope: Scope, mapping: Mapping, records: Iterable[dict[str, Any]]) -> None:
    """Found records of rows that are in the source, or in flight, and have no recorded Id."""
    facts = scope.facts[mapping.object]
    name, prefix = mapping.external_id.field, mapping.external_id.prefix
    rows = [
        {
            "org": scope.org_id,
            "run": scope.run_number,
            "mapping": mapping.name,
            "key": str(record[name]).removeprefix(prefix),
            "id": record["Id"],
            "payload": as_payload(mapping, facts, record),
        }
        for record in records
        if str(record[name]).startswith(prefix)
    ]
    with scope.connection.cursor() as cursor:
        cursor.executemany(statements("lookup")["keep_found"], rows)


def _written(mapping: Mapping) -> Iterable[str]:
    """The fields that a mapping writes, by what it says of rows that go, too."""
    return dict.fromkeys([*mapping.rules, *mapping.on_delete.values])


def as_payload(mapping: Mapping, facts: ObjectFacts, record: dict[str, Any]) -> str:
    """Values as Salesforce gives them, in the form in which compiled payloads have them."""
    values: dict[str, Any] = {}
    for name in _written(mapping):
        if name not in facts.fields:
            continue
        value = record.get(name)
        if facts.fields[name].type == "datetime" and isinstance(value, str):
            moment = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", value))
            value = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if facts.fields[name].type == "time" and isinstance(value, str):
            value = re.sub(r"\.\d+Z$", "Z", value)
        values[name] = value
    return json.dumps(values)


def chunks(rows: Sequence[_T]) -> Iterable[Sequence[_T]]:
    """As many as one query takes, and again."""
    for start in range(0, len(rows), KEYS):
        yield rows[start : start + KEYS]


def soql_text(text: str) -> str:
    """A SOQL string literal (SOQL and SOSL Reference, quoted string escape sequences)."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
