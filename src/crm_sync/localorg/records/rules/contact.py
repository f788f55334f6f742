"""Contact: its name."""

from crm_sync.localorg.records.rules.change import Change
from crm_sync.localorg.records.rules.person import full_name


def apply(change: Change) -> None:
    change.new["Name"] = full_name(change.new)
