"""Makes docs/predicted-refusals.md: what a dry run foretells, who says so, what it cannot know.

In: the table of `refusals.py`. Out: Markdown. Called by `crm-sync docs`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_sync.mapping.markdown import table
from crm_sync.mapping.refusals import RULES, Proof, Rule

__all__ = ["UNFORETOLD", "Unforetold", "refusals_page"]


@dataclass(frozen=True)
class Unforetold:
    """Something that refuses rows, and that no dry run can know; the codes that Salesforce uses."""

    what: str
    why: str
    codes: tuple[str, ...]


UNFORETOLD = (
    Unforetold(
        "validation rules",
        "describe does not tell them, and their formulas read what we do not know",
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION",),
    ),
    Unforetold(
        "duplicate rules",
        "they compare with every record of the org, in their own fuzzy way",
        ("DUPLICATES_DETECTED",),
    ),
    Unforetold(
        "Apex triggers",
        "they are programs",
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",),
    ),
    Unforetold("flows", "they are programs", ("CANNOT_EXECUTE_FLOW_TRIGGER",)),
    Unforetold(
        "sharing",
        "which single records our user may see or change is decided record by record",
        ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INSUFFICIENT_ACCESS_OR_READONLY"),
    ),
    Unforetold(
        "picklist values by record type, and dependent picklists",
        "describe lists every value of a field, not those of a record type",
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",),
    ),
    Unforetold(
        "state and country picklists",
        "describe lists their codes, and a text is matched with their labels",
        ("FIELD_INTEGRITY_EXCEPTION",),
    ),
    Unforetold(
        "lookup filters, and records that would stand above themselves",
        "they depend on the records that are named",
        ("FIELD_FILTER_VALIDATION_EXCEPTION", "CIRCULAR_DEPENDENCY"),
    ),
    Unforetold(
        "Ids that a column holds",
        "only their form is looked at; a lookup by object and field is looked up before",
        ("INVALID_CROSS_REFERENCE_KEY",),
    ),
    Unforetold(
        "events longer than a day",
        "describe does not tell whether the org has multiday events on; the row has a note",
        ("NUMBER_OUTSIDE_VALID_RANGE",),
    ),
    Unforetold(
        "what people did since the last sync",
        "a plan compares with what we know: a record deleted or merged meanwhile is found when it "
        "is written, or beforehand with `--against-org`; one converted when it is written",
        ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "CANNOT_UPDATE_CONVERTED_LEAD"),
    ),
    Unforetold(
        "locks",
        "somebody else writes the same record, or its parent, at that moment",
        ("UNABLE_TO_LOCK_ROW",),
    ),
    Unforetold("storage", "the org is full", ("STORAGE_LIMIT_EXCEEDED",)),
)

_HEAD = """\
# What a dry run foretells

This page is made by `crm-sync docs` from the table of rules that plans are judged by
(`mapping/refusals.py`); change that, not this. What each code means and how it is mended:
[errors.md](errors.md).

A dry run, and the plan of every sync, judges each row by the rules below, from what the org's
describe says of its fields. A row that breaks a rule is **invalid** (or **blocked**, where it waits
for another): it is not sent, and the report names the column, what is wrong, and how to mend it. Of
an update only what it sends is judged: a value that Salesforce already holds cannot be refused.

Where it is not known that Salesforce refuses, the row is sent, with a **note**: a prediction never
holds back what Salesforce would take.

**Who says so.** *Recorded*: an answer of a real org. *Documented*: Salesforce's documentation. Both
count as proven. *Seen by others*: logs and reports that we could not check. *Unproven*: neither;
the rule is what we believe.
"""
_MEASURED = """\
## How it is measured

`python -m tests.trials.predictions` generates rows that break every rule in turn and each two of
one object together, new ones and changes of records that are there. It asks a dry run, and then
sends every row to the local org past all validation: with the plan's fields, by calls of its own.
What was foretold and what was answered must agree for every row, and a row that breaks one rule
must be told and answered with that rule's codes. The figures count rows by proof, since of an
unproven rule the same people wrote both sides. The suite runs it
(`tests/integration/sync/test_predictions.py`).

Two rules are not measured: `VALUE_CHANGES_HANDS`, whose outcome hangs on the order in which an org
takes the rows of one call, and `REFERENCE_NOT_FOUND`, of which nothing is sent. Rules that no row
breaks by itself (a key that is too long, a value that two new rows share, a user who may not write)
are broken alone and not in pairs.
"""
_CANNOT = """\
## What cannot be foretold

Such a row is planned, sent, and **refused**: the run's report, `crm-sync problems` and the next dry
run show it with Salesforce's code and sentence, the column where Salesforce names a field that
comes from one, and how to mend it. It is not sent again until the row, the mapping or the org's
describe changes; besides once a day, and with `--retry-refused`. Refusals that pass by themselves,
such as locks, are repeated at once and go with the next run.
"""


def refusals_page() -> str:
    """The page."""
    refused = [r for r in RULES if r.severity != "note" and r.proof is not Proof.OURS]
    noted = [r for r in RULES if r.severity == "note" and r.proof is not Proof.OURS]
    own = [r for r in RULES if r.proof is Proof.OURS]
    return "\n".join(
        [
            _HEAD,
            f"{_proven(refused)} of the {len(refused)} rules of refusals are proven, and "
            f"{_proven(noted)} of the {len(noted)} notes on what Salesforce does with a value.\n",
            "## Not sent\n",
            _rules(refused),
            "",
            "## Sent, with a note\n",
            _rules(noted),
            "",
            "## What the mapping itself says\n",
            "These are no rules of Salesforce.\n",
            table(
                ("code", "says", "severity"),
                ((f"`{r.code}`", r.says, r.severity) for r in own),
            ),
            "",
            _CANNOT,
            table(
                ("what", "why", "Salesforce answers"),
                ((u.what, u.why, _codes(u.codes)) for u in UNFORETOLD),
            ),
            "",
            _MEASURED,
        ]
    )


def _proven(rules: Iterable[Rule]) -> int:
    return sum(rule.proof.is_proven for rule in rules)


def _rules(rules: Iterable[Rule]) -> str:
    return table(
        ("code", "the row", "Salesforce answers", "who says so", "source"),
        (
            (f"`{r.code}`", r.says, _codes(r.answers), r.proof.value, r.source)
            for r in sorted(rules, key=lambda rule: rule.code)
        ),
    )


def _codes(codes: Iterable[str]) -> str:
    return " or ".join(f"`{code}`" for code in codes)
