"""Random writers, orgs, syncs, refusals and kills; then both ways of planning must agree.

    python -m tests.trials.changes --rounds 200 [--seed N]

Several connections write at once, some commit late or never; between their steps one of two orgs
is synced (whole, in part, by Bulk, with few calls, killed), refuses rows, or has its people delete,
merge and convert records and empty its recycle bin. After each round a plan of what changed must be
the plan of every row, for each org; at the end, with all transactions ended and no refusal left,
runs leave nothing to do. The suite runs a short trial
(`test_both_ways_give_one_plan.py`).
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from crm_sync.errors import GuardStopped
from crm_sync.localorg.serve import LocalOrg
from crm_sync.sync.errors import Ended
from tests.integration.database.rows import add
from tests.integration.sync.both_ways import assert_one_plan
from tests.integration.sync.practice import NO, Practice
from tests.trials.kill import CHILD, embedded_practice

_BY_BULK = CHILD.replace('"--quiet"', '"--quiet", "--api", "bulk"')
WRITERS = 3
TABLES = ("accounts", "leads", "projects", "activities")
CHANGES: dict[str, list[tuple[str, list[Any]]]] = {
    "accounts": [("company_name", ["Alpha", "Beta"]), ("phone", [None, "1", "2"])],
    "leads": [("last_name", [None, "Ng", "Öz"]), ("lead_status", ["new", "contacted", "lost"]),
              ("company_name", ["Kelp", "K" * 300])],
    "projects": [("project_name", ["Tides", "Maps"]), ("contract_value", [None, 5, 7.5]),
                 ("project_status", ["proposed", "active"])],
    "activities": [("activity_type", ["call", "meeting", "email"]), ("subject", ["Hm", "Ah"])],
}  # fmt: skip


@dataclass
class Trial:
    """One practice with two orgs. `steps` counts what was done."""

    practice: Practice
    directory: Path
    seed: int
    steps: Counter[str] = field(default_factory=Counter)
    writers: list[psycopg.Connection[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - no secret hangs on it

    def run(self, rounds: int) -> None:
        """So many rounds of steps, each followed by the comparison of both ways."""
        url = self.practice.database.owner_url
        self.writers = [psycopg.connect(url, connect_timeout=10) for _ in range(WRITERS)]
        for writer in self.writers:
            writer.execute("set lock_timeout = '200ms'")
            writer.commit()
        for name in TABLES[:2] * 3 + TABLES[2:] * 6:
            self._insert(self.practice.connection, name)
        for name in self.practice.orgs:
            self._sync(name)
        for _ in range(rounds):
            for _ in range(self.chance.randint(1, 4)):
                self._step()
            for name in self.practice.orgs:
                assert_one_plan(self.practice, name)
        self._come_to_rest()

    def _step(self) -> None:
        steps: list[tuple[int, str, Callable[[], None]]] = [
            (12, "write", self._write),
            (4, "commit", self._end_writer),
            (4, "sync", lambda: self._sync(self._org())),
            (2, "sync of a part", lambda: self._sync(self._org(), select=(self._mapping(),))),
            (1, "kill", self._kill),
            (2, "refusals", self._refuse),
            (1, "people delete", self._people_delete),
            (1, "people merge", self._people_merge),
            (1, "people convert", self._people_convert),
            (1, "the recycle bin is emptied", self._purge),
        ]
        _, name, step = self.chance.choices(steps, [weight for weight, _, _ in steps])[0]
        self.steps[name] += 1
        step()

    # The database --------------------------------------------------------------------------------

    def _write(self) -> None:
        writer = self.chance.choice(self.writers)
        table = self.chance.choice(TABLES)
        try:
            with writer.transaction():  # a savepoint where the writer is in one already
                self.chance.choice((self._insert, self._update, self._update, self._delete))(
                    writer, table
                )
        except (psycopg.errors.LockNotAvailable, psycopg.errors.IntegrityError) as refused:
            self.steps[type(refused).__name__] += 1  # another writer was first
        if self.chance.random() < 0.6:
            writer.commit()

    def _insert(self, writer: psycopg.Connection[Any], table: str) -> None:
        values = {c: self.chance.choice(v) for c, v in CHANGES[table]}
        if table in ("projects", "activities"):
            values |= self._parent(writer, table)
        add(writer, table, **values)

    def _parent(self, writer: psycopg.Connection[Any], table: str) -> dict[str, Any]:
        kind = "accounts" if table == "projects" else self.chance.choice(TABLES[:3])
        column = {"accounts": "account_id", "leads": "lead_id", "projects": "project_id"}[kind]
        parents = {"account_id": None} | {
            c: None for c in ("lead_id", "project_id") if table == "activities"
        }
        key = self._row(writer, kind)
        if key is None:
            key = add(writer, "accounts")
            column = "account_id"
        return parents | {column: key}

    def _update(self, writer: psycopg.Connection[Any], table: str) -> None:
        key = self._row(writer, table)
        if key is None:
            return
        column, values = self.chance.choice(CHANGES[table])
        change = {column: self.chance.choice(values)}
        if table in ("projects", "activities") and self.chance.random() < 0.2:
            change = self._parent(writer, table)
        if table == "leads" and self.chance.random() < 0.1:
            change = {"converted_account_id": self._row(writer, "accounts"), "lead_status": "won"}
        writer.execute(
            sql.SQL("update public.{} set {} where id = {}").format(
                sql.Identifier(table),
                sql.SQL(", ").join(
                    sql.SQL("{} = {}").format(sql.Identifier(c), sql.Literal(v))
                    for c, v in change.items()
                ),
                sql.Literal(key),
            )
        )

    def _delete(self, writer: psycopg.Connection[Any], table: str) -> None:
        if self.chance.random() < 0.5 and (key := self._row(writer, table)):
            writer.execute(
                sql.SQL("delete from public.{} where id = {}").format(
                    sql.Identifier(table), sql.Literal(key)
                )
            )

    def _row(self, writer: psycopg.Connection[Any], table: str) -> Any:
        """The key of a row that the writer sees, always the same one for the same chance."""
        keys = [
            row[0]
            for row in writer.execute(
                f"select id from public.{table} order by created_at, id".encode()
            )
        ]
        return self.chance.choice(keys) if keys else None

    def _end_writer(self) -> None:
        writer = self.chance.choice(self.writers)
        writer.rollback() if self.chance.random() < 0.2 else writer.commit()

    # The orgs ------------------------------------------------------------------------------------

    def _org(self) -> str:
        return self.chance.choice(list(self.practice.orgs))

    def _mapping(self) -> str:
        return self.chance.choice(("account", "lead", "opportunity", "task", "event"))

    def _sync(self, name: str, **options: Any) -> None:
        if self.chance.random() < 0.3:
            options["api"] = "bulk"
        if self.chance.random() < 0.1:
            options["max_api_calls"] = self.chance.randint(1, 12)
        with suppress(Ended, GuardStopped):
            self.practice.sync(name, allow_deletions=self.chance.random() < 0.8, **options)

    def _kill(self) -> None:
        """A sync of the first org in a process of its own, killed somewhere."""
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD if self.chance.random() < 0.5 else _BY_BULK],
            cwd=self.directory,
            env={**os.environ, **self.practice.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.stdin.write("go\n")
        child.stdin.flush()
        time.sleep(0.1 + self.chance.random() * 0.6)
        child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
        until = time.monotonic() + 20  # the server notices at its next look (see session.py)
        while self.practice.value(
            "select count(*) from pg_stat_activity"
            " where usename = 'crm_sync' and pid <> pg_backend_pid()"
        ):
            assert time.monotonic() < until
            time.sleep(0.05)

    def _refuse(self) -> None:
        org = self.practice.orgs[self._org()]
        org.faults.clear()
        if self.chance.random() < 0.6:
            when: dict[str, Any] = {"object": self.chance.choice(("Account", "Lead", "Task"))}
            when |= {"rate": 0.5, "seed": self.chance.randint(0, 99)}
            error = {"statusCode": NO, "message": "No.", "fields": []}
            org.faults.append({"when": when, "then": {"row_error": error}})

    def _people_delete(self) -> None:
        org = self.practice.orgs[self._org()]
        records = org.store.records(self.chance.choice(("Account", "Lead", "Opportunity", "Task")))
        if records:
            org.delete(self.chance.choice(records)["Id"])

    def _people_merge(self) -> None:
        org = self.practice.orgs[self._org()]
        records = org.store.records("Account")
        if len(records) > 1:
            winner, loser = self.chance.sample(records, 2)
            org.merge(winner["Id"], loser["Id"])

    def _people_convert(self) -> None:
        org = self.practice.orgs[self._org()]
        leads = [r for r in org.store.records("Lead") if not r["IsConverted"]]
        if leads:
            accounts = [None, *(r["Id"] for r in org.store.records("Account"))]
            into = self.chance.choice(accounts)
            lead = self.chance.choice(leads)["Id"]
            org.convert_lead(lead, account_id=into, opportunity=self.chance.random() < 0.5)

    def _purge(self) -> None:
        self.practice.orgs[self._org()].purge()

    def _come_to_rest(self) -> None:
        """With every writer done and nothing refused, the next runs leave nothing to do."""
        for writer in self.writers:
            writer.commit()
            writer.close()
        for name, org in self.practice.orgs.items():
            org.faults.clear()
            for _ in range(2):
                self.practice.sync(name, allow_deletions=True, retry_refused=True)
            rows = assert_one_plan(self.practice, name)
            assert all(row.state in ("held", "blocked", "invalid") for row in rows), rows
            assert self.practice.sync(name).calls == 0 or rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trials.changes")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with embedded_practice() as (practice, directory), LocalOrg(data=None) as other:
        practice.orgs["other"] = other
        trial = Trial(practice, directory, options.seed)
        trial.run(options.rounds)
    print(f"{options.rounds} rounds, each time one plan both ways; {dict(trial.steps)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
