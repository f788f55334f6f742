"""The first load of a mapping: whether the org holds records that nobody has matched with our rows.

In: a plan of which a mapping creates for the first time in this org. Out: how many records of its
object have no external ID; `guards.py` stops for them. What was let through once is written down
(`sync.mapping.may_create_at`), and nothing is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.plan import Plan
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements

__all__ = ["allow_creates", "count_without_key", "without_key"]


def without_key(mapping: Mapping, facts: ObjectFacts) -> str:
    """The SOQL condition of records that could be ours and do not say so. A converted lead cannot
    be updated any more (CANNOT_UPDATE_CONVERTED_LEAD), so it is none.
    """
    living = " AND IsConverted = false" if "IsConverted" in facts.fields else ""
    return f"{mapping.external_id.field} = null{living}"


def count_without_key(scope: Scope, client: Client, plan: Plan) -> dict[str, int]:
    """By mapping, the records without our external ID where the plan begins to create; one query
    for each object, five to a call, and none where nothing is created for the first time.
    """
    first = {row[0] for row in scope.run("first_loads", "first_load")}
    loading = [
        m for m in scope.mappings if m.name in first and plan.counts[m.name].rows.get("create")
    ]
    if scope.options.create_anyway or not loading:
        return {}
    asked = {
        f"SELECT COUNT(Id) found FROM {m.object}"  # noqa: S608 - names are those of describe
        f" WHERE {without_key(m, scope.facts[m.object])}": m.object
        for m in loading
    }
    answers = client.query(list(asked))
    found = {
        name: int(records[0]["found"])
        for name, records in zip(asked.values(), answers, strict=True)
    }
    return {m.name: found[m.object] for m in loading if found[m.object]}


def allow_creates(
    connection: psycopg.Connection[object], org_id: str, mappings: Iterable[str]
) -> None:
    """Notes that these mappings may create in this org, in the transaction that is open."""
    values = {"org": org_id, "mappings": list(mappings)}
    connection.execute(statements("first_load")["allow"], values)
