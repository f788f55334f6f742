"""Reads a plan back for people: rows with field changes, counts by mapping, the number of calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Map
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg

from crm_sync.errors import GuardStopped
from crm_sync.mapping.model import Mapping
from crm_sync.report.model import (
    FieldChange,
    ObjectSummary,
    Org,
    PlanReport,
    PlanRow,
    Problem,
    Value,
)
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.batches import HEAD, Row, group_of, next_call
from crm_sync.sync.plan import Plan, guard_deletions
from crm_sync.sync.route import Routes
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements

__all__ = ["plan_report", "problem_rows", "row_of"]


def plan_report(
    scope: Scope, plan: Plan, org: Org, bulk_above: int, notes: tuple[str, ...] = ()
) -> PlanReport:
    """The report of a plan that stands in `plan_row`; rows are read while the transaction lives.

    `bulk_above`: the target's.
    """
    by_name = {m.name: m for m in scope.known}
    summaries = tuple(
        ObjectSummary(
            mapping=name,
            object=by_name[name].object,
            unchanged=counts.unchanged,
            **{k: v for k, v in counts.rows.items() if k in ObjectSummary.__dataclass_fields__},
        )
        for name, counts in plan.counts.items()
    )

    def rows() -> Iterator[PlanRow]:
        with scope.connection.cursor(name="plan_rows") as cursor:
            psycopg.types.json.set_json_loads(_loads, cursor)
            cursor.execute(statements("plan")["rows"])
            for row in cursor:
                yield row_of(by_name, scope.facts, row)

    planned = scope.run("planned_actions").fetchall()
    routes = Routes.of(planned, scope.mappings, scope.options.api, bulk_above)
    calls, seconds = routes.calls_and_seconds(planned, _calls(scope, routes))
    stops = ""
    try:
        guard_deletions(plan, scope.options)
    except GuardStopped as guard:
        stops = f"A sync would stop: {guard}"
    return PlanReport(
        org=org,
        made_at=datetime.now(UTC),
        summaries=summaries,
        rows=rows,
        digest=plan.digest,
        calls=calls,
        ways=routes.ways(planned),
        seconds=seconds,
        mode=plan.compared.mode,
        compared=tuple(plan.compared.sentences),
        notes=(*((stops,) if stops else ()), *notes),
        stops=stops,
    )


def problem_rows(
    connection: psycopg.Connection[Any],
    org_id: str,
    known: tuple[Mapping, ...],
    facts: Map[str, ObjectFacts],
    where: Callable[[PlanRow], bool] = lambda row: True,
) -> Iterator[PlanRow]:
    """The kept plan's rows that are not in order, in the order of sending."""
    by_name = {m.name: m for m in known}
    with connection.cursor() as cursor:
        psycopg.types.json.set_json_loads(_loads, cursor)
        cursor.execute(statements("overview")["problems"], {"org": org_id})
        for row in cursor:
            if row[0] in by_name:
                found = row_of(by_name, facts, row)
                if where(found):
                    yield found


def row_of(by_name: Map[str, Mapping], facts: Map[str, ObjectFacts], row: Any) -> PlanRow:
    """One row of the block `rows` as a report has it. A create shows every field it sends."""
    name, key, label, action, state, salesforce_id, payload, before, changed, problems, pair = row
    mapping = by_name[name]
    fields = facts[mapping.object].fields if mapping.object in facts else {}
    order = [*mapping.fields, *mapping.lookups]
    shown = sorted(changed or (), key=lambda f: order.index(f) if f in order else len(order))
    if state == "blocked":
        # Which parent it will name is not known yet; an arrow to nothing would look like clearing.
        waiting = {p.get("field") for p in problems or () if p}
        shown = [f for f in shown if f not in waiting]
    if action == "delete":
        shown = [f for f in order if (before or {}).get(f) is not None]
    return PlanRow(
        mapping=name,
        object=mapping.object,
        table=mapping.source.table,
        key=key,
        label=label,
        action=action,
        state=state,
        salesforce_id=salesforce_id,
        changes=tuple(
            FieldChange(
                field=f,
                type=fields[f].type if f in fields else "string",
                before=_value((before or {}).get(f)),
                after=None if action == "delete" else _value((payload or {}).get(f)),
            )
            for f in shown
        ),
        problems=tuple(
            Problem(
                code=p.get("code") or "",
                sentence=p.get("sentence") or "",
                mend=p.get("mend") or "",
                field=p.get("field"),
                column=p.get("column"),
                severity=p.get("severity") or "error",
            )
            for p in problems or ()
            if p
        ),
        pair=pair,
    )


def _loads(text: str | bytes) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _value(value: Value) -> Value:
    return value


def _calls(scope: Scope, routes: Routes) -> int:
    """Composite calls that a push of this plan takes, by the rule by which push cuts it."""
    by_name = {m.name: m for m in scope.known}
    bulk = [f"{mapping}:{action}" for mapping, action in routes.bulk]
    rows = [Row.of(row) for row in scope.run("to_send", bulk=bulk)]
    calls, done = 0, 0
    while done < len(rows):
        call = next_call(rows[done : done + HEAD], lambda row: group_of(row, by_name))
        done += sum(len(chunk.rows) for chunk in call)
        calls += 1
    return calls
