"""`crm-sync adopt`, told once: look, show, ask, write.

In: settings, a target and a choice; whom to show what was found, and who agrees. Out: what was
found and what became of it. It plans as a dry run does, and rolls that back; only the last step
writes, to Salesforce and to schema sync, under the org's lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from crm_sync.adopt.by import chosen_fields
from crm_sync.adopt.carrying_out import Outcome, Writing, write_keys
from crm_sync.adopt.decisions import Decision, read_decisions
from crm_sync.adopt.find import find
from crm_sync.adopt.model import Found
from crm_sync.adopt.statements import statements
from crm_sync.errors import CrmSyncError, GuardStopped
from crm_sync.report.model import Org
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.settings import Settings
from crm_sync.sync import state
from crm_sync.sync.database import connect
from crm_sync.sync.first_load import allow_creates
from crm_sync.sync.mask import Mask
from crm_sync.sync.options import Options
from crm_sync.sync.prepare import Opened, open_target, plan_rows, plan_transaction
from crm_sync.sync.session import trouble
from crm_sync.sync.statements import statements as statements_of_sync
from crm_sync.sync.work import holds_run

__all__ = ["Adopted", "Choice", "Look", "adopt"]


@dataclass(frozen=True)
class Choice:
    """What a person asks for. `by`: the words of `--by`; `decisions`: a CSV of what he decided;
    `is_asked`: whether time passes between showing and writing, since a person reads and answers.
    """

    select: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    decisions: Path | None = None
    dry_run: bool = False
    is_asked: bool = False


@dataclass(frozen=True)
class Look:
    """What was found, for people: with what the org says of its fields, and the mask for values.
    `left_out`: mappings that were not looked at, since nobody knows by which fields.
    """

    org: Org
    found: tuple[Found, ...]
    facts: dict[str, ObjectFacts]
    mask: Mask
    tables: dict[str, str]
    left_out: tuple[str, ...]
    calls: int

    def total(self, name: str) -> int:
        """How many rows are `certain`, `ambiguous` or `unmatched`."""
        return sum(len(getattr(one.matched, name)) for one in self.found)


@dataclass(frozen=True)
class Adopted:
    """How it ended. `error`: what ended it early; `open`: mappings of which rows are ambiguous, or
    their keys were not written. A first load of these still stops; `creating`: those of them that
    are past it, whose next sync creates such rows.
    """

    look: Look
    outcome: Outcome
    calls: int
    open: tuple[str, ...] = ()
    creating: tuple[str, ...] = ()
    error: CrmSyncError | None = None


def adopt(
    settings: Settings,
    target: str | None,
    choice: Choice,
    announce: Callable[[Org], None],
    agree: Callable[[Look], bool],
) -> Adopted | None:
    """Matches, asks `agree`, and writes what is certain. None where it was a dry run, or nobody
    agreed; nothing was written then.

    Raises SetupError, OrgError or RunStopped before anything is written; what ends the writing
    early is in the answer.
    """
    if not choice.dry_run:
        settings.for_target(settings.chosen(target)[0]).require_mappings()
    # What a first load would double is what is looked for here: nobody need count it before.
    asked = Options(select=choice.select, create_anyway=True)
    opened = open_target(settings, target, asked)
    looked = [m for m in opened.mappings if not choice.select or m.name in choice.select]
    by = chosen_fields(choice.by, looked, selected=bool(choice.select))
    decisions = read_decisions(choice.decisions, list(by)) if choice.decisions else []
    with connect(settings.database()) as connection:
        org = state.identify(connection, opened.client)
        announce(org)

        def look() -> Look:
            return _look(connection, opened, org, by, decisions, choice.decisions)

        found = look()
        agreed = agree(found)
        if choice.dry_run or not agreed:
            return None
        with state.locked(connection, org.id):
            number = state.begin_run(connection, org, opened.client.signed_in.user_id)
            run = Writing(connection, opened.client, org.id, number)
            outcome, error = Outcome(), None
            try:
                _note_mode(run)
                if choice.is_asked:
                    found = _still(found, look())
                mappings = {m.name: m for m in opened.mappings}
                write_keys(run, found.found, mappings, outcome)
            except BaseException as ended:
                error = trouble(ended) if isinstance(ended, psycopg.Error) else ended
            open_, creating = _finish(run, found, outcome, error)
            if error is not None and not isinstance(error, CrmSyncError):
                raise error
        return Adopted(found, outcome, opened.client.calls, open_, creating, error)


def _look(
    connection: psycopg.Connection[Any],
    opened: Opened,
    org: Org,
    by: dict[str, tuple[str, ...]],
    decisions: Sequence[Decision],
    file: Path | None,
) -> Look:
    with plan_transaction(connection, keep=False):
        scope, _, _ = plan_rows(connection, opened, org, run_number=0, keep=False)
        found = find(scope, opened.client, by, decisions, file)
    return Look(
        org=org,
        found=found,
        facts=dict(scope.facts),
        mask=opened.masking.mask(scope.facts),
        tables={m.name: m.source.table for m in scope.mappings},
        left_out=tuple(m.name for m in scope.mappings if m.name not in by),
        calls=opened.client.calls,
    )


def _note_mode(run: Writing) -> None:
    """The run compares nothing, and a report of a sync must not take it for the one before."""
    values = {"org": run.org_id, "run": run.run_number, "mode": "adopt"}
    run.connection.execute(statements_of_sync("keep")["note_mode"], values)


def _still(shown: Look, now: Look) -> Look:
    """What is found now, if a person agreed to just that."""
    if [one.pairs for one in shown.found] != [one.pairs for one in now.found]:
        raise GuardStopped(
            "Rows or records changed since they were shown, so nothing was written.",
            "Run crm-sync adopt again.",
        )
    return now


def _finish(
    run: Writing, look: Look, outcome: Outcome, error: BaseException | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Notes how it ended, and lets those mappings create of which nothing is open; gives the
    others, and those of them that create all the same.

    Without a connection nothing is noted: the next run marks this one as interrupted.
    """
    counts = {name: {"adopt": number} if number else {} for name, number in outcome.adopted.items()}
    for left, number in Counter((one.mapping, one.outcome) for one in outcome.left).items():
        counts[left[0]][left[1]] = number
    open_ = [
        one.mapping
        for one in look.found
        if error is not None or one.matched.ambiguous or outcome.left_of(one.mapping)
    ]
    done = [one.mapping for one in look.found if one.mapping not in open_]
    status = "finished with problems" if outcome.left else "finished"
    if error is not None:
        status = "stopped" if isinstance(error, Exception) else "interrupted"
    try:
        run.connection.rollback()  # an interrupt may have left a transaction open
        with run.connection.transaction():
            if holds_run(run.connection, run.org_id, run.run_number):
                values = {
                    "org": run.org_id,
                    "run": run.run_number,
                    "status": status,
                    "counts": Jsonb(counts),
                    "calls": run.client.calls,
                    "message": str(getattr(error, "sentence", error)) if error else None,
                }
                run.connection.execute(statements()["finish"], values)
                allow_creates(run.connection, run.org_id, done)
            asked = {"org": run.org_id, "mappings": open_}
            creating = run.connection.execute(statements()["creating"], asked).fetchall()
    except psycopg.Error:
        return tuple(one.mapping for one in look.found), ()
    return tuple(open_), tuple(row[0] for row in creating)
