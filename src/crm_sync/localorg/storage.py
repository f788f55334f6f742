"""Data storage: what records take of it, how much is left, and what happens when it is full.

Most records take 2 KB, whatever is in them; a campaign takes 8, its members 1, a person account 4
(D, Salesforce Help, Salesforce record size overview). Users and what an administrator sets up take
none here (U).
"""

from collections.abc import Sequence

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Store

DEVELOPER_EDITION = 5
"""MB (R, limits.json)."""
_KILOBYTES = {
    "Account": 2, "Contact": 2, "Lead": 2, "Opportunity": 2, "Task": 2, "Event": 2, "Campaign": 8,
    "CampaignMember": 1,
}  # fmt: skip
_CUSTOM = 2


class Storage:
    """The storage of one org. ``limit`` in MB; None tells a Developer Edition's and refuses
    nothing, so that large loads can be tried.
    """

    def __init__(self, store: Store, limit: int | None) -> None:
        self._store = store
        self._is_enforced = limit is not None
        self.limit = DEVELOPER_EDITION if limit is None else limit

    @property
    def remaining(self) -> int:
        """Whole MB that are left (that they are rounded down is U)."""
        return max(0, (self.limit * 1024 - self._used()) // 1024)

    def refuse(self, object_name: str, rows: Sequence[Row]) -> None:
        """New rows for which there is no room (code D; its sentence U)."""
        size = _size(object_name)
        if not self._is_enforced or not size:
            return
        left = self.limit * 1024 - self._used()
        for row in rows:
            if row.old is None:
                left -= size
                if left < 0:
                    row.error = RowError("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded")

    def _used(self) -> int:
        names = [o.name for o in self._store.schema.objects if _size(o.name)]
        used = sum(self._store.count(name) * _size(name) for name in names)
        account = self._store.schema["Account"]
        if account.find("IsPersonAccount"):  # a contact stands behind each
            persons = sum(r["IsPersonAccount"] or 0 for r in self._store.records("Account"))
            used += persons * _KILOBYTES["Contact"]
        return used


def _size(object_name: str) -> int:
    return _CUSTOM if object_name.endswith("__c") else _KILOBYTES.get(object_name, 0)
