"""What a Bulk job must not make wrong around it: locks, a bound of calls, new names, status."""

from __future__ import annotations

import pytest

from crm_sync.salesforce.bulk import JobInfo
from crm_sync.sync import bulk, overview, pieces
from crm_sync.sync.bulk import AT_ONCE
from crm_sync.sync.errors import Ended
from tests.integration.sync.practice import Practice
from tests.integration.sync.test_bulk_trouble import interrupted, many

MANY = 60_000


@pytest.mark.parametrize("on_delete", ["delete", "set: {Description: gone}"])
def test_rows_of_one_parent_that_leave_are_never_in_two_jobs_at_work(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, on_delete: str
) -> None:
    file = practice.mappings / "opportunity.yaml"
    text = file.read_text().replace("on_delete: delete", f"on_delete: {{{on_delete}}}")
    file.write_text(text.replace("{delete}", "delete"))
    parents = [practice.add("accounts") for _ in range(4)]
    for account in parents:
        for _ in range(3):
            practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.sync()
    there = practice.rows("select key, payload ->> 'AccountId' as parent from sync.record")
    parent_of = {row["key"]: row["parent"] for row in there}
    practice.connection.execute("delete from projects")
    monkeypatch.setattr(pieces, "MOST_ROWS", 3)
    at_work: dict[str, set[str]] = {}
    most = 0
    close, ended = bulk._Sending._close, bulk._Sending._ended

    def watched_close(sending: bulk._Sending, ready: bulk._Running) -> None:
        nonlocal most
        keys = practice.rows("select key from sync.job_row where job_id = %s", ready.job.id)
        named = {parent_of[row["key"]] for row in keys}
        assert not any(named & others for others in at_work.values())
        at_work[ready.job.id] = named
        most = max(most, len(at_work))
        close(sending, ready)

    def watched_end(
        sending: bulk._Sending, running: list[bulk._Running]
    ) -> tuple[bulk._Running, JobInfo | None]:
        found = ended(sending, running)
        at_work.pop(found[0].job.id)
        return found

    monkeypatch.setattr(bulk._Sending, "_close", watched_close)
    monkeypatch.setattr(bulk._Sending, "_ended", watched_end)
    assert practice.sync(api="bulk", allow_deletions=True).status == "finished"
    assert 1 < most <= AT_ONCE  # jobs of different parents do work at once


def test_a_bound_that_a_job_never_fits_still_comes_to_an_end(practice: Practice) -> None:
    """One call reads what people edited, three make, fill and close a job; what it did is read by
    the next run all the same.
    """
    many(practice, 5)
    practice.sync()
    practice.connection.execute("update accounts set phone = 'x'")
    with pytest.raises(Ended):
        practice.sync(api="bulk", max_api_calls=4)
    for _ in range(3):
        try:
            report = practice.sync(api="bulk", max_api_calls=4)
        except Ended:
            continue
        assert report.status == "finished"
        break
    assert practice.open_rows() == {}
    practice.assert_same()


def test_a_job_that_was_not_deleted_at_salesforce_stops_no_run(practice: Practice) -> None:
    many(practice, 5)
    practice.sync()
    practice.connection.execute("update accounts set phone = 'y'")
    whole = practice.sync(api="bulk").calls
    practice.connection.execute("update accounts set phone = 'z'")
    report = practice.sync(api="bulk", max_api_calls=whole - 1)
    assert (report.status, practice.count(report, "account").update) == ("finished", 5)
    practice.assert_same()


def test_what_salesforce_took_along_is_forgotten_though_the_mapping_has_a_new_name(
    practice: Practice,
) -> None:
    kept = practice.mappings / "opportunity.yaml"
    kept.write_text(kept.read_text().replace("on_delete: delete", "on_delete: ignore"))
    account, _ = practice.add("accounts"), practice.add("accounts")
    project = practice.add("projects", account_id=account, start_date="2026-01-05")
    practice.sync()
    practice.remove("projects", project)
    practice.remove("accounts", account)
    interrupted(practice, allow_deletions=True)
    practice.org.faults.clear()
    former = practice.mappings / "account.yaml"
    (practice.mappings / "client.yaml").write_text(former.read_text() + "formerly: account\n")
    former.unlink()
    for file in practice.mappings.glob("*.yaml"):
        file.write_text(file.read_text().replace("mapping: account", "mapping: client"))
    practice.sync(allow_deletions=True)
    assert practice.org.store.count("Opportunity") == 0
    assert practice.rows("select * from sync.record where key = %s", project) == []


def test_a_converted_lead_whose_row_went_unnoticed_leaves_no_values(practice: Practice) -> None:
    key = practice.add("leads", last_name="Secret")
    practice.add("leads", last_name="Other")
    practice.sync()
    practice.connection.execute("update sync.record set state = 'converted' where key = %s", [key])
    practice.connection.execute("alter table leads disable trigger user")
    practice.remove("leads", key)
    practice.connection.execute("alter table leads enable trigger user")
    practice.sync(full=True)
    assert practice.rows("select * from sync.record where key = %s", key) == []
    said = practice.rows("select * from sync.history where key = %s", key)
    assert [row for row in said if row["after"] or row["before"]] == []


def test_status_counts_a_large_job_though_nobody_analyzed_its_tables(practice: Practice) -> None:
    """A join of plan and job_row took minutes: a nested loop of all with all."""
    many(practice, 3)
    interrupted(practice)
    names = [
        row["name"]
        for row in practice.rows(
            "select attname as name from pg_attribute where attrelid = 'sync.plan'::regclass"
            " and attnum > 0 and not attisdropped order by attnum"
        )
    ]
    changed = {"key": "'k' || n", "position": "p.position + n"}
    wanted = ", ".join(changed.get(name, f"p.{name}") for name in names)
    practice.connection.execute(
        f"insert into sync.plan ({', '.join(names)}) select {wanted}"
        f" from (select * from sync.plan limit 1) p, generate_series(1, {MANY}) n".encode()
    )
    practice.connection.execute(
        f"insert into sync.job_row (org_id, job_id, key, position)"
        f" select j.org_id, j.job_id, 'k' || n, n"
        f" from sync.job j, generate_series(1, {MANY // 2}) n".encode()
    )
    practice.connection.execute("set statement_timeout = '20s'")
    (known,) = overview.orgs(practice.connection, target=None)
    account = next(m for m in known.mappings if m.mapping == "account")
    assert account.open == {"planned": MANY // 2, "sending": MANY // 2 + 3}
    health = practice.rows(
        "select state, row_count from analytics.sync_health"
        " where mapping = 'account' order by state"
    )
    assert [tuple(row.values()) for row in health] == [
        ("planned", MANY // 2),
        ("sending", MANY // 2 + 3),
    ]
