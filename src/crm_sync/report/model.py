"""What a report says, apart from how it looks.

In: rows of a plan, read by `crm_sync.sync`. Out: these frozen classes, which every renderer
(terminal, HTML, Markdown, JSON) takes as they are. Imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

type_error = "error"
type_note = "note"

Value = str | int | float | Decimal | bool | None | dict[str, str]
"""A field's value: text, number, boolean, null, or a parent without an Id yet
(`{"mapping": …, "key": …}`)."""


@dataclass(frozen=True)
class Problem:
    """Why a row is not in order (severity `error`) or what was done to it (severity `note`)."""

    code: str
    sentence: str
    mend: str = ""
    field: str | None = None
    column: str | None = None
    severity: str = type_error


@dataclass(frozen=True)
class FieldChange:
    """One field of a planned row. `type` is Salesforce's field type (`currency`, `date`, …)."""

    field: str
    type: str
    before: Value
    after: Value


@dataclass(frozen=True)
class PlanRow:
    """One row of a plan: what will be done to its counterpart in Salesforce, or why nothing."""

    mapping: str
    object: str
    table: str
    key: str
    label: str
    action: str  # create, update, delete
    state: str  # planned, blocked, invalid, refused, unknown, held
    salesforce_id: str | None
    changes: tuple[FieldChange, ...]
    problems: tuple[Problem, ...] = ()
    pair: str | None = None  # the other mapping of a row that moves


@dataclass(frozen=True)
class ObjectSummary:
    """Counts of one mapping's rows. `create`, `update` and `delete` count what would be sent."""

    mapping: str
    object: str
    create: int = 0
    update: int = 0
    delete: int = 0
    unchanged: int = 0
    blocked: int = 0
    invalid: int = 0
    refused: int = 0
    unknown: int = 0
    held: int = 0

    @property
    def problems(self) -> int:
        """Rows that are not in order and are not sent."""
        return self.blocked + self.invalid + self.refused + self.held


@dataclass(frozen=True)
class Org:
    """The Salesforce org that a run talks to, as its first line names it."""

    id: str
    name: str
    kind: str  # production, sandbox, local
    instance_url: str
    target: str
    username: str | None = None

    def sentence(self) -> str:
        """The first line of every run."""
        user = f", user {self.username}" if self.username else ""
        return f"{self.name} ({self.id}, {self.kind}), target {self.target}{user}"


@dataclass(frozen=True)
class Way:
    """How the rows of one action go: by `composite` or `bulk` (Bulk API 2.0)."""

    mapping: str
    action: str
    rows: int
    api: str


@dataclass(frozen=True)
class PlanReport:
    """A whole dry run. `rows` gives a fresh iterator at each call and may be large."""

    org: Org
    made_at: datetime
    summaries: tuple[ObjectSummary, ...]
    rows: Callable[[], Iterator[PlanRow]]
    digest: str
    calls: int  # API calls that carry the plan, without what a run looks up; about, with Bulk
    mode: str = "full"  # or incremental: only rows that may differ were compared
    compared: tuple[str, ...] = ()  # which rows were compared and why, in sentences
    notes: tuple[str, ...] = field(default=())
    ways: tuple[Way, ...] = ()
    seconds: float = 0.0  # about how long Salesforce works on it
    stops: str = ""  # why a sync would stop before it sends this plan, or nothing


@dataclass(frozen=True)
class OutcomeSummary:
    """What a sync did with one mapping's rows. The first three count what Salesforce confirmed."""

    mapping: str
    object: str
    create: int = 0
    update: int = 0
    delete: int = 0
    refused: int = 0
    unknown: int = 0
    blocked: int = 0
    invalid: int = 0
    held: int = 0
    planned: int = 0  # left for the next run, because this one stopped

    @property
    def recorded(self) -> int:
        """Rows whose outcome is success."""
        return self.create + self.update + self.delete

    @property
    def problems(self) -> int:
        """Rows that are not in order."""
        return self.refused + self.unknown + self.blocked + self.invalid + self.held


@dataclass(frozen=True)
class RunReport:
    """A sync that ended. `status` is the one of `sync.run`; `problems` may hold the first few."""

    org: Org
    run_number: int
    status: str  # finished, finished with problems, stopped, interrupted
    summaries: tuple[OutcomeSummary, ...]
    calls: int
    seconds: float
    message: str | None = None
    problems: tuple[PlanRow, ...] = ()
