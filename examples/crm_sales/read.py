"""Reads a CRM export (accounts, products, sales teams, sales pipeline) and decides, row by row.

In: a directory with the four CSV files. Out: rows for our tables, the corrections that were made
and the rows that are set aside, each with its reason. Touches no database.

The rules, in this order, for a name that refers to another file (account, product):

1. It is there, letter for letter: taken.
2. Exactly one name there differs only in case, blanks, hyphens or dots: taken, and listed as a
   correction (`GTXPro` → `GTX Pro`).
3. Otherwise the row is set aside. Similar names are printed beside it, never taken.

Words of no other file (sector, country) are corrected only if they stand in `MISSPELT`.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias
from uuid import UUID, uuid5

from crm_sync.errors import SetupError

__all__ = ["ACCOUNT_COLUMNS", "PROJECT_COLUMNS", "Export", "Reject", "read_export"]

Line: TypeAlias = dict[str, str]

NAMESPACE = UUID("c4b5a1e5-0000-4000-8000-000000000001")
"""Keys are made from the export's own names, so that a second load meets the rows of the first."""

FILES: dict[str, tuple[str, ...]] = {
    "accounts.csv": ("account", "sector", "office_location"),
    "products.csv": ("product", "series", "sales_price"),
    "sales_teams.csv": ("sales_agent", "manager", "regional_office"),
    "sales_pipeline.csv": (
        "opportunity_id",
        "sales_agent",
        "product",
        "account",
        "deal_stage",
        "engage_date",
        "close_date",
        "close_value",
    ),
}
"""The columns that are used. `year_established`, `revenue`, `employees` and `subsidiary_of` of an
account are not: none of our columns means that."""

STATUS = {
    "Prospecting": "proposed",
    "Engaging": "proposed",
    "Won": "completed",
    "Lost": "cancelled",
}
"""Deal stage to project status; the reasons stand in the README beside this file."""

MISSPELT = {
    ("sector", "technolgy"): "technology",
    ("office_location", "Philipines"): "Philippines",
}
"""Words that no other file spells rightly. A person has looked at each; nothing else is changed."""

ACCOUNT_COLUMNS = ("id", "company_name", "industry", "billing_country")
PROJECT_COLUMNS = (
    "id",
    "account_id",
    "project_name",
    "description",
    "project_status",
    "start_date",
    "end_date",
    "contract_value",
    "owner_email",
)

Value: TypeAlias = str | UUID | date | Decimal | None
Row: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that is not loaded: file, line number, why, and the line itself."""

    file: str
    number: int
    reason: str
    detail: str
    line: Line


@dataclass(slots=True)
class Export:
    """What became of the export: rows in the order of the `…_COLUMNS`, and what is to be told."""

    accounts: list[Row] = field(default_factory=list[Row])
    projects: list[Row] = field(default_factory=list[Row])
    corrections: Counter[tuple[str, str, str]] = field(
        default_factory=Counter[tuple[str, str, str]]
    )
    """How often, by (column, as written, as loaded)."""
    left_empty: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Values that could not be used though their row could: how often, by (column, as written)."""
    rejects: list[Reject] = field(default_factory=list[Reject])


class _SetAsideError(Exception):
    """Why a line is not loaded."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read_export(directory: Path) -> Export:
    """Read the four files of `directory`; raises `SetupError` when one is missing or different."""
    lines = {name: _read(directory / name, columns) for name, columns in FILES.items()}
    export = Export()
    reader = _Reader(export)
    for number, line in lines["accounts.csv"]:
        reader.add_account(number, line)
    reader.products = {line["product"]: line for _, line in lines["products.csv"]}
    reader.agents = {line["sales_agent"]: line for _, line in lines["sales_teams.csv"]}
    for number, line in lines["sales_pipeline.csv"]:
        reader.add_opportunity(number, line)
    return export


def _read(path: Path, columns: tuple[str, ...]) -> list[tuple[int, Line]]:
    """The lines of a file with their numbers; cells without blanks around them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            missing = [name for name in columns if name not in header]
            if missing:
                raise SetupError(
                    f"{path.name} has no column {', '.join(missing)}.",
                    f"Expected are the columns {', '.join(columns)}.",
                )
            lines: list[tuple[int, Line]] = []
            for cells in filter(None, reader):
                if len(cells) != len(header):
                    raise SetupError(
                        f"{path.name}, line {reader.line_num}: {len(cells)} cells under "
                        f"{len(header)} column names.",
                        "A comma inside a value needs quotes around the value. Nothing was loaded.",
                    )
                stripped = (cell.strip() for cell in cells)
                lines.append((reader.line_num, dict(zip(header, stripped, strict=True))))
            return lines
    except FileNotFoundError as error:
        raise SetupError(
            f"There is no file {path}.", f"The directory must hold {', '.join(FILES)}."
        ) from error
    except UnicodeDecodeError as error:
        raise SetupError(f"{path.name} is not UTF-8.", "Export it again as UTF-8.") from error


class _Reader:
    def __init__(self, export: Export) -> None:
        self.export = export
        self.accounts: dict[str, UUID] = {}
        self.products: dict[str, Line] = {}
        self.agents: dict[str, Line] = {}
        self.opportunities: set[str] = set()

    def add_account(self, number: int, line: Line) -> None:
        """Take an account, or set it aside."""
        name = line["account"]
        try:
            if not name:
                raise _SetAsideError("no account name", "The column account is empty.")
            if name in self.accounts:
                raise _SetAsideError("account twice", f"{name} stands in an earlier line.")
        except _SetAsideError as why:
            self._set_aside("accounts.csv", number, why, line)
            return
        self.accounts[name] = uuid5(NAMESPACE, f"account:{name}")
        sector = self._spelling("sector", line["sector"])
        country = self._spelling("office_location", line["office_location"])
        industry = sector[:1].upper() + sector[1:]
        self.export.accounts.append((self.accounts[name], name, industry or None, country or None))

    def add_opportunity(self, number: int, line: Line) -> None:
        """Take an opportunity as a project, or set it aside."""
        try:
            row, corrections = self._project(line)
        except _SetAsideError as why:
            self._set_aside("sales_pipeline.csv", number, why, line)
            return
        self.opportunities.add(line["opportunity_id"])
        self.export.projects.append(row)
        self.export.corrections.update(corrections)

    def _project(self, line: Line) -> tuple[Row, list[tuple[str, str, str]]]:
        opportunity = line["opportunity_id"]
        if not opportunity:
            raise _SetAsideError("no opportunity id", "The column opportunity_id is empty.")
        if opportunity in self.opportunities:
            raise _SetAsideError("opportunity twice", f"{opportunity} stands in an earlier line.")
        if line["deal_stage"] not in STATUS:
            raise _SetAsideError("unknown stage", f"deal_stage is {line['deal_stage']!r}.")
        if not line["account"]:
            raise _SetAsideError("no account", "A project belongs to an account.")
        account = self._reference("account", line["account"], list(self.accounts))
        product = self._reference("product", line["product"], list(self.products))
        engaged, closed = _date("engage_date", line), _date("close_date", line)
        value = _value(line)
        if line["deal_stage"] in ("Won", "Lost"):
            if closed is None or value is None:
                raise _SetAsideError("closed without date or value", "Won and Lost need both.")
            if engaged is not None and closed < engaged:
                raise _SetAsideError("closed before engaged", f"{closed} is before {engaged}.")
        row: Row = (
            uuid5(NAMESPACE, f"opportunity:{opportunity}"),
            self.accounts[account],
            f"{product} ({opportunity})",
            self._description(line, product),
            STATUS[line["deal_stage"]],
            engaged,
            closed,
            value,
            self._owner(line["sales_agent"]),
        )
        pairs = (("account", line["account"], account), ("product", line["product"], product))
        return row, [pair for pair in pairs if pair[1] != pair[2]]

    def _reference(self, column: str, written: str, names: list[str]) -> str:
        if written in names:
            return written
        same = [name for name in names if _letters(name) == _letters(written)]
        if len(same) == 1:
            return same[0]
        similar = same or get_close_matches(written, names, n=3)
        hint = f" Similar: {', '.join(similar)}." if similar else ""
        raise _SetAsideError(f"unknown {column}", f"{column} is {written!r}.{hint}")

    def _owner(self, agent: str) -> str | None:
        if agent not in self.agents:
            if agent:
                self.export.left_empty["sales_agent", agent] += 1
            return None
        plain = unicodedata.normalize("NFKD", agent.lower()).encode("ascii", "ignore").decode()
        return f"{re.sub(r'[^a-z0-9-]+', '.', plain).strip('.')}@example.com"

    def _description(self, line: Line, product: str) -> str:
        facts = self.products[product]
        text = f"{line['deal_stage']}: {product}, series {facts['series']}, "
        text += (
            f"list price {facts['sales_price']}. Sold by {line['sales_agent'] or 'nobody named'}"
        )
        team = self.agents.get(line["sales_agent"])
        if team is not None:
            text += f" ({team['regional_office']}, manager {team['manager']})"
        return text + "."

    def _spelling(self, column: str, written: str) -> str:
        right = MISSPELT.get((column, written))
        if right is None:
            return written
        self.export.corrections[column, written, right] += 1
        return right

    def _set_aside(self, file: str, number: int, why: _SetAsideError, line: Line) -> None:
        self.export.rejects.append(Reject(file, number, why.reason, why.detail, line))


def _letters(name: str) -> str:
    """What is left of a name without case, blanks, hyphens and dots."""
    return re.sub(r"[\s.\-]+", "", name).casefold()


def _date(column: str, line: Line) -> date | None:
    """A date written m/d/yyyy; `3/1/2017` is the first of March."""
    if not line[column]:
        return None
    try:
        return datetime.strptime(line[column], "%m/%d/%Y").date()
    except ValueError as error:
        raise _SetAsideError(
            "no date", f"{column} is {line[column]!r}, expected month/day/year."
        ) from error


def _value(line: Line) -> Decimal | None:
    """A plain number with a point; a comma is refused, it may mean a thousand or a tenth."""
    written = line["close_value"]
    if not written:
        return None
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", written):
        raise _SetAsideError("no amount", f"close_value is {written!r}.")
    return Decimal(written)
