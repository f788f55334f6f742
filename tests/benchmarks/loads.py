"""What the floor and the peers are given to send: files of CSV, one per object and operation.

The SQL is what a person would write by hand for the shipped mappings of accounts and projects.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

_ACCOUNTS = """
select id as "CRM_Id__c", company_name as "Name", industry as "Industry", website as "Website",
    phone as "Phone", billing_street as "BillingStreet", billing_city as "BillingCity",
    billing_state as "BillingState", billing_postal_code as "BillingPostalCode",
    billing_country as "BillingCountry"
from accounts order by id
"""
_PROJECTS = r"""
select p.id as "CRM_Id__c", a.company_name || E' \u2013 ' || p.project_name as "Name",
    case p.project_status when 'proposed' then 'Proposal/Price Quote'
                          when 'cancelled' then 'Closed Lost' else 'Closed Won' end as "StageName",
    p.contract_value as "Amount",
    coalesce(p.end_date, p.start_date + 90, p.created_at::date + 90) as "CloseDate",
    p.description as "Description", r.salesforce_id as "AccountId"
from projects p
join accounts a on a.id = p.account_id
join sync.record r on r.mapping = 'account' and r.key = a.id::text
order by p.account_id, p.id
"""
_CHANGED = """
select r.salesforce_id as "Id", p.contract_value as "Amount"
from (select * from projects order by id limit {rows}) p
join sync.record r on r.mapping = 'opportunity' and r.key = p.id::text
order by p.account_id, p.id
"""
_DELETED = """
select r.salesforce_id as "Id" from sync.record r
where r.mapping = 'opportunity' and not exists (select from projects p where p.id::text = r.key)
order by r.key
"""


@dataclass(frozen=True)
class Load:
    """One file: its name, what it is for, its SELECT and how many columns that has."""

    object_name: str
    operation: str
    file: str
    select: str
    columns: int

    def statement(self) -> str:
        """The COPY that writes the file."""
        return f"copy ({self.select}) to stdout (format csv, header true)"


def everything() -> list[Load]:
    """Accounts, then projects, which name them by the Ids that an org gave."""
    return [
        Load("Account", "upsert", "accounts.csv", _ACCOUNTS, 10),
        Load("Opportunity", "upsert", "projects.csv", _PROJECTS, 7),
    ]


def changed(rows: int) -> list[Load]:
    """The field that was changed of the first so many projects."""
    return [Load("Opportunity", "update", "changed.csv", _CHANGED.format(rows=rows), 2)]


def deleted() -> list[Load]:
    """Projects that are gone."""
    return [Load("Opportunity", "delete", "deleted.csv", _DELETED, 1)]


def as_argument(loads: Sequence[Load]) -> str:
    """How a process is given them."""
    return json.dumps([asdict(load) for load in loads])
