"""The history of statuses: written by trigger, in order, never edited."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import errors

from tests.integration.database.rows import add, value, values

LEAD_HISTORY = (
    "select coalesce(old_status::text, '-') || ' > ' || new_status"
    " from public.lead_status_changes order by changed_at"
)
PROJECT_HISTORY = LEAD_HISTORY.replace("lead_status", "project_status")


def test_a_lead_begins_its_history_when_it_came_in(connection: psycopg.Connection[Any]) -> None:
    add(connection, "leads", created_at="2024-03-01 09:00+00", lead_status="contacted")
    assert values(connection, LEAD_HISTORY) == ["- > contacted"]
    assert value(
        connection, "select changed_at = '2024-03-01 09:00+00' from public.lead_status_changes"
    )


def test_every_change_is_noted_in_order_also_within_one_transaction(
    connection: psycopg.Connection[Any],
) -> None:
    account = add(connection, "accounts")
    with connection.transaction():
        add(connection, "leads")
        add(connection, "projects", account_id=account)
        for status in ("contacted", "new", "qualified", "won"):
            connection.execute("update public.leads set lead_status = %s", (status,))
        for status in ("active", "on_hold", "active", "completed"):
            connection.execute("update public.projects set project_status = %s", (status,))
    assert values(connection, LEAD_HISTORY) == [
        "- > new",
        "new > contacted",
        "contacted > new",
        "new > qualified",
        "qualified > won",
    ]
    assert values(connection, PROJECT_HISTORY) == [
        "- > proposed",
        "proposed > active",
        "active > on_hold",
        "on_hold > active",
        "active > completed",
    ]


def test_a_write_that_leaves_the_status_leaves_no_history(
    connection: psycopg.Connection[Any],
) -> None:
    add(connection, "leads")
    connection.execute("update public.leads set notes = 'called back', lead_status = lead_status")
    assert values(connection, LEAD_HISTORY) == ["- > new"]


def test_one_statement_over_many_leads_notes_those_that_changed(
    connection: psycopg.Connection[Any],
) -> None:
    add(connection, "leads", lead_status="contacted")
    add(connection, "leads")
    add(connection, "leads")
    connection.execute("update public.leads set lead_status = 'contacted'")
    changed = "select count(*) from public.lead_status_changes where old_status = 'new'"
    assert value(connection, changed) == 2


@pytest.mark.parametrize("table", ["lead_status_changes", "project_status_changes"])
@pytest.mark.parametrize(
    "statement",
    [
        "update public.{} set changed_at = now()",
        "delete from public.{}",
        "truncate public.{}",
    ],
)
def test_history_is_refused_to_be_edited_even_by_the_owner(
    connection: psycopg.Connection[Any], table: str, statement: str
) -> None:
    add(connection, "leads")
    add(connection, "projects", account_id=add(connection, "accounts"))
    with pytest.raises(errors.RestrictViolation, match="never edited") as refused:
        connection.execute(statement.format(table).encode())
    assert refused.value.diag.message_hint is not None
    assert value(connection, f"select count(*) from public.{table}") == 1


def test_truncating_the_leads_takes_their_history_along(
    connection: psycopg.Connection[Any],
) -> None:
    add(connection, "leads")
    connection.execute("truncate public.leads cascade")
    assert value(connection, "select count(*) from public.lead_status_changes") == 0


def test_a_loader_may_bring_its_own_history(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        connection.execute("alter table public.leads disable trigger lead_status_history")
        lead = add(connection, "leads", lead_status="won", created_at="2024-01-01")
        connection.execute(
            "insert into public.lead_status_changes (lead_id, old_status, new_status, changed_at)"
            " values (%(lead)s, null, 'new', '2024-01-01'), (%(lead)s, 'new', 'won', '2024-02-01')",
            {"lead": lead},
        )
        connection.execute("alter table public.leads enable trigger lead_status_history")
    connection.execute("update public.leads set lead_status = 'lost'")
    assert values(connection, LEAD_HISTORY) == ["- > new", "new > won", "won > lost"]
