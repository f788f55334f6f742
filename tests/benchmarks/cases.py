"""Everything that is measured at one size, in the order in which it happens.

first load → the floor and the peers with the same rows → the same with refusals → nothing
changed → some changed, ten times as many → some deleted → everything compared
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

import psycopg

from tests.benchmarks import compared, peers, rows
from tests.benchmarks.figures import Failed, Figure, Meter
from tests.benchmarks.loads import Load, as_argument, changed, deleted, everything
from tests.support.postgres import TEMPLATE, Database, Server, temporary_database

OURS, FLOOR, BARE_SQL, BARE_WRITES = "crm-sync", "floor", "bare SQL", "bare writes"
FIRST, REFUSED = "first load", "first load, 1 % refused"
NOTHING, FULL = "nothing changed", "full compare, nothing changed"
CHANGED = 10_000
TIMES = 3
"""Runs of what is short, of which the median counts."""


def changed_case(count: int) -> str:
    return f"{count:,} changed"


def deleted_case(size: int) -> str:
    return f"{size // 100:,} deleted"


def changed_counts(size: int) -> list[int]:
    """How many rows are changed at a size: some, and ten times as many where there are so many."""
    some = min(CHANGED, size // 10)
    return [some, *([10 * some] if 10 * some <= size // 10 else [])]


@dataclass
class Cases:
    """One size. `clients`: the directory of `tests.clients.install`, or None."""

    server: Server
    meter: Meter
    size: int
    clients: Path | None
    api: str | None
    figures: list[Figure] = field(default_factory=list)

    def run(self) -> list[Figure]:
        """Measures all cases."""
        with (
            temporary_database(self.server, TEMPLATE) as base,
            tempfile.TemporaryDirectory() as folder,
        ):
            rows.fill(base.owner_url, self.size)
            accounts = max(1, self.size // rows.PER_ACCOUNT)
            every = self.size + accounts
            with temporary_database(self.server, base.name) as database:
                self._ours(FIRST, database, rows_=every)
                self._bare_writes(database, every)
                with self._others(database, Path(folder)) as send:
                    send(FIRST, everything(), every)
                    with self._refusals():
                        send(REFUSED, everything(), every)
                    self._refused(base, every)
                    for _ in range(TIMES):
                        self._ours(NOTHING, database, rows_=0)
                    for count in changed_counts(self.size):
                        rows.change(database.owner_url, count)
                        send(changed_case(count), changed(count), count)
                        self._ours(changed_case(count), database, rows_=count)
                    count = self.size // 100
                    rows.delete(database.owner_url, count)
                    send(deleted_case(self.size), deleted(), count)
                    self._ours(deleted_case(self.size), database, rows_=count)
                for _ in range(TIMES):
                    self._ours(FULL, database, "--full", rows_=0)
                    self._bare_sql(database)
        return _medians(self.figures)

    def _ours(self, case: str, database: Database, *flags: str, rows_: int) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.ours", *flags]
        if self.api:
            command += ["--api", self.api]
        environment = self.meter.sink.settings(database.sync_url)
        figure = self.meter.measure(case, OURS, self.size, command, environment)
        self._add(figure, rows_)

    def _refused(self, base: Database, every: int) -> None:
        """A first load into an org that refuses rows, from a database of its own."""
        with temporary_database(self.server, base.name) as database, self._refusals():
            self._ours(REFUSED, database, rows_=every)

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        self.meter.refuse("Opportunity", 100)
        try:
            yield
        finally:
            self.meter.refuse("Opportunity", 0)

    @contextmanager
    def _others(self, database: Database, folder: Path) -> Iterator[_Send]:
        with tempfile.TemporaryDirectory() as home:
            environments = {
                FLOOR: {"DATABASE_URL": database.owner_url},
                peers.SIMPLE_SALESFORCE: dict[str, str](),
            }
            if self.clients is not None:
                environments[peers.SF] = peers.sf_environment(
                    self.clients, Path(home), self.meter.sink
                )
            yield _Send(self, folder, environments)

    def _bare_sql(self, database: Database) -> None:
        """What the server needs for the comparison alone."""
        with self._alone(FULL, BARE_SQL), psycopg.connect(database.sync_url) as connection:
            different = compared.different(connection)
        if different:
            raise Failed(f"{different} records differ from their rows after a full sync")

    def _bare_writes(self, database: Database, every: int) -> None:
        """What the server needs to make every row and to write it down, as record and history."""
        with self._alone(FIRST, BARE_WRITES), psycopg.connect(database.owner_url) as connection:
            written = compared.write(connection)
            connection.rollback()
        if written != every:
            raise Failed(f"{written} rows were written, not {every}")

    @contextmanager
    def _alone(self, case: str, who: str) -> Iterator[None]:
        """Measures what only the database server does."""
        before = self.meter.postgres_seconds()
        begun = time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        spent = self.meter.postgres_seconds() - before
        self.figures.append(
            Figure(case, who, self.size, rows=0, refused=0, seconds=seconds, wall=seconds,
                   cpu=0, postgres_cpu=spent, sink_cpu=0, memory=0, calls=0, sent=0, received=0)
        )  # fmt: skip

    def _add(self, figure: Figure, expected: int) -> None:
        if figure.rows + figure.refused != expected:
            raise Failed(
                f"{figure.case}, {figure.who}: {figure.rows} rows and {figure.refused} refused,"
                f" not {expected}"
            )
        self.figures.append(figure)
        print(
            f"{self.size:>9,}  {figure.case:<30} {figure.who:<18} {figure.seconds:8.2f} s"
            f"  {figure.memory:6.0f} MB  {figure.calls:5} calls",
            file=sys.stderr,
            flush=True,
        )


@dataclass(frozen=True)
class _Send:
    """Sends files with the floor, which writes them, and then with each peer."""

    cases: Cases
    folder: Path
    environments: dict[str, dict[str, str]]

    def __call__(self, case: str, loads: Sequence[Load], expected: int) -> None:
        meter = self.cases.meter
        sink = json.dumps(vars(meter.sink))
        for who, environment in self.environments.items():
            module = ["floor"] if who == FLOOR else ["peers", who]
            command = [sys.executable, "-m", f"tests.benchmarks.{module[0]}", *module[1:],
                       str(self.folder), as_argument(loads)]  # fmt: skip
            if who == FLOOR and case == REFUSED:
                command.append("--refused")
            given = {**os.environ, **environment, "SINK": sink}
            figure = meter.measure(case, who, self.cases.size, command, given)
            self.cases._add(figure, expected)


def _medians(figures: Sequence[Figure]) -> list[Figure]:
    """One figure for each case and each who: the one of median time, with the largest memory."""
    found: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        found.setdefault((figure.case, figure.who), []).append(figure)
    result = []
    for same in found.values():
        middle = median([f.seconds for f in same])
        nearest = min(same, key=lambda f: abs(f.seconds - middle))
        result.append(replace(nearest, memory=max(f.memory for f in same)))
    return result
