"""What a check finds in the database besides rows: triggers, policies, roles, views."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.support.command_line import Desk
from tests.support.postgres import Database

Connection = psycopg.Connection[Any]


def test_a_trigger_that_notes_no_change_is_named_and_whether_it_is_there(
    desk: Desk, connection: Connection
) -> None:
    connection.execute("alter table accounts disable trigger note_update")
    [line] = desk.findings()
    assert line == (
        "mappings/account.yaml:5:10: warning: accounts does not note every change (update: trigger "
        "note_update is disabled): each sync compares every row of it: "
        "alter table public.accounts enable trigger note_update"
    )
    connection.execute("drop trigger note_update on accounts")
    [line] = desk.findings()
    assert "accounts does not note every change (update: no trigger): each sync" in line
    assert "`crm-sync db apply` makes the triggers" in line


def test_any_other_trigger_that_is_disabled_is_named(desk: Desk, connection: Connection) -> None:
    connection.execute("alter table leads disable trigger lead_status_history_update")
    [line] = desk.findings()
    assert line.startswith(
        "mappings/lead.yaml:6:3: warning: The trigger lead_status_history_update of leads is "
        "disabled: what it does at a write is left undone: "
        "alter table public.leads enable trigger lead_status_history_update"
    )
    connection.execute("drop trigger lead_status_history_update on leads")
    [line] = desk.findings()
    assert "leads lacks the trigger lead_status_history_update, which schema.sql gives it" in line


def test_a_wrong_role_of_power_bi_is_named(desk: Desk, connection: Connection) -> None:
    connection.execute("grant usage on schema public to powerbi_reader")
    connection.execute("grant select on accounts to powerbi_reader")
    connection.execute("revoke select on analytics.kpi from powerbi_reader")
    connection.execute("alter view analytics.calendar set (security_invoker = true)")
    assert desk.findings(code=1) == [
        "database: error: powerbi_reader has rights on 1 table (public.accounts); it needs the "
        "views only: revoke all on public.accounts from powerbi_reader, and likewise the others.",
        "database: warning: powerbi_reader cannot read 1 view (kpi) of schema analytics: "
        "Apply views.sql again as the owner: crm-sync db apply",
        "database: warning: 1 view (calendar) of schema analytics run with the reader's rights, "
        "and powerbi_reader has none on the tables: "
        "alter view analytics.calendar reset (security_invoker)",
    ]


def test_what_every_caller_of_the_api_would_see_is_an_error(
    desk: Desk, connection: Connection, database: Database
) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("create role anon nologin")
        try:
            connection.execute("grant usage on schema public, analytics to anon")
            connection.execute("grant select on leads, analytics.kpi to anon")
            assert [line.split(": ")[2] for line in desk.findings(code=1)] == [
                "anon may read 1 view of schema analytics"
            ]
            connection.execute("alter table leads disable row level security")
            found = desk.findings(code=1)
        finally:
            admin.execute("drop owned by anon")
            admin.execute("drop role anon")
    assert found[0].startswith(
        "mappings/lead.yaml:6:3: error: leads has no row level security, and anon may reach it"
    )


def test_a_policy_that_shows_every_row_to_every_caller_is_an_error(
    desk: Desk, connection: Connection, database: Database
) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("create role anon nologin")
        admin.execute("create role authenticated nologin")
        try:
            connection.execute("grant usage on schema public to anon, authenticated")
            connection.execute("grant select on leads to anon, authenticated")
            assert desk.findings() == [], "what no policy shows nobody sees"
            connection.execute("create policy named on leads to anon using (company_name = 'A')")
            connection.execute("create policy mine on leads to anon using (current_user = 'me')")
            assert desk.findings() == [], "a condition decides"
            connection.execute("create policy wide on leads for select to anon using (1 = 1)")
            [for_anon] = desk.findings(code=1)
            connection.execute("alter policy wide on leads to public")
            [for_all] = desk.findings(code=1)
            connection.execute("alter policy wide on leads to authenticated")
            [for_users] = desk.findings()
            connection.execute(
                "create policy narrow on leads as restrictive to authenticated"
                " using (company_name = 'A')"
            )
            assert desk.findings() == [], "a restrictive policy narrows it"
        finally:
            admin.execute("drop owned by anon, authenticated cascade")
            admin.execute("drop role anon, authenticated")
    assert for_anon == (
        "mappings/lead.yaml:6:3: error: The policy wide of leads lets anon select every row: every "
        "caller of the API may: drop policy wide on public.leads; or give it a condition, as "
        "schema.sql has it."
    )
    assert "error: The policy wide of leads lets anon select every row" in for_all
    assert "warning: The policy wide of leads lets authenticated select every row" in for_users


def test_a_missing_policy_of_our_own_role_is_mended_by_the_owner(
    desk: Desk, connection: Connection
) -> None:
    connection.execute("drop policy sync_reads_every_row on leads")
    said = " ".join(desk.findings(code=1))
    assert "error: Row level security may hide rows of leads from our role" in said
    assert "Let the owner run crm-sync db apply, or: create policy sync_reads_every_row on" in said
    assert "Sign in as the role crm_sync" not in said


def test_a_database_without_views_is_no_fault(desk: Desk, connection: Connection) -> None:
    connection.execute("drop schema analytics cascade")
    [line] = desk.findings()
    assert line.startswith("database: warning: Power BI cannot read: schema analytics is missing")
