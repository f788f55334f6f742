"""A sink in a process of its own, and how each of those measured is led to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from crm_sync.settings_sources import variable
from tests.support.postgres import ROOT

NAME = "sink"


@dataclass(frozen=True)
class SinkTarget:
    """How to reach a sink."""

    instance_url: str
    client_id: str
    client_secret: str
    access_token: str
    ca_bundle: str
    pid: int

    def settings(self, database_url: str) -> dict[str, str]:
        """The environment of a sync into it, with nothing of this machine's own settings."""
        given = {
            variable("database_url"): database_url,
            variable("mappings"): str(ROOT / "mappings"),
            variable("targets", NAME, "instance_url"): self.instance_url,
            variable("targets", NAME, "client_id"): self.client_id,
            variable("targets", NAME, "client_secret"): self.client_secret,
            variable("targets", NAME, "ca_bundle"): self.ca_bundle,
        }
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("CRM_SYNC_")}
        return {**kept, **given}


@contextmanager
def running_sink() -> Iterator[SinkTarget]:
    """A sink that ends with the block."""
    command = [sys.executable, "-m", "tests.benchmarks.sink"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield SinkTarget(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()
