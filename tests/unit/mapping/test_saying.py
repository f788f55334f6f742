"""Which column a problem names, and what its mend says is to be corrected."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.mapping.model import Mapping
from crm_sync.mapping.saying import Say


def say(**rules: Any) -> Say:
    """Says problems of the one field or lookup given."""
    [(kind, rule)] = rules.items()
    mapping = Mapping.model_validate(
        {
            "name": "opportunity",
            "object": "Opportunity",
            "source": {"table": "projects", "join": {"account": "accounts"}},
            "label": "project_name",
            "fields": {},
            kind: {"Field": rule},
        }
    )
    return Say(mapping, "Field", mapping.rules["Field"])


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("coalesce(end_date, start_date + 90)", "projects.end_date, projects.start_date"),
        ("account.company_name || ' of ' || project_name",
         "accounts.company_name, projects.project_name"),
        ("initcap(\"Name\") || upper (city)", "projects.Name, projects.city"),
        ("extract(year from end_date)::int", "projects.end_date"),
        ("case when is_done then 'x' else note end", "projects.is_done, projects.note"),
        ("'fixed'", None),
    ],
)  # fmt: skip
def test_a_field_made_by_sql_names_the_columns_that_the_sql_reads(
    sql: str, columns: str | None
) -> None:
    assert say(fields={"sql": sql}).column == columns


def test_a_mend_names_the_columns_and_not_the_sql() -> None:
    told = say(fields={"sql": "coalesce(end_date, start_date + 90, created_at::date)"})
    assert told.origin == "projects.end_date, projects.start_date or projects.created_at"
    assert told.subject == "The SQL of Field"
    one = say(fields={"sql": "trim(end_note)"})
    assert one.origin == "projects.end_note"


def test_a_plain_column_is_named_alone() -> None:
    told = say(fields="end_date")
    assert {told.column, told.source, told.subject, told.origin} == {"projects.end_date"}


def test_a_lookup_of_several_branches_names_the_column_of_each() -> None:
    branches = [
        {"mapping": "account", "column": "account_id"},
        {"mapping": "lead", "column": "lead_id"},
    ]
    assert say(lookups=branches).column == "projects.account_id, projects.lead_id"
