"""The rows of the sample: the same every time, consistent, and safe to publish."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast

from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm_sync.sample import SampleData, SampleRow, generate, story
from crm_sync.sample.people import RESERVED_NUMBERS

TODAY = date(2026, 11, 24)
ANY_DAY = st.dates(date(1990, 1, 1), date(2150, 12, 31))
PARENTS = {"lead_id": "leads", "account_id": "accounts", "project_id": "projects"}

INDUSTRIES = {
    "Agriculture", "Apparel", "Banking", "Biotechnology", "Chemicals", "Communications",
    "Construction", "Consulting", "Education", "Electronics", "Energy", "Engineering",
    "Entertainment", "Environmental", "Finance", "Food & Beverage", "Government", "Healthcare",
    "Hospitality", "Insurance", "Machinery", "Manufacturing", "Media", "Not For Profit",
    "Recreation", "Retail", "Shipping", "Technology", "Telecommunications", "Transportation",
    "Utilities", "Other",
}  # fmt: skip
"""Salesforce's standard values of Industry (from a recorded describe of Account)."""

SOURCES = {"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"}
"""Salesforce's standard values of LeadSource (from a recorded describe of Lead)."""


def by_id(rows: list[SampleRow]) -> dict[object, SampleRow]:
    return {row["id"]: row for row in rows}


def at(row: SampleRow, column: str) -> datetime:
    return cast(datetime, row[column])


def texts_of(data: SampleData) -> list[str]:
    return [v for rows in data.values() for row in rows for v in row.values() if type(v) is str]


def test_the_same_day_gives_the_same_rows() -> None:
    assert generate(TODAY) == generate(TODAY)


def test_keys_texts_and_amounts_do_not_depend_on_the_day() -> None:
    def without_dates(data: SampleData) -> list[object]:
        rows = [row for table in data.values() for row in table]
        return [[v for v in row.values() if not isinstance(v, date)] for row in rows]

    assert without_dates(generate(TODAY)) == without_dates(generate(date(2031, 2, 3)))


def test_the_sample_has_the_promised_size() -> None:
    sizes = {table: len(rows) for table, rows in generate(TODAY).items()}
    assert (sizes["accounts"], sizes["leads"], sizes["projects"]) == (60, 180, 150)
    assert sizes["activities"] == 1200


def test_no_key_occurs_twice() -> None:
    for table, rows in generate(TODAY).items():
        assert len(by_id(rows)) == len(rows), table


def test_every_reference_leads_to_a_row() -> None:
    data = generate(TODAY)
    accounts = by_id(data["accounts"])
    assert all(row["account_id"] in accounts for row in data["projects"])
    assert all(row["converted_account_id"] in {None, *accounts} for row in data["leads"])
    for row in data["activities"]:
        set_keys = [column for column in PARENTS if row[column] is not None]
        assert len(set_keys) == 1
        assert row[set_keys[0]] in by_id(data[PARENTS[set_keys[0]]])


def test_every_status_occurs() -> None:
    data = generate(TODAY)
    assert {row["lead_status"] for row in data["leads"]} == {
        "new", "contacted", "qualified", "won", "lost",
    }  # fmt: skip
    assert {row["project_status"] for row in data["projects"]} == {
        "proposed", "active", "on_hold", "completed", "cancelled",
    }  # fmt: skip
    assert {row["account_status"] for row in data["accounts"]} == {"active", "dormant"}
    assert {row["activity_type"] for row in data["activities"]} == {
        "call", "email", "meeting", "work", "note",
    }  # fmt: skip


def test_industries_and_sources_are_values_of_salesforce() -> None:
    data = generate(TODAY)
    industries = {row["industry"] for table in ("accounts", "leads") for row in data[table]}
    assert industries == INDUSTRIES | {None}
    assert {row["lead_source"] for row in data["leads"]} == SOURCES | {None}


def test_email_addresses_are_at_example_domains_only() -> None:
    for text in texts_of(generate(TODAY)):
        for address in re.findall(r"\S*@\S*", text):
            assert re.fullmatch(r"[a-z0-9.]+@example\.(com|org|net)", address), address
            assert len(address) <= 80


def test_people_have_addresses_of_their_own() -> None:
    data = generate(TODAY)
    people = Counter(row["email"] for row in data["leads"] if row["email"])
    assert set(people.values()) == {1}


def test_telephone_numbers_are_from_ranges_kept_for_fiction() -> None:
    allowed = {
        form.format(number)
        for ranges in RESERVED_NUMBERS.values()
        for form, first, last in ranges
        for number in range(first, last + 1)
    }
    data = generate(TODAY)
    numbers = {row["phone"] for table in ("accounts", "leads") for row in data[table]} - {None}
    assert len(numbers) > 100
    assert numbers <= allowed


def test_no_number_hides_in_a_text() -> None:
    for table, column in (("activities", "notes"), ("projects", "description"), ("leads", "notes")):
        for row in generate(TODAY)[table]:
            assert not re.search(r"(\+\d|\d{7,})", str(row[column])), row


def test_web_addresses_are_at_example_com() -> None:
    data = generate(TODAY)
    sites = {row["website"] for table in ("accounts", "leads") for row in data[table]} - {None}
    assert all(re.fullmatch(r"https://[a-z0-9-]{1,63}\.example\.com", str(s)) for s in sites)


def test_difficult_values_are_there() -> None:
    everything = "\n".join(texts_of(generate(TODAY)))
    quotes = ("'", '"', "\N{RIGHT SINGLE QUOTATION MARK}", "„")
    for piece in (*quotes, "ü", "ß", "Ł", "🎉", "小林", "\n\n", "\\", "<", "&", "#N/A"):
        assert piece in everything, piece
    assert "\r" not in everything
    assert max(map(len, texts_of(generate(TODAY)))) > 700


def test_columns_that_may_be_null_are_null_somewhere() -> None:
    data = generate(TODAY)
    always = {
        "accounts": {"id", "company_name", "account_status", "owner_email"},
        "leads": {"id", "company_name", "lead_status"},
        "projects": {"id", "account_id", "project_name", "project_status", "start_date",
                     "owner_email"},
        "activities": {"id", "activity_type", "subject", "occurred_at", "completed"},
    }  # fmt: skip
    for table, columns in always.items():
        nullable = set(data[table][0]) - columns - {"created_at", "updated_at"}
        for column in nullable:
            assert any(row[column] is None for row in data[table]), f"{table}.{column}"
        for column in columns:
            assert all(row[column] is not None for row in data[table]), f"{table}.{column}"


def test_only_one_row_is_longer_than_salesforce_takes() -> None:
    limits = {
        ("accounts", "company_name"): 255, ("accounts", "website"): 255, ("accounts", "phone"): 40,
        ("accounts", "billing_street"): 255, ("accounts", "billing_city"): 40,
        ("accounts", "billing_state"): 80, ("accounts", "billing_postal_code"): 20,
        ("accounts", "billing_country"): 80, ("leads", "company_name"): 255,
        ("leads", "first_name"): 40, ("leads", "last_name"): 80, ("leads", "email"): 80,
        ("leads", "phone"): 40, ("leads", "title"): 128, ("leads", "website"): 255,
        ("leads", "notes"): 32000, ("projects", "project_name"): 120,
        ("projects", "description"): 32000, ("activities", "subject"): 255,
        ("activities", "notes"): 32000,
    }  # fmt: skip
    data = generate(TODAY)
    too_long = [
        (table, column, row["id"])
        for (table, column), limit in limits.items()
        for row in data[table]
        if len(str(row[column] or "")) > limit
    ]
    assert too_long == [("leads", "company_name", story.LEAD_WITH_LONG_COMPANY)]
    assert not [r for r in data["activities"] if r["lead_id"] == story.LEAD_WITH_LONG_COMPANY]


@given(ANY_DAY)
@example(date(2024, 2, 29))
@example(date(2028, 2, 29))
@example(date(2026, 8, 31))
@example(date(2026, 12, 31))
@example(date(2027, 1, 1))
@example(date(2026, 11, 29))  # a Sunday
@settings(max_examples=40, deadline=None)
def test_the_order_of_events_holds_on_any_day(today: date) -> None:
    data = generate(today)
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
    for rows in data.values():
        for row in rows:
            for column in {"created_at", "updated_at", "changed_at"} & set(row):
                assert midnight - timedelta(days=1200) < at(row, column) < midnight + timedelta(1)
    for table in ("accounts", "leads", "projects", "activities"):
        assert all(at(row, "created_at") <= at(row, "updated_at") for row in data[table])
    _statuses_end_where_the_row_stands(data["leads"], data["lead_status_changes"], "lead")
    _statuses_end_where_the_row_stands(data["projects"], data["project_status_changes"], "project")
    _parents_come_before_their_children(data)
    _what_happened_lies_in_the_past(data, midnight)


def _statuses_end_where_the_row_stands(
    rows: list[SampleRow], changes: list[SampleRow], name: str
) -> None:
    histories: dict[object, list[SampleRow]] = defaultdict(list)
    for change in changes:
        histories[change[f"{name}_id"]].append(change)
    assert set(histories) == set(by_id(rows))
    for row in rows:
        history = histories[row["id"]]
        moments = [at(change, "changed_at") for change in history]
        assert moments == sorted(set(moments))
        assert moments[0] == row["created_at"]
        olds = [change["old_status"] for change in history]
        news = [change["new_status"] for change in history]
        assert olds == [None, *news[:-1]]
        assert news[-1] == row[f"{name}_status"]
        assert moments[-1] <= at(row, "updated_at")


def _parents_come_before_their_children(data: SampleData) -> None:
    accounts = by_id(data["accounts"])
    for row in data["projects"]:
        assert at(accounts[row["account_id"]], "created_at") < at(row, "created_at")
        if row["end_date"] is not None:
            assert cast(date, row["start_date"]) < cast(date, row["end_date"])
    for row in data["activities"]:
        column = next(column for column in PARENTS if row[column] is not None)
        parent = by_id(data[PARENTS[column]])[row[column]]
        assert at(parent, "created_at") < min(at(row, "occurred_at"), at(row, "created_at"))
    for row in data["leads"]:
        if row["converted_account_id"] is not None:
            assert row["lead_status"] == "won"


def _what_happened_lies_in_the_past(data: SampleData, midnight: datetime) -> None:
    for row in data["activities"]:
        occurred = at(row, "occurred_at")
        assert occurred.isoweekday() <= 5
        if row["completed"]:
            assert occurred < midnight
            assert at(row, "created_at") < midnight
        end = occurred + timedelta(minutes=cast(int, row["duration_minutes"] or 0))
        assert (occurred.hour, occurred.minute) >= (7, 30)
        assert end.date() == occurred.date()
        if row["activity_type"] == "meeting":
            assert (end.hour, end.minute) <= (16, 0)
    planned = [row for row in data["activities"] if not row["completed"]]
    assert len(planned) == 44
    assert sum(at(row, "occurred_at") > midnight for row in planned) == 11
    assert all(row["due_date"] or at(row, "occurred_at") > midnight for row in planned)


@given(ANY_DAY)
@settings(max_examples=10, deadline=None)
def test_august_and_december_are_quiet(today: date) -> None:
    months = Counter(
        (at(row, "occurred_at").year, at(row, "occurred_at").month)
        for row in generate(today)["activities"]
        if row["completed"] and at(row, "occurred_at").date() < today - timedelta(days=31)
    )
    quiet = [count for (_, month), count in months.items() if month in (8, 12)]
    first_and_last = {min(months), max(months)}
    others = [c for k, c in months.items() if k[1] not in (8, 12) and k not in first_and_last]
    assert sum(quiet) / len(quiet) < 0.6 * sum(others) / len(others)


def test_amounts_have_two_places() -> None:
    for row in generate(TODAY)["projects"]:
        value = row["contract_value"]
        assert value is None or (isinstance(value, Decimal) and value.as_tuple().exponent == -2)
