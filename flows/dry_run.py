"""The dry run as a Prefect flow: what a sync would send now, as an artifact. Changes nothing.

Settings and secrets come from where the worker runs; see sync.py.
"""

from __future__ import annotations

import logging

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from crm_sync.errors import CrmSyncError
from crm_sync.report.groups import problem_rows
from crm_sync.report.headline import first_problems, headline
from crm_sync.report.markdown import dry_run_markdown
from crm_sync.settings import load_settings
from crm_sync.sync.options import Options
from crm_sync.sync.run import dry_run as run_dry_run

__all__ = ["dry_run"]

logger = logging.getLogger("crm_sync")
logger.setLevel(logging.INFO)  # Prefect ships what a logger lets through, and sets no level itself


@flow(
    name="crm-sync-dry-run",
    description="Shows what a sync would send. Changes nothing.",
    persist_result=False,
)
def dry_run(
    target: str | None = None, select: list[str] | None = None, full: bool = False
) -> State[None]:
    """Make a plan and show it. Completed whenever there is one: rows in trouble are its content.

    Args:
        target: A target of crm-sync.toml; empty: the one that it names.
        select: Names of mappings; empty: all of them.
        full: Compare every row, not only the changed ones.
    """
    options = Options(select=tuple(select or ()), full=full)
    try:
        with run_dry_run(load_settings(), target, options) as plan:
            logger.info("%s", plan.org.sentence())
            problems = sum(summary.problems for summary in plan.summaries)
            first = first_problems(problem_rows(plan.rows(), 3), problems)
            sentence = " ".join(part for part in (headline(plan), first) if part)
            create_markdown_artifact(
                dry_run_markdown(plan), key="crm-sync-dry-run", description=plan.org.sentence()
            )
    except CrmSyncError as error:
        logger.error("%s %s", error.sentence, error.mend)
        return Failed(message=f"{error.sentence} {error.mend}".strip())
    return Completed(message=sentence)


if __name__ == "__main__":
    dry_run()
