"""How many API calls a run may make: its own bound, and a share of the org's day that it leaves.

Pure: calls made and the day's use in, a verdict out. `Client` asks before every call, so nothing is
half sent. Salesforce counts calls in a rolling 24 hours and tells them with every answer
(`Sforce-Limit-Info`, REST API Developer Guide, Limit Info Header).
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_sync.errors import LimitReached

__all__ = ["Budget", "Usage"]

Usage = tuple[int, int]
"""(used, allowed): calls of the org in the last 24 hours, whoever made them."""


@dataclass(frozen=True)
class Budget:
    """`most`: calls of one run, None for any number. `reserve_percent`: of the org's daily calls,
    left to others. `target`: whose settings a message names.
    """

    target: str
    most: int | None = None
    reserve_percent: int = 0

    def reserve(self, allowed: int) -> int:
        """Calls of the day that are left to others."""
        return -(-allowed * self.reserve_percent // 100)

    def check(self, calls: int, usage: Usage | None) -> None:
        """Raises LimitReached where one more call would pass a bound. `calls`: made by this run."""
        if self.most is not None and calls >= self.most:
            raise LimitReached(
                f"The API calls of this run are used up (max_api_calls: {self.most:,}).",
                "The rest stays planned: run again, or allow more with --max-api-calls or "
                f"max_api_calls of the target {self.target}.",
            )
        if usage is None or not self.reserve_percent:
            return
        used, allowed = usage
        if used >= allowed - self.reserve(allowed):
            raise LimitReached(
                f"{used:,} of the org's {allowed:,} daily API calls are used, and "
                f"{self.reserve_percent} % are left to others (api_reserve_percent).",
                "The rest stays planned: run again when Salesforce frees calls (a rolling 24 h), "
                f"or lower api_reserve_percent of the target {self.target}.",
            )
