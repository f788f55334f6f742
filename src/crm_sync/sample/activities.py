"""1,200 activities: what was said and done with leads, accounts and projects, and what is to do.

In: a seeded `random.Random` and the rows they belong to. Out: rows of activities. Leads that are
converted get no more; accounts that are dormant or quiet have had none for months; every other
account that is active was spoken to within the last weeks. Imports `rows`, `story`, `texts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from crm_sync.sample import story
from crm_sync.sample.leads import Leads
from crm_sync.sample.people import OWNERS
from crm_sync.sample.rows import Day, Moment, Row, Value, key, moment
from crm_sync.sample.texts import Phrases, texts

__all__ = ["TOTAL", "build_activities"]

TOTAL = 1200
OF_LEADS = 370
OF_ACCOUNTS = 230
TO_DO = 44
"""Activities that have not happened yet: things to do, and 12 meetings of the next weeks."""

QUIET_SINCE = 720
"""Quarter days without a word from the quiet client: more than eight months."""

LATELY = 160
"""Every other active client was spoken to in these quarter days: at most three months."""

KINDS: dict[str, tuple[str, ...]] = {
    "lead": ("call", "call", "call", "email", "email", "email", "meeting", "meeting", "note"),
    "account": ("call", "call", "email", "email", "meeting", "note"),
    "project": ("work", "work", "work", "work", "meeting", "meeting", "call", "email", "note"),
}


@dataclass(frozen=True, slots=True)
class Parent:
    """What an activity belongs to, and the time in which it may lie."""

    kind: str
    id: Value
    first: int
    last: int
    contact: str
    owner: Value
    weight: int
    is_open: bool


def build_activities(random: Random, built: Leads, projects: list[Row]) -> list[Row]:
    """All activities; the same for the same state of `random` and the same parents."""
    builder = _Builder(random)
    accounts = {row["id"]: row for row in built.accounts}
    leads = [_of_lead(row) for row in built.leads if row["id"] != story.LEAD_WITH_LONG_COMPANY]
    clients = [_of_account(row) for row in built.accounts]
    work = [_of_project(row, accounts[row["account_id"]]) for row in projects]
    builder.add_story()
    lately = [client for client in clients if client.is_open]
    for client in lately:
        distance = random.randrange(4, min(client.first - 3, LATELY))
        builder.add(client, distance, kind=random.choice(("call", "email", "meeting")))
    builder.add_spread(leads, OF_LEADS)
    builder.add_spread(clients, OF_ACCOUNTS - len(lately))
    builder.add_things_to_do([p for p in (*leads, *work) if p.is_open and p.first > 24])
    builder.add_spread(work, TOTAL - len(builder.activities))
    return builder.activities


def _of_lead(row: Row) -> Parent:
    names = [str(row[part]) for part in ("first_name", "last_name") if row[part]]
    is_open = row["lead_status"] in ("new", "contacted", "qualified")
    weight = {"new": 1, "contacted": 1, "qualified": 2, "won": 6, "lost": 3}
    return Parent(
        kind="lead",
        id=row["id"],
        first=moment(row, "created_at").distance,
        last=1 if is_open else moment(row, "updated_at").distance,
        contact=" ".join(names),
        owner=row["owner_email"],
        weight=weight[str(row["lead_status"])],
        is_open=is_open,
    )


def _of_account(row: Row) -> Parent:
    quiet = row["id"] == story.QUIET_CLIENT
    dormant = row["account_status"] == "dormant"
    first = moment(row, "created_at").distance
    return Parent(
        kind="account",
        id=row["id"],
        first=first,
        last=QUIET_SINCE if quiet else moment(row, "updated_at").distance if dormant else 1,
        contact=str(row["primary_contact"] or "the owner"),
        owner=row["owner_email"],
        weight=1 + first // 300,
        is_open=not (quiet or dormant),
    )


def _of_project(row: Row, account: Row) -> Parent:
    status = row["project_status"]
    is_open = status in ("active", "on_hold", "proposed")
    first = moment(row, "created_at").distance
    last = 1 if is_open else moment(row, "updated_at").distance
    weight = {"proposed": 1, "cancelled": 2}.get(str(status), 4 + (first - last) // 60)
    return Parent(
        kind="project",
        id=row["id"],
        first=first,
        last=last,
        contact=str(account["primary_contact"] or "the owner"),
        owner=row["owner_email"],
        weight=weight,
        is_open=status in ("active", "proposed"),
    )


class _Builder:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.activities: list[Row] = []
        self.texts = texts()
        self.long_notes = _cycle(self.texts.long_notes)

    # Which --------------------------------------------------------------------------------------

    def add_spread(self, parents: list[Parent], count: int) -> None:
        """`count` activities over `parents`, each once where there is time, then by weight."""
        usable = [parent for parent in parents if parent.first - parent.last >= 5]
        weights = [parent.weight for parent in usable]
        chosen = usable[:count]
        chosen += self.random.choices(usable, weights, k=count - len(chosen))
        for parent in chosen:
            self.add(parent, self.random.randrange(parent.last, parent.first - 3))

    def add_story(self) -> None:
        """The notes that the story needs, word for word."""
        loss: dict[str, Any] = {"project_id": story.LOSS_MAKING_PROJECT, "owner_email": OWNERS[1]}
        overdue: dict[str, Any] = {"project_id": story.OVERDUE_PROJECT, "owner_email": OWNERS[3]}
        self._append(
            "work", "Time sheet, sum", Moment(376, 900), completed=True, duration_minutes=90,
            notes="71 days worked against 32 planned. Cost 44,020.00, price 38,400.00: loss "
            "5,620.00. Booked under \"investments in experience\" 😬", **loss,
        )  # fmt: skip
        self._append(
            "meeting", "Lessons learned (internal)", Moment(370, 780), completed=True,
            duration_minutes=120, **loss,
            notes="From now on: nobody names a fixed price before having seen the data.",
        )  # fmt: skip
        self._append(
            "call", "New end date?", Moment(20, 840), completed=True, duration_minutes=15,
            notes="The successor starts next month, so they say. No new end date, no addendum. "
            "We are past the agreed end and still 12,525.00 short of the final invoice.", **overdue,
        )  # fmt: skip
        self._append(
            "meeting", "Walk through the cellar", Moment(52, 540), completed=True,
            activity_id=story.MEETING_WITHOUT_DURATION,
            notes="Nobody looked at the clock.", **overdue,
        )  # fmt: skip
        self._append(
            "email", "Rates from the tender spreadsheet", Moment(60, 615), completed=True,
            notes="#N/A", account_id=key("accounts", 34), owner_email=OWNERS[0],
        )  # fmt: skip
        self._append(
            "email", "Happy birthday, and a question", Moment(QUIET_SINCE, 560), completed=True,
            notes="No answer so far. Wiebke used to answer within the hour.",
            account_id=story.QUIET_CLIENT, owner_email=OWNERS[0],
        )  # fmt: skip

    def add_things_to_do(self, parents: list[Parent]) -> None:
        """Some overdue, most due in the next weeks; every fourth is a planned meeting."""
        random = self.random
        for step, parent in enumerate(random.sample(parents, k=TO_DO)):
            noted = random.randrange(2, min(90, parent.first - 4))
            if step % 4 == 0:
                self._add_planned_meeting(parent, noted, random.randrange(4, 90))
            else:
                due = Day(random.randrange(1, 12) if step % 7 == 1 else -random.randrange(1, 60))
                self._add_to_do(parent, noted, due)

    # What ---------------------------------------------------------------------------------------

    def add(self, parent: Parent, distance: int, *, kind: str | None = None) -> None:
        """Something that happened `distance` before today."""
        random = self.random
        kind = kind or random.choice(KINDS[parent.kind])
        minute, duration = self._time(kind)
        phrases = self.texts.activities[parent.kind][kind]
        due = None
        if kind in ("email", "work") and random.random() < 0.1:
            due = Day(max(1, distance - random.randrange(0, 9)))
        self._append_to(
            parent,
            kind,
            random.choice(phrases["subjects"]),
            Moment(distance, minute),
            noted=Moment(distance, minute + (duration or 0) + 5 * random.randrange(1, 7)),
            notes=self._notes(kind, phrases),
            duration_minutes=duration,
            due_date=due,
            completed=True,
        )

    def _add_planned_meeting(self, parent: Parent, noted: int, ahead: int) -> None:
        """A meeting `ahead` after today that was arranged `noted` before."""
        minute, duration = self._time("meeting")
        subjects = self.texts.activities[parent.kind]["meeting"]["subjects"]
        self._append_to(
            parent,
            "meeting",
            self.random.choice(subjects),
            Moment(-ahead, minute),
            noted=Moment(noted, self._time("email")[0]),
            duration_minutes=duration,
        )

    def _add_to_do(self, parent: Parent, distance: int, due: Day) -> None:
        """Something noted `distance` before today that has to be done until `due`."""
        random = self.random
        kind = random.choice(("call", "email") if parent.kind == "lead" else ("work", "email"))
        subjects = {name: self.texts.to_do[name] for name in ("call", "email", "work")}
        noted = Moment(distance, self._time("email")[0])
        self._append_to(
            parent,
            kind,
            random.choice(subjects[kind]),
            noted,
            noted=noted,
            notes=None if random.random() < 0.3 else random.choice(self.texts.to_do["notes"]),
            due_date=due,
        )

    def _append_to(
        self,
        parent: Parent,
        kind: str,
        subject: str,
        occurred: Moment,
        *,
        noted: Moment,
        notes: str | None = None,
        **known: Value,
    ) -> None:
        known[f"{parent.kind}_id"] = parent.id
        self._append(
            kind,
            subject.replace("{contact}", parent.contact),
            occurred,
            noted=noted,
            activity_id=None,
            notes=notes and notes.replace("{contact}", parent.contact),
            owner_email=parent.owner,
            **known,
        )

    def _append(
        self,
        kind: str,
        subject: str,
        occurred: Moment,
        *,
        activity_id: UUID | None = None,
        noted: Moment | None = None,
        **known: Value,
    ) -> None:
        noted = noted or Moment(occurred.distance, 1000)
        self.activities.append(
            {
                "id": activity_id or key("activities", len(self.activities) + 1),
                "activity_type": kind,
                "subject": subject,
                "notes": None,
                "occurred_at": occurred,
                "duration_minutes": None,
                "due_date": None,
                "completed": False,
                "lead_id": None,
                "account_id": None,
                "project_id": None,
                "owner_email": None,
                "created_at": noted,
                "updated_at": noted,
                **known,
            }
        )

    def _time(self, kind: str) -> tuple[int, int | None]:
        """Minute of the day (UTC) and duration; all end by 16:00."""
        random = self.random
        match kind:
            case "meeting":
                return random.randrange(450, 841, 30), random.choice((30, 45, 60, 60, 90, 120))
            case "work":
                return random.randrange(450, 511, 30), random.choice((120, 180, 240, 360, 420, 450))
            case "call":
                return random.randrange(455, 931, 5), random.choice((5, 10, 15, 20, 25, 30))
            case _:
                return random.randrange(455, 955, 5), None

    def _notes(self, kind: str, phrases: Phrases) -> str | None:
        random = self.random
        if random.random() < 0.12:
            return None
        if kind == "meeting" and random.random() < 0.14:
            return next(self.long_notes)
        parts = [random.choice(phrases["openings"])]
        if random.random() < 0.75:
            parts.append(random.choice(self.texts.notes["details"]))
        parts.append(random.choice(self.texts.notes["next_steps"]))
        return " ".join(part for part in parts if part)


def _cycle(notes: list[str]) -> Iterator[str]:
    while True:
        yield from notes
