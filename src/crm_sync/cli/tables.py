"""`status` and `history` for people: in colour on a terminal, plain elsewhere.

In: what `crm_sync.sync.overview` reads. Out: text on a console.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crm_sync.report.console import Glyphs, glyphs
from crm_sync.report.headline import counted, duration
from crm_sync.report.model import called
from crm_sync.report.values import fold, visible, written
from crm_sync.sync.overview import (
    Entry,
    KnownOrg,
    MappingState,
    NotedRun,
    RunAtWork,
    StateSize,
)

__all__ = ["at_work", "history", "status"]

OUTCOMES = {
    "create": "created", "update": "changed", "delete": "deleted", "adopt": "adopted",
    "planned": "not yet sent",
    **{state: state for state in ("refused", "unknown", "blocked", "invalid", "held")},
}  # fmt: skip
STATES = ("planned", "sending", "unknown", "blocked", "invalid", "refused", "held")
WAITING = frozenset({"planned", "sending"})
WARNING = "yellow"
QUIET = "dim"
LONGEST = 160
"""Characters of a value that `history` shows; `--json` has it whole."""


def status(
    console: Console,
    orgs: Sequence[KnownOrg],
    never: Sequence[str],
    size: StateSize,
    known: Mapping[str, Mapping[str, bool] | None],
) -> None:
    """Each org with its last run and its rows by state. `known`: by org the mappings by name, and
    whether they are enabled; None where nobody can tell.
    """
    dot = glyphs(console.encoding).dot
    for org in orgs:
        targets = ", ".join(org.targets) or "none"
        user = f", user {visible(org.username)}" if org.username else ""
        rest = f" ({org.id}, {called(org.kind, org.edition)}), target {targets}{user}"
        console.print(Text.assemble((visible(org.name), "bold"), rest))
        if org.at_work:
            console.print(Padding(at_work(org.at_work), (0, 0, 0, 2)))
        ended = [run for run in org.runs if run.status != "running"]
        for run in ended:
            _print_run(console, run, dot, is_last=run is ended[0])
        if org.runs:
            console.print(f"  {_waiting(org.changes_waiting)}")
        if org.mappings:
            console.print(Padding(_states(org.mappings), (1, 0, 1, 2)))
            for state in org.mappings:
                of_org = known.get(org.id)
                if of_org is not None and not of_org.get(state.mapping):
                    said = _idle(state, is_disabled=state.mapping in of_org)
                    console.print(Padding(said, (0, 0, 0, 2)))
        if any(s for m in org.mappings for s in m.open if s not in WAITING):
            which = f" --target {org.targets[0]}" if len(orgs) > 1 and org.targets else ""
            console.print(f"  Why, and how to mend it: crm-sync problems{which}")
    for name in never:
        console.print(f"Target {name} was never synced. See first what would be sent:")
        console.print(f"  crm-sync dry-run --target {name}", soft_wrap=True)
    if not orgs and not never:
        console.print("No target is named yet: see crm-sync.example.toml.")
    changes = counted(size.changes, "change")
    takes = f"Schema sync takes {_bytes(size.bytes)} of the database; its log holds {changes}."
    console.print(Text(takes, style=QUIET))


def _print_run(console: Console, run: NotedRun, dot: str, *, is_last: bool) -> None:
    line = Text(f"{'Last run' if is_last else 'Run'} {run.run_number} ")
    line.append(run.status, "" if run.status == "finished" else WARNING)
    when = _moment(run.finished_at or run.started_at)
    parts = [when, run.mode, _counts(run), counted(run.calls, "API call")]
    if run.seconds is not None:
        parts.append(duration(run.seconds))
    line.append("".join(f" {dot} {part}" for part in parts))
    console.print(Padding(line, (0, 0, 0, 2)))
    if run.message:
        console.print(Padding(Text(visible(run.message), WARNING), (0, 0, 0, 2)))


def _counts(run: NotedRun) -> str:
    """`3 created, 1 refused`: the rows of a run by outcome, over all mappings."""
    numbers = {name: sum(c.get(name, 0) for c in run.counts.values()) for name in OUTCOMES}
    said = ", ".join(f"{n:,} {OUTCOMES[name]}" for name, n in numbers.items() if n)
    return said or ("nothing sent" if run.status == "stopped" else "nothing to send")


def _waiting(changes: int | None) -> str:
    """What an org's next sync has to look at."""
    if changes is None:
        return "The next sync compares every row."
    if not changes:
        return "No change waits for the next sync."
    return f"{counted(changes, 'change')} {'waits' if changes == 1 else 'wait'} for the next sync."


def at_work(run: RunAtWork) -> Group:
    """Where a run stands, by mapping."""
    head = f"Run {run.run_number} is at work since {_moment(run.started_at)}"
    if not run.mappings:
        return Group(Text(f"{head}: it compares rows."))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Mapping")
    for title in ("Planned", "Sending", "Recorded"):
        table.add_column(title, justify="right", no_wrap=True)
    for m in run.mappings:
        table.add_row(m.mapping, *(_count(n, "") for n in (m.planned, m.sending, m.recorded)))
    return Group(Text(f"{head}:"), Padding(table, (0, 0, 0, 2)))


def _idle(state: MappingState, *, is_disabled: bool) -> Text:
    """A mapping that is gone or disabled: its records stay as they are."""
    name, records = state.mapping, counted(state.in_order, "record")
    if is_disabled:
        return Text(f"{name}: {records} kept; the mapping is switched off (enabled: false).", QUIET)
    kept = f"{name}: {records} kept; no enabled mapping has this name."
    return Text(f"{kept} If it was renamed, write `formerly: {name}` into its new file.", QUIET)


def _states(mappings: Sequence[MappingState]) -> Table:
    shown = [state for state in STATES if any(m.open.get(state) for m in mappings)]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Mapping")
    table.add_column("Object")
    for title in ("in order", *shown):
        table.add_column(title.capitalize(), justify="right", no_wrap=True)
    for m in mappings:
        counts = [_count(m.open.get(s, 0), "" if s in WAITING else WARNING) for s in shown]
        table.add_row(m.mapping, m.object, f"{m.in_order:,}", *counts)
    return table


def _count(number: int, style: str) -> Text:
    return Text(f"{number:,}", style if number else QUIET)


def history(console: Console, entries: Sequence[Entry]) -> None:
    """Each entry: when, run, action, outcome; below it the fields, before and after."""
    signs = glyphs(console.encoding)
    for entry in entries:
        console.print()
        console.print(_title(entry, signs))
        if entry.changes:
            console.print(Padding(_changes(entry, signs), (0, 0, 0, 2)))
        if entry.problem:
            sentence = visible(entry.problem.sentence)
            text = Text.assemble((f"{entry.problem.code}: ", WARNING), sentence)
            if entry.problem.mend:
                text.append(f"\n{signs.arrow} {visible(entry.problem.mend)}")
            console.print(Padding(text, (0, 0, 0, 2)))


def _title(entry: Entry, signs: Glyphs) -> Text:
    is_good = entry.outcome == "recorded"
    where = " ".join(part for part in (entry.object, entry.salesforce_id) if part)
    return Text.assemble(
        (_moment(entry.at), "bold"),
        f" {signs.dot} run {entry.run_number} {signs.dot} {entry.action} ",
        (entry.outcome, "green" if is_good else WARNING),
        (f" {signs.dot} {where or entry.mapping}", QUIET),
    )


def _changes(entry: Entry, signs: Glyphs) -> Table:
    """Field by field; of a create, which had nothing before, the values alone."""
    is_create = all(change.before is None for change in entry.changes)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", max_width=26)
    table.add_column(overflow="fold")
    for change in entry.changes:
        before, after, there = (
            _one_line(written(value, change.type), signs)
            for value in (change.before, change.after, change.current)
        )
        if entry.action == "delete":
            table.add_row(change.field, Text(f"edited in Salesforce to {there}", WARNING))
            continue
        if is_create and entry.action == "create":
            if change.after is not None:
                table.add_row(change.field, after)
        else:
            told = Text.assemble((before, QUIET), f" {signs.arrow} ", after)
            if change.is_edited:
                told.append(f" (edited in Salesforce to {there})", WARNING)
            table.add_row(change.field, told)
    return table


def _one_line(text: str, signs: Glyphs) -> str:
    text = fold(text, LONGEST, signs.ellipsis)
    return text.replace("\n", f" {signs.line_break} ").replace("\t", " ")


def _moment(at: datetime) -> str:
    return written(at.replace(microsecond=0).isoformat(), "datetime")


def _bytes(number: int) -> str:
    size = float(number)
    for unit in ("bytes", "kB", "MB"):
        if size < 1024:
            return f"{size:,.0f} {unit}"
        size /= 1024
    return f"{size:,.1f} GB"
