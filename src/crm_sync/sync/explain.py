"""A refusal in our terms: which column of which table, and how to mend it.

In: Salesforce's code, message and fields, or what became of a record. Out: a problem as `sync.plan`
keeps it. What is to be done about a code stands in `mapping/problem_codes.py`. The message is shown
as Salesforce gave it; decisions never depend on it.
"""

from __future__ import annotations

from typing import Any

from crm_sync.mapping.model import Mapping
from crm_sync.mapping.problem_codes import mend_of
from crm_sync.mapping.saying import Say
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import TRANSIENT, Decision, Fate

__all__ = ["ENDED", "REFUSED", "parent_ended", "problem", "record_ended"]

REFUSED = "Salesforce refused it"
"""What stands before Salesforce's own words."""

_PASSING = TRANSIENT | {"STORAGE_LIMIT_EXCEEDED"}
"""Refusals that the next run tries again by itself."""


def problem(mapping: Mapping, row: Row, decision: Decision) -> dict[str, Any]:
    """The problem of a refused row: code, field, column, sentence and mend."""
    field = decision.fields[0] if decision.fields else None
    say = Say(mapping, field, mapping.rules[field]) if field in mapping.rules else None
    source = f"what gives {field}" if field else f"the row in {mapping.source.table}"
    if say and say.column:
        source = say.origin
    told: dict[str, Any] = {
        "code": decision.code or "UNKNOWN_EXCEPTION",
        "field": field,
        "column": say and say.column,
        "severity": "error",
        "sentence": f"{REFUSED}: {decision.message or decision.code}".rstrip(".") + ".",
        "mend": mend_of(decision.code).format(
            source=source, file=f"{mapping.name}.yaml", object=mapping.object
        ),
    }
    if decision.code in _PASSING:
        told["transient"] = True
    return told


_WORDS = {
    Fate.GONE: "deleted",
    Fate.MERGED: "merged into another record",
    Fate.CONVERTED: "converted",
}
_CODES = {
    Fate.GONE: "RECORD_DELETED",
    Fate.MERGED: "RECORD_MERGED",
    Fate.CONVERTED: "LEAD_CONVERTED",
}
ENDED = frozenset(_CODES.values())
"""Codes of rows whose record people ended."""


def record_ended(mapping: Mapping, row: Row, became: Fate, master: str | None) -> dict[str, Any]:
    """The problem of a row whose record people deleted, merged or converted in Salesforce."""
    words = f"merged into {master}" if became is Fate.MERGED else _WORDS[became]
    mends = {
        Fate.GONE: "Restore it from Salesforce's recycle bin, delete the row, or let "
        f"{mapping.name}.yaml say on_missing: recreate.",
        Fate.MERGED: f"Join the two rows in {mapping.source.table} as Salesforce joined the "
        "records.",
        Fate.CONVERTED: "Nothing: a converted lead is closed.",
    }
    return {
        "code": _CODES[became],
        "field": None,
        "column": None,
        "severity": "note" if became is Fate.CONVERTED else "error",
        "sentence": f"Its record {row.salesforce_id} was {words} in Salesforce.",
        "mend": mends[became],
    }


def parent_ended(mapping: str, label: str, field: str, became: Fate) -> dict[str, Any]:
    """The problem of a row whose parent people deleted, merged or converted in Salesforce."""
    return {
        "code": "PARENT_NOT_READY",
        "field": field,
        "column": None,
        "severity": "error",
        "transient": True,
        "sentence": f"Waits for the {mapping} {label}, which was {_WORDS[became]} in Salesforce.",
        "mend": f"Mend the {mapping} first; this row then goes by itself.",
    }
