"""180 leads of three years, with their status history, and the 60 accounts.

In: a seeded `random.Random`. Out: rows of accounts, leads and lead_status_changes. 44 leads were
won: 30 of them became the accounts from number 31 on, 13 joined an account that was there
already, one still waits. The other 30 accounts came without a lead. Imports `rows`, `texts`,
`people`, `story`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from uuid import UUID

from crm_sync.sample import story
from crm_sync.sample.people import OWNERS, Addresses, website
from crm_sync.sample.rows import Moment, Row, Value, key, moment
from crm_sync.sample.texts import Client, clients, texts

__all__ = ["BEGIN", "Leads", "build_leads", "office_minute", "status_changes"]

BEGIN = 2700
"""Quarter days of work from the first row to today: a little under three years."""

FROM_LEADS = 30
"""The last accounts of `clients.csv` that began as a lead."""

JOINED = 13
LOST, NEW, CONTACTED, QUALIFIED = 84, 14, 19, 19
DORMANT = (7, 12, 18, 21, 27, 31, 33, 35, 38)
"""Numbers of the accounts that the practice does not work for at present."""

SOURCES = ("Web", "Web", "Partner Referral", "Partner Referral", "Partner Referral",
           "Phone Inquiry", "Purchased List", "Other", None)  # fmt: skip
"""Values of Salesforce's standard LeadSource picklist; consultants live on referrals."""

LONG_COMPANY = (
    "Zweckverband der Städte und Gemeinden zwischen Oberlauf und Mündung der Ilmenau zur "
    "gemeinsamen Beschaffung, Unterhaltung und Wiederverwertung von Fahrzeugen, Maschinen und "
    "Geräten der kommunalen Grünpflege, des Winterdienstes und der Straßenreinigung "
    "(Körperschaft des öffentlichen Rechts)"
)


@dataclass(frozen=True, slots=True)
class Leads:
    """What this module builds; the rows are in the order of the company list and of time."""

    accounts: list[Row]
    leads: list[Row]
    changes: list[Row]


def build_leads(random: Random) -> Leads:
    """All accounts and leads; the same for the same state of `random`."""
    builder = _Builder(random)
    builder.add_accounts_without_lead()
    builder.add_converted_leads()
    builder.add_open_and_lost_leads()
    builder.add_story_leads()
    return Leads(builder.accounts, builder.leads, builder.changes)


def office_minute(random: Random) -> int:
    """A minute of the day in office hours, on a full five minutes."""
    return random.randrange(7 * 60 + 30, 15 * 60 + 30, 5)


def status_changes(
    table: str, column: str, owner: UUID, path: list[tuple[str, Moment]]
) -> list[Row]:
    """The history of a row that took the statuses of `path`, the first when it was made."""
    old: list[str | None] = [None, *(status for status, _ in path[:-1])]
    return [
        {
            "id": key(table, f"{owner}:{number}"),
            column: owner,
            "old_status": before,
            "new_status": status,
            "changed_at": moment,
        }
        for number, (before, (status, moment)) in enumerate(zip(old, path, strict=True))
    ]


class _Builder:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.addresses = Addresses(random)
        self.accounts: list[Row] = []
        self.leads: list[Row] = []
        self.changes: list[Row] = []
        firms = [
            (f"{stem} {ending}", industry)
            for number, stem in enumerate(texts().prospects["stems"])
            for ending, industry in self._endings(number)
        ]
        random.shuffle(firms)
        self.firms = iter(firms)

    def _endings(self, number: int) -> list[tuple[str, str]]:
        """Three of the endings for each stem, so that all industries occur about equally often."""
        endings = texts().prospects["endings"]
        return [endings[(3 * number + step) % len(endings)] for step in range(3)]

    def _moment(self, distance: int) -> Moment:
        return Moment(distance, office_minute(self.random))

    # Accounts -----------------------------------------------------------------------------------

    def add_accounts_without_lead(self) -> None:
        """Clients of the first day, and some that simply telephoned."""
        for number, client in enumerate(clients()[:-FROM_LEADS], start=1):
            distance = BEGIN + 20 - number if number <= 15 else BEGIN + 100 - 85 * (number - 14)
            self._add_account(number, client, self._moment(distance), {})

    def _add_account(
        self, number: int, client: Client, created: Moment, from_lead: dict[str, Value]
    ) -> None:
        dormant = number in DORMANT
        updated = self._moment(self.random.randrange(400, 700)) if dormant else created
        self.accounts.append(
            {
                "id": key("accounts", number),
                "company_name": client.name,
                "industry": client.industry,
                "website": website(client.name) if client.city else None,
                "phone": self.addresses.phone(client.country),
                "email": self.addresses.email(client.contact) if client.contact else None,
                "primary_contact": client.contact,
                "billing_street": client.street,
                "billing_city": client.city,
                "billing_state": client.state,
                "billing_postal_code": client.postal_code,
                "billing_country": client.country,
                "account_status": "dormant" if dormant else "active",
                "owner_email": self.random.choice(OWNERS),
                "created_at": created,
                "updated_at": updated,
                **from_lead,
            }
        )

    # Leads that were won ------------------------------------------------------------------------

    def add_converted_leads(self) -> None:
        """30 leads that became accounts, oldest first, and 13 that joined one."""
        first = len(self.accounts) + 1
        for step, client in enumerate(clients()[-FROM_LEADS:]):
            won = 2440 - 82 * step + self.random.randrange(0, 40)
            path = self._path("won", won)
            converted = self._moment(won - 4)
            first_name, last_name = _split(client.contact)
            lead = self._add_lead(
                key("leads", f"converted-{step + 1}"),
                (client.name, client.industry),
                path,
                first_name=first_name,
                last_name=last_name or "Hartigan",
                email=self.addresses.email(client.contact) if client.contact else None,
                phone=self.addresses.phone(client.country),
                website=website(client.name) if client.city else None,
                converted_account_id=key("accounts", first + step),
                updated_at=converted,
            )
            same = {name: lead[name] for name in ("phone", "website", "email", "owner_email")}
            self._add_account(first + step, client, converted, same)
        older = [row for row in self.accounts[5:40] if row["account_status"] == "active"]
        for step, account in enumerate(self.random.sample(older, k=JOINED)):
            made = moment(account, "created_at").distance
            won = self.random.randrange(190, made - 260)
            self._add_lead(
                key("leads", f"joined-{step + 1}"),
                (str(account["company_name"]), account["industry"]),
                self._path("won", won),
                website=account["website"],
                lead_source="Partner Referral",
                converted_account_id=account["id"],
                updated_at=self._moment(won - 4),
            )

    # Leads that are open or lost ----------------------------------------------------------------

    def add_open_and_lost_leads(self) -> None:
        """Everybody else who asked; two more open leads are in `add_story_leads`."""
        plan = (
            ("lost", LOST, 30, 2480),
            ("new", NEW - 1, 1, 110),
            ("contacted", CONTACTED - 1, 4, 290),
            ("qualified", QUALIFIED, 4, 330),
        )
        for status, count, nearest, farthest in plan:
            for step in range(count):
                since = nearest + (farthest - nearest) * step // count
                lead = key("leads", f"{status}-{step + 1}")
                self._add_lead(lead, next(self.firms), self._path(status, since))

    def add_story_leads(self) -> None:
        """The rows that the story, the demo and the tests refer to."""
        self._add_lead(
            story.WAITING_LEAD,
            ("Rabenstein Lichtspiele GmbH", "Entertainment"),
            self._path("won", 12),
            first_name="Philomena",
            last_name="Süßkind",
            title="Geschäftsführerin",
            estimated_value=Decimal("48500.00"),
            lead_source="Partner Referral",
            notes=(
                "Won! 🎉 Order signed, three cinemas, ticketing and shift planning.\n\n"
                "The account is not made yet: waiting for the exact name on the invoice "
                '("Rabenstein Lichtspiele GmbH" or the holding) and the VAT number.'
            ),
        )
        self._add_lead(
            story.LEAD_WITH_LONG_COMPANY,
            (LONG_COMPANY, "Government"),
            self._path("new", 6),
            estimated_value=Decimal("22000.00"),
            notes="Name copied from the tender document; there is no shorter one in use.",
        )
        self._add_lead(
            story.LEAD_WITHOUT_LAST_NAME,
            ("Thornbury Canoe Hire", "Recreation"),
            self._path("contacted", 60),
            first_name="Kim",
            last_name=None,
            email="boathouse@example.org",
            notes="Only gave a first name on the telephone. Mail goes to the office address.",
        )

    # What they share ----------------------------------------------------------------------------

    def _path(self, status: str, since: int) -> list[tuple[str, Moment]]:
        """The statuses up to `status`, which the lead has had for `since` quarter days."""
        steps = ["new", "contacted", "qualified", "won"]
        if status == "lost":
            steps = [*steps[: self.random.choice((1, 2, 2, 3, 3))], "lost"]
        else:
            steps = steps[: steps.index(status) + 1]
        distances = [since]
        for step in reversed(steps[1:]):
            soon = step == "contacted"
            pause = self.random.randrange(4, 30) if soon else self.random.randrange(16, 110)
            distances.insert(0, distances[0] + pause)
        return [(name, self._moment(far)) for name, far in zip(steps, distances, strict=True)]

    def _add_lead(
        self,
        lead_id: UUID,
        firm: tuple[str, Value],
        path: list[tuple[str, Moment]],
        **known: Value,
    ) -> Row:
        """Add a lead and its history; what is not `known` is made up."""
        random = self.random
        company, industry = firm
        first_name = random.choice(texts().people["first"])
        last_name = random.choice(texts().people["last"])
        country = random.choice(texts().prospects["countries"])
        status, since = path[-1]
        vague = status == "new" and random.random() < 0.4
        row: Row = {
            "id": lead_id,
            "company_name": company,
            "first_name": None if random.random() < 0.05 else first_name,
            "last_name": last_name,
            "email": None,
            "phone": None if random.random() < 0.25 else self.addresses.phone(country),
            "title": None if random.random() < 0.15 else random.choice(texts().people["titles"]),
            "website": None if random.random() < 0.3 else website(company),
            "industry": None if vague else industry,
            "lead_source": random.choice(SOURCES),
            "lead_status": status,
            "estimated_value": None if vague else Decimal(random.randrange(6, 100) * 500),
            "notes": None if random.random() < 0.4 else self._notes(status),
            "owner_email": None if random.random() < 0.06 else random.choice(OWNERS),
            "created_at": path[0][1],
            "updated_at": since,
            "converted_account_id": None,
            **known,
        }
        if "email" not in known and random.random() < 0.9:
            names = [str(row[part]) for part in ("first_name", "last_name") if row[part]]
            row["email"] = self.addresses.email(" ".join(names))
        self.leads.append(row)
        self.changes += status_changes("lead_status_changes", "lead_id", lead_id, path)
        return row

    def _notes(self, status: str) -> str:
        """What the lead wants; of a lost one also why it was lost."""
        text = self.random.choice(texts().lead_notes)
        if status == "lost":
            text += f"\n\nLost: {self.random.choice(texts().lost_reasons)}"
        return text


def _split(contact: str | None) -> tuple[str | None, str | None]:
    """`Dr. Henrike Straßmann` as first and last name; the title is left out."""
    if contact is None:
        return None, None
    words = [word for word in contact.split() if word not in ("Dr", "Dr.")]
    return " ".join(words[:-1]), words[-1]
