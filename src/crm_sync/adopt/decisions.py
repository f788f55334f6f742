"""What a person decided of rows, from a CSV file: which record is whose, or that there is none.

In: a file with the columns `mapping`, `key` and `salesforce_id` (an Id, or the word `create`; an
empty cell decides nothing); others are for people and are not read. Out: decisions with their
places, or every line that is wrong, as `file:line:column`. What only the org or the rows can tell
is found later (`find.py`), in the same form.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from crm_sync.errors import DecisionsError, SetupError
from crm_sync.names import nearest
from crm_sync.report.headline import counted, listed
from crm_sync.salesforce.connect import long_id

__all__ = ["COLUMNS", "CREATE", "Decision", "Wrong", "read_decisions", "wrong_lines"]

COLUMNS = ("mapping", "key", "salesforce_id")
CREATE = "create"
MOST_SHOWN = 50
"""Wrong lines that are told; the rest is counted."""

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong: `where` as file:line:column."""

    where: str
    sentence: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence} {self.mend}".rstrip()


def wrong_lines(file: Path, wrong: Iterable[Wrong]) -> DecisionsError:
    """The error of lines that cannot be followed: the first of them, and how many there are."""
    found = sorted(wrong, key=_order)
    lines = [str(one) for one in found[:MOST_SHOWN]]
    if len(found) > MOST_SHOWN:
        lines.append(f"… and {len(found) - MOST_SHOWN:,} more")
    return DecisionsError(
        f"{file}: {counted(len(found), 'line')} cannot be followed, so nothing was done.",
        "Correct them and run again.",
        tuple(lines),
    )


@dataclass(frozen=True)
class Decision:
    """`salesforce_id` has 18 characters, or is None where the row shall be created. Each cell has
    its own place.
    """

    mapping: str
    key: str
    salesforce_id: str | None
    where_mapping: str
    where_key: str
    where_id: str


def read_decisions(file: Path, known: Iterable[str]) -> list[Decision]:
    """The decisions of a file. `known`: the names of the mappings that are looked at.

    Raises SetupError where the file cannot be read as one, and DecisionsError.
    """
    text = _text(file)
    separator = _separator(text)
    lines = list(StringIO(text, newline=""))  # as the reader counts them
    reader = csv.reader(lines, delimiter=separator, strict=True)
    decisions: list[Decision] = []
    wrong: list[Wrong] = []
    titles: list[str] = []
    places: list[int] = []
    begins = 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not titles:
                titles = [cell.strip().lower() for cell in cells]
                places = _columns(file, titles)
                continue
            at = _Cells(file, line, _offsets(lines[line - 1], separator))
            found = _line(cells, places, at, tuple(known))
            if isinstance(found, Decision):
                decisions.append(found)
            elif found is not None:
                wrong.append(found)
    except csv.Error as error:
        wrong.append(Wrong(f"{file}:{begins}:1", f"This is no CSV: {error}.", "Mend the quotes."))
    if not titles:
        raise SetupError(f"{file} is empty.", _HEADING)
    wrong += _twice(decisions)
    if wrong:
        raise wrong_lines(file, wrong)
    return decisions


_HEADING = f"Its first line must name the columns {listed(list(COLUMNS))}."


def _text(file: Path) -> str:
    try:
        return file.expanduser().read_text(encoding="utf-8-sig", errors="strict")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise SetupError(
            f"{file}:{line}:{column}: a byte here is not UTF-8.",
            "Save the file as CSV UTF-8.",
        ) from None
    except OSError as error:
        raise SetupError(
            f"{file} cannot be read: {error.strerror}.", "Name the file of your decisions."
        ) from None


def _separator(text: str) -> str:
    """Comma, semicolon or tab: what the first line has most of."""
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _columns(file: Path, titles: list[str]) -> list[int]:
    for name in COLUMNS:
        if titles.count(name) != 1:
            raise SetupError(
                f"{file}:1:1: the column {name} is missing or stands twice."
                + nearest(name, titles),
                _HEADING,
            )
    return [titles.index(name) for name in COLUMNS]


@dataclass(frozen=True)
class _Cells:
    """Where the cells of a line begin."""

    file: Path
    line: int
    offsets: list[int]

    def where(self, cell: int) -> str:
        column = self.offsets[cell] if cell < len(self.offsets) else 1
        return f"{self.file}:{self.line}:{column}"


def _offsets(line: str, separator: str) -> list[int]:
    """The columns, from 1, at which the cells of a line begin."""
    offsets, quoted = [1], False
    for place, sign in enumerate(line, start=1):
        if sign == '"':
            quoted = not quoted
        elif sign == separator and not quoted:
            offsets.append(place + 1)
    return offsets


def _line(
    cells: list[str], places: list[int], at: _Cells, known: tuple[str, ...]
) -> Decision | Wrong | None:
    if len(cells) <= max(places):
        return Wrong(
            at.where(0),
            f"The line has {counted(len(cells), 'cell')}, and the heading names more.",
            "Fill mapping, key and salesforce_id.",
        )
    mapping, key, given = (cells[place].strip() for place in places)
    where = [at.where(place) for place in places]
    if not given:
        return None
    if mapping not in known:
        said = f"{mapping!r} is none of the mappings that are looked at."
        return Wrong(where[0], said + nearest(mapping, known), f"They are {listed(list(known))}.")
    if not key:
        return Wrong(where[1], "The key is empty.", "Write the row's key, as the template has it.")
    if given.lower() == CREATE:
        return Decision(mapping, key, None, *where)
    if not _ID.fullmatch(given):
        return Wrong(
            where[2],
            f"{given!r} is no Salesforce Id.",
            "Write an Id of 15 or 18 characters, or the word create.",
        )
    full = long_id(given[:15])
    if len(given) == 18 and full.upper() != given.upper():
        return Wrong(
            where[2],
            f"{given} is no Salesforce Id: its last three characters do not fit the others.",
            "Copy it anew from the record.",
        )
    return Decision(mapping, key, full, *where)


def _twice(decisions: Iterable[Decision]) -> Iterator[Wrong]:
    """Rows that are decided twice, and records that two rows are given."""
    rows: dict[tuple[str, str], Decision] = {}
    records: dict[str, Decision] = {}
    for one in decisions:
        former = rows.setdefault((one.mapping, one.key), one)
        if former is not one:
            yield Wrong(
                one.where_key,
                f"{one.mapping} {one.key} was decided before ({former.where_key}).",
                "Keep one of the two lines.",
            )
            continue
        if one.salesforce_id is None:
            continue
        other = records.setdefault(one.salesforce_id, one)
        if other is not one:
            yield Wrong(
                one.where_id,
                f"{one.salesforce_id} was given to {other.mapping} {other.key} before "
                f"({other.where_id}).",
                "A record belongs to one row: keep one of the two lines.",
            )


def _order(wrong: Wrong) -> tuple[int, int]:
    _, line, column = wrong.where.rsplit(":", 2)
    return int(line), int(column)
