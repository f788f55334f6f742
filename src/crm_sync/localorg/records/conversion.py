# ruff: noqa: S608 - names of tables and columns are the schema's own, values are parameters
"""Lead conversion: a lead becomes an account, a contact and, if wanted, an opportunity (D).

Salesforce offers it as SOAP convertLead() and in its pages, not in REST. The standard fields go
where Salesforce's standard mapping has them (D, help "Lead Conversion Field Mapping"); custom
fields stay behind, as they do until an administrator maps them. The lead's activities go over to
the contact, and are then about the opportunity, or else the account.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records import people, save
from crm_sync.localorg.records.body import Row
from crm_sync.localorg.records.store import Record, quote

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
_TO_ACCOUNT = {
    "Name": "Company",
    "Phone": "Phone",
    "Fax": "Fax",
    "Website": "Website",
    "Industry": "Industry",
    "AnnualRevenue": "AnnualRevenue",
    "NumberOfEmployees": "NumberOfEmployees",
    "Rating": "Rating",
    "AccountSource": "LeadSource",
    **{f"Billing{part}": part for part in _ADDRESS},
}
_TO_CONTACT = {
    **{
        name: name
        for name in (
            "Salutation",
            "FirstName",
            "LastName",
            "Title",
            "Phone",
            "MobilePhone",
            "Fax",
            "Email",
            "LeadSource",
            "Description",
        )
    },
    **{f"Mailing{part}": part for part in _ADDRESS},
}
_USER_PREFIX = "005"


def convert_lead(
    org: "Org",
    lead_id: str,
    account_id: str | None = None,
    *,
    contact_id: str | None = None,
    opportunity: str | bool = False,
) -> Record:
    """Convert a lead; the lead as it then is.

    Without ``account_id`` and ``contact_id`` new records are made. ``opportunity`` is the name of
    one to make, or True for one named after the company. A refusal is an ApiError.
    """
    object_type, lead = people.existing(org, lead_id)
    if object_type.name != "Lead":
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", f"Lead expected: {lead_id}")
    if lead["IsConverted"]:
        raise ApiError(400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    owner = lead["OwnerId"] if lead["OwnerId"].startswith(_USER_PREFIX) else org.admin_id
    with org.store.transaction():
        account = _given(org, account_id, "Account") or _make(
            org, "Account", _mapped(lead, _TO_ACCOUNT) | {"OwnerId": owner}
        )
        contact = _given(org, contact_id, "Contact") or _make(
            org,
            "Contact",
            _mapped(lead, _TO_CONTACT) | {"AccountId": account, "OwnerId": owner},
        )
        made = None
        if opportunity:
            name = opportunity if isinstance(opportunity, str) else f"{lead['Company']}-"
            made = _make(org, "Opportunity", _opportunity(org, lead, name, account, owner))
        _move_activities(org, lead["Id"], contact, made or account, account)
        lead |= {
            "IsConverted": 1,
            "ConvertedDate": org.clock().date().isoformat(),
            "ConvertedAccountId": account,
            "ConvertedContactId": contact,
            "ConvertedOpportunityId": made,
            "Status": object_type.facts["convertedStatus"],
            "LastModifiedDate": people.stamp(org),
            "SystemModstamp": people.stamp(org),
        }
        org.store.update(object_type, [lead])
    return lead


def _given(org: "Org", record_id: str | None, object_name: str) -> str | None:
    if record_id is None:
        return None
    object_type, record = people.existing(org, record_id)
    if object_type.name != object_name:
        raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", f"{object_name} expected: {record_id}")
    return str(record["Id"])


def _mapped(lead: Record, mapping: dict[str, str]) -> Record:
    return {name: lead[theirs] for name, theirs in mapping.items() if lead.get(theirs) is not None}


def _opportunity(org: "Org", lead: Record, name: str, account_id: str, owner: str) -> Record:
    """It closes on the last day of the quarter, at the first stage (D)."""
    today: date = org.clock().date()
    first_month = 3 * ((today.month - 1) // 3) + 1
    next_quarter = (date(today.year, first_month, 1) + timedelta(days=95)).replace(day=1)
    values: dict[str, Any] = {
        "Name": name,
        "AccountId": account_id,
        "CloseDate": (next_quarter - timedelta(days=1)).isoformat(),
        "StageName": next(iter(org.schema["Opportunity"].stages)),
        "LeadSource": lead.get("LeadSource"),
        "OwnerId": owner,
    }
    return {name: value for name, value in values.items() if value is not None}


def _make(org: "Org", object_name: str, values: Record) -> str:
    row = Row(org.schema[object_name], values)
    save.create(org.people_context(), [row])
    if row.error is not None:
        raise row.error.as_request()
    return str(row.id)


def _move_activities(
    org: "Org", lead_id: str, contact_id: str, about_id: str, account_id: str
) -> None:
    for name in ("Task", "Event"):
        org.store.execute(
            f'update {quote(name)} set "WhoId" = ?, "WhatId" = ?, "AccountId" = ?, '
            '"SystemModstamp" = ? where "WhoId" = ?',
            [contact_id, about_id, account_id, people.stamp(org), lead_id],
        )
