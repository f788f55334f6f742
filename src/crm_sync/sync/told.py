"""Problems as the database keeps them, as a report tells them: with a reason that anyone may read.

In: a problem's JSON from `sync.plan`, `sync.history` or a plan at work. Out: `Problem`. A sentence
may repeat a value of the row: Salesforce's own words do, and the label of a parent is one. Its
`reason` says the same without, for places that are read by more people than the CRM is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from typing import Any

from crm_sync.mapping.refusals import RULES
from crm_sync.report.model import Problem, type_error
from crm_sync.sync.explain import ENDED, REFUSED

__all__ = ["PARENT", "problem_of"]

# As plan.sql and push.sql write it; the label may hold anything, so the last ", which" counts.
PARENT = re.compile(
    r"(?P<head>Waits for the (?P<mapping>\w+) )(?P<label>.*?)"
    r"(?P<tail>(?: that takes its place)?, which (?:(?!, which ).)*)",
    re.DOTALL,
)
_WITHOUT_VALUES = frozenset(
    {*(rule.code for rule in RULES), *ENDED, "UNKNOWN_OUTCOME", "EDITED_IN_SALESFORCE"}
)
"""Codes whose sentences we make of names, lengths and the mapping's own words."""


def problem_of(told: Map[str, Any]) -> Problem:
    """One problem; of a code that nobody knows here, without a reason."""
    code, sentence = told.get("code") or "", told.get("sentence") or ""
    if not sentence and told.get("converted"):  # Ids stay when the values of a row go
        made = ", ".join(f"{name} {given}" for name, given in told["converted"].items())
        sentence = f"It was converted into {made} in Salesforce."
    return Problem(
        code=code,
        sentence=sentence,
        mend=told.get("mend") or "",
        field=told.get("field"),
        column=told.get("column"),
        severity=told.get("severity") or type_error,
        reason=_reason(code, sentence),
    )


def _reason(code: str, sentence: str) -> str:
    if sentence.startswith(REFUSED):
        return f"{REFUSED}."
    if found := PARENT.fullmatch(sentence):
        return f"{found['head'].rstrip()}{found['tail']}"
    return sentence if code in _WITHOUT_VALUES else ""
