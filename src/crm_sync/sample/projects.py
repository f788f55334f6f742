"""150 projects with their status history.

In: a seeded `random.Random` and the accounts. Out: rows of projects and project_status_changes.
The values are such that the two biggest clients make half of the contracted revenue (projects
active, on_hold and completed). Imports `rows`, `leads`, `story`, `texts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from uuid import UUID

from crm_sync.sample import story
from crm_sync.sample.leads import BEGIN, office_minute, status_changes
from crm_sync.sample.people import OWNERS
from crm_sync.sample.rows import Day, Moment, Row, Value, key, moment, money
from crm_sync.sample.texts import texts

__all__ = ["CONTRACTED", "Projects", "build_projects"]

CONTRACTED = ("active", "on_hold", "completed")

BIG_CLIENTS = {
    story.BIGGEST_CLIENT: {
        "completed": 8,
        "active": 1,
        "on_hold": 1,
        "proposed": 1,
        "cancelled": 1,
    },
    story.SECOND_CLIENT: {"completed": 7, "active": 2, "proposed": 1, "cancelled": 1},
}
SHARES: dict[Value, Decimal] = {
    story.BIGGEST_CLIENT: Decimal("0.56"),
    story.SECOND_CLIENT: Decimal("0.44"),
}
"""Their contracted revenue in terms of everybody else's; together one, that is half of all."""

QUIET = {"completed": 6, "cancelled": 1}
OTHERS = {"completed": 68, "active": 11, "on_hold": 3, "proposed": 13, "cancelled": 21}
"""Everybody else, without the four projects of `_story`."""

WITHOUT_PROJECTS = (25, 54, 56, 57, 58, 59, 60)
"""Numbers of accounts that never had one: a few new ones, and one that only ever asked."""

LONG_NAME = (
    "Merger of timetable, rostering and wagon maintenance "
    "of three former companies (target picture)"
)

LOSS = """\
Fixed price 38,400.00, calculated as 32 consultant days at an internal cost of 620.00.

What happened: the rights data of 1,900 titles was on paper, not in the database as stated. We \
typed it in ourselves instead of stopping. 71 days were worked.

Planned cost 32 days at 620.00 = 19,840.00, real cost 71 days at 620.00 = 44,020.00: a loss of \
5,620.00 instead of a margin of 18,560.00. No change request was ever sent.

Lesson: look at the data before naming a price, and stop the clock when an assumption breaks."""


@dataclass(frozen=True, slots=True)
class Projects:
    """What this module builds."""

    projects: list[Row]
    changes: list[Row]


def build_projects(random: Random, accounts: list[Row]) -> Projects:
    """All projects; the same for the same state of `random` and the same accounts."""
    builder = _Builder(random, accounts)
    builder.add_story_projects()
    builder.add_big_and_quiet_clients()
    builder.add_others()
    _make_two_clients_half(builder.projects)
    return Projects(builder.projects, builder.changes)


class _Builder:
    def __init__(self, random: Random, accounts: list[Row]) -> None:
        self.random = random
        self.accounts = {row["id"]: row for row in accounts}
        self.projects: list[Row] = []
        self.changes: list[Row] = []
        self.names: set[tuple[Value, str]] = set()

    # Who gets which project ---------------------------------------------------------------------

    def add_story_projects(self) -> None:
        """The rows that the story, the demo and the tests refer to."""
        self._add(
            key("accounts", 5),
            "active",
            [("proposed", 520), ("active", 430)],
            (430, 90),
            project_id=story.OVERDUE_PROJECT,
            project_name="Harvest planning and cellar stock",
            contract_value=Decimal("41750.00"),
            description=(
                "Cellar stock is counted, harvest planning is not done: their agronomist left. "
                "The end date has passed, the new one is not agreed; {contact} wants to wait for "
                "the successor. 29,225.00 (70 %) invoiced."
            ),
        )
        self._add(
            key("accounts", 4),
            "completed",
            [("proposed", 1010), ("active", 940), ("completed", 380)],
            (940, 380),
            project_id=story.LOSS_MAKING_PROJECT,
            project_name="Rights database for the backlist",
            contract_value=Decimal("38400.00"),
            description=LOSS,
        )
        self._add(
            story.BIGGEST_CLIENT,
            "active",
            [("proposed", 1330), ("active", 1280)],
            (1280, None),
            project_id=story.PROJECT_WITHOUT_END,
            project_name="Interim operations lead, retainer",
            description="Two days a week until further notice; either side may end it with a "
            "month's notice.",
        )
        self._add(
            key("accounts", 16),
            "completed",
            [("proposed", 1500), ("active", 1450), ("completed", 1120)],
            (1450, 1120),
            project_id=story.PROJECT_WITH_LONG_NAME,
            project_name=LONG_NAME,
        )

    def add_big_and_quiet_clients(self) -> None:
        """The two biggest clients all the time; the quiet one until two years of work in."""
        for account, statuses in BIG_CLIENTS.items():
            for status in _each(statuses):
                self._add_in_window(account, status, nearest=8)
        for status in _each(QUIET):
            self._add_in_window(story.QUIET_CLIENT, status, nearest=760)

    def add_others(self) -> None:
        """Each account that ever had a project gets one first, then chance decides."""
        none = {key("accounts", number) for number in WITHOUT_PROJECTS}
        rest = [
            row for row in self.accounts.values()
            if row["id"] not in BIG_CLIENTS and row["id"] != story.QUIET_CLIENT
            and row["id"] not in none
        ]  # fmt: skip
        working = [row for row in rest if row["account_status"] == "active"]
        dormant = [row for row in rest if row["account_status"] == "dormant"]
        old = [row for row in working if _since(row) > 420]
        new = [row for row in working if _since(row) <= 420]
        statuses = dict(OTHERS)
        for row in dormant:
            self._add_in_window(row["id"], "completed", nearest=720)
            statuses["completed"] -= 1
        for step, row in enumerate(new):
            status = ("proposed", "active")[step % 2]
            self._add_in_window(row["id"], status, nearest=8)
            statuses[status] -= 1
        for row in old:
            self._add_in_window(row["id"], "completed", nearest=8)
            statuses["completed"] -= 1
        years = [_since(row) for row in old]
        for status in _each(statuses):
            (row,) = self.random.choices(old, years)
            self._add_in_window(row["id"], status, nearest=8)

    # When it happened ---------------------------------------------------------------------------

    def _add_in_window(self, account: Value, status: str, nearest: int) -> None:
        """A project somewhere between the account's first day and `nearest`, ending as `status`."""
        random = self.random
        room = _since(self.accounts[account]) - 8
        if status == "proposed":
            made = random.randrange(8, min(110, room))
            start = -random.randrange(10, 120)
            path = [("proposed", made)]
            self._add(account, status, path, (start, start - random.randrange(90, 400)))
        elif status == "active":
            begun = random.randrange(10, max(11, min(300, room - 60)))
            path = [("proposed", begun + random.randrange(20, 60)), ("active", begun)]
            self._add(account, status, path, (begun, -random.randrange(20, 420)))
        elif status == "on_hold":
            held = random.randrange(12, 80)
            begun = held + random.randrange(60, 220)
            path = [("proposed", begun + 40), ("active", begun), ("on_hold", held)]
            self._add(account, status, path, (begun, -random.randrange(40, 300)))
        elif status == "cancelled" and random.random() < 0.75:
            length = random.randrange(30, 140)
            ended = random.randrange(nearest, max(nearest + 1, room - length))
            path = [("proposed", ended + length), ("cancelled", ended)]
            self._add(account, status, path, (ended - 60, ended - 300))
        else:
            self._add_begun_and_ended(account, status, nearest, room)

    def _add_begun_and_ended(self, account: Value, status: str, nearest: int, room: int) -> None:
        """Completed, or cancelled when it had begun; some were on hold in between."""
        random = self.random
        offer = random.randrange(20, 100)
        length = min(random.randrange(90, 420), max(60, room - nearest - offer - 1))
        ended = random.randrange(nearest, max(nearest + 1, room - offer - length))
        begun = ended + length
        path = [("proposed", begun + offer), ("active", begun)]
        if status == "completed" and random.random() < 0.1:
            path += [("on_hold", begun - length // 3), ("active", begun - length // 2)]
        path.append((status, ended))
        planned = ended if status == "completed" else ended - random.randrange(20, 120)
        self._add(account, status, path, (begun, planned))

    # What it is ---------------------------------------------------------------------------------

    def _add(
        self,
        account: Value,
        status: str,
        path: list[tuple[str, int]],
        dates: tuple[int, int | None],
        *,
        project_id: UUID | None = None,
        **known: Value,
    ) -> None:
        random = self.random
        client = self.accounts[account]
        start, end = dates
        moments = [(name, Moment(far, office_minute(random))) for name, far in path]
        length = start - end if end is not None else 700
        share = 0.45 if account == story.QUIET_CLIENT else random.uniform(0.15, 0.38)
        days = max(4, round(length / 4 * share))
        value = Decimal(days * random.choice((880, 920, 960, 1040, 1120)))
        if random.random() < 0.15:
            value += Decimal("0.50") * random.randrange(1, 400)
        own_key = project_id or key("projects", len(self.projects) + 1)
        owner = client["owner_email"] if random.random() < 0.7 else random.choice(OWNERS)
        row: Row = {
            "id": own_key,
            "account_id": account,
            "project_name": known.get("project_name") or self._name(account),
            "description": None if random.random() < 0.3 else self._description(),
            "project_status": status,
            "start_date": Day(start),
            "end_date": None if end is None else Day(end),
            "contract_value": None if status == "proposed" and random.random() < 0.1 else value,
            "owner_email": owner,
            "created_at": moments[0][1],
            "updated_at": moments[-1][1],
        } | known
        if isinstance(text := row["description"], str):
            contact = client["primary_contact"] or "The owner"
            row["description"] = text.replace("{contact}", str(contact))
        self.projects.append(row)
        self.changes += status_changes("project_status_changes", "project_id", own_key, moments)

    def _description(self) -> str:
        chosen = self.random.sample(texts().projects["descriptions"], k=self.random.randrange(1, 4))
        return "\n\n".join(chosen)

    def _name(self, account: Value) -> str:
        """A name that no other project of the account has."""
        while True:
            service = self.random.choice(texts().projects["services"])
            variant = self.random.choice(texts().projects["variants"])
            name = f"{service}, {variant}" if variant else service
            if (account, service) not in self.names:
                self.names.add((account, service))
                return name


def _make_two_clients_half(projects: list[Row]) -> None:
    """Scale the contracts of the two biggest clients to the sum of all others, to full hundreds."""
    sums: dict[Value, Decimal] = {}
    for row in projects:
        if row["project_status"] in CONTRACTED:
            client = row["account_id"]
            sums[client] = sums.get(client, Decimal(0)) + money(row, "contract_value")
    others = sum(amount for client, amount in sums.items() if client not in SHARES)
    for row in projects:
        share = SHARES.get(row["account_id"])
        if share is not None and row["contract_value"] is not None:
            factor = share * others / sums[row["account_id"]]
            value = money(row, "contract_value") * factor
            row["contract_value"] = (value / 100).quantize(Decimal(1)) * 100


def _since(account: Row) -> int:
    return min(moment(account, "created_at").distance, BEGIN)


def _each(counts: dict[str, int]) -> list[str]:
    return [status for status, count in counts.items() for _ in range(count)]
