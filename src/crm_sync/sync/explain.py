"""A refusal in our terms: which column of which table, and how to mend it.

In: Salesforce's code, message and fields, or what became of a record. Out: a problem as `sync.plan`
keeps it. What is to be done about a code stands in `mapping/problem_codes.py`. The message is shown
as Salesforce gave it; decisions never depend on it.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Any

from crm_sync.mapping.model import Mapping, converted_id
from crm_sync.mapping.problem_codes import mend_of
from crm_sync.mapping.saying import Say
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import TRANSIENT, Decision, Fate

__all__ = [
    "ENDED",
    "REFUSED",
    "converted_into",
    "followed",
    "merged_and_lost",
    "parent_ended",
    "problem",
    "record_ended",
    "taken_elsewhere",
    "taken_over",
]

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
ENDED = frozenset({*_CODES.values(), "RECORD_FOLLOWED", "CONVERTED_ELSEWHERE"})
"""Codes of rows whose record people ended, or made of another."""
BECAME = ("Account", "Contact", "Opportunity")
"""What a lead becomes."""


def record_ended(
    mapping: Mapping,
    row: Row,
    became: Fate,
    record: Map[str, Any] | None,
    *,
    owner: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """The problem of a row whose record people deleted, merged or converted in Salesforce.
    `record`: what Salesforce says of it; `owner`: mapping and key of the row that has its master.
    """
    record = record or {}
    master = record.get("MasterRecordId")
    words = _WORDS[became]
    more: dict[str, Any] = {}
    if became is Fate.MERGED:
        words = f"merged into {master}"
        if owner:
            words += f", the record of {owner[0]} {owner[1]},"
        more["master"] = master
    elif became is Fate.GONE and master:
        words = f"merged into {master}, which was deleted,"
        more["merged_into"] = master
    elif became is Fate.CONVERTED:
        more["converted"] = converted_into(record)
        told = [f"{name} {given}" for name, given in more["converted"].items()]
        words = f"converted into {', '.join(told)}" if told else words
    mends = {
        Fate.GONE: f"Restore {master or 'it'} from Salesforce's recycle bin, delete the row, or "
        f"let {mapping.name}.yaml say on_missing: recreate.",
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
        **more,
    }


def merged_and_lost(mapping: Mapping, row: Row, master: str) -> dict[str, Any]:
    """The problem of a row whose record was merged, and whose master Salesforce does not know any
    more: it was deleted or merged on, and the recycle bin was emptied before anybody asked.
    """
    told = _of_record(
        _CODES[Fate.MERGED],
        "error",
        f"Its record {row.salesforce_id} was merged into {master} in Salesforce, which is not "
        "there any more: whether it was deleted or merged into another, nobody can tell.",
        f"Join the row in {mapping.source.table} with the one that stands for it now, or delete "
        "it. A record of its own it gets as a new row.",
    )
    return {**told, "merged_into": master}


def converted_into(record: Map[str, Any]) -> dict[str, str]:
    """What people made of a lead: Ids by object."""
    made = {name: record.get(converted_id(name)) for name in BECAME}
    return {name: given for name, given in made.items() if given}


def followed(became: Fate, former: str, given: str) -> dict[str, Any]:
    """What the history tells of a row whose record is another from now on."""
    whose = "Its record" if became is Fate.MERGED else "The lead"
    words = "merged" if became is Fate.MERGED else "converted"
    return _of_record(
        "RECORD_FOLLOWED",
        "note",
        f"{whose} {former} was {words} into {given} in Salesforce, which is its record from now "
        "on.",
    )


def taken_over(given: str, mapping: str, key: str) -> dict[str, Any]:
    """What the history tells of a row that is gone and whose record another row takes over."""
    sentence = f"Its record {given} is that of {mapping} {key} from now on."
    return _of_record("RECORD_FOLLOWED", "note", sentence)


def taken_elsewhere(
    mapping: Mapping, lead: str, given: str, owner: tuple[str, str]
) -> dict[str, Any]:
    """The problem of a row that a lead became, where another row has what people made of it."""
    return _of_record(
        "CONVERTED_ELSEWHERE",
        "error",
        f"Its lead {lead} was converted into {given} in Salesforce, the record of {owner[0]} "
        f"{owner[1]}.",
        f"Let the lead name {owner[1]} in the database, or join the two rows in "
        f"{mapping.source.table}.",
    )


def _of_record(code: str, severity: str, sentence: str, mend: str = "") -> dict[str, Any]:
    told = {"code": code, "field": None, "column": None, "severity": severity}
    return {**told, "sentence": sentence, "mend": mend}


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
