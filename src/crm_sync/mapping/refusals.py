"""The rules by which a dry run foretells what Salesforce will say of a row: one table.

`rules.py`, `event_rules.py` and the SQL files of `sync/` find who breaks them; code and severity
stand here, and so does who says that Salesforce behaves like that. `docs/predicted-refusals.md` is
made of this table (`refusal_document.py`), and `tests/trials/predictions.py` measures it. Imports
nothing of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["RULES", "Proof", "Rule"]


class Proof(Enum):
    """Who says so. `SEEN`: logs and reports of others, which nobody of us could check."""

    RECORDED = "recorded"
    DOCUMENTED = "documented"
    SEEN = "seen by others"
    UNPROVEN = "unproven"
    OURS = "our own"

    @property
    def is_proven(self) -> bool:
        """Whether a recorded answer of a real org, or Salesforce's documentation, says so."""
        return self in (Proof.RECORDED, Proof.DOCUMENTED)


@dataclass(frozen=True)
class Rule:
    """One rule. `code`: of the problem; `answers`: the codes with which Salesforce refuses the row
    that is sent all the same, none where it takes the row. A rule of severity error makes the row
    invalid, one of severity note only tells, and one of severity stop ends the run before a plan.
    """

    code: str
    says: str
    proof: Proof
    source: str
    answers: tuple[str, ...] = ()
    severity: str = "error"


_DESCRIBE = "SOAP API Developer Guide, DescribeSObjectResult, Field"
_FIELD_TYPES = "Object Reference, Field Types"
_EVENT = "Object Reference, Event"

EMPTY = Rule(
    "REQUIRED_FIELD_MISSING",
    "A create leaves a field empty that the org requires: it is not nillable and has no default.",
    Proof.RECORDED,
    "answer “Required fields are missing: [LastName]” of a real org",
    ("REQUIRED_FIELD_MISSING",),
)
EMPTIED = Rule(
    "REQUIRED_FIELD_MISSING",
    "An update clears a field that is not nillable.",
    Proof.DOCUMENTED,
    "SOAP API Developer Guide, sObject, fieldsToNull: a required field there is an error",
    ("REQUIRED_FIELD_MISSING",),
)
NO_PARENT = Rule(
    "REQUIRED_FIELD_MISSING",
    "A lookup that the org requires names nothing.",
    Proof.DOCUMENTED,
    "SOAP API Developer Guide, sObject, fieldsToNull: a required field there is an error",
    ("REQUIRED_FIELD_MISSING",),
)
TOO_LONG = Rule(
    "STRING_TOO_LONG",
    "A text, phone, e-mail or picklist value is longer than its field.",
    Proof.DOCUMENTED,
    "SOAP API Developer Guide, AllowFieldTruncationHeader",
    ("STRING_TOO_LONG",),
)
COUNTED_TWICE = Rule(
    "STRING_TOO_LONG",
    "A text is longer than its field because characters outside the basic plane, such as emojis, "
    "count twice.",
    Proof.UNPROVEN,
    "Apex Developer Guide, String.length(), counts 16-bit characters; of fields nothing was found",
    ("STRING_TOO_LONG",),
)
LINK_TOO_LONG = Rule(
    "STRING_TOO_LONG",
    "A web address is longer than its field.",
    Proof.UNPROVEN,
    "AllowFieldTruncationHeader does not list the type url",
    ("STRING_TOO_LONG",),
)
KEY_TOO_LONG = Rule(
    "STRING_TOO_LONG",
    "The external ID, prefix and key together, is longer than its field.",
    Proof.DOCUMENTED,
    "SOAP API Developer Guide, AllowFieldTruncationHeader",
    ("STRING_TOO_LONG",),
)
TRUNCATED = Rule(
    "TRUNCATED",
    "A text is cut to the length of its field, since the mapping says `too_long: truncate`.",
    Proof.OURS,
    "the mapping",
    severity="note",
)
NOT_LISTED = Rule(
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "A restricted picklist gets a value that the org does not list, or lists as inactive.",
    Proof.DOCUMENTED,
    f"{_FIELD_TYPES}, Picklist: the list binds, unless the picklist is unrestricted",
    ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",),
)
CASE_DIFFERS = Rule(
    "PICKLIST_CASE",
    "A restricted picklist gets a listed value in other upper and lower case. Salesforce may take "
    "it for the listed one, or refuse it.",
    Proof.UNPROVEN,
    "nothing found for restricted picklists; of unrestricted ones the Object Reference says that "
    "case does not count",
    severity="note",
)
UNLISTED = Rule(
    "UNLISTED_PICKLIST_VALUE",
    "An unrestricted picklist gets a value that the org does not list. Salesforce takes it without "
    "a word, and adds an inactive value.",
    Proof.DOCUMENTED,
    f"{_FIELD_TYPES}, Picklist",
    severity="note",
)
BAD_EMAIL = Rule(
    "INVALID_EMAIL_ADDRESS",
    "An e-mail address lacks its @, its name or the dot of its domain, begins with a dot, or has "
    "blanks or characters that Salesforce does not list.",
    Proof.DOCUMENTED,
    "Salesforce Help, articles 000384328 and 000001145 (formats of e-mail addresses)",
    ("INVALID_EMAIL_ADDRESS",),
)
ODD_EMAIL = Rule(
    "UNUSUAL_EMAIL_ADDRESS",
    "An e-mail address has quotes, a comment, an unusual blank, or a domain with an empty label "
    "or a hyphen at the edge of one. Salesforce may refuse it.",
    Proof.UNPROVEN,
    "Salesforce Help, article 000384328, allows comments and says nothing of the rest",
    severity="note",
)
ODD_LINK = Rule(
    "UNUSUAL_WEB_ADDRESS",
    "A web address has a blank in it, or no dot. Salesforce keeps it as it is, and the link leads "
    "nowhere.",
    Proof.DOCUMENTED,
    f"{_FIELD_TYPES}, URL: client applications are responsible for their form",
    severity="note",
)
NUMBER_TOO_LARGE = Rule(
    "NUMBER_OUTSIDE_VALID_RANGE",
    "A number, amount or percentage has more digits before the point than its field.",
    Proof.DOCUMENTED,
    f"{_DESCRIBE}, scale",
    ("NUMBER_OUTSIDE_VALID_RANGE",),
)
WHOLE_TOO_LARGE = Rule(
    "NUMBER_OUTSIDE_VALID_RANGE",
    "A whole number has more digits than its field.",
    Proof.DOCUMENTED,
    f"{_DESCRIBE}, digits",
    ("NUMBER_OUTSIDE_VALID_RANGE",),
)
NOT_WHOLE = Rule(
    "NUMBER_OUTSIDE_VALID_RANGE",
    "A field for whole numbers gets decimals.",
    Proof.UNPROVEN,
    "Salesforce refuses JSON of another type than the field's (seen for dates and numbers)",
    ("JSON_PARSER_ERROR",),
)
NO_NUMBER = Rule(
    "NUMBER_OUTSIDE_VALID_RANGE",
    "A number is infinite, or none (NaN): neither JSON nor Salesforce has such numbers.",
    Proof.OURS,
    "RFC 8259",
)
DECIMALS_CUT = Rule(
    "DECIMALS_CUT",
    "A number has more decimals than its field. Salesforce cuts them off without a word; so does "
    "the payload, so that both hold the same.",
    Proof.DOCUMENTED,
    f"{_DESCRIBE}, scale",
    severity="note",
)
NO_PLACE = Rule(
    "NUMBER_OUTSIDE_VALID_RANGE",
    "A latitude beyond 90 or a longitude beyond 180 degrees.",
    Proof.DOCUMENTED,
    "Object Reference, Compound Address Fields",
    ("NUMBER_OUTSIDE_VALID_RANGE",),
)
NO_DATE = Rule(
    "DATE_OUT_OF_RANGE",
    "A date or a moment (in UTC) outside the years 1700 to 4000.",
    Proof.DOCUMENTED,
    "SOQL and SOSL Reference, Minimum and Maximum Dates (the code: seen by others)",
    ("JSON_PARSER_ERROR", "FIELD_INTEGRITY_EXCEPTION"),
)
NO_ID = Rule(
    "MALFORMED_ID",
    "A field that holds an Id gets a text that is none: 15 or 18 letters and digits.",
    Proof.DOCUMENTED,
    "Object Reference, Field Types, ID (the code: seen by others)",
    ("MALFORMED_ID",),
)
TAKEN = Rule(
    "DUPLICATE_VALUE",
    "A unique field gets a value that another record in Salesforce holds. Where this plan clears "
    "it there, the next run sends the row.",
    Proof.DOCUMENTED,
    "Salesforce Help, Custom Field Attributes, Unique (the code: seen by others)",
    ("DUPLICATE_VALUE",),
)
TAKEN_STILL = Rule(
    "VALUE_CHANGES_HANDS",
    "An update writes into a unique field what another update of this plan clears. Salesforce "
    "takes it if that record is written first.",
    Proof.UNPROVEN,
    "the order in which Salesforce writes the rows of one request",
    severity="note",
)
TAKEN_TWICE = Rule(
    "DUPLICATE_VALUE",
    "A unique field gets the same value in two rows of this plan; the first in the order of "
    "sending is sent.",
    Proof.UNPROVEN,
    "which of two rows of one request Salesforce refuses",
    ("DUPLICATE_VALUE",),
)
MAY_NOT_WRITE = Rule(
    "OrgAccessError",
    "Our user may not create or change records of the object, or a mapped field. Nothing is "
    "planned then: the run names the line of the mapping and ends. A hidden field is told as one "
    "that is missing or hidden; `crm-sync check` knows which.",
    Proof.RECORDED,
    "answer “Unable to create/update fields: … check the security settings of this field” of a "
    "real org (the codes for whole objects: seen by others)",
    (
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_FIELD",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "INSUFFICIENT_ACCESS_OR_READONLY",
    ),
    "stop",
)
PARENT_NOT_READY = Rule(
    "PARENT_NOT_READY",
    "A lookup names a row that has no record: it is not synced, invalid, refused, or its record "
    "was deleted, merged or converted. The row is blocked, not invalid.",
    Proof.RECORDED,
    "answers “Foreign key external ID: … not found” and “invalid cross reference id” of real orgs",
    ("INVALID_FIELD", "INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED"),
)
NO_REFERENCE = Rule(
    "REFERENCE_NOT_FOUND",
    "A lookup to a record that is not ours (a User by e-mail) finds none, several, or an inactive "
    "user or record type. An error; a note where `otherwise` says what else the field gets, if the "
    "org does not require one.",
    Proof.OURS,
    "asked before the plan is made",
)
NO_RECORD_TYPE = Rule(
    "INVALID_CROSS_REFERENCE_KEY",
    "A record type that is inactive, of another object, or not available to our user.",
    Proof.SEEN,
    "logs of “this ID value isn't valid for the user”; describe, recordTypeInfos",
    ("INVALID_CROSS_REFERENCE_KEY",),
)
NO_START = Rule(
    "REQUIRED_FIELD_MISSING",
    "An event without a start (or, all day, without a day).",
    Proof.RECORDED,
    "answer “Required fields are missing: [ActivityDateTime]” of a real org",
    ("REQUIRED_FIELD_MISSING",),
)
NO_END = Rule(
    "REQUIRED_FIELD_MISSING",
    "A timed event with neither a duration nor an end.",
    Proof.DOCUMENTED,
    f"{_EVENT}, DurationInMinutes",
    ("REQUIRED_FIELD_MISSING",),
)
ENDS_BEFORE = Rule(
    "FIELD_INTEGRITY_EXCEPTION",
    "An event that ends before it begins, or has a negative duration.",
    Proof.SEEN,
    "logs of “Duration must be between 0 and 1440 minutes”",
    ("FIELD_INTEGRITY_EXCEPTION",),
)
DAYS_TOO_LONG = Rule(
    "FIELD_INTEGRITY_EXCEPTION",
    "An event longer than 14 days (20,160 minutes).",
    Proof.UNPROVEN,
    "users' reports; no document was found",
    ("FIELD_INTEGRITY_EXCEPTION",),
)
LONGER_THAN_A_DAY = Rule(
    "EVENT_LONGER_THAN_A_DAY",
    "An event longer than a day, which an org takes only with multiday events enabled. Describe "
    "does not tell whether they are.",
    Proof.DOCUMENTED,
    f"{_EVENT}, Multiday Events",
    severity="note",
)
TIMES_DISAGREE = Rule(
    "FIELD_INTEGRITY_EXCEPTION",
    "An event whose StartDateTime is not its ActivityDateTime (all day: not on its ActivityDate), "
    "or whose end is not its start and duration.",
    Proof.DOCUMENTED,
    f"{_EVENT}, ActivityDate, ActivityDateTime, DurationInMinutes",
    ("FIELD_INTEGRITY_EXCEPTION",),
)
PRIVATE = Rule(
    "FIELD_INTEGRITY_EXCEPTION",
    "A private event with a WhoId or a WhatId.",
    Proof.DOCUMENTED,
    f"{_EVENT}, IsPrivate",
    ("FIELD_INTEGRITY_EXCEPTION",),
)
LEAD_WITH_WHAT = Rule(
    "FIELD_INTEGRITY_EXCEPTION",
    "A task or event whose WhoId is a lead, and whose WhatId is not empty.",
    Proof.DOCUMENTED,
    f"{_FIELD_TYPES}, Reference (the code: seen by others)",
    ("FIELD_INTEGRITY_EXCEPTION",),
)
UNMAPPED = Rule(
    "UNMAPPED_VALUE",
    "A value that the mapping's value map does not list (`otherwise: error`).",
    Proof.OURS,
    "the mapping",
)
DEMANDED = Rule(
    "REQUIRED_FIELD_MISSING",
    "A field or lookup that the mapping requires (`required: true`) is empty.",
    Proof.OURS,
    "the mapping",
)
AMBIGUOUS = Rule(
    "AMBIGUOUS_LOOKUP",
    "More than one branch of a lookup names a parent.",
    Proof.OURS,
    "a record takes one",
)
DEFAULTED = Rule(
    "DEFAULT_SENT",
    "There is no value, and the mapping's `if_null` is sent.",
    Proof.OURS,
    "the mapping",
    severity="note",
)

RULES: tuple[Rule, ...] = tuple(v for v in list(globals().values()) if isinstance(v, Rule))
"""All of them, in the order of this file."""
