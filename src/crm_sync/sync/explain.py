"""A refusal in our terms: which column of which table, and how to mend it.

In: Salesforce's code, message and fields, or what became of a record. Out: a problem as `sync.plan`
keeps it. The message is
shown as Salesforce gave it; decisions never depend on it.
"""

from __future__ import annotations

from typing import Any

from crm_sync.mapping.model import Mapping
from crm_sync.mapping.saying import Say
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import TRANSIENT, Decision, Fate

__all__ = ["ENDED", "REFUSED", "parent_ended", "problem", "record_ended"]

REFUSED = "Salesforce refused it"
"""What stands before Salesforce's own words."""

_MENDS = {
    "REQUIRED_FIELD_MISSING": "Fill {source}.",
    "STRING_TOO_LONG": "Shorten {source}.",
    "INVALID_EMAIL_ADDRESS": "Correct {source}.",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "Use a value that the org lists, or map {source} "
    "with values.",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of the org refused it: change {source} "
    "to satisfy the rule, or let its administrator change the rule.",
    "DUPLICATES_DETECTED": "A duplicate rule of the org refused it: merge or delete the other "
    "record there, or let the rule allow the integration user.",
    "DUPLICATE_VALUE": "Another record holds this value: clear it there, or change {source}.",
    "DUPLICATE_EXTERNAL_ID": "Several records carry this external ID: delete all but one in "
    "Salesforce and make the field unique.",
    "UNABLE_TO_LOCK_ROW": "Someone else was writing; the next run sends it again.",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "Give the integration user access to the "
    "record that it names.",
    "INACTIVE_OWNER_OR_USER": "Name an active user as owner.",
    "INVALID_CROSS_REFERENCE_KEY": "It names a record that does not exist, or that our user may "
    "not see.",
    "INVALID_FIELD": "Correct the field in {file}, or let a permission set grant it.",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Let a permission set grant edit access, or take the field "
    "out of {file}.",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Give the integration user edit access to {object}.",
    "STORAGE_LIMIT_EXCEEDED": "The org's data storage is full; free or buy some.",
    "FIELD_INTEGRITY_EXCEPTION": "Correct {source}.",
    "FIELD_FILTER_VALIDATION_EXCEPTION": "A lookup filter of the org refused it: name another "
    "record in {source}.",
    "CIRCULAR_DEPENDENCY": "A record would stand above itself: correct {source}.",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "A trigger of the org refused it: its administrator "
    "finds the reason in the sentence.",
    "CANNOT_EXECUTE_FLOW_TRIGGER": "A flow of the org refused it: its administrator finds the "
    "reason in the sentence.",
}
_PASSING = TRANSIENT | {"STORAGE_LIMIT_EXCEEDED"}
"""Refusals that the next run tries again by itself."""


def problem(mapping: Mapping, row: Row, decision: Decision) -> dict[str, Any]:
    """The problem of a refused row: code, field, column, sentence and mend."""
    field = decision.fields[0] if decision.fields else None
    say = Say(mapping, field, mapping.rules[field]) if field in mapping.rules else None
    source = f"what gives {field}" if field else f"the row in {mapping.source.table}"
    if say and say.column:
        source = say.origin
    mend = _MENDS.get(decision.code, "Correct {source}, or ask the org's administrator.")
    told: dict[str, Any] = {
        "code": decision.code or "UNKNOWN_EXCEPTION",
        "field": field,
        "column": say and say.column,
        "severity": "error",
        "sentence": f"{REFUSED}: {decision.message or decision.code}".rstrip(".") + ".",
        "mend": mend.format(source=source, file=f"{mapping.name}.yaml", object=mapping.object),
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
