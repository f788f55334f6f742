"""Lead: its name, the assignment rule, and what conversion forbids."""

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records.rules.change import Change
from crm_sync.localorg.records.rules.person import full_name


def apply(change: Change) -> None:
    # R: for everyone without "View and Edit Converted Leads".
    if change.old is not None and change.old.get("IsConverted"):
        raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    change.new["Name"] = full_name(change.new)
    if "IsUnreadByOwner" not in change.given:
        if change.old is None:
            change.new["IsUnreadByOwner"] = 1  # R, grouparoo: also when its owner made it
        elif change.new["LastModifiedById"] == change.new["OwnerId"]:
            change.new["IsUnreadByOwner"] = 0  # R, grouparoo
    # D, Assignment Rule Header: absent means TRUE, on create and on update, and the owner of the
    # request gives way.
    if change.assignment_owner is not None:
        change.new["OwnerId"] = change.assignment_owner
