"""State belongs to an org and to a database; a target is bound to its org until someone says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from crm_sync.errors import OrgAccessError, OrgChangedError
from crm_sync.localorg.serve import LocalOrg
from crm_sync.salesforce.client import Client
from crm_sync.sync import state
from crm_sync.sync.database import connect
from tests.integration.sync.practice import Practice
from tests.support.postgres import Database, Server


@pytest.fixture
def other_org() -> Iterator[LocalOrg]:
    with LocalOrg(data=None) as running:
        yield running


def accept(practice: Practice, target: str, *, database: bool = False) -> None:
    client = Client(target, practice.settings().targets[target])
    with connect(practice.database.sync_url) as connection:
        state.accept(connection, client, database=database)


def test_two_orgs_hold_the_same_rows_and_each_its_own_state(
    practice: Practice, other_org: LocalOrg
) -> None:
    practice.orgs["sandbox"] = other_org
    key = practice.add("accounts", phone="1")
    practice.sync("local")
    practice.change("accounts", key, phone="2")
    practice.sync("sandbox")
    assert practice.record("Account", key)["Phone"] == "1"
    practice.assert_same(other_org)
    practice.sync("local")
    practice.assert_same()
    assert practice.sync("sandbox").calls == 0


def test_a_target_that_leads_to_another_org_sends_nothing_until_it_is_accepted(
    practice: Practice, other_org: LocalOrg
) -> None:
    key = practice.add("accounts")
    practice.sync()
    former = practice.org
    practice.orgs["local"] = other_org
    for attempt in (practice.sync, practice.plan):
        with pytest.raises(OrgChangedError) as caught:
            attempt()
        assert former.org_id in str(caught.value)
        assert other_org.org_id in str(caught.value)
        assert "target accept local" in caught.value.mend
    assert [call.path for call in other_org.calls] == ["/services/oauth2/token"] * 2
    accept(practice, "local")
    practice.sync()
    assert practice.record("Account", key)
    practice.assert_same()
    assert former.store.count("Account") == 1


def test_an_org_that_holds_records_with_our_keys_is_searched_before_anything_counts_as_a_create(
    practice: Practice, other_org: LocalOrg
) -> None:
    """As after the loss of schema sync: the records are there, and what they hold is read."""
    account = practice.add("accounts", phone="1", company_name="Harbour Pilots")
    project = practice.add(
        "projects", account_id=account, start_date="2026-01-05", contract_value="1200.50"
    )
    meeting = practice.add("activities", activity_type="meeting", project_id=project)
    practice.sync()
    before = {name: practice.org.store.count(name) for name in ("Account", "Opportunity", "Event")}
    practice.connection.execute("delete from sync.org")
    practice.change("accounts", account, phone="2")
    new = practice.add("accounts")
    rows = practice.plan()
    assert [(r.key, r.action) for r in rows] == [(new, "create"), (account, "update")]
    assert [(c.field, c.before, c.after) for c in rows[1].changes] == [("Phone", "1", "2")]
    practice.sync()
    assert before == {"Account": 1, "Opportunity": 1, "Event": 1}
    assert practice.org.store.count("Event") == 1
    assert practice.record("Event", meeting)
    practice.assert_same()


def test_a_record_in_the_recycle_bin_is_not_found_by_its_key(practice: Practice) -> None:
    key = practice.add("accounts")
    practice.sync()
    former = practice.record("Account", key)["Id"]
    practice.org.delete(former)
    practice.connection.execute("delete from sync.org")
    assert [(row.key, row.action) for row in practice.plan()] == [(key, "create")]
    practice.sync()
    assert practice.record("Account", key)["Id"] != former
    practice.assert_same()


def test_records_with_a_key_that_no_row_has_are_left_alone(practice: Practice) -> None:
    key = practice.add("accounts")
    practice.sync()
    practice.connection.execute("delete from sync.org")
    practice.remove("accounts", key)
    other = practice.add("accounts")
    assert [(row.key, row.action) for row in practice.plan()] == [(other, "create")]
    practice.sync()
    assert practice.record("Account", key)


@pytest.fixture
def copy(practice: Practice, server: Server) -> Iterator[Practice]:
    """The same practice on a copy of its database, made after a first sync."""
    practice.add("accounts", phone="1")
    practice.sync()
    name = practice.database.name + "_copy"
    practice.connection.close()
    with psycopg.connect(server.url("crm_owner", "postgres"), autocommit=True) as owner:
        owner.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(practice.database.name)
            )
        )
    database = Database(
        name=name,
        admin_url=server.url("postgres", name),
        owner_url=server.url("crm_owner", name),
        sync_url=server.url("crm_sync", name),
        reader_url=server.url("powerbi_reader", name),
    )
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        yield replace(practice, database=database, connection=connection)
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_a_copy_of_the_database_sends_nothing_until_it_is_accepted(copy: Practice) -> None:
    key = copy.value("select id::text from accounts")
    copy.change("accounts", key, phone="2")
    copy.org.calls.clear()
    for attempt in (copy.sync, copy.plan):
        with pytest.raises(OrgChangedError, match="This database is a copy") as caught:
            attempt()
        assert "--database local" in caught.value.mend
    assert copy.writes() == []
    accept(copy, "local", database=True)
    copy.sync()
    copy.assert_same()


def test_an_accepted_copy_looks_for_what_the_other_one_created_since(copy: Practice) -> None:
    new = copy.add("accounts", company_name="Lighthouse", phone="3")
    elsewhere = Client("local", copy.settings().targets["local"])
    from crm_sync.salesforce.client import Subrequest

    record = {"attributes": {"type": "Account"}, "CRM_Id__c": new, "Name": "Lighthouse"}
    made = json.dumps({"records": [record]})
    elsewhere.composite([Subrequest("PATCH", "composite/sobjects/Account/CRM_Id__c", made)])
    accept(copy, "local", database=True)
    assert [row.action for row in copy.plan()] == ["update"]
    copy.sync()
    copy.assert_same()


def test_a_create_that_meets_a_forgotten_record_leaves_none_of_its_values_behind(
    practice: Practice,
) -> None:
    """As after a restore of the database where it stood, which nothing can tell from no restore."""
    key = practice.add("accounts", phone="1", website="a.example")
    practice.sync()
    practice.connection.execute("delete from sync.record")
    practice.connection.execute("update sync.org set position = null")
    practice.change("accounts", key, website=None)
    practice.sync()
    practice.sync()
    assert practice.record("Account", key)["Website"] is None
    practice.assert_same()
    assert practice.sync().calls == 0


def test_accept_waits_for_no_run_but_refuses_while_one_runs(practice: Practice) -> None:
    from crm_sync.errors import AlreadyRunning

    practice.sync()
    with (
        connect(practice.database.sync_url) as holder,
        state.locked(holder, practice.org.org_id),
        pytest.raises(AlreadyRunning),
    ):
        accept(practice, "local")


def test_a_default_owner_who_is_no_active_user_stops_before_anything_is_sent(
    practice: Practice,
) -> None:
    practice.more["default_owner"] = "nobody@example.com"
    practice.add("accounts")
    with pytest.raises(OrgAccessError, match="default_owner"):
        practice.sync()
    assert practice.writes() == []
