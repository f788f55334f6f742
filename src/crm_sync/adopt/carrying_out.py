"""Writes our key to records of the org: the external ID, by Id, and no other field.

In: pairs of a run that holds the org's lock. Out: what became of each, written down in the same
transaction as the call's other rows. Before a call leaves, its rows are marked; so whoever dies
here loses nothing: the next run looks the marked rows up by their key.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from crm_sync.adopt.model import Found, Pair
from crm_sync.adopt.statements import statements
from crm_sync.errors import OrgUnreachable
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import (
    COLLECTIONS,
    Answer,
    Client,
    NoAnswer,
    Subrequest,
    daily_limit,
)
from crm_sync.sync.batches import CHUNK, Row
from crm_sync.sync.decide import Decision, Verdict, decide, last_word, results
from crm_sync.sync.explain import problem
from crm_sync.sync.headers import write_headers
from crm_sync.sync.work import hold_run

__all__ = ["Left", "Outcome", "Writing", "write_keys"]

REPEATS = 4
PAUSE = 0.5
"""Times that a row is sent again after a lock, and seconds before the first; doubled each time."""


@dataclass(frozen=True)
class Left:
    """A pair whose key was not written: `outcome` is refused or unknown; `problem` as
    `sync.history` keeps it.
    """

    mapping: str
    pair: Pair
    outcome: str
    problem: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of the pairs: how many were adopted, by mapping, and those that were not."""

    adopted: dict[str, int] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def left_of(self, mapping: str) -> int:
        return sum(1 for one in self.left if one.mapping == mapping)


@dataclass(frozen=True)
class Writing:
    """Where the pairs are written: a run that holds the org's lock."""

    connection: psycopg.Connection[Any]
    client: Client
    org_id: str
    run_number: int

    def run(self, block: str, mapping: Mapping, **values: Any) -> psycopg.Cursor[Any]:
        """Runs a block of adopt.sql for one mapping."""
        names = {
            "org": self.org_id,
            "run": self.run_number,
            "mapping": mapping.name,
            "external_id": mapping.external_id.field,
            "prefix": mapping.external_id.prefix,
        }
        return self.connection.execute(statements()[block], names | values)

    def hold(self) -> None:
        hold_run(self.connection, self.org_id, self.run_number)


@dataclass(frozen=True)
class _Batch:
    """Pairs of one collection request; `repeat` counts how often they were sent in vain."""

    mapping: Mapping
    pairs: tuple[Pair, ...]
    repeat: int = 0

    def with_pairs(self, pairs: Iterable[Pair]) -> _Batch:
        return replace(self, pairs=tuple(pairs))

    @property
    def keys(self) -> list[str]:
        return [pair.row.key for pair in self.pairs]


def write_keys(
    writing: Writing, found: Sequence[Found], mappings: dict[str, Mapping], into: Outcome
) -> None:
    """Writes the keys of what is certain, at most 1,000 a call; what an interrupted run had written
    is recorded without a call. `into` is filled as it goes, so that an end by an error keeps it.

    Raises LockLost, LimitReached, OrgUnreachable: what was not written can be matched again.
    """
    for one in found:
        _begin(writing, one, mappings[one.mapping], into)
    waiting = deque(
        _Batch(mappings[one.mapping], tuple(some))
        for one in found
        for some in _cut(one.matched.certain)
    )
    while waiting:
        call = [waiting.popleft() for _ in range(min(COLLECTIONS, len(waiting)))]
        waiting.extend(_send(writing, call, into))


def _cut(pairs: Sequence[Pair]) -> Iterable[Sequence[Pair]]:
    for start in range(0, len(pairs), CHUNK):
        yield pairs[start : start + CHUNK]


def _begin(writing: Writing, one: Found, mapping: Mapping, into: Outcome) -> None:
    """What this mapping's records belong to, and what an interrupted run had left of it."""
    with writing.connection.transaction():
        writing.hold()
        source = {"object": mapping.object, "table": mapping.source.table}
        writing.run("know_mapping", mapping, key=mapping.source.key, **source)
        keys, ids = [key for key, _ in one.resumed], [given for _, given in one.resumed]
        writing.run("record_adopted", mapping, keys=keys, labels=keys, ids=ids)
        writing.run("forget_marks", mapping, mappings=[mapping.name])
    into.adopted[mapping.name] = len(keys)


def _send(writing: Writing, call: Sequence[_Batch], into: Outcome) -> list[_Batch]:
    """One Composite call and its outcomes; gives the batches that must follow."""
    if pause := max(batch.repeat for batch in call):
        time.sleep(PAUSE * 2 ** (pause - 1))
    call = [marked for batch in call if (marked := _marked(writing, batch)).pairs]
    if not call:
        return []
    try:
        answers = writing.client.composite([_request(batch) for batch in call])
    except NoAnswer as error:
        _leave(writing, call, into)
        raise OrgUnreachable(
            f"Salesforce gave no answer after {writing.client.target.attempts} attempts ({error}).",
            "Run crm-sync adopt again: it finds what was written.",
        ) from None
    following: list[_Batch] = []
    with writing.connection.transaction():
        writing.hold()
        limit_reached = False
        for batch, answer in zip(call, answers, strict=True):
            more, limit = _judge(writing, batch, answer, into)
            following += more
            limit_reached |= limit
    if limit_reached:
        raise daily_limit()
    return following


def _marked(writing: Writing, batch: _Batch) -> _Batch:
    """The batch without rows that have got a record meanwhile."""
    labels = [pair.row.label for pair in batch.pairs]
    with writing.connection.transaction():
        writing.hold()
        marked = writing.run("mark", batch.mapping, keys=batch.keys, labels=labels).fetchall()
    keys = {row[0] for row in marked}
    return batch.with_pairs(pair for pair in batch.pairs if pair.row.key in keys)


def _request(batch: _Batch) -> Subrequest:
    """One sObject Collections update (REST API Developer Guide, Update Multiple Records)."""
    key = batch.mapping.external_id
    records = [
        {
            "attributes": {"type": batch.mapping.object},
            "Id": pair.record.id,
            key.field: key.prefix + pair.row.key,
        }
        for pair in batch.pairs
    ]
    body = json.dumps({"allOrNone": False, "records": records}, ensure_ascii=False)
    # Whatever rule the mapping wants for what it writes: nothing of the record changes here.
    headers = write_headers(batch.mapping) | {"Sforce-Auto-Assign": "FALSE"}
    return Subrequest("PATCH", "composite/sobjects", body, headers)


def _judge(
    writing: Writing, batch: _Batch, answer: Answer, into: Outcome
) -> tuple[list[_Batch], bool]:
    """Writes down what is known of the batch's pairs; gives what must go again, and whether the
    daily limit was met.
    """
    done: list[Pair] = []
    again: list[Pair] = []
    heavy: list[Pair] = []
    left: list[Left] = []
    limit_reached = False
    told = results(answer.status, answer.body, len(batch.pairs))
    for pair, result in zip(batch.pairs, told, strict=True):
        decision = decide("update", result)
        passing = decision.verdict in (Verdict.REPEAT, Verdict.UNKNOWN)
        if decision.verdict is Verdict.RECORDED:
            done.append(pair)
        elif passing and batch.repeat < REPEATS:
            again.append(pair)
        elif decision.verdict is Verdict.HALVE and len(batch.pairs) > 1:
            heavy.append(pair)
        else:
            limit_reached |= decision.verdict is Verdict.STOP_RUN
            left.append(_left(batch.mapping, pair, last_word(decision)))
    _record(writing, batch.mapping, done, into)
    _note(writing, batch.mapping, left, into)
    following = [replace(batch.with_pairs(again), repeat=batch.repeat + 1)] if again else []
    middle = (len(heavy) + 1) // 2
    following += [batch.with_pairs(half) for half in (heavy[:middle], heavy[middle:]) if half]
    return following, limit_reached


def _record(writing: Writing, mapping: Mapping, done: Sequence[Pair], into: Outcome) -> None:
    if not done:
        return
    writing.run(
        "record_adopted",
        mapping,
        keys=[pair.row.key for pair in done],
        labels=[pair.row.label for pair in done],
        ids=[pair.record.id for pair in done],
    )
    into.adopted[mapping.name] += len(done)


def _left(mapping: Mapping, pair: Pair, decision: Decision) -> Left:
    if decision.verdict is Verdict.UNKNOWN:
        return Left(mapping.name, pair, "unknown", _UNKNOWN)
    row = Row(mapping.name, pair.row.key, "update", salesforce_id=pair.record.id)
    told = problem(mapping, row, decision)
    if decision.verdict is Verdict.LOOK:
        told["mend"] = "Look whether the record is still there, and run crm-sync adopt again."
    elif decision.code == "DUPLICATE_VALUE":
        told["mend"] = "Another record has this key: look it up, and run crm-sync adopt again."
    return Left(mapping.name, pair, "refused", told)


_UNKNOWN = {
    "code": "UNKNOWN_OUTCOME",
    "field": None,
    "column": None,
    "severity": "note",
    "sentence": "Its key was sent, and no answer came.",
    "mend": "Run crm-sync adopt again: it finds what was written.",
}


def _leave(writing: Writing, call: Sequence[_Batch], into: Outcome) -> None:
    """No answer came: the marks stay, by which the next run finds what was written."""
    with writing.connection.transaction():
        writing.hold()
        for batch in call:
            left = [Left(batch.mapping.name, pair, "unknown", _UNKNOWN) for pair in batch.pairs]
            _note(writing, batch.mapping, left, into)


def _note(writing: Writing, mapping: Mapping, left: Sequence[Left], into: Outcome) -> None:
    if not left:
        return
    writing.run(
        "record_left",
        mapping,
        keys=[one.pair.row.key for one in left],
        ids=[one.pair.record.id for one in left],
        outcomes=[one.outcome for one in left],
        problems=[Jsonb(one.problem) for one in left],
    )
    into.left.extend(left)
