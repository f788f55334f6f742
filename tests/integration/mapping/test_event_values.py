"""Events: what their times can be wrong in is found, and no time ends the plan."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from crm_sync.salesforce.describe import ObjectFacts
from tests.integration.mapping.described import field, thing
from tests.integration.mapping.planned import create_table, mapping, planned

Connection = psycopg.Connection[Any]
COLUMNS = "s timestamptz, t timestamptz, e timestamptz, n numeric, d date, a boolean"
FIELDS = {
    "ActivityDateTime": "s", "StartDateTime": "t", "EndDateTime": "e", "DurationInMinutes": "n",
    "ActivityDate": "d", "IsAllDayEvent": "a",
}  # fmt: skip
NINE, TEN = "2026-05-04 09:00Z", "2026-05-04 10:00Z"
MISSING, WRONG = "REQUIRED_FIELD_MISSING", "FIELD_INTEGRITY_EXCEPTION"
CASES: dict[str, tuple[tuple[Any, ...], set[tuple[str, str]]]] = {
    "timed": ((NINE, None, None, 60, None, None), set()),
    "an end instead": ((NINE, None, TEN, None, None, False), set()),
    "both, and they agree": ((NINE, NINE, TEN, 60, None, False), set()),
    "no start": ((None, None, None, 60, None, None), {("ActivityDateTime", MISSING)}),
    "a day is no start": ((None, None, None, 60, "2026-05-04", None),
                          {("ActivityDateTime", MISSING)}),
    "no end": ((NINE, None, None, None, None, None), {("DurationInMinutes", MISSING)}),
    "two starts": ((NINE, TEN, None, 60, None, None), {("ActivityDateTime", WRONG)}),
    "ends before": ((TEN, None, NINE, None, None, None), {("EndDateTime", WRONG)}),
    "negative": ((NINE, None, None, -1, None, None), {("DurationInMinutes", WRONG)}),
    "another end": ((NINE, None, TEN, 30, None, None), {("EndDateTime", WRONG)}),
    "a day and a minute": ((NINE, None, None, 1441, None, None),
                           {("DurationInMinutes", "EVENT_LONGER_THAN_A_DAY")}),
    "14 days": ((NINE, None, None, 20160, None, None),
                {("DurationInMinutes", "EVENT_LONGER_THAN_A_DAY")}),
    "more than 14 days": ((NINE, None, None, 20161, None, None), {("DurationInMinutes", WRONG)}),
    "to the second": ((f"{NINE[:-1]}:00.9Z", None, f"{TEN[:-1]}:00.1Z", 60, None, None), set()),
    "all day": ((None, None, None, None, "2026-05-04", True), set()),
    "all day from a time": ((NINE, None, None, None, "2026-05-04", True), set()),
    "all day without a day": ((None, None, None, None, None, True), {("ActivityDate", MISSING)}),
    "all day on another day": ((NINE, None, None, None, "2026-05-05", True),
                               {("ActivityDateTime", WRONG)}),
    "endless": (("infinity", None, "-infinity", None, None, None),
                {("ActivityDateTime", "DATE_OUT_OF_RANGE"), ("EndDateTime", "DATE_OUT_OF_RANGE")}),
    "as far apart as can be": (("294276-12-31 00:00Z", None, "4713-01-01 00:00Z BC", 1, None, None),
                               {("ActivityDateTime", "DATE_OUT_OF_RANGE"),
                                ("EndDateTime", "DATE_OUT_OF_RANGE")}),
    "no number": ((NINE, None, None, "NaN", None, None),
                  {("DurationInMinutes", "NUMBER_OUTSIDE_VALID_RANGE"),
                   ("DurationInMinutes", WRONG)}),
}  # fmt: skip


def test_what_is_wrong_with_an_events_times_is_found(
    connection: Connection, facts: dict[str, ObjectFacts]
) -> None:
    create_table(connection, COLUMNS)
    mapped = mapping(FIELDS, object="Event")
    rows = [row for row, _ in CASES.values()]
    found = planned(connection, mapped, facts["Event"], rows)
    for (name, (_, expected)), row in zip(CASES.items(), found, strict=True):
        assert row.problems == expected, name
        notes = {"EVENT_LONGER_THAN_A_DAY"}
        assert row.is_valid == ({code for _, code in expected} <= notes), name


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ActivityDateTime": "s"}, {("DurationInMinutes", MISSING)}),
        ({"DurationInMinutes": "n"}, {("ActivityDateTime", MISSING)}),
        ({"ActivityDateTime": "s", "DurationInMinutes": {"column": "n", "if_null": 60}},
         {("DurationInMinutes", "DEFAULT_SENT")}),
    ],
)  # fmt: skip
def test_a_mapping_that_lacks_a_time_is_told_of_each_row(
    connection: Connection,
    facts: dict[str, ObjectFacts],
    fields: dict[str, Any],
    expected: set[tuple[str, str]],
) -> None:
    create_table(connection, COLUMNS)
    rows = [(NINE, None, None, None if "ActivityDateTime" in fields else 60, None, None)]
    (row,) = planned(connection, mapping(fields, object="Event"), facts["Event"], rows)
    assert row.problems == expected


def test_other_objects_may_call_their_fields_so(connection: Connection) -> None:
    create_table(connection, COLUMNS)
    elsewhere = thing([field("DurationInMinutes", "int", digits=8)])
    mapped = mapping({"DurationInMinutes": "n"})
    (row,) = planned(connection, mapped, elsewhere, [(None, None, None, 99999, None, None)])
    assert row.problems == set()
