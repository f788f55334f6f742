"""What a person may ask of a run, apart from settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """`select`: names of mappings, empty for all. `api`: the only way that rows take to Salesforce,
    where they can; by their number if None. `max_api_calls`: instead of the target's.
    `against_org`: a dry run also reads what Salesforce holds now. `yes`: the first sync to an org
    asks nobody. `overwrite`: keys of rows that go although people edited them in Salesforce, or
    `all`. The rest are the flags of `crm-sync sync`.
    """

    select: tuple[str, ...] = ()
    full: bool = False
    retry_refused: bool = False
    resend: bool = False
    allow_deletions: bool = False
    allow_changes: bool = False
    ignore_storage: bool = False
    with_sample_data: bool = False
    yes: bool = False
    expect: str | None = None
    api: Literal["composite", "bulk"] | None = None
    max_api_calls: int | None = None
    against_org: bool = False
    overwrite: tuple[str, ...] = ()
    create_anyway: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of `crm-sync sync` with which this very plan is made and sent, as a person
        would write them; without `yes`, which a person says who has looked at it.
        """
        chosen = [word for name in self.select for word in ("--select", name)]
        for is_set, flag in (
            (self.full, "--full"),
            (self.retry_refused, "--retry-refused"),
            (self.resend, "--resend"),
            (self.allow_deletions, "--allow-deletions"),
            (self.allow_changes, "--allow-changes"),
            (self.ignore_storage, "--ignore-storage"),
            (self.with_sample_data, "--with-sample-data"),
            (self.create_anyway, "--create-anyway"),
        ):
            chosen += [flag] * is_set
        chosen += [word for key in self.overwrite for word in ("--overwrite", key)]
        return (*chosen, *(("--api", self.api) if self.api else ()))
