"""What the trial of predictions breaks: an org, tables, mappings, and ways to be wrong.

The tables have no constraints of their own, so that a row can be as wrong as it likes; the mappings
write the five objects that the shipped ones write, with custom fields besides. A `Break` names the
rule of `crm_sync.mapping.refusals` that it breaks, and none where it is a row at the edge of what
is allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from crm_sync.localorg.options import Options
from crm_sync.localorg.serve import LocalOrg
from crm_sync.mapping import refusals
from crm_sync.mapping.refusals import Rule

Values = dict[str, Any]
_FREE = {"permissionable": False, "custom": True}


def _custom(name: str, type_: str, **facts: Any) -> tuple[str, dict[str, Any]]:
    field = name.split(".")[1]
    return name, {"name": field, "label": field, "type": type_, **_FREE, **facts}


FIELDS: dict[str, Any] = dict(
    (
        _custom(
            "Account.Grade__c", "picklist", length=40, restrictedPicklist=True,
            picklist=["Gold", "Silver", "Bronze"],
        ),
        _custom(
            "Account.Tags__c", "multipicklist", length=200, restrictedPicklist=True,
            picklist=["Red", "Green", "Light blue"],
        ),
        _custom("Account.Score__c", "double", precision=5, scale=2),
        _custom("Account.Share__c", "percent", precision=4, scale=1),
        _custom("Account.Count__c", "int", digits=4),
        _custom("Account.Seen__c", "date"),
        _custom("Account.At__c", "datetime"),
        _custom("Account.Mail__c", "email", length=80),
        _custom("Account.Code__c", "string", length=20, unique=True),
        _custom("Account.Must__c", "string", length=30, nillable=False),
        _custom(
            "Account.Partner__c", "reference", referenceTo=["Account"],
            relationshipName="Partner__r",
        ),
        _custom(
            "Opportunity.Sponsor__c", "reference", referenceTo=["Account"], nillable=False,
            relationshipName="Sponsor__r",
        ),
    )
)  # fmt: skip
RECORD_TYPES = {"Account": ("Client", "Prospect"), "Opportunity": ("Deal",)}


def open_org() -> LocalOrg:
    """An org with those fields, record types, and events of several days."""
    return LocalOrg(fields=FIELDS, options=Options(record_types=RECORD_TYPES, multiday_events=True))


TABLES = {
    "t_account": "name text, phone text, industry text, website text, grade text, tags text,"
    " score numeric, share numeric, headcount numeric, seen date, at timestamptz, mail text,"
    " code text, must text, partner text, latitude numeric, record_type text",
    "t_lead": "company text, last_name text, first_name text, email text, phone text,"
    " status text, revenue numeric, employees numeric",
    "t_deal": "name text, stage text, closes date, amount numeric, account text, sponsor text",
    "t_task": "subject text, status text, due date, call_type text, lead text, account text",
    "t_event": "subject text, starts timestamptz, starts_too timestamptz, ends timestamptz,"
    " minutes numeric, day date, all_day boolean, private boolean, show_as text, lead text,"
    " account text",
}

MAPPINGS = {
    "t_account": """
object: Account
source: {table: t_account}
label: id
fields:
  Name: name
  Phone: phone
  Industry: industry
  Website: website
  Grade__c: grade
  Tags__c: tags
  Score__c: score
  Share__c: share
  Count__c: headcount
  Seen__c: seen
  At__c: at
  Mail__c: mail
  Code__c: code
  Must__c: must
  Partner__c: partner
  BillingLatitude: latitude
  RecordTypeId: record_type
""",
    "t_lead": """
object: Lead
source: {table: t_lead}
label: id
fields:
  Company: company
  LastName: last_name
  FirstName: first_name
  Email: email
  Phone: phone
  Status: status
  AnnualRevenue: revenue
  NumberOfEmployees: employees
""",
    "t_deal": """
object: Opportunity
source: {table: t_deal}
label: id
fields: {Name: name, StageName: stage, CloseDate: closes, Amount: amount}
lookups:
  AccountId: {mapping: t_account, column: account}
  Sponsor__c: {mapping: t_account, column: sponsor}
""",
    "t_task": """
object: Task
external_id: {field: CRM_Id__c, prefix: "task:"}
source: {table: t_task}
label: id
fields: {Subject: subject, Status: status, ActivityDate: due, CallType: call_type}
lookups:
  WhoId: {mapping: t_lead, column: lead}
  WhatId: {mapping: t_account, column: account}
""",
    "t_event": """
object: Event
external_id: {field: CRM_Id__c, prefix: "event:"}
source: {table: t_event}
label: id
fields:
  Subject: subject
  ActivityDateTime: starts
  StartDateTime: starts_too
  EndDateTime: ends
  DurationInMinutes: minutes
  ActivityDate: day
  IsAllDayEvent: {column: all_day, if_null: false}
  IsPrivate: {column: private, if_null: false}
  ShowAs: show_as
lookups:
  WhoId: {mapping: t_lead, column: lead}
  WhatId: {mapping: t_account, column: account}
""",
}

VALID: dict[str, Values] = {
    "t_account": {
        "name": "Harbour Pilots", "phone": "+44 20 7946 0958", "industry": "Shipping",
        "website": "https://pilots.example.com", "grade": "Gold", "tags": "Red;Light blue",
        "score": "12.5", "share": "99.9", "headcount": "40", "seen": "2026-05-04",
        "at": "2026-05-04 09:00Z", "mail": "pilot@example.com", "must": "here", "latitude": "51.5",
    },
    "t_lead": {
        "company": "Kelp", "last_name": "Ng", "first_name": "Ada", "email": "ada@example.com",
        "status": "Open - Not Contacted", "revenue": "1000000", "employees": "12",
    },
    "t_deal": {
        "name": "Tides", "stage": "Prospecting", "closes": "2026-12-31", "amount": "999.99",
        "account": "parent", "sponsor": "parent",
    },
    "t_task": {
        "subject": "Call", "status": "Not Started", "due": "2026-05-04", "account": "parent",
    },
    "t_event": {
        "subject": "Meet", "starts": "2026-05-04 09:00Z", "minutes": "60", "show_as": "Busy",
    },
}  # fmt: skip
LOOKUPS: dict[str, dict[str, tuple[str, str, str]]] = {
    "t_deal": {
        "account": ("AccountId", "Account", "Account"),
        "sponsor": ("Sponsor__c", "Sponsor__r", "Account"),
    },
    "t_task": {"lead": ("WhoId", "Who", "Lead"), "account": ("WhatId", "What", "Account")},
    "t_event": {"lead": ("WhoId", "Who", "Lead"), "account": ("WhatId", "What", "Account")},
}
"""Column with a parent's key: the lookup field, its relationship, the parent's object."""


@dataclass(frozen=True)
class Break:
    """One way in which a row is wrong, or just not: what it gives to which columns."""

    name: str
    give: Callable[[Random, str], Values]
    rule: Rule | None = None
    on: str = "create, update"

    def columns(self) -> frozenset[str]:
        """The columns that it writes."""
        return frozenset(self.give(Random(0), ""))  # noqa: S311 - no secret hangs on it


def _set(**choices: Any) -> Callable[[Random, str], Values]:
    """Gives each column one of its values, or the value where there is one only."""
    return lambda chance, _: {
        name: chance.choice(given) if isinstance(given, list) else given
        for name, given in choices.items()
    }


def _long(column: str, limit: int) -> Callable[[Random, str], Values]:
    """A text just too long."""
    return _set(**{column: ["x" * (limit + more) for more in (1, 2, 100)]})


def _full(column: str, limit: int) -> Callable[[Random, str], Values]:
    return _set(**{column: ["x" * limit, "\U0001f600" * (limit // 2)]})


UNLISTED = ["Diamond", "gold!", "Gold;Silver"]
BAD_MAILS = ["ada", "ada@", "@example.com", "ada@host", ".ada@example.com", "a b@example.com",
             "a,b@example.com", "ada@exa_mple.com", "ada@.com", "ada@example."]  # fmt: skip
ODD_MAILS = ['"a b"@example.com', "ada@(home)example.com", "ada@exa..mple.com", "ada@-x.com"]
FAR = ["1699-12-31", "4001-01-01", "0001-01-01", "9999-12-31"]
EDGES = ["1700-01-01", "4000-12-31"]

BREAKS: dict[str, tuple[Break, ...]] = {
    "t_account": (
        Break("no name", _set(name=[None, "", "  "]), refusals.EMPTY, "create"),
        Break("name cleared", _set(name=[None, " "]), refusals.EMPTY, "update"),
        Break("custom required", _set(must=[None, " "]), refusals.EMPTY),
        Break("phone too long", _long("phone", 40), refusals.TOO_LONG),
        Break("phone full", _full("phone", 40)),
        Break("phone full of emojis", _set(phone="\U0001f600" * 21), refusals.COUNTED_TWICE),
        Break("link too long", _set(website="https://" + "x" * 248 + ".org"),
              refusals.LINK_TOO_LONG),
        Break("no link", _set(website=["pilots", "see notes.txt later", "http://x y.com"]),
              refusals.ODD_LINK),
        Break("unlisted industry", _set(industry=["Piloting", "Ships"]), refusals.UNLISTED),
        Break("industry in capitals", _set(industry="SHIPPING")),
        Break("unlisted grade", _set(grade=UNLISTED), refusals.NOT_LISTED),
        Break("grade in capitals", _set(grade=["GOLD", "silver"]), refusals.CASE_DIFFERS),
        Break("unlisted tag", _set(tags=["Red;Pink", "Pink", "Light blue;Red,Green"]),
              refusals.NOT_LISTED),
        Break("tags with blanks", _set(tags=["Red; Green", "Green;", ";Red;;Green"])),
        Break("score too large", _set(score=["1000", "-1000", "1e20"]), refusals.NUMBER_TOO_LARGE),
        Break("score at its end", _set(score=["999.99", "-999.99", "0"])),
        Break("score too fine", _set(score=["0.001", "12.999", "-1.005"]), refusals.DECIMALS_CUT),
        Break("share too large", _set(share=["1000", "-1000.1"]), refusals.NUMBER_TOO_LARGE),
        Break("count too large", _set(headcount=["10000", "-10000"]), refusals.WHOLE_TOO_LARGE),
        Break("half a person", _set(headcount=["1.5", "0.1"]), refusals.NOT_WHOLE),
        Break("date out of range", _set(seen=FAR), refusals.NO_DATE),
        Break("date at the edge", _set(seen=EDGES)),
        Break("moment out of range", _set(at=[f"{d} 12:00Z" for d in FAR]), refusals.NO_DATE),
        Break("no address", _set(mail=BAD_MAILS), refusals.BAD_EMAIL),
        Break("odd address", _set(mail=ODD_MAILS), refusals.ODD_EMAIL),
        Break("address with dots", _set(mail=["a..b@example.com", "a.@example.com", "ü@ü.org"])),
        Break("no Id", _set(partner=["12", "001-00000000000", "x" * 16]), refusals.NO_ID),
        Break("beyond the pole", _set(latitude=["90.1", "-100"]), refusals.NO_PLACE),
        Break("code of another's record", _set(code=["TAKEN", "taken"]), refusals.TAKEN),
        Break("code of our record", _set(code="OURS"), refusals.TAKEN),
        Break("code of its own", lambda _, key: {"code": f"C{key}"[:20]}),
        Break("record type of another object", _set(record_type="$Opportunity.Deal"),
              refusals.NO_RECORD_TYPE),
        Break("record type", _set(record_type=["$Account.Client", "$Account.Prospect"])),
    ),
    "t_lead": (
        Break("no company", _set(company=[None, " "]), refusals.EMPTY),
        Break("no last name", _set(last_name=[None, ""]), refusals.EMPTY),
        Break("first name too long", _long("first_name", 40), refusals.TOO_LONG),
        Break("e-mail too long", _set(email="x" * 70 + "@example.com"), refusals.TOO_LONG),
        Break("no e-mail", _set(email=BAD_MAILS), refusals.BAD_EMAIL),
        Break("unlisted status", _set(status="Lost in the post"), refusals.UNLISTED),
        Break("revenue too large", _set(revenue=["1e18", "-1e19"]), refusals.NUMBER_TOO_LARGE),
        Break("too many employees", _set(employees=["1000000000"]), refusals.WHOLE_TOO_LARGE),
    ),
    "t_deal": (
        Break("no name", _set(name=[None, " "]), refusals.EMPTY),
        Break("name too long", _long("name", 120), refusals.TOO_LONG),
        Break("no stage", _set(stage=None), refusals.EMPTY),
        Break("unlisted stage", _set(stage="Dreaming"), refusals.UNLISTED),
        Break("no close date", _set(closes=None), refusals.EMPTY),
        Break("close date out of range", _set(closes=FAR), refusals.NO_DATE),
        Break("amount too large", _set(amount=["1e16", "-1e17"]), refusals.NUMBER_TOO_LARGE),
        Break("amount that a double rounds up", _set(amount="9999999999999999.99"),
              refusals.NUMBER_TOO_LARGE),
        Break("amount at its end", _set(amount=["9999999999999.99", "-9999999999999.99"])),
        Break("amount too fine", _set(amount=["0.001", "10.999"]), refusals.DECIMALS_CUT),
        Break("no account", _set(account=None)),
        Break("unknown account", _set(account="nobody"), refusals.PARENT_NOT_READY),
        Break("deleted account", _set(account="gone"), refusals.PARENT_NOT_READY),
        Break("no sponsor", _set(sponsor=None), refusals.NO_PARENT),
    ),
    "t_task": (
        Break("subject too long", _long("subject", 255), refusals.TOO_LONG),
        Break("unlisted status", _set(status="Snoozed"), refusals.UNLISTED),
        Break("status left out", _set(status=None), on="create"),
        Break("status cleared", _set(status=None), refusals.EMPTIED, "update"),
        Break("unlisted call type", _set(call_type="Shout"), refusals.NOT_LISTED),
        Break("due out of range", _set(due=FAR), refusals.NO_DATE),
        Break("lead with account", _set(lead="lead", account="parent"), refusals.LEAD_WITH_WHAT),
        Break("lead alone", _set(lead="lead", account=None)),
        Break("unknown lead", _set(lead="nobody", account=None), refusals.PARENT_NOT_READY),
        Break("deleted account", _set(lead=None, account="gone"), refusals.PARENT_NOT_READY),
    ),
    "t_event": (
        Break("no start", _set(starts=None), refusals.NO_START),
        Break("no end", _set(minutes=None), refusals.NO_END),
        Break("ends instead", _set(minutes=None, ends="2026-05-04 10:00Z")),
        Break("two days", _set(minutes=["1441", "2880", "20160"]), refusals.LONGER_THAN_A_DAY),
        Break("fifteen days", _set(minutes=["20161", "21600"]), refusals.DAYS_TOO_LONG),
        Break("ends weeks later", _set(minutes=None, ends="2026-06-04 09:00Z"),
              refusals.DAYS_TOO_LONG),
        Break("negative", _set(minutes=["-1", "-60"]), refusals.ENDS_BEFORE),
        Break("ends before", _set(minutes=None, ends="2026-05-04 08:00Z"), refusals.ENDS_BEFORE),
        Break("ends otherwise", _set(minutes="30", ends="2026-05-04 10:00Z"),
              refusals.TIMES_DISAGREE),
        Break("starts otherwise", _set(starts_too="2026-05-04 09:30Z"), refusals.TIMES_DISAGREE,
              "create"),
        Break("moves one start", _set(starts_too="2026-05-04 09:30Z"), on="update"),
        Break("moves both apart", _set(starts="2026-05-05 09:00Z", starts_too="2026-05-06 09:00Z"),
              refusals.TIMES_DISAGREE),
        Break("starts twice", _set(starts_too="2026-05-04 09:00Z")),
        Break("starts twice within a second", _set(starts_too="2026-05-04 09:00:00.5Z")),
        Break("all day", _set(all_day=True, day="2026-05-04", starts=None, minutes=None)),
        Break("all day without a day", _set(all_day=True, starts=None, minutes=None),
              refusals.NO_START),
        Break("all day on another day", _set(all_day=True, day="2026-05-05", minutes=None),
              refusals.TIMES_DISAGREE, "create"),
        Break("private with a lead", _set(private=True, lead="lead"), refusals.PRIVATE),
        Break("private", _set(private=True)),
        Break("lead with account", _set(lead="lead", account="parent"), refusals.LEAD_WITH_WHAT),
        Break("unlisted show as", _set(show_as="Somewhere"), refusals.NOT_LISTED),
        Break("minutes too large", _set(minutes="1e9"), refusals.WHOLE_TOO_LARGE),
    ),
}  # fmt: skip
