"""The sync as a Prefect flow: plain parameters in, an artifact and an honest state out.

Settings and secrets come from where the worker runs (crm-sync.toml, its environment, `.env`);
parameters are stored by Prefect and shown to everybody who may read it.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal
from prefect.states import Completed, Failed

from crm_sync.errors import CrmSyncError
from crm_sync.report.headline import first_problems, run_headline
from crm_sync.report.markdown import sync_markdown
from crm_sync.report.model import Org, RunReport
from crm_sync.settings import load_settings
from crm_sync.sync.errors import Ended
from crm_sync.sync.options import Options
from crm_sync.sync.run import sync as run_sync
from flows.progress import ProgressArtifact

__all__ = ["sync"]

logger = logging.getLogger("crm_sync")
logger.setLevel(logging.INFO)  # Prefect ships what a logger lets through, and sets no level itself


@flow(
    name="crm-sync",
    description="Sends to Salesforce what changed in the CRM since the last run.",
    persist_result=False,
)
def sync(
    target: str | None = None,
    select: list[str] | None = None,
    full: bool = False,
    retry_refused: bool = False,
    create_anyway: bool = False,
) -> State[None]:
    """Run one sync. Completed only when every row is in order: the same rule as exit code 0.

    Args:
        target: A target of crm-sync.toml; empty: the one that it names.
        select: Names of mappings; empty: all of them.
        full: Compare every row, not only the changed ones.
        retry_refused: Send again what Salesforce refused, though nothing changed.
        create_anyway: Let a first load create beside records that are not matched with our rows.
    """
    # Who set up the schedule has agreed: nobody can be asked at night.
    options = Options(
        select=tuple(select or ()),
        full=full,
        retry_refused=retry_refused,
        create_anyway=create_anyway,
        yes=True,
    )
    try:
        with cancellation():
            run = run_and_report(target, options)
    except CrmSyncError as error:
        logger.error("%s %s", error.sentence, error.mend)
        return Failed(message=f"{error.sentence} {error.mend}".strip())
    return verdict(run)


def run_and_report(target: str | None, options: Options) -> RunReport:
    """Run the library's sync; leave an artifact also of a run that ended early."""
    try:
        run = run_sync(load_settings(), target, options, announce, ProgressArtifact().show)
    except Ended as ended:
        leave_artifact(ended.report)
        raise ended.reason from None
    leave_artifact(run)
    return run


class Cancelled(KeyboardInterrupt):
    """Prefect's SIGTERM in the form in which the library ends a run cleanly."""


@contextmanager
def cancellation() -> Iterator[None]:
    """Let SIGTERM mean to the library what Ctrl-C does, and to Prefect what it always means.

    The outcome of what was sent is recorded and the rest stays planned; then Prefect's own signal
    goes on its way, which makes the run Cancelled.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python delivers signals to the main thread only, where a worker runs a flow
        return

    def interrupt(*_: object) -> None:
        raise Cancelled

    former = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except Cancelled as error:
        raise TerminationSignal(signal.SIGTERM) from error
    finally:
        signal.signal(signal.SIGTERM, former)


def leave_artifact(run: RunReport) -> None:
    """Counts and problems, without any row's values."""
    create_markdown_artifact(
        sync_markdown(run),
        key="crm-sync",
        description=f"Run {run.run_number}, {run.org.sentence()}",
    )


def announce(org: Org) -> None:
    """The first line of every run."""
    logger.info("%s", org.sentence())


def verdict(run: RunReport) -> State[None]:
    """The final state: what `crm-sync sync` says by its exit code, and the first rows at fault."""
    sentence = f"{run_headline(run)} Run {run.run_number} {run.status}."
    if run.status == "finished":
        return Completed(message=sentence)
    every = max(len(run.problems), sum(summary.problems for summary in run.summaries))
    parts = (sentence, run.message, first_problems(run.problems, every))
    return Failed(message=" ".join(part for part in parts if part))


if __name__ == "__main__":
    sync()
