"""Room in the org for what a plan creates: what `check`, a dry run and a sync say of it.

In: how many records of each object are to be created, and a signed-in client. Out: a `Room`. What a
record takes does not depend on its fields (Salesforce Help, Salesforce record size overview).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_sync.salesforce.client import Client

__all__ = ["WORTH_A_CALL", "Room", "room_for"]

WORTH_A_CALL = 100
"""Records to create from which a run asks: of fewer Salesforce itself tells, row by row."""
KILOBYTES = {"Campaign": 8, "CampaignMember": 1}
"""Of data storage for a record; 2 for most (Salesforce Help, Salesforce record size overview)."""
USUAL_KILOBYTES = 2


@dataclass(frozen=True)
class Room:
    """`rows` records to create take about `needed` MB of data storage, of which `left` are left;
    None where Salesforce does not tell our user.
    """

    rows: int
    needed: float
    left: float | None

    @property
    def is_enough(self) -> bool:
        """Whether they fit, as far as anybody knows."""
        return self.left is None or self.needed <= self.left

    @property
    def sentence(self) -> str:
        """Both sides, or nothing where one is not known."""
        if self.left is None:
            return ""
        records, is_left = ("record", "takes") if self.rows == 1 else ("records", "take")
        said = (
            f"{self.rows:,} {records} to create {is_left} about {self.needed:,.1f} MB of data "
            f"storage, and {self.left:,} MB is left"
        )
        if self.is_enough:
            return f"{said}."
        return f"{said}: Salesforce would refuse the rest (STORAGE_LIMIT_EXCEEDED)."


def room_for(client: Client, creates: Mapping[str, int]) -> Room:
    """What these many records of each object take, and what is left: one call."""
    needed = sum(n * KILOBYTES.get(name, USUAL_KILOBYTES) for name, n in creates.items()) / 1024
    return Room(sum(creates.values()), needed, client.storage_left())
