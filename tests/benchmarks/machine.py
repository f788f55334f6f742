"""What the measurements were made on, without a name or a path of it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg


@dataclass(frozen=True)
class Machine:
    """`load`: the average of the last minute before the beginning, in processes."""

    cores: int
    memory_gigabytes: int
    processor: str
    system: str
    python: str
    postgresql: str
    date: str
    load: float


def describe(url: str) -> Machine:
    """This machine, and the server behind the URL."""
    with psycopg.connect(url) as connection:
        row = connection.execute("show server_version").fetchone()
    assert row is not None
    return Machine(
        cores=psutil.cpu_count() or 1,
        memory_gigabytes=round(psutil.virtual_memory().total / (1 << 30)),
        processor=_processor(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        postgresql=str(row[0]).split()[0],
        date=datetime.now(UTC).date().isoformat(),
        load=round(os.getloadavg()[0], 1),
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
