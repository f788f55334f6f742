"""Sends a plan, call by call: the only module that writes to Salesforce.

In: planned rows in PostgreSQL. Out: each row's outcome in PostgreSQL, in the same transaction for
a whole call. Before a call leaves, one committed transaction marks its rows as being sent; so
whoever dies here leaves behind what the next run must know.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from crm_sync.errors import LimitReached, LockLost, OrgAccessError, OrgUnreachable
from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import COLLECTIONS, Answer, Client, NoAnswer, Subrequest, daily_limit
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.batches import Chunk, Row, chunks, halves, next_call
from crm_sync.sync.decide import Decision, Verdict, decide
from crm_sync.sync.outcome import Outcomes
from crm_sync.sync.plan import Scope
from crm_sync.sync.requests import objects_json, to_subrequest
from crm_sync.sync.statements import statements

__all__ = ["Progress", "holds_run", "push"]

HEAD = 2_000  # planned rows read at a time; a call takes at most 1,000 of them
REPEATS = 4  # times that a row is sent again after a lock
PAUSE = 0.5  # seconds before the first of them; doubled each time

Progress = Callable[[int, int], None]
"""Called with (rows whose outcome is known, rows of the plan)."""


@dataclass
class Push:
    """One push: what it works on, and what stopped."""

    scope: Scope
    client: Client
    by_name: dict[str, Mapping]
    facts: dict[str, ObjectFacts]
    stopped: dict[str, str] = field(default_factory=dict)  # mapping → Salesforce's code
    done: int = 0

    def __post_init__(self) -> None:
        self.objects = objects_json(self.scope.known, self.facts)

    def execute(self, block: str, rows: Sequence[Row] = (), **values: Any) -> psycopg.Cursor[Any]:
        """Runs a block of push.sql for some rows."""
        return self.scope.connection.execute(
            statements("push")[block],
            {
                "org": self.scope.org_id,
                "run": self.scope.run_number,
                "rows_mapping": [row.mapping for row in rows],
                "rows_key": [row.key for row in rows],
                **values,
            },
        )

    def hold_run(self) -> None:
        """Inside a transaction: only the newest run writes."""
        if not holds_run(self.scope.connection, self.scope.org_id, self.scope.run_number):
            raise LockLost(
                "A newer run took over this org; this one ends.", "Look at `crm-sync status`."
            )


def holds_run(connection: psycopg.Connection[Any], org_id: str, run_number: int) -> bool:
    """Whether this run is still the newest of its org; until the transaction ends no other begins."""
    block = statements("push")["hold_run"]
    held = connection.execute(block, {"org": org_id, "run": run_number})
    return held.fetchone() is not None


def push(scope: Scope, client: Client, total: int, progress: Progress | None = None) -> dict[str, str]:
    """Sends every planned row of the scope; gives the mappings that stopped, with the reason.

    Raises LockLost, LimitReached, OrgUnreachable; what was not sent stays planned.
    """
    work = Push(scope, client, {m.name: m for m in scope.known}, dict(scope.facts))
    try:
        while rows := _head(work):
            call = next_call(rows, lambda row: _group(work, row))
            _send(work, call)
            work.done += sum(len(chunk.rows) for chunk in call)
            if progress:
                progress(min(work.done, total), total)
    except psycopg.OperationalError:
        raise LockLost(
            "The connection to PostgreSQL is gone; nothing more was sent.",
            "Run again: it continues where this run stopped.",
        ) from None
    return work.stopped


def _head(work: Push) -> list[Row]:
    going = [m.name for m in work.scope.mappings if m.name not in work.stopped]
    return [Row(*row) for row in work.execute("next_rows", mappings=going, limit=HEAD)]


def _group(work: Push, row: Row) -> object:
    """Creates go by object; updates and deletes mix objects in one list, sorted by type."""
    mapping = work.by_name[row.mapping]
    if row.action == "create":
        return (row.action, row.mapping)
    return (row.action, mapping.auto_assign)


def _send(work: Push, call: Sequence[Chunk], repeat: int = 0) -> None:
    """One call and its outcomes; then what must be sent again, in halves or after a pause."""
    rows = [row for chunk in call for row in chunk.rows]
    if not repeat:
        with work.scope.connection.transaction():
            work.hold_run()
            work.execute("mark_sending", rows)
    bodies = {(r[0], r[1]): str(r[4]) for r in work.execute("bodies", rows, objects=work.objects)}
    requests: list[Subrequest] = [
        to_subrequest(chunk, work.by_name, [bodies[row.mapping, row.key] for row in chunk.rows])
        for chunk in call
    ]
    answers = _answers(work, rows, requests)
    outcomes = Outcomes(work.scope, work.client, work.by_name, work.facts)
    again: list[Chunk] = []
    smaller: list[Chunk] = []
    for chunk, answer in zip(call, answers, strict=True):
        _judge(work, chunk, answer, outcomes, again, smaller, repeat)
    outcomes.look()
    with work.scope.connection.transaction():
        work.hold_run()
        outcomes.record(work.execute)
        while (work.execute("block_waiting").fetchone() or (0,))[0]:
            pass
    work.stopped.update(outcomes.stopped)
    if outcomes.limit_reached:
        raise daily_limit()
    for chunk in smaller:
        for half in halves(chunk):
            _repeat(work, [half], repeat)
    if again:
        time.sleep(PAUSE * 2**repeat)
        rest = [row for chunk in again for row in chunk.rows]
        for some in _calls(chunks(rest, lambda row: _group(work, row))):
            _repeat(work, some, repeat + 1)


def _calls(parts: list[Chunk]) -> list[list[Chunk]]:
    return [parts[start : start + COLLECTIONS] for start in range(0, len(parts), COLLECTIONS)]


def _repeat(work: Push, call: Sequence[Chunk], repeat: int) -> None:
    """Rows that are marked as being sent go again; the run must still be the newest."""
    with work.scope.connection.transaction():
        work.hold_run()
    _send(work, call, repeat=max(repeat, 1))


def _answers(work: Push, rows: Sequence[Row], requests: Sequence[Subrequest]) -> list[Answer]:
    """The answers of one call; where none comes or Salesforce takes none, says so to the rows."""

    def before_repeat() -> None:
        with work.scope.connection.transaction():
            work.hold_run()
            work.execute("note_repeat", rows)

    try:
        return work.client.composite(requests, before_repeat)
    except NoAnswer as error:
        with work.scope.connection.transaction():
            work.hold_run()
            work.execute("record_unknown", rows)
        raise OrgUnreachable(
            f"Salesforce gave no answer after {work.client.target.attempts} attempts ({error}).",
            "The rows of the last call are marked unknown; run again, and they are sent again.",
        ) from None
    except (LimitReached, OrgAccessError, OrgUnreachable):
        with work.scope.connection.transaction():
            work.hold_run()
            work.execute("take_back", rows)
        raise


def _judge(
    work: Push,
    chunk: Chunk,
    answer: Answer,
    outcomes: Outcomes,
    again: list[Chunk],
    smaller: list[Chunk],
    repeat: int,
) -> None:
    trouble: list[dict[str, Any]] = [{"errors": [{"statusCode": "SERVER_UNAVAILABLE"}]}]
    if answer.ok and len(answer.body) == len(chunk.rows):
        results = answer.body
    elif answer.ok or answer.status >= 500:
        results = trouble * len(chunk.rows)
    else:
        results = [{"errors": answer.body}] * len(chunk.rows)
    locked: list[Row] = []
    heavy: list[Row] = []
    for row, result in zip(chunk.rows, results, strict=True):
        decision = decide(row.action, result)
        if decision.verdict is Verdict.REPEAT and repeat < REPEATS:
            locked.append(row)
        elif decision.verdict is Verdict.HALVE and len(chunk.rows) > 1:
            heavy.append(row)
        else:
            outcomes.add(row, _final(decision))
    if locked:
        again.append(Chunk(chunk.action, tuple(locked)))
    if heavy:
        smaller.append(Chunk(chunk.action, tuple(heavy)))


def _final(decision: Decision) -> Decision:
    """After the last repeat, or for a single row, a passing trouble is a refusal."""
    if decision.verdict in (Verdict.REPEAT, Verdict.HALVE):
        return Decision(
            Verdict.REFUSED, code=decision.code, message=decision.message, fields=decision.fields
        )
    return decision
