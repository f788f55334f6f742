"""A dry run or a sync as JSON for other programs.

In: `PlanReport` or `RunReport`. Out: pure ASCII text in pieces, so that no console breaks it and a
large plan is never held in memory.

Shape of a dry run, version 1; a later version only adds keys, or carries another number:

    {"version": 1, "kind": "dry-run",
     "org": {"id", "name", "kind", "instance_url", "target", "username"},
     "made_at": ISO 8601, "mode": "full" | "incremental", "digest": text, "calls": number,
     "compared": [text], "headline": text, "notes": [text],
     "summaries": [{"mapping", "object", "create", "update", "delete", "unchanged",
                    "blocked", "invalid", "refused", "unknown", "held"}],
     "rows": [{"mapping", "object", "table", "key", "label", "action", "state",
               "salesforce_id", "pair",
               "changes": [{"field", "type", "before", "after"}],
               "problems": [{"code", "sentence", "mend", "field", "column", "severity"}]}]}

Of a sync: `"kind": "sync"`, `run_number`, `status`, `seconds`, `message` instead of `made_at`,
`mode`, `compared`, `digest`, `notes`; its summaries count what Salesforce confirmed and have
`planned` (left for the next run) instead of `unchanged`; `rows` are its problems.
A number is written with all its digits. A parent without an Id is `{"mapping", "key"}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from crm_sync.report.headline import headline, run_headline
from crm_sync.report.model import PlanReport, PlanRow, RunReport

__all__ = ["VERSION", "as_json"]

VERSION = 1


def as_json(report: PlanReport | RunReport) -> Iterator[str]:
    """The report in pieces: one line for what stands above, then one line per row."""
    if isinstance(report, PlanReport):
        head = _plan_head(report)
        rows: Iterable[PlanRow] = report.rows()
    else:
        head = _run_head(report)
        rows = report.problems
    yield _dumped(head)[:-1] + ', "rows": ['
    separator = "\n"
    for row in rows:
        yield separator + _dumped(row_as_json(row))
        separator = ",\n"
    yield "]}\n"


def _plan_head(report: PlanReport) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": "dry-run",
        "org": asdict(report.org),
        "made_at": report.made_at.isoformat(),
        "mode": report.mode,
        "compared": list(report.compared),
        "digest": report.digest,
        "calls": report.calls,
        "seconds": report.seconds,
        "ways": [asdict(way) for way in report.ways],
        "headline": headline(report),
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
    }


def row_as_json(row: PlanRow) -> dict[str, Any]:
    return {
        "mapping": row.mapping,
        "object": row.object,
        "table": row.table,
        "key": row.key,
        "label": row.label,
        "action": row.action,
        "state": row.state,
        "salesforce_id": row.salesforce_id,
        "pair": row.pair,
        "changes": [
            {"field": c.field, "type": c.type, "before": c.before, "after": c.after}
            for c in row.changes
        ],
        "problems": [asdict(problem) for problem in row.problems],
    }


def _dumped(value: Any) -> str:
    """JSON of plain values. The standard library has no way to write a Decimal with its digits."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(k))}: {_dumped(v)}" for k, v in value.items())  # pyright: ignore
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_dumped(element) for element in value) + "]"  # pyright: ignore
    return json.dumps(value)
