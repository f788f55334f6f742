"""The end of a run: what became of its rows is noted and counted, and what is too old goes.

In: the connection, the run, its scope. Out: counts by mapping, and `run.sql`'s writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from crm_sync.errors import LimitReached
from crm_sync.report.headline import counted
from crm_sync.report.model import OutcomeSummary, RunReport
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements
from crm_sync.sync.work import holds_run, leave_unknown

__all__ = ["final_status", "finish", "sweep", "with_rest"]


def _run(connection: psycopg.Connection[Any], block: str, **values: Any) -> psycopg.Cursor[Any]:
    """Runs a block of run.sql."""
    return connection.execute(statements("run")[block], values)


def finish(
    connection: psycopg.Connection[Any], run: RunReport, scope: Scope | None
) -> tuple[OutcomeSummary, ...]:
    """Notes how the run ended and counts its outcomes; without a connection the next run does."""
    try:
        connection.rollback()  # an interrupt may have left a transaction open
        with connection.transaction():
            if not holds_run(connection, run.org.id, run.run_number):
                return ()
            leave_unknown(connection, run.org.id, run.run_number)
            summaries = _outcomes(connection, run, scope) if scope else ()
            if any(s.delete for s in summaries):
                for block in ("deleted_rows", "blank_history"):
                    values = {"org": run.org.id, "run": run.run_number}
                    connection.execute(statements("keep")[block], values)
            _run(
                connection,
                "finish",
                org=run.org.id,
                run=run.run_number,
                status=final_status(run.status, summaries, run.message),
                counts=Jsonb({s.mapping: _counted(s) for s in summaries}),
                calls=run.calls,
                message=run.message,
            )
    except psycopg.Error:
        return ()
    return summaries


def with_rest(
    reason: LimitReached, connection: psycopg.Connection[Any], org_id: str, names: Sequence[str]
) -> LimitReached:
    """The reason, and how many rows are left for the next run."""
    try:
        connection.rollback()
        found = _run(connection, "open_rows", org=org_id, mappings=list(names))
        planned = sum(number for _, state, number in found if state == "planned")
        waiting = connection.execute(statements("bulk")["waiting_jobs"], {"org": org_id})
        in_jobs = sum(rows for _, _, rows in waiting)
    except psycopg.Error:
        return reason
    rest = planned + in_jobs
    if not rest:
        return reason
    is_left = "is left" if rest == 1 else "are left"
    among = f", {in_jobs:,} of them in a Bulk job" if in_jobs else ""
    sentence = f"{reason.sentence} {counted(rest, 'row')} {is_left} for the next run{among}."
    return LimitReached(sentence, reason.mend)


def final_status(status: str, summaries: tuple[OutcomeSummary, ...], message: str | None) -> str:
    """`finished` only where every row is in order."""
    troubled = message or any(s.problems for s in summaries)
    return "finished with problems" if status == "finished" and troubled else status


def _outcomes(
    connection: psycopg.Connection[Any], run: RunReport, scope: Scope
) -> tuple[OutcomeSummary, ...]:
    """Rows of this run by what became of them: confirmed ones from history, open ones from plan."""
    counts: dict[str, dict[str, int]] = {m.name: {} for m in scope.mappings}
    for name, action, number in _run(connection, "recorded", org=run.org.id, run=run.run_number):
        counts.setdefault(name, {})[action] = number
    for name, kind, number in _run(connection, "open_rows", org=run.org.id, mappings=scope.names):
        counts[name][kind] = number
    objects = {m.name: m.object for m in scope.known}
    return tuple(
        OutcomeSummary(mapping=name, object=objects.get(name, name), **found)
        for name, found in counts.items()
    )


def _counted(summary: OutcomeSummary) -> dict[str, int]:
    names = ("create", "update", "delete", "refused", "unknown", "blocked", "invalid", "held",
             "planned")  # fmt: skip
    return {n: getattr(summary, n) for n in names if getattr(summary, n)}


def sweep(connection: psycopg.Connection[Any], org_id: str, history_days: int) -> None:
    """Drops changes that every org has seen, and history and jobs that are too old."""
    with connection.transaction():
        for block in ("drop_positions", "sweep_changes", "sweep_history", "sweep_jobs"):
            _run(connection, block, org=org_id, days=history_days)
