"""Rows that go by Bulk API 2.0: what is sent, and what is recorded of each row's result."""

from __future__ import annotations

from tests.integration.sync.practice import Practice


def test_everything_may_go_by_bulk(practice: Practice) -> None:
    accounts = [practice.add("accounts", company_name=f"C{n}") for n in range(5)]
    for account in accounts:
        practice.add("projects", account_id=account, start_date="2026-01-05")
        practice.add("activities", account_id=account)
    lead = practice.add("leads", last_name="Ng")
    practice.add("activities", lead_id=lead, activity_type="meeting")
    report = practice.sync(api="bulk")
    assert report.status == "finished", report
    assert practice.writes() == []
    practice.assert_same()
    practice.change("accounts", accounts[0], phone="1", website=None)
    practice.remove("activities", practice.value("select id::text from activities limit 1"))
    report = practice.sync(api="bulk", allow_deletions=True)
    assert report.status == "finished", report
    assert practice.writes() == []
    practice.assert_same()
