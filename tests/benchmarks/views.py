"""How long Power BI waits for each view that its model imports, in a practice of some size.

    uv run python -m tests.benchmarks.views [--projects 1000000] [--write]

Five activities, half a lead and half a percent of an account for each project. The statement is the
one that Power Query makes of the model's partition: the columns that the model takes, of all rows.
It runs as `powerbi_reader`, once with EXPLAIN (ANALYZE), and once with all of its rows read by a
client and thrown away. `--write` makes docs/powerbi-performance.md anew. A million projects take
some minutes and 6 GB of disk.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from crm_sync.blocks import blocks
from tests.benchmarks import machine
from tests.benchmarks.machine import Machine
from tests.support.postgres import (
    ROOT,
    TEMPLATE,
    Server,
    build_template,
    embedded_server,
    temporary_database,
)
from tools.powerbi import model
from tools.powerbi.model import Table

DOCUMENT = ROOT / "docs" / "powerbi-performance.md"
MODEL = ROOT / "docs" / "powerbi" / "ConsultingCRM.SemanticModel"
STATEMENT_SECONDS = 120
"""After which Supabase ends a statement, unless the role has another statement_timeout."""
SHOWN_SHARE = 0.05
"""The part of a statement's time that a step of its plan must take to be shown."""


@dataclass(frozen=True)
class Size:
    """How many rows the practice has."""

    projects: int

    @property
    def rows(self) -> dict[str, int]:
        """By table. A small practice has a client, too."""
        return {
            "accounts": max(1, self.projects // 200),
            "leads": max(1, self.projects // 2),
            "projects": self.projects,
            "activities": self.projects * 5,
        }


@dataclass(frozen=True)
class Figure:
    """One view: `seconds` in the server alone, `delivered` with all rows read by a client."""

    table: str
    view: str
    rows: int
    seconds: float
    delivered: float
    megabytes: float
    temporary_megabytes: float
    steps: tuple[str, ...]


def fill(admin_url: str, size: Size) -> None:
    """The rows, as the superuser: only it may leave triggers and foreign keys aside."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("set session_replication_role = replica")
        for name, statement in blocks("tests.benchmarks", "views.sql").items():
            admin.execute(statement.encode(), size.rows)
            print(f"{name}: made", flush=True)
        admin.execute("vacuum analyze")


def measure(reader: psycopg.Connection[Any], table: Table) -> Figure:
    """The view behind a table of the model, as Power BI reads it."""
    columns = ", ".join(f'"{column}"' for column in table.selected)
    query = f'select {columns} from "analytics"."{table.view}"'
    explained = reader.execute(
        f"explain (analyze, buffers, timing, format json) {query}".encode()
    ).fetchone()
    assert explained is not None
    plan = explained[0][0]
    seconds = (plan["Planning Time"] + plan["Execution Time"]) / 1000
    begun = time.perf_counter()
    length = 0
    with reader.cursor().copy(f"copy ({query}) to stdout".encode()) as copy:
        for piece in copy:
            length += len(piece)
    delivered = time.perf_counter() - begun
    return Figure(
        table=table.name,
        view=table.view,
        rows=round(plan["Plan"]["Actual Rows"]),
        seconds=seconds,
        delivered=delivered,
        megabytes=length / 1e6,
        temporary_megabytes=plan["Plan"].get("Temp Written Blocks", 0) * 8192 / 1e6,
        steps=tuple(_steps(plan["Plan"], plan["Execution Time"])),
    )


def _steps(node: dict[str, Any], whole: float, depth: int = 0) -> Iterator[str]:
    """The steps that take their time, each below the one that it feeds: kind, what it reads, rows
    and seconds until its last row, with those of the steps below.
    """
    spent = node["Actual Total Time"] * node["Actual Loops"]
    workers = node.get("Workers Planned", 0)
    if spent < whole * SHOWN_SHARE:
        return
    what = node.get("Relation Name") or node.get("Subplan Name") or node.get("CTE Name") or ""
    index = f" by {node['Index Name']}" if "Index Name" in node else ""
    kind = node.get("Strategy", "") if node["Node Type"] == "Aggregate" else ""
    name = " ".join(part for part in (kind, node["Node Type"], what) if part)
    rows = round(node["Actual Rows"] * node["Actual Loops"])
    beside = f", {workers} workers" if workers else ""
    yield f"{'  ' * depth}{name}{index}: {rows:,} rows, {spent / 1000:.2f} s{beside}"
    for child in node.get("Plans", ()):
        yield from _steps(child, whole, depth + 1)


def run(server: Server, size: Size) -> list[Figure]:
    """Makes the rows in a database of their own and measures every table of the model."""
    with temporary_database(server, TEMPLATE) as database:
        fill(database.admin_url, size)
        figures = []
        with psycopg.connect(database.reader_url, autocommit=True) as reader:
            for table in model.read(MODEL).tables.values():
                figures.append(measure(reader, table))
                print(_told(figures[-1]), flush=True)
        return figures


def _told(figure: Figure) -> str:
    steps = "".join(f"\n    {step}" for step in figure.steps)
    return (
        f"analytics.{figure.view}: {figure.rows:,} rows, {figure.seconds:.2f} s in the server,"
        f" {figure.delivered:.2f} s read by a client, {figure.megabytes:,.1f} MB{steps}"
    )


_HEAD = """\
# How long Power BI waits for the views

Power BI imports: a refresh reads every view of the model once, and the report then asks nothing of
the database. So what counts is how long a refresh takes, and that no statement of it is ended by
Supabase's time limit of {limit} seconds. The views are plain ones: nothing is kept twice, nothing
must be refreshed in the database, and who writes pays nothing for the report.

    uv run python -m tests.benchmarks.views --projects {projects} --write

makes this page anew: it fills an embedded PostgreSQL with {sizes}, and with their status history,
and reads each view as `powerbi_reader`, with the statement that Power Query makes of the model.

Measured on {m.date}: {m.cores} cores ({m.processor}), {m.memory_gigabytes} GB of memory,
{m.system}; PostgreSQL {m.postgresql}, embedded, default settings but fsync off; load {m.load} at
the beginning.

| table of the model | view | rows | in the server | read by a client | MB | temporary MB |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
{figures}| all | | {rows:,} | {seconds:.2f} s | {delivered:.2f} s | {megabytes:,.1f} | |

In the server: planning and running, no row sent. Read by a client: the same rows as text, sent
through a socket of the same machine to a client that throws them away. Power BI adds the way
through the network and its own compression; over a line of 100 Mbit/s these rows take {line:.0f} s.

{verdict}

The views were read one after another, on the machine named above and not on Supabase's small
compute. Power BI loads tables side by side; so a smaller machine may take longer for each, and may
need the longer `statement_timeout` below.

A statement lasts until its last row is fetched. The largest, that of `{largest.view}`, stays within
the limit on a line of {needed:.0f} Mbit/s and more. Where the line is slower, give the role more
time, as the owner of the database:

    alter role powerbi_reader set statement_timeout = '1h';

## Where the time goes

The steps of `EXPLAIN (ANALYZE)` that take more than {share:.0%} of a statement's time, each below
the one that it feeds; seconds until its last row, added up over parallel workers. Views that take
less than a second are left out.

{plans}"""


def page(told: Machine, size: Size, figures: Sequence[Figure]) -> str:
    """The whole page."""
    longest = max(figures, key=lambda figure: figure.delivered)
    megabytes = sum(figure.megabytes for figure in figures)
    largest = max(figures, key=lambda figure: figure.megabytes)
    fits = longest.delivered < STATEMENT_SECONDS
    return _HEAD.format(
        limit=STATEMENT_SECONDS,
        projects=size.projects,
        sizes=" and ".join(
            ", ".join(f"{count:,} {name}" for name, count in size.rows.items()).rsplit(", ", 1)
        ),
        m=told,
        figures="".join(
            f"| {f.table} | `{f.view}` | {f.rows:,} | {f.seconds:.2f} s | {f.delivered:.2f} s"
            f" | {f.megabytes:,.1f} | {f.temporary_megabytes:,.0f} |\n"
            for f in figures
        ),
        rows=sum(figure.rows for figure in figures),
        seconds=sum(figure.seconds for figure in figures),
        delivered=sum(figure.delivered for figure in figures),
        megabytes=megabytes,
        line=megabytes * 8 / 100,
        largest=largest,
        needed=largest.megabytes * 8 / STATEMENT_SECONDS,
        verdict=(
            f"The longest statement is that of `{longest.view}`, {longest.delivered:.2f} s: "
            + ("within the limit." if fits else "**more than the limit.**")
        ),
        share=SHOWN_SHARE,
        plans="\n".join(
            f"### `{figure.view}`\n\n" + "".join(f"    {step}\n" for step in figure.steps)
            for figure in figures
            if figure.seconds >= 1
        ),
    )


def main() -> None:
    """Measure, tell, and with --write keep it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.views", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--projects", type=int, default=1_000_000, help="how many, at least 1")
    parser.add_argument("--write", action="store_true", help=f"write docs/{DOCUMENT.name}")
    given = parser.parse_args()
    if given.projects < 1:
        parser.error("--projects: at least 1")
    size = Size(given.projects)
    with embedded_server() as server:
        told = machine.describe(server.admin_url)
        build_template(server)
        figures = run(server, size)
    if given.write:
        DOCUMENT.write_text(page(told, size, figures), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
