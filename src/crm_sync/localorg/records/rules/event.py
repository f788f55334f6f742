"""Event: its times (D, Event, where not marked otherwise).

A timed event needs a start (StartDateTime or ActivityDateTime, equal if both are given) and an end
(DurationInMinutes or EndDateTime, agreeing if both are given); an all-day event needs a day and
lasts one day unless told otherwise. Days are counted in UTC (U: Salesforce takes the user's zone).
More than 1,440 minutes needs "multiday events", which this org has off unless told; with them an
event lasts at most 14 days (3; the sentence U).
"""

from datetime import datetime, timedelta

from crm_sync.localorg.errors import RowError, required_missing
from crm_sync.localorg.records import values
from crm_sync.localorg.records.rules.activity import check_relations, fill_accounts
from crm_sync.localorg.records.rules.change import Change
from crm_sync.localorg.records.store import Record, Store

DAY = 1440
LONGEST = 14 * DAY
END_FIELD_NAMED_FROM = 39.0


def apply(change: Change) -> None:
    check_relations(change)
    new = change.new
    if new.get("IsPrivate") and (new.get("WhoId") or new.get("WhatId")):
        raise _refusal("Private events cannot be related to other records: Private", ["IsPrivate"])
    start = _all_day_start(change) if new.get("IsAllDayEvent") else _timed_start(change)
    duration = _duration(change, start)
    most = LONGEST if change.multiday_events else DAY
    if not 0 <= duration <= most:
        # 3, riva knowledge base.
        raise _refusal(
            f"Duration must be between 0 and {most} minutes: Duration", ["DurationInMinutes"]
        )
    is_all_day = bool(new.get("IsAllDayEvent"))
    # An all-day event ends on the midnight with which its last day begins (U).
    end = start if is_all_day else start + timedelta(minutes=duration)
    new["StartDateTime"] = new["ActivityDateTime"] = values.format_datetime(start)
    new["EndDateTime"] = values.format_datetime(end)
    new["DurationInMinutes"] = duration
    new["ActivityDate"] = start.date().isoformat()
    new["EndDate"] = end.date().isoformat()
    new["GroupEventType"] = new.get("GroupEventType") or "0"


def complete(store: Store, records: list[Record]) -> None:
    fill_accounts(store, records)


def _timed_start(change: Change) -> datetime:
    given = [change.new.get(n) for n in _starts(change) if change.new.get(n)]
    if not given:
        raise required_missing(["ActivityDateTime"])  # R, jsforce issue 217
    if given[0] != given[-1]:
        raise _refusal(
            "Start Date Time and Due Date Time must be equal: Start Date Time",
            ["StartDateTime", "ActivityDateTime"],
        )
    return _moment(given[0])


def _starts(change: Change) -> list[str]:
    """The start fields that count: in an update a given one overrides the stored other."""
    names = ["StartDateTime", "ActivityDateTime"]
    return [n for n in names if n in change.given] or names


def _all_day_start(change: Change) -> datetime:
    if "ActivityDate" in change.given and change.new.get("ActivityDate"):
        day = str(change.new["ActivityDate"])
        starts = [n for n in ("StartDateTime", "ActivityDateTime") if n in change.given]
        if any(change.new.get(n) and str(change.new[n])[:10] != day for n in starts):
            raise _refusal(
                "Start Date Time must be on the day of Due Date Only: Start Date Time",
                ["StartDateTime", "ActivityDate"],
            )
    else:
        times = [change.new.get(n) for n in _starts(change) if change.new.get(n)]
        if not times:
            raise required_missing(["ActivityDateTime"])
        day = str(times[0])[:10]
    return _moment(f"{day}T00:00:00.000+0000")


def _duration(change: Change, start: datetime) -> int:
    new = change.new
    is_all_day = bool(new.get("IsAllDayEvent"))
    given_end = new.get("EndDateTime") if "EndDateTime" in change.given else None
    given_minutes = new.get("DurationInMinutes") if "DurationInMinutes" in change.given else None
    if is_all_day:
        return DAY if given_minutes is None else int(given_minutes)
    if given_end is not None:
        minutes = int((_moment(given_end) - start).total_seconds() // 60)
        if given_minutes is not None and given_minutes != minutes:
            raise _refusal(
                "Duration and End Date Time do not agree: Duration",
                ["DurationInMinutes", "EndDateTime"],
            )
        return minutes
    if given_minutes is not None:
        return int(given_minutes)
    stored = None if change.old is None else change.old.get("DurationInMinutes")
    if stored is None or {"EndDateTime", "DurationInMinutes"} & change.given:
        names_end = change.api_version >= END_FIELD_NAMED_FROM
        raise required_missing(["EndDateTime" if names_end else "DurationInMinutes"])
    return int(stored)


def _moment(stored: object) -> datetime:
    moment = values.parse_datetime(str(stored))
    if moment is None:
        raise ValueError(f"not a stored datetime: {stored}")
    return moment


def _refusal(message: str, fields: list[str]) -> RowError:
    return RowError("FIELD_INTEGRITY_EXCEPTION", message, fields)
