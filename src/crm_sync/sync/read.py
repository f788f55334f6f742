"""Reads a plan back for people: rows with field changes, counts by mapping, the number of calls.

What is sensitive is masked here (`mask.py`), so that no report sees it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg

from crm_sync.mapping.model import Mapping
from crm_sync.mapping.refusals import PARENT_NOT_READY
from crm_sync.report.headline import listed
from crm_sync.report.model import (
    CallRoom,
    FieldChange,
    FormerRun,
    ObjectSummary,
    Org,
    PlanReport,
    PlanRow,
    Value,
)
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import FieldFacts, ObjectFacts
from crm_sync.sync.batches import HEAD, Row, group_of, next_call
from crm_sync.sync.guards import plan_room, stops
from crm_sync.sync.mask import Mask
from crm_sync.sync.plan import Plan, count_unchanged
from crm_sync.sync.route import Routes
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements
from crm_sync.sync.told import problem_of

__all__ = ["field_change", "in_numbers", "in_order", "plan_report", "problem_rows", "row_of"]

WIDTH = 12
"""Columns of a block `rows`; against Salesforce there are more."""


def plan_report(
    scope: Scope,
    plan: Plan,
    org: Org,
    client: Client,
    mask: Mask,
    notes: tuple[str, ...] = (),
) -> PlanReport:
    """The report of a plan that stands in `plan_row`; rows are read while the transaction lives."""
    by_name = {m.name: m for m in scope.known}
    unchanged = count_unchanged(scope, plan)
    summaries = tuple(
        ObjectSummary(
            mapping=name,
            object=by_name[name].object,
            unchanged=unchanged[name],
            compared=counts.compared,
            **{k: v for k, v in counts.rows.items() if k in ObjectSummary.__dataclass_fields__},
        )
        for name, counts in plan.counts.items()
    )

    def rows() -> Iterator[PlanRow]:
        with scope.connection.cursor(name="plan_rows") as cursor:
            in_numbers(cursor)
            cursor.execute(statements("against" if plan.edits else "plan")["rows"])
            for row in cursor:
                yield mask.row(row_of(by_name, scope.facts, row))

    planned = scope.run("planned_actions").fetchall()
    routes = Routes.of(planned, scope.mappings, scope.options.api, client.target.bulk_above)
    carried = _calls(scope, routes)
    calls, seconds = routes.calls_and_seconds(planned, len(carried))
    alone = Counter(next(iter(names)) for call in carried if len(names := _mappings(call)) == 1)
    room = plan_room(scope, plan, client)
    stopped = list(stops(scope, plan, client, org, room=room))
    passing: dict[str, Any] = {stop.option: True for stop in stopped}
    passed = replace(scope.options, **passing)
    # The command to copy lets the plan pass, except where records could be doubled by that.
    options = replace(passed, create_anyway=scope.options.create_anyway)
    selected = tuple(m.name for m in scope.mappings) if _is_part(scope) else ()
    return PlanReport(
        org=org,
        made_at=datetime.now(UTC),
        summaries=summaries,
        rows=rows,
        digest=plan.digest,
        calls=calls,
        ways=routes.ways(planned, Counter(one for call in carried for one in call)),
        shared_calls=len(carried) - alone.total(),
        own_calls=dict(alone),
        seconds=seconds,
        mode=plan.compared.mode,
        compared=tuple(plan.compared.sentences),
        notes=(
            *([room.sentence] if room and room.sentence and room.is_enough else []),
            *([_part_note(scope)] if selected else []),
            *notes,
        ),
        stops=" ".join(stop.sentence for stop in stopped),
        stops_mend=" ".join(dict.fromkeys(stop.mend for stop in stopped)),
        passes=tuple(f for f in passed.flags if f not in scope.options.flags),
        is_open=options != passed,
        selected=selected,
        flags=options.flags,
        room=_room(client) if plan.to_send else CallRoom(),
        former=_former_run(scope),
        edits=plan.edits,
        fields=_fields(scope.mappings),
    )


def _is_part(scope: Scope) -> bool:
    return bool(scope.options.select) and len(scope.mappings) < len(scope.known)


def _part_note(scope: Scope) -> str:
    """Which mappings the plan is not about, because a person selected others."""
    others = [m.name for m in scope.known if m.name not in scope.names]
    were = "was" if len(others) == 1 else "were"
    return (
        f"This is a part of the whole, as --select asked: {listed(others)} {were} not looked at, "
        "and a sync of all may do more."
    )


def _fields(mappings: tuple[Mapping, ...]) -> dict[str, tuple[str, ...]]:
    """The fields that are written, by object, in the order of the files."""
    found: dict[str, dict[str, None]] = {}
    for mapping in mappings:
        names = found.setdefault(mapping.object, {})
        names.update(dict.fromkeys((*mapping.rules, *mapping.on_delete.values)))
    return {name: tuple(fields) for name, fields in found.items()}


def _former_run(scope: Scope) -> FormerRun | None:
    """The last run that ended, if it sent or could have sent anything. Its counts stand under the
    names that mappings have today.
    """
    today = {m.formerly: m.name for m in scope.known if m.formerly}
    for number, mode, status, _, ended_at, seconds, counts, calls, _ in scope.run(
        "runs", "overview", limit=20
    ):
        if ended_at is not None and mode != "adopt":
            renamed = {
                today.get(name, name) if today.get(name) not in counts else name: count
                for name, count in counts.items()
            }
            return FormerRun(number, status, ended_at, calls, seconds, renamed)
    return None


def _room(client: Client) -> CallRoom:
    """The calls that a sync with these settings may make now."""
    most = client.target.max_api_calls
    usage = client.learn_usage()
    if usage is None:
        return CallRoom(most)
    used, allowed = usage
    return CallRoom(most, used, allowed, client.budget.reserve(allowed))


def problem_rows(
    connection: psycopg.Connection[Any],
    org_id: str,
    known: tuple[Mapping, ...],
    facts: Map[str, ObjectFacts],
    mask: Mask,
) -> Iterator[PlanRow]:
    """The kept plan's rows that are not in order, in the order of sending."""
    by_name = {m.name: m for m in known}
    with connection.cursor() as cursor:
        in_numbers(cursor)
        cursor.execute(statements("overview")["problems"], {"org": org_id})
        for row in cursor:
            if row[0] in by_name:
                yield mask.row(row_of(by_name, facts, row))


def row_of(by_name: Map[str, Mapping], facts: Map[str, ObjectFacts], row: Any) -> PlanRow:
    """One row of a block `rows` as a report has it. A create shows every field it sends."""
    (name, key, label, action, state, salesforce_id, payload, before, changed, problems, pair,
     edited) = row[:WIDTH]  # fmt: skip
    current, left_alone, is_missing = row[WIDTH:] or (None, None, False)
    there = {f: (current or {}).get(f) for f in left_alone or ()} | (edited or {})
    mapping = by_name[name]
    fields = facts[mapping.object].fields if mapping.object in facts else {}
    shown = in_order(mapping, changed or ())
    if action != "delete":
        payload = dict(payload or {})
        parents = _parents_to_come(problems or ())
        payload |= {f: parent for f, parent in parents.items() if payload.get(f) is None}
        # An arrow to nothing would look like clearing.
        unknown = {f for f in parents if payload[f] is None}
        shown = in_order(mapping, {*shown, *parents} - unknown)
    if action == "delete":
        held = {f for f, value in (before or {}).items() if value is not None}
        shown = in_order(mapping, held | there.keys())

    def change(f: str, values: Any) -> FieldChange:
        was = (before or {}).get(f)
        if f not in there:
            return field_change(fields, f, was, values.get(f))
        return field_change(fields, f, was, values.get(f), is_edited=True, current=there[f])

    return PlanRow(
        mapping=name,
        object=mapping.object,
        table=mapping.source.table,
        key=key,
        label=label,
        action=action,
        state=state,
        salesforce_id=salesforce_id,
        changes=tuple(change(f, {} if action == "delete" else payload or {}) for f in shown),
        # What needs a person first; what was merely done to the row behind it.
        problems=tuple(
            sorted((problem_of(p) for p in problems or () if p), key=lambda p: p.severity == "note")
        ),
        pair=pair,
        left_alone=tuple(change(f, payload or {}) for f in in_order(mapping, left_alone or ())),
        is_missing=is_missing,
    )


def _parents_to_come(problems: Iterable[Any]) -> dict[str, dict[str, str] | None]:
    """The lookups for whose parents a row waits, each with the parent if its problem names it."""
    return {
        p["field"]: p.get("parent")
        for p in problems
        if p and p.get("code") == PARENT_NOT_READY.code and p.get("field")
    }


def in_order(mapping: Mapping, names: Iterable[str]) -> list[str]:
    """Fields as the mapping's file has them, then those that it does not name."""
    order = list(mapping.rules)
    return sorted(names, key=lambda f: order.index(f) if f in order else len(order))


def field_change(
    fields: Map[str, FieldFacts], name: str, before: Value, after: Value, **edit: Any
) -> FieldChange:
    """One field with its type and label; of a field that is not described, a text."""
    known = fields.get(name)
    type_, label = (known.type, known.label) if known else ("string", "")
    return FieldChange(name, type_, before, after, label, **edit)


def in_numbers(cursor: psycopg.Cursor[Any]) -> None:
    """Lets a cursor give the numbers of payloads with all their digits."""
    psycopg.types.json.set_json_loads(_loads, cursor)


def _loads(text: str | bytes) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _calls(scope: Scope, routes: Routes) -> list[set[tuple[str, str]]]:
    """The Composite calls that a push of this plan takes, by the rule by which push cuts it: of
    each the mappings and actions whose rows it carries.
    """
    by_name = {m.name: m for m in scope.known}
    bulk = [f"{mapping}:{action}" for mapping, action in routes.bulk]
    rows = [Row.of(row) for row in scope.run("to_send", bulk=bulk)]
    done = 0
    calls: list[set[tuple[str, str]]] = []
    while done < len(rows):
        call = next_call(rows[done : done + HEAD], lambda row: group_of(row, by_name))
        done += sum(len(chunk.rows) for chunk in call)
        calls.append({(row.mapping, row.action) for chunk in call for row in chunk.rows})
    return calls


def _mappings(call: set[tuple[str, str]]) -> set[str]:
    return {mapping for mapping, _ in call}
