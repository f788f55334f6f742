"""The list view "Pushed from the CRM" of an object: the records that carry our key.

In: an external ID field and an object. Out: the view as a document, or why there is none. A list
view names standard columns in words of its own; those here were seen in orgs' own files (third
party: deployed list views of Account, Opportunity and Task). Where nothing was found, the key is
the only column; people add others in the view itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_sync.salesforce.metadata import Document

__all__ = ["VIEW", "VIEW_LABEL", "ListView", "view_of"]

VIEW, VIEW_LABEL = "CRM_Sync_Pushed", "Pushed from the CRM"
"""By its name we know the view again: it has no description."""
_COLUMNS = {
    "Account": ("ACCOUNT.NAME",),
    "Opportunity": (
        "OPPORTUNITY.NAME",
        "ACCOUNT.NAME",
        "OPPORTUNITY.STAGE_NAME",
        "OPPORTUNITY.AMOUNT",
        "OPPORTUNITY.CLOSE_DATE",
    ),
    "Task": ("SUBJECT", "WHAT_NAME", "DUE_DATE", "STATUS"),
}


@dataclass(frozen=True)
class ListView:
    """The view of one object, by the key that its records carry."""

    object: str
    key: str

    @property
    def full_name(self) -> str:
        return f"{self.object}.{VIEW}"

    @property
    def columns(self) -> tuple[str, ...]:
        own = ("NAME",) if self.object.endswith("__c") else ()
        return (*own, *_COLUMNS.get(self.object, ()), self.key)

    @property
    def document(self) -> Document:
        """A filter without a value asks for a field that is not empty."""
        return Document(
            "ListView",
            self.full_name,
            {
                "columns": list(self.columns),
                "filterScope": "Everything",
                "filters": [{"field": self.key, "operation": "notEqual"}],
                "label": VIEW_LABEL,
            },
        )


def view_of(key: str, name: str) -> ListView | str:
    """The view of an object by its external ID field, or a sentence where there can be none."""
    if name == "Event":
        return (
            "Event gets no list view: Salesforce shows events in calendars, and nothing was found "
            "that says it takes one."
        )
    return ListView(name, key)
