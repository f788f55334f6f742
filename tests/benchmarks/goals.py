"""What was to be reached, and whether it was. Where it was not, a profile says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.benchmarks import peers
from tests.benchmarks.cases import (
    BARE_SQL,
    BARE_WRITES,
    FIRST,
    FLOOR,
    FULL,
    NOTHING,
    OURS,
    changed_case,
    changed_counts,
)
from tests.benchmarks.figures import Figure

MEMORY = 250
ALIKE = 1.15
"""Two measurements of the same thing differ by so much on a quiet machine."""

INDEPENDENT = 1.5
"""Ten times the rows may show so much in a time of half a second."""


@dataclass(frozen=True)
class Goal:
    """`is_reached` is None where this run did not measure it."""

    what: str
    measured: str
    is_reached: bool | None
    why: str = ""


class Table:
    """Figures by case, who and size."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self._found = {(f.case, f.who, f.size): f for f in figures}
        self.sizes = sorted({f.size for f in figures})
        self.largest = self.sizes[-1]

    def get(self, case: str, who: str, size: int | None = None) -> Figure | None:
        return self._found.get((case, who, size or self.largest))

    def cases(self, size: int) -> list[str]:
        """The cases of a size, in the order of measuring."""
        return list(dict.fromkeys(case for case, _, at in self._found if at == size))

    def whos(self, case: str, size: int) -> list[Figure]:
        return [f for (c, _, at), f in self._found.items() if c == case and at == size]


def goals(table: Table) -> list[Goal]:
    """Every goal, in the order of the document."""
    found: list[Goal] = []
    for judge in (_nothing, _changed, _floor, _sending, _full, _memory, _growth):
        found += judge(table)
    return found


def top_parts(figure: Figure, count: int = 3) -> str:
    """Where most of the time went, in words."""
    parts = sorted(figure.parts.items(), key=lambda p: -p[1])[:count]
    return ", ".join(f"`{name}` {seconds:.1f} s" for name, seconds in parts)


def _nothing(table: Table) -> list[Goal]:
    ours = table.get(NOTHING, OURS)
    if ours is None:
        return []
    goal = _judged(
        "nothing changed: under 1 s beyond the start of the process",
        f"{ours.seconds:.2f} s", ours.seconds < 1, ours,
    )  # fmt: skip
    calls = Goal("nothing changed: no call beyond sign-in", f"{ours.calls} calls", ours.calls == 0)
    return [goal, calls, _between_sizes(
        table, "nothing changed: independent of the size of the table", NOTHING,
        lambda f: f.seconds, "s", lambda ratio, _: ratio <= INDEPENDENT,
    )]  # fmt: skip


def _changed(table: Table) -> list[Goal]:
    count = changed_counts(table.largest)[0]
    ours = table.get(changed_case(count), OURS)
    if ours is None:
        return []
    case = changed_case(count)
    return [
        _judged(f"{case}: under 5 s", f"{ours.seconds:.2f} s", ours.seconds < 5, ours),
        Goal(f"{case}: at most 10 calls", f"{ours.calls} calls", ours.calls <= 10),
    ]


def _floor(table: Table) -> list[Goal]:
    ours, floor = table.get(FIRST, OURS), table.get(FIRST, FLOOR)
    if ours is None or floor is None:
        return []
    ratio = ours.seconds / floor.seconds
    what = "first load: at most 4 times the floor"
    goal = _judged(what, f"{ratio:.1f} times", ratio <= 4, ours)
    if not goal.is_reached and (bare := table.get(FIRST, BARE_WRITES)):
        alone = bare.seconds / floor.seconds
        why = f"{goal.why} The floor remembers nothing: bare writes alone are {alone:.1f} floors."
        goal = replace(goal, why=why)
    return [goal]


def _sending(table: Table) -> list[Goal]:
    ours, peer = table.get(FIRST, OURS), table.get(FIRST, peers.SIMPLE_SALESFORCE)
    if ours is None or peer is None:
        return []
    ratio = ours.seconds / peer.parts["sending"]
    what = "first load: at most half the time that simple-salesforce's bulk2 takes for sending"
    return [_judged(what, f"{ratio:.2f} times", ratio <= 0.5, ours)]


def _full(table: Table) -> list[Goal]:
    ours, bare = table.get(FULL, OURS), table.get(FULL, BARE_SQL)
    if ours is None or bare is None:
        return []
    ratio = ours.seconds / bare.seconds
    what = "full compare, nothing changed: at most 1.5 times the bare SQL of the comparison"
    goal = _judged(what, f"{ratio:.1f} times", ratio <= 1.5, ours)
    if not goal.is_reached and bare.postgres_cpu > 1.3 * bare.seconds:
        why = (
            f"{goal.why} PostgreSQL ran the bare SQL on several cores, and an INSERT runs on one:"
            f" in processor time it is {ours.postgres_cpu:.1f} s against {bare.postgres_cpu:.1f} s."
        )
        goal = replace(goal, why=why)
    return [goal]


def _memory(table: Table) -> list[Goal]:
    ours = table.get(FIRST, OURS)
    if ours is None:
        return []
    largest = max(f.memory for f in _all_of_ours(table))
    return [
        Goal(f"peak memory: under {MEMORY} MB", f"{largest:.0f} MB", largest < MEMORY),
        _between_sizes(
            table, "peak memory of a first load: the same at each size", FIRST,
            lambda f: f.memory, "MB", lambda ratio, _: ratio <= ALIKE,
        ),
    ]  # fmt: skip


def _growth(table: Table) -> list[Goal]:
    found = [_between_sizes(
        table, "growth of a first load: 10 times the rows in at most 11 times the time", FIRST,
        lambda f: f.seconds, "s", lambda ratio, times: ratio <= 1.1 * times,
    )]  # fmt: skip
    counts = changed_counts(table.largest)
    figures = [table.get(changed_case(count), OURS) for count in counts]
    if len(figures) == 2 and figures[0] is not None and figures[1] is not None:
        ratio = figures[1].seconds / figures[0].seconds
        found.append(
            Goal(
                f"growth of {counts[0]:,} to {counts[1]:,} changed: at most 11 times the time",
                f"{ratio:.1f} times", ratio <= 11,
            )
        )  # fmt: skip
    return found


def _between_sizes(
    table: Table,
    what: str,
    case: str,
    value: Callable[[Figure], float],
    unit: str,
    holds: Callable[[float, float], bool],
) -> Goal:
    """A goal that compares the two largest sizes; `holds` takes the ratio, and that of the rows."""
    if len(table.sizes) < 2:
        return Goal(what, "one size was measured", None)
    pair = [table.get(case, OURS, size) for size in table.sizes[-2:]]
    if pair[0] is None or pair[1] is None:
        return Goal(what, "not measured", None)
    small, large = value(pair[0]), value(pair[1])
    ratio, times = large / small, pair[1].size / pair[0].size
    told = (
        f"{small:.2f} {unit} at {pair[0].size:,} rows, {large:.2f} {unit} at {pair[1].size:,}"
        f": {ratio:.1f} times"
    )
    return Goal(what, told, holds(ratio, times))


def _judged(what: str, measured: str, is_reached: bool, figure: Figure) -> Goal:
    why = "" if is_reached else f"Of {figure.seconds:.1f} s: {top_parts(figure)}."
    return Goal(what, measured, is_reached, why)


def _all_of_ours(table: Table) -> list[Figure]:
    return [
        f for size in table.sizes for case in table.cases(size)
        for f in table.whos(case, size) if f.who == OURS
    ]  # fmt: skip
