"""The JSON that `--json` prints, as shapes: the source of docs/output.schema.json.

In: nothing. Out: a model for each object in it, whose docstrings become the descriptions of the
schema. A test holds every command's output to them. Version 1; a later version only adds keys, or
carries another number.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crm_sync.report.row_shapes import (
    Action,
    Count,
    JsonChange,
    JsonOrg,
    JsonProblem,
    JsonRow,
    Moment,
    Shape,
)

__all__ = ["VERSION", "Check", "DryRun", "History", "Output", "Problems", "Status", "Sync"]

VERSION = 1

Version = Literal[1]


class JsonWay(Shape):
    """How the rows of one action go. A call may carry rows of several, and counts for each."""

    mapping: str
    action: Action
    rows: Count
    api: Literal["composite", "bulk"]
    calls: Count
    seconds: float


class JsonCallRoom(Shape):
    """API calls that a sync may make now; null: no bound, or nobody told."""

    most: int | None
    used: int | None
    allowed: int | None
    reserve: int | None
    left: int | None


class JsonFormerRun(Shape):
    """The last sync that ended. `counts`: by mapping, what became of its rows."""

    run_number: int
    status: str
    ended_at: Moment
    calls: Count
    seconds: float
    counts: dict[str, dict[str, int]]


class JsonEdits(Shape):
    """What --against-org found: records by what people did to them, and the calls that it took."""

    read: Count
    overwritten: Count
    left_alone: Count
    missing: Count
    calls: Count
    held: Count
    """Records whose rows are held for it (on_edited: hold)."""


class JsonPlanned(Shape):
    """Counts of one mapping's rows; the first three would be sent."""

    mapping: str
    object: str
    create: Count
    update: Count
    delete: Count
    unchanged: Count
    """Rows that are in Salesforce as they should be, whether this dry run looked at them or not."""

    compared: Count
    """Rows that this dry run looked at one by one: the rest cannot differ."""

    blocked: Count
    invalid: Count
    refused: Count
    unknown: Count
    held: Count


class DryRun(Shape):
    """`crm-sync dry-run --json`."""

    version: Version
    kind: Literal["dry-run"]
    org: JsonOrg
    made_at: Moment
    mode: Literal["full", "incremental"]
    """Whether every row was compared, or those alone that may differ."""

    selected: list[str] | None
    """The mappings that this plan is about (--select); null where it is about all."""

    compared: list[str]
    digest: str
    """`crm-sync sync --expect DIGEST` sends this plan and no other."""
    calls: Count
    """API calls that carry the plan."""
    shared_calls: Count
    """Those of them that carry rows of several objects; in `ways` they count for each."""

    seconds: float
    """About how long Salesforce works on it."""
    ways: list[JsonWay]
    call_room: JsonCallRoom
    former_run: JsonFormerRun | None
    edits: JsonEdits | None
    """null without --against-org."""
    headline: str
    stops: str | None
    """Why a sync would send nothing of this plan unless the flags in `passes` let it; else null."""

    stops_mend: str | None
    """What to do about it; null where nothing stops it."""
    passes: list[str]
    """Flags of `crm-sync sync`, with which it would not stop."""

    notes: list[str]
    summaries: list[JsonPlanned]
    rows: list[JsonRow]


class JsonOutcomes(Shape):
    """What a sync did with one mapping's rows; the first three count what Salesforce confirmed."""

    mapping: str
    object: str
    create: Count
    update: Count
    delete: Count
    refused: Count
    unknown: Count
    blocked: Count
    invalid: Count
    held: Count
    planned: Count
    """Left for the next run."""


class Sync(Shape):
    """`crm-sync sync --json`; `rows` are those that are not in order."""

    version: Version
    kind: Literal["sync"]
    org: JsonOrg
    run_number: int
    status: str
    calls: Count
    seconds: float
    headline: str
    message: str | None
    summaries: list[JsonOutcomes]
    overwritten: Count
    """Records that lost what people had edited in Salesforce since the last push."""

    overwritten_rows: list[JsonRow]
    """The first of them, in the state `recorded`; `current` of a field is what stood there."""

    closed: Count = 0
    """Leads that people converted in Salesforce; nothing more is sent of them."""

    closed_rows: list[JsonRow] = Field(default_factory=list)
    """The first of them, in the state `closed`; the sentence says what they became."""

    rows: list[JsonRow]


class JsonRun(Shape):
    """A run as it was noted; one that is at work has no end."""

    run_number: int
    mode: str
    status: str
    started_at: Moment
    finished_at: Moment | None
    seconds: float | None
    calls: Count
    message: str | None
    counts: dict[str, dict[str, int]]


class JsonMappingAtWork(Shape):
    """Rows of one mapping in a run that is at work."""

    mapping: str
    object: str
    planned: Count
    sending: Count
    recorded: Count


class JsonRunAtWork(Shape):
    """A run that is at work now; no mapping while it compares."""

    org: str
    run_number: int
    started_at: Moment
    mappings: list[JsonMappingAtWork]


class JsonMappingState(Shape):
    """One mapping's rows in an org."""

    mapping: str
    object: str
    in_order: Count
    open: dict[str, int]
    """By state."""

    enabled: bool | None
    """null where the mapping files cannot be read."""


class JsonKnownOrg(Shape):
    """An org that a sync has worked on."""

    id: str
    name: str
    kind: Literal["production", "sandbox", "local"]
    instance_url: str
    username: str | None
    edition: str | None
    targets: list[str]
    last_run: JsonRun | None
    runs: list[JsonRun]
    """The last ones, newest first."""

    changes_waiting: int | None
    """null where the next plan compares every row."""
    at_work: JsonRunAtWork | None
    mappings: list[JsonMappingState]


class JsonSize(Shape):
    """What schema sync takes of the database."""

    bytes: Count
    changes: Count


class Status(Shape):
    """`crm-sync status --json`."""

    version: Version
    kind: Literal["status"]
    orgs: list[JsonKnownOrg]
    never_synced: list[str]
    """Names of targets."""

    size: JsonSize


class Problems(Shape):
    """`crm-sync problems --json`."""

    version: Version
    kind: Literal["problems"]
    org: JsonOrg
    rows: list[JsonRow]


class JsonEntry(Shape):
    """One attempt to send a row."""

    at: Moment
    run_number: int
    mapping: str
    object: str
    table: str
    key: str
    action: Literal["create", "update", "delete", "adopt"]
    outcome: str
    salesforce_id: str | None
    link: str | None
    changes: list[JsonChange]
    problem: JsonProblem | None


class History(Shape):
    """`crm-sync history [TABLE] KEY --json`, newest first."""

    version: Version
    kind: Literal["history"]
    org: JsonOrg
    table: str | None
    """As it was asked for."""

    key: str
    entries: list[JsonEntry]


class JsonFinding(Shape):
    """One thing that a check found (docs/check.md)."""

    severity: Literal["error", "warning", "information"]
    kind: str
    """The rule, for programs."""

    file: str | None
    """null where no file is to blame; then `about` says what it is about."""

    line: Annotated[int, Field(ge=1)] | None
    column: Annotated[int, Field(ge=1)] | None
    about: str | None
    key: str | None
    """The keys of the mapping file that lead there, as `fields.Status.values.lost`."""

    sentence: str
    mend: str | None


class JsonFound(Shape):
    """How many findings there are of each severity."""

    error: Count
    warning: Count
    information: Count


class Check(Shape):
    """`crm-sync check --json`."""

    version: Version
    kind: Literal["check"]
    counts: JsonFound
    findings: list[JsonFinding]


Output = Annotated[DryRun | Sync | Status | Problems | History | Check, Field(discriminator="kind")]
"""What a command prints with --json, by its `kind`."""
