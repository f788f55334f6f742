"""Rows of a plan that belong to the sample data: they are nobody's, and no business wants them.

In: a scope whose plan stands in `plan_row`. Out: how many by table. A row is one of the sample by
its id (`crm_sync.sample.keys`), whatever column its mapping takes for the key.
"""

from __future__ import annotations

from psycopg import sql

from crm_sync.mapping.compile import raw
from crm_sync.mapping.model import Mapping
from crm_sync.sample.keys import TABLES, sample_keys
from crm_sync.sync.scope import Scope

__all__ = ["sample_rows"]

_IDS = sql.SQL(
    # Its keys are UUIDs of version 5, which nothing else here makes: to know them costs half a
    # second, and where there is none nobody needs to.
    """select t.id::text, p.state from plan_row p join public.{table} t on t.{key} = p.key::{type}
where p.mapping = {mapping} and p.action in ('create', 'update') and not p.leaves
  and p.state in ('planned', 'blocked') and substr(t.id::text, 15, 1) = '5'"""
)


def sample_rows(scope: Scope) -> dict[str, tuple[int, int]]:
    """By table, how many rows of the sample the plan would create or change, and how many of them
    only after their parent. A row of two mappings counts once.
    """
    found: dict[str, dict[str, bool]] = {}
    for mapping in scope.mappings:
        table = mapping.source.table
        is_ours = table in TABLES and scope.catalog[table].columns.get("id") == "uuid"
        if not is_ours or not (states := _states(scope, mapping)):
            continue
        ours = found.setdefault(table, {})
        for key in states.keys() & sample_keys()[table]:
            ours[key] = ours.get(key, True) and states[key] == "blocked"
    return {table: (len(waits), sum(waits.values())) for table, waits in found.items() if waits}


def _states(scope: Scope, mapping: Mapping) -> dict[str, str]:
    """By id, the state of what may be a row of the sample."""
    query = _IDS.format(
        table=sql.Identifier(mapping.source.table),
        key=sql.Identifier(mapping.source.key),
        type=raw(scope.catalog[mapping.source.table].columns[mapping.source.key]),
        mapping=sql.Literal(mapping.name),
    )
    return dict(scope.connection.execute(query))
