"""Names of people: Lead and User compose ``Name`` of its parts (R, extraTypeInfo personname)."""

from crm_sync.localorg.records.store import Record


def full_name(record: Record) -> str:
    parts = (record.get("FirstName"), record.get("LastName"))
    return " ".join(part for part in parts if part)
