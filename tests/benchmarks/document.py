"""`docs/performance.md`: figures in, Markdown out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.benchmarks import peers
from tests.benchmarks.cases import BARE_SQL, BARE_WRITES, FIRST, FLOOR, FULL, NOTHING, OURS
from tests.benchmarks.figures import Figure
from tests.benchmarks.goals import Goal, Table, goals
from tests.benchmarks.machine import Machine
from tests.benchmarks.writers import WriterCost

PARTS = 12

_WHY = """
The floor and the other clients send each row once and forget it. Beyond that, a first load writes
every row six times, in tables with keys and indexes: as its mapping makes it, as decided, as
planned in the order of sending, as part of a job, as what Salesforce confirmed, and in the
history. That is what a run that may be killed at any moment, and one that sends only what
changed, rest upon:

"""
_PARTS = {
    "making each row, with its problems": ("insert into source_row", "analyze source_row", "due."),
    "deciding, and keeping the plan": ("plan.", "keep.", "analyze plan_row", "create or replace"),
    "jobs: cut, noted, written as CSV, sent": (
        "bulk.cut_piece", "bulk.clear", "bulk.mark", "bulk.note", "bulk.sent_fields", "bulk.close",
        "analyze piece", "copy (select", "HTTP",
    ),
    "results read, rows recorded": (
        "copy result", "analyze result", "analyze outcome", "bulk.", "push.", "drop table",
        "create temp table result",
    ),
}  # fmt: skip
_OTHER = "the rest"

_HEAD = """\
# Performance

What a sync costs on our side, apart from what Salesforce does with the rows. It is measured against
a sink: a server in a process of its own that signs in, describes and answers as the local org does,
and takes every row at once. Beside it, against the same sink in the same run:

- **floor**: the least that must be done: COPY to a file, upload of that file as a stream, COPY of
  the results back. It compares nothing and remembers nothing.
- **bare SQL**: what PostgreSQL needs to make every row and compare it with its record.
- **bare writes**: what PostgreSQL needs to make every row and write it once into a table like
  `sync.record` and once into one like `sync.history`.
- **simple-salesforce**: its bulk2 helper, with CSV files that are ready, told not to wait before it
  asks about a job; then it writes the results to a file.
- **sf**: `sf data upsert bulk` and its sisters, with the same files; its start is counted, and it
  asks about a job every five seconds.

Files of more than 90 MB go in pieces. The peers are told what to send; finding that out, and
remembering what came of it, is most of what crm-sync does.

    uv run python -m tests.benchmarks{arguments} --write

makes this page anew (`--clients DIR` adds sf; `--json` prints every figure).
"""


def write(machine: Machine, figures: Sequence[Figure], writers: Sequence[WriterCost]) -> str:
    """The whole page."""
    table = Table(figures)
    arguments = "".join(f" --rows {size}" for size in table.sizes)
    parts = [
        _HEAD.format(arguments=arguments),
        _machine(machine),
        "![Time and memory of a first load against rows](performance.svg)\n",
        _goals(goals(table), table.largest),
        *(_cases(table, size) for size in reversed(table.sizes)),
        _profile(table),
        _writers(writers),
    ]
    return "\n".join(part for part in parts if part)


def _machine(m: Machine) -> str:
    return (
        f"Measured on {m.date}: {m.cores} cores ({m.processor}), {m.memory_gigabytes} GB of memory,"
        f" {m.system}; PostgreSQL {m.postgresql}, embedded, with fsync off; Python {m.python};"
        f" load {m.load} at the beginning. Clients, database server and sink share the cores.\n"
    )


def _goals(found: Iterable[Goal], size: int) -> str:
    words = {True: "reached", False: "**not reached**", None: "not measured"}
    rows = [
        (goal.what, goal.measured, " ".join((words[goal.is_reached], goal.why)).strip())
        for goal in found
    ]
    return f"## Goals, at {size:,} projects\n\n" + _table(("goal", "measured", ""), "lll", rows)


def _cases(table: Table, size: int) -> str:
    heads = ("case", "who", "time", "times floor", "rows/s", "CPU", "PostgreSQL", "sink", "memory",
             "calls", "MB sent", "MB back")  # fmt: skip
    rows = []
    for case in table.cases(size):
        for figure in table.whos(case, size):
            shown = case if figure.who == table.whos(case, size)[0].who else ""
            rows.append((shown, figure.who, *_figure(figure, table.get(case, FLOOR, size))))
    return (
        f"## Every case, at {size:,} projects\n\n"
        + _table(heads, "llrrrrrrrrrr", rows)
        + "\nTime in seconds without the start of the process, but with it for sf; CPU in seconds"
        " of the process itself, its start included, of PostgreSQL and of the sink; memory is the"
        f" process's peak. {_start(table, size)}\n\n" + _ratios(table, size)
    )


def _start(table: Table, size: int) -> str:
    ours = table.get(NOTHING, OURS, size)
    return f"crm-sync starts in {ours.wall - ours.seconds:.1f} s." if ours else ""


def _figure(figure: Figure, floor: Figure | None) -> tuple[str, ...]:
    rate = (figure.rows + figure.refused) / figure.seconds
    ratio = f"{figure.seconds / floor.seconds:.1f}" if floor else ""
    if figure.who in (BARE_SQL, BARE_WRITES):
        return (f"{figure.seconds:.2f}", ratio, "", "", f"{figure.postgres_cpu:.1f}", *[""] * 5)
    return (
        f"{figure.seconds:.2f}", ratio, f"{rate:,.0f}" if rate else "", f"{figure.cpu:.1f}",
        f"{figure.postgres_cpu:.1f}", f"{figure.sink_cpu:.1f}", f"{figure.memory:.0f} MB",
        str(figure.calls), f"{figure.sent / 1e6:.1f}", f"{figure.received / 1e6:.1f}",
    )  # fmt: skip


def _ratios(table: Table, size: int) -> str:
    """Our time over that of each of the others; where they cannot know, over sending everything."""
    others = [w for w in (FLOOR, peers.SIMPLE_SALESFORCE, peers.SF) if table.get(FIRST, w, size)]
    rows = []
    for case in table.cases(size):
        ours = table.get(case, OURS, size)
        if ours is None:
            continue
        cells, knows = [], False
        for who in others:
            other = table.get(case, who, size)
            knows |= other is not None
            other = other or table.get(FIRST, who, size)
            cells.append(f"{ours.seconds / other.seconds:.2f}" if other else "")
        rows.append((case if knows else f"{case} (they send everything)", *cells))
    heads = ("crm-sync's time as a multiple of", *others)
    return _table(heads, "l" + "r" * len(others), rows)


def _profile(table: Table) -> str:
    text = f"## Where the time goes, at {table.largest:,} projects\n"
    for case in (FIRST, FULL):
        figure = table.get(case, OURS)
        if figure is None:
            continue
        parts = sorted(figure.parts.items(), key=lambda p: -p[1])[:PARTS]
        rows = [
            (f"`{name}`", f"{seconds:.2f}", f"{seconds / figure.seconds:.0%}")
            for name, seconds in parts
        ]
        text += (
            f"\n{case.capitalize()}, {figure.seconds:.2f} s; a step is a block of SQL"
            " (`file.block`), a COPY or a request:\n\n"
            + _table(("step", "seconds", "share"), "lrr", rows)
        )
        if case == FIRST:
            text += _WHY + _table(("part", "seconds", "share"), "lrr", _shares(figure))
    return text


def _shares(figure: Figure) -> Iterable[tuple[str, str, str]]:
    """The seconds of a first load by what they are for."""
    spent = dict.fromkeys((*_PARTS, _OTHER), 0.0)
    for name, seconds in figure.parts.items():
        spent[next((what for what, begin in _PARTS.items() if name.startswith(begin)), _OTHER)] += (
            seconds
        )
    spent[_OTHER] += figure.seconds - sum(spent.values())
    for what, seconds in spent.items():
        yield what, f"{seconds:.2f}", f"{seconds / figure.seconds:.0%}"


def _writers(costs: Sequence[WriterCost]) -> str:
    rows = [
        (cost.what, f"{cost.without:.3f}", f"{cost.with_triggers:.3f}", f"{cost.ratio:.2f}")
        for cost in costs
    ]
    return (
        "## What the change triggers cost those who write\n\n"
        "The same writes to `accounts`, which has the fewest other triggers, without and with those"
        " that note changes. Medians of five rounds, in seconds.\n\n"
        + _table(("write", "without", "with", "ratio"), "lrrr", rows)
    )


def _table(heads: Sequence[str], sides: str, rows: Iterable[Sequence[str]]) -> str:
    marks = ["---:" if side == "r" else "---" for side in sides]
    lines = [heads, marks, *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
