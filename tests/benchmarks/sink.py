"""A local org that keeps nothing: its Bulk jobs take every row at once, as fast as it can read.

    uv run python -m tests.benchmarks.sink

What a push costs on our side, apart from what Salesforce does with the rows, is measured against
it. It prints one line of JSON, the settings of a target, and runs until its input ends. Everything
but ingest jobs is the local org's own, which stays empty. A value may not hold a line break here.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from crm_sync.localorg.bulk import load
from crm_sync.localorg.bulk.files import Chunk
from crm_sync.localorg.bulk.jobs import COMPLETE, RUNNING, UPLOADED, Job
from crm_sync.localorg.bulk.worker import Steps
from crm_sync.localorg.records import identifiers
from crm_sync.localorg.serve import LocalOrg

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

LINES = 10_000


def take(org: Org, job: Job) -> Steps:
    """The steps of a job: every row is answered as taken, a created one with an Id of its own."""
    with org.store.transaction():
        if job.state not in (UPLOADED, RUNNING):
            return
        job.state = RUNNING
        org.bulk.save(job)
    prefix = org.schema[job.object_name].prefix
    files = org.bulk.files(job)
    number = 0
    with files.upload.open("rb") as upload, files.successful.open("wb") as results:
        upload.readline()
        while lines := upload.readlines(LINES * 100):
            if job.operation == "upsert":
                with org.store.lock:
                    numbers = org.store.take_numbers(prefix, len(lines))
                ids = [identifiers.build(prefix, org.pod, n) for n in numbers]
            else:
                ids = [line[:18].decode() for line in lines]
            created = b'","true",' if job.operation == "upsert" else b'","false",'
            results.writelines(
                b'"' + record_id.encode() + created + line
                for record_id, line in zip(ids, lines, strict=True)
            )
            number += len(lines)
            yield 0.0
        end = Chunk(upload.tell(), results.tell(), 0)
    with org.store.transaction():
        org.bulk.table.add_chunk(job, 0, end)
        job.processed = number
        job.state = COMPLETE
        org.bulk.save(job)


def main() -> None:
    load.run = take
    with LocalOrg(data=None) as org:
        told = {
            "instance_url": org.instance_url,
            "client_id": org.client_id,
            "client_secret": org.client_secret,
            "ca_bundle": str(org.ca_bundle),
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
