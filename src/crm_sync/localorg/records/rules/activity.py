"""What Task and Event share: whom and what they are about, and the account that follows."""

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.records.rules.change import Change
from crm_sync.localorg.records.store import Record, Store

LEAD_PREFIX = "00Q"
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
    """AccountId is read-only and follows WhatId: the account, or the opportunity's account (D)."""
    opportunities = {
        what
        for record in records
        if (what := record.get("WhatId")) and what.startswith(OPPORTUNITY_PREFIX)
    }
    found = store.by_ids(store.schema["Opportunity"], opportunities)
    for record in records:
        about: str = record.get("WhatId") or ""
        if about.startswith(ACCOUNT_PREFIX):
            record["AccountId"] = about
        else:
            record["AccountId"] = found[about]["AccountId"] if about in found else None
