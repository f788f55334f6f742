"""What an org holds on its first day: itself, its users, a queue."""

from typing import Any

from crm_sync.localorg.records import identifiers
from crm_sync.localorg.records.store import Record, Store

ADMIN, INTEGRATION, QUEUE, INACTIVE = "admin", "integ", "queue", "former"
"""Aliases by which the users are found again."""

_USERS = (
    (ADMIN, "Ada", "Admin", "admin@local-org.example.com", "ada.admin@example.com", True),
    (
        INTEGRATION,
        None,
        "Integration User",
        "integration@local-org.example.com",
        "integration@example.com",
        True,
    ),
    (QUEUE, None, "Queue User", "queue@local-org.example.com", "queue@example.com", True),
    (INACTIVE, "Fred", "Former", "former@local-org.example.com", "fred.former@example.com", False),
)


def fill(store: Store, org_id: str, pod: str, stamp: str) -> None:
    """Write the first records; ``stamp`` is their time of creation."""
    ids = [identifiers.build("005", pod, n) for n in store.take_numbers("005", len(_USERS))]
    audit = audit_fields(ids[0], stamp)
    locale = {
        "TimeZoneSidKey": "Europe/Berlin",
        "LanguageLocaleKey": "en_US",
    }
    organization: Record = {
        **audit,
        **locale,
        "Id": org_id,
        "Name": "Local org",
        "Country": "DE",
        "DefaultLocaleSidKey": "en_US",
        "FiscalYearStartMonth": 1,
        "OrganizationType": "Developer Edition",
        "InstanceName": "LOCAL",
        "IsSandbox": 0,
        "IsReadOnly": 0,
    }
    store.insert(store.schema["Organization"], [organization])
    users: list[dict[str, Any]] = [
        {
            **audit,
            **locale,
            "Id": user_id,
            "Username": username,
            "FirstName": first,
            "LastName": last,
            "Name": f"{first} {last}" if first else last,
            "Email": email,
            "Alias": alias,
            "CommunityNickname": alias,
            "IsActive": int(is_active),
            "LocaleSidKey": "en_US",
            "EmailEncodingKey": "UTF-8",
            "ProfileId": identifiers.build("00e", pod, 1),
            "UserType": "Standard",
        }
        for user_id, (alias, first, last, username, email, is_active) in zip(
            ids, _USERS, strict=True
        )
    ]
    store.insert(store.schema["User"], users)
    queue: Record = {
        **audit,
        "Id": identifiers.build("00G", pod, store.take_numbers("00G", 1)[0]),
        "Name": "Lead Queue",
        "DeveloperName": "Lead_Queue",
        "Type": "Queue",
        "Email": "queue@example.com",
    }
    store.insert(store.schema["Group"], [queue])


def audit_fields(user_id: str, stamp: str) -> Record:
    """The system fields of a record that this user made at this time."""
    return {
        "CreatedDate": stamp,
        "CreatedById": user_id,
        "LastModifiedDate": stamp,
        "LastModifiedById": user_id,
        "SystemModstamp": stamp,
    }
