"""Rows that leave the source, or their mapping's `where`, and those that come back."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from crm_sync.errors import DatabaseError, GuardStopped
from crm_sync.sync.errors import Ended
from tests.integration.sync.practice import Practice, write_mapping

ACCOUNTS = """
object: Account
external_id: {{field: CRM_Id__c}}
source: {{table: accounts, where: "account_status = 'active'"}}
label: company_name
fields:
  Name: company_name
  Phone: phone
on_delete: {on_delete}
"""


def only_active_accounts(practice: Practice, tmp_path: Path, on_delete: str) -> list[str]:
    practice.mappings = write_mapping(
        tmp_path / "own", "account", ACCOUNTS.format(on_delete=on_delete)
    )
    keys = [practice.add("accounts", phone="1") for _ in range(2)]
    practice.sync()
    return keys


def leave(practice: Practice, key: str) -> None:
    practice.change("accounts", key, account_status="dormant")
    practice.sync()


def come_back(practice: Practice, key: str) -> None:
    practice.change("accounts", key, account_status="active")
    practice.sync()


def test_a_row_that_leaves_is_ignored_and_is_the_same_record_when_it_comes_back(
    practice: Practice, tmp_path: Path
) -> None:
    key, _ = only_active_accounts(practice, tmp_path, "ignore")
    before = practice.record("Account", key)["Id"]
    leave(practice, key)
    assert practice.record("Account", key)["Phone"] == "1"
    practice.change("accounts", key, phone="2")
    come_back(practice, key)
    after = practice.record("Account", key)
    assert (after["Id"], after["Phone"]) == (before, "2")


def test_a_row_that_leaves_is_deleted_and_created_when_it_comes_back(
    practice: Practice, tmp_path: Path
) -> None:
    key, _ = only_active_accounts(practice, tmp_path, "delete")
    before = practice.record("Account", key)["Id"]
    leave(practice, key)
    assert practice.records("Account", key) == []
    assert practice.rows("select 1 from sync.record where key = %s", key) == []
    values = "select count(*) from sync.history where key = %s and num_nonnulls(before, after) > 0"
    assert practice.value(values, key) == 0
    come_back(practice, key)
    assert practice.record("Account", key)["Id"] != before
    assert practice.history(key) == [
        ("create", "recorded"),
        ("delete", "recorded"),
        ("create", "recorded"),
    ]


def test_a_row_that_leaves_is_marked_and_coming_back_undoes_the_mark(
    practice: Practice, tmp_path: Path
) -> None:
    key, _ = only_active_accounts(practice, tmp_path, "{set: {Phone: gone}}")
    before = practice.record("Account", key)["Id"]
    leave(practice, key)
    assert practice.record("Account", key)["Phone"] == "gone"
    practice.org.calls.clear()
    practice.sync()
    assert practice.writes() == []
    come_back(practice, key)
    after = practice.record("Account", key)
    assert (after["Id"], after["Phone"]) == (before, "1")


def test_a_deletion_drops_what_of_the_row_was_not_sent_yet(practice: Practice) -> None:
    keys = [practice.add("accounts") for _ in range(2)]
    practice.sync()
    practice.refuse({"object": "Account"})
    practice.change("accounts", keys[0], phone="1")
    practice.sync()
    assert practice.open_rows() == {f"account:{keys[0]}": "refused"}
    practice.org.faults.clear()
    practice.remove("accounts", keys[0])
    practice.sync()
    practice.assert_same()


def kept_of(practice: Practice, key: str) -> str:
    """All that schema sync holds of a row in its values, labels and history."""
    return str(
        practice.rows(
            "select to_jsonb(r) - 'salesforce_id' as held from sync.record r where key = %s"
            " union all select to_jsonb(h) - 'salesforce_id' from sync.history h where key = %s"
            " union all select to_jsonb(p) from sync.plan p where key = %s",
            *[key] * 3,
        )
    )


def test_a_row_that_is_gone_leaves_no_values_though_its_record_stays(
    practice: Practice, tmp_path: Path
) -> None:
    key, _ = only_active_accounts(practice, tmp_path, "ignore")
    practice.change("accounts", key, phone="+49 555 0199")
    practice.sync()
    before = practice.record("Account", key)["Id"]
    leave(practice, key)
    assert "0199" in kept_of(practice, key), "it only left the mapping"
    practice.remove("accounts", key)
    practice.sync()
    kept = kept_of(practice, key)
    assert "0199" not in kept
    assert "Harbour Pilots Ltd" not in kept
    practice.sync()
    assert practice.record("Account", key)["Phone"] == "+49 555 0199"
    practice.add("accounts", id=key, company_name="Harbour Pilots")
    (back,) = practice.plan()
    assert back.action == "update"
    assert {(c.field, c.before, c.after) for c in back.changes} == {
        ("Name", None, "Harbour Pilots"),
        ("Phone", None, None),
    }
    practice.sync()
    after = practice.record("Account", key)
    assert (after["Id"], after["Name"], after["Phone"]) == (before, "Harbour Pilots", None)
    practice.org.calls.clear()
    practice.sync()
    assert practice.writes() == []


def test_a_marked_record_whose_row_is_gone_keeps_the_mark_alone(
    practice: Practice, tmp_path: Path
) -> None:
    key, _ = only_active_accounts(practice, tmp_path, "{set: {Phone: gone}}")
    practice.change("accounts", key, phone="+49 555 0199")
    practice.sync()
    practice.remove("accounts", key)
    practice.sync()
    assert practice.record("Account", key)["Phone"] == "gone"
    practice.org.calls.clear()
    practice.sync()
    assert practice.writes() == []
    assert practice.value("select payload from sync.record where key = %s", key) == {
        "Phone": "gone"
    }
    kept = kept_of(practice, key)
    assert "0199" not in kept
    assert "Harbour Pilots Ltd" not in kept


def test_an_update_whose_answer_is_lost_leaves_nothing_when_its_row_is_gone(
    practice: Practice, tmp_path: Path
) -> None:
    key, _ = only_active_accounts(practice, tmp_path, "ignore")
    practice.attempts = 1
    practice.change("accounts", key, phone="+49 555 0199")
    practice.org.faults.append({"when": {"method": "PATCH"}, "then": {"drop": "after"}})
    with pytest.raises(Ended):
        practice.sync()
    practice.org.faults.clear()
    practice.remove("accounts", key)
    assert practice.sync().status == "finished"
    assert "0199" not in kept_of(practice, key)


OPPORTUNITIES = """
object: Opportunity
external_id: {field: CRM_Id__c}
source: {table: projects, where: "project_status <> 'cancelled'"}
label: project_name
fields:
  Name: project_name
  StageName: {constant: Closed Won}
  CloseDate: {constant: "2026-01-05"}
lookups:
  AccountId: {mapping: account, column: account_id}
on_delete: ignore
"""


def test_what_salesforce_deleted_along_leaves_no_values_in_the_history(
    practice: Practice, tmp_path: Path
) -> None:
    key, _ = only_active_accounts(practice, tmp_path, "delete")
    write_mapping(practice.mappings, "opportunity", OPPORTUNITIES)
    project = practice.add("projects", account_id=key, start_date="2026-01-05")
    practice.sync()
    practice.change("projects", project, project_status="cancelled")
    practice.change("accounts", key, account_status="dormant")
    practice.sync()
    assert practice.history(project)[-1] == ("delete", "recorded")
    assert practice.records("Opportunity", project) == []
    values = "select count(*) from sync.history where key = %s and num_nonnulls(before, after) > 0"
    assert practice.value(values, project) == 0


# A call that becomes a meeting ------------------------------------------------------------------


def test_a_call_that_becomes_a_meeting_and_a_call_again_leaves_one_record(
    practice: Practice,
) -> None:
    key = practice.add("activities", account_id=practice.add("accounts"))
    practice.sync()
    for kind, there, gone in (("meeting", "Event", "Task"), ("call", "Task", "Event")):
        practice.change("activities", key, activity_type=kind)
        pair = {(r.mapping, r.action, r.pair) for r in practice.plan()}
        assert pair == {
            (there.lower(), "create", gone.lower()),
            (gone.lower(), "delete", there.lower()),
        }
        practice.sync()
        assert practice.record(there, key)
        assert practice.records(gone, key) == []
        practice.assert_same()


@pytest.mark.parametrize("selected", ["task", "event"])
def test_a_row_that_moves_moves_whole_whichever_half_is_selected(
    practice: Practice, selected: str
) -> None:
    key = practice.add("activities", account_id=practice.add("accounts"))
    practice.sync()
    practice.change("activities", key, activity_type="meeting")
    practice.sync(select=(selected,))
    practice.assert_same()


def test_a_row_moves_whatever_on_delete_says(practice: Practice) -> None:
    file = practice.mappings / "task.yaml"
    file.write_text(
        file.read_text("utf-8").replace("on_delete: delete", "on_delete: ignore"), "utf-8"
    )
    key = practice.add("activities", account_id=practice.add("accounts"))
    practice.sync()
    practice.change("activities", key, activity_type="meeting")
    practice.sync()
    practice.assert_same()


def test_a_call_whose_meeting_is_refused_stays_until_the_meeting_is_there(
    practice: Practice,
) -> None:
    key = practice.add("activities", account_id=practice.add("accounts"))
    practice.sync()
    practice.change("activities", key, activity_type="meeting")
    practice.refuse({"object": "Event"})
    practice.sync()
    assert practice.open_rows() == {f"event:{key}": "refused", f"task:{key}": "blocked"}
    assert practice.record("Task", key)
    practice.sync()
    assert practice.open_rows() == {f"event:{key}": "refused", f"task:{key}": "blocked"}
    practice.org.faults.clear()
    practice.sync(retry_refused=True)
    practice.assert_same()


def test_many_rows_may_move_without_troubling_the_guard(practice: Practice) -> None:
    account = practice.add("accounts")
    for _ in range(12):
        practice.add("activities", account_id=account)
    practice.sync()
    practice.connection.execute("update activities set activity_type = 'meeting'")
    practice.sync()
    practice.assert_same()


# The guard --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "leaving", "stops"), [(50, 5, False), (50, 6, True),
                                                        (10, 3, False), (10, 4, True)])  # fmt: skip
def test_a_run_deletes_at_most_three_rows_or_a_tenth_unasked(
    practice: Practice, rows: int, leaving: int, stops: bool
) -> None:
    keys = [practice.add("accounts") for _ in range(rows)]
    practice.sync()
    for key in keys[:leaving]:
        practice.remove("accounts", key)
    if stops:
        practice.org.calls.clear()
        with pytest.raises(GuardStopped, match=f"{leaving} of {rows} records"):
            practice.sync()
        assert practice.writes() == []
        assert practice.value("select status from sync.run order by run_number desc") == "stopped"
        assert practice.value("select count(*) from sync.plan") == 0
        practice.sync(allow_deletions=True)
    else:
        practice.sync()
    practice.assert_same()


def test_marks_count_as_deletions_do(practice: Practice, tmp_path: Path) -> None:
    keys = only_active_accounts(practice, tmp_path, "{set: {Phone: gone}}")
    keys += [practice.add("accounts") for _ in range(8)]
    practice.sync()
    practice.connection.execute(
        "update accounts set account_status = 'dormant' where id::text = any(%s)", [keys[:4]]
    )
    with pytest.raises(GuardStopped, match="4 of 10 records"):
        practice.sync()


def test_what_salesforce_would_delete_along_counts_too(practice: Practice) -> None:
    file = practice.mappings / "task.yaml"
    file.write_text(
        file.read_text("utf-8").replace("on_delete: delete", "on_delete: ignore"), "utf-8"
    )
    account, other = practice.add("accounts"), practice.add("accounts")
    for _ in range(4):
        practice.add("activities", account_id=account)
    practice.add("activities", account_id=other)
    practice.sync()
    practice.remove("accounts", account)  # its calls go with it, here
    with pytest.raises(GuardStopped, match="5 of 2 records of account"):
        practice.sync()
    practice.sync(allow_deletions=True)
    practice.assert_same()


def test_an_empty_source_always_stops_the_run(practice: Practice) -> None:
    key = practice.add("accounts")
    practice.sync()
    practice.remove("accounts", key)
    with pytest.raises(GuardStopped, match="source of account is empty"):
        practice.sync()
    assert practice.record("Account", key)
    practice.sync(allow_deletions=True)
    practice.assert_same()


@pytest.mark.parametrize("policy", ["permissive", "restrictive"])
def test_row_level_security_that_hides_rows_stops_the_run(practice: Practice, policy: str) -> None:
    keys = [practice.add("accounts") for _ in range(20)]
    practice.sync()
    owner: psycopg.Connection[object] = practice.connection
    if policy == "permissive":
        owner.execute("drop policy sync_reads_every_row on accounts")
        owner.execute("create policy hiding on accounts to crm_sync using (phone is null)")
    else:
        owner.execute("create policy hiding on accounts as restrictive to crm_sync using (true)")
    practice.change("accounts", keys[0], phone="1")
    with pytest.raises(DatabaseError, match="may hide rows of accounts"):
        practice.sync()
    with pytest.raises(DatabaseError, match="may hide rows of accounts"):
        practice.plan()
    assert practice.org.store.count("Account") == 20


def test_a_table_that_is_only_joined_must_show_all_its_rows_too(practice: Practice) -> None:
    practice.connection.execute("drop policy sync_reads_every_row on accounts")
    with pytest.raises(DatabaseError, match="may hide rows of accounts"):
        practice.sync(select=("opportunity",))


def test_a_dry_run_says_that_the_guard_would_stop_the_sync(practice: Practice) -> None:
    keys = [practice.add("accounts") for _ in range(5)]
    practice.sync()
    practice.connection.execute("delete from accounts where id <> %s", [keys[0]])
    with practice.planned() as report:
        assert report.stops == "4 of 5 records of account would be deleted or marked."
        mend = "Look at the dry run; if that is meant, run again with --allow-deletions."
        assert report.stops_mend == mend
        assert report.flags == ("--allow-deletions",)
    with practice.planned(allow_deletions=True) as report:
        assert report.stops == ""


def test_a_refused_create_leaves_no_values_when_its_row_is_deleted(practice: Practice) -> None:
    key = practice.add("accounts", phone="+49 555 0199")
    practice.org.faults.append(
        {
            "when": {"object": "Account"},
            "then": {"row_error": {"statusCode": "X", "message": "no +49 555 0199", "fields": []}},
        }
    )
    practice.sync()
    practice.connection.execute("delete from accounts where id = %s", [key])
    practice.sync()
    kept = practice.value(
        "select coalesce(string_agg(to_jsonb(h)::text, ''), '') from sync.history h"
    )
    assert "0199" not in kept
    assert key in kept


def test_the_history_of_a_deleted_row_keeps_outcomes_and_codes_alone(practice: Practice) -> None:
    key = practice.add("accounts", phone="+49 555 0199")
    refusal = {"statusCode": "X", "message": "no +49 555 0199", "fields": ["Phone"]}
    rule = {"when": {"object": "Account"}, "then": {"row_error": refusal}}
    practice.org.faults.append(rule)
    practice.sync()
    practice.org.faults.clear()
    practice.sync(retry_refused=True)
    practice.connection.execute("delete from accounts where id = %s", [key])
    practice.sync(allow_deletions=True)
    kept = practice.connection.execute(
        "select outcome, coalesce(before, after), problem ->> 'code', problem ? 'sentence'"
        " from sync.history"
        " where key = %s order by id",
        [key],
    ).fetchall()
    assert kept == [
        ("refused", None, "X", False),
        ("recorded", None, None, None),  # where nothing was wrong, no problem appears
        ("recorded", None, None, None),
    ]
