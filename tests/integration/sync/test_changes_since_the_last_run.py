"""The next plan looks at what changed and at what is open, and misses nothing that was written."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from crm_sync.localorg.serve import LocalOrg
from crm_sync.report.model import PlanReport
from tests.integration.database.rows import add
from tests.integration.sync.both_ways import assert_one_plan
from tests.integration.sync.practice import Practice, key_of, write_mapping


def looked_at(report: PlanReport) -> int:
    return sum(s.compared + s.delete for s in report.summaries)


def assert_sent(practice: Practice) -> None:
    """The next run is incremental, sends what is left, and leaves nothing for a full one."""
    assert_one_plan(practice)
    assert practice.sync().status == "finished"
    assert practice.value("select mode from sync.run order by run_number desc limit 1") == (
        "incremental"
    )
    practice.assert_same()
    assert practice.plan(full=True) == []


# What a plan looks at -----------------------------------------------------------------------------


def test_a_plan_after_a_run_looks_at_no_row(filled: Practice) -> None:
    with filled.planned() as report:
        assert looked_at(report) == 0
        assert report.mode == "incremental"
        assert report.compared == ("Compared what may have changed: 0 rows.",)


def test_a_plan_looks_at_the_changed_row_alone(filled: Practice) -> None:
    filled.change("leads", key_of(filled, "leads"), last_name="Öz")
    with filled.planned() as report:
        assert looked_at(report) == 1
        assert [row.action for row in report.rows()] == ["update"]


def test_a_write_that_changes_nothing_makes_no_work(filled: Practice) -> None:
    before = filled.value("select updated_at from accounts limit 1")
    filled.connection.execute(b"update accounts set company_name = company_name")
    assert filled.value("select updated_at from accounts limit 1") > before
    with filled.planned() as report:
        assert looked_at(report) == 0


def test_a_first_plan_says_why_it_compares_every_row(practice: Practice) -> None:
    practice.add("accounts")
    with practice.planned() as report:
        assert report.mode == "full"
        assert report.compared == (
            "Every row was compared: there is no earlier plan of this org to go on from.",
        )


def test_rows_of_a_joined_row_are_looked_at_when_it_changes(filled: Practice) -> None:
    account = key_of(filled, "accounts", "company_name = 'Alpha'")
    filled.change("accounts", account, company_name="Gamma")
    with filled.planned() as report:
        changed = {row.mapping for row in report.rows()}
    assert changed == {"account", "opportunity"}  # its name holds the account's
    assert_sent(filled)


def test_a_row_that_is_not_in_order_is_looked_at_until_it_is(filled: Practice) -> None:
    lead = key_of(filled, "leads")
    filled.refuse({"object": "Lead"})
    filled.change("leads", lead, last_name="Öz")
    filled.sync()
    with filled.planned() as report:
        assert [row.state for row in report.rows()] == ["refused"]
    assert_one_plan(filled)
    filled.org.faults.clear()
    filled.sync(retry_refused=True)
    filled.assert_same()


# Who writes when ----------------------------------------------------------------------------------


def test_a_transaction_that_commits_late_is_not_missed(filled: Practice) -> None:
    with psycopg.connect(filled.database.owner_url) as late:
        key = add(late, "accounts", company_name="Late")
        filled.add("accounts", company_name="Early")
        filled.sync()
        assert filled.records("Account", str(key)) == []
        late.commit()
    assert_sent(filled)
    assert filled.record("Account", str(key))["Name"] == "Late"


@pytest.mark.prepared
def test_a_prepared_transaction_is_not_missed(filled: Practice) -> None:
    with psycopg.connect(filled.database.owner_url) as late:
        late.tpc_begin(late.xid(1, "late", "one"))
        key = add(late, "accounts", company_name="Late")
        late.tpc_prepare()
        filled.add("accounts", company_name="Early")
        filled.sync()
        filled.sync()
        assert filled.records("Account", str(key)) == []
        late.tpc_commit()
    assert_sent(filled)
    assert filled.record("Account", str(key))["Name"] == "Late"


def test_a_savepoint_that_is_rolled_back_leaves_the_rest(filled: Practice) -> None:
    with psycopg.connect(filled.database.owner_url) as late:
        kept = add(late, "accounts", company_name="Kept")
        late.execute("savepoint before")
        add(late, "accounts", company_name="Dropped")
        late.execute("rollback to before")
        filled.sync()
        late.commit()
    assert_sent(filled)
    assert filled.record("Account", str(kept))["Name"] == "Kept"


def test_an_update_that_arrives_during_a_push_goes_with_the_next_run(filled: Practice) -> None:
    account = key_of(filled, "accounts")
    filled.change("accounts", account, phone="1")
    filled.org.faults.append({"when": {"path": "composite$"}, "then": {"delay": 1.0}, "times": 1})
    running = threading.Thread(target=filled.sync)
    running.start()
    until = time.monotonic() + 20
    while filled.org.faults.as_json()[0]["fired"] == 0:
        assert time.monotonic() < until
        time.sleep(0.01)
    filled.change("accounts", account, phone="2")
    running.join()
    assert filled.record("Account", account)["Phone"] == "1"
    assert_sent(filled)
    assert filled.record("Account", account)["Phone"] == "2"


# How it is written --------------------------------------------------------------------------------


def test_a_changed_key_lets_one_record_go_and_makes_another(filled: Practice) -> None:
    account, other = filled.add("accounts"), str(uuid4())
    filled.sync()
    filled.change("accounts", account, id=other)
    assert [(row.key, row.action) for row in assert_one_plan(filled)] == [
        (other, "create"),
        (account, "delete"),
    ]
    assert_sent(filled)


def test_rows_that_a_cascade_deletes_go(filled: Practice) -> None:
    lead = key_of(filled, "leads")
    call = filled.add("activities", lead_id=lead)
    filled.sync()
    filled.connection.execute(
        b"alter table activities drop constraint activities_lead_id_fkey,"
        b" add foreign key (lead_id) references leads on delete cascade"
    )
    filled.remove("leads", lead)
    assert filled.value("select count(*) from activities where lead_id is not null") == 0
    assert_one_plan(filled)
    filled.sync(allow_deletions=True)
    assert filled.records("Task", call) == []


def test_copied_rows_are_sent(filled: Practice) -> None:
    with filled.connection.cursor().copy("copy accounts (company_name) from stdin") as copy:
        for number in range(5):
            copy.write_row([f"Copied {number}"])
    with filled.planned() as report:
        assert looked_at(report) == 5
    assert_sent(filled)


def test_after_truncate_every_row_of_the_table_is_compared(filled: Practice) -> None:
    filled.connection.execute(b"truncate leads cascade")
    with filled.planned(allow_deletions=True) as report:
        assert "Every row of lead was compared: leads was truncated." in report.compared
    assert_one_plan(filled)
    filled.sync(allow_deletions=True)
    filled.sync(allow_deletions=True)
    assert filled.plan(full=True) == []


def test_what_replica_mode_hides_is_found_by_a_full_run(filled: Practice) -> None:
    lead = key_of(filled, "leads")
    with psycopg.connect(filled.database.admin_url) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute("update leads set last_name = 'Öz' where id = %s", [lead])
    assert filled.plan() == []
    assert [row.action for row in filled.plan(full=True)] == ["update"]
    filled.sync(full=True)
    filled.assert_same()


def test_a_write_through_the_rest_apis_role_is_sent(filled: Practice) -> None:
    with psycopg.connect(filled.database.admin_url, autocommit=True) as admin:
        for statement in (
            "do $$ begin create role authenticated nologin;"
            " exception when duplicate_object then null; end $$",
            "grant usage on schema public to authenticated",
            "grant select, insert on leads to authenticated",
            "drop policy if exists of_the_test on leads",
            "create policy of_the_test on leads to authenticated using (true) with check (true)",
        ):
            admin.execute(statement.encode())
        with admin.transaction():
            admin.execute("set local role authenticated")
            key = add(admin, "leads", last_name="Web", company_name="By the API")
    assert_sent(filled)
    assert filled.record("Lead", str(key))["Company"] == "By the API"


# When what was noted is not enough ----------------------------------------------------------------


def test_a_trigger_that_was_off_for_a_while_makes_every_row_be_compared(filled: Practice) -> None:
    lead = key_of(filled, "leads")
    filled.connection.execute(b"alter table leads disable trigger note_update")
    filled.change("leads", lead, last_name="Öz")
    with filled.planned() as report:
        assert any("lead" in said and "trigger" in said for said in report.compared)
        assert [row.action for row in report.rows()] == ["update"]
    filled.connection.execute(b"alter table leads enable trigger note_update")
    assert [row.action for row in filled.plan()] == ["update"]
    filled.sync()
    with filled.planned() as report:
        assert report.mode == "incremental"
        assert looked_at(report) == 0


@pytest.mark.parametrize(
    "change",
    [
        "alter table projects alter column contract_value type numeric(12, 1)",
        "alter type project_status rename value 'on_hold' to 'paused'",
    ],
)
def test_a_change_of_the_table_itself_makes_every_row_be_compared(
    filled: Practice, change: str
) -> None:
    filled.connection.execute(b"drop schema analytics cascade")  # its views name the columns
    filled.connection.execute(change.encode())
    with filled.planned() as report:
        assert "opportunity" in " ".join(report.compared)
        assert report.mode == "incremental"
    assert_one_plan(filled)


def test_another_mapping_is_compared_whole_and_the_others_are_not(filled: Practice) -> None:
    file = filled.mappings / "lead.yaml"
    file.write_text(file.read_text().replace("fields:\n", "fields:\n  Fax: {constant: none}\n"))
    with filled.planned() as report:
        assert report.compared[1:] == (
            "Every row of lead was compared: the mapping changed, or the fields that Salesforce "
            "describes.",
        )
        assert [row.mapping for row in report.rows()] == ["lead"]
    assert_sent(filled)


def test_a_mapping_that_was_away_is_compared_whole_when_it_is_back(filled: Practice) -> None:
    lead, file = key_of(filled, "leads"), filled.mappings / "lead.yaml"
    text = file.read_text()
    file.write_text(f"enabled: false\n{text}")
    filled.change("leads", lead, last_name="Öz")
    filled.sync()
    file.write_text(text)
    assert [row.key for row in filled.plan()] == [lead]
    assert_sent(filled)


def test_a_run_of_some_mappings_takes_nothing_from_the_others(filled: Practice) -> None:
    lead, account = key_of(filled, "leads"), key_of(filled, "accounts")
    filled.change("leads", lead, last_name="Öz")
    filled.change("accounts", account, phone="1")
    filled.sync(select=("account",))
    assert [row.key for row in filled.plan()] == [lead]
    assert_sent(filled)


def test_a_position_of_another_server_is_worth_nothing(filled: Practice) -> None:
    filled.connection.execute(b"update sync.org set position = '900000000:900000000:'")
    with filled.planned() as report:
        assert report.mode == "full"
        assert "restored" in report.compared[0]


def test_state_that_was_restored_is_not_relied_on(filled: Practice) -> None:
    """A restore makes sync.change anew, and loads the tables before the triggers are there."""
    lead = key_of(filled, "leads")
    filled.connection.execute(
        b"create table sync.restored (like sync.change including all);"
        b"drop table sync.change; alter table sync.restored rename to change;"
        b"grant select, update, delete on sync.change to crm_sync;"
        b"alter table leads disable trigger user"
    )
    filled.change("leads", lead, last_name="Öz")
    filled.connection.execute(b"alter table leads enable trigger user")
    assert [row.key for row in filled.plan()] == [lead]


def test_sql_that_depends_on_the_clock_is_always_compared(practice: Practice) -> None:
    practice.connection.execute(b"create table shops (id integer primary key, opened date)")
    practice.connection.execute(b"insert into shops values (1, '2026-01-01')")
    practice.connection.execute(b"grant select on shops to crm_sync")
    write_mapping(
        practice.mappings,
        "shop",
        "object: Account\nexternal_id: {field: CRM_Id__c, prefix: 'shop:'}\n"
        "source: {table: shops}\nlabel: id\n"
        "fields:\n  Name: {sql: id::text}\n"
        "  Description: {sql: current_date::text, time_dependent: true}\n",
    )
    practice.sync()
    with practice.planned() as report:
        assert any(said.startswith("Every row of shop was compared: ") for said in report.compared)
        assert report.mode == "incremental"


def test_a_user_who_became_inactive_makes_every_row_be_compared(practice: Practice) -> None:
    with (practice.mappings / "lead.yaml").open("a") as file:
        file.write("lookups:\n  OwnerId: {object: User, by: Email, column: owner_email}\n")
    user = next(u for u in practice.org.store.records("User") if u["IsActive"] and u["Email"])
    lead = practice.add("leads", last_name="Ng", owner_email=user["Email"])
    practice.sync()
    assert practice.record("Lead", lead)["OwnerId"] == user["Id"]
    assert practice.plan() == []
    practice.connection.execute(
        b"update sync.reference set salesforce_id = '005000000000000AAA',"
        b" fetched_at = now() - interval '2 days'"
    )
    with practice.planned() as report:
        assert any("lookup names" in said for said in report.compared)


# Orgs ---------------------------------------------------------------------------------------------


@pytest.fixture
def other_org() -> Iterator[LocalOrg]:
    with LocalOrg(data=None) as running:
        yield running


def test_every_org_has_its_own_position(filled: Practice, other_org: LocalOrg) -> None:
    filled.orgs["other"] = other_org
    filled.sync("other")
    lead = key_of(filled, "leads")
    filled.change("leads", lead, last_name="Öz")
    filled.sync()
    assert [row.key for row in filled.plan("other")] == [lead]
    filled.sync("other")
    assert filled.plan("other", full=True) == []


def test_describing_an_object_anew_compares_its_mapping_whole(filled: Practice) -> None:
    facts = filled.value("select facts from sync.describe where object = 'Lead'")
    facts["fields"]["Company"]["length"] -= 1
    filled.connection.execute(
        "update sync.describe set facts = %s where object = 'Lead'",
        [psycopg.types.json.Jsonb(facts)],
    )
    with filled.planned() as report:
        assert "Every row of lead was compared" in " ".join(report.compared)
