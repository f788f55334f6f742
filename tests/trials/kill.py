"""Kills a sync at random points and lets the next one continue: nothing is lost, nothing doubled.

    python -m tests.trials.kill --rounds 100 [--seed N]

Each round changes some rows, starts `crm-sync sync` in a process of its own, and kills that process
(SIGKILL) somewhere between the beginning of its run and its end; sometimes the same rows change
again, back or further, and sometimes a second process is killed. Then one run may finish, and
database and org must agree. The suite runs a short trial (`test_a_killed_process.py`).
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from crm_sync.errors import AlreadyRunning
from crm_sync.localorg.serve import LocalOrg
from crm_sync.report.model import RunReport
from tests.integration.sync.practice import Practice, shipped_mappings
from tests.support import postgres

CHILD = """
import sys
import crm_sync.sync.run
from crm_sync.cli import main
print("ready", flush=True)
sys.stdin.readline()
sys.argv = ["crm-sync", "sync", "--quiet", "--allow-deletions"]
main()
"""
"""The command, as far as its imports at first; it begins at a word on its standard input."""
LONGEST_DELAY = 0.12


@dataclass
class Trial:
    """Rounds of kills on one practice. `points` counts what a killed process had come to."""

    practice: Practice
    directory: Path
    seed: int
    length: float = 0.6  # of most runs that nobody kills, in seconds
    points: Counter[str] = field(default_factory=Counter)
    changed: list[tuple[str, str, str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - no secret hangs on it

    def run(self, rounds: int) -> None:
        """So many rounds of changes, kills and one run that may finish."""
        self._fill()
        child = self._start()
        for _ in range(rounds):
            self._change()
            for _ in range(self.chance.choice((1, 1, 2))):
                self._trouble()
                following = self._start()
                self._kill(child)
                child = following
                if self.chance.random() < 0.5:
                    self._change_back()
            self.practice.org.faults.clear()
            time.sleep(LONGEST_DELAY + 0.1)  # Salesforce carries out what it has received
            report = finish(self.practice)
            assert report.status == "finished", report
            self.practice.assert_same()
        child.kill()
        child.wait()

    # Processes -----------------------------------------------------------------------------------

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", CHILD],
            cwd=self.directory,
            env={**os.environ, **self.practice.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _kill(self, child: subprocess.Popen[str]) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        before = self.practice.value("select count(*) from sync.run")
        child.stdin.write("go\n")
        child.stdin.flush()
        begun = time.monotonic()
        while self.practice.value("select count(*) from sync.run") == before:
            if child.poll() is not None or time.monotonic() > begun + 20:
                break
            time.sleep(0.003)
        time.sleep(self.chance.random() * self.length)
        ended = child.poll() is not None
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
        self.points["ended by itself" if ended else self._where()] += 1

    def _where(self) -> str:
        """How far the killed run had come."""
        states = set(self.practice.open_rows().values())
        if "sending" in states:
            return "a call on its way"
        return "between calls" if states else "before the plan or after the push"

    def _trouble(self) -> None:
        delay = {"delay": self.chance.random() * LONGEST_DELAY}
        rules: list[dict[str, object]] = [{"when": {"path": "composite$"}, "then": delay}]
        if self.chance.random() < 0.3:
            drop = {"drop": self.chance.choice(("before", "after"))}
            rules.append({"when": {"path": "composite$"}, "then": drop, "times": 1})
        self.practice.org.faults.replace(rules)

    # Rows ----------------------------------------------------------------------------------------

    def _fill(self) -> None:
        accounts = [self.practice.add("accounts") for _ in range(20)]
        for account in accounts:
            self.practice.add("projects", account_id=account, start_date="2026-01-05")
            self.practice.add("activities", account_id=account)
        for _ in range(20):
            lead = self.practice.add("leads", last_name="Ng", lead_status="won")
            self.practice.add("activities", lead_id=lead)

    def _keys(self, table: str, where: str = "true") -> list[str]:
        found = self.practice.rows(f"select id::text from {table} where {where} order by id")
        return [row["id"] for row in found]

    def _change(self) -> None:
        self.changed.clear()
        for _ in range(self.chance.randint(2, 12)):
            self.chance.choice(
                (
                    self._edit,
                    self._edit,
                    self._edit,
                    self._grow,
                    self._shrink,
                    self._move,
                    self._convert,
                )
            )()

    def _edit(self) -> None:
        table, column = self.chance.choice(
            (("accounts", "phone"), ("leads", "title"), ("projects", "description"),
             ("activities", "notes"))
        )  # fmt: skip
        key = self.chance.choice(self._keys(table))
        before = self.practice.value(f"select {column} from {table} where id::text = %s", key)
        self.changed.append((table, key, column, before))
        self.practice.change(table, key, **{column: f"v{self.chance.random()}"})

    def _change_back(self) -> None:
        """P1, P2, killed, P1: and P1 must be what Salesforce holds."""
        for table, key, column, before in self.changed:
            if key in self._keys(table):
                self.practice.connection.execute(
                    f"update {table} set {column} = %s where id::text = %s".encode(), [before, key]
                )

    def _grow(self) -> None:
        account = self.practice.add("accounts", company_name=f"C{self.chance.random()}")
        for _ in range(self.chance.choice((0, 1, 60))):
            project = self.practice.add("projects", account_id=account, start_date="2026-01-05")
            self.practice.add("activities", project_id=project)
        self.practice.add("leads", last_name="Ono", lead_status="won")

    def _shrink(self) -> None:
        table = self.chance.choice(("activities", "projects", "leads", "accounts"))
        where = "true"
        if table == "accounts":
            where = (
                "not exists (select from projects p where p.account_id = accounts.id) and not"
                " exists (select from leads l where l.converted_account_id = accounts.id)"
            )
        keys = self._keys(table, where)
        if len(keys) > 10 or (table == "accounts" and keys):
            self.practice.remove(table, self.chance.choice(keys))

    def _move(self) -> None:
        key = self.chance.choice(self._keys("activities"))
        self.practice.change(
            "activities", key, activity_type=self.chance.choice(("call", "meeting"))
        )

    def _convert(self) -> None:
        keys = self._keys("leads", "converted_account_id is null")
        if len(keys) > 10:
            key = self.chance.choice(keys)
            # A name of its own, so that it does not join one of many accounts of its name.
            self.practice.change("leads", key, company_name=f"L{self.chance.random()}")
            self.practice.connection.execute("select convert_lead(%s)", [key])


def finish(practice: Practice) -> RunReport:
    """A run that nobody kills. PostgreSQL may notice late that the killed one is gone."""
    until = time.monotonic() + 10
    while True:
        try:
            return practice.sync(allow_deletions=True)
        except AlreadyRunning:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@contextmanager
def embedded_practice() -> Iterator[tuple[Practice, Path]]:
    """A practice on a server of its own, and a directory, for a trial by hand."""
    with postgres.embedded_server() as server, tempfile.TemporaryDirectory() as directory:
        postgres.build_template(server)
        with (
            postgres.temporary_database(server, postgres.TEMPLATE) as database,
            psycopg.connect(database.owner_url, autocommit=True) as connection,
            LocalOrg(data=None) as org,
        ):
            mappings = shipped_mappings(Path(directory))
            yield Practice(database, connection, {"local": org}, mappings), Path(directory)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trials.kill")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with embedded_practice() as (practice, directory):
        trial = Trial(practice, directory, options.seed)
        trial.run(options.rounds)
    print(f"{options.rounds} rounds; killed: {dict(trial.points)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
