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
    create_anyway: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of `crm-sync sync` that a plan depends on, as a person would write them."""
        chosen = [word for name in self.select for word in ("--select", name)]
        for is_set, flag in (
            (self.full, "--full"),
            (self.retry_refused, "--retry-refused"),
            (self.resend, "--resend"),
            (self.allow_deletions, "--allow-deletions"),
            (self.create_anyway, "--create-anyway"),
        ):
            chosen += [flag] * is_set
        return (*chosen, *(("--api", self.api) if self.api else ()))
