"""A run, told once: sign in, plan, and either show the plan or send it.

`sync` and `dry_run` are what the command line and the flows call. Each opens its own connection;
a sync holds the org's lock on it, and every step that writes goes through that same connection,
so a run whose connection is gone can do nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import psycopg

from crm_sync.errors import CrmSyncError, GuardStopped, LimitReached
from crm_sync.mapping.check import unlisted_values
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.of_target import narrowings
from crm_sync.mapping.problem_codes import PROBLEMS
from crm_sync.report.model import Org, PlanReport, RunReport
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.settings import Settings
from crm_sync.sync import bulk, first, lookup, state
from crm_sync.sync.against import Lost, find_lost
from crm_sync.sync.batches import CALL
from crm_sync.sync.carry import carry_keys, carrying_notes
from crm_sync.sync.database import connect
from crm_sync.sync.edits import told_of_run
from crm_sync.sync.ending import final_status, finish, sweep, with_rest
from crm_sync.sync.errors import Ended
from crm_sync.sync.facts import read_facts
from crm_sync.sync.first_load import allow_creates
from crm_sync.sync.guards import raise_stops, stops
from crm_sync.sync.idle import idle_records
from crm_sync.sync.jobs import Job, Jobs, waiting_jobs
from crm_sync.sync.known_mappings import (
    keep_mappings,
    rename_mappings,
)
from crm_sync.sync.options import Options
from crm_sync.sync.plan import (
    Plan,
    keep_plan,
)
from crm_sync.sync.prepare import Opened, open_target, plan_rows, plan_transaction
from crm_sync.sync.progress import Event, Progress, Tally
from crm_sync.sync.push import push
from crm_sync.sync.read import plan_report, problem_rows
from crm_sync.sync.scope import Scope
from crm_sync.sync.session import trouble

__all__ = ["Options", "describe", "dry_run", "sync"]

EVERYTHING = Options()
"""Every mapping, and no flag."""

Announce = Callable[[Org], None]
"""Called with the org as soon as it is known, before anything is planned."""


@contextmanager
def dry_run(
    settings: Settings,
    target: str | None = None,
    options: Options = EVERYTHING,
    announce: Announce | None = None,
) -> Iterator[PlanReport]:
    """The plan that a sync would send now. Reads only; leaves nothing behind, here or there. It
    holds no lock and keeps no session, so it works through a transaction pooler, too.

    The report's rows can be read inside the `with`.
    """
    opened = open_target(settings, target, options)
    with connect(settings.database(), in_one_transaction=True) as connection:
        org = state.identify(connection, opened.client)
        if announce:
            announce(org)
        with plan_transaction(connection, keep=False):
            if opened.options.against_org:
                scope, plan = _plan_against_org(connection, opened, org)
            else:
                scope, plan, _ = plan_rows(connection, opened, org, run_number=0, keep=False)
            mask = opened.masking.mask(scope.facts)
            yield plan_report(scope, plan, org, opened.client, mask, _notes(scope))


def _plan_against_org(
    connection: psycopg.Connection[Any], opened: Opened, org: Org
) -> tuple[Scope, Plan]:
    """The plan that a sync would end with: it plans again when it meets records that people deleted
    or merged (`_send_plans`), and so does this, level by level, as often at most.
    """
    lost: list[Lost] = []
    more: list[Lost] = []
    calls, rounds = 0, len(opened.mappings) + 1
    while True:
        lost += more
        rounds -= 1
        with connection.transaction() as attempt:
            scope, plan, _ = plan_rows(connection, opened, org, 0, keep=False, lost=lost)
            before = opened.client.calls
            more = find_lost(scope, opened.client) if rounds else []
            calls += opened.client.calls - before + (plan.edits.calls if plan.edits else 0)
            if more:
                raise psycopg.Rollback(attempt)  # the temporary tables of this plan go with it
            edits = plan.edits and replace(plan.edits, calls=calls)
            return scope, replace(plan, edits=edits)


def sync(
    settings: Settings,
    target: str | None = None,
    options: Options = EVERYTHING,
    announce: Announce | None = None,
    progress: Progress | None = None,
    ask: first.Ask | None = None,
) -> RunReport:
    """One run: plan, send, record. See `docs/design-decisions.md` for the rules it keeps. `ask`:
    shows a person the plan of the first sync to an org; without one it stops, unless `options.yes`.

    Raises SetupError, OrgError or RunStopped before anything is sent, and Ended, with what was done
    until then, where the run ends early; what was not sent goes with the next run.
    """
    begun = time.monotonic()
    settings.for_target(settings.chosen(target)[0]).require_mappings()
    opened = open_target(settings, target, options)
    client = opened.client
    most = options.max_api_calls or client.target.max_api_calls
    client.budget = replace(client.budget, most=most)
    with connect(settings.database()) as connection:
        org = state.identify(connection, client)
        if announce:
            announce(org)
        if first.is_asked(connection, org, options):
            opened = _confirmed(connection, opened, org, first.check_may_ask(org, ask))
        with state.locked(connection, org.id):
            run = RunReport(
                org,
                state.begin_run(connection, org, client.signed_in.user_id),
                "stopped",
                (),
                0,
                0.0,
            )
            done = _Done()
            reason: BaseException | None = None
            try:
                _settle_jobs(connection, opened, run, progress)
                carry_keys(connection, opened, run, partial(_allow, opened, run.org))
                _send_plans(connection, opened, run, done, progress)
                status = "finished"
            except BaseException as error:
                status, reason = _ending(error)
                if isinstance(reason, LimitReached):
                    names = [m.name for m in opened.mappings]
                    reason = with_rest(reason, connection, org.id, names)
            facts = done.scope.facts if done.scope else {}
            mask = opened.masking.mask(facts)
            message = done.message or (str(getattr(reason, "sentence", reason)) if reason else None)
            run = replace(run, status=status, message=message, calls=client.calls)
            run = replace(run, seconds=time.monotonic() - begun)
            summaries = finish(connection, run, done.scope)
            run = replace(
                run, summaries=summaries, status=final_status(run.status, summaries, run.message)
            )
            with suppress(psycopg.Error):  # a connection that is gone has told so already
                asked = (connection, org.id, run.run_number, opened.known, facts, mask)
                count, lost = told_of_run("overwritten", *asked)
                run = replace(run, overwritten=count, overwritten_rows=lost)
                count, closed = told_of_run("closed", *asked)
                run = replace(run, closed=count, closed_rows=closed)
            if reason is not None:
                raise _told(run, reason, done.scope)
            sweep(connection, org.id, settings.history_days)
            rows = tuple(problem_rows(connection, org.id, opened.known, facts, mask))
            return replace(run, problems=rows)


def _confirmed(
    connection: psycopg.Connection[Any], opened: Opened, org: Org, ask: first.Ask
) -> Opened:
    """With the plan as the one to expect that a person has seen and agreed to."""
    with plan_transaction(connection, keep=False):
        scope, plan, _ = plan_rows(connection, opened, org, run_number=0, keep=False)
        _allow(opened, org, scope, plan)
        mask = opened.masking.mask(scope.facts)
        report = plan_report(scope, plan, org, opened.client, mask, _notes(scope))
    digest = first.agreed(report, ask) or opened.options.expect
    return replace(opened, options=replace(opened.options, expect=digest))


@dataclass
class _Done:
    """How far a run came: the scope once its plan is kept, and what it has to say."""

    scope: Scope | None = None
    message: str | None = None


def _settle_jobs(
    connection: psycopg.Connection[Any], opened: Opened, run: RunReport, progress: Progress | None
) -> None:
    """Before anything is planned: what became of the Bulk jobs of earlier runs."""
    client = opened.client
    jobs = Jobs(connection, run.org.id, run.run_number, client, opened.known, {})
    if not jobs.unfinished():
        return
    # To ask what became of rows that were sent takes some calls, and no later run has fewer.
    budget = client.budget
    client.budget = replace(budget, most=None)
    named = {m.name: m.object for m in opened.known}
    facts = read_facts(connection, client, run.org, list(named.values()), refresh=False, keep=True)

    def tell(job: Job) -> None:
        if progress:
            progress(
                Event(
                    mapping=job.mapping,
                    object=named.get(job.mapping, job.mapping),
                    done=0,
                    total=job.rows,
                    run_done=0,
                    run_total=job.rows,
                    calls=client.calls,
                    job_id=job.id,
                )
            )

    bulk.settle_unfinished(replace(jobs, facts=facts), tell)
    client.budget = budget


def _send_plans(
    connection: psycopg.Connection[Any],
    opened: Opened,
    run: RunReport,
    done: _Done,
    progress: Progress | None,
) -> None:
    """Plans and pushes, and again while a push learned what changes the plan: a record that people
    deleted is made again, then its children, level by level. What the last plan holds beyond that,
    or beyond the plan that was expected, is kept for the next run, and the run says so.
    """
    tally = Tally(opened.client, progress)
    pushed: list[Plan] = []
    rounds = 1 if opened.options.expect else len(opened.mappings) + 1
    learned = True
    while learned:
        scope, plan = _keep_plan(connection, opened, run, pushed)
        done.scope = scope
        if len(pushed) == rounds:
            if plan.to_send:
                done.message = (
                    f"{plan.to_send:,} rows are left for the next run: records were found deleted "
                    "in Salesforce, or not as they were known"
                )
            return
        if plan.to_send > CALL:
            # A call to ask costs as much as one to send, whose answer tells the same.
            opened.client.learn_usage()
        tally.expect(plan.sent_by_mapping)
        outcome = push(scope, opened.client, tally, reads_along=plan.edits is None)
        pushed.append(plan)
        stopped = "; ".join(_stopped(*one) for one in outcome.stopped.items())
        done.message = stopped or None
        learned = outcome.changes_the_plan and not stopped


def _stopped(mapping: str, code: str) -> str:
    """That Salesforce takes no row of a mapping, and why."""
    means = f" ({PROBLEMS[code].means.removesuffix('.')})" if code in PROBLEMS else ""
    return f"{mapping} stopped: {code}{means}"


def _keep_plan(
    connection: psycopg.Connection[Any], opened: Opened, run: RunReport, pushed: Sequence[Plan]
) -> tuple[Scope, Plan]:
    """One plan, allowed and kept. A person's flags ask for one attempt: they hold for the first."""
    options = opened.options
    if pushed:
        once = replace(options, full=False, resend=False, retry_refused=False, overwrite=())
        opened = replace(opened, options=once)
    with plan_transaction(connection, keep=True):
        scope, plan, marks = plan_rows(connection, opened, run.org, run.run_number, keep=True)
        _allow(opened, run.org, scope, plan, pushed)
        rename_mappings(connection, run.org.id)
        keep_plan(scope, plan)
        keep_mappings(connection, run.org.id, scope.mappings, marks, plan.compared.states)
        allow_creates(connection, run.org.id, plan.creating)
        lookup.keep_references(scope, plan.compared.full)
        scope.run("note_mode", "keep", mode=plan.compared.mode)
    return scope, plan


def _allow(opened: Opened, org: Org, scope: Scope, plan: Plan, pushed: Sequence[Plan] = ()) -> None:
    """Raises GuardStopped where the plan is not the expected one, or must not be sent unasked.
    `pushed`: plans of the same run before it.
    """
    expected = opened.options.expect
    if expected and not pushed and expected != plan.digest:
        raise GuardStopped(
            f"The plan is not the one that was expected: its digest is {plan.digest}.",
            "Something changed since; look at a new dry run. Rows that are held because people "
            "edited them in Salesforce are foretold by dry-run --against-org.",
        )
    raise_stops(list(stops(scope, plan, opened.client, org, pushed)))


def _ending(error: BaseException) -> tuple[str, BaseException]:
    """How a run is noted that ends with this error, and the error as it is told."""
    if isinstance(error, psycopg.Error):
        return "stopped", trouble(error)
    if isinstance(error, Exception):
        return "stopped", error
    return "interrupted", error  # Ctrl-C, or a signal that Prefect or the system turned into one


def _told(run: RunReport, reason: BaseException, scope: Scope | None) -> BaseException:
    """What the caller is told: with the report, where a person or a known error ended the push."""
    known = isinstance(reason, (CrmSyncError, KeyboardInterrupt))
    return Ended(run, reason) if known and scope is not None else reason


def describe(
    connection: psycopg.Connection[Any],
    settings: Settings,
    target: str | None,
    mappings: Sequence[Mapping],
) -> dict[str, ObjectFacts]:
    """Field facts of the mappings' objects, as the target's org describes them now."""
    client = Client(*settings.chosen(target))
    org = state.identify(connection, client)
    objects = [m.object for m in mappings]
    return read_facts(connection, client, org, objects, refresh=True, keep=False)


def _notes(scope: Scope) -> tuple[str, ...]:
    """What a reader of the report should know besides the rows."""
    return (
        *narrowings(scope.mappings),
        *waiting_jobs(scope),
        *carrying_notes(scope),
        *idle_records(scope),
        *(
            str(found.as_error())
            for m in scope.mappings
            for found in unlisted_values(m, scope.facts[m.object])
        ),
    )
