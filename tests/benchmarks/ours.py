"""One sync, in the process that is measured: `python -m tests.benchmarks.ours [--full]`.

The settings are the environment's. It tells the seconds of the run without the start of the
process, rows, and where the time went: by block of SQL, by COPY, and in calls.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import psycopg
import requests
from psycopg import sql

import crm_sync.cli  # noqa: F401 - what the command loads belongs to the start, not to the run
from crm_sync.blocks import blocks
from crm_sync.settings import load_settings
from crm_sync.sync import run
from crm_sync.sync.options import Options
from tests.benchmarks.telling import tell

PACKAGES = ("crm_sync.sync", "crm_sync.mapping")


class Steps:
    """Seconds by what was run: the name of a block of SQL, or the first words of a statement."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._names = {
            text: f"{file.name.removesuffix('.sql')}.{name}"
            for package in PACKAGES
            for file in resources.files(package).iterdir()
            if file.name.endswith(".sql")
            for name, text in blocks(package, file.name).items()
        }

    def watch(self) -> None:
        """From now on. Results of HTTP that are streamed into COPY count as COPY."""
        steps = self
        execute, copy = psycopg.Cursor.execute, psycopg.Cursor.copy
        request = requests.Session.request

        def watched_execute(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
            with steps._counted(query):
                return execute(cursor, query, *args, **kwargs)

        @contextmanager
        def watched_copy(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
            with steps._counted(query), copy(cursor, query, *args, **kwargs) as stream:
                yield stream

        def watched_request(session: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            with steps._counted(f"HTTP {method} {_kind(url)}"):
                return request(session, method, url, *args, **kwargs)

        for kind, name, watched in (
            (psycopg.Cursor, "execute", watched_execute),
            (psycopg.Cursor, "copy", watched_copy),
            (requests.Session, "request", watched_request),
        ):
            setattr(kind, name, watched)

    @contextmanager
    def _counted(self, query: Any) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[self._name(query)] += time.perf_counter() - begun

    def _name(self, query: Any) -> str:
        text = query if isinstance(query, str) else ""
        if isinstance(query, bytes):
            text = query.decode()
        elif isinstance(query, sql.SQL):
            text = query.as_string(None)
        elif isinstance(query, sql.Composed):
            text = "".join(p.as_string(None) for p in query if isinstance(p, sql.SQL))
        return self._names.get(text) or " ".join(re.findall(r"\S+", text)[:3])


def _kind(url: str) -> str:
    """What is asked, without Ids."""
    return re.sub(r"/\w{18}|\?.*|.*/services/(data/v[\d.]+/)?", "", url)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--api", choices=("composite", "bulk"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder))
    steps = Steps()
    steps.watch()
    begun = time.perf_counter()
    report = run.sync(
        settings,
        options=Options(full=given.full, allow_deletions=True, allow_changes=True, api=given.api),
    )
    seconds = time.perf_counter() - begun
    tell(
        seconds=seconds,
        rows=sum(s.recorded for s in report.summaries),
        refused=sum(s.refused for s in report.summaries),
        parts={name: spent for name, spent in steps.seconds.items() if spent >= 0.005},
    )


if __name__ == "__main__":
    main()
