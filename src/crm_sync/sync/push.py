"""Sends a plan, by Composite call by call, or where there are many rows by `bulk.py`.

In: planned rows in PostgreSQL. Out: each row's outcome in PostgreSQL, in the same transaction for
a whole call. Before a call leaves, one committed transaction marks its rows as being sent; so
whoever dies here leaves behind what the next run must know. Rows that must go again are planned
again until they do, so that an end of the run at any point leaves nothing in between.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from crm_sync.errors import CrmSyncError, OrgUnreachable
from crm_sync.salesforce.client import COLLECTIONS, Answer, Client, NoAnswer, daily_limit
from crm_sync.sync import bulk
from crm_sync.sync.along import note_read, reading, rows_to_read
from crm_sync.sync.batches import HEAD, Chunk, Row, chunks, halves, next_call
from crm_sync.sync.decide import Verdict, decide, last_word, results
from crm_sync.sync.outcome import Outcomes
from crm_sync.sync.progress import Tally
from crm_sync.sync.requests import to_subrequest
from crm_sync.sync.route import Routes
from crm_sync.sync.scope import Scope
from crm_sync.sync.work import Push

__all__ = ["Pushed", "push"]

REPEATS = 4  # times that a row is sent again after a lock
PAUSE = 0.5  # seconds before the first of them; doubled each time


@dataclass(frozen=True)
class Call:
    """The chunks of one call; `repeat` counts how often its rows were sent in vain."""

    chunks: tuple[Chunk, ...]
    repeat: int = 0

    @property
    def rows(self) -> list[Row]:
        return [row for chunk in self.chunks for row in chunk.rows]

    def without(self, stopped: Sequence[str]) -> Call:
        """The call without rows of stopped mappings, which stay planned."""
        kept = (
            Chunk(chunk.action, tuple(r for r in chunk.rows if r.mapping not in stopped))
            for chunk in self.chunks
        )
        return Call(tuple(chunk for chunk in kept if chunk.rows), self.repeat)


@dataclass(frozen=True)
class Pushed:
    """What a push leaves: mappings that stopped, with Salesforce's code, and whether it learned
    something of Salesforce after which a new plan may send more (`Outcomes.changes_the_plan`).
    """

    stopped: dict[str, str]
    changes_the_plan: bool


def push(scope: Scope, client: Client, tally: Tally, *, reads_along: bool) -> Pushed:
    """Sends every planned row of the scope. `reads_along`: each call reads what it overwrites.

    Raises LockLost, LimitReached, OrgUnreachable, psycopg.Error; what was not sent stays planned.
    """
    work = Push(scope, client, {m.name: m for m in scope.known}, tally, reads_along=reads_along)
    routes = _routes(work)
    while rows := _head(work):
        if routes.is_bulk(rows[0]):
            mapping = work.by_name[rows[0].mapping]
            bulk.send(work, mapping, rows[0].action, routes.threshold)
        else:
            rows = list(takewhile(lambda row: not routes.is_bulk(row), rows))
            _send_calls(work, rows)
    return Pushed(work.stopped, work.changes_the_plan)


def _routes(work: Push) -> Routes:
    planned = work.execute("planned_actions", mappings=work.scope.names).fetchall()
    options, target = work.scope.options, work.client.target
    return Routes.of(planned, work.scope.mappings, options.api, target.bulk_above)


def _head(work: Push) -> list[Row]:
    going = [m.name for m in work.scope.mappings if m.name not in work.stopped]
    found = work.execute("next_rows", mappings=going, limit=HEAD)
    return [Row.of(row) for row in found]


def _send_calls(work: Push, rows: Sequence[Row]) -> None:
    """One Composite call from the head of the rows, and the calls that follow from it."""
    calls = deque([Call(tuple(next_call(rows, work.group)))])
    while calls:
        call = calls.popleft().without(list(work.stopped))
        if call.chunks:
            work.tell(call.rows)
            calls.extend(_send(work, call))
            work.tell(call.rows)


def _send(work: Push, call: Call) -> list[Call]:
    """One call and its outcomes; gives the calls that must follow for rows that did not go."""
    if call.repeat:
        time.sleep(PAUSE * 2 ** (call.repeat - 1))
    rows = call.rows
    work.note("mark_sending", rows)
    read = rows_to_read(work, rows)
    answers = _answers(work, call, rows, read)
    outcomes = Outcomes(work.scope, work.client, work.by_name, work.has_waited)
    following = _judge(call, answers[len(read) :], outcomes)
    trouble = _looked(outcomes, work)
    with work.scope.connection.transaction():
        work.hold_run()
        note_read(work, read, answers[: len(read)])
        outcomes.record(work.execute)
        work.stopped.update(outcomes.stopped)
        work.changes_the_plan |= outcomes.changes_the_plan
        if outcomes.leaves_problems:
            work.block_waiting()
    going_again = {*outcomes.back, *outcomes.doubted}
    work.tally.add(Counter(row.mapping for row in rows if row not in going_again))
    if trouble is not None:
        raise trouble
    if outcomes.limit_reached:
        raise daily_limit()
    again = [row for row in rows if row in following.locked]
    parts = chunks(again, work.group)
    cut = range(0, len(parts), COLLECTIONS)
    return [
        *(Call((half,), call.repeat) for chunk in following.heavy for half in halves(chunk)),
        *(Call(tuple(parts[start : start + COLLECTIONS]), call.repeat + 1) for start in cut),
    ]


def _answers(work: Push, call: Call, rows: Sequence[Row], read: Sequence[Row]) -> list[Answer]:
    """The answers of one call, those for the rows to `read` first; where none comes or Salesforce
    takes none, says so to the rows.
    """
    bodies = {(r[0], r[1]): str(r[2]) for r in work.execute("bodies", rows, objects=work.objects)}
    requests = [reading(work, row) for row in read]
    requests += [
        to_subrequest(chunk, work.by_name, [bodies[row.mapping, row.key] for row in chunk.rows])
        for chunk in call.chunks
    ]
    try:
        return work.client.composite(requests, lambda: work.note("note_repeat", rows))
    except NoAnswer as error:
        work.note("record_unknown", rows, every=False)
        raise OrgUnreachable(
            f"Salesforce gave no answer after {work.client.target.attempts} attempts ({error}).",
            "The rows of the last call are marked unknown; run again, and they are sent again.",
        ) from None
    except CrmSyncError:
        work.note("take_back", rows, doubted=False)
        raise


@dataclass
class _Following:
    """What must go again: rows after a pause, chunks in halves."""

    locked: set[Row] = field(default_factory=set)
    heavy: list[Chunk] = field(default_factory=list)


def _judge(call: Call, answers: Sequence[Answer], outcomes: Outcomes) -> _Following:
    """Gives each row's decision to the outcomes, or takes the row back to go again."""
    following = _Following()
    for chunk, answer in zip(call.chunks, answers, strict=True):
        heavy: list[Row] = []
        for row, result in zip(
            chunk.rows, results(answer.status, answer.body, len(chunk.rows)), strict=True
        ):
            decision = decide(row.action, result)
            passing = decision.verdict in (Verdict.REPEAT, Verdict.UNKNOWN)
            if passing and call.repeat < REPEATS:
                following.locked.add(row)
                outcomes.take_back(row, doubted=decision.verdict is Verdict.UNKNOWN)
            elif decision.verdict is Verdict.HALVE and len(chunk.rows) > 1:
                heavy.append(row)
                outcomes.take_back(row)
            else:
                outcomes.add(row, last_word(decision))
        if heavy:
            following.heavy.append(Chunk(chunk.action, tuple(heavy)))
    return following


def _looked(outcomes: Outcomes, work: Push) -> CrmSyncError | None:
    """Looks into doubtful refusals; where that cannot be done, the rest is recorded anyway."""
    try:
        outcomes.look(work.execute)
    except CrmSyncError as trouble:
        outcomes.leave_doubtful()
        return trouble
    return None
