"""A first run, and one right after it."""

from __future__ import annotations

from tests.integration.sync.practice import Practice


def filled(practice: Practice) -> dict[str, str]:
    account = practice.add("accounts", company_name="Harbour Pilots")
    lead = practice.add("leads", last_name="Ng", lead_status="new")
    project = practice.add(
        "projects", account_id=account, contract_value=1200, start_date="2026-01-05"
    )
    call = practice.add("activities", lead_id=lead)
    meeting = practice.add("activities", activity_type="meeting", project_id=project)
    return {"account": account, "lead": lead, "project": project, "call": call, "meeting": meeting}


def test_a_first_run_creates_a_record_for_every_row_in_one_call_parents_first(
    practice: Practice,
) -> None:
    keys = filled(practice)
    rows = practice.plan()
    assert {row.state for row in rows} == {"planned"}, "a row waits for a parent of the same plan"
    report = practice.sync()
    assert report.status == "finished"
    practice.assert_same()
    assert (
        practice.record("Opportunity", keys["project"])["AccountId"]
        == (practice.record("Account", keys["account"])["Id"])
    )
    assert (
        practice.record("Task", keys["call"])["WhoId"]
        == practice.record("Lead", keys["lead"])["Id"]
    )
    types = [part["url"].split("/")[-2] for part in practice.writes()]
    assert sorted(types[:2]) == ["Account", "Lead"]
    assert types.index("Account") < types.index("Opportunity") < types.index("Event")
    writing = [call for call in practice.org.calls if practice_writes(call.body)]
    assert len(writing) == 1


def practice_writes(body: object) -> bool:
    parts = body.get("compositeRequest", ()) if isinstance(body, dict) else ()
    return any(part["method"] != "GET" for part in parts)


def test_a_second_run_right_after_the_first_signs_in_and_does_nothing_else(
    practice: Practice,
) -> None:
    filled(practice)
    practice.more["default_owner"] = practice.org.store.records("User")[0]["Username"]
    practice.sync()
    practice.org.calls.clear()
    report = practice.sync()
    assert [call.path for call in practice.org.calls] == ["/services/oauth2/token"]
    assert (report.calls, report.status) == (0, "finished")


def test_a_full_run_describes_the_org_afresh_and_sends_nothing(practice: Practice) -> None:
    filled(practice)
    practice.sync()
    practice.org.calls.clear()
    practice.sync(full=True)
    assert practice.writes() == []
    described = [p["url"] for c in practice.org.calls[1].body["compositeRequest"] for p in [c]]
    assert len(described) == len(list(practice.mappings.glob("*.yaml")))
    assert all(url.endswith("/describe") for url in described)


def test_field_facts_older_than_a_day_are_read_again(practice: Practice) -> None:
    practice.sync()
    practice.connection.execute("update sync.describe set fetched_at = now() - interval '25 hours'")
    practice.org.calls.clear()
    practice.sync()
    assert len(practice.org.calls) == 2
    age = practice.value("select max(now() - fetched_at) < interval '1 minute' from sync.describe")
    assert age is True


def test_every_call_names_the_client_and_every_write_refuses_assignment_rules(
    practice: Practice,
) -> None:
    keys = filled(practice)
    practice.sync()
    practice.change("leads", keys["lead"], title="Pilot")
    practice.change("activities", keys["call"], activity_type="meeting")
    practice.sync()
    assert {call.client for call in practice.org.calls} == {"crm-sync"}
    methods = {part["method"] for part in practice.writes()}
    assert methods == {"PATCH", "DELETE"}
    for part in practice.writes():
        assert part["httpHeaders"] == {"Sforce-Auto-Assign": "FALSE"}
    lead = practice.record("Lead", keys["lead"])
    assert lead["Title"] == "Pilot"
    assert lead["OwnerId"] == practice.org.integration_user_id != practice.org.queue_user_id


def test_a_mapping_may_ask_for_the_assignment_rules(practice: Practice) -> None:
    file = practice.mappings / "lead.yaml"
    file.write_text(file.read_text("utf-8") + "assignment_rule: active\n", "utf-8")
    lead = practice.add("leads", last_name="Ng")
    practice.sync()
    assert practice.record("Lead", lead)["OwnerId"] == practice.org.queue_user_id


def test_a_default_owner_is_written_on_create_only(practice: Practice) -> None:
    admin = practice.org.store.records("User")[0]
    practice.more["default_owner"] = admin["Username"]
    lead = practice.add("leads", last_name="Ng")
    practice.sync()
    assert practice.record("Lead", lead)["OwnerId"] == admin["Id"]
    practice.org.edit(practice.record("Lead", lead)["Id"], {"OwnerId": practice.org.queue_user_id})
    practice.change("leads", lead, title="Pilot")
    practice.sync()
    practice.sync(resend=True)
    assert practice.record("Lead", lead)["OwnerId"] == practice.org.queue_user_id
    assert all("OwnerId" not in record for record in practice.sent()[1:])


def test_resend_sends_every_field_of_every_record(practice: Practice) -> None:
    keys = filled(practice)
    practice.sync()
    practice.org.edit(practice.record("Account", keys["account"])["Id"], {"Name": "Somebody"})
    practice.sync()
    assert practice.record("Account", keys["account"])["Name"] == "Somebody"
    report = practice.sync(resend=True)
    assert practice.count(report, "account").update == 1
    practice.assert_same()


def test_a_large_first_run_is_followed_by_one_that_sends_nothing(practice: Practice) -> None:
    """Nobody has analyzed sync.record yet, as right after a first load."""
    practice.connection.execute("alter table sync.record set (autovacuum_enabled = off)")
    practice.connection.execute(
        "insert into accounts (company_name) select 'C' || n from generate_series(1, 6000) n"
    )
    practice.connection.execute(
        "insert into activities (activity_type, subject, account_id)"
        " select 'call', 'S', a.id from accounts a"
    )
    practice.sync()
    second = practice.sync()
    assert (second.status, second.calls) == ("finished", 0)
