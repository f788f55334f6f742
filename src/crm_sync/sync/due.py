"""Which rows a plan compares: those that may differ from what Salesforce holds, or every one.

In: what triggers noted in `sync.change` since the org's position, and what the last plan rested on.
Out: a `Comparison`, and the keys in the temporary table `due_row`. Both ways give the same plan;
the second is for what nobody notes: another mapping, another clock, a table rewritten, a trigger
that was disabled. `due.sql` has the statements.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from itertools import chain

from psycopg import sql

from crm_sync.mapping.keys import differing_rows, foreign_key, rows_joining
from crm_sync.mapping.model import Mapping
from crm_sync.report.headline import counted
from crm_sync.sync.scope import Scope

__all__ = [
    "Comparison",
    "add_children",
    "choose",
    "find_due",
    "know",
    "know_naming",
    "note_left",
]

_WHOLE_NUMBERS = ("uuid", "bigint", "integer", "smallint")
"""Types of keys that never differ in upper and lower case alone."""


@dataclass
class Comparison:
    """`full`: the mappings whose every row is compared, each with the reason; `loaded`: those of
    them whose rows are all loaded, whatever their records hold.
    """

    full: dict[str, str] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    mappings: int = 0
    states: dict[str, str] = field(default_factory=dict)  # what each mapping's source rests on now
    due: int = 0

    @property
    def mode(self) -> str:
        """As `sync.run` has it."""
        return "full" if len(self.full) == self.mappings else "incremental"

    @property
    def sentences(self) -> list[str]:
        """For the report: what was compared, and why not less."""
        reasons: dict[str, list[str]] = {}
        for name, reason in self.full.items():
            reasons.setdefault(reason, []).append(name)
        said = [
            f"Every row of {', '.join(names)} was compared: {reason}."
            for reason, names in reasons.items()
        ]
        if self.mode == "incremental":
            return [f"Compared what may have changed: {counted(self.due, 'row')}.", *said]
        return said if len(said) > 1 else [f"Every row was compared: {next(iter(reasons))}."]


def choose(
    scope: Scope,
    fingerprints: Map[str, str],
    searched: set[str],
    has_changed_references: Callable[[Mapping], bool],
) -> Comparison:
    """Decides for each mapping, and reads the changes into `changed_key`.

    `searched`: mappings whose records were looked for in Salesforce before.
    """
    chosen = Comparison(mappings=len(scope.mappings))
    tables = {t for m in scope.mappings for t in _tables(m)}
    states = {row[0]: row[1:] for row in scope.run("source_states", "due", tables=list(tables))}
    for m in scope.mappings:
        text = "|".join(f"{t}:{states[t][1]}" for t in _tables(m))
        chosen.states[m.name] = hashlib.sha256(text.encode()).hexdigest()[:16]
    if reason := _why_everything(scope):
        chosen.full = {m.name: reason for m in scope.mappings}
    else:
        scope.run("read_changes", "due")
        scope.connection.execute("analyze changed_key")
        truncated = {row[0] for row in scope.run("changed_tables", "due") if row[1]}
        known = {row[0]: row[1:] for row in scope.run("known_states", "due")}
        for m in scope.mappings:
            now = (fingerprints[m.name], chosen.states[m.name])
            reason = (
                next((f"{t} was truncated" for t in _tables(m) if t in truncated), "")
                or _why_new(m, searched, known.get(m.name), now)
                or _why_unsure(scope, m, {t: states[t][0] for t in _tables(m)})
                or ("a record that a lookup names is not what it was" * has_changed_references(m))
            )
            if reason:
                chosen.full[m.name] = reason
    for m in scope.mappings:
        if m.name in chosen.full and _must_load(scope, m):
            chosen.loaded.add(m.name)
    _take_siblings(scope, chosen)
    return chosen


def find_due(scope: Scope, chosen: Comparison) -> None:
    """Fills `due_row` for the mappings that are not loaded whole. What the lookups of those name
    whose every row is compared is known by then (`lookup.find_references`).
    """
    for m in scope.mappings:
        if m.name in chosen.loaded:
            continue
        scope.run("due_by_state", "due", mapping=m.name)
        if m.name in chosen.full:
            rows = differing_rows(m, scope.catalog, scope.facts[m.object], scope.org_id)
            # Two whole tables: by hash, whatever nobody has analyzed yet.
            scope.connection.execute("set local enable_nestloop = off")
            scope.compute(m, _DUE.format(rows))
            scope.connection.execute("set local enable_nestloop = on")
            continue
        scope.run("due_by_change", "due", mapping=m.name, table=m.source.table)
        for target in dict.fromkeys(m.source.join.values()):
            rows = rows_joining(m, target, scope.catalog, _CHANGED.format(sql.Literal(target)))
            scope.connection.execute(_DUE.format(rows))
    scope.run("due_as_lost", "due")
    for m in scope.mappings:
        scope.run("share_due", "due", mapping=m.name, siblings=scope.siblings(m))
    scope.run("moved_parents", "due")


def add_children(scope: Scope, chosen: Comparison, mapping: Mapping) -> None:
    """Makes the rows due whose parent's record moved or left; all parents are loaded by then."""
    if mapping.name in chosen.loaded:
        return
    lookups = [name for name, lookup in mapping.lookups.items() if lookup.branches]
    if lookups and scope.run("has_moved", "due").fetchone() == (True,):
        scope.connection.execute("analyze moved_record")
        scope.run("due_by_parent", "due", mapping=mapping.name, lookups=lookups)
    scope.connection.execute("analyze due_row")


def note_left(scope: Scope, chosen: Comparison, mapping: Mapping) -> None:
    """Notes which rows left a mapping's source, after `source_row` has it."""
    if mapping.name in chosen.loaded:
        scope.run("due_by_loading", "due", mapping=mapping.name)
        scope.connection.execute("analyze due_row")
    scope.run("left_parents", "due", mapping=mapping.name)


def know(scope: Scope, chosen: Comparison) -> None:
    """Picks what is known of the rows that are compared, once Salesforce was asked."""
    scope.run("know", "due")
    scope.run("know_lost", "due", states=["gone", "merged"])
    scope.connection.execute("analyze known_record (mapping, key)")
    scope.run("know_parents", "due")
    scope.connection.execute("analyze parent_record (mapping, key)")
    # After the parents: what names such a lead goes in the very push that finds it converted.
    scope.run("know_lost", "due", states=["converted"])
    counted = scope.run("count_due", "due").fetchone()
    chosen.due = counted[0] if counted else 0


def know_naming(scope: Scope) -> None:
    """Picks the records that may name one that leaves, where any does."""
    others = [row[0] for row in scope.run("other_mappings", "due")]
    scope.run("know_naming", "due", others=others)


_DUE = sql.SQL("insert into due_row\n{}on conflict do nothing")
_CHANGED = sql.SQL(
    "select distinct c.key from changed_key c where c.table_name = {} and c.key is not null"
)


def _tables(mapping: Mapping) -> Iterable[str]:
    return dict.fromkeys(chain([mapping.source.table], mapping.source.join.values()))


def _why_everything(scope: Scope) -> str:
    options = scope.options
    if options.full:
        return "that was asked for"
    if options.resend:
        return "every record is sent again"
    found = scope.run("position", "due").fetchone()
    if found is None or not found[0]:
        return "there is no earlier plan of this org to go on from"
    if not found[1]:
        return "the database was restored, and what the last plan saw means nothing here"
    return "a mapping has a new name, or its rows new keys" if found[2] else ""


def _why_new(
    mapping: Mapping, searched: set[str], known: tuple[str, str | None] | None, now: tuple[str, str]
) -> str:
    """Why what the last plan found is not to be relied on, or nothing."""
    if known is None:
        return "the mapping is new"
    if mapping.name not in searched:
        return "Salesforce is searched for its records first"
    if known[0] != now[0]:
        return "the mapping changed, or the fields that Salesforce describes"
    if known[1] is None:
        return "the mapping was not part of the last plan, or a record that lookups name changed"
    if known[1] != now[1]:
        return "its table, or the triggers that note changes, are not those of the last plan"
    return ""


def _why_unsure(scope: Scope, mapping: Mapping, faults: Map[str, str | None]) -> str:
    """Why changes of the mapping's rows are not noted as they should, or nothing."""
    for table, fault in faults.items():
        if fault:
            return f"{table} {fault}"
    if any(expression.time_dependent for _, expression in mapping.expressions):
        return "its SQL depends on more than the row (time_dependent)"
    if mapping.source.key != "id" or any(
        foreign_key(mapping, t, scope.catalog).target_column != "id"
        for t in mapping.source.join.values()
    ):
        return "changes are noted by the column id, and its key is another"
    return (
        ""
        if _keeps_case(scope, mapping)
        else "keys may differ in case alone, which its external ID ignores"
    )


def _keeps_case(scope: Scope, mapping: Mapping) -> bool:
    """Whether two keys can never be one to Salesforce."""
    key_type = scope.catalog[mapping.source.table].columns[mapping.source.key]
    external = scope.facts[mapping.object].fields[mapping.external_id.field]
    return external.case_sensitive or key_type in _WHOLE_NUMBERS


def _must_load(scope: Scope, mapping: Mapping) -> bool:
    """Whether every row is sent, or seen beside every other, or has no record to differ from."""
    if scope.options.resend:
        return True
    known = scope.run("has_records", "due", mapping=mapping.name).fetchone()
    return known != (True,) or not _keeps_case(scope, mapping)


def _take_siblings(scope: Scope, chosen: Comparison) -> None:
    """Siblings go one way: a row may have moved from one to the other, or be claimed by both."""
    for m in scope.mappings:
        siblings = scope.siblings(m)
        full = [name for name in siblings if name in chosen.full]
        if full and m.name not in chosen.full:
            chosen.full[m.name] = f"it shares its table with {full[0]}"
        if any(name in chosen.loaded for name in siblings):
            chosen.loaded.add(m.name)
