"""Rows that our role cannot see would look deleted: the check stops before that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from crm_sync.errors import DatabaseError
from crm_sync.mapping.catalog import read_catalog
from crm_sync.mapping.check import check_mappings
from crm_sync.mapping.load import load_mappings
from crm_sync.salesforce.describe import ObjectFacts
from tests.integration.database.rows import MAPPED
from tests.support.postgres import ROOT, Database

Connection = psycopg.Connection[Any]
Facts = dict[str, ObjectFacts]


@pytest.fixture
def reader(connection: Connection, database: Database) -> Iterator[Connection]:
    """A role that may read the tables, under row level security; it has no policy yet."""
    url = database.owner_url.replace(connection.info.user, "mapping_reader", 1)
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("create role mapping_reader login")
        admin.execute("grant usage on schema public to mapping_reader")
        admin.execute("grant select on all tables in schema public to mapping_reader")
        try:
            with psycopg.connect(url, autocommit=True) as opened:
                yield opened
        finally:
            admin.execute("drop owned by mapping_reader")
            admin.execute("drop role mapping_reader")


def checked(connection: Connection, facts: Facts) -> str | None:
    """What the check of the shipped mappings says, None where all is well."""
    try:
        check_mappings(
            connection, load_mappings(ROOT / "mappings"), read_catalog(connection), facts
        )
    except DatabaseError as error:
        return str(error)
    return None


def test_our_role_and_the_owner_see_every_row(
    connection: Connection, sync_connection: Connection, facts: Facts
) -> None:
    assert checked(connection, facts) is None
    assert checked(sync_connection, facts) is None


def allow(connection: Connection, condition: str, roles: str = "mapping_reader") -> None:
    for table in MAPPED:
        policy = f"create policy mine on public.{table} for select to {roles} using ({condition})"
        connection.execute(policy.encode())


def test_a_role_without_a_policy_is_stopped(reader: Connection, facts: Facts) -> None:
    assert checked(reader, facts) == (
        "Row level security may hide rows of accounts from our role; hidden rows would look "
        "deleted. Sign in as the role crm_sync; schema.sql gives it a policy that shows every row."
    )


@pytest.mark.parametrize("roles", ["mapping_reader", "public"])
def test_a_policy_that_is_simply_true_lets_it_pass(
    connection: Connection, reader: Connection, facts: Facts, roles: str
) -> None:
    allow(connection, "true", roles)
    assert checked(reader, facts) is None


@pytest.mark.parametrize("condition", ["id is not null", "true and now() > 'epoch'"])
def test_a_policy_with_a_condition_may_hide_rows(
    connection: Connection, reader: Connection, facts: Facts, condition: str
) -> None:
    allow(connection, condition)
    assert "Row level security may hide rows" in str(checked(reader, facts))


def test_a_policy_of_another_role_does_not_help(
    connection: Connection, reader: Connection, facts: Facts
) -> None:
    allow(connection, "true", "crm_sync")
    assert "Row level security may hide rows" in str(checked(reader, facts))


@pytest.mark.parametrize("command", ["select", "all"])
def test_a_restrictive_policy_may_hide_rows_whatever_else_is_allowed(
    connection: Connection, sync_connection: Connection, facts: Facts, command: str
) -> None:
    connection.execute(
        "create policy less on public.leads as restrictive"
        f" for {command} to public using (company_name <> 'a')".encode()
    )
    assert "may hide rows of leads" in str(checked(sync_connection, facts))


def test_a_restrictive_policy_for_writing_hides_nothing(
    connection: Connection, sync_connection: Connection, facts: Facts
) -> None:
    connection.execute(
        "create policy less on public.leads as restrictive for delete to public using (false)"
    )
    assert checked(sync_connection, facts) is None


def test_an_owner_who_is_forced_under_the_policies_is_stopped(
    connection: Connection, facts: Facts
) -> None:
    connection.execute("alter table public.accounts force row level security")
    assert "may hide rows of accounts" in str(checked(connection, facts))


def test_a_joined_table_counts_too(
    connection: Connection, sync_connection: Connection, facts: Facts
) -> None:
    connection.execute("drop policy sync_reads_every_row on public.accounts")
    opportunity = [m for m in load_mappings(ROOT / "mappings") if m.name == "opportunity"]
    with pytest.raises(DatabaseError, match="may hide rows of accounts"):
        check_mappings(sync_connection, opportunity, read_catalog(sync_connection), facts)


@pytest.mark.parametrize("table", ["accounts", "leads"])
def test_a_missing_privilege_is_named(
    connection: Connection, sync_connection: Connection, facts: Facts, table: str
) -> None:
    connection.execute(f"revoke select on public.{table} from crm_sync".encode())
    assert checked(sync_connection, facts) == (
        f"Our role may not read {table}. Let the owner grant it: grant select on public.{table} to "
        "crm_sync"
    )
