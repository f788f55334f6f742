"""CampaignMember: a lead or a contact, not both, and whether the status counts as an answer (D)."""

from crm_sync.localorg.errors import RowError, required_missing
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.rules.change import Change
from crm_sync.localorg.records.store import Store


def apply(change: Change) -> None:
    new = change.new
    if new.get("LeadId") and new.get("ContactId"):
        raise RowError(
            "INVALID_CROSS_REFERENCE_KEY", "Cannot specify both a lead and a contact", ["LeadId"]
        )
    if not new.get("LeadId") and not new.get("ContactId"):
        raise required_missing(["LeadId"])
    new["Type"] = "Lead" if new.get("LeadId") else "Contact"
    has_responded = new.get("Status") == "Responded"
    if change.changed("Status"):
        new["FirstRespondedDate"] = change.now.date().isoformat() if has_responded else None
    new["HasResponded"] = int(has_responded)


def refuse(store: Store, rows: list[Row]) -> None:
    """A person is a member of a campaign once (3, openstax/tutor-server 1653)."""
    taken: dict[tuple[str, str], str] = {}
    for name in ("LeadId", "ContactId"):
        people = {row.new[name] for row in rows if row.new.get(name)}
        field = rows[0].object_type[name] if rows else None
        for record in store.where_in(rows[0].object_type, field, people) if field else ():
            if not record.get("IsDeleted"):
                taken[record["CampaignId"], record[name]] = record["Id"]
    for row in rows:
        key = (row.new["CampaignId"], row.new.get("LeadId") or row.new["ContactId"])
        if taken.get(key, row.id) != row.id:
            row.error = RowError("DUPLICATE_VALUE", "Already a campaign member.")
        else:
            taken[key] = row.id or "another row"
