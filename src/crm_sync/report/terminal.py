"""A dry run and a sync, told in a terminal.

In: `PlanReport` or `RunReport`. Out: text on a stream: for people on a terminal in colour, else
plain, with a changed part in [brackets] where colour cannot mark it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crm_sync.report.console import Glyphs, glyphs, make_console
from crm_sync.report.cost import ObjectCost, calls_to_send, costs, former_run
from crm_sync.report.difference import Part, difference, folded_parts
from crm_sync.report.edits import (
    CLOSED,
    DONE,
    edit_sentences,
    edits_found,
    edits_overwritten,
    leads_closed,
)
from crm_sync.report.groups import NOT_SENT, Group, groups, total
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
    FieldChange,
    ObjectSummary,
    Org,
    OutcomeSummary,
    PlanReport,
    PlanRow,
    Problem,
    RunReport,
    type_note,
)
from crm_sync.report.values import fold, is_prose, visible, written

__all__ = ["dry_run", "first_sync", "rows_in_full", "run_summary"]

LONGEST = 160
"""Characters of a text that a terminal shows; the HTML report shows it whole."""
LABEL = 80
STYLES = {
    "create": "green", "update": "cyan", "delete": "red", NOT_SENT: "yellow",
    "before": "dim", "removed": "red", "added": "bold green", "problem": "yellow",
    "key": "dim", "title": "bold", "quiet": "dim",
}  # fmt: skip

PLAN_COLUMNS = ("create", "update", "delete", "unchanged", "invalid", "blocked", "refused", "held")
RUN_COLUMNS = (
    "create", "update", "delete", "refused", "unknown", "blocked", "invalid", "held", "planned",
)  # fmt: skip
ALWAYS = ("create", "update", "delete", "unchanged")
RUN_TITLES = {"create": "Created", "update": "Updated", "delete": "Deleted", "planned": "Not yet"}


def dry_run(
    report: PlanReport,
    stream: TextIO | None = None,
    *,
    limit: int = 5,
    width: int | None = None,
    hint: str = "",
) -> None:
    """What a sync would do, with `limit` rows per object and action; `hint` says where more is."""
    console = make_console(stream, width)
    shown = groups(report, limit)
    console.print(Text(headline(report), STYLES["title"]))
    if report.stops:
        console.print(Text(if_allowed(report), STYLES["problem"]))
    if problems := not_sent(report.summaries):
        console.print(Text(problems, STYLES["problem"]))
    if unknown := total(report.summaries, "unknown"):
        console.print(f"{counted(unknown, 'row')} had no answer from Salesforce: sent again.")
    console.print()
    console.print(_table(report.summaries, PLAN_COLUMNS, {}))
    console.print(calls_to_send(report))
    console.print(former_run(report))
    if len(shown_costs := costs(report)) > 1:
        console.print()
        console.print(_costs(shown_costs))
        console.print()
    if edits := edits_found(report.edits, report.summaries):
        is_loss = report.edits is not None and report.edits.overwritten + report.edits.missing
        console.print(Text(edits, STYLES["problem"] if is_loss else ""))
    for said in report.compared:
        console.print(said)
    for note in report.notes:
        console.print(f"Note: {visible(note)}")
    for group in sorted(shown, key=lambda group: group.kind == NOT_SENT):
        if group.rows:
            _print_group(console, group, report.org)
    has_ids = any(row.salesforce_id for group in shown for row in group.rows)
    if has_ids and console.color_system is None:  # elsewhere an Id is a link
        console.print()
        console.print(f"A record opens at {report.org.instance_url.rstrip('/')}/ and its Id.")
    if any(group.left_out for group in shown) and hint:
        console.print()
        console.print(hint)


def first_sync(report: PlanReport, stream: TextIO | None = None, width: int | None = None) -> None:
    """How much the first sync to an org would send: no row, but counts by object and action."""
    console = make_console(stream, width)
    console.print("Nothing of yours was sent to this org yet.")
    console.print(Text(headline(report), STYLES["title"]))
    if problems := not_sent(report.summaries):
        console.print(Text(problems, STYLES["problem"]))
    console.print()
    console.print(_table(report.summaries, PLAN_COLUMNS, {}))
    console.print(calls_to_send(report))
    for note in report.notes:
        console.print(f"Note: {visible(note)}")
    console.print("Row by row: crm-sync dry-run --html report.html")
    console.print()


def rows_in_full(
    rows: Iterable[PlanRow],
    stream: TextIO | None = None,
    *,
    org: Org | None = None,
    width: int | None = None,
    longest: int = LONGEST,
) -> None:
    """Single rows, field by field: for `problems` and the demo. A created row's text is folded
    where it has more than `longest` characters. `org`: where an Id leads on a terminal.
    """
    console = make_console(stream, width)
    for row in rows:
        _print_row(console, row, org, longest=longest)


def run_summary(
    run: RunReport, stream: TextIO | None = None, *, limit: int = 10, width: int | None = None
) -> None:
    """What a sync did: counts per object, API calls, time, and the first `limit` problems."""
    console = make_console(stream, width)
    console.print(Text(run_headline(run), STYLES["title"]))
    if run.message:
        console.print(Text(visible(run.message), STYLES["problem"]))
    if any(summary.recorded + summary.problems + summary.planned for summary in run.summaries):
        console.print()
        console.print(_table(run.summaries, RUN_COLUMNS, RUN_TITLES))
    dot = glyphs(console.encoding).dot
    console.print(
        f"Run {run.run_number} {run.status} {dot} {counted(run.calls, 'API call')}"
        f" {dot} {duration(run.seconds)}"
    )
    said = Text(edits_overwritten(run), STYLES["problem"])
    _print_first(console, run, said, run.overwritten_rows, run.overwritten, limit)
    _print_first(console, run, Text(leads_closed(run)), run.closed_rows, run.closed, limit)
    if run.problems:
        console.print()
        for row in run.problems[:limit]:
            _print_row(console, row, run.org, with_fields=False)
        problems = max(len(run.problems), sum(summary.problems for summary in run.summaries))
        if left_out := problems - min(limit, len(run.problems)):
            console.print(f"  {glyphs(console.encoding).ellipsis} and {left_out:,} more")


def _print_first(
    console: Console, run: RunReport, said: Text, rows: Sequence[PlanRow], number: int, limit: int
) -> None:
    """The first `limit` of so many rows, below what is said of them; nothing where it is empty."""
    if not said:
        return
    console.print()
    console.print(said)
    for row in rows[:limit]:
        _print_row(console, row, run.org, with_fields=False)
    if number > limit:
        sign = glyphs(console.encoding).ellipsis
        command = "crm-sync history TABLE KEY"
        console.print(f"  {sign} and {number - limit:,} more; `{command}` tells of each")


def _table(
    summaries: tuple[ObjectSummary, ...] | tuple[OutcomeSummary, ...],
    columns: tuple[str, ...],
    titles: dict[str, str],
) -> Table:
    """Counts per mapping. A column of zeros is left out, save those that everyone looks for."""
    has_unchanged = columns is PLAN_COLUMNS
    shown = [
        column
        for column in columns
        if total(summaries, column) or (column in ALWAYS and (has_unchanged or column in titles))
    ]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Object", overflow="fold", min_width=12)
    for column in shown:
        title = titles.get(column, column.capitalize())
        table.add_column(title, justify="right", no_wrap=True)
    for summary in summaries:
        counts = [(column, getattr(summary, column)) for column in shown]
        table.add_row(summary.object, *(_count(column, count) for column, count in counts))
    if len(summaries) > 1:
        table.add_row("Total", *(f"{total(summaries, column):,}" for column in shown), style="bold")
    return table


def _costs(found: tuple[ObjectCost, ...]) -> Table:
    """What each mapping takes, and what became of its rows in the run before."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Object", overflow="fold", min_width=12)
    table.add_column("Goes by", overflow="fold")
    for title in ("Calls", "Time"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("Run before", overflow="fold")
    for cost in found:
        calls = f"{cost.calls:,}" if cost.calls else ""
        former = cost.former or "nothing"
        table.add_row(cost.object, cost.apis, calls, cost.time, former)
    return table


def _count(column: str, count: int) -> Text:
    if not count:
        return Text("0", STYLES["quiet"])
    is_quiet = column in {"unchanged", "planned"}
    return Text(f"{count:,}", "" if is_quiet else STYLES.get(column, STYLES["problem"]))


def _print_group(console: Console, group: Group, org: Org) -> None:
    signs = glyphs(console.encoding)
    console.print()
    title = Text(
        f"{group.object} {signs.dot} {group.kind} {signs.dot} ", f"bold {STYLES[group.kind]}"
    )
    console.print(title + Text(counted(group.total, "row")))
    for row in group.rows:
        _print_row(console, row, org)
    if group.left_out:
        console.print(f"  {signs.ellipsis} and {group.left_out:,} more")


def _print_row(
    console: Console,
    row: PlanRow,
    org: Org | None,
    *,
    with_fields: bool = True,
    longest: int = LONGEST,
) -> None:
    signs = glyphs(console.encoding)
    label = fold(visible(row.label or row.key), LABEL, signs.ellipsis)
    line = Text(_one_line(label, signs), STYLES["title"], overflow="fold")
    line.append(f"  {row.table} {visible(row.key)}", STYLES["key"])
    if row.salesforce_id:
        link = record_link(org, row.salesforce_id) if org else None
        style = f"{STYLES['key']} link {link}" if link else STYLES["key"]
        line.append(f" {signs.dot} ", STYLES["key"])
        line.append(row.salesforce_id, style)
    console.print(Padding(line, (0, 0, 0, 2)))
    if row.state not in {"planned", "sending", DONE, CLOSED}:
        sentence = f"{row.state} ({row.action}): {state_sentence(row.state)}"
        console.print(Padding(Text(sentence, STYLES["problem"]), (0, 0, 0, 4)))
    if row.pair:
        where_to = "moves to" if row.action == "delete" else "moves here from"
        console.print(Padding(Text(f"{where_to} {row.pair}"), (0, 0, 0, 4)))
    for problem in row.problems:
        console.print(Padding(_problem(problem, signs), (0, 0, 0, 4)))
    for sentence in edit_sentences(row):
        said = Text(_one_line(sentence, signs), STYLES["problem"])
        console.print(Padding(said, (0, 0, 0, 4)))
    if with_fields and row.changes and row.action != "delete":
        console.print(Padding(_fields(console, row, longest), (0, 0, 0, 4)))


def _problem(problem: Problem, signs: Glyphs) -> Text:
    style = "" if problem.severity == type_note else STYLES["problem"]
    fields = [
        name for name in (problem.field, problem.column and f"column {problem.column}") if name
    ]
    text = Text(f"{problem.code}: ", style)
    text.append(_one_line(visible(problem.sentence), signs))
    if fields:
        text.append(f" ({', '.join(fields)})")
    if problem.mend:
        text.append(f"\n{signs.arrow} {_one_line(visible(problem.mend), signs)}")
    return text


def _fields(console: Console, row: PlanRow, longest: int) -> Table:
    signs = glyphs(console.encoding)
    is_plain = console.color_system is None
    filled = [c for c in row.changes if row.action != "create" or c.after is not None]
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", max_width=26)
    table.add_column(overflow="fold")
    room = console.width - 4 - min(26, max((len(c.field) for c in filled), default=0)) - 2
    for change in filled:
        if row.action == "create":
            text = fold(written(change.after, change.type), longest, signs.ellipsis)
            table.add_row(change.field, _one_line(text, signs))
        else:
            table.add_row(change.field, _change(change, signs, room, is_plain))
    return table


def _change(change: FieldChange, signs: Glyphs, room: int, is_plain: bool) -> Text:
    before, after = written(change.before, change.type), written(change.after, change.type)
    if is_prose(change.before, change.type) and is_prose(change.after, change.type):
        old, new = difference(before, after)
    else:
        old, new = (Part(before, False),), (Part(after, False),)
    left = _marked(old, STYLES["before"], STYLES["removed"], signs, is_plain)
    right = _marked(new, "", STYLES["added"] if len(new) > 1 else "", signs, is_plain)
    is_one_line = len(left) + len(right) + len(signs.arrow) + 2 <= room
    return left + Text(f"{' ' if is_one_line else chr(10)}{signs.arrow} ") + right


def _marked(
    parts: tuple[Part, ...], style: str, changed_style: str, signs: Glyphs, is_plain: bool
) -> Text:
    text = Text()
    for part in folded_parts(parts, most=LONGEST, ellipsis=f" {signs.ellipsis} "):
        written_part = _one_line(part.text, signs)
        if part.changed and is_plain:
            text.append(f"[{written_part}]")
        else:
            text.append(written_part, changed_style if part.changed else style)
    return text


def _one_line(text: str, signs: Glyphs) -> str:
    """A text that is visible already, on one line."""
    text = text.replace("—", signs.nothing) if text == "—" else text
    return text.replace("\n", f" {signs.line_break} ").replace("\t", " ")
