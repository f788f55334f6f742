"""What adopting finds in an org with hand-made records, and what it writes there."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sync.adopt.story import Choice, Look, adopt
from crm_sync.errors import GuardStopped, MappingError, OrgAccessError, SetupError
from tests.integration.adopt.by_hand import CERTAIN, adopted, by_hand, forty, keys, looked
from tests.integration.sync.practice import Practice
from tests.unit.localorg.client import Client
from tests.unit.localorg.permitting import set_field

STAMPS = (
    "LastModifiedById", "LastModifiedDate", "LastReferencedDate", "LastViewedDate",
    "SystemModstamp",
)  # fmt: skip
"""What Salesforce notes of every write."""


def test_forty_hand_made_accounts_are_told_apart_and_nothing_is_written_by_looking(
    practice: Practice,
) -> None:
    rows = forty(practice)
    before = practice.org.store.records("Account")
    (found,) = looked(practice).found
    assert (found.rows, found.records) == (31, 40)
    assert {(c.row.key, (c.record.id,)) for c in found.matched.certain} == {
        (key, tuple(ids)) for key, ids in rows["certain"]
    }
    assert {
        (u.row.key, tuple(sorted(c.record.id for c in u.candidates)))
        for u in found.matched.ambiguous
    } == {(key, tuple(sorted(ids))) for key, ids in rows["ambiguous"]}
    assert [r.key for r in found.matched.unmatched] == [key for key, _ in rows["unmatched"]]
    assert practice.org.store.records("Account") == before
    assert practice.value("select count(*) from sync.run") == 0


def test_adopting_writes_the_key_of_certain_records_and_no_other_field(practice: Practice) -> None:
    rows = forty(practice)
    before = {r["Id"]: r for r in practice.org.store.records("Account")}
    practice.org.calls.clear()
    ended = adopted(practice)
    assert ended.outcome.adopted == {"account": CERTAIN}
    for record in practice.org.store.records("Account"):
        ours = {key for key, ids in rows["certain"] if record["Id"] in ids}
        changed = {n for n, v in record.items() if before[record["Id"]][n] != v}
        assert record["CRM_Id__c"] == (ours.pop() if ours else None)
        assert changed <= {"CRM_Id__c", *STAMPS}
    (write,) = practice.writes()
    assert write["httpHeaders"]["Sforce-Auto-Assign"] == "FALSE"
    assert all(sorted(sent) == ["CRM_Id__c", "Id"] for sent in practice.sent())
    assert practice.history(rows["certain"][0][0]) == [("adopt", "recorded")]
    noted = practice.rows("select mode, status, counts, calls from sync.run")
    assert noted == [
        {"mode": "adopt", "status": "finished", "counts": {"account": {"adopt": CERTAIN}},
         "calls": ended.calls}
    ]  # fmt: skip


def test_the_next_sync_updates_an_adopted_record_and_keeps_what_it_held(
    practice: Practice,
) -> None:
    key = practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    (given,) = by_hand(
        practice.org, "Account", [{"Name": "NORDWIND", "Website": "nordwind.example", "Phone": "1"}]
    )
    adopted(practice)
    practice.org.edit(given, {"BillingCity": "Bremen"})  # people go on working
    (row,) = practice.plan()
    assert (row.action, row.salesforce_id) == ("update", given)
    was = {c.field: c.before for c in row.changes}
    assert was == {"Name": "NORDWIND", "Phone": "1", "BillingCity": "Bremen"}
    practice.sync()
    assert practice.record("Account", key)["Id"] == given
    assert practice.org.store.count("Account") == 1
    kept = practice.value(
        "select before from sync.history where key = %s and action = 'update'", key
    )
    assert kept == {"Name": "NORDWIND", "Phone": "1", "BillingCity": "Bremen"}
    practice.assert_same()
    assert practice.plan() == []


def test_an_adopted_record_that_is_as_it_should_be_is_not_touched_and_not_asked_for_again(
    practice: Practice,
) -> None:
    practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    by_hand(practice.org, "Account", [{"Name": "Nordwind", "Website": "nordwind.example"}])
    adopted(practice)
    practice.org.calls.clear()
    assert practice.sync().status == "finished"
    assert practice.writes() == []
    practice.assert_same()
    practice.org.calls.clear()
    practice.sync()
    assert [c for c in practice.org.calls if "composite" in c.path] == []


def test_children_of_adopted_accounts_are_matched_and_pushed_at_once(practice: Practice) -> None:
    account = practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    project = practice.add(
        "projects", account_id=account, project_name="Audit", start_date="2026-01-05"
    )
    new = practice.add("projects", account_id=account, project_name="New", start_date="2026-01-05")
    (parent,) = by_hand(
        practice.org, "Account", [{"Name": "Nordwind", "Website": "nordwind.example"}]
    )
    name = practice.rows("select company_name from accounts")[0]["company_name"]
    wanted = {"StageName": "Prospecting", "CloseDate": "2026-02-01", "AccountId": parent}
    planned = {
        r.key: {c.field: c.after for c in r.changes} for r in practice.plan(create_anyway=True)
    }
    held, _ = by_hand(
        practice.org,
        "Opportunity",
        [wanted | {"Name": planned[project]["Name"]},
         wanted | {"Name": planned[project]["Name"], "AccountId": None}],
    )  # fmt: skip
    ended = adopted(practice, select=("account", "opportunity"))
    assert name == "Nordwind"
    assert keys(practice, parent, held) == [account, project]
    assert ended.outcome.adopted == {"account": 1, "opportunity": 1}
    practice.sync()
    assert practice.record("Opportunity", project)["Id"] == held
    assert practice.record("Opportunity", new)["AccountId"] == parent
    practice.assert_same()


def test_only_children_can_be_pushed_after_their_parents_were_adopted(practice: Practice) -> None:
    account = practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    (parent,) = by_hand(
        practice.org, "Account", [{"Name": "Nordwind", "Website": "nordwind.example"}]
    )
    adopted(practice)
    practice.sync(select=("opportunity",))
    assert practice.record("Opportunity", project)["AccountId"] == parent


def test_the_key_of_a_task_has_its_prefix(practice: Practice) -> None:
    account = practice.add("accounts")
    practice.sync()
    call = practice.add("activities", account_id=account, subject="First call")
    (row,) = practice.plan(create_anyway=True)
    subject = next(str(c.after) for c in row.changes if c.field == "Subject")
    (given,) = by_hand(practice.org, "Task", [{"Subject": f" {subject.upper()}  "}])
    ended = adopted(practice, select=("task",), by=("Subject",))
    assert ended.outcome.adopted == {"task": 1}
    assert keys(practice, given) == [f"task:{call}"]
    practice.sync()
    practice.assert_same()


def test_a_row_that_has_a_record_is_not_looked_at(practice: Practice) -> None:
    practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    practice.sync()
    by_hand(practice.org, "Account", [{"Name": "Nordwind", "Website": "nordwind.example"}])
    practice.org.calls.clear()
    (found,) = looked(practice).found
    assert (found.rows, found.records, found.pairs) == (0, 0, ())


def test_a_row_that_salesforce_would_refuse_can_be_adopted(practice: Practice) -> None:
    site = "nordwind.example"
    key = practice.add("accounts", company_name="Nordwind", website=site, phone="1" * 60)
    (given,) = by_hand(practice.org, "Account", [{"Name": "Nordwind", "Website": site}])
    assert [row.state for row in practice.plan(create_anyway=True)] == ["invalid"]
    assert adopted(practice).outcome.adopted == {"account": 1}
    assert keys(practice, given) == [key]


def test_a_converted_lead_is_no_candidate(practice: Practice) -> None:
    practice.add("leads", email="ng@example.org", last_name="Ng")
    (given,) = by_hand(
        practice.org, "Lead", [{"LastName": "Ng", "Company": "X", "Email": "ng@example.org"}]
    )
    practice.org.convert_lead(given)
    (found,) = looked(practice, select=("lead",)).found
    assert (len(found.matched.unmatched), found.records) == (1, 0)


def test_fields_can_be_chosen(practice: Practice) -> None:
    practice.add("accounts", company_name="Nordwind", website=None, phone="0049 30 / 23125-001")
    by_hand(practice.org, "Account", [{"Name": "Nordwind AG", "Phone": "+49 (30) 23125001"}])
    assert looked(practice).total("unmatched") == 1
    assert looked(practice, by=("Phone",)).total("certain") == 1
    assert looked(practice, by=("account:Name,Phone",)).total("ambiguous") == 1


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ({"select": ("task",)}, "By which fields task should be compared"),
        ({"by": ("Nmae",)}, "does not write Account.Nmae. Did you mean 'Name'?"),
        ({"by": ("acount:Name",)}, "Did you mean 'account'?"),
        ({"by": ("Name,",)}, "a field is empty or stands twice"),
        ({"by": ("Name", "Website")}, "its fields were given before"),
    ],
)
def test_wrong_words_are_told(practice: Practice, choice: dict[str, Any], says: str) -> None:
    practice.add("accounts")
    with pytest.raises(SetupError) as told:
        looked(practice, **choice)
    assert says in str(told.value)


def test_without_a_selection_mappings_without_known_fields_are_named(practice: Practice) -> None:
    look = looked(practice, select=())
    assert [one.mapping for one in look.found] == ["account", "lead", "opportunity"]
    assert set(look.left_out) == {"task", "event"}


def test_a_user_who_may_not_write_the_key_is_told_before_anything(practice: Practice) -> None:
    practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    by_hand(practice.org, "Account", [{"Name": "Nordwind", "Website": "nordwind.example"}])
    admin = Client(practice.org)
    admin.session.headers["Authorization"] = f"Bearer {practice.org.admin_token}"
    set_field(admin, "Account.CRM_Id__c", PermissionsEdit=False)
    with pytest.raises((OrgAccessError, MappingError), match="CRM_Id__c"):
        adopted(practice)
    assert practice.writes() == []


def test_what_changed_since_a_person_saw_it_is_not_written(practice: Practice) -> None:
    practice.add("accounts", company_name="Nordwind", website="nordwind.example")
    (given,) = by_hand(
        practice.org, "Account", [{"Name": "Nordwind", "Website": "nordwind.example"}]
    )

    def while_reading(_: Look) -> bool:
        practice.org.edit(given, {"Name": "Südwind"})
        return True

    chosen = Choice(select=("account",), is_asked=True)
    ended = adopt(practice.settings(), "local", chosen, lambda _: None, while_reading)
    assert ended is not None
    assert isinstance(ended.error, GuardStopped)
    assert "changed since they were shown" in str(ended.error)
    assert keys(practice, given) == [None]
    assert practice.value("select status from sync.run") == "stopped"
