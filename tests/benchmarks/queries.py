"""What queries of the local org cost, over many rows.

    uv run python -m tests.benchmarks.queries [ROWS]

Prints processor time for a thousand queries by key, for the first page of some large results, and
for a whole result in pages, with the largest memory of the process.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psutil

from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.store import Store
from crm_sync.localorg.schema import Schema, load_schema
from crm_sync.localorg.soql.compile import compile_query
from crm_sync.localorg.soql.context import QueryContext
from crm_sync.localorg.soql.results import Results

LARGE = (
    "SELECT Id, Name, Amount, Account.Name FROM Opportunity",
    "SELECT Id, Name FROM Opportunity ORDER BY Name",
    "SELECT Id, (SELECT Id, Name FROM Opportunities) FROM Account",
    "SELECT StageName, COUNT(Id) FROM Opportunity GROUP BY StageName",
    "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Opportunity WHERE Amount > 990)",
    "SELECT Id FROM Account WHERE Site = 'süd 3'",
)


def main(rows: int) -> None:
    """Fills an org in memory and asks."""
    schema = load_schema()
    store = Store(schema, None)
    fill(store, schema, rows)
    numbers = itertools.count(1)
    results = Results(
        store, lambda: identifiers.build("01g", "Lo0", next(numbers)), lambda: datetime.now(UTC)
    )

    def ask(soql: str) -> dict[str, Any]:
        return results.first_page(compile_query(schema, soql, QueryContext()), 2000, "u", "")

    ask("SELECT Id FROM Account LIMIT 1")
    with timed("1,000 queries by key"):
        for n in range(1000):
            ask(f"SELECT Id, Name, Account.Name FROM Opportunity WHERE CRM_Id__c = 'k{n}'")
    for soql in LARGE:
        with timed(soql):
            ask(soql)
    with timed(f"all pages of {LARGE[0]}"):
        page = ask(LARGE[0])
        while not page["done"]:
            page = results.next_page(page["nextRecordsUrl"].rpartition("/")[2], "u", "")


@contextmanager
def timed(what: str) -> Iterator[None]:
    start = time.process_time()
    yield
    memory = psutil.Process().memory_info().rss // 1_000_000
    print(f"{time.process_time() - start:6.2f} s  {memory:4} MB  {what}")


def fill(store: Store, schema: Schema, rows: int) -> None:
    """Opportunities, ten to an account."""
    accounts = max(1, rows // 10)
    store.insert(
        schema["Account"],
        [
            {"Id": record_id("001", n), "Name": f"A {n}", "Site": f"Süd {n % 7}", "IsDeleted": 0}
            for n in range(accounts)
        ],
    )
    store.insert(
        schema["Opportunity"],
        [
            {
                "Id": record_id("006", n),
                "Name": f"O {n}",
                "CRM_Id__c": f"k{n}",
                "Amount": float(n % 1000),
                "AccountId": record_id("001", n % accounts),
                "StageName": "Prospecting",
                "IsDeleted": 0,
            }
            for n in range(rows)
        ],
    )


def record_id(prefix: str, number: int) -> str:
    return identifiers.build(prefix, "Lo0", number)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
