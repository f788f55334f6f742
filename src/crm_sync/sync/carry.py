"""Gives records in Salesforce the key of today, or the same key in another field, before a plan.

In: mappings that say so (`external_id.formerly`, `source.former_key`), and the org's records. Out:
updates by Id of one field, each noted in `sync.history`. Salesforce itself tells what is left to
do: a record that carries the former key and not yet today's. So a run that dies on the way is
simply followed by one that goes on, and no record is ever without a key.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from crm_sync.errors import OrgAccessError, OrgUnreachable, RunStopped
from crm_sync.mapping.model import Mapping
from crm_sync.report.headline import counted
from crm_sync.report.model import RunReport
from crm_sync.salesforce.client import COLLECTIONS, Client, NoAnswer, Subrequest, daily_limit
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync import former_keys
from crm_sync.sync.decide import Verdict, decide, results
from crm_sync.sync.headers import write_headers
from crm_sync.sync.known_mappings import known
from crm_sync.sync.lookup import KEYS, soql_text
from crm_sync.sync.plan import Plan
from crm_sync.sync.prepare import Opened, plan_rows, plan_transaction
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements
from crm_sync.sync.work import hold_run

__all__ = ["carry_keys", "carrying_notes"]

REPEATS = 4  # times that records are sent again which somebody had locked
PAUSE = 0.5  # seconds before the first of them; doubled each time


@dataclass(frozen=True)
class Carrying:
    """A mapping whose records follow. `field`: where Salesforce has their keys; `keys`: the key of
    today by the former one, as far as they differ; `ids`: keys by Id, where the org has the former
    field no more.
    """

    mapping: Mapping
    facts: ObjectFacts
    field: str
    keys: dict[str, str]
    ids: dict[str, str] | None = None

    @property
    def is_another_field(self) -> bool:
        return self.field != self.mapping.external_id.field


@dataclass(frozen=True)
class Carried:
    """One record: what its field says now, and what it is to say."""

    salesforce_id: str
    now: str | None
    then: str


def carry_keys(
    connection: psycopg.Connection[Any],
    opened: Opened,
    run: RunReport,
    allow: Callable[[Scope, Plan], None],
) -> None:
    """Sends what has to follow, if anything has. A whole plan is made before, and dropped: it finds
    mistakes of the mappings, and `allow` (which raises) may refuse it before anything is sent.

    Raises OrgAccessError where records do not take their key: nothing else is sent then, and the
    next run goes on.
    """
    if not former_keys.may_follow(connection, run.org.id, opened.mappings):
        return
    with plan_transaction(connection, keep=False):
        scope, plan, _ = plan_rows(connection, opened, run.org, run.run_number, keep=False)
        carryings = list(_carryings(scope))
        if carryings:
            allow(scope, plan)
    for one in carryings:
        _refuse_unfinished(connection, run, one.mapping)
        left = list(_left(opened.client, one))
        _send(connection, opened.client, run, one, left)


def carrying_notes(scope: Scope) -> Iterator[str]:
    """A sentence for each mapping whose records a sync lets follow first."""
    if not former_keys.may_follow(scope.connection, scope.org_id, scope.mappings):
        return
    for one in _carryings(scope):
        number = scope.run("weigh", "due", mapping=one.mapping.name).fetchone() or (0,)
        if not number[0]:
            continue
        name, field = one.mapping.name, one.mapping.external_id.field
        if one.is_another_field:
            yield (
                f"A sync first writes the keys of {counted(number[0], 'record')} of {name} into "
                f"{field}; they stand in {one.field}."
            )
        if one.keys:
            yield (
                f"A sync first gives the records of {name} whose rows have another key that key: "
                f"{counted(len(one.keys), 'row')}."
            )


def _carryings(scope: Scope) -> Iterator[Carrying]:
    for m in scope.mappings:
        before, facts = known(scope.connection, scope.org_id, m), scope.facts[m.object]
        keys = former_keys.new_keys(scope.connection, m.name)
        field = former_keys.former_field(before, m, facts)
        lost = m.external_id.formerly if m.external_id.formerly not in facts.fields else None
        if field is None and lost and before is not None and before.field == lost:
            yield Carrying(m, facts, lost, keys, _recorded(scope, m))
        elif field is not None or keys:
            yield Carrying(m, facts, field or m.external_id.field, keys)


def _recorded(scope: Scope, mapping: Mapping) -> dict[str, str]:
    """What we know of the records, where the org cannot tell any more: the keys they had, by Id.

    Raises OrgAccessError where a record was made and its Id is not known.
    """
    rows = scope.run("recorded_keys", "carry", mapping=mapping.name).fetchall()
    if any(row[0] is None for row in rows):
        raise OrgAccessError(
            f"{mapping.object} has no field {mapping.external_id.formerly} any more, and only it "
            f"tells what became of records of {mapping.name} whose creation got no answer.",
            "Bring the field back (Salesforce keeps a deleted one for some days), and sync again.",
        )
    return {row[0]: row[1] for row in rows}


def _refuse_unfinished(
    connection: psycopg.Connection[Any], run: RunReport, mapping: Mapping
) -> None:
    row = connection.execute(
        statements("carry")["has_unfinished_job"], {"org": run.org.id, "mapping": mapping.name}
    ).fetchone()
    if row == (True,):
        raise RunStopped(
            f"Salesforce still works on a Bulk job of {mapping.name}, whose rows it knows by their "
            "former keys.",
            "Run again when it is done.",
        )


def _left(client: Client, one: Carrying) -> Iterator[Carried]:
    """The records that have not followed yet. Raises OrgAccessError where one carries another key
    in the new field: that may be somebody else's.
    """
    field, prefix = one.mapping.external_id.field, one.mapping.external_id.prefix
    others = 0
    for record in _records(client, one):
        former = str(record[one.field])
        if not former.startswith(prefix):
            continue
        key = former.removeprefix(prefix)
        then = prefix + one.keys.get(key, key)
        now = record.get(field)
        if now == then:
            continue
        if one.is_another_field and now is not None:
            others += 1
        else:
            yield Carried(record["Id"], now, then)
    if others:
        raise OrgAccessError(
            f"{counted(others, 'record')} of {one.mapping.object} carry another key in {field} "
            f"than in {one.field}; none of them was changed.",
            f"Empty {field} on these records, or name a field that nobody uses.",
        )


def _records(client: Client, one: Carrying) -> Iterator[dict[str, Any]]:
    """Those that carry a key of ours in the former field, or that we know by Id."""
    name, field = one.mapping.object, one.mapping.external_id.field
    prefix = one.mapping.external_id.prefix
    if one.ids is None:
        fields = ", ".join(dict.fromkeys(["Id", one.field, field]))
        like = f"{one.field} LIKE {soql_text(prefix + '%')}" if prefix else f"{one.field} != null"
        queries = [f"SELECT {fields} FROM {name} WHERE {like} AND IsDeleted = false"]  # noqa: S608
    else:
        ids = list(one.ids)
        queries = [
            f"SELECT Id, {field} FROM {name} WHERE Id IN "  # noqa: S608
            f"({', '.join(map(soql_text, ids[start : start + KEYS]))}) AND IsDeleted = false"
            for start in range(0, len(ids), KEYS)
        ]
    # queryAll: it sees archived activities, too.
    for records in client.query(queries, deleted=True):
        for record in records:
            if one.ids is not None:
                record = {**record, one.field: prefix + one.ids[record["Id"]]}
            yield record


def _send(
    connection: psycopg.Connection[Any],
    client: Client,
    run: RunReport,
    one: Carrying,
    left: list[Carried],
) -> None:
    """The updates, 1,000 a call; what somebody had locked goes again after a pause."""
    refused: list[str] = []
    for repeat in range(REPEATS + 1):
        if repeat and left:
            time.sleep(PAUSE * 2 ** (repeat - 1))
        again: list[Carried] = []
        for start in range(0, len(left), COLLECTIONS * KEYS):
            some = left[start : start + COLLECTIONS * KEYS]
            done: list[Carried] = []
            for record, verdict, code in _answers(client, one, some):
                if verdict is Verdict.RECORDED:
                    done.append(record)
                elif verdict in (Verdict.REPEAT, Verdict.HALVE, Verdict.UNKNOWN):
                    again.append(record)
                elif code != "ENTITY_IS_DELETED":  # deleted a moment ago: nothing is to follow
                    refused.append(code)
            _note(connection, run, one, done)
        left = again
    refused += ["no answer, or locked"] * len(left)
    if refused:
        codes = ", ".join(sorted(set(refused)))
        raise OrgAccessError(
            f"{counted(len(refused), 'record')} of {one.mapping.object} did not take their key in "
            f"{one.mapping.external_id.field}: {codes}. Nothing else was sent.",
            "Let the integration user edit them (field permission, validation rules, locked "
            "records), and sync again: it goes on where it stopped.",
        )


def _answers(
    client: Client, one: Carrying, some: Sequence[Carried]
) -> Iterator[tuple[Carried, Verdict, str]]:
    parts = [some[start : start + KEYS] for start in range(0, len(some), KEYS)]
    headers = write_headers(one.mapping)
    requests = [
        Subrequest("PATCH", "composite/sobjects", _body(one.mapping, part), headers)
        for part in parts
    ]
    try:
        answers = client.composite(requests)
    except NoAnswer as error:
        raise OrgUnreachable(
            f"Salesforce gave no answer after {client.target.attempts} attempts ({error}).",
            "Some records may have their new key already; run again, and the rest follows.",
        ) from None
    for part, answer in zip(parts, answers, strict=True):
        for record, result in zip(
            part, results(answer.status, answer.body, len(part)), strict=True
        ):
            decision = decide("update", result)
            if decision.verdict is Verdict.STOP_RUN:
                raise daily_limit()
            yield record, decision.verdict, decision.code


def _body(mapping: Mapping, part: Sequence[Carried]) -> str:
    records = [
        {
            "attributes": {"type": mapping.object},
            "Id": record.salesforce_id,
            mapping.external_id.field: record.then,
        }
        for record in part
    ]
    return json.dumps({"allOrNone": False, "records": records})


def _note(
    connection: psycopg.Connection[Any], run: RunReport, one: Carrying, done: Sequence[Carried]
) -> None:
    """In the history of the rows, which still stands under their former keys."""
    if not done:
        return
    with connection.transaction():
        hold_run(connection, run.org.id, run.run_number)
        connection.execute(
            statements("carry")["note"],
            {
                "org": run.org.id,
                "run": run.run_number,
                "names": [n for n in (one.mapping.name, one.mapping.formerly) if n],
                "field": one.mapping.external_id.field,
                "ids": [record.salesforce_id for record in done],
                "now": [record.now for record in done],
                "then": [record.then for record in done],
            },
        )
