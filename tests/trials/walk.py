"""Kills a sync at every step of a run, in turn: nothing is lost, nothing doubled.

    python -m tests.trials.walk [--stride N] [--api bulk]

The same small changes are made before each run (a row is new, one changed, one is gone, one moves),
so that its steps are the same; the process kills itself at the chosen one (`steps.py`). Then one
run may finish, and database and org must agree. The suite walks with a stride
(`test_a_killed_process.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.integration.sync.practice import Practice
from tests.trials.kill import embedded_practice, finish


@dataclass
class Walk:
    """Kills on one practice, by one way to Salesforce or the one that rows take by their number.
    `hit`: the steps at which a process was killed.
    """

    practice: Practice
    directory: Path
    api: str | None = None
    hit: list[str] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        self.account = self.practice.add("accounts")
        self.moving = self.practice.add("activities", account_id=self.account)
        self.leaving = [self._project() for _ in range(4)]
        self.practice.sync()
        # What the first load of events asks would be a step of the first process alone.
        self.practice.connection.execute("update sync.mapping set may_create_at = now()")

    def run(self, stride: int) -> None:
        """Every `stride`-th step, the first of each kind, and each kind of commit."""
        with self._child() as child:
            steps = self._until(child, 0)
            kinds = [step.split(":")[0] for step in steps]
            chosen = {*range(1, len(steps) + 1, stride)}
            chosen |= {kinds.index(kind) + 1 for kind in kinds}
            chosen |= {steps.index(step) + 1 for step in steps if step.endswith("commit")}
            for last in sorted(chosen):
                self.hit.append(self._until(child, last)[-1])

    def run_names(self, chosen: Iterable[str] = ()) -> None:
        """The first step of each name, or of the chosen: how often a job is asked about, and so
        the number of a step, differs from run to run.
        """
        with self._child() as child:
            for name in chosen or dict.fromkeys(self._until(child, 0)):
                self.hit.append(self._until(child, name)[-1])

    @contextmanager
    def _child(self) -> Iterator[subprocess.Popen[str]]:
        api = ["--api", self.api] if self.api else []
        with subprocess.Popen(
            [sys.executable, "-m", "tests.trials.steps", *api],
            env={**os.environ, **self.practice.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            yield child
            assert child.stdin is not None
            child.stdin.close()

    def _until(self, child: subprocess.Popen[str], last: int | str) -> list[str]:
        """A run that is killed at a step, and one that is not; gives the steps of the first."""
        self._change()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{last}\n")
        child.stdin.flush()
        steps: list[str] = json.loads(child.stdout.readline())
        assert last in (0, len(steps), steps[-1]), f"it ended at step {len(steps)}, before {last}"
        report = finish(self.practice)
        assert report.status == "finished", (steps[-1], report)
        self.practice.assert_same()
        return steps

    def _change(self) -> None:
        self.number += 1
        self.practice.change("accounts", self.account, phone=str(self.number))
        kind = ("call", "meeting")[self.number % 2]
        self.practice.change("activities", self.moving, activity_type=kind)
        self.leaving.append(self._project())
        self.practice.remove("projects", self.leaving.pop(0))

    def _project(self) -> str:
        return self.practice.add("projects", account_id=self.account, start_date="2026-01-05")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.trials.walk")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--api", choices=("composite", "bulk"))
    options = parser.parse_args()
    with embedded_practice() as (practice, directory):
        walk = Walk(practice, directory, options.api)
        if options.api == "bulk":
            walk.run_names()
        else:
            walk.run(options.stride)
    print(f"killed at {len(walk.hit)} steps:", *walk.hit, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
