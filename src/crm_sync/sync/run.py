"""A run, told once: sign in, plan, and either show the plan or send it.

`sync` and `dry_run` are what the command line and the flows call. Each opens its own connection;
a sync holds the org's lock on it, and every step that writes goes through that same connection,
so a run whose connection is gone can do nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import psycopg

from crm_sync.errors import CrmSyncError, GuardStopped, LimitReached, OrgAccessError
from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.check import check_mappings, unlisted_values
from crm_sync.mapping.finding import raise_first
from crm_sync.mapping.load import load_mappings, select
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parts import FieldRule
from crm_sync.report.model import Org, PlanReport, RunReport
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.settings import Settings
from crm_sync.sync import bulk, due, lookup, state
from crm_sync.sync.against import read_edits
from crm_sync.sync.batches import CALL
from crm_sync.sync.database import connect
from crm_sync.sync.ending import final_status, finish, sweep, with_rest
from crm_sync.sync.errors import Ended
from crm_sync.sync.facts import read_facts
from crm_sync.sync.foretell import find_holders
from crm_sync.sync.headers import header_findings
from crm_sync.sync.idle import idle_records
from crm_sync.sync.jobs import Job, Jobs, waiting_jobs
from crm_sync.sync.known_mappings import (
    check_mapping_identity,
    keep_mappings,
    note_renamed,
    rename_mappings,
)
from crm_sync.sync.mask import Masking
from crm_sync.sync.options import Options
from crm_sync.sync.plan import (
    Plan,
    check_sources,
    create_tables,
    create_views,
    fingerprints,
    guard_deletions,
    keep_plan,
    load_source,
    make_plan,
)
from crm_sync.sync.progress import Event, Progress, Tally
from crm_sync.sync.push import push
from crm_sync.sync.read import plan_report, problem_rows
from crm_sync.sync.scope import Scope, are_siblings
from crm_sync.sync.session import trouble

__all__ = ["Options", "describe", "dry_run", "plan_transaction", "sync"]

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
    """The plan that a sync would send now. Reads only; leaves nothing behind, here or there.

    The report's rows can be read inside the `with`.
    """
    opened = _open(settings, target, options)
    with connect(settings.database()) as connection:
        org = state.identify(connection, opened.client)
        if announce:
            announce(org)
        with plan_transaction(connection, keep=False):
            scope, plan, _ = _plan(connection, opened, org, run_number=0, keep=False)
            edits = read_edits(scope, opened.client) if opened.options.against_org else None
            mask = opened.masking.mask(scope.facts)
            yield plan_report(scope, plan, org, opened.client, mask, _notes(scope), edits)


def sync(
    settings: Settings,
    target: str | None = None,
    options: Options = EVERYTHING,
    announce: Announce | None = None,
    progress: Progress | None = None,
) -> RunReport:
    """One run: plan, send, record. See `docs/design-decisions.md` for the rules it keeps.

    Raises SetupError, OrgError or RunStopped before anything is sent, and Ended, with what was done
    until then, where the run ends early; what was not sent goes with the next run.
    """
    begun = time.monotonic()
    settings.require_mappings()
    opened = _open(settings, target, options)
    client = opened.client
    most = options.max_api_calls or client.target.max_api_calls
    client.budget = replace(client.budget, most=most)
    with connect(settings.database()) as connection:
        org = state.identify(connection, client)
        if announce:
            announce(org)
        with state.locked(connection, org.id):
            run = RunReport(org, state.begin_run(connection, org), "stopped", (), 0, 0.0)
            done = _Done()
            reason: BaseException | None = None
            try:
                _settle_jobs(connection, opened, run, progress)
                _send_plans(connection, opened, run, done, progress)
                status = "finished"
            except BaseException as error:
                status, reason = _ending(error)
                if isinstance(reason, LimitReached):
                    names = [m.name for m in opened.mappings]
                    reason = with_rest(reason, connection, org.id, names)
            message = done.message or (str(getattr(reason, "sentence", reason)) if reason else None)
            run = replace(run, status=status, message=message, calls=client.calls)
            run = replace(run, seconds=time.monotonic() - begun)
            summaries = finish(connection, run, done.scope)
            run = replace(
                run, summaries=summaries, status=final_status(run.status, summaries, run.message)
            )
            if reason is not None:
                raise _told(run, reason, done.scope)
            sweep(connection, org.id, settings.history_days)
            facts = done.scope.facts if done.scope else {}
            mask = opened.masking.mask(facts)
            rows = tuple(problem_rows(connection, org.id, opened.known, facts, mask))
            return replace(run, problems=rows)


@dataclass
class _Done:
    """How far a run came: the scope once its plan is kept, and what it has to say."""

    scope: Scope | None = None
    message: str | None = None


def _settle_jobs(
    connection: psycopg.Connection[Any], opened: _Opened, run: RunReport, progress: Progress | None
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
    opened: _Opened,
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
                    f"{plan.to_send} rows are left for the next run: records were found deleted in "
                    "Salesforce, or not as they were known"
                )
            return
        if plan.to_send > CALL:
            # A call to ask costs as much as one to send, whose answer tells the same.
            opened.client.learn_usage()
        tally.expect(plan.sent_by_mapping)
        outcome = push(scope, opened.client, tally)
        pushed.append(plan)
        stopped = "; ".join(f"{name} stopped: {code}" for name, code in outcome.stopped.items())
        done.message = stopped or None
        learned = outcome.changes_the_plan and not stopped


def _keep_plan(
    connection: psycopg.Connection[Any], opened: _Opened, run: RunReport, pushed: Sequence[Plan]
) -> tuple[Scope, Plan]:
    """One plan, allowed and kept. A person's flags ask for one attempt: they hold for the first."""
    options = opened.options
    if pushed:
        once = replace(options, full=False, resend=False, retry_refused=False)
        opened = replace(opened, options=once)
    with plan_transaction(connection, keep=True):
        scope, plan, marks = _plan(connection, opened, run.org, run.run_number, keep=True)
        if not pushed:
            _expect(plan, options)
        guard_deletions(plan, options, pushed)
        rename_mappings(connection, run.org.id)
        keep_plan(scope, plan)
        keep_mappings(connection, run.org.id, scope.mappings, marks, plan.compared.states)
        lookup.keep_references(scope, plan.compared.full)
        scope.run("note_mode", "keep", mode=plan.compared.mode)
    return scope, plan


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


@dataclass(frozen=True)
class _Opened:
    """A signed-in target and the mappings of this run."""

    client: Client
    mappings: tuple[Mapping, ...]
    known: tuple[Mapping, ...]
    options: Options
    default_owner: str | None
    masking: Masking


def _open(settings: Settings, target: str | None, options: Options) -> _Opened:
    files = load_mappings(settings.mappings)
    known = select(files, ())
    chosen = select(known, options.select)
    # A row may move between siblings, so they are planned together.
    mappings = tuple(m for m in known if m in chosen or any(are_siblings(m, c) for c in chosen))
    name, where = settings.chosen(target)
    for mapping in mappings:
        raise_first(header_findings(mapping, where.api_version))
    settings.database()
    masking = Masking(files, settings.mask_emails_and_phones)
    return _Opened(Client(name, where), mappings, known, options, where.default_owner, masking)


@contextmanager
def plan_transaction(connection: psycopg.Connection[Any], *, keep: bool) -> Iterator[None]:
    """One REPEATABLE READ snapshot for the whole plan; session settings cannot change a payload."""
    with connection.transaction(force_rollback=not keep):
        connection.execute("set transaction isolation level repeatable read")
        for name, value in (
            ("search_path", "public, pg_temp"),
            ("DateStyle", "ISO, YMD"),
            ("IntervalStyle", "iso_8601"),
            ("TimeZone", "UTC"),
            ("standard_conforming_strings", "on"),
            ("transform_null_equals", "off"),
            ("extra_float_digits", "1"),
            ("bytea_output", "hex"),
            # What to_char, money and quoting depend on besides; `volatility.sql` counts on it.
            ("lc_time", "C"),
            ("lc_numeric", "C"),
            ("lc_monetary", "C"),
            ("timezone_abbreviations", "Default"),
            ("quote_all_identifiers", "off"),
            ("array_nulls", "on"),
            ("backslash_quote", "safe_encoding"),
        ):
            connection.execute("select set_config(%s, %s, true)", [name, value])
        yield


def _plan(
    connection: psycopg.Connection[Any], opened: _Opened, org: Org, run_number: int, *, keep: bool
) -> tuple[Scope, Plan, dict[str, str]]:
    client, options = opened.client, opened.options
    create_tables(connection)
    create_views(connection, renamed=note_renamed(connection, org.id, opened.mappings))
    searched = check_mapping_identity(connection, org.id, opened.mappings)
    objects = [m.object for m in opened.known]
    objects += [r.object for m in opened.known for r in m.references.values()]
    facts = read_facts(connection, client, org, objects, refresh=options.full, keep=keep)
    scope = Scope(
        connection, org.id, run_number, opened.mappings, opened.known, facts,
        read_catalog(connection), options,
    )  # fmt: skip
    lookup.recall_references(scope, client)
    if opened.default_owner:
        scope = _with_owner(scope, client, opened.default_owner)
    check_mappings(connection, scope.mappings, scope.catalog, facts, scope.known)
    marks = fingerprints(scope)
    chosen = due.choose(scope, marks, searched, partial(lookup.has_changed_references, scope))
    whole = [m for m in scope.mappings if m.name in chosen.full]
    some = [m for m in scope.mappings if m.name not in chosen.full]
    lookup.find_references(scope, client, whole, due=False)
    due.find_due(scope, chosen)
    lookup.find_references(scope, client, some, due=True)
    for mapping in scope.mappings:  # parents first
        due.add_children(scope, chosen, mapping)
        if mapping in some:
            lookup.find_references(scope, client, [mapping], due=True)
        load_source(scope, mapping, due=mapping.name not in chosen.loaded)
        due.note_left(scope, chosen, mapping)
    check_sources(scope)
    if not keep:
        scope.run("find_in_flight", "bulk")
    lookup.find_records(scope, client, searched)
    lookup.settle_in_flight(scope, client)
    due.know(scope, chosen)
    find_holders(scope, client)
    return scope, make_plan(scope, chosen, marks), marks


def _with_owner(scope: Scope, client: Client, username: str) -> Scope:
    """The target's default owner: written on create to objects whose mapping names no owner, and
    in place of a user whom a lookup does not find, where it says so.
    """
    owner = lookup.find_owner(scope, client, username)
    if owner is None:
        raise OrgAccessError(
            f"The default_owner of target {client.name} is no active user of the org.",
            "Write the user name (like an e-mail address) of an active user.",
        )
    rule = FieldRule(constant=owner, write="on_create")

    def owned(mapping: Mapping) -> Mapping:
        mapping = mapping.with_default_user(owner)
        facts = scope.facts[mapping.object].fields.get("OwnerId")
        named = "OwnerId" in mapping.fields or "OwnerId" in mapping.lookups
        if named or facts is None or not facts.createable:
            return mapping
        return mapping.model_copy(update={"fields": {**mapping.fields, "OwnerId": rule}})

    return replace(
        scope,
        mappings=tuple(owned(m) for m in scope.mappings),
        known=tuple(owned(m) for m in scope.known),
    )


def _expect(plan: Plan, options: Options) -> None:
    if options.expect and options.expect != plan.digest:
        raise GuardStopped(
            f"The plan is not the one that was expected: its digest is {plan.digest}.",
            "Something changed since; look at a new dry run.",
        )


def _notes(scope: Scope) -> tuple[str, ...]:
    """What a reader of the report should know besides the rows."""
    return (
        *waiting_jobs(scope),
        *idle_records(scope),
        *(
            str(found.as_error())
            for m in scope.mappings
            for found in unlisted_values(m, scope.facts[m.object])
        ),
    )
