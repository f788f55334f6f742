"""DuplicateRule: the duplicate rules that are switched on, as records that one can ask for.

In Salesforce people make such rules in Setup and the API only shows them (D, DuplicateRule); here
they are made with ``--rule``. Whether they alert or block, a record does not tell.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.store import Record, Store

if TYPE_CHECKING:
    from crm_sync.localorg.records.automation import RuleFacts

NAME = "DuplicateRule"
PREFIX = "0Bm"
LISTED = ("Account", "Contact", "Lead")
"""Objects that have duplicate rules in Salesforce, of those that are here (D); custom ones, too."""


def fill(store: Store, rules: Iterable["RuleFacts"], pod: str, audit: Record) -> None:
    """The records anew; ``audit`` are the system fields. What is gone from the list is gone."""
    object_type = store.schema[NAME]
    named = [store.schema[r["object"]].name for r in rules if r["rule"] == "duplicate"]
    named = [name for name in named if name in LISTED or name.endswith("__c")]
    store.delete(object_type, [record["Id"] for record in store.records(NAME)])
    numbers = store.take_numbers(PREFIX, len(named)) if named else ()
    records: list[Record] = [
        {
            **audit,
            "Id": identifiers.build(PREFIX, pod, number),
            "IsDeleted": 0,
            "SobjectType": name,
            "DeveloperName": f"{name.removesuffix('__c')}_Duplicate_Rule_{place}",
            "Language": "en_US",
            "MasterLabel": f"{store.schema[name].label} Duplicate Rule {place}",
            "IsActive": 1,
            "SobjectSubtype": "None",
        }
        for place, (name, number) in enumerate(zip(named, numbers, strict=True), 1)
    ]
    store.insert(object_type, records)
