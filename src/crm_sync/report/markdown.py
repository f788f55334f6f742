"""A dry run or a sync in a page of Markdown: for a Prefect artifact, a chat or a ticket.

In: `PlanReport` or `RunReport`. Out: text. Row values appear only where asked for, because such
places are read by more people than the CRM is. A problem's sentence may quote a value; its reason,
code, column and mend do not.
"""

from __future__ import annotations

import re

from crm_sync.report.cost import ObjectCost, calls_to_send, costs, former_run
from crm_sync.report.edits import edit_sentences, edits_found, edits_overwritten, leads_closed
from crm_sync.report.groups import problem_rows, total
from crm_sync.report.headline import (
    counted,
    duration,
    headline,
    if_allowed,
    not_sent,
    run_headline,
    state_sentence,
)
from crm_sync.report.links import record_link
from crm_sync.report.model import (
    ObjectSummary,
    Org,
    OutcomeSummary,
    PlanReport,
    PlanRow,
    RunReport,
)
from crm_sync.report.values import fold, visible, written

__all__ = ["dry_run_markdown", "sync_markdown"]

PLAN_COLUMNS = ("create", "update", "delete", "unchanged", "invalid", "blocked", "refused", "held")
RUN_COLUMNS = (
    "create", "update", "delete", "refused", "unknown", "blocked", "invalid", "held", "planned",
)  # fmt: skip
TITLES = {"create": "created", "update": "updated", "delete": "deleted", "planned": "not yet"}
ALWAYS = ("create", "update", "delete")
LONGEST = 320
"""Characters of a sentence."""


def dry_run_markdown(report: PlanReport, *, problems: int = 20, values: bool = False) -> str:
    """What a sync would do: counts and the first `problems` rows that are not in order."""
    first = problem_rows(report.rows(), problems)
    every = sum(summary.problems + summary.unknown for summary in report.summaries)
    return _page(
        f"**{escaped(headline(report))}**",
        escaped(if_allowed(report)),
        escaped(not_sent(report.summaries)),
        _table(report.summaries, PLAN_COLUMNS, {}),
        f"{calls_to_send(report)} Digest `{report.digest}`.",
        _costs(costs(report)),
        escaped(f"{former_run(report)} {' '.join(report.compared)}"),
        escaped(edits_found(report.edits, report.summaries)),
        "\n".join(f"- {escaped(note)}" for note in report.notes),
        _problems(first, every, values, report.org),
    )


def sync_markdown(run: RunReport, *, problems: int = 20, values: bool = False) -> str:
    """What a sync did: counts, time, and the first `problems` rows that are not in order."""
    every = sum(summary.problems for summary in run.summaries)
    return _page(
        f"**{escaped(run_headline(run))}**",
        f"Run {run.run_number} {run.status}, {counted(run.calls, 'API call')},"
        f" {duration(run.seconds)}.",
        escaped(run.message or ""),
        _table(run.summaries, RUN_COLUMNS, TITLES),
        _overwritten(run, problems, values),
        _closed(run, problems),
        _problems(run.problems[:problems], every, values, run.org),
    )


def _overwritten(run: RunReport, most: int, values: bool) -> str:
    """Records that lost what people had edited: the first `most` of them."""
    if not run.overwritten:
        return ""
    lines = [f"**{escaped(edits_overwritten(run))}**", ""]
    for row in run.overwritten_rows[:most]:
        fields = ", ".join(escaped(change.field) for change in row.overwritten)
        lines.append(
            f"- {escaped(row.object)} ({escaped(row.table)} `{_code(row.key)}`"
            f"{_record(row, run.org)}): {fields or 'deleted'}"
        )
        if values:
            lines.extend(f"  - {_markup(sentence)}" for sentence in edit_sentences(row))
    if run.overwritten > most:
        lines.append(f"- … and {run.overwritten - most:,} more")
    return "\n".join(lines)


def _closed(run: RunReport, most: int) -> str:
    """Leads that were found converted: the first `most` of them, and what they became."""
    if not run.closed:
        return ""
    lines = [f"**{escaped(leads_closed(run))}**", ""]
    for row in run.closed_rows[:most]:
        reasons = " ".join(escaped(problem.reason) for problem in row.problems)
        lines.append(
            f"- {escaped(row.object)} ({escaped(row.table)} `{_code(row.key)}`"
            f"{_record(row, run.org)}): {reasons}"
        )
    if run.closed > most:
        lines.append(f"- … and {run.closed - most:,} more")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line, and that no viewer takes for HTML."""
    return _markup(visible(text))


def _markup(text: str) -> str:
    """The same of a text that is visible already."""
    text = text.replace("\n", " ").replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|~#>!])", r"\\\1", text)


def _page(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _table(
    summaries: tuple[ObjectSummary, ...] | tuple[OutcomeSummary, ...],
    columns: tuple[str, ...],
    titles: dict[str, str],
) -> str:
    shown = [column for column in columns if total(summaries, column) or column in ALWAYS]
    lines = [
        "| Object | " + " | ".join(titles.get(column, column) for column in shown) + " |",
        "|---|" + "---:|" * len(shown),
    ]
    for summary in summaries:
        counts = (f"{getattr(summary, column):,}" for column in shown)
        lines.append(f"| {escaped(summary.object)} | {' | '.join(counts)} |")
    sums = (f"**{total(summaries, column):,}**" for column in shown)
    lines.append(f"| **Total** | {' | '.join(sums)} |")
    return "\n".join(lines)


def _costs(found: tuple[ObjectCost, ...]) -> str:
    if not found:
        return ""
    lines = ["| Object | goes by | calls | time | run before |", "|---|---|---:|---:|---|"]
    for cost in found:
        calls = f"{cost.calls:,}" if cost.calls else ""
        cells = (escaped(cost.object), cost.apis, calls, cost.time, cost.former or "nothing")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _problems(rows: tuple[PlanRow, ...], every: int, values: bool, org: Org) -> str:
    if not rows:
        return ""
    lines = ["### Needs attention", ""]
    for row in rows:
        name = f" {escaped(fold(row.label, 80))}" if values and row.label else ""
        lines.append(
            f"- **{escaped(row.object)}{name}** ({escaped(row.table)} `{_code(row.key)}`"
            f"{_record(row, org)}):"
            f" {row.state}, {state_sentence(row.state)}"
        )
        for problem in row.problems:
            where = f", column `{_code(problem.column)}`" if problem.column else ""
            reason = fold(problem.sentence, LONGEST) if values else problem.reason
            said = f": {escaped(reason)}" if reason else ""
            lines.append(f"  - `{_code(problem.code)}`{where}{said}")
            if problem.mend:
                lines.append(f"    Mend: {escaped(problem.mend)}")
        if values:
            lines.extend(f"  - {_markup(sentence)}" for sentence in edit_sentences(row))
        if values and row.changes:
            lines.extend(
                f"  - {escaped(c.field)}: {_markup(fold(written(c.before, c.type), 80))}"
                f" → {_markup(fold(written(c.after, c.type), 80))}"
                for c in row.changes
            )
    if every > len(rows):
        lines.append(f"- … and {every - len(rows):,} more")
    return "\n".join(lines)


def _record(row: PlanRow, org: Org) -> str:
    """The record's Id as a link, where there is one."""
    link = record_link(org, row.salesforce_id)
    return f", [{row.salesforce_id}]({link})" if link else ""


def _code(text: str) -> str:
    return visible(text).replace("`", "'").replace("\n", " ")
