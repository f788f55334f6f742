"""Task: closed or not, and since when (D, Task)."""

from crm_sync.localorg.records import values
from crm_sync.localorg.records.rules.activity import check_relations, fill_accounts
from crm_sync.localorg.records.rules.change import Change
from crm_sync.localorg.records.store import Record, Store


def apply(change: Change) -> None:
    check_relations(change)
    new = change.new
    is_closed = new["Status"] in change.object_type.facts["closedStatus"]
    if not is_closed:
        new["CompletedDateTime"] = None
    elif change.changed("Status"):
        new["CompletedDateTime"] = values.format_datetime(change.now)
    new["IsClosed"] = int(is_closed)
    new["IsHighPriority"] = int(new["Priority"] == "High")


def complete(store: Store, records: list[Record]) -> None:
    fill_accounts(store, records)
