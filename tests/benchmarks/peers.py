"""Others who send the same rows, from files that are ready: one process for each.

    python -m tests.benchmarks.peers simple-salesforce|sf FOLDER LOADS

`simple-salesforce` is its bulk2 helper, told not to wait before it asks about a job; `sf` is
`sf data … bulk` as a person types it, which asks every five seconds. The environment holds the sink
(`SINK`, JSON), and for sf what leads there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import SFBulk2Handler, SFBulk2Type

from tests.benchmarks.loads import Load
from tests.benchmarks.pieces import pieces, read
from tests.benchmarks.target import SinkTarget
from tests.benchmarks.telling import peak_of_children, tell
from tests.support import clients

SIMPLE_SALESFORCE, SF = "simple-salesforce", "sf"


def sf_environment(directory: Path, home: Path, sink: SinkTarget) -> dict[str, str]:
    """How sf finds the sink, signed in there as its default org."""
    given = clients.environment(directory, home, sink.ca_bundle, sink.access_token)
    login = ("org", "login", "access-token", "--no-prompt", "--set-default")
    command = ["sf", *login, "--instance-url", sink.instance_url]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"sf could not sign in: {done.stderr.strip()}")
    return given


def with_simple_salesforce(sink: SinkTarget, folder: Path, loads: Sequence[Load]) -> dict[str, Any]:
    """Sends each file, or its pieces, then writes the results to files."""
    session = requests.Session()
    session.trust_env = False
    session.verify = sink.ca_bundle
    salesforce = Salesforce(
        instance_url=sink.instance_url, session_id=sink.access_token, session=session,
        version="60.0",
    )  # fmt: skip
    handler = salesforce.bulk2
    assert isinstance(handler, SFBulk2Handler)
    ready = [(load, piece) for load in loads for piece in _cut(folder / load.file)]
    begun = time.perf_counter()
    sent: list[tuple[SFBulk2Type, str]] = []
    for load, piece in ready:
        of_object: SFBulk2Type = getattr(handler, load.object_name)
        more = {"external_id_field": "CRM_Id__c"} if load.operation == "upsert" else {}
        action = getattr(of_object, load.operation)
        results = action(str(piece), wait=0, **more)
        sent += [(of_object, result["job_id"]) for result in results]
    sending = time.perf_counter() - begun
    for of_object, job in sent:
        of_object.get_successful_records(job, file=str(folder / "successful.csv"))
        of_object.get_failed_records(job, file=str(folder / "failed.csv"))
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "parts": {"sending": sending, "results": seconds - sending}}


def with_sf(environment: Mapping[str, str], folder: Path, loads: Sequence[Load]) -> dict[str, Any]:
    """One command for each file, or for each piece of a file that is too large for one job."""
    commands = [
        ["sf", "data", load.operation, "bulk", "--sobject", load.object_name, "--file", str(piece),
         "--wait", "60", *(("--external-id", "CRM_Id__c") if load.operation == "upsert" else ())]
        for load in loads for piece in _cut(folder / load.file)
    ]  # fmt: skip
    begun = time.perf_counter()
    for command in commands:
        # It ends with 1 where rows were refused; whether all of them came is the caller's to see.
        done = subprocess.run(
            command, env=dict(environment), capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "parts": {}, "memory": peak_of_children()}


def _cut(file: Path) -> list[Path]:
    """The file, or files beside it that hold its pieces."""
    found = list(pieces(file))
    if len(found) == 1:
        return [file]
    made = []
    for number, (head, start, end) in enumerate(found):
        made.append(file.with_name(f"{number}-{file.name}"))
        with made[-1].open("wb") as piece:
            piece.writelines(read(file, head, start, end))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=(SIMPLE_SALESFORCE, SF))
    parser.add_argument("folder", type=Path)
    parser.add_argument("loads", help="JSON: what to send, in this order")
    given = parser.parse_args()
    loads = [Load(**load) for load in json.loads(given.loads)]
    if given.peer == SF:
        told = with_sf(os.environ, given.folder, loads)
    else:
        sink = SinkTarget(**json.loads(os.environ["SINK"]))
        told = with_simple_salesforce(sink, given.folder, loads)
    tell(**told)


if __name__ == "__main__":
    main()
