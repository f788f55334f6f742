"""`status` and `history` for people: in colour on a terminal, plain elsewhere.

In: what `crm_sync.sync.overview` reads. Out: text on a console.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crm_sync.report.console import Glyphs, glyphs
from crm_sync.report.headline import counted
from crm_sync.report.values import fold, visible, written
from crm_sync.sync.overview import Entry, KnownOrg, LastRun, MappingState, StateSize

__all__ = ["history", "status"]

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
    known: frozenset[str] | None,
) -> None:
    """Each org with its last run and its rows by state. `known`: the enabled mappings, or None
    where nobody can tell.
    """
    dot = glyphs(console.encoding).dot
    for org in orgs:
        targets = ", ".join(org.targets) or "none"
        rest = f" ({org.id}, {org.kind}), target {targets}"
        console.print(Text.assemble((visible(org.name), "bold"), rest))
        if org.last_run:
            _print_run(console, org.last_run, dot)
        if org.mappings:
            console.print(Padding(_states(org.mappings), (1, 0, 1, 2)))
            for state in org.mappings:
                if known is not None and state.mapping not in known:
                    console.print(Padding(_idle(state), (0, 0, 0, 2)))
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


def _print_run(console: Console, run: LastRun, dot: str) -> None:
    style = "" if run.status == "finished" else WARNING
    line = Text(f"  Last run {run.run_number} ")
    line.append(run.status, style)
    when = _moment(run.finished_at or run.started_at)
    line.append(f" {dot} {when} {dot} {counted(run.calls, 'API call')}")
    console.print(line)
    if run.message:
        console.print(Padding(Text(visible(run.message), WARNING), (0, 0, 0, 2)))


def _idle(state: MappingState) -> Text:
    """A mapping that is gone or disabled: its records stay as they are."""
    name, records = state.mapping, counted(state.in_order, "record")
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
        before, after = (
            _one_line(written(value, change.type), signs) for value in (change.before, change.after)
        )
        if is_create and entry.action == "create":
            if change.after is not None:
                table.add_row(change.field, after)
        else:
            table.add_row(change.field, Text.assemble((before, QUIET), f" {signs.arrow} ", after))
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
