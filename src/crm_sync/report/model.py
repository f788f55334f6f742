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


@dataclass(frozen=True)
class Masked:
    """What is told of a value that is not shown: its kind, as a person calls it, and its length in
    characters, or None where the length would tell the value.
    """

    kind: str
    length: int | None

    def __str__(self) -> str:
        if self.length is None:
            return f"[{self.kind}]"
        return f"[{self.kind}, {self.length:,} character{'' if self.length == 1 else 's'}]"


Value = str | int | float | Decimal | bool | None | dict[str, str] | Masked
"""A field's value: text, number, boolean, null, a parent without an Id yet
(`{"mapping": …, "key": …}`), or what is told of a value that is masked."""


@dataclass(frozen=True)
class Problem:
    """Why a row is not in order (severity `error`) or what was done to it (severity `note`).
    `reason`: the sentence without any value of the row, or nothing where nobody knows one.
    """

    code: str
    sentence: str
    mend: str = ""
    field: str | None = None
    column: str | None = None
    severity: str = type_error
    reason: str = ""


@dataclass(frozen=True)
class FieldChange:
    """One field of a planned row. `type`: Salesforce's field type (`currency`, `date`, …); `label`:
    its name for people. `current`: what Salesforce holds now, where it was read and someone edited
    the field there since it was last sent.
    """

    field: str
    type: str
    before: Value
    after: Value
    label: str = ""
    is_edited: bool = False
    current: Value = None

    @property
    def name(self) -> str:
        """What people call the field."""
        return self.label or self.field


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
    left_alone: tuple[FieldChange, ...] = ()
    """Fields that someone edited in Salesforce and that a sync would not write: it sends what
    changed in the database alone. `after` is what we last sent, `current` what stands there."""
    is_missing: bool = False  # its record was read, and is not in Salesforce any more

    @property
    def overwritten(self) -> tuple[FieldChange, ...]:
        """Fields whose edit in Salesforce a sync would undo."""
        return tuple(change for change in self.changes if change.is_edited)


@dataclass(frozen=True)
class ObjectSummary:
    """Counts of one mapping's rows. `create`, `update` and `delete` count what would be sent;
    `compared` the rows of the source that were looked at one by one: the rest cannot differ.
    """

    mapping: str
    object: str
    create: int = 0
    update: int = 0
    delete: int = 0
    unchanged: int = 0
    compared: int = 0
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
    edition: str | None = None  # as Salesforce calls it, where it was asked

    @property
    def called(self) -> str:
        """What people call this kind of org. A Developer Edition is production to every rule, and
        nobody's business runs on it.
        """
        return called(self.kind, self.edition)

    def sentence(self) -> str:
        """The first line of every run."""
        user = f", user {self.username}" if self.username else ""
        return f"{self.name} ({self.id}, {self.called}), target {self.target}{user}"


def called(kind: str, edition: str | None) -> str:
    """A kind of org in words, by its edition (Object Reference, Organization, OrganizationType)."""
    is_free = kind == "production" and edition == "Developer Edition"
    return "Developer Edition" if is_free else kind


@dataclass(frozen=True)
class Way:
    """How the rows of one action go: by `composite` or `bulk` (Bulk API 2.0). `calls`: those that
    carry rows of it, about; a Composite call may carry others, too, and then counts for each.
    `seconds`: about how long Salesforce works on them.
    """

    mapping: str
    action: str
    rows: int
    api: str
    calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class FormerRun:
    """The last sync that ended, to compare with. `counts`: by mapping, what became of its rows
    (`create`, `update` and `delete` as Salesforce confirmed them, then states).
    """

    run_number: int
    status: str
    ended_at: datetime
    calls: int
    seconds: float
    counts: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Edits:
    """What `--against-org` found: records read, those that someone edited in a field which a sync
    would overwrite or in a record which it would delete, those edited elsewhere, those that are not
    there any more; the calls that reading took; and those edited whose rows are held for it.
    """

    read: int
    overwritten: int
    left_alone: int
    missing: int
    calls: int
    held: int = 0


@dataclass(frozen=True)
class CallRoom:
    """API calls that a sync may make now. `most`: of one run. `used`, `allowed`, `reserve`: of the
    org's day, whoever made them, and what of it is left to others. None: no bound, or nobody told.
    """

    most: int | None = None
    used: int | None = None
    allowed: int | None = None
    reserve: int | None = None

    @property
    def left(self) -> int | None:
        """What both bounds allow."""
        bounds = [] if self.most is None else [self.most]
        if self.used is not None and self.allowed is not None:
            bounds.append(max(0, self.allowed - (self.reserve or 0) - self.used))
        return min(bounds, default=None)


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
    stops: str = ""  # why a sync would stop before it sends this plan, in sentences, or nothing
    stops_mend: str = ""  # what to do about that
    passes: tuple[str, ...] = ()  # the flags that let it pass all the same
    is_open: bool = False  # a person must decide first: no command can be given that sends it
    selected: tuple[str, ...] = ()  # the mappings that this plan is about; none where about all
    shared_calls: int = 0  # of `calls`, those of Composite that carry rows of several mappings
    own_calls: dict[str, int] = field(default_factory=dict)  # by mapping, those of it alone
    flags: tuple[str, ...] = ()  # of the command line, with which a sync makes this very plan
    room: CallRoom = CallRoom()
    former: FormerRun | None = None
    edits: Edits | None = None  # None where Salesforce was not asked
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by object, in their order


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
    overwritten: int = 0  # records that lost what people had edited there since the last push
    overwritten_rows: tuple[PlanRow, ...] = ()  # the first of them, in the state `recorded`
    closed: int = 0  # leads that people had converted in Salesforce, found by this run
    closed_rows: tuple[PlanRow, ...] = ()  # the first of them, in the state `closed`
