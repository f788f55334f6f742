"""Loads a CRM export of another system into our tables. See README.md beside this file.

In: the directory of the export and CRM_SYNC_DATABASE_URL (the owner of the tables). Out: accounts,
projects and their status history, a printed account of every decision, and a CSV file with the
lines that were set aside. A second load of the same export writes nothing.

    python -m examples.crm_sales.load DIRECTORY [--rejects FILE]
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.errors import CrmSyncError, DatabaseError, OutputError, SetupError
from examples.crm_sales.read import (
    ACCOUNT_COLUMNS,
    PROJECT_COLUMNS,
    Export,
    Reject,
    Row,
    read_export,
)

__all__ = ["Loaded", "load_export", "main", "report", "write_rejects"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows a load inserted, and how many it changed; the rest was there already."""

    new_accounts: int
    changed_accounts: int
    new_projects: int
    changed_projects: int


def load_export(connection: psycopg.Connection[Any], export: Export) -> Loaded:
    """Write accounts, projects and history in one transaction.

    Raises `DatabaseError` when the tables are missing or belong to another role.
    """
    statements = _statements()
    try:
        with connection.transaction(), connection.cursor() as cursor:
            cursor.execute(statements["stage"])
            _copy(cursor, "export_account", ACCOUNT_COLUMNS, export.accounts)
            _copy(cursor, "export_project", PROJECT_COLUMNS, export.projects)
            accounts = cursor.execute(statements["write_accounts"]).fetchone()
            projects = cursor.execute(statements["write_projects"]).fetchone()
            cursor.execute(statements["write_history"])
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege) as error:
        raise DatabaseError(
            "The CRM tables are missing or belong to another role.",
            "Apply schema.sql first, and connect as the role that applied it.",
        ) from error
    return Loaded(*(accounts or (0, 0)), *(projects or (0, 0)))


def report(export: Export, loaded: Loaded) -> Iterator[str]:
    """What was done with every line of the export, as lines of text."""
    for name, rows, new, changed in (
        ("accounts", export.accounts, loaded.new_accounts, loaded.changed_accounts),
        ("projects", export.projects, loaded.new_projects, loaded.changed_projects),
    ):
        same = len(rows) - new - changed
        yield f"{name}: {new:,} loaded, {changed:,} changed, {same:,} there already"
    statuses = Counter(str(row[PROJECT_COLUMNS.index("project_status")]) for row in export.projects)
    yield "  " + ", ".join(f"{count:,} {status}" for status, count in statuses.most_common())
    yield f"corrected: {export.corrections.total():,} values"
    for (column, written, right), count in export.corrections.most_common():
        yield f"  {count:,} x {column}: {written} → {right}"
    yield f"left empty: {export.left_empty.total():,} values"
    for (column, written), count in export.left_empty.most_common():
        yield f"  {count:,} x {column}: {written} is in no other file"
    yield f"set aside: {len(export.rejects):,} lines"
    for (file, reason), count in Counter((r.file, r.reason) for r in export.rejects).most_common():
        yield f"  {count:,} x {file}: {reason}"


def write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    """The lines set aside, with file, line number and reason before their own columns."""
    columns = list(dict.fromkeys(name for reject in rejects for name in reject.line))
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["file", "line_number", "reason", "detail", *columns])
            for reject in rejects:
                cells = [reject.line.get(name, "") for name in columns]
                writer.writerow([reject.file, reject.number, reject.reason, reject.detail, *cells])
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}.", "Name another file with --rejects."
        ) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: everything loaded; 1: some lines were set aside; 2: nothing was loaded."""
    parser = argparse.ArgumentParser(prog="python -m examples.crm_sales.load")
    parser.add_argument("directory", type=Path, help="where the four CSV files lie")
    parser.add_argument("--rejects", type=Path, default=Path("crm-sales-set-aside.csv"))
    options = parser.parse_args(arguments)
    try:
        export = read_export(options.directory)
        write_rejects(options.rejects, export.rejects)
        with _connect() as connection:
            loaded = load_export(connection, export)
    except CrmSyncError as error:
        print(error, file=sys.stderr)
        return 2
    for line in report(export, loaded):
        print(line)
    print(f"  each with its reason in {options.rejects}")
    return 1 if export.rejects else 0


def _connect() -> psycopg.Connection[Any]:
    url = os.environ.get("CRM_SYNC_DATABASE_URL")
    if not url:
        raise SetupError("CRM_SYNC_DATABASE_URL is not set.", "Set it to the database's URL.")
    try:
        return psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseError(
            f"The database cannot be reached: {str(error).splitlines()[0]}.",
            "Check CRM_SYNC_DATABASE_URL.",
        ) from error


def _copy(
    cursor: psycopg.Cursor[Any], table: str, columns: tuple[str, ...], rows: list[Row]
) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target = sql.Identifier("pg_temp", table)
    with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(target, names)) as copy:
        for row in rows:
            copy.write_row(row)


def _statements() -> dict[str, bytes]:
    text = Path(__file__).with_name("load.sql").read_text(encoding="utf-8")
    blocks = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return {name: body.encode() for name, body in zip(blocks[::2], blocks[1::2], strict=True)}


if __name__ == "__main__":
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # names may hold what the console's page has not
    sys.exit(main())
