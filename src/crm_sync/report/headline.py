"""The sentences that stand above a report, which a person understands who knows no Salesforce.

In: the counts of a `PlanReport` or `RunReport`. Out: sentences.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from crm_sync.report.groups import total
from crm_sync.report.model import (
    ObjectSummary,
    Org,
    OutcomeSummary,
    PlanReport,
    PlanRow,
    RunReport,
)

__all__ = [
    "counted",
    "duration",
    "first_problems",
    "headline",
    "if_allowed",
    "listed",
    "not_sent",
    "place",
    "run_headline",
    "sending_command",
    "state_sentence",
]

STATES = ("invalid", "blocked", "refused", "held")
STATE_SENTENCES = {
    "invalid": "Salesforce would refuse it, so it is not sent",
    "blocked": "waits for another row",
    "refused": "Salesforce said no",
    "unknown": "sent before, no answer came: it is sent again",
    "held": "needs a person's decision",
}


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 record`, `1,204 records`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def place(org: Org) -> str:
    """The org in a sentence: `Acme production`."""
    return org.name if org.called.lower() in org.name.lower() else f"{org.name} {org.called}"


def state_sentence(state: str) -> str:
    """What a state of a row means, as a clause."""
    return STATE_SENTENCES.get(state, "")


def headline(report: PlanReport) -> str:
    """What a sync would do: `3 records will change in Acme production; nothing will be deleted.`
    It would do nothing where a guard stops it, and says so; a part of the mappings is named.
    """
    said = _stop(report) if report.stops else would_do(report)
    if not report.selected:
        return said
    return f"Only {listed(list(report.selected))}: {said[0].lower()}{said[1:]}"


def _stop(report: PlanReport) -> str:
    return f"A sync would stop in {place(report.org)}: {report.stops}"


def if_allowed(report: PlanReport) -> str:
    """What to do about a guard, and what the plan holds that it would not let a sync send; or
    nothing.
    """
    if not report.stops:
        return ""
    allowed = f"If it is allowed ({' '.join(report.passes)}): {would_do(report)}"
    return f"{report.stops_mend} {allowed}".strip()


def sending_command(report: PlanReport, target: str | None) -> str:
    """The command that sends this plan and no other; nothing where a person must decide first."""
    if report.is_open:
        return ""
    words = ["crm-sync sync", *(["--target", target] if target else []), *report.flags]
    return " ".join([*words, "--expect", report.digest])


def would_do(report: PlanReport) -> str:
    """What sending the plan would do, whether or not a sync would begin to."""
    create, update, delete = (
        total(report.summaries, name) for name in ("create", "update", "delete")
    )
    where = place(report.org)
    if not create and not update and not delete:
        return f"Nothing will change in {where}."
    deletion = "" if delete else "; nothing will be deleted"
    if update and not create and not delete:
        return f"{counted(update, 'record')} will change in {where}{deletion}."
    parts = [
        f"{count:,} {verb}"
        for count, verb in ((create, "created"), (update, "changed"), (delete, "deleted"))
        if count
    ]
    first = create or update or delete
    parts[0] = parts[0].replace(f"{first:,} ", f"{counted(first, 'record')} will be ", 1)
    return f"{listed(parts)} in {where}{deletion}."


def not_sent(summaries: tuple[ObjectSummary, ...] | tuple[OutcomeSummary, ...]) -> str:
    """`3 rows are not sent: 1 invalid, 2 blocked.`, or nothing."""
    counts = [(state, total(summaries, state)) for state in STATES]
    rows = sum(count for _, count in counts)
    if not rows:
        return ""
    which = ", ".join(f"{count:,} {state}" for state, count in counts if count)
    return f"{counted(rows, 'row')} {'is' if rows == 1 else 'are'} not sent: {which}."


def first_problems(rows: Iterable[PlanRow], every: int, most: int = 3) -> str:
    """`First 3 of 5: leads 6f1b… invalid (STRING_TOO_LONG), …`, or nothing; `every`: how many there
    are. Keys and codes alone: a log is read by more people than the CRM is, and a label is a value.
    """
    named = [
        f"{row.table} {row.key} {row.state}"
        + (f" ({row.problems[0].code})" if row.problems else "")
        for row in islice(rows, most)
    ]
    if not named:
        return ""
    count = f"First {len(named)} of {every:,}: " if every > len(named) else "Not in order: "
    return f"{count}{', '.join(named)}."


def run_headline(run: RunReport) -> str:
    """What a sync did: `12 records created and 3 changed in Acme production.`"""
    parts = [
        f"{total(run.summaries, name):,} {verb}"
        for name, verb in (("create", "created"), ("update", "changed"), ("delete", "deleted"))
        if total(run.summaries, name)
    ]
    where = place(run.org)
    if not run.summaries:
        return f"What this run did in {where} could not be noted; the next one finds out."
    unknown = total(run.summaries, "unknown")
    doubt = f"Of {counted(unknown, 'row')} it is not known yet whether Salesforce took them."
    if not parts and unknown:
        return doubt
    if not parts:
        is_in_order = not any(summary.problems + summary.planned for summary in run.summaries)
        if is_in_order and run.status == "finished":
            return f"Nothing to send: {where} already holds everything."
        return f"Nothing changed in {where}."
    number, verb = parts[0].split(" ")
    parts[0] = f"{number} {'record' if number == '1' else 'records'} {verb}"
    return f"{listed(parts)} in {where}." + (f" {doubt}" if unknown else "")


def duration(seconds: float) -> str:
    """`0.8 s`, `42 s`, `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def listed(parts: list[str]) -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
