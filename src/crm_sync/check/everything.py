"""The order of a check: the files, the org's describes, the database, then all together.

In: settings, and an org or saved describes. Out: findings, each as soon as it is known. Raises what
keeps a check from being done at all (no database, no session, no answer).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from crm_sync.check import org
from crm_sync.check.columns import column_findings
from crm_sync.check.database import database_wide_findings
from crm_sync.check.org_facts import has_person_accounts, setting_findings
from crm_sync.check.owners import named_findings, owner_findings
from crm_sync.check.rows import (
    Counted,
    count_rows,
    parent_findings,
    row_findings,
    twice_written,
)
from crm_sync.check.saved import Described, read_described
from crm_sync.errors import CrmSyncError, MappingError
from crm_sync.mapping.catalog import Catalog, read_catalog
from crm_sync.mapping.check import (
    database_findings,
    field_findings,
    lookup_findings,
    sound_part,
    unlisted_values,
)
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.fit import fit_findings
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.of_target import read_mappings_of
from crm_sync.mapping.parent_types import parent_type_findings
from crm_sync.mapping.references import reference_findings
from crm_sync.report.model import Org
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.settings import Settings
from crm_sync.sync import state
from crm_sync.sync.database import connect
from crm_sync.sync.headers import header_findings
from crm_sync.sync.idle import rename_findings
from crm_sync.sync.known_mappings import life_findings
from crm_sync.sync.options import Options
from crm_sync.sync.plan import create_tables
from crm_sync.sync.prepare import plan_transaction
from crm_sync.sync.scope import Scope

__all__ = ["check", "described_objects"]

Path_ = tuple[str, ...]


@dataclass
class _Checked:
    """What is known so far. `partial`: mappings of which a part alone is known, since the form of
    the file is wrong: what they lack is no mistake, and no row is theirs for sure. `wrong`:
    mappings with an error, of which the org is asked no more; `wrong_fields`: their fields and
    lookups that have one.
    """

    mappings: tuple[Mapping, ...]
    disabled: frozenset[str]
    client: Client | None
    partial: frozenset[str] = frozenset()
    described: dict[str, Described] = field(default_factory=dict)
    facts: dict[str, ObjectFacts] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    wrong_fields: dict[str, set[str]] = field(default_factory=dict)

    @property
    def sound(self) -> list[Mapping]:
        return [m for m in self.mappings if m.name not in self.wrong]

    def facts_of(self, mapping: Mapping) -> ObjectFacts:
        """Of a mapping's object; without a field where the org does not describe it."""
        return self.facts.get(mapping.object, ObjectFacts(name=mapping.object, fields={}))

    def note(self, mapping: Mapping, findings: Iterator[Finding]) -> Iterator[Finding]:
        for finding in findings:
            if finding.severity == "error":
                self.wrong.add(mapping.name)
                if finding.path[:1] in (("fields",), ("lookups",)):
                    self.wrong_fields.setdefault(mapping.name, set()).update(finding.path[1:2])
            yield finding


def check(
    settings: Settings,
    target: str | None,
    saved: Path | None,
    announce: Callable[[Org], None] | None = None,
) -> Iterator[Finding]:
    """Everything that is wrong, or worth knowing. `saved`: describes to check against instead of an
    org; without a database, too, what needs one is left out then, and said to be. `announce`: is
    called with the org before it is asked anything else.

    Where the org refuses us, its error comes last, behind what the database has to say.
    """
    if saved is None or target is not None:
        target, _ = settings.chosen(target)
    loaded = read_mappings_of(settings, target)
    yield from loaded.findings
    enabled = tuple(m for m in (*loaded.mappings, *loaded.parts) if m.enabled)
    if not enabled:
        return
    chosen = settings.chosen(target) if saved is None else None
    client: Client | None = None
    refused: CrmSyncError | None = None
    if chosen is not None:
        try:
            client = Client(*chosen)
            if announce:
                announce(state.ask_org(client))
        except CrmSyncError as error:
            client, refused = None, error
    disabled = frozenset(m.name for m in loaded.mappings if not m.enabled)
    found = _Checked(enabled, disabled, client, frozenset(m.name for m in loaded.parts))
    found.wrong.update(found.partial)
    yield from _idle_parents(found)
    yield from _describes(found, saved)
    yield from _against_org(found)
    if saved is not None:
        yield Finding(
            "offline", "information", str(saved),
            "Not checked without an org: hidden fields, duplicate rules, record types, owners, "
            "data storage.",
            "Leave out --offline for them.",
        )  # fmt: skip
    if saved is not None and not settings.names_database:
        yield Finding(
            "offline", "information", "database",
            "Not checked without a database: tables, columns, types, SQL, triggers, Power BI.",
            "Set CRM_SYNC_DATABASE_URL to one with your schema; it may be empty.",
        )  # fmt: skip
        return
    with connect(settings.database()) as connection, plan_transaction(connection, keep=False):
        create_tables(connection)
        yield from _against_database(found, connection, settings, target)
    if refused is not None:
        raise refused


def _idle_parents(found: _Checked) -> Iterator[Finding]:
    """Lookups that name a mapping which plans nothing."""
    for mapping in found.mappings:
        for name, lookup in mapping.lookups.items():
            for branch in lookup.branches:
                if branch.mapping in found.disabled:
                    yield said_of(
                        mapping, ("lookups", name), "parent-not-enabled",
                        f"{name} names the mapping {branch.mapping}, which is not enabled: a row "
                        "whose parent is not in Salesforce yet waits for ever.",
                        f"Enable {branch.mapping}, or take the lookup out.", severity="warning",
                    )  # fmt: skip


def described_objects(mappings: Sequence[Mapping]) -> list[str]:
    """The objects that mappings write, and then those that their lookups search, each once."""
    return list(_first_named(mappings))


def _first_named(mappings: Sequence[Mapping]) -> dict[str, tuple[Mapping, Path_]]:
    """By object: the first mapping that names it, and where."""
    first: dict[str, tuple[Mapping, Path_]] = {}
    for mapping in mappings:
        first.setdefault(mapping.object, (mapping, ("object",)))
    for mapping in mappings:
        for name, reference in mapping.references.items():
            first.setdefault(reference.object, (mapping, ("lookups", name)))
    return first


def _describes(found: _Checked, saved: Path | None) -> Iterator[Finding]:
    first = _first_named(found.mappings)
    if found.client is not None:
        for name, answer in found.client.describe(list(first)).items():
            if answer.ok:
                found.described[name] = answer.body
            else:
                yield org.no_object(found.client, *first[name], name, answer)
    elif saved is not None:
        found.described, damaged = read_described(saved, first)
        for name, file in damaged.items():
            yield Finding(
                "damaged-describe", "error", str(file), f"{file} is not the describe of {name}.",
                "Save it anew: crm-sync describe --save",
            )  # fmt: skip
        for name, place in first.items():
            if name not in found.described and name not in damaged:
                yield said_of(
                    *place, "unknown-object",
                    f"{saved} holds no describe of {name}.",
                    "Save it, with an org at hand (crm-sync describe --save), or correct the name.",
                )  # fmt: skip
    found.facts = {
        name: ObjectFacts.from_describe(answer) for name, answer in found.described.items()
    }


def _against_org(found: _Checked) -> Iterator[Finding]:
    """Each mapping against the describe of its object."""
    hidden: dict[str, frozenset[str]] = {}
    if found.client is not None:
        missing = {name: _missing(found, name) for name in found.facts}
        hidden = org.hidden_fields(found.client, {n: f for n, f in missing.items() if f})
    objects = {m.name: m.object for m in found.mappings}
    for mapping in found.mappings:
        facts = found.facts.get(mapping.object)
        if not {r.object for r in mapping.references.values()} <= found.facts.keys():
            found.wrong.add(mapping.name)
        if facts is None:
            found.wrong.add(mapping.name)
            continue
        yield from found.note(mapping, field_findings(mapping, facts, hidden.get(facts.name)))
        yield from found.note(mapping, lookup_findings(mapping, objects, facts))
        yield from found.note(mapping, reference_findings(mapping, found.facts, hidden))
        if found.client is not None:
            version = found.client.target.api_version
            yield from found.note(mapping, header_findings(mapping, version))
        yield from found.note(mapping, unlisted_values(mapping, facts))
        if mapping.name not in found.partial:
            yield from setting_findings(mapping, facts)
        if found.client is None and has_person_accounts(mapping, facts):
            yield said_of(
                mapping, ("fields", "Name"), "person-account",
                "Person accounts are on: of such an account Name cannot be written.",
                "See that rows get a record type of business accounts.", severity="information",
            )  # fmt: skip
    if found.client is not None:
        sound = [m for m in found.mappings if m.object in found.facts]
        yield from org.org_findings(found.client, sound, found.facts, found.described)


def _missing(found: _Checked, name: str) -> list[str]:
    """Fields of an object that mappings write, or search by, and that its describe lacks."""
    wanted = {
        field
        for m in found.mappings
        if m.object == name
        for field in (*m.rules, m.external_id.field)
    }
    wanted |= {r.by for m in found.mappings for r in m.references.values() if r.object == name}
    return sorted(wanted - found.facts[name].fields.keys())


def _against_database(
    found: _Checked,
    connection: psycopg.Connection[Any],
    settings: Settings,
    target: str | None,
) -> Iterator[Finding]:
    catalog = read_catalog(connection)
    by_name = {m.name: m for m in found.mappings}
    parts: dict[str, Mapping] = {}
    for mapping in found.mappings:
        # Where the org does not describe it, tables and SQL are checked all the same.
        facts = found.facts_of(mapping)
        told = list(database_findings(connection, mapping, catalog, facts))
        yield from found.note(mapping, iter(told))
        yield from found.note(mapping, parent_type_findings(mapping, by_name, catalog))
        if (sound := sound_part(mapping, told)) is not None:
            yield from fit_findings(connection, sound, catalog, facts)
            if mapping.name not in found.partial:
                parts[mapping.name] = sound
    yield from column_findings(found.mappings, catalog, found.partial)
    yield from database_wide_findings(connection, found.mappings, catalog)
    yield from _of_rows(found, connection, catalog, parts, settings, target)


def _of_rows(
    found: _Checked,
    connection: psycopg.Connection[Any],
    catalog: Catalog,
    parts: dict[str, Mapping],
    settings: Settings,
    target: str | None,
) -> Iterator[Finding]:
    """What the rows come to, and what they ask of the org: the users that they name, room for new
    records. `parts`: by name, what PostgreSQL takes of each mapping.
    """
    client = found.client
    org_id = ""  # no record is known
    if client is not None:
        org_id = state.identify(connection, client).id
        whole = [m for m in found.mappings if m.name not in found.partial]
        yield from life_findings(connection, org_id, whole)
    mappings = tuple(parts.values())
    facts = {m.object: found.facts_of(m) for m in found.mappings}
    scope = Scope(
        connection, org_id, 0, mappings, mappings, {**facts, **found.facts}, catalog, Options()
    )
    if client is not None:
        yield from rename_findings(scope)
        yield from owner_findings(scope, client, settings.chosen(target)[1].default_owner)
    counts: dict[str, Counted] = {}
    for mapping in mappings:
        if client is not None and mapping.name not in found.wrong:
            yield from found.note(mapping, iter(_named(scope, client, mapping)))
        done = count_rows(scope, mapping)
        yield from found.note(mapping, iter(done.failures))
        told = frozenset(found.wrong_fields.get(mapping.name, ()))
        yield from found.note(mapping, row_findings(mapping, done, told))
        counts[mapping.name] = done
    yield from _between_rows(found, scope, counts)
    sound = [m for m in found.sound if m.name in counts]
    if client is not None and sound:
        rows = {m.name: counts[m.name].new for m in sound}
        yield from org.storage_findings(client, sound, rows)


def _named(scope: Scope, client: Client, mapping: Mapping) -> list[Finding]:
    try:
        with scope.connection.transaction():
            return list(named_findings(scope, client, mapping))
    except (MappingError, psycopg.Error):
        return []  # it fails for a row; `count_rows` says for which


def _between_rows(found: _Checked, scope: Scope, counts: dict[str, Counted]) -> Iterator[Finding]:
    """What the rows of one mapping say of those of another, as far as all of them are computed."""
    sound = [m for m in scope.mappings if not counts[m.name].failures]
    parents: dict[str, Mapping | None] = {m.name: m for m in sound}
    parents |= dict.fromkeys(found.disabled)
    for mapping in sound:
        yield from parent_findings(scope, mapping, counts[mapping.name].rows, parents)
    yield from twice_written(scope, sound)
