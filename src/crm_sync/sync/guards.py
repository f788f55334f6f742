"""What keeps a run from sending its plan unasked: too much that goes or changes, records that a
first load could double, rows of the sample, more than the org has room for.

In: a plan whose rows stand in `plan_row`, the target's bounds, and what the same run pushed before.
Out: a `Stop` for each reason, with the flag of `crm-sync sync` that lets the run pass. A sync
raises them, a dry run foretells them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crm_sync.errors import GuardStopped
from crm_sync.report.headline import counted, listed
from crm_sync.report.model import Org
from crm_sync.salesforce.client import Client
from crm_sync.sync.plan import FEW, Plan
from crm_sync.sync.room import WORTH_A_CALL, Room, room_for
from crm_sync.sync.sample_rows import sample_rows
from crm_sync.sync.scope import Scope

__all__ = ["Stop", "plan_room", "raise_stops", "stops"]

DELETIONS = 3
DELETIONS_SHARE = 0.10
CHANGES_SHARE = 0.20


@dataclass(frozen=True)
class Stop:
    """Why a plan is not sent. `option`: of `Options`, that lets it pass."""

    sentence: str
    mend: str
    option: str


def stops(
    scope: Scope,
    plan: Plan,
    client: Client,
    org: Org,
    earlier: Sequence[Plan] = (),
    *,
    room: Room | None = None,
) -> Iterator[Stop]:
    """Every reason. `earlier`: what the same run has pushed before; a bound is one for all its
    plans. `room`: where it was asked for already.
    """
    options = scope.options
    if not options.allow_deletions:
        yield from _deletions(plan, earlier)
    if not options.allow_changes:
        yield from _changes(plan, client, earlier)
    if not options.create_anyway:
        yield from _first_load(scope, plan)
    if org.kind == "local":
        return  # nobody's business is there, and what it tells of storage it need not keep to
    if not options.with_sample_data:
        yield from _sample_rows(scope, plan, org)
    if not options.ignore_storage:
        yield from _storage(room or plan_room(scope, plan, client))


def plan_room(scope: Scope, plan: Plan, client: Client) -> Room | None:
    """Room for what a plan creates, where that is worth a call."""
    objects = {m.name: m.object for m in scope.mappings}
    creates: Counter[str] = Counter()
    for name, counts in plan.counts.items():
        creates[objects[name]] += counts.rows.get("create", 0)
    return room_for(client, creates) if creates.total() >= WORTH_A_CALL else None


def raise_stops(found: Sequence[Stop]) -> None:
    """Raises GuardStopped where there is a reason."""
    if found:
        mends = dict.fromkeys(stop.mend for stop in found)
        raise GuardStopped(" ".join(stop.sentence for stop in found), " ".join(mends))


def _deletions(plan: Plan, earlier: Sequence[Plan]) -> Iterator[Stop]:
    """Counted are deletions, what Salesforce deletes along with them, and records that on_delete
    marks; a row that moves between siblings is not lost and does not count. The bound is the larger
    of 3 rows and 10 % of a mapping's records; an empty source always stops.
    """
    flag = "--allow-deletions"
    for name, counts in plan.counts.items():
        leaving = sum(p.leaving(name) for p in (*earlier, plan))
        recorded = max(p.counts[name].recorded for p in (*earlier, plan))
        if counts.is_empty and counts.recorded > 0 and counts.leaving > 0:
            yield Stop(
                f"The source of {name} is empty, and {counts.recorded:,} records would go.",
                f"If that is meant, run again with {flag}.",
                "allow_deletions",
            )
        elif leaving > max(DELETIONS, int(recorded * DELETIONS_SHARE)):
            yield Stop(
                f"{leaving:,} of {recorded:,} records of {name} would be deleted or marked.",
                _looked_at(flag),
                "allow_deletions",
            )


def _changes(plan: Plan, client: Client, earlier: Sequence[Plan]) -> Iterator[Stop]:
    """Counted are rows that would be created or changed and that no plan before had, once a first
    load is done (`Plan.changing`); also those that wait for a parent, since they go by themselves
    after it. The bound is the target's max_changes, else the larger of 500 rows and 20 % of a
    mapping's records.
    """
    most = client.target.max_changes
    for name in plan.counts:
        changing = sum(p.changing.get(name, 0) for p in (*earlier, plan))
        recorded = max(p.counts[name].recorded for p in (*earlier, plan))
        bound = max(FEW, int(recorded * CHANGES_SHARE)) if most is None else most
        if changing > bound:
            whose = "" if most is None else f", by max_changes of the target {client.name}"
            yield Stop(
                f"{changing:,} rows of {name} would be created or changed, and {bound:,} go "
                f"unasked{whose}.",
                _looked_at("--allow-changes"),
                "allow_changes",
            )


def _first_load(scope: Scope, plan: Plan) -> Iterator[Stop]:
    """A first load that would create beside records without our external ID: rows that are among
    them would be doubled.
    """
    counts = plan.without_key
    if not counts:
        return
    objects = {m.object: counts[m.name] for m in scope.mappings if m.name in counts}
    held = listed([f"{number:,} of {name}" for name, number in objects.items()])
    chosen = " ".join(f"--select {name}" for name in counts)
    yield Stop(
        f"This is the first load of {listed(list(counts))}, and the org holds records without our "
        f"external ID: {held}. Rows that are among them would be doubled.",
        f"Match them first: crm-sync adopt {chosen}. If none of them is ours, run again with "
        "--create-anyway.",
        "create_anyway",
    )


def _sample_rows(scope: Scope, plan: Plan, org: Org) -> Iterator[Stop]:
    """Rows of the sample that would be created or changed, by table; deleting them is no harm."""
    found = sample_rows(scope) if plan.to_send else {}
    if not found:
        return
    which = listed([f"{count:,} of {table}" for table, (count, _) in found.items()])
    rows = counted(sum(count for count, _ in found.values()), "row")
    waiting = sum(waits for _, waits in found.values())
    later = f" ({waiting:,} of them after a row that they wait for)" if waiting else ""
    yield Stop(
        f"{rows} of the sample data would go{later} to {org.name}, which is no local org: {which}.",
        "Remove them from the database (crm-sync db seed --remove), or, if they are to go there, "
        "run again with --with-sample-data.",
        "with_sample_data",
    )


def _storage(room: Room | None) -> Iterator[Stop]:
    if room is not None and not room.is_enough:
        yield Stop(
            room.sentence,
            "Make room in Salesforce, sync fewer rows (where, --select), or run again with "
            "--ignore-storage.",
            "ignore_storage",
        )


def _looked_at(flag: str) -> str:
    return f"Look at the dry run; if that is meant, run again with {flag}."
