"""`crm-sync sync` in a process that kills itself at a chosen step: `python -m tests.trials.steps`.

A step is the moment before or after one statement or commit of the run, or one request to the org.
In: a number or a name on each line of standard input, and on the command line what `sync` gets
besides. For each, a fresh process (a fork, so that imports are paid for once) runs the command and
kills itself with SIGKILL at the step of that number, or at the first of that name; 0 stands for
never. Out: one line of JSON for each, the names of the steps that it came to, as
`before|after category: what`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import psycopg
from psycopg import sql

import crm_sync.sync.run  # noqa: F401 - the command imports it late, and each fork would
from crm_sync.cli import main
from crm_sync.salesforce.bounded import BoundedSession
from crm_sync.sync.statements import statements

CATEGORIES = {
    "state": "begin",
    "facts": "plan",
    "known_mappings": "plan",
    "lookup": "plan",
    "plan": "plan",
    "children": "plan",
    "first_load": "plan",
    "keep": "keep",
    "carry": "carry",
    "push": "record",
    "bulk": "settle",
    "run": "finish",
}
"""By file of SQL; of single blocks below."""
BLOCKS = {
    "rename_mapping": "keep",
    "rename_records": "keep",
    "rename_plan": "keep",
    "rename_history": "keep",
    "end_renaming": "keep",
    "rekey_records": "keep",
    "rekey_plan": "keep",
    "rekey_history": "keep",
    "end_rekeying": "keep",
    "keep": "keep",
    "keep_references": "keep",
    "allow": "keep",
    "hold_run": "mark_sending",
    "mark_sending": "mark_sending",
    "bodies": "mark_sending",
    "next_rows": "mark_sending",
    "planned_actions": "mark_sending",
    "clear_piece": "job",
    "cut_piece": "job",
    "note_job": "job",
    "mark_piece": "job",
    "sent_fields": "job",
    "close_job": "job",
    "open_jobs": "begin",
    "drop_positions": "sweep",
    "sweep_changes": "sweep",
    "sweep_history": "sweep",
    "sweep_jobs": "sweep",
    "unlock": "finish",
}


class Steps:
    """Counts steps, and kills the process at the last one."""

    def __init__(self, last: str) -> None:
        self.last = last
        self.names: list[str] = []
        self.category = "begin"
        texts = ((f, b, s.as_string(None)) for f in CATEGORIES for b, s in statements(f).items())
        self.blocks = {
            text: (BLOCKS.get(block, CATEGORIES[file]), f"{file}.{block}")
            for file, block, text in texts
        }

    def step(self, name: str) -> None:
        self.names.append(name)
        if self.last in (str(len(self.names)), name):
            self.tell()
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(self) -> None:
        print(json.dumps(self.names), flush=True)

    def around(self, what: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
        """`what`, with a step before and one after."""

        @wraps(what)
        def stepped(*args: Any, **kwargs: Any) -> Any:
            name = name_of(*args)
            self.step(f"before {name}")
            result = what(*args, **kwargs)
            self.step(f"after {name}")
            return result

        return stepped

    def statement(self, _: Any, query: Any, *__: Any) -> str:
        text = query.as_string(None) if isinstance(query, sql.SQL) else ""
        self.category, name = self.blocks.get(text, (self.category, "statement"))
        return f"{self.category}: {name}"

    def commit(self, *_: Any) -> str:
        return f"{self.category}: commit"

    def request(self, _: Any, method: str, url: str, *__: Any) -> str:
        is_write = self.category == "mark_sending"
        last = url.rsplit("/", 1)[-1]
        what = "job" if last.startswith("750") else last
        return f"{'call' if is_write else self.category}: {method} {what}"


def run(last: str) -> None:
    """One run of the command in this process."""
    steps = Steps(last)
    for owner, name, name_of in (
        (psycopg.Cursor, "execute", steps.statement),
        (psycopg.Cursor, "executemany", steps.statement),
        (psycopg.Transaction, "__exit__", steps.commit),
        (BoundedSession, "request", steps.request),
    ):
        setattr(owner, name, steps.around(getattr(owner, name), name_of))
    sys.argv = ["crm-sync", "sync", "--quiet", "--allow-deletions", *sys.argv[1:]]
    try:
        main()
    finally:
        steps.tell()


def serve() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(line.strip())
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    serve()
