"""crm-sync against a sink that takes every row at once, beside the least that must be done and
beside what a person would take instead.

    uv run python -m tests.benchmarks --rows 100000 [--rows 1000000] [--clients DIR] [--json]
                                      [--write]

`--write` makes docs/performance.md and its picture anew. sf is measured where `--clients` names the
directory of `tests.clients.install`. A million rows take some minutes and 3 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.benchmarks import chart, document, machine, writers
from tests.benchmarks.cases import Cases
from tests.benchmarks.figures import Failed, Figure, Meter
from tests.benchmarks.machine import Machine
from tests.benchmarks.target import running_sink
from tests.benchmarks.writers import WriterCost
from tests.clients import install
from tests.support.postgres import (
    ROOT,
    TEMPLATE,
    build_template,
    embedded_server,
    temporary_database,
)

DOCUMENT = ROOT / "docs" / "performance.md"


@dataclass(frozen=True)
class Measured:
    """All of one run of the benchmark."""

    machine: Machine
    figures: list[Figure]
    writers: list[WriterCost]


def measure(sizes: list[int], clients: Path | None, api: str | None) -> Measured:
    """Measures at each size. Raises Failed where somebody did not do what he was to do."""
    figures: list[Figure] = []
    with embedded_server() as server, running_sink() as sink:
        told = machine.describe(server.admin_url)
        build_template(server)
        meter = Meter(sink, _postmaster(server.admin_url))
        with temporary_database(server, TEMPLATE) as database:
            costs = writers.measure(database.owner_url)
        for size in sizes:
            figures += Cases(server, meter, size, clients, api).run()
    return Measured(told, figures, costs)


def _postmaster(url: str) -> psutil.Process:
    with psycopg.connect(url) as connection:
        row = connection.execute("select pg_read_file('postmaster.pid')").fetchone()
    assert row is not None
    return psutil.Process(int(row[0].split()[0]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--rows", type=int, action="append", help="projects; may be given again")
    parser.add_argument("--clients", type=Path, help="directory of tests.clients.install, for sf")
    parser.add_argument("--api", choices=("composite", "bulk"), help="the one way that we take")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    given = parser.parse_args()
    if given.clients and not install.is_installed(given.clients.absolute()):
        parser.error(f"{given.clients} lacks the pinned clients: python -m tests.clients.install")
    if min(given.rows or [100]) < 100:
        parser.error("--rows should be at least 100")
    return given


def main() -> int:
    given = _arguments()
    clients = given.clients.absolute() if given.clients else None
    try:
        measured = measure(sorted(given.rows or [100_000]), clients, given.api)
    except Failed as error:
        print(f"The benchmark ended early: {error}.", file=sys.stderr)
        return 1
    told: dict[str, Any] = asdict(measured)
    text = document.write(measured.machine, measured.figures, measured.writers)
    if given.write:
        DOCUMENT.write_text(text, encoding="utf-8")
        picture = chart.draw(measured.figures)
        DOCUMENT.with_suffix(".svg").write_text(picture, encoding="utf-8")
    print(json.dumps(told, indent=1) if given.json else text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
