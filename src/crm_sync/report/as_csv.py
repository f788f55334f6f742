"""A dry run as CSV: one file for each object, every row on a line of its own.

In: `PlanReport`. Out: files `Account.csv`, `Lead.csv`, … in a directory, for a spreadsheet or for
whoever wants more rows than a page shows. Every cell is quoted. Rows are written as they are read,
so memory does not grow with them. A value is whole and as a program reads it (2026-11-26, 1234.5);
where a field is emptied, or was empty, stands —; a cell of a field that the row does not touch is
empty.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from crm_sync.report.edits import edit_sentences
from crm_sync.report.links import record_link
from crm_sync.report.model import FieldChange, Org, PlanReport, PlanRow, Value
from crm_sync.report.output import directory, writing
from crm_sync.report.values import NOTHING

__all__ = ["COLUMNS", "safe_text", "write_csv"]

COLUMNS = (
    "action", "state", "key", "label", "salesforce_id", "link", "mapping", "table", "moves",
    "code", "reason", "column", "mend", "in_salesforce",
)  # fmt: skip
"""What stands before the fields; of each field there are two columns, `Name (before)` and `Name`,
and with --against-org a third, `Name (in Salesforce)`, for what someone edited there.
"""
_FORMULA = re.compile(
    r"""
        \A (?=[\t\r\n])
      | (?: \A | [,;|\t\r\n] ) ["'\s]* (?=[=+\-@\uff1d\uff0b\uff0d\uff20])
    """,
    re.VERBOSE,
)
"""Where a spreadsheet would begin to run a text: at its beginning, and behind what it may take for
the end of a cell or line. Quotes do not help: one whose list separator is a semicolon reads a line
that is parted by commas as one cell up to the first semicolon (OWASP, CSV Injection: separators).
"""


def write_csv(path: Path, report: PlanReport, separator: str = ",") -> list[Path]:
    """Writes one file for each object of the plan, also where it has no row; gives their paths.
    `separator`: what parts the cells.

    Raises `OutputError`.
    """
    target = directory(path)
    with ExitStack() as files:
        lines: dict[str, Any] = {}
        for name, fields in report.fields.items():
            # \r\n between the lines, as RFC 4180 has it; the mark lets Excel read UTF-8.
            file = files.enter_context(writing(target / f"{name}.csv", newline=""))
            file.write("\ufeff")
            lines[name] = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL)
            lines[name].writerow([*COLUMNS, *_titles(fields, with_edits=report.edits is not None)])
        for row in report.rows():
            fields = report.fields[row.object]
            lines[row.object].writerow(
                [*_of_row(row, report.org), *_of_fields(row, fields, report.edits is not None)]
            )
    return [(target / f"{name}.csv").resolve() for name in report.fields]


def _titles(fields: Iterable[str], *, with_edits: bool) -> list[str]:
    kinds = (" (before)", "", " (in Salesforce)") if with_edits else (" (before)", "")
    return [f"{field}{kind}" for field in fields for kind in kinds]


def _of_row(row: PlanRow, org: Org) -> list[str]:
    problems = row.problems
    moves = ""
    if row.pair:
        moves = f"{'to' if row.action == 'delete' else 'from'} {row.pair}"
    return [
        row.action,
        row.state,
        safe_text(row.key),
        safe_text(row.label),
        row.salesforce_id or "",
        record_link(org, row.salesforce_id) or "",
        row.mapping,
        row.table,
        moves,
        safe_text(", ".join(problem.code for problem in problems)),
        safe_text(" ".join(problem.sentence for problem in problems)),
        safe_text(", ".join(problem.column for problem in problems if problem.column)),
        safe_text(" ".join(problem.mend for problem in problems if problem.mend)),
        safe_text("; ".join(edit_sentences(row))),
    ]


def _of_fields(row: PlanRow, fields: Iterable[str], with_edits: bool) -> list[str]:
    changes = {change.field: change for change in (*row.changes, *row.left_alone)}
    alone = {change.field for change in row.left_alone}
    cells: list[str] = []
    for field in fields:
        before, after, current = _cells(row, changes.get(field), is_alone=field in alone)
        cells += [before, after, current] if with_edits else [before, after]
    return cells


def _cells(row: PlanRow, change: FieldChange | None, *, is_alone: bool) -> tuple[str, str, str]:
    """Before, after and what Salesforce holds; a create has no before, a deletion no after."""
    if change is None:
        return "", "", ""
    current = _cell(change.current) if change.is_edited else ""
    if is_alone:
        return _cell(change.after), "", current
    if row.action == "create":
        return "", "" if change.after is None else _cell(change.after), current
    if row.action == "delete":
        return _cell(change.before), "", current
    return _cell(change.before), _cell(change.after), current


def _cell(value: Value) -> str:
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "true" if value else "false"
        case str():
            return safe_text(value)
        case dict():
            return safe_text(f"{value.get('mapping', '')} {value.get('key', '')}")
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)


def safe_text(text: str) -> str:
    """The text with a quote wherever a spreadsheet would begin to run it."""
    return _FORMULA.sub(r"\g<0>'", text)
