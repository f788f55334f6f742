"""analytics.sync_health: rows by state, per org and object."""

from __future__ import annotations

from typing import Any

import psycopg

Connection = psycopg.Connection[Any]
SANDBOX, PRODUCTION = "00D000000000001AAA", "00D000000000002AAA"


def org(connection: Connection, org_id: str, kind: str) -> None:
    connection.execute(
        "insert into sync.org (org_id, name, kind, instance_url, database_system_identifier,"
        " database_oid, run_number) values (%s, %s, %s, 'https://example.com', 1, 1, 2)",
        (org_id, kind.title(), kind),
    )
    connection.execute(
        "insert into sync.mapping select %s, m, o, 'CRM_Id__c', '', t, 'id', 'f'"
        " from (values ('lead', 'Lead', 'leads'), ('account', 'Account', 'accounts')) v (m, o, t)",
        (org_id,),
    )
    connection.execute(
        "insert into sync.run (org_id, run_number, target, mode, status)"
        " values (%(org)s, 1, 'x', 'full', 'stopped'), (%(org)s, 2, 'x', 'full', 'finished')",
        {"org": org_id},
    )


def record(connection: Connection, org_id: str, key: str, state: str = "live") -> None:
    connection.execute(
        "insert into sync.record (org_id, mapping, key, state, run_number)"
        " values (%s, 'lead', %s, %s, 1)",
        (org_id, key, state),
    )


def plan(connection: Connection, org_id: str, key: str, state: str, mapping: str = "lead") -> None:
    connection.execute(
        "insert into sync.plan (org_id, mapping, key, position, action, state, fingerprint,"
        " run_number) values (%s, %s, %s, 1, 'update', %s, 'f', 1)",
        (org_id, mapping, key, state),
    )


def test_each_row_counts_once_under_the_state_that_matters(connection: Connection) -> None:
    org(connection, SANDBOX, "sandbox")
    org(connection, PRODUCTION, "production")
    for key in "abcdef":
        record(connection, SANDBOX, key)
    record(connection, SANDBOX, "g", "gone")
    record(connection, SANDBOX, "h", "merged")
    plan(connection, SANDBOX, "c", "refused")  # has a record: counts as refused, not in order
    plan(connection, SANDBOX, "d", "planned")
    plan(connection, SANDBOX, "h", "held")
    plan(connection, SANDBOX, "x", "invalid")  # has no record yet
    plan(connection, SANDBOX, "y", "blocked")
    plan(connection, SANDBOX, "z", "blocked")
    plan(connection, SANDBOX, "a", "refused", "account")
    record(connection, PRODUCTION, "a")
    found = connection.execute(
        "select org_name, object, state_label, row_count from analytics.sync_health"
        " order by org_name, object, state_sort"
    ).fetchall()
    assert found == [
        ("Production", "Lead", "In order", 1),
        ("Sandbox", "Account", "Refused", 1),
        ("Sandbox", "Lead", "In order", 4),
        ("Sandbox", "Lead", "Planned", 1),
        ("Sandbox", "Lead", "Blocked", 2),
        ("Sandbox", "Lead", "Invalid", 1),
        ("Sandbox", "Lead", "Refused", 1),
        ("Sandbox", "Lead", "Held", 1),
        ("Sandbox", "Lead", "Gone", 1),
    ]
    runs = connection.execute("select distinct last_run_status from analytics.sync_health")
    assert runs.fetchall() == [("finished",)]


def test_every_state_of_a_plan_has_a_label_of_its_own(connection: Connection) -> None:
    org(connection, SANDBOX, "sandbox")
    states = ["planned", "sending", "blocked", "invalid", "refused", "unknown", "held"]
    for state in states:
        plan(connection, SANDBOX, state, state)
    found = connection.execute(
        "select state, state_label from analytics.sync_health order by state_sort"
    ).fetchall()
    assert found == [(state, state.title()) for state in states]
