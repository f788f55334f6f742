"""The codes of problems: what each means for a row, and how it is mended. One table.

A code is Salesforce's own where Salesforce says it, or would say it (`refusals.py` has the rules by
which that is foretold), else ours. `sync/explain.py` takes the mend of a refusal from here, and
`docs/errors.md` is made of this table. SQL writes its codes as they are; a test holds that each
stands here. Imports nothing of the project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ANY_STATUS", "GENERAL_MEND", "PROBLEMS", "Problem", "mend_of"]

Origin = Literal["plan", "push", "salesforce"]
"""Who says it: a plan, before anything is sent; a push, of what it met; Salesforce alone."""

GENERAL_MEND = "Correct {source}, or ask the org's administrator."
"""What to do about a code of which nothing more is known."""
ANY_STATUS = "HTTP_nnn"
"""Stands for a request that was refused as a whole, with its HTTP status and no code."""


@dataclass(frozen=True)
class Problem:
    """What a code means, and how it is mended. In `mend`, {source} is the column that the problem
    names or what stands for it, {file} the mapping's file, {object} the Salesforce object.
    """

    origin: Origin
    means: str
    mend: str = GENERAL_MEND


def mend_of(code: str) -> str:
    """How a refusal with this code is mended, with its placeholders."""
    return PROBLEMS[code].mend if code in PROBLEMS else GENERAL_MEND


_PASSING = "Someone else was writing; the next run sends it again."

PROBLEMS: dict[str, Problem] = {
    # What a plan finds. Where Salesforce would refuse the row, the code is Salesforce's.
    "AMBIGUOUS_LOOKUP": Problem(
        "plan", "Several branches of a lookup name a parent, and a record takes one.",
        "Let only one of these columns have a value.",
    ),
    "CHILDREN_REMAIN": Problem(
        "plan", "A record is to be deleted, and others still name it: Salesforce would delete them "
        "with it.",
        "Give the others another parent in the database, or delete them there.",
    ),
    "CONVERTED_ELSEWHERE": Problem(
        "plan", "A lead became this row in the database, and in Salesforce a record that another "
        "row has.",
        "Let the lead name the other row in the database, or join the two rows.",
    ),
    "DATE_OUT_OF_RANGE": Problem(
        "plan", "A date or moment lies outside of the years that Salesforce takes, 1700 to 4000.",
        "Correct {source}.",
    ),
    "DECIMALS_CUT": Problem(
        "plan", "A number has more decimals than its field keeps; the others are cut off.",
        "Round {source}, or round in the mapping's SQL.",
    ),
    "DEFAULT_SENT": Problem(
        "plan", "There is no value, and the `if_null` of the mapping is sent.",
        "Nothing, or fill {source}.",
    ),
    "DUPLICATE_VALUE": Problem(
        "plan", "A unique field gets a value that another record, or another row, has.",
        "Another record holds this value: clear it there, or change {source}.",
    ),
    "EDITED_IN_SALESFORCE": Problem(
        "plan", "People edited in Salesforce what is about to be overwritten or deleted, and the "
        "mapping says `on_edited: hold`. Known where the records are read first: by a sync, and by "
        "`dry-run --against-org`.",
        "Write into {source} what stands there, put the former value back in Salesforce, or send "
        "ours with `crm-sync sync --overwrite KEY`.",
    ),
    "EVENT_LONGER_THAN_A_DAY": Problem(
        "plan", "An event is longer than a day; an org takes it with multiday events switched on "
        "only, and does not tell whether they are.",
        "Nothing where they are; else shorten the event.",
    ),
    "FIELD_INTEGRITY_EXCEPTION": Problem(
        "plan", "Fields of the record contradict each other or a rule of the object, such as an "
        "event's times.",
        "Correct {source}.",
    ),
    "INVALID_CROSS_REFERENCE_KEY": Problem(
        "plan", "The record names another that is not there, not visible to our user, or of the "
        "wrong kind.",
        "Correct {source}, or let the integration user see the record that it names.",
    ),
    "INVALID_EMAIL_ADDRESS": Problem(
        "plan", "A text is no e-mail address as Salesforce takes them.", "Correct {source}.",
    ),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Problem(
        "plan", "A restricted picklist gets a value that the org does not list.",
        "Use a value that the org lists, or map {source} with values.",
    ),
    "MALFORMED_ID": Problem(
        "plan", "A field for a record's Id gets a text that is none.",
    ),
    "NUMBER_OUTSIDE_VALID_RANGE": Problem(
        "plan", "A number has more digits than its field, decimals where whole numbers belong, or "
        "is no finite number.",
        "Bring {source} into the range that Salesforce names.",
    ),
    "PARENT_NOT_READY": Problem(
        "plan", "The row waits for another: its parent has no record, or the row that takes its "
        "place did not go.",
        "Mend the other row first; this one then goes by itself.",
    ),
    "PICKLIST_CASE": Problem(
        "plan", "A restricted picklist gets a listed value in other upper and lower case, which "
        "Salesforce may take or refuse.",
        "Write it as the org lists it.",
    ),
    "REFERENCE_NOT_FOUND": Problem(
        "plan", "A lookup to a record that is not ours, such as a user by e-mail, finds none, "
        "several, or an inactive one.",
        "Correct {source}, add or activate the record in Salesforce, or say `otherwise` in {file}.",
    ),
    "REQUIRED_FIELD_MISSING": Problem(
        "plan", "A field or lookup that the org or the mapping requires is empty.",
        "Fill {source}.",
    ),
    "STRING_TOO_LONG": Problem(
        "plan", "A text is longer than its field.", "Shorten {source}.",
    ),
    "TRUNCATED": Problem(
        "plan", "A text is cut to the length of its field, as the mapping says (`too_long`).",
        "Nothing, or shorten {source}.",
    ),
    "UNKNOWN_OUTCOME": Problem(
        "plan", "The row was sent and no answer came, so nobody knows whether Salesforce wrote it.",
        "Run again: it is sent again, and no record is doubled.",
    ),
    "UNLISTED_PICKLIST_VALUE": Problem(
        "plan", "An unrestricted picklist gets a value that the org does not list; Salesforce "
        "takes it without a word.",
        "Correct {source} or map it with values, unless it is meant.",
    ),
    "UNMAPPED_VALUE": Problem(
        "plan", "The value map of a field does not list the row's value.",
        "Add it to `values` in {file}, or say `otherwise`.",
    ),
    "UNUSUAL_EMAIL_ADDRESS": Problem(
        "plan", "An e-mail address has an unusual form, which Salesforce may refuse.",
        "Look at {source}.",
    ),
    "UNUSUAL_WEB_ADDRESS": Problem(
        "plan", "A web address leads nowhere: it has a blank in it, or no dot.",
        "Correct {source}.",
    ),
    "VALUE_CHANGES_HANDS": Problem(
        "plan", "A unique value moves from one record to another in the same plan; Salesforce "
        "takes it if the first is written first.",
        "Nothing, unless it is refused: then correct {source}, or clear the value of the other "
        "record.",
    ),
    # What a push meets.
    "DELETED_WITH_PARENT": Problem(
        "push", "Salesforce deleted the record along with its parent; the history notes it.",
        "Nothing.",
    ),
    "LEAD_CONVERTED": Problem(
        "push", "People converted the lead in Salesforce; a converted lead is closed.",
        "Nothing: a converted lead is closed.",
    ),
    "RECORD_DELETED": Problem(
        "push", "People deleted the record in Salesforce.",
        "Restore it from Salesforce's recycle bin, delete the row, or say `on_missing: recreate` "
        "in {file}.",
    ),
    "RECORD_FOLLOWED": Problem(
        "push", "People merged or converted a record in Salesforce, and the row's record is what "
        "it became; the history notes it.",
        "Nothing.",
    ),
    "RECORD_MERGED": Problem(
        "push", "People merged the record into another in Salesforce.",
        "Join the two rows in the database as Salesforce joined the records: the one that is named "
        "has the record that is left.",
    ),
    # What Salesforce answers, and no plan foretells.
    "API_DISABLED_FOR_ORG": Problem(
        "salesforce", "The org, or our user, has no access to the API.",
    ),
    "APEX_CPU_TIME_LIMIT_EXCEEDED": Problem(
        "salesforce", "Triggers or flows of the org took too long over these rows.",
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Problem(
        "salesforce", "A flow of the org failed for the row.",
        "A flow of the org refused it: its administrator finds the reason in the sentence.",
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Problem(
        "salesforce", "A trigger of the org failed for the row.",
        "A trigger of the org refused it: its administrator finds the reason in the sentence.",
    ),
    "CANNOT_UPDATE_CONVERTED_LEAD": Problem(
        "salesforce", "The lead was converted; told as LEAD_CONVERTED once that is read.",
        "Nothing: a converted lead is closed with the next run.",
    ),
    "CIRCULAR_DEPENDENCY": Problem(
        "salesforce", "A record would stand above itself.",
        "A record would stand above itself: correct {source}.",
    ),
    "CONNECTION_TERMINATED": Problem(
        "salesforce", "The work was broken off inside Salesforce.",
    ),
    "DUPLICATES_DETECTED": Problem(
        "salesforce", "A duplicate rule of the org finds the record too much like another.",
        "A duplicate rule of the org refused it: merge or delete the other record there, or let "
        "the rule allow the integration user.",
    ),
    "DUPLICATE_EXTERNAL_ID": Problem(
        "salesforce", "Several records carry the row's external ID.",
        "Several records carry this external ID: delete all but one in Salesforce and make the "
        "field unique.",
    ),
    "ENTITY_IS_DELETED": Problem(
        "salesforce", "The record, or one that it names, is deleted; told as RECORD_DELETED or "
        "RECORD_MERGED once that is read.",
        "Run again: the next run reads what became of it, and says how to mend that.",
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Problem(
        "salesforce", "A validation rule of the org refuses the record.",
        "A validation rule of the org refused it: change {source} to satisfy the rule, or let its "
        "administrator change the rule.",
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": Problem(
        "salesforce", "A lookup filter of the org does not let the record name that parent.",
        "A lookup filter of the org refused it: name another record in {source}.",
    ),
    "FUNCTIONALITY_NOT_ENABLED": Problem(
        "salesforce", "The org has not switched on what the write needs.",
    ),
    ANY_STATUS: Problem(
        "salesforce", "A request was refused as a whole, and Salesforce gave no code; nnn is the "
        "HTTP status.",
    ),
    "INACTIVE_OWNER_OR_USER": Problem(
        "salesforce", "The owner, or another user that the record names, is inactive.",
        "Name an active user as owner.",
    ),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Problem(
        "salesforce", "Our user may not use a record that this one names.",
        "Give the integration user access to the record that it names.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": Problem(
        "salesforce", "Our user may not write the record.",
        "Give the integration user edit access to {object}.",
    ),
    "INVALID_FIELD": Problem(
        "salesforce", "The object has no such field, or our user may not see it.",
        "Correct the field in {file}, or let a permission set grant it.",
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Problem(
        "salesforce", "Our user may not write a field that the mapping writes.",
        "Let a permission set grant edit access, or take the field out of {file}.",
    ),
    "INVALID_OPERATION_WITH_EXPIRED_PASSWORD": Problem(
        "salesforce", "The password of our user has expired.",
    ),
    "INVALID_TYPE": Problem(
        "salesforce", "The org has no such object, or our user may not see it.",
        "Our user needs a licence that has {object}, and a permission set that grants it: "
        "`crm-sync org setup`.",
    ),
    "JSON_PARSER_ERROR": Problem(
        "salesforce", "A value is not of the form that its field reads.",
    ),
    "LIMIT_EXCEEDED": Problem(
        "salesforce", "A limit of the org was passed while it worked on these rows.",
    ),
    "NOT_FOUND": Problem(
        "salesforce", "What the request names is not there.",
    ),
    "QUERY_TIMEOUT": Problem(
        "salesforce", "A query inside Salesforce took too long.",
    ),
    "REQUEST_LIMIT_EXCEEDED": Problem(
        "salesforce", "The org's API calls of the last 24 hours are used up.",
    ),
    "REQUEST_RUNNING_TOO_LONG": Problem(
        "salesforce", "A request took Salesforce too long.",
    ),
    "ROW_LOCK_TIMEOUT": Problem(
        "salesforce", "A record was locked by another write for too long.",
    ),
    "SERVER_UNAVAILABLE": Problem(
        "salesforce", "A server of Salesforce's is out of reach.",
    ),
    "STORAGE_LIMIT_EXCEEDED": Problem(
        "salesforce", "The org's data storage is full.",
        "The org's data storage is full; free or buy some.",
    ),
    "TXN_SECURITY_METERING_ERROR": Problem(
        "salesforce", "A limit of the org's security policies was passed.",
    ),
    "UNABLE_TO_LOCK_ROW": Problem(
        "salesforce", "Someone else was writing the record, or its parent.", _PASSING,
    ),
    "UNKNOWN_EXCEPTION": Problem(
        "salesforce", "Salesforce had trouble of its own, or gave no code.",
    ),
}  # fmt: skip
"""Every code that we write or explain. Salesforce has more: those are shown as it gives them."""
