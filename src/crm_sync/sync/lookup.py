# ruff: noqa: S608 - names of objects and fields are those of describe, values are literals
"""Reads from Salesforce what a plan must know before it decides: never writes there.

Four questions: which records already carry our keys (first sync, restore, rebind), what became of
rows whose create or delete was in flight when we died, whether a record that was found deleted is
back, and which users lookups name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from datetime import UTC, datetime
from typing import Any, TypeVar

from crm_sync.mapping.compile import reference_values
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.plan import Scope

__all__ = [
    "find_owner",
    "find_records",
    "find_references",
    "keep_references",
    "read_fates",
    "recall_references",
    "settle_in_flight",
    "soql_text",
]

_T = TypeVar("_T")
KEYS = 200  # per query: 200 keys of 45 characters stay below SOQL's 100,000


def find_records(scope: Scope, client: Client, searched: set[str]) -> None:
    """Searches Salesforce by external ID for the rows of mappings not in `searched`.

    What is found for a row that has no recorded Id becomes a found record, with the values read.
    """
    mappings = [m for m in scope.mappings if m.name not in searched]
    if not mappings:
        return
    queries = [
        f"SELECT {', '.join(_read_fields(m, scope.facts[m.object]))} FROM {m.object}"
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
            for some in _chunks([prefix + key for key, given in rows if given is None])
        ]
        asked += [(mapping, "Id", some) for some in _chunks([row[1] for row in rows if row[1]])]
    queries = [
        f"SELECT {', '.join(_read_fields(mapping, scope.facts[mapping.object]))}"
        f" FROM {mapping.object} WHERE {field} IN ({', '.join(map(soql_text, values))})"
        " AND IsDeleted = false"
        for mapping, field, values in asked
    ]
    answers = client.query(queries, deleted=True)
    for (mapping, field, values), records in zip(asked, answers, strict=True):
        if field != "Id":
            _keep(scope, mapping, records)
            continue
        found = [(r["Id"], _payload(mapping, scope.facts[mapping.object], r)) for r in records]
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
        extra = [
            f for f in ("IsDeleted", "MasterRecordId", "IsConverted") if f in facts[name].fields
        ]
        queries += [
            f"SELECT {', '.join(['Id', *extra])} FROM {name}"
            f" WHERE Id IN ({', '.join(map(soql_text, some))})"
            for some in _chunks(sorted(ids))
        ]
    return {r["Id"]: r for rows in client.query(queries, deleted=True) for r in rows}


def recall_references(scope: Scope, *, refresh: bool) -> None:
    """Fills `found_reference` with what was asked within a day."""
    scope.connection.execute(
        "insert into found_reference select object, field, value, salesforce_id, is_active, matches"
        " from sync.reference where org_id = %s and not %s"
        " and fetched_at > now() - interval '1 day'",
        [scope.org_id, refresh],
    )


def find_references(scope: Scope, client: Client) -> None:
    """Asks Salesforce for the records that reference lookups name and `found_reference` lacks."""
    connection = scope.connection
    for mapping in scope.mappings:
        for name, lookup in mapping.lookups.items():
            reference = lookup.reference
            if reference is None:
                continue
            known = {
                row[0]
                for row in connection.execute(
                    "select value from found_reference where object = %s and field = %s",
                    [reference.object, reference.by],
                )
            }
            query = reference_values(mapping, name, scope.catalog)
            wanted = [row[0] for row in connection.execute(query) if row[0] not in known]
            for values in _chunks(wanted):
                _ask_references(scope, client, reference.object, reference.by, values)


def find_owner(scope: Scope, client: Client, username: str) -> str | None:
    """The Id of the active user with this user name, or None."""
    query = (
        "select salesforce_id from found_reference where object = 'User' and field = 'Username'"
        " and value = lower(%s) and is_active and matches = 1"
    )
    row = scope.connection.execute(query, [username]).fetchone()
    if row is None:
        _ask_references(scope, client, "User", "Username", [username.lower()])
        row = scope.connection.execute(query, [username]).fetchone()
    return row[0] if row else None


def keep_references(scope: Scope) -> None:
    """What was asked is remembered for a day, in a sync."""
    scope.connection.execute(
        "insert into sync.reference as known (org_id, object, field, value, salesforce_id,"
        " is_active, matches) select %s, object, field, value, salesforce_id, is_active, matches"
        " from found_reference on conflict (org_id, object, field, value) do update"
        " set salesforce_id = excluded.salesforce_id, is_active = excluded.is_active,"
        " matches = excluded.matches, fetched_at = now()"
        " where known.fetched_at < now() - interval '1 day' or (known.salesforce_id,"
        " known.is_active, known.matches) is distinct from (excluded.salesforce_id,"
        " excluded.is_active, excluded.matches)",
        [scope.org_id],
    )


def _ask_references(
    scope: Scope, client: Client, name: str, field: str, values: Sequence[str]
) -> None:
    active = ", IsActive" if name == "User" else ""
    listed = ", ".join(soql_text(v) for v in values)
    query = f"SELECT Id, {field}{active} FROM {name} WHERE {field} IN ({listed})"
    found: dict[str, list[dict[str, Any]]] = {v: [] for v in values}
    for record in client.query([query])[0]:
        found.setdefault(str(record[field]).lower(), []).append(record)
    with scope.connection.cursor() as cursor:
        for value, records in found.items():
            live = [r for r in records if r.get("IsActive", True)]
            best = live or records
            cursor.execute(
                "insert into found_reference values (%s, %s, %s, %s, %s, %s)"
                " on conflict do nothing",
                [name, field, value, best[0]["Id"] if best else "", bool(live), len(live)],
            )


def _carries_our_key(mapping: Mapping) -> str:
    field, prefix = mapping.external_id.field, mapping.external_id.prefix
    return f"{field} LIKE {soql_text(prefix + '%')}" if prefix else f"{field} != null"


def _read_fields(mapping: Mapping, facts: ObjectFacts) -> list[str]:
    wanted = [*mapping.fields, *mapping.lookups]
    return ["Id", mapping.external_id.field, *(f for f in wanted if f in facts.fields)]


def _keep(scope: Scope, mapping: Mapping, records: Iterable[dict[str, Any]]) -> None:
    """Found records of rows that are in the source, or in flight, and have no recorded Id."""
    facts = scope.facts[mapping.object]
    name, prefix = mapping.external_id.field, mapping.external_id.prefix
    rows = [
        (str(record[name]).removeprefix(prefix), record["Id"], _payload(mapping, facts, record))
        for record in records
        if str(record[name]).startswith(prefix)
    ]
    with scope.connection.cursor() as cursor:
        cursor.executemany(
            "insert into found_record (org_id, mapping, key, salesforce_id, payload, label,"
            " in_flight, in_flight_action, in_flight_at, run_number)"
            " select %s, %s, %s, %s, %s::jsonb, coalesce(s.label, r.label), r.in_flight,"
            " r.in_flight_action, r.in_flight_at, %s from (select 1) one"
            " left join sync.record r on r.org_id = %s and r.mapping = %s and r.key = %s"
            " left join source_row s on s.mapping = %s and s.key = %s"
            " where r.salesforce_id is null and (r.key is not null or s.key is not null)"
            " on conflict do nothing",
            [
                (
                    scope.org_id, mapping.name, key, given, payload, scope.run_number,
                    scope.org_id, mapping.name, key, mapping.name, key,
                )
                for key, given, payload in rows
            ],
        )  # fmt: skip


def _payload(mapping: Mapping, facts: ObjectFacts, record: dict[str, Any]) -> str:
    """Values as Salesforce gives them, in the form in which compiled payloads have them."""
    values: dict[str, Any] = {}
    for name in [*mapping.fields, *mapping.lookups]:
        if name not in facts.fields:
            continue
        value = record.get(name)
        if facts.fields[name].type == "datetime" and isinstance(value, str):
            moment = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", value))
            value = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        values[name] = value
    return json.dumps(values)


def _chunks(rows: Sequence[_T]) -> Iterable[Sequence[_T]]:
    for start in range(0, len(rows), KEYS):
        yield rows[start : start + KEYS]


def soql_text(text: str) -> str:
    """A SOQL string literal (SOQL and SOSL Reference, quoted string escape sequences)."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
