"""What both a dry run and a sync begin with: a signed-in target, and one whole plan.

In: settings, a target's name and options; a connection inside `plan_transaction`. Out: the scope
and its plan in temporary tables. Writes nothing that outlives the transaction, but what `keep` asks
for; sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import psycopg

from crm_sync.errors import OrgAccessError
from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.check import check_mappings
from crm_sync.mapping.finding import raise_first
from crm_sync.mapping.load import select
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.of_target import mappings_of
from crm_sync.mapping.parts import FieldRule
from crm_sync.report.model import Org
from crm_sync.salesforce.client import Client
from crm_sync.settings import Settings
from crm_sync.sync import due, lookup
from crm_sync.sync.against import Lost, note_lost
from crm_sync.sync.edits import look_for_edits
from crm_sync.sync.facts import read_facts
from crm_sync.sync.first_load import count_without_key
from crm_sync.sync.followed import follow
from crm_sync.sync.foretell import find_holders
from crm_sync.sync.former_keys import as_before, note_rekeyed
from crm_sync.sync.headers import header_findings
from crm_sync.sync.known_mappings import check_mapping_identity, note_renamed
from crm_sync.sync.mask import Masking
from crm_sync.sync.options import Options
from crm_sync.sync.plan import (
    Plan,
    check_sources,
    create_tables,
    create_views,
    fingerprints,
    load_source,
    make_plan,
)
from crm_sync.sync.scope import Scope, are_siblings
from crm_sync.sync.session import lift_limits

__all__ = ["Opened", "open_target", "plan_rows", "plan_transaction"]


@dataclass(frozen=True)
class Opened:
    """A signed-in target and the mappings of this run."""

    client: Client
    mappings: tuple[Mapping, ...]
    known: tuple[Mapping, ...]
    options: Options
    default_owner: str | None
    masking: Masking


def open_target(settings: Settings, target: str | None, options: Options) -> Opened:
    """Reads the mappings and the target's settings, and signs in last.

    Raises MappingError and SettingsError before anything is asked of the org, then SignInError.
    """
    name, where = settings.chosen(target)
    files = mappings_of(settings, name)
    known = select(files, ())
    chosen = select(known, options.select)
    # A row may move between siblings, so they are planned together.
    mappings = tuple(m for m in known if m in chosen or any(are_siblings(m, c) for c in chosen))
    for mapping in mappings:
        raise_first(header_findings(mapping, where.api_version))
    settings.database()
    masking = Masking(files, settings.mask_emails_and_phones)
    return Opened(Client(name, where), mappings, known, options, where.default_owner, masking)


@contextmanager
def plan_transaction(connection: psycopg.Connection[Any], *, keep: bool) -> Iterator[None]:
    """One REPEATABLE READ snapshot for the whole plan; session settings cannot change a payload."""
    with connection.transaction(force_rollback=not keep):
        connection.execute("set transaction isolation level repeatable read")
        lift_limits(connection, for_transaction=True)
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


def plan_rows(
    connection: psycopg.Connection[Any],
    opened: Opened,
    org: Org,
    run_number: int,
    *,
    keep: bool,
    lost: Sequence[Lost] = (),
) -> tuple[Scope, Plan, dict[str, str]]:
    """The scope, its plan, and the fingerprint of each mapping; `lost`: what a dry run found that a
    sync would learn by sending.
    """
    client, options = opened.client, opened.options
    create_tables(connection)
    searched = check_mapping_identity(connection, org.id, opened.mappings)
    is_renamed = note_renamed(connection, org.id, opened.mappings)
    is_rekeyed = note_rekeyed(connection, org.id, opened.mappings)
    create_views(connection, renamed=is_renamed or is_rekeyed)
    objects = [m.object for m in opened.known]
    objects += [r.object for m in opened.known for r in m.references.values()]
    facts = read_facts(connection, client, org, objects, refresh=options.full, keep=keep)
    scope = Scope(
        connection, org.id, run_number, opened.mappings, opened.known, facts,
        read_catalog(connection), options,
    )  # fmt: skip
    note_lost(scope, lost)
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
    # A sync has let the records follow to their field of today (`carry.py`); a dry run has not.
    read = scope if keep else replace(
        scope, mappings=as_before(connection, org.id, scope.mappings, facts)
    )  # fmt: skip
    lookup.find_records(read, client, searched)
    lookup.settle_in_flight(read, client)
    follow(read, client)
    due.know(scope, chosen)
    find_holders(scope, client)
    look = partial(look_for_edits, client=client) if keep or options.against_org else None
    plan = make_plan(scope, chosen, marks, look)
    plan = replace(plan, without_key=count_without_key(scope, client, plan))
    return scope, plan, marks


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
