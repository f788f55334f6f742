"""The file of decisions, to be filled in: one line for each ambiguous row.

In: `Look`. Out: CSV whose first three columns `decisions.py` reads back; the rest says what there
is to decide, masked and safe to open in a spreadsheet.
"""

from __future__ import annotations

import csv
from pathlib import Path

from crm_sync.adopt.decisions import COLUMNS
from crm_sync.adopt.shown import ShownRecord, ShownRow, sections
from crm_sync.adopt.story import Look
from crm_sync.report.as_csv import safe_text
from crm_sync.report.output import writing
from crm_sync.report.values import written

__all__ = ["write_template"]

MOST_RECORDS = 50
"""Of one row: a cell of Excel holds 32,767 characters (Microsoft, Excel specifications)."""


def write_template(path: Path, look: Look, separator: str = ",") -> Path:
    """Writes the file and gives its full path. Raises `OutputError`."""
    target = path.expanduser()
    with writing(target, newline="") as file:
        file.write("\ufeff")  # lets Excel read UTF-8
        lines = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL)
        lines.writerow([*COLUMNS, "row", "values", "records"])
        for section in sections(look):
            if section.kind != "ambiguous":
                continue
            # A key is read back, so it stands as it is, and not as a report would mask it.
            keys = [one.row.key for one in section.found.matched.ambiguous]
            for key, row in zip(keys, section.rows(), strict=True):
                values = "; ".join(f"{c.field}: {written(c.after, c.type)}" for c in row.changes)
                cells = [row.label, values, _records(row)]
                lines.writerow([section.found.mapping, key, "", *map(safe_text, cells)])
    return target.resolve()


def _records(row: ShownRow) -> str:
    shown = [_said(record) for record in row.records[:MOST_RECORDS]]
    if len(row.records) > MOST_RECORDS:
        shown.append(f"and {len(row.records) - MOST_RECORDS:,} more")
    return "\n".join(shown)


def _said(record: ShownRecord) -> str:
    values = ", ".join(f"{c.field}: {written(c.before, c.type)}" for c in record.changes)
    return f"{record.id} ({record.says}) {values}"
