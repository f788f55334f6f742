"""The plan: what differs between the source and what Salesforce was last known to hold.

In: compiled mappings, field facts and a connection inside a REPEATABLE READ transaction. Out: the
temporary table `plan_row` and its counts. `plan.sql` decides; this module only runs its blocks,
parents before children. A dry run rolls the transaction back; a sync keeps the plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from crm_sync.errors import MappingError
from crm_sync.mapping.compile import compile_mapping
from crm_sync.mapping.keys import present_keys
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.parents import resolved_rows
from crm_sync.mapping.parts import FieldRule, Lookup
from crm_sync.report.model import Edits
from crm_sync.sync.due import Comparison, know_naming
from crm_sync.sync.foretell import foretell
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements

__all__ = [
    "MappingCounts",
    "Plan",
    "check_sources",
    "count_unchanged",
    "create_tables",
    "create_views",
    "fingerprints",
    "keep_plan",
    "load_source",
    "make_plan",
]

FEW = 500
"""Rows of a mapping that may change unasked, however few records it has (`guards.py`)."""

_RESOLVED = sql.SQL("create or replace temp view resolved_row as\n{}")

Look = Callable[[Scope], Edits | None]


@dataclass(frozen=True)
class MappingCounts:
    """One mapping's rows: those of the source that were compared, those of them that the plan has,
    records that leave, and rows of the plan by action or state. Where any leaves, or many change,
    also how many records the mapping has, and whether its source has no row at all.
    """

    compared: int
    staying: int
    leaving: int
    rows: dict[str, int]
    recorded: int = 0
    is_empty: bool = False


@dataclass(frozen=True)
class Plan:
    """The plan of a scope: counts by mapping, the digest that `--expect` asks for, which rows were
    compared, and by mapping the rows that change and that no plan before had; none before the first
    load is done.
    """

    counts: dict[str, MappingCounts]
    digest: str
    cascaded: dict[str, int]
    compared: Comparison
    changing: dict[str, int]
    edits: Edits | None = None  # what people edited; None where the calls that write read it
    without_key: dict[str, int] = field(default_factory=dict)
    """By mapping, records of the org that its first load could double (`first_load.py`)."""

    @property
    def to_send(self) -> int:
        """Rows that a push sends."""
        return sum(self.sent_by_mapping.values())

    @property
    def sent_by_mapping(self) -> dict[str, int]:
        """Rows that a push sends, by mapping."""
        sent = ("create", "update", "delete")
        return {name: sum(c.rows.get(a, 0) for a in sent) for name, c in self.counts.items()}

    @property
    def creating(self) -> list[str]:
        """The mappings of which a push creates records."""
        return [name for name, counts in self.counts.items() if counts.rows.get("create")]

    def leaving(self, name: str) -> int:
        """Records of a mapping that go or are marked, and what Salesforce takes along."""
        return self.counts[name].leaving + self.cascaded.get(name, 0)


def create_tables(connection: psycopg.Connection[Any]) -> None:
    """The temporary tables of a plan, gone with its transaction."""
    connection.execute(statements("plan")["create_tables"])


def create_views(connection: psycopg.Connection[Any], *, renamed: bool) -> None:
    """What is known, for a plan; `renamed`: some of it stands under former names or keys."""
    for block in ("create_renamed_views" if renamed else "create_views", "create_left_view"):
        connection.execute(statements("plan")[block])


def keep_plan(scope: Scope, plan: Plan) -> None:
    """The plan, and what was found on the way, become state; a dry run leaves this out."""
    is_whole = len(scope.mappings) == len(scope.known)
    scope.run("keep_followed", "followed")
    for block in ("forget_absent", "store_found", "forget_ended", "forget_plan", "store_plan",
                  "tell_open"):  # fmt: skip
        scope.run(block, "keep", is_whole=is_whole)
    for mapping in scope.mappings:
        if scope.run("ended_records", "keep", mapping=mapping.name).fetchone() == (True,):
            _clear_values(scope, mapping, due=mapping.name not in plan.compared.loaded)
    scope.run("blank_history", "keep")
    if is_whole:  # what a part of the mappings saw is no position
        scope.run("store_position", "keep")


def _clear_values(scope: Scope, mapping: Mapping, *, due: bool) -> None:
    """Clears the values of records that stay although their row is gone from the table."""
    if any(mapping.conditions):
        scope.connection.execute(
            sql.SQL("insert into present_row\n{}").format(
                present_keys(mapping, scope.catalog, due=due)
            )
        )
    kept = [*mapping.on_delete.values, *mapping.lookups]
    scope.run("clear_values", "keep", mapping=mapping.name, kept=kept)


def fingerprints(scope: Scope) -> dict[str, str]:
    """One value for each mapping, of all that decides what its rows become."""
    return {m.name: _fingerprint(scope, m) for m in scope.mappings}


def _fingerprint(scope: Scope, mapping: Mapping) -> str:
    query = compile_mapping(mapping, scope.catalog, scope.facts[mapping.object])
    text = query.as_string(scope.connection) + mapping.model_dump_json()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_source(scope: Scope, mapping: Mapping, *, due: bool) -> None:
    """Runs a compiled mapping into `source_row`: every row, or those in `due_row`.

    Raises MappingError where an expression is wrong for a row. That our role sees every row was
    checked before (`mapping.check.check_mappings`).
    """
    query = compile_mapping(mapping, scope.catalog, scope.facts[mapping.object], due=due)
    into = sql.SQL("insert into source_row (mapping, key, label, payload, lookups, problems)\n{}")
    scope.compute(mapping, into.format(query))
    # Nobody analyzes temporary tables by himself, and without it a large plan takes bad ways.
    scope.connection.execute("analyze source_row (mapping, key)")


def check_sources(scope: Scope) -> None:
    """Raises MappingError where a row comes twice, or two mappings of a group claim one row."""
    for mapping in scope.mappings:
        _check_case(scope, mapping)
        for sibling in scope.siblings(mapping):
            twice = scope.run("claimed_twice", mapping=mapping.name, sibling=sibling).fetchone()
            if twice:
                raise MappingError(
                    f"{twice[0]} and {twice[1]} both take {mapping.source.table} row {twice[2]}.",
                    "Make their `where` exclude each other.",
                    mapping.where("source", "where"),
                )


def _check_case(scope: Scope, mapping: Mapping) -> None:
    """Raises MappingError for keys that Salesforce would take for one: a unique field that is not
    case-sensitive matches without regard to case (Apex Developer Guide, Upserting Records).
    """
    field = mapping.external_id.field
    if scope.facts[mapping.object].fields[field].case_sensitive:
        return
    if found := scope.run("differ_in_case", mapping=mapping.name).fetchone():
        raise MappingError(
            f"The keys {found[0]} and {found[1]} of {mapping.source.table} differ in upper and "
            f"lower case alone, which {mapping.object}.{field} ignores: they would share a record.",
            f"Make {field} Unique (case-sensitive) in Setup.",
            mapping.where("external_id"),
        )


def make_plan(
    scope: Scope, chosen: Comparison, fingerprints: Map[str, str], look: Look | None = None
) -> Plan:
    """Decides for every row that is compared what is to be done; see `plan.sql`. `look`: reads what
    people edited, and holds rows for it.
    """
    at_hand = {row[0] for row in scope.run("at_hand")}
    for mapping in scope.mappings:
        if mapping.name not in at_hand:
            continue  # to plan these statements takes longer than to run them
        facts = scope.facts[mapping.object]
        values: dict[str, Any] = {
            "mapping": mapping.name,
            "fingerprint": fingerprints[mapping.name],
            "siblings": scope.siblings(mapping),
            "on_delete": mapping.on_delete.action,
            "set": Jsonb(dict(mapping.on_delete.values)),
            "on_missing": mapping.on_missing,
            "on_create": _on_create(mapping),
            "lookups": [name for name, look in mapping.lookups.items() if look.branches],
            "not_null": [f.name for f in facts.fields.values() if not f.nillable],
        }
        scope.run("leave", **values)
        scope.connection.execute(_RESOLVED.format(resolved_rows(mapping)))
        scope.run("decide", **values)
        foretell(scope, mapping)
        scope.run("hold_contested", "followed", mapping=mapping.name)
        scope.connection.execute("analyze plan_row (mapping, key, action, state)")
    edits = look(scope) if look else None
    scope.run("pair_moves")
    cascaded = _keep_children(scope)
    counts = {
        name: MappingCounts(compared, staying, leaving, dict(rows))
        for name, compared, staying, leaving, rows in scope.run("counts")
    }
    digest = scope.run("digest").fetchone()
    goes = ("create", "update", "blocked")
    changing: dict[str, int] = {}
    if any(name in found.rows for found in counts.values() for name in goes):
        changing = dict(scope.run("changing", "guards").fetchall())
    plan = Plan(counts, digest[0] if digest else "", cascaded, chosen, changing, edits)
    return replace(plan, counts={m.name: _weighed(scope, plan, m) for m in scope.mappings})


def count_unchanged(scope: Scope, plan: Plan) -> dict[str, int]:
    """Rows of each mapping that are in Salesforce as they should be, compared or not. Reads every
    row of a source that was not compared whole: for people, who look at a dry run, not for a sync.
    """
    return {m.name: _unchanged(scope, plan, m) for m in scope.mappings}


def _unchanged(scope: Scope, plan: Plan, mapping: Mapping) -> int:
    counts = plan.counts[mapping.name]
    if mapping.name in plan.compared.loaded:
        return counts.compared - counts.staying
    query = compile_mapping(mapping, scope.catalog, scope.facts[mapping.object])
    found = scope.compute(mapping, sql.SQL("select count(*) from ({}) as s").format(query))
    row = found.fetchone()
    return (row[0] if row else 0) - counts.staying


def _weighed(scope: Scope, plan: Plan, mapping: Mapping) -> MappingCounts:
    """Counts by which the guards judge: of the whole mapping, where they need them."""
    counts = plan.counts[mapping.name]
    leaving = plan.leaving(mapping.name)
    if not leaving and plan.changing.get(mapping.name, 0) <= FEW:
        return counts
    recorded = scope.run("weigh", "due", mapping=mapping.name).fetchone()
    counts = replace(counts, recorded=recorded[0] if recorded else 0)
    if not leaving:
        return counts
    query = compile_mapping(mapping, scope.catalog, scope.facts[mapping.object])
    filled = scope.compute(mapping, sql.SQL("select exists (select from ({}) as s)").format(query))
    return replace(counts, is_empty=filled.fetchone() != (True,))


def _keep_children(scope: Scope) -> dict[str, int]:
    """Lets deletions wait for the children that leave; how many records they would take along."""
    if scope.run("has_deletions").fetchone() != (True,):
        return {}
    know_naming(scope)
    edges = sorted({(child, field) for _, child, field in children(scope.known, scope.known)})
    scope.run(
        "find_children",
        "children",
        children=[child for child, _ in edges],
        fields=[field for _, field in edges],
        known=[m.name for m in scope.known],
    )
    scope.connection.execute("analyze child_record")
    scope.run("find_taken_along", "children")
    scope.run("wait_for_children", "children")
    return dict(scope.run("cascaded", "children").fetchall())


def _on_create(mapping: Mapping) -> list[str]:
    rules: dict[str, FieldRule | Lookup] = {**mapping.fields, **mapping.lookups}
    return [name for name, rule in rules.items() if rule.write == "on_create"]


def children(known: Sequence[Mapping], parents: Sequence[Mapping]) -> list[tuple[str, str, str]]:
    """(parent mapping, child mapping, lookup field) of every lookup that names one of `parents`."""
    names = {m.name for m in parents}
    return [
        (branch.mapping, child.name, field)
        for child in known
        for field, lookup in child.lookups.items()
        for branch in lookup.branches
        if branch.mapping in names
    ]
