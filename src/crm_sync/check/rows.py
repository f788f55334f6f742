"""What the rows come to: SQL that fails for one, rows that are invalid, parents that never come.

In: a scope, and mappings that PostgreSQL can plan. Out: findings that count rows and show no value
of them. Every value of every row is computed, which a sync does not do in order to check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from itertools import combinations

import psycopg

from crm_sync.errors import CrmSyncError, MappingError
from crm_sync.mapping import refusals
from crm_sync.mapping.check import explain_error, sound_part
from crm_sync.mapping.finding import Finding, said_of
from crm_sync.mapping.finding_kinds import Severity
from crm_sync.mapping.keys import named_parents, parent_keys, row_counts, shared_keys
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.sql_errors import row_failures
from crm_sync.report.headline import counted
from crm_sync.sync.scope import Scope

__all__ = ["Counted", "at_a_row", "count_rows", "parent_findings", "row_findings", "twice_written"]

Broken = tuple[str, str, str, int, str]


@dataclass(frozen=True)
class Counted:
    """What a mapping's rows came to: how many there are, and how many have no record in the org
    that we know of. `broken`: code, field and mend of a rule, how many rows break it, and the
    longest sentence about one. `failures`: parts whose SQL fails for a row; the rest says nothing
    of them.
    """

    rows: int = 0
    new: int = 0
    broken: tuple[Broken, ...] = ()
    failures: tuple[Finding, ...] = ()


def count_rows(scope: Scope, mapping: Mapping) -> Counted:
    """Computes every value of every row of a mapping."""
    found = _computed(scope, mapping)
    if isinstance(found, Counted):
        return found
    failures = tuple(
        row_failures(scope.connection, mapping, scope.catalog, scope.facts[mapping.object])
    )
    if not failures:  # it is about the whole of it, such as a key that is not unique
        error = explain_error(scope.connection, mapping, scope.catalog, scope.facts, found)
        return Counted(failures=(at_a_row(error),))
    rest = sound_part(mapping, failures)
    counted_rest = None if rest is None else _computed(scope, rest)
    if not isinstance(counted_rest, Counted):
        return Counted(failures=failures)
    return Counted(counted_rest.rows, counted_rest.new, counted_rest.broken, failures)


def _computed(scope: Scope, mapping: Mapping) -> Counted | psycopg.Error:
    statement = row_counts(mapping, scope.catalog, scope.facts[mapping.object], scope.org_id)
    scope.connection.execute("select set_config('TimeZone', %s, true)", [mapping.time_zone])
    try:
        with scope.connection.transaction():
            lines = scope.connection.execute(statement).fetchall()
    except psycopg.Error as error:
        return error
    rows = new = 0
    broken: list[Broken] = []
    for code, field, mend, count, unknown, sentence, _ in lines:
        if code is None:
            rows, new = count, unknown
        else:
            broken.append((code, field, mend, count, sentence))
    return Counted(rows, new, tuple(broken))


def at_a_row(error: CrmSyncError) -> Finding:
    """SQL that PostgreSQL plans, and that fails for a row."""
    if isinstance(error, MappingError):
        return Finding.of_error("row-fails", error)
    return Finding("row-fails", "error", "database", error.sentence, error.mend)


def row_findings(mapping: Mapping, done: Counted, told: frozenset[str]) -> Iterator[Finding]:
    """Rules that rows break, as a dry run tells them of each. `told`: fields of which an error is
    known already. What lookups to records that are not ours find, `owners.py` says by value; here
    only that no row is left.
    """
    for code, field, mend, count, sentence in done.broken:
        if field in told or (code == refusals.NO_REFERENCE.code and count < done.rows):
            continue
        kind = "lookups" if field in mapping.lookups else "fields"
        yield said_of(
            mapping, (kind, field), "rows-invalid",
            f"{_share(count, done.rows, mapping)} invalid ({code}): {sentence}", mend,
            severity=_severity(count, done.rows),
        )  # fmt: skip


def _share(count: int, rows: int, mapping: Mapping) -> str:
    if count == rows:
        return f"Every row of {mapping.source.table} ({rows:,}) is"
    is_one = count == 1
    return (
        f"{count:,} of {counted(rows, 'row')} of {mapping.source.table} {'is' if is_one else 'are'}"
    )


def _severity(count: int, rows: int) -> Severity:
    return "error" if count == rows else "warning"


def parent_findings(
    scope: Scope, mapping: Mapping, rows: int, parents: Map[str, Mapping | None]
) -> Iterator[Finding]:
    """Rows whose lookup names a key that no parent has: they wait for it. `rows`: of the mapping;
    `parents`: by name, those whose rows can be asked for, or None for one that plans nothing.
    """
    facts = scope.facts[mapping.object]
    for field, lookup in mapping.lookups.items():
        for number, branch in enumerate(lookup.branches):
            if branch.mapping not in parents:
                continue
            parent = parents[branch.mapping]
            keys = parent_keys(
                parent, branch.mapping, scope.catalog, scope.facts[(parent or mapping).object],
                scope.org_id,
            )  # fmt: skip
            query = named_parents(mapping, field, branch.mapping, keys, scope.catalog, facts)
            ((named, found),) = scope.compute(mapping, query)
            if found == named:
                continue
            part = (str(number),) if len(lookup.branches) > 1 else ()
            by = branch.column or "its SQL"
            lacking = (
                f"no row that {branch.mapping} sends has that key"
                if parent
                else f"{branch.mapping} is not enabled, and no record of it is known"
            )
            yield said_of(
                mapping, ("lookups", field, *part), "parent-never-found",
                f"{_share(named - found, rows, mapping)} blocked "
                f"({refusals.PARENT_NOT_READY.code}): {field} names the {branch.mapping} by {by}, "
                f"and {lacking}.",
                f"Correct {by}: it gives the key of {branch.mapping}."
                if parent
                else f"Enable {branch.mapping}, or take the lookup out.",
                severity=_severity(named - found, rows),
            )  # fmt: skip


def twice_written(scope: Scope, mappings: Sequence[Mapping]) -> Iterator[Finding]:
    """Rows of which two mappings make a record of one object each, though each has its `where`."""
    for one, other in combinations(mappings, 2):
        if (one.object, one.source.table, one.source.key) != (
            other.object, other.source.table, other.source.key,
        ) or one.source.where == other.source.where:  # fmt: skip
            continue  # that of the same `where` both have the same rows, `load.py` says
        facts = scope.facts[one.object]
        ((count,),) = scope.compute(other, shared_keys(one, other, scope.catalog, facts))
        if count:
            them = "it" if count == 1 else "them"
            yield said_of(
                other, ("source",), "row-written-twice",
                f"{counted(count, 'row')} of {one.source.table} would become two {one.object} "
                f"records each: {one.name} and {other.name} both take {them}.",
                "Give each mapping a `where` that leaves the other's rows out.",
                severity="warning",
            )  # fmt: skip
