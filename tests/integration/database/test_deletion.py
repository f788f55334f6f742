"""What happens on delete, per foreign key."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.rows import add, value

# ON DELETE RESTRICT has an SQLSTATE of its own since PostgreSQL 18.
REFUSED = (errors.ForeignKeyViolation, errors.RestrictViolation)


def test_an_account_with_a_project_stays(connection: psycopg.Connection[Any]) -> None:
    account = add(connection, "accounts")
    add(connection, "projects", account_id=account, project_status="cancelled")
    with pytest.raises(REFUSED) as refused:
        connection.execute("delete from public.accounts")
    assert refused.value.diag.constraint_name == "projects_account_id_fkey"


def test_an_account_that_a_lead_became_stays(connection: psycopg.Connection[Any]) -> None:
    account = add(connection, "accounts")
    add(connection, "leads", lead_status="won", converted_account_id=account)
    with pytest.raises(REFUSED) as refused:
        connection.execute("delete from public.accounts")
    assert refused.value.diag.constraint_name == "leads_converted_account_id_fkey"


@pytest.mark.parametrize("parent", ["accounts", "leads", "projects"])
def test_activities_and_history_go_with_their_parent(
    connection: psycopg.Connection[Any], parent: str
) -> None:
    account = add(connection, "accounts")
    column = parent.removesuffix("s") + "_id"
    key = account
    if parent == "leads":
        key = add(connection, "leads")
    elif parent == "projects":
        key = add(connection, "projects", account_id=account)
    add(connection, "activities", **{column: key})
    add(connection, "activities", **{column: key})
    connection.execute(f"delete from public.{parent} where id = %s".encode(), (key,))
    assert value(connection, "select count(*) from public.activities") == 0
    assert value(connection, "select count(*) from public.lead_status_changes") == 0
    assert value(connection, "select count(*) from public.project_status_changes") == 0


def test_what_we_know_of_an_org_goes_with_the_org(connection: psycopg.Connection[Any]) -> None:
    org = "00D000000000001AAA"
    for statement in (
        "insert into sync.org (org_id, name, kind, instance_url, database_system_identifier,"
        " database_oid) values (%s, 'Local org', 'local', 'https://127.0.0.1', 1, 1)",
        "insert into sync.target (target, org_id) values ('local', %s)",
        "insert into sync.record (org_id, mapping, key, run_number) values (%s, 'lead', 'a', 1)",
        "insert into sync.run (org_id, run_number, target, mode) values (%s, 1, 'local', 'full')",
    ):
        connection.execute(statement.encode(), (org,))
    connection.execute("delete from sync.org")
    for table in ("target", "record", "run"):
        assert value(connection, f"select count(*) from sync.{table}") == 0
