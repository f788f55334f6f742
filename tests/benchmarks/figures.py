"""What was measured: one `Figure` for each case and each of those who did it.

`Meter` takes it: a command is run in a process of its own, and what the database server and the
sink spent meanwhile is told apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil
import requests

from tests.benchmarks.target import SinkTarget


@dataclass(frozen=True)
class Figure:
    """One measurement. Times in seconds, memory in megabytes, `sent` and `received` in bytes.

    `seconds` leaves out the start of the process, `wall` does not; `cpu` is that of the measured
    process alone, `memory` the largest that it held. `calls`: API calls, without sign-in. `parts`:
    where the time went, as far as the process knows.
    """

    case: str
    who: str
    size: int
    rows: int
    refused: int
    seconds: float
    wall: float
    cpu: float
    postgres_cpu: float
    sink_cpu: float
    memory: float
    calls: int
    sent: int
    received: int
    parts: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Failed(Exception):
    """A measured command ended with another exit code than 0; it has said why."""


@dataclass
class Meter:
    """Measures commands that use this sink and this database server."""

    sink: SinkTarget
    postmaster: psutil.Process

    def measure(
        self,
        case: str,
        who: str,
        size: int,
        command: Sequence[str],
        environment: Mapping[str, str],
    ) -> Figure:
        """Runs a command. Its last line is what `telling.tell` said; without `rows`, the sink's
        own count of rows that came holds.
        """
        before, postgres, sink = self.counters(), self.postgres_seconds(), self._sink()
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begun
        if process.returncode:
            sys.stderr.buffer.write(said)
            raise Failed(f"{case}, {who}: exit code {process.returncode}")
        after = self.counters()
        told: dict[str, Any] = json.loads(said.splitlines()[-1])
        return Figure(
            case=case,
            who=who,
            size=size,
            rows=told.get("rows", after["rows"] - before["rows"]),
            refused=told.get("refused", 0),
            seconds=told["seconds"],
            wall=wall,
            cpu=usage.ru_utime + usage.ru_stime,
            postgres_cpu=self.postgres_seconds() - postgres,
            sink_cpu=self._sink() - sink,
            memory=told["memory"],
            calls=after["calls"] - before["calls"],
            sent=after["received"] - before["received"],
            received=after["sent"] - before["sent"],
            parts=told["parts"],
        )

    def refuse(self, name: str, every: int) -> None:
        """From now on the sink refuses every so many-th row of an object; 0: none."""
        self._ask({name: every})

    def counters(self) -> dict[str, int]:
        """The sink's, from its start on."""
        return self._ask(None)

    def _ask(self, wanted: dict[str, int] | None) -> dict[str, int]:
        url = f"{self.sink.instance_url}/sink"
        session = requests.Session()
        session.trust_env = False
        with session:
            return session.post(url, json=wanted, verify=self.sink.ca_bundle, timeout=60).json()

    def _sink(self) -> float:
        times = psutil.Process(self.sink.pid).cpu_times()
        return times.user + times.system

    def postgres_seconds(self) -> float:
        """Processor time of the server so far; that of processes that ended is the postmaster's."""
        own = self.postmaster.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for child in self.postmaster.children():
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total
