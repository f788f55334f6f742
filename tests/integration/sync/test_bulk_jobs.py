"""Rows that go by Bulk API 2.0: what is sent, and what is recorded of each row's result."""

from __future__ import annotations

import pytest

from crm_sync.sync import pieces
from tests.integration.sync.practice import Practice


def bulk_jobs(practice: Practice) -> list[tuple[str, str, int]]:
    """(object, operation, rows) of each job that was written down, oldest first."""
    found = practice.rows("select mapping, action, rows from sync.job order by created_at, job_id")
    return [(row["mapping"], row["action"], row["rows"]) for row in found]


def fill(practice: Practice) -> list[str]:
    """Accounts, each with a project and an activity; leads, each with an activity; their keys."""
    accounts = [practice.add("accounts", company_name=f"C{n}", phone="0") for n in range(5)]
    for account in accounts:
        practice.add("projects", account_id=account, start_date="2026-01-05")
        practice.add("activities", account_id=account)
    for _ in range(2):
        lead = practice.add("leads", last_name="Ng")
        practice.add("activities", lead_id=lead, activity_type="meeting")
    return accounts


def test_every_action_may_go_by_bulk_and_is_recorded_as_by_composite(practice: Practice) -> None:
    accounts = fill(practice)
    report = practice.sync(api="bulk")
    assert report.status == "finished"
    assert practice.count(report, "account").create == 5
    assert practice.writes() == []
    assert bulk_jobs(practice) == [
        ("account", "create", 5),
        ("lead", "create", 2),
        ("opportunity", "create", 5),
        ("event", "create", 2),
        ("task", "create", 5),
    ]
    practice.assert_same()
    practice.change("accounts", accounts[0], phone="1")
    practice.remove("activities", practice.value("select id::text from activities limit 1"))
    report = practice.sync(api="bulk", allow_deletions=True)
    assert report.status == "finished"
    assert bulk_jobs(practice)[5:6] == [("account", "update", 1)]
    assert bulk_jobs(practice)[6][1:] == ("delete", 1)
    assert practice.writes() == []
    assert practice.history(accounts[0]) == [("create", "recorded"), ("update", "recorded")]
    practice.assert_same()
    assert practice.sync().calls == 0


def test_many_rows_go_by_bulk_and_few_by_composite(practice: Practice) -> None:
    practice.more = {"bulk_above": 3}
    fill(practice)
    assert practice.sync().status == "finished"
    assert {name for name, _, _ in bulk_jobs(practice)} == {"account", "opportunity", "task"}
    assert {part["url"].split("/")[-2] for part in practice.writes()} == {"Lead", "Event"}
    practice.assert_same()


def test_one_way_can_be_asked_for(practice: Practice) -> None:
    practice.more = {"bulk_above": 3}
    fill(practice)
    practice.sync(api="composite")
    assert bulk_jobs(practice) == []
    practice.assert_same()


def test_an_update_carries_changed_fields_alone_and_clears_what_is_null(
    practice: Practice,
) -> None:
    first, second = (
        practice.add("accounts", phone="0", website="https://a.example") for _ in range(2)
    )
    practice.sync(api="bulk")
    for key in (first, second):
        practice.org.edit(practice.record("Account", key)["Id"], {"Website": "theirs.example"})
        practice.org.edit(practice.record("Account", key)["Id"], {"Phone": "theirs"})
    practice.change("accounts", first, phone=None)
    practice.change("accounts", second, website="https://b.example")
    practice.sync(api="bulk")
    record = practice.record("Account", first)
    assert (record["Phone"], record["Website"]) == (None, "theirs.example")
    record = practice.record("Account", second)
    assert (record["Phone"], record["Website"]) == ("theirs", "https://b.example")


TEXTS = (
    'He said "no", and left; then came back',
    "Zeile eins\nZeile zwei\n\n",
    " blanks around ",
    "=1+1, 'single', \\back\\slash \\n \\.",
    "Ünïcödé 東京 🦉",
    "\\.",
    '"',
    ",",
    "NULL",
    "\t",
    "#N/A is not a value",
    "#N/A",
    "one\r\ntwo",
)


@pytest.mark.parametrize("api", ["bulk", "composite"])
def test_any_text_arrives_as_it_is_by_either_way(practice: Practice, api: str) -> None:
    account = practice.add("accounts")
    keys = [
        practice.add("projects", account_id=account, start_date="2026-01-05", description=text)
        for text in TEXTS
    ]
    assert practice.sync(api=api).status == "finished"
    arrived = [practice.record("Opportunity", key)["Description"] for key in keys]
    known = {
        row["key"]: row["said"]
        for row in practice.rows("select key, payload ->> 'Description' as said from sync.record")
    }
    assert arrived == [known[key] for key in keys]
    practice.assert_same()


def test_a_row_that_csv_cannot_carry_goes_by_composite(practice: Practice) -> None:
    names = {"plain": "Plain", "null": "#N/A", "return": "a\rb", "long": "Long"}
    keys = {how: practice.add("accounts", company_name=name) for how, name in names.items()}
    projects = [
        practice.add("projects", account_id=key, start_date="2026-01-05",
                     description="x" * (32_000 if how == "long" else 10))
        for how, key in keys.items()
    ]  # fmt: skip
    assert practice.sync(api="bulk").status == "finished"
    assert bulk_jobs(practice) == [("account", "create", 2), ("opportunity", "create", 2)]
    assert practice.record("Account", keys["null"])["Name"] == "#N/A"
    assert len(practice.record("Opportunity", projects[3])["Description"]) == 32_000
    practice.assert_same()


def test_a_plan_is_cut_into_jobs_between_parents(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "MOST_ROWS", 5)
    for number in (3, 3, 7, 1):
        account = practice.add("accounts")
        for _ in range(number):
            practice.add("projects", account_id=account, start_date="2026-01-05")
    assert practice.sync(api="bulk").status == "finished"
    sizes = [rows for name, _, rows in bulk_jobs(practice) if name == "opportunity"]
    assert sum(sizes) == 14
    assert max(sizes) <= 5
    practice.assert_same()


def test_a_plan_is_cut_into_jobs_by_size(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "MOST_BYTES", 50_000)
    account = practice.add("accounts")
    for _ in range(6):
        practice.add("projects", account_id=account, start_date="2026-01-05",
                     description="ü" * 10_000)  # fmt: skip
    assert practice.sync(api="bulk").status == "finished"
    uploads = [
        int(call.headers["content-length"]) for call in practice.org.calls if call.method == "PUT"
    ]
    assert len(uploads) == 1 + 3, "one job of accounts, three of projects"
    assert max(uploads) <= 50_000
    practice.assert_same()


def test_a_dry_run_says_which_way_rows_go_and_what_it_takes(practice: Practice) -> None:
    practice.more = {"bulk_above": 3}
    fill(practice)
    with practice.planned() as report:
        ways = {(way.mapping, way.action): (way.rows, way.api) for way in report.ways}
        assert ways["account", "create"] == (5, "bulk")
        assert ways["lead", "create"] == (2, "composite")
        told = report.calls
    assert practice.sync().calls <= told + 5, "besides what it looks up"
    with practice.planned(api="bulk", resend=True) as report:
        assert {way.api for way in report.ways} == {"bulk"}
    with practice.planned(api="composite", resend=True) as report:
        assert {way.api for way in report.ways} == {"composite"}
        assert report.calls == 1


def test_a_job_is_forgotten_with_the_history_of_its_time(practice: Practice) -> None:
    practice.add("accounts")
    practice.sync(api="bulk")
    practice.connection.execute("update sync.job set created_at = now() - interval '399 days'")
    practice.sync()
    assert len(bulk_jobs(practice)) == 1
    practice.connection.execute("update sync.job set created_at = now() - interval '401 days'")
    practice.sync()
    assert bulk_jobs(practice) == []
