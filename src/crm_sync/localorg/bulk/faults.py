"""What a fault rule does to one job; the rules themselves are in ``localorg/faults.py``."""

from collections.abc import Sequence
from typing import Any, TypeVar

from crm_sync.localorg.bulk.dialect import UnreadableError
from crm_sync.localorg.bulk.jobs import Job
from crm_sync.localorg.faults import Faults, Rule

Item = TypeVar("Item")


class JobFault:
    """The rule that fired for a job when it began, or none."""

    def __init__(self, rule: Rule | None) -> None:
        self._rule = rule
        then: dict[str, Any] = rule.then["job"] if rule is not None else {}
        self._message: str | None = then.get("fail")
        self._after = int(then.get("after", 0))
        self._hangs = bool(then.get("hang"))
        self._slow = float(then.get("slow", 0))
        self._to_lose = int(then.get("lose", 0))

    @classmethod
    def of(cls, faults: Faults, job: Job) -> "JobFault":
        return cls(faults.job_rule(job.operation, job.object_name))

    def hangs(self, faults: Faults) -> bool:
        """A job hangs as long as its rule is in force."""
        return self._hangs and faults.holds(self._rule)

    def fail_after(self, processed: int) -> None:
        """Raise UnreadableError when so many rows have been processed that the job fails."""
        if self._message is not None and processed >= self._after:
            raise UnreadableError(self._message)

    @property
    def pause(self) -> float:
        """Seconds to wait after each chunk."""
        return self._slow

    def kept(self, results: Sequence[Item]) -> Sequence[Item]:
        """Results without those that get lost: their rows were processed, and nobody says so."""
        lost = min(self._to_lose, len(results))
        self._to_lose -= lost
        return results[lost:]
