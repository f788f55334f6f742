"""What a person may ask of a run, apart from settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """`select`: names of mappings, empty for all. `api`: the only way that rows take to Salesforce,
    where they can; by their number if None. `max_api_calls`: instead of the target's.
    `against_org`: a dry run also reads what Salesforce holds now. The rest are the flags of
    `crm-sync sync`.
    """

    select: tuple[str, ...] = ()
    full: bool = False
    retry_refused: bool = False
    resend: bool = False
    allow_deletions: bool = False
    expect: str | None = None
    api: Literal["composite", "bulk"] | None = None
    max_api_calls: int | None = None
    against_org: bool = False
