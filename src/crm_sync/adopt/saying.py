"""What was found and what was done, told in a terminal."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crm_sync.adopt.model import Found
from crm_sync.adopt.shown import KINDS, Section, ShownRecord, ShownRow, headline, sections
from crm_sync.adopt.story import Adopted, Look
from crm_sync.report.console import Glyphs, glyphs, make_console
from crm_sync.report.headline import counted, listed, place
from crm_sync.report.values import fold, visible, written
from crm_sync.sync.told import problem_of

__all__ = ["question", "tell_end", "tell_found"]

MOST_ROWS = 10
"""Rows of each kind that a terminal shows."""
MOST_RECORDS = 5
"""Records of a row."""
LONGEST = 60
STYLES = {"ambiguous": "yellow", "certain": "green", "unmatched": "cyan", "decided as new": "cyan"}


def tell_found(look: Look, stream: TextIO | None = None, *, width: int | None = None) -> None:
    """Counts for each mapping, then the first rows of each kind."""
    console = make_console(stream, width)
    console.print(Text(headline(look), "bold"))
    console.print()
    console.print(_table(look.found))
    if look.left_out:
        console.print(
            f"Not looked at: {listed(list(look.left_out))}. Say by which fields: "
            f"--select {look.left_out[0]} --by FIELD,FIELD"
        )
    console.print(f"{counted(look.calls, 'API call')} to look.")
    for section in sections(look):
        _print_section(console, section)


def _table(found: tuple[Found, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Mapping", overflow="fold", min_width=12)
    table.add_column("Compared by", overflow="fold")
    for title in ("Rows", "Records", "Certain", "Ambiguous", "Unmatched"):
        table.add_column(title, justify="right", no_wrap=True)
    has_new = any(one.made_new for one in found)
    if has_new:
        table.add_column("New", justify="right", no_wrap=True)
    for one in found:
        matched = one.matched
        counts = [one.rows, one.records, len(matched.certain), len(matched.ambiguous)]
        counts += [len(matched.unmatched), *([len(one.made_new)] if has_new else [])]
        table.add_row(one.mapping, ", ".join(one.by), *(f"{count:,}" for count in counts))
    return table


def _print_section(console: Console, section: Section) -> None:
    signs = glyphs(console.encoding)
    console.print()
    head = f"{section.found.object} {signs.dot} {section.kind} {signs.dot} "
    title = Text(head, f"bold {STYLES[section.kind]}")
    console.print(title + Text(f"{counted(section.total, 'row')}: {KINDS[section.kind]}"))
    for number, row in enumerate(section.rows()):
        if number == MOST_ROWS:
            console.print(f"  {signs.ellipsis} and {section.total - MOST_ROWS:,} more")
            break
        _print_row(console, row, section, signs)


def _print_row(console: Console, row: ShownRow, section: Section, signs: Glyphs) -> None:
    line = Text(_short(row.label, signs), "bold", overflow="fold")
    line.append(f"  {row.table} {visible(row.key)}", "dim")
    console.print(Padding(line, (0, 0, 0, 2)))
    if section.kind == "ambiguous":
        values = [(c.field, written(c.after, c.type)) for c in row.changes]
        console.print(Padding(Text(_values(values, signs), overflow="fold"), (0, 0, 0, 4)))
    for record in row.records[:MOST_RECORDS]:
        console.print(Padding(_record(record, signs), (0, 0, 0, 4)))
    if (left_out := len(row.records) - MOST_RECORDS) > 0:
        console.print(f"    {signs.ellipsis} and {counted(left_out, 'more record')}")


def _record(record: ShownRecord, signs: Glyphs) -> Text:
    line = Text(f"{signs.arrow} ", overflow="fold")
    line.append(record.id, f"link {record.link}" if record.link else "")
    line.append(f"  {record.says}  ", "dim")
    line.append(_values([(c.field, written(c.before, c.type)) for c in record.changes], signs))
    return line


def _values(values: list[tuple[str, str]], signs: Glyphs) -> str:
    return f" {signs.dot} ".join(f"{name} {_short(text, signs)}" for name, text in values)


def _short(text: str, signs: Glyphs) -> str:
    line = visible(text).replace("\n", f" {signs.line_break} ").replace("\t", " ")
    return fold(line.replace("—", signs.nothing) if line == "—" else line, LONGEST, signs.ellipsis)


def question(look: Look) -> str:
    """What a person agrees to."""
    certain, where = look.total("certain"), place(look.org)
    resumed = sum(len(one.resumed) for one in look.found)
    if certain:
        asked = f"Write our key to {counted(certain, 'record')} of {where}, and nothing else?"
    elif resumed:
        asked = f"Note the {counted(resumed, 'record')} of {where} whose key is written already?"
    else:
        asked = f"Nothing is written to {where}. May a sync create the rows that are unmatched?"
    return f"{asked} [y/N] "


def tell_end(ended: Adopted, stream: TextIO | None = None, *, width: int | None = None) -> None:
    """What was done, what was refused and why, and what to do next."""
    console = make_console(stream, width)
    signs = glyphs(console.encoding)
    number = sum(ended.outcome.adopted.values())
    where = place(ended.look.org)
    console.print()
    console.print(Text(f"{counted(number, 'record')} of {where} adopted.", "bold"))
    labels = {
        (one.mapping, one.pair.row.key): one for one in ended.outcome.left
    }  # each row is left once
    for (mapping, key), one in list(labels.items())[:MOST_ROWS]:
        told = ended.look.mask.problem(mapping, problem_of(one.problem), ())
        text = Text(f"{mapping} {visible(ended.look.mask.key(key))} {one.outcome}: ", "yellow")
        text.append(f"{visible(told.sentence)}\n{signs.arrow} {visible(told.mend)}")
        console.print(Padding(text, (0, 0, 0, 2)))
    if len(labels) > MOST_ROWS:
        console.print(f"  {signs.ellipsis} and {len(labels) - MOST_ROWS:,} more")
    for name in ended.open:
        console.print(_still_open(ended, name))
    if number and not ended.open and ended.error is None:
        console.print("The next sync updates what was adopted: look at crm-sync dry-run first.")


def _still_open(ended: Adopted, name: str) -> str:
    (found,) = (one for one in ended.look.found if one.mapping == name)
    why = []
    if found.matched.ambiguous:
        why.append(f"{counted(len(found.matched.ambiguous), 'row')} undecided")
    if left := ended.outcome.left_of(name):
        why.append(f"{counted(left, 'key')} not written")
    said = f": {listed(why)}" if why else ""
    follows = (
        "the next sync creates these rows."
        if name in ended.creating
        else "until then its first sync stops before it creates."
    )
    first = "Mend what was refused"
    if found.matched.ambiguous:
        first = "Decide in a CSV (--csv writes one to fill in, --decisions reads it)"
    return f"{name} is still open{said}. {first} and run crm-sync adopt again; {follows}"
