"""What became of a job's rows: results come back through COPY and are recorded by SQL.

In: a job that is written down, and what Salesforce says of it. Out: each row's outcome in
PostgreSQL, in one transaction for the whole job. Python judges the different codes of refusals
(`decide.py`), never rows. What needs a look at a record, a smaller chunk or another try goes back
to the plan and by Composite, whose way with such rows stands in `outcome.py`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from crm_sync.errors import OrgUnreachable
from crm_sync.salesforce.bulk import JobInfo, Results
from crm_sync.salesforce.client import NoAnswer
from crm_sync.salesforce.connect import patiently
from crm_sync.sync.batches import Row
from crm_sync.sync.decide import Decision, Verdict, decide
from crm_sync.sync.explain import REFUSED, problem
from crm_sync.sync.jobs import Job, Jobs
from crm_sync.sync.plan import children
from crm_sync.sync.work import leave_unknown

__all__ = ["Settled", "settle"]

_PLACE = "{message}"
_OWN = {"sf__id": "id", "sf__created": "told", "sf__error": "told"}
"""Salesforce's own columns of a result, by what they are called here."""
_BLOCKS: tuple[tuple[Results, str], ...] = (
    ("failedResults", "add_failed"),
    ("successfulResults", "add_successful"),
    ("unprocessedrecords", "add_unprocessed"),
)


@dataclass(frozen=True)
class Settled:
    """Rows of a job by what became of them. `again`: planned as before; `met`: creates that found
    a record with their external ID.
    """

    recorded: int = 0
    refused: int = 0
    unknown: int = 0
    composite: int = 0
    again: int = 0
    met: int = 0

    @property
    def known(self) -> int:
        """Rows that this run does not send again."""
        return self.recorded + self.refused + self.unknown


def settle(jobs: Jobs, job: Job, info: JobInfo | None) -> Settled:
    """Records what a job that has ended did; `info` is None where Salesforce does not know it any
    more. Raises OrgUnreachable where its results cannot be read: ask again later.
    """
    jobs.run("clear_outcome")
    job = jobs.placed(job)
    if info is not None and _was_begun(job, info):
        for kind, block in _BLOCKS:
            _read(jobs, job, kind, block)
    if info is not None and _is_untouched(job, info):
        with jobs.transaction():
            jobs.run("add_untouched", job)
    _judge(jobs, job)
    jobs.connection.execute("analyze outcome")
    with jobs.writing():
        _record(jobs, job)
        lost = jobs.run("put_in_flight", job).rowcount
        if lost:
            leave_unknown(jobs.connection, jobs.org_id, jobs.run_number)
        jobs.run("end_job", job)
    counts = {verdict: (number, met) for verdict, number, met in jobs.run("counts")}
    number = {verdict: counts.get(verdict, (0, 0))[0] for verdict in
              ("recorded", "deleted", "refused", "composite", "again")}  # fmt: skip
    return Settled(
        recorded=number["recorded"] + number["deleted"],
        refused=number["refused"],
        unknown=lost,
        composite=number["composite"],
        again=number["again"],
        met=counts.get("recorded", (0, 0))[1],
    )


def _was_begun(job: Job, info: JobInfo) -> bool:
    """Whether Salesforce may have worked on it: not where it was aborted before it was closed."""
    return job.is_closed or info.processed > 0 or info.state != "Aborted"


def _is_untouched(job: Job, info: JobInfo) -> bool:
    """Whether nothing was done of rows that stand in no result.

    Rows of a batch that was at work when a job was aborted or failed may have been saved, not so
    those of a job that was not begun, or whose CSV Salesforce could not read.
    """
    unread = info.state == "Failed" and info.code == "InvalidBatch" and not info.processed
    return unread or not _was_begun(job, info)


def _read(jobs: Jobs, job: Job, kind: Results, block: str) -> None:
    """One kind of results into the table `outcome`."""
    try:
        for attempt in patiently(jobs.client.target, NoAnswer):
            with attempt, jobs.transaction():
                with jobs.bulk.results(job.id, kind) as chunks:
                    if not _copy(jobs, job, chunks):
                        return
                jobs.connection.execute("analyze result")
                jobs.run(block, job)
    except NoAnswer as error:
        raise OrgUnreachable(
            f"Salesforce did not give the results of Bulk job {job.id} ({error}).",
            "Run again: they are asked for first, and kept for seven days.",
        ) from None


def _copy(jobs: Jobs, job: Job, chunks: Iterator[bytes]) -> bool:
    """A stream of CSV into the temporary table `result`; False where the stream is empty."""
    head = b""
    for chunk in chunks:
        head += chunk
        if b"\n" in head:
            break
    if not head.strip():
        return False
    names = next(csv.reader([head.partition(b"\n")[0].decode("utf-8-sig").rstrip("\r")]))
    columns = [_column(name, number, job) for number, name in enumerate(names)]
    if "name" not in columns:
        raise OrgUnreachable(
            f"The results of Bulk job {job.id} have no column {job.key_column}.",
            "Look at the job in Setup, Bulk Data Load Jobs; run again.",
        )
    jobs.connection.execute("drop table if exists result")
    jobs.connection.execute(
        sql.SQL("create temp table result ({})").format(
            sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(c)) for c in columns)
        )
    )
    statement = "copy result from stdin (format csv, header true, encoding 'UTF8')"
    with jobs.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in chain([head.removeprefix(b"\xef\xbb\xbf")], chunks):
            copy.write(chunk)
    return True


def _column(name: str, number: int, job: Job) -> str:
    if name.lower() == job.key_column.lower():
        return "name"
    return _OWN.get(name.lower(), f"field{number}")


def _judge(jobs: Jobs, job: Job) -> None:
    """Gives each refused row the verdict of its code."""
    codes = sorted({code for code, _ in jobs.run("refusals")})
    if codes:
        verdicts = [_verdict(job.action, code) for code in codes]
        jobs.run("judge", codes=codes, verdicts=verdicts)


def _verdict(action: str, code: str) -> str:
    """What follows for rows with a code; whatever is no plain refusal goes by Composite."""
    if not code:
        return "composite"
    verdict = decide(action, {"errors": [{"statusCode": code}]}).verdict
    plain = {Verdict.REFUSED: "refused", Verdict.DELETED: "deleted"}
    return plain.get(verdict, "composite")


def _record(jobs: Jobs, job: Job) -> None:
    """Writes all of it; runs inside the caller's transaction."""
    refusals = jobs.run("plain_refusals").fetchall()
    if refusals:
        told = [Jsonb(_told(jobs, job, code, field)) for code, field in refusals]
        jobs.run(
            "record_refused", job, place=_PLACE, codes=[r[0] for r in refusals],
            fields=[r[1] for r in refusals], problems=told,
        )  # fmt: skip
    jobs.run("take_back", job)
    if job.action == "delete":
        jobs.run("record_deleted", job)
        _record_cascaded(jobs, job)
    else:
        jobs.run("record_sent", job)


def _told(jobs: Jobs, job: Job, code: str, field: str | None) -> dict[str, Any]:
    """The problem of rows with one code and field, with a place for Salesforce's own words."""
    mapping = jobs.by_name.get(job.mapping)
    if mapping is None:  # a run ended, and then the mapping's file went
        sentence = f"{REFUSED}: {_PLACE}."
        return {"code": code, "severity": "error", "sentence": sentence, "mend": ""}
    decision = Decision(
        Verdict.REFUSED, code=code, message=_PLACE, fields=(field,) if field else ()
    )
    return problem(mapping, Row(job.mapping, "", job.action), decision)


def _record_cascaded(jobs: Jobs, job: Job) -> None:
    """What Salesforce took along, level by level."""
    names, level = {job.mapping}, 0
    while parents := [jobs.by_name[n] for n in sorted(names) if n in jobs.by_name]:
        names = set()
        for parent, child, lookup in children(jobs.known, parents):
            facts = jobs.facts.get(jobs.by_name[parent].object)
            if facts and (jobs.by_name[child].object, lookup) in facts.cascades:
                gone = jobs.run(
                    "record_cascaded", mapping=parent, parents=_names(jobs, parent),
                    children=_names(jobs, child), field=lookup, level=level,
                )  # fmt: skip
                if gone.rowcount:
                    names.add(child)
        level += 1


def _names(jobs: Jobs, name: str) -> list[str]:
    """Under which a mapping's state may stand: a new name is written down with the next plan."""
    former = jobs.by_name[name].formerly
    return [name, former] if former else [name]
