"""A dry run or a sync as JSON for other programs.

In: `PlanReport` or `RunReport`. Out: pure ASCII text in pieces, so that no console breaks it and a
large plan is never held in memory. Its shape is that of `shapes.py` (docs/output.schema.json).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from crm_sync.report.headline import headline, run_headline
from crm_sync.report.links import record_link
from crm_sync.report.model import FieldChange, Masked, Org, PlanReport, PlanRow, RunReport, Value
from crm_sync.report.shapes import VERSION

__all__ = ["as_json", "change_as_json", "dumped", "row_as_json"]


def as_json(report: PlanReport | RunReport) -> Iterator[str]:
    """The report in pieces: one line for what stands above, then one line per row."""
    if isinstance(report, PlanReport):
        head = _plan_head(report)
        rows: Iterable[PlanRow] = report.rows()
    else:
        head = _run_head(report)
        rows = report.problems
    yield dumped(head)[:-1] + ', "rows": ['
    separator = "\n"
    for row in rows:
        yield separator + dumped(row_as_json(row, report.org))
        separator = ",\n"
    yield "]}\n"


def _plan_head(report: PlanReport) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": "dry-run",
        "org": asdict(report.org),
        "made_at": report.made_at,
        "mode": report.mode,
        "selected": list(report.selected) or None,
        "compared": list(report.compared),
        "digest": report.digest,
        "calls": report.calls,
        "shared_calls": report.shared_calls,
        "seconds": report.seconds,
        "ways": [asdict(way) for way in report.ways],
        "call_room": {**asdict(report.room), "left": report.room.left},
        "former_run": asdict(report.former) if report.former else None,
        "edits": asdict(report.edits) if report.edits else None,
        "headline": headline(report),
        "stops": report.stops or None,
        "stops_mend": report.stops_mend or None,
        "passes": list(report.passes),
        "notes": list(report.notes),
        "summaries": [asdict(summary) for summary in report.summaries],
    }


def _run_head(run: RunReport) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": "sync",
        "org": asdict(run.org),
        "run_number": run.run_number,
        "status": run.status,
        "calls": run.calls,
        "seconds": round(run.seconds, 3),
        "headline": run_headline(run),
        "message": run.message,
        "summaries": [asdict(summary) for summary in run.summaries],
        "overwritten": run.overwritten,
        "overwritten_rows": [row_as_json(row, run.org) for row in run.overwritten_rows],
        "closed": run.closed,
        "closed_rows": [row_as_json(row, run.org) for row in run.closed_rows],
    }


def row_as_json(row: PlanRow, org: Org) -> dict[str, Any]:
    """One row of a plan. Its values are plain, save that a number is a Decimal."""
    return {
        "mapping": row.mapping,
        "object": row.object,
        "table": row.table,
        "key": row.key,
        "label": row.label,
        "action": row.action,
        "state": row.state,
        "salesforce_id": row.salesforce_id,
        "link": record_link(org, row.salesforce_id),
        "pair": row.pair,
        "changes": [change_as_json(change) for change in row.changes],
        "left_alone": [change_as_json(change) for change in row.left_alone],
        "is_missing": row.is_missing,
        "problems": [asdict(problem) for problem in row.problems],
    }


def change_as_json(change: FieldChange) -> dict[str, Any]:
    """One field of a row."""
    return {
        "field": change.field,
        "label": change.label,
        "type": change.type,
        "before": _value(change.before),
        "after": _value(change.after),
        "is_edited": change.is_edited,
        "current": _value(change.current),
    }


def _value(value: Value) -> Any:
    if isinstance(value, Masked):
        return {"masked": value.kind, "length": value.length}
    return value


def dumped(value: Any) -> str:
    """JSON of plain values. The standard library has no way to write a Decimal with its digits."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(k))}: {dumped(v)}" for k, v in value.items())  # pyright: ignore
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(dumped(element) for element in value) + "]"  # pyright: ignore
    return json.dumps(value)
