"""Reports to render: small, and with the values that break careless renderers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from crm_sync.report.model import (
    Edits,
    FieldChange,
    FormerRun,
    Masked,
    ObjectSummary,
    Org,
    OutcomeSummary,
    PlanReport,
    PlanRow,
    Problem,
    RunReport,
    Way,
)

ACME = Org(
    id="00D5g00000Kx7QzEAJ",
    name="Acme",
    kind="production",
    instance_url="https://acme.my.salesforce.com",
    target="production",
)

RENAMED = PlanRow(
    mapping="account",
    object="Account",
    table="accounts",
    key="cd613e30-d8f1-4adf-91b7-584a2265b1f5",
    label="Müller & Söhne Maschinenbau GmbH",
    action="update",
    state="planned",
    salesforce_id="0015g00000AbCdEQAV",
    changes=(
        FieldChange(
            "Name", "string", "Müller Maschinenbau GmbH", "Müller & Söhne Maschinenbau GmbH"
        ),
        FieldChange("Phone", "phone", None, "+43 316 5550 142"),
        FieldChange("AnnualRevenue", "currency", Decimal(48000), Decimal("62500.5")),
    ),
)
SCRIPT = PlanRow(
    mapping="lead",
    object="Lead",
    table="leads",
    key="b8a1abcd-1a69-46c7-8da4-f9fc3c6da5d7",
    label="<script>alert('lead')</script>",
    action="create",
    state="planned",
    salesforce_id=None,
    changes=(
        FieldChange("LastName", "string", None, "<script>alert('lead')</script>"),
        FieldChange("Company", "string", None, 'Bobby & "Tables" <img src=x onerror=alert(1)>'),
        FieldChange("Title", "string", None, None),
        FieldChange("AccountId", "reference", None, {"mapping": "account", "key": "77"}),
    ),
)
INVALID = PlanRow(
    mapping="lead",
    object="Lead",
    table="leads",
    key="5bc8fbbc-bde5-4099-8164-d8399f767c45",
    label="Jo Lindqvist",
    action="create",
    state="invalid",
    salesforce_id=None,
    changes=(FieldChange("Email", "email", None, "jo(at)fjord"),),
    problems=(
        Problem(
            code="INVALID_EMAIL_ADDRESS",
            sentence="“jo(at)fjord” is not an e-mail address that Salesforce takes.",
            mend="Correct leads.email.",
            field="Email",
            column="email",
        ),
    ),
)
EDITED = PlanRow(
    mapping="opportunity",
    object="Opportunity",
    table="projects",
    key="0c1f7c52-4d1e-4a6b-8a8e-5a3d8f6f0e11",
    label="Harbour study",
    action="update",
    state="planned",
    salesforce_id="0065g00000AbCdEQAV",
    changes=(
        FieldChange(
            "StageName", "picklist", "Closed Won", "Closed Lost", "Stage",
            is_edited=True, current="Prospecting",
        ),
    ),
    left_alone=(
        FieldChange(
            "Website", "url", "a.example", "a.example", is_edited=True, current="theirs.example"
        ),
    ),
)  # fmt: skip
MASKED = FieldChange("Email", "email", Masked("e-mail", 18), Masked("e-mail", 20))
WAYS = (
    Way("account", "create", 12_000, "bulk", calls=20, seconds=110.0),
    Way("account", "update", 1, "composite", calls=1, seconds=5.0),
    Way("lead", "create", 3, "composite", calls=1, seconds=5.0),
)
FORMER = FormerRun(
    run_number=40,
    status="finished with problems",
    ended_at=datetime(2026, 11, 23, 9, 12, tzinfo=UTC),
    calls=2,
    seconds=4.2,
    counts={"account": {"create": 3, "update": 1}, "lead": {"refused": 1}},
)


def plan(*rows: PlanRow, org: Org = ACME, **changes: object) -> PlanReport:
    """A report of these rows, its counts computed from them."""
    counts: dict[str, ObjectSummary] = {}
    for row in rows:
        summary = counts.get(row.mapping, ObjectSummary(row.mapping, row.object))
        name = row.action if row.state in ("planned", "unknown") else row.state
        counts[row.mapping] = replace(summary, **{name: getattr(summary, name) + 1})

    fields: dict[str, tuple[str, ...]] = {}
    for row in rows:
        names = (change.field for change in (*row.changes, *row.left_alone))
        fields[row.object] = tuple(dict.fromkeys((*fields.get(row.object, ()), *names)))

    def fresh() -> Iterator[PlanRow]:
        return iter(rows)

    report = PlanReport(
        org=org,
        made_at=datetime(2026, 11, 24, 21, 5, tzinfo=UTC),
        summaries=tuple(counts.values()),
        rows=fresh,
        digest="b7f3c1d0",
        calls=2,
        fields=fields,
    )
    return replace(report, **changes)  # type: ignore[arg-type]


def ordinary() -> PlanReport:
    """An update, a create and an invalid row."""
    return plan(RENAMED, SCRIPT, INVALID)


def everything() -> PlanReport:
    """Each kind of row: edited and missing in Salesforce, masked, long, waiting, moving."""
    text = "The client asked for a study of the harbour's energy use. " * 30
    long = replace(
        RENAMED,
        key="long",
        label="Nordwind",
        changes=(
            FieldChange("Description", "textarea", text, text.replace("harbour", "airport", 1)),
            FieldChange("ParentId", "reference", None, "001000000000002AAA", "Parent Account"),
        ),
    )
    missing = replace(RENAMED, key="missing", label="Gone & Sons", is_missing=True)
    masked = replace(SCRIPT, key="masked", label="[text, 14 characters]", changes=(MASKED,))
    waits = Problem(
        "PARENT_NOT_READY", "Waits for the account Jo Lindqvist, which is invalid.",
        "Mend the account first; this row then goes by itself.", "AccountId", "account_id",
    )  # fmt: skip
    blocked = replace(
        EDITED, key="blocked", label="Study", action="create", state="blocked",
        salesforce_id=None, left_alone=(), problems=(waits,),
        changes=(FieldChange("CloseDate", "date", None, "2026-12-24", "Close Date"),),
    )  # fmt: skip
    moves = replace(
        RENAMED, mapping="event", object="Event", table="activities", key="moves",
        label="Workshop in Graz", action="delete", pair="task",
        changes=(FieldChange("Subject", "string", "Workshop in Graz", None, "Subject"),),
    )  # fmt: skip
    return plan(
        RENAMED, long, missing, SCRIPT, masked, EDITED, moves, blocked, INVALID,
        former=FORMER, ways=WAYS, own_calls={"account": 1, "lead": 1},
        edits=Edits(5, 1, 1, 1, 1), seconds=120.0,
        notes=("leads.yaml:3:1: Lead.Status lists no value 'Cold' in this org.",),
        compared=("Compared 14 rows that changed since the last plan.",),
    )  # fmt: skip


def many(count: int) -> PlanReport:
    """As many leads to create, numbered from 0."""
    rows = [replace(SCRIPT, key=str(n), label=f"Lead number {n}") for n in range(count)]
    return plan(*rows)


def finished(**changes: object) -> RunReport:
    """A sync that created 12, changed 1, and left one row invalid."""
    run = RunReport(
        org=ACME,
        run_number=41,
        status="finished with problems",
        summaries=(
            OutcomeSummary("account", "Account", update=1),
            OutcomeSummary("lead", "Lead", create=12, invalid=1),
        ),
        calls=3,
        seconds=4.21,
        problems=(INVALID,),
    )
    return replace(run, **changes)  # type: ignore[arg-type]
