"""What sending a plan takes: API calls, time, which API; and what the run before took.

In: a `PlanReport`. Out: sentences, and one `ObjectCost` for each mapping.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_sync.report.headline import counted, duration, listed
from crm_sync.report.model import PlanReport, Way
from crm_sync.report.values import NOTHING, written

__all__ = ["ObjectCost", "calls_to_send", "costs", "former_run"]

APIS = {"composite": "Composite", "bulk": "Bulk API 2.0"}
DONE = {"create": "created", "update": "changed", "delete": "deleted"}
SHARED = "Several at once"
"""The line of calls that carry rows of several objects."""
OPEN = ("refused", "unknown", "blocked", "invalid", "held")


@dataclass(frozen=True)
class ObjectCost:
    """What one mapping's rows take. `calls` carry rows of it alone; those that carry rows of
    several mappings are a line of their own (`SHARED`), so that calls and times sum up to what
    sending takes. `former`: what became of its rows in the run before, or nothing where there was
    none.
    """

    mapping: str
    object: str
    apis: str
    calls: int
    time: str
    former: str


def costs(report: PlanReport) -> tuple[ObjectCost, ...]:
    """One for each mapping that has something to send, or had in the run before; and one for the
    calls that mappings share.
    """
    found: list[ObjectCost] = []
    for summary in report.summaries:
        ways = [way for way in report.ways if way.mapping == summary.mapping]
        former = ""
        if report.former:
            former = _outcomes([report.former.counts.get(summary.mapping, {})])
        if ways or former:
            bulk = [way for way in ways if way.api == "bulk"]
            own = report.own_calls.get(summary.mapping, 0)
            calls = own + sum(way.calls for way in bulk)
            seconds = own * _a_call(ways) + sum(way.seconds for way in bulk)
            time = about(seconds) if calls else ""
            found.append(
                ObjectCost(summary.mapping, summary.object, _apis(ways), calls, time, former)
            )
    if report.shared_calls:
        time = about(report.shared_calls * _a_call(report.ways))
        found.append(ObjectCost("", SHARED, APIS["composite"], report.shared_calls, time, NOTHING))
    return tuple(found)


def _a_call(ways: Iterable[Way]) -> float:
    """About the seconds of one Composite call."""
    return next((w.seconds / w.calls for w in ways if w.api == "composite" and w.calls), 0.0)


def former_run(report: PlanReport) -> str:
    """`The run before (12, on 25 Nov 2026, 09:12 UTC): 3 created and 1 refused; 2 API calls, 4 s.`,
    or that there was none.
    """
    run = report.former
    if run is None:
        return "No run has ended in this org yet."
    when = written(run.ended_at.replace(microsecond=0).isoformat(), "datetime")
    said = _outcomes(list(run.counts.values())) or "nothing was sent"
    status = "" if run.status == "finished" else f", {run.status}"
    took = f"{counted(run.calls, 'API call')}, {duration(run.seconds)}"
    return f"The run before ({run.run_number}, on {when}{status}): {said}; {took}."


def about(seconds: float) -> str:
    """A guess in words: `about 5 s`, `about 3 min`."""
    if seconds >= 60:
        return f"about {round(seconds / 60):,} min"
    return f"about {max(1, round(seconds))} s"


def _apis(ways: list[Way]) -> str:
    """`Composite`; `Bulk API 2.0 (create), Composite (update)` where actions go different ways."""
    names = list(dict.fromkeys(way.api for way in ways))
    if len(names) <= 1:
        return "".join(APIS.get(name, name) for name in names)
    return ", ".join(
        f"{APIS.get(name, name)} ({', '.join(way.action for way in ways if way.api == name)})"
        for name in names
    )


def _outcomes(counts: list[dict[str, int]]) -> str:
    """`3 created, 1 changed and 1 refused`, or nothing."""
    numbers = {
        said: sum(count.get(name, 0) for count in counts)
        for name, said in (*DONE.items(), *((state, state) for state in OPEN), ("planned", "left"))
    }
    parts = [f"{number:,} {said}" for said, number in numbers.items() if number]
    return listed(parts) if parts else ""


def calls_to_send(report: PlanReport) -> str:
    """How many API calls carry the plan. Reading on the way there is not among them: fields that
    are described afresh, records and owners that are looked up.
    """
    if not report.calls:
        return "No API call is needed to send this."
    bulk = [
        f"{way.mapping} ({counted(way.rows, way.action)})"
        for way in report.ways
        if way.api == "bulk"
    ]
    needs = "is needed" if report.calls == 1 else "are needed"
    about = "About " if bulk else ""
    said = f"{about}{counted(report.calls, 'API call')} {needs} to send this, besides what a run "
    said += "looks up."
    if bulk:
        said += f" By Bulk API 2.0: {listed(bulk)}."
    if report.seconds >= 60:
        said += f" Salesforce may take about {counted(round(report.seconds / 60), 'minute')}."
    return " ".join(part for part in (said, _room(report)) if part)


def _room(report: PlanReport) -> str:
    """Whether the calls fit into what a run may make, or nothing where nobody knows a bound."""
    room, bounds = report.room, []
    if room.left is None:
        return ""
    if room.most is not None:
        bounds.append(f"a run may make {room.most:,}")
    if room.used is not None and room.allowed is not None:
        kept = f", {room.reserve:,} are left to others" if room.reserve else ""
        bounds.append(f"of the org's {room.allowed:,} a day {room.used:,} are used{kept}")
    why = "; ".join(bounds)
    if report.calls <= room.left:
        return f"That fits: {why}."
    goes = f"stops after {counted(room.left, 'call')}" if room.left else "sends nothing now"
    return f"That does not fit: {why}. A sync {goes}, and a later one continues."
