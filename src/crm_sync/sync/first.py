"""The first sync to an org is one that a person has seen: what it would send is shown and asked.

In: an org, and what the person's side can do: ask, or nothing. Out: the digest of the plan that was
agreed to, which the sync then expects; so what is sent is what was shown, and no transaction stays
open while somebody thinks. A local org is nobody's: it is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from crm_sync.errors import GuardStopped
from crm_sync.report.model import Org, PlanReport
from crm_sync.sync.options import Options
from crm_sync.sync.statements import statements

__all__ = ["Ask", "agreed", "check_may_ask", "is_asked"]

Ask = Callable[[PlanReport], bool]
"""Shows a plan, without its rows, and gives the answer."""


def is_asked(connection: psycopg.Connection[Any], org: Org, options: Options) -> bool:
    """Whether nothing of ours ever went to this org, and nobody said --yes."""
    if options.yes or org.kind == "local":
        return False
    found = connection.execute(statements("state")["was_synced"], {"org": org.id}).fetchone()
    return found != (True,)


def check_may_ask(org: Org, ask: Ask | None) -> Ask:
    """Raises GuardStopped where there is nobody to ask."""
    if ask is None:
        raise GuardStopped(
            f"This would be the first sync to {org.name} ({org.id}, {org.called}), and there is "
            "nobody to ask: nothing was sent.",
            "Look at the dry run, then run this on a terminal (without --quiet and --json), or "
            "with --yes.",
        )
    return ask


def agreed(report: PlanReport, ask: Ask) -> str | None:
    """The digest of what may be sent; None where there is nothing to send. Raises GuardStopped
    where the person says no.
    """
    if not any(s.create or s.update or s.delete or s.unknown for s in report.summaries):
        return None
    if not ask(report):
        raise GuardStopped("The first sync was not confirmed: nothing was sent.")
    return report.digest
