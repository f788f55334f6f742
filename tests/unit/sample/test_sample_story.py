"""The facts that the story of the sample promises, computed from the rows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from crm_sync.sample import SampleData, SampleRow, generate, story

TODAY = date(2026, 11, 24)
CONTRACTED = ("active", "on_hold", "completed")
ANY_DAY = st.dates(date(1990, 1, 1), date(2150, 12, 31))


def row_of(data: SampleData, table: str, key: object) -> SampleRow:
    (row,) = [row for row in data[table] if row["id"] == key]
    return row


def revenue(data: SampleData) -> Counter[object]:
    """Contracted revenue by account."""
    sums: Counter[object] = Counter()
    for row in data["projects"]:
        if row["project_status"] in CONTRACTED:
            sums[row["account_id"]] += cast(Decimal, row["contract_value"] or Decimal(0))  # type: ignore[assignment]
    return sums


def last_contacts(data: SampleData) -> dict[object, datetime]:
    """The last talk with each account, on its projects and as a lead included."""
    account_of = {row["id"]: row["account_id"] for row in data["projects"]}
    account_of |= {row["id"]: row["converted_account_id"] for row in data["leads"]}
    account_of |= {row["id"]: row["id"] for row in data["accounts"]}
    newest: dict[object, datetime] = {}
    for row in data["activities"]:
        account = account_of[row["lead_id"] or row["account_id"] or row["project_id"]]
        spoken = row["activity_type"] in ("call", "email", "meeting")
        if spoken and row["completed"] and account is not None:
            moment = cast(datetime, row["occurred_at"])
            newest[account] = max(moment, newest.get(account, moment))
    return newest


def test_two_clients_make_half_of_the_contracted_revenue() -> None:
    sums = revenue(generate(TODAY))
    assert [key for key, _ in sums.most_common(2)] == [story.BIGGEST_CLIENT, story.SECOND_CLIENT]
    share = (sums[story.BIGGEST_CLIENT] + sums[story.SECOND_CLIENT]) / sums.total()
    assert 0.499 < share < 0.501


def test_the_revenue_is_that_of_four_consultants_in_three_years() -> None:
    assert 2_000_000 < revenue(generate(TODAY)).total() < 3_500_000


def test_a_third_of_the_closed_leads_were_won() -> None:
    statuses = Counter(row["lead_status"] for row in generate(TODAY)["leads"])
    assert 0.3 < statuses["won"] / (statuses["won"] + statuses["lost"]) < 0.4


@given(ANY_DAY)
@settings(max_examples=20, deadline=None)
def test_the_third_biggest_client_has_gone_quiet_and_no_other_active_one(today: date) -> None:
    data = generate(today)
    assert revenue(data).most_common(3)[2][0] == story.QUIET_CLIENT
    assert row_of(data, "accounts", story.QUIET_CLIENT)["account_status"] == "active"
    now = datetime(today.year, today.month, today.day, tzinfo=UTC)
    silence = {key: now - moment for key, moment in last_contacts(data).items()}
    assert silence[story.QUIET_CLIENT] > timedelta(days=180)
    for row in data["accounts"]:
        if row["id"] == story.QUIET_CLIENT:
            continue
        if row["account_status"] == "active":
            assert silence[row["id"]] <= timedelta(days=90), row["company_name"]
        else:
            assert silence[row["id"]] > timedelta(days=120), row["company_name"]


@given(ANY_DAY)
@settings(max_examples=20, deadline=None)
def test_one_project_is_overdue(today: date) -> None:
    overdue = [
        row["id"]
        for row in generate(today)["projects"]
        if row["project_status"] == "active" and row["end_date"] and row["end_date"] < today  # type: ignore[operator]
    ]
    assert overdue == [story.OVERDUE_PROJECT]


def test_one_project_made_a_loss_and_says_how_much() -> None:
    data = generate(TODAY)
    project = row_of(data, "projects", story.LOSS_MAKING_PROJECT)
    price, planned, worked = Decimal("38400.00"), 32 * Decimal(620), 71 * Decimal(620)
    assert project["contract_value"] == price
    assert project["project_status"] == "completed"
    for figure in (price, planned, worked, worked - price, price - planned):
        assert f"{figure:,.2f}" in str(project["description"])


def test_one_won_lead_waits_for_its_account() -> None:
    data = generate(TODAY)
    waiting = [
        row for row in data["leads"]
        if row["lead_status"] == "won" and row["converted_account_id"] is None
    ]  # fmt: skip
    assert [row["id"] for row in waiting] == [story.WAITING_LEAD]
    names = {str(row["company_name"]).strip().lower() for row in data["accounts"]}
    assert str(waiting[0]["company_name"]).lower() not in names, "it would join that account"


def test_converted_leads_carry_the_name_of_their_account() -> None:
    data = generate(TODAY)
    names = {row["id"]: row["company_name"] for row in data["accounts"]}
    converted = [row for row in data["leads"] if row["converted_account_id"]]
    assert len(converted) == 43
    assert all(row["company_name"] == names[row["converted_account_id"]] for row in converted)


def test_the_named_rows_are_as_their_names_say() -> None:
    data = generate(TODAY)
    assert [r["id"] for r in data["leads"] if not r["last_name"]] == [story.LEAD_WITHOUT_LAST_NAME]
    assert row_of(data, "leads", story.LEAD_WITH_LONG_COMPANY)["lead_status"] == "new"
    endless = row_of(data, "projects", story.PROJECT_WITHOUT_END)
    assert (endless["end_date"], endless["project_status"]) == (None, "active")
    timeless = [
        row["id"]
        for row in data["activities"]
        if row["activity_type"] == "meeting" and row["duration_minutes"] is None
    ]
    assert timeless == [story.MEETING_WITHOUT_DURATION]
    long_name = row_of(data, "projects", story.PROJECT_WITH_LONG_NAME)
    client = row_of(data, "accounts", long_name["account_id"])
    assert len(f"{client['company_name']} - {long_name['project_name']}") > 120


def test_some_accounts_have_no_project() -> None:
    data = generate(TODAY)
    with_project = {row["account_id"] for row in data["projects"]}
    assert sum(row["id"] not in with_project for row in data["accounts"]) == 7
