"""What a permission set can name: which objects, and which field stands for another.

In: objects and fields as mappings name them, and describes where there are some. Out: the name by
which a permission set grants a field, or None where everybody who sees the record sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ACTIVITIES", "ACTIVITY", "FieldNames", "owner_of", "takes_object_permissions"]

ACTIVITY, ACTIVITIES = "Activity", ("Task", "Event")
"""A custom field of tasks and events is defined on Activity, and granted under both names: "a
missing entry is treated as disabled" (Object Reference, Task)."""
_WITHOUT_PERMISSIONS = frozenset(
    {"User", "Group", "UserRole", "Profile", "RecordType", "Organization", "CurrencyType"}
)
"""Set-up objects: who may use the API reads them (Object Reference, ObjectPermissions, lists the
objects that take permissions)."""
_ALWAYS_SEEN = frozenset(
    {
        "Id", "OwnerId", "RecordTypeId", "IsDeleted", "MasterRecordId", "CreatedDate",
        "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "CurrencyIsoCode",
    }
)  # fmt: skip
"""System fields, which no permission set names (recorded describes: permissionable is false)."""
_REQUIRED = {
    "Account": {"Name"},
    "Campaign": {"Name"},
    "Contact": {"Name", "LastName", "FirstName", "Salutation"},
    "Lead": {"Name", "LastName", "FirstName", "Salutation", "Company", "Status", "IsConverted"},
    "Opportunity": {"Name", "StageName", "CloseDate", "ForecastCategoryName", "Pricebook2Id"},
    "Task": {"Subject", "Status", "Priority", "ActivityDate", "AccountId", "TaskSubtype"},
    "Event": {
        "Subject", "ActivityDateTime", "ActivityDate", "DurationInMinutes", "StartDateTime",
        "EndDateTime", "IsAllDayEvent", "IsPrivate", "ShowAs", "ReminderDateTime", "IsReminderSet",
        "EventSubtype",
    },
}  # fmt: skip
"""Fields that no permission set names, where no describe says so. Account, Lead, Opportunity and
Event: recorded describes (permissionable is false); the others as the local org has them."""
_ADDRESS = re.compile(
    r"(Billing|Shipping|Mailing|Other|)"
    r"(Street|City|State|StateCode|PostalCode|Country|CountryCode|Latitude|Longitude"
    r"|GeocodeAccuracy)"
)


def owner_of(name: str) -> str:
    """The object on which a custom field of this one is defined."""
    return ACTIVITY if name in ACTIVITIES else name


def takes_object_permissions(name: str) -> bool:
    """Whether a permission set says what one may do with its records. Tasks and events follow user
    permissions (Object Reference, ObjectPermissions).
    """
    return name not in _WITHOUT_PERMISSIONS and name not in ACTIVITIES


@dataclass(frozen=True)
class FieldNames:
    """Fields as permission sets name them. `described`: what is known of objects, by name."""

    described: Map[str, Map[str, Any]] = field(default_factory=dict)

    def granted_as(self, name: str, field_name: str) -> str | None:
        """`Account.BillingAddress` for `BillingCity`; None for what no permission set names.

        A field that the describe lacks is hidden from us, so a permission set can show it.
        """
        if name in _WITHOUT_PERMISSIONS or field_name in _ALWAYS_SEEN:
            return None
        facts = self._facts(name, field_name)
        if facts is None:
            if name not in self.described and field_name in _REQUIRED.get(name, ()):
                return None
            part = _ADDRESS.fullmatch(field_name)
            return f"{name}.{part[1]}Address" if part else f"{name}.{field_name}"
        if not facts.get("permissionable", True):
            return None
        whole = facts.get("compoundFieldName")
        is_address = whole is not None and whole.endswith("Address")
        return f"{name}.{whole if is_address else facts['name']}"

    def is_formula(self, name: str, field_name: str) -> bool:
        """Whether nobody can be let write it."""
        return bool((self._facts(name, field_name) or {}).get("calculated"))

    def missing(self, name: str, fields: frozenset[str]) -> frozenset[str]:
        """Of these, the fields that the object's describe lacks; none without a describe."""
        if name not in self.described:
            return frozenset()
        return frozenset(f for f in fields if self._facts(name, f) is None)

    def _facts(self, name: str, field_name: str) -> Map[str, Any] | None:
        listed = self.described.get(name, {}).get("fields") or ()
        return next((one for one in listed if one["name"].lower() == field_name.lower()), None)
