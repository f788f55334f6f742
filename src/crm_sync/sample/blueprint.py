"""The whole sample before today is known.

In: nothing. Out: the rows of each table, dated in quarter days of work before today. Imports the
modules that build them.
"""

from __future__ import annotations

from functools import cache
from random import Random

from crm_sync.sample.activities import build_activities
from crm_sync.sample.leads import build_leads
from crm_sync.sample.projects import build_projects
from crm_sync.sample.rows import Blueprint

__all__ = ["blueprint"]

SEED = 20230425
"""Another seed makes another practice; the story in `story` holds for this one."""


@cache
def blueprint() -> Blueprint:
    """All rows by table, parents first; read only, it is built once."""
    random = Random(SEED)  # noqa: S311 (not for secrets: the same rows every time)
    built = build_leads(random)
    work = build_projects(random, built.accounts)
    return {
        "accounts": built.accounts,
        "leads": built.leads,
        "lead_status_changes": built.changes,
        "projects": work.projects,
        "project_status_changes": work.changes,
        "activities": build_activities(random, built, work.projects),
    }
