"""CampaignMember: a lead or a contact, not both, and whether the status counts as an answer (D)."""

from crm_sync.localorg.errors import RowError, required_missing
from crm_sync.localorg.records.rules.change import Change


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
