"""The Bulk API 2.0 jobs of one org in one run: what they need, and how their SQL is run.

A job is written down in `sync.job` before its rows are uploaded, and they stand in `sync.job_row`
until it is settled. So a run that finds unfinished jobs knows what may have been done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import psycopg

from crm_sync.mapping.model import Mapping
from crm_sync.salesforce.bulk import Bulk
from crm_sync.salesforce.client import Client
from crm_sync.salesforce.describe import ObjectFacts
from crm_sync.sync.scope import Scope
from crm_sync.sync.statements import statements
from crm_sync.sync.work import hold_run

__all__ = ["Job", "Jobs", "waiting_jobs"]


@dataclass(frozen=True)
class Job:
    """A job that is written down. `key_column`: its CSV's column by which results find their rows,
    which holds `prefix` and the key, or the Id. `first` and `last`: positions of its rows in the
    plan (`Jobs.placed`).
    """

    id: str
    mapping: str
    action: str
    key_column: str
    prefix: str
    rows: int
    is_closed: bool = False
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Jobs:
    """What works on jobs: the run's connection, its client, and all mappings that are enabled."""

    connection: psycopg.Connection[Any]
    org_id: str
    run_number: int
    client: Client
    known: Sequence[Mapping]
    facts: Map[str, ObjectFacts]

    @cached_property
    def bulk(self) -> Bulk:
        return Bulk(self.client)

    @cached_property
    def by_name(self) -> dict[str, Mapping]:
        """Also by the names that mappings had before: a job may be older than the new one."""
        former = {m.formerly: m for m in self.known if m.formerly}
        return former | {m.name: m for m in self.known}

    def run(self, block: str, job: Job | None = None, **values: Any) -> psycopg.Cursor[Any]:
        """Runs a block of bulk.sql."""
        of_job = {} if job is None else {
            "job": job.id, "mapping": job.mapping, "action": job.action, "prefix": job.prefix,
            "first": job.first, "last": job.last,
        }  # fmt: skip
        return self.connection.execute(
            statements("bulk")[block],
            {"org": self.org_id, "run": self.run_number, **of_job, **values},
        )

    def placed(self, job: Job) -> Job:
        """The job with the positions between which its rows stand in the plan."""
        ((first, last),) = self.run("range", job).fetchall()
        return replace(job, first=first, last=last)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction for statements over many rows. Nobody analyzes schema sync in time, so
        PostgreSQL expects a handful of rows and would take nested loops over 100,000.
        """
        with self.connection.transaction():
            self.connection.execute("set local enable_nestloop = off")
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The same, in which the newest run alone may write: until it ends, no newer run can begin.
        Raises LockLost.
        """
        with self.transaction():
            hold_run(self.connection, self.org_id, self.run_number)
            yield

    def note(self, block: str, job: Job | None = None, **values: Any) -> None:
        """Runs a block in a transaction of its own; only the newest run writes."""
        with self.writing():
            self.run(block, job, **values)

    def unfinished(self) -> list[Job]:
        """Jobs whose results nobody has recorded, oldest first."""
        return [
            Job(job_id, mapping, action, key_column, prefix, rows, state == "closed")
            for job_id, mapping, action, key_column, prefix, state, rows in self.run("open_jobs")
        ]


def waiting_jobs(scope: Scope) -> list[str]:
    """A sentence for each unfinished job, for a dry run, which asks Salesforce about none."""
    return [
        f"A sync collects the results of Bulk job {job_id} first; its {rows:,} rows of {mapping} "
        "count as in flight here."
        for job_id, mapping, rows in scope.run("waiting_jobs", "bulk")
    ]
