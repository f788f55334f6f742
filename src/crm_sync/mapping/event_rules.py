"""Rules of an Event's times (Object Reference, Event): they span several fields.

A timed event has a start, and a duration or an end; an all-day event has a day. `refusals.py` says
of each rule who says so. What Salesforce makes of an update that moves one of two times is not
known, so only two that are sent together can disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg import sql

from crm_sync.mapping import refusals
from crm_sync.mapping.model import Mapping
from crm_sync.mapping.saying import Say, both
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["ALL_DAY", "DAY", "ENDS", "STARTS", "event_problems"]

STARTS = ("ActivityDateTime", "StartDateTime")
ENDS = ("DurationInMinutes", "EndDateTime")
DAY = "ActivityDate"
ALL_DAY = "IsAllDayEvent"
_MOST_MINUTES = 14 * 1440


def event_problems(mapping: Mapping, facts: ObjectFacts) -> Iterable[sql.Composable]:
    """One CASE per rule that the times of an event can break; none for other objects."""
    if facts.name == "Event":
        names = [n for n in mapping.fields if n in facts.fields]
        yield from _start_problems(mapping, names)
        yield from _end_problems(mapping, names)
        yield from _private_problem(mapping, names)


def _start_problems(mapping: Mapping, names: Sequence[str]) -> Iterable[sql.Composable]:
    starts = [n for n in STARTS if n in names]
    day = [n for n in (DAY,) if n in names]
    kinds = [(_timed(names), starts)]
    if ALL_DAY in names:
        kinds.append((_sent(ALL_DAY), [*day, *starts]))
    for when, given in kinds:
        if not _has_value(mapping, given):
            yield _say(mapping, given, STARTS[0])(
                refusals.NO_START,
                _all(when, _is_nothing(given)),
                f"An event needs a start, and {_sources(mapping, given)}.",
                f"Fill it, or map {STARTS[0]} in {mapping.name}.yaml.",
                sent=[*(given or STARTS), ALL_DAY],
            )
    if len(starts) == 2:
        yield _say(mapping, starts, STARTS[0])(
            refusals.TIMES_DISAGREE,
            _all(_timed(names), _differ(starts)),
            "StartDateTime and ActivityDateTime differ, and an event has one start.",
            f"Map one of them only in {mapping.name}.yaml.",
            together=starts,
        )
    for name in starts if ALL_DAY in names and day else ():
        yield _say(mapping, [name], name)(
            refusals.TIMES_DISAGREE,
            _all(
                _sent(ALL_DAY),
                sql.SQL("({} at time zone 'UTC')::date <> {}").format(_sent(name), _sent(DAY)),
            ),
            f"{name} is not on the day of {DAY}.",
            f"Map one of them only in {mapping.name}.yaml.",
            together=[name, DAY],
        )


def _end_problems(mapping: Mapping, names: Sequence[str]) -> Iterable[sql.Composable]:
    starts = [n for n in STARTS if n in names]
    given = [n for n in ENDS if n in names]
    if not _has_value(mapping, given):
        yield _say(mapping, given, ENDS[0])(
            refusals.NO_END,
            _all(_timed(names), _is_nothing(given)),
            f"A timed event needs a duration or an end, and {_sources(mapping, given)}.",
            f"Fill it, give it an if_null, or map {ENDS[0]} in {mapping.name}.yaml.",
            sent=[*(given or ENDS), ALL_DAY],
        )
    if "DurationInMinutes" in names:
        yield from _length_problems(mapping, "DurationInMinutes", _sent(ENDS[0]))
    if "EndDateTime" in names and starts:
        minutes = _minutes(starts)
        # An all-day event that names no duration lasts one day.
        yield from _length_problems(mapping, "EndDateTime", minutes, _timed(names))
        if "DurationInMinutes" in names:
            # Of two starts that differ it is not known which an update moves the event to.
            one_start = (
                sql.SQL("{} is not true").format(_differ(starts)) if len(starts) == 2 else None
            )
            yield _say(mapping, ["EndDateTime"], "EndDateTime")(
                refusals.TIMES_DISAGREE,
                _all(_timed(names), sql.SQL("{} <> {}").format(_sent(ENDS[0]), minutes), one_start),
                "The end is not the start and the duration.",
                f"Map DurationInMinutes or EndDateTime only in {mapping.name}.yaml.",
                together=given,
            )


def _differ(starts: Sequence[str]) -> sql.Composable:
    """Whether two moments differ as they are sent: to the second."""
    one, other = (_sent(name) for name in starts)
    return sql.SQL("(date_trunc('second', {}) <> date_trunc('second', {}))").format(one, other)


def _minutes(starts: Sequence[str]) -> sql.Composable:
    """From start to end, as sent: to the second. Null where one is no date that Salesforce takes,
    since PostgreSQL refuses to subtract some of those.
    """
    start = sql.SQL("coalesce({})").format(sql.SQL(", ").join(map(_sent, starts)))
    end = _sent("EndDateTime")
    return sql.SQL(
        "case when {0} between '1700-01-01 00:00Z' and '4001-01-01 00:00Z'"
        " and {1} between '1700-01-01 00:00Z' and '4001-01-01 00:00Z' then"
        " floor(extract(epoch from date_trunc('second', {1}) - date_trunc('second', {0})) / 60) end"
    ).format(start, end)


def _length_problems(
    mapping: Mapping, name: str, minutes: sql.Composable, when: sql.Composable | None = None
) -> Iterable[sql.Composable]:
    """How long an event may be, by the field that says it."""
    say = _say(mapping, [name], name)
    yield say(
        refusals.ENDS_BEFORE,
        _all(when, sql.SQL("{} < 0").format(minutes)),
        f"{say.subject} makes the event end before it begins.",
        f"Correct {say.origin}.",
        sent=[name],
    )
    yield say(
        refusals.LONGER_THAN_A_DAY,
        _all(when, sql.SQL("{} between 1441 and {}").format(minutes, sql.Literal(_MOST_MINUTES))),
        f"{say.subject} makes it longer than a day; Salesforce takes that only with multiday "
        "events enabled.",
        f"Shorten {say.origin}, or enable multiday events (Setup, Activity Settings).",
        sent=[name],
    )
    yield say(
        refusals.DAYS_TOO_LONG,
        _all(when, sql.SQL("{} > {}").format(minutes, sql.Literal(_MOST_MINUTES))),
        f"{say.subject} makes it longer than 14 days, which no event is in Salesforce.",
        f"Shorten {say.origin}, or make several events of it.",
        sent=[name],
    )


def _private_problem(mapping: Mapping, names: Sequence[str]) -> Iterable[sql.Composable]:
    related: list[sql.Composable] = [
        sql.SQL("value.{}::text").format(sql.Identifier(f"{name}.{number}"))
        for name in ("WhoId", "WhatId")
        if name in mapping.lookups
        for number in range(len(mapping.lookups[name].origins))
    ]
    related += [_sent(name) for name in ("WhoId", "WhatId") if name in names]
    if "IsPrivate" in names and related:
        yield _say(mapping, ["IsPrivate"], "IsPrivate")(
            refusals.PRIVATE,
            _all(
                _sent("IsPrivate"),
                sql.SQL("num_nonnulls({}) > 0").format(sql.SQL(", ").join(related)),
            ),
            "A private event cannot be related to another record.",
            f"Leave WhoId and WhatId of private events empty in {mapping.name}.yaml.",
            sent=["IsPrivate", "WhoId", "WhatId"],
        )


def _say(mapping: Mapping, given: Sequence[str], otherwise: str) -> Say:
    """Says a problem of the first of these fields, or of one that the mapping lacks."""
    name = given[0] if given else otherwise
    return Say(mapping, name, mapping.fields.get(name))


def _sources(mapping: Mapping, given: Sequence[str]) -> str:
    """What is empty, for a sentence."""
    if not given:
        return f"{mapping.name}.yaml gives none"
    named = [Say(mapping, n, mapping.fields[n]).source for n in given]
    return f"{' and '.join(named)} {'is' if len(named) == 1 else 'are'} empty"


def _sent(name: str) -> sql.Composable:
    return sql.SQL("sent.{}").format(sql.Identifier(name))


def _has_value(mapping: Mapping, given: Sequence[str]) -> bool:
    """Whether one of these fields is never empty, or says so itself."""
    rules = [mapping.fields[n] for n in given]
    return any(r.required or r.if_null is not None for r in rules)


def _timed(names: Sequence[str]) -> sql.Composable | None:
    """Whether the event has a time of day; None: every event of the mapping has."""
    is_timed = sql.SQL("{} is not true").format(_sent(ALL_DAY))
    return is_timed if ALL_DAY in names else None


def _is_nothing(given: Sequence[str]) -> sql.Composable | None:
    if not given:
        return None
    values = sql.SQL(", ").join(sql.SQL("{}::text").format(_sent(n)) for n in given)
    return sql.SQL("num_nonnulls({}) = 0").format(values)


def _all(*conditions: sql.Composable | None) -> sql.Composable:
    """What holds where every condition that there is holds."""
    given = [c for c in conditions if c is not None]
    return both(*given) if given else sql.SQL("true")
