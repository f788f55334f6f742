"""The least that any client must do: COPY to a file, upload that file, COPY the results back.

    python -m tests.benchmarks.floor FOLDER LOADS [--refused]

A process of its own, as everything that is measured. It keeps nothing of the rows, plans nothing
and records nothing; its files stay in FOLDER, for the peers to send. The environment holds
`DATABASE_URL` and the sink (`SINK`, JSON).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.benchmarks.loads import Load
from tests.benchmarks.pieces import BLOCK, pieces, read
from tests.benchmarks.target import SinkTarget
from tests.benchmarks.telling import tell


@dataclass
class Floor:
    """One connection to each side."""

    database: psycopg.Connection[Any]
    sink: SinkTarget
    parts: dict[str, float]

    def __post_init__(self) -> None:
        where = urlsplit(self.sink.instance_url)
        context = ssl.create_default_context(cafile=self.sink.ca_bundle)
        self._http = http.client.HTTPSConnection(
            str(where.hostname), where.port, context=context, blocksize=BLOCK
        )

    def send(self, load: Load, folder: Path, *, has_refusals: bool) -> int:
        """All rows of a load; gives how many results came."""
        file = folder / load.file
        with (
            self._timed("copy out"),
            file.open("wb") as out,
            self.database.cursor().copy(load.statement().encode()) as copy,
        ):
            for data in copy:
                out.write(data)
        return sum(
            self._upload(load, file, head, start, end, has_refusals=has_refusals)
            for head, start, end in pieces(file)
        )

    def _upload(
        self, load: Load, file: Path, head: bytes, start: int, end: int, *, has_refusals: bool
    ) -> int:
        wanted = {"object": load.object_name, "operation": load.operation, "lineEnding": "LF"}
        if load.operation == "upsert":
            wanted["externalIdFieldName"] = "CRM_Id__c"
        job = json.loads(self._call("POST", "", json.dumps(wanted).encode()))["id"]
        with self._timed("upload"):
            size = len(head) + end - start
            headers = {"Content-Type": "text/csv", "Content-Length": str(size)}
            self._call("PUT", f"/{job}/batches", read(file, head, start, end), headers)
            self._call("PATCH", f"/{job}", b'{"state": "UploadComplete"}')
            while json.loads(self._call("GET", f"/{job}"))["state"] != "JobComplete":
                time.sleep(0.01)
        kinds = ["successfulResults", *(["failedResults"] if has_refusals else [])]
        return sum(self._copy_back(job, kind, load) for kind in kinds)

    def _copy_back(self, job: str, kind: str, load: Load) -> int:
        columns = ", ".join(f"c{n} text" for n in range(load.columns + 2))
        with self._timed("copy back"):
            self.database.execute("drop table if exists result")
            self.database.execute(f"create temp table result ({columns})".encode())
            self._http.request("GET", self._path(f"/{job}/{kind}"), headers=self._headers({}))
            answer = self._http.getresponse()
            statement = b"copy result from stdin (format csv, header true)"
            with self.database.cursor() as cursor:
                with cursor.copy(statement) as copy:
                    while data := answer.read(BLOCK):
                        copy.write(data)
                return cursor.rowcount

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        given = headers or {"Content-Type": "application/json"}
        self._http.request(method, self._path(path), body, self._headers(given))
        answer = self._http.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"The sink refused {method} {path}: {answer.status}.")
        return said

    def _path(self, path: str) -> str:
        return f"/services/data/v60.0/jobs/ingest{path}"

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.sink.access_token}", **more}

    def _timed(self, part: str) -> Timed:
        return Timed(self.parts, part)


@dataclass
class Timed:
    """Adds the seconds of a block to a part."""

    parts: dict[str, float]
    part: str

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        spent = time.perf_counter() - self._begun
        self.parts[self.part] = self.parts.get(self.part, 0.0) + spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--refused", action="store_true", help="the sink refuses rows")
    parser.add_argument("loads", help="JSON: what to send, in this order")
    given = parser.parse_args()
    loads = [Load(**load) for load in json.loads(given.loads)]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        begun = time.perf_counter()
        floor = Floor(database, SinkTarget(**json.loads(os.environ["SINK"])), {})
        rows = sum(floor.send(load, given.folder, has_refusals=given.refused) for load in loads)
        seconds = time.perf_counter() - begun
    tell(seconds=seconds, rows=rows, parts=floor.parts)


if __name__ == "__main__":
    main()
