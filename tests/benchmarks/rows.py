"""The rows of a benchmark: projects of accounts, a hundred each, and what people do with them."""

from __future__ import annotations

from typing import Any

import psycopg

PER_ACCOUNT = 100

_ACCOUNTS = """
insert into accounts (company_name, industry, website, phone, billing_street, billing_city,
                      billing_postal_code, billing_country)
select 'Company ' || n || ', Inc.', (array['Banking', 'Energy', 'Retail'])[1 + n %% 3],
    'https://company' || n || '.example', '+49 30 ' || n, n || ' Main Street', 'Köln',
    to_char(n %% 100000, 'FM00000'), 'Germany'
from generate_series(1, %s) n
"""
_PROJECTS = """
with account as materialized (
    select array_agg(id order by id) as ids from accounts
)
insert into projects (account_id, project_name, description, project_status, start_date, end_date,
                      contract_value)
select a.ids[1 + n %% cardinality(a.ids)], 'Project ' || n,
    'What the client said: "as last year", and then some words about it.',
    (array['proposed', 'active', 'completed'])[1 + n %% 3]::project_status,
    date '2025-01-06' + n %% 700, date '2025-04-06' + n %% 700, 1000 + n %% 90000 + 0.5
from account a, generate_series(1, %s) n
"""
_CHANGE = """
update projects set contract_value = contract_value + 1
where id in (select id from projects order by id limit %s)
"""
_DELETE = "delete from projects where id in (select id from projects order by id desc limit %s)"


def fill(url: str, size: int) -> None:
    """So many projects, and their accounts, as the owner of the tables."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(_ACCOUNTS, [max(1, size // PER_ACCOUNT)])
        owner.execute(_PROJECTS, [size])
        owner.execute("vacuum analyze")


def change(url: str, rows: int) -> None:
    """Another contract value, which is one field of each record, for the same rows each time."""
    _run(url, _CHANGE, [rows])


def delete(url: str, rows: int) -> None:
    _run(url, _DELETE, [rows])


def _run(url: str, statement: str, values: list[Any]) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(statement.encode(), values)
