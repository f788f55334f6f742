"""Rows through ``sf data upsert bulk``: ``python -m tests.benchmarks.sf CLIENTS [ROWS] [--data]``.

CLIENTS is the directory of ``tests.clients.install``. The time is that of the whole command, its
own start, upload, polls every five seconds and results included; first they are created, then all
of them updated.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from crm_sync.localorg.serve import LocalOrg
from tests.clients import install
from tests.support.clients import Clients

PARENTS = 1_000


def write(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")


def main(directory: Path, rows: int, *, in_file: bool) -> None:
    """Run everything and print it."""
    if not install.is_installed(directory):
        raise SystemExit(f"{directory} lacks the pinned clients: python -m tests.clients.install")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with LocalOrg(home / "org.db" if in_file else None) as org:
            _measure(Clients(directory, home, org), rows)


def _measure(clients: Clients, rows: int) -> None:
    url = clients.org.instance_url
    clients.sf(
        "org", "login", "access-token", "--instance-url", url, "--no-prompt", "--set-default"
    )
    accounts = [f"a{n},Account {n}" for n in range(PARENTS)]
    write(clients.home / "Account.csv", "CRM_Id__c,Name", accounts)
    deals = [f"o{n},Deal {n},Prospecting,2027-01-31,{n % 9999},a{n % PARENTS}" for n in range(rows)]
    header = "CRM_Id__c,Name,StageName,CloseDate,Amount,Account.CRM_Id__c"
    write(clients.home / "Opportunity.csv", header, deals)
    changed = [line.replace("Prospecting", "Closed Won") for line in deals]
    write(clients.home / "changed.csv", header, changed)
    _upsert(clients, "Account", "Account.csv")
    for what, file in (("created", "Opportunity.csv"), ("updated", "changed.csv")):
        started = time.perf_counter()
        job = _upsert(clients, "Opportunity", file)
        taken = time.perf_counter() - started
        one, five, fifteen = os.getloadavg()
        print(
            f"{what}: {job['numberRecordsProcessed']:,} rows, {job['numberRecordsFailed']} failed;"
            f" {taken:.1f} s, {rows / taken:,.0f} rows/s; load {one:.1f} {five:.1f} {fifteen:.1f}"
        )
    print(f"in the org: {clients.org.store.count('Opportunity'):,} opportunities")


def _upsert(clients: Clients, name: str, file: str) -> dict[str, Any]:
    """One file through sf; the finished job as the org shows it."""
    given = ("--sobject", name, "--file", file, "--external-id", "CRM_Id__c", "--wait", "10")
    done = clients.run("sf", "data", "upsert", "bulk", *given)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return clients.org.jobs[0]


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdecimal()]
    places = [a for a in sys.argv[1:] if not a.isdecimal() and not a.startswith("--")]
    if len(places) != 1:
        raise SystemExit("usage: python -m tests.benchmarks.sf CLIENTS [ROWS] [--data]")
    main(
        Path(places[0]).absolute(), numbers[0] if numbers else 200_000, in_file="--data" in sys.argv
    )
