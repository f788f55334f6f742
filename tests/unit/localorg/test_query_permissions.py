"""What the asking user may not read does not exist for a query."""

from datetime import UTC, datetime

import pytest

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.schema import load_schema
from crm_sync.localorg.soql.compile import compile_query
from crm_sync.localorg.soql.context import QueryContext
from crm_sync.localorg.soql.dateliterals import Calendar

HIDDEN = {("Account", "Phone"), ("Opportunity", "AccountId"), ("Lead", "Id"), ("Contact", "Id")}
CONTEXT = QueryContext(
    calendar=Calendar(datetime(2026, 1, 1, tzinfo=UTC), UTC),
    may_read=lambda object_name, field: (object_name, field) not in HIDDEN,
)


@pytest.mark.parametrize(
    ("soql", "code", "part"),
    [
        (
            "SELECT Phone FROM Account",
            "INVALID_FIELD",
            "No such column 'Phone' on entity 'Account'",
        ),
        ("SELECT Id FROM Account WHERE Phone = '1'", "INVALID_FIELD", "No such column 'Phone'"),
        ("SELECT Id FROM Account ORDER BY Phone", "INVALID_FIELD", "No such column 'Phone'"),
        ("SELECT Account.Name FROM Opportunity", "INVALID_FIELD", "relationship 'Account'"),
        ("SELECT (SELECT Id FROM Opportunities) FROM Account", "INVALID_TYPE", "'Opportunities'"),
        ("SELECT Id FROM Lead", "INVALID_TYPE", "sObject type 'Lead' is not supported"),
        ("SELECT Who.Name FROM Task", "INVALID_FIELD", "relationship 'Who'"),
    ],
)
def test_what_is_hidden_is_not_there(soql: str, code: str, part: str) -> None:
    with pytest.raises(ApiError) as refused:
        compile_query(load_schema(), soql, CONTEXT)
    assert refused.value.body[0]["errorCode"] == code
    assert part in refused.value.body[0]["message"]


def test_fields_leaves_out_what_is_hidden() -> None:
    statement = compile_query(load_schema(), "SELECT FIELDS(STANDARD) FROM Account", CONTEXT)
    names = [column.path[0] for column in statement.columns]
    assert "Name" in names
    assert "Phone" not in names
