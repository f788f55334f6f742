"""What Task and Event share: whom and what they are about, and the account that follows."""

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records.rules.change import Change
from crm_sync.localorg.records.store import Record, Store

LEAD_PREFIX = "00Q"
CONTACT_PREFIX = "003"
ACCOUNT_PREFIX = "001"
OPPORTUNITY_PREFIX = "006"


def check_relations(change: Change) -> None:
    """A lead stands alone: WhatId must be empty (code 3, sentence U)."""
    who, what = change.new.get("WhoId"), change.new.get("WhatId")
    if what is not None and who is not None and who.startswith(LEAD_PREFIX):
        raise RowError(
            "FIELD_INTEGRITY_EXCEPTION",
            "Related To ID: a lead cannot be related to another record: Name ID, Related To ID",
            ["WhoId", "WhatId"],
        )


def fill_accounts(store: Store, records: list[Record]) -> None:
    """AccountId is read-only: that of WhatId, if it is an account or an opportunity; of any other
    WhatId, that of the contact in WhoId (D, Task). The same where WhatId is empty (U).
    """
    opportunities = _named(store, records, "WhatId", "Opportunity", OPPORTUNITY_PREFIX)
    contacts = _named(store, records, "WhoId", "Contact", CONTACT_PREFIX)
    for record in records:
        what: str = record.get("WhatId") or ""
        if what.startswith(ACCOUNT_PREFIX):
            record["AccountId"] = what
        else:
            other = opportunities.get(what) or contacts.get(record.get("WhoId") or "")
            record["AccountId"] = other["AccountId"] if other else None


def _named(
    store: Store, records: list[Record], field: str, object_name: str, prefix: str
) -> dict[str, Record]:
    """The records of one object that a lookup of these names, by Id."""
    ids = {id_ for record in records if (id_ := record.get(field)) and id_.startswith(prefix)}
    return store.by_ids(store.schema[object_name], ids)
