"""What the change triggers cost those who write: the same writes with and without them.

100,000 accounts by INSERT and by COPY, and 2,000 updates of one row each, in transactions of their
own as a web application sends them. Accounts have the fewest triggers and keys beside these, so
that the share of these is largest. What a bulk write did is rolled back, its triggers included.
Both ways in turn, several rounds; medians.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import psycopg
from psycopg import sql

from tests.benchmarks import rows

ROWS, UPDATES, ROUNDS = 100_000, 2_000, 5
KEPT = 100
"""Accounts that are there before, and are updated."""
TRIGGERS = ("note_insert", "note_update", "note_delete", "note_truncate")

_COLUMNS = "company_name, industry, phone, billing_street, billing_city"
_SOURCE = f"select {_COLUMNS} from prepared"


@dataclass(frozen=True)
class WriterCost:
    """Median seconds of one kind of write."""

    what: str
    without: float
    with_triggers: float

    @property
    def ratio(self) -> float:
        return self.with_triggers / self.without


def measure(url: str, count: int = ROWS, updates: int = UPDATES) -> list[WriterCost]:
    """Measures in a database that holds the schema and may be changed, as the tables' owner."""
    with psycopg.connect(url, autocommit=True) as owner:
        rows.fill(url, KEPT * rows.PER_ACCOUNT)
        owner.execute(
            b"create temp table prepared as select 'New ' || n as company_name, 'Energy' as"
            b" industry, '+49 30 ' || n as phone, n || ' Main Street' as billing_street,"
            b" 'Berlin' as billing_city from generate_series(1, %d) n" % count
        )
        copied = _copied(owner)
        kinds: dict[str, Callable[[], None]] = {
            f"INSERT of {count:,} rows": lambda: _insert(owner),
            f"COPY of {count:,} rows": lambda: _copy(owner, copied),
            f"{updates:,} UPDATEs of one row": lambda: _update(owner, updates),
        }
        seconds: dict[tuple[str, bool], list[float]] = {}
        for turn in range(ROUNDS):
            for what, write in kinds.items():
                for enabled in (False, True) if turn % 2 else (True, False):
                    _clean(owner)
                    _switch(owner, enabled=enabled)
                    begun = time.perf_counter()
                    write()
                    seconds.setdefault((what, enabled), []).append(time.perf_counter() - begun)
    return [
        WriterCost(what, median(seconds[what, False]), median(seconds[what, True]))
        for what in kinds
    ]


def _copied(owner: psycopg.Connection[Any]) -> list[bytes]:
    with owner.cursor().copy(f"copy ({_SOURCE}) to stdout".encode()) as copy:
        return [bytes(data) for data in copy]


def _insert(owner: psycopg.Connection[Any]) -> None:
    with owner.transaction(force_rollback=True):
        owner.execute(f"insert into accounts ({_COLUMNS}) {_SOURCE}".encode())


def _copy(owner: psycopg.Connection[Any], lines: list[bytes]) -> None:
    statement = f"copy accounts ({_COLUMNS}) from stdin".encode()
    with owner.transaction(force_rollback=True), owner.cursor().copy(statement) as copy:
        copy.write(b"".join(lines))


def _update(owner: psycopg.Connection[Any], updates: int) -> None:
    keys = owner.execute("select id from accounts order by id").fetchall()
    for number in range(updates):
        statement = "update accounts set phone = %s where id = %s"
        owner.execute(statement, [str(number), *keys[number % len(keys)]])


def _clean(owner: psycopg.Connection[Any]) -> None:
    """The files as before the first write, without what earlier ones left behind."""
    for table in ("accounts", "sync.change"):
        owner.execute(sql.SQL("vacuum analyze {}").format(sql.SQL(table)))


def _switch(owner: psycopg.Connection[Any], *, enabled: bool) -> None:
    action = sql.SQL("enable" if enabled else "disable")
    for name in TRIGGERS:
        owner.execute(
            sql.SQL("alter table accounts {} trigger {}").format(action, sql.Identifier(name))
        )
