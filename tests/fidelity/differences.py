"""Where the local org deliberately differs from a recording, and why: the one list of it."""

UNMATCHED: dict[str, str] = {}
"""Recorded files that no test compares, and the reason. Each must exist."""

_OTHER_ORG = "the recorded requests ran against an org that had some of the components already"
_OF_2011 = "recorded in 2011; since then the answer has these as well (documentation)"
_LATER_LIMITS = "a limit that later versions list"
_LATER_FACTS = "told in later API versions than that of the recorded object"
_REDUCED = "left out of the recording, which has some facts of the fields only"
_OWN_FIELD = "the local org's own custom field, which it has from the start"
_OF_EVERY_DESCRIBE = {
    "+childRelationships": "left out of the recording",
    "+fields/CRM_Id__c": _OWN_FIELD,
}

DIFFERENCES: dict[str, dict[str, str]] = {
    "auth/error-400.json": {
        "error_description": "recorded in 2011; today's refusals say no more than "
        '"authentication failure" (many logs)',
    },
    "auth/refresh-200.json": {
        "+scope": _OF_2011,
        "+token_type": _OF_2011,
        "order ": "the order of today's answer (documentation)",
    },
    "collections/query-leads-page.json": {
        "-nextRecordsUrl": "the recording was shortened by hand: a result that is done has no "
        "next page (documentation)",
    },
    "describe/Account.json": {
        **_OF_EVERY_DESCRIBE,
        "+associate*": _LATER_FACTS,
        "+sobjectDescribeOption": _LATER_FACTS,
        "-urls/defaultValues": "told of none of the objects recorded since",
        "recordTypeInfos/0/*": "the recorded org has a record type Household",
        "-recordTypeInfos/1": "the recorded org has a record type Household",
    },
    "describe/Event.json": {**_OF_EVERY_DESCRIBE},
    "describe/Lead.json": {**_OF_EVERY_DESCRIBE},
    "describe/Opportunity.json": {**_OF_EVERY_DESCRIBE},
    "describe/Task.reduced.json": {
        "order ": _REDUCED,
        "+[!f]*": _REDUCED,
        "+feedEnabled": _REDUCED,
        "+fields/*/*": _REDUCED,
        "+fields/CRM_Id__c": _OWN_FIELD,
    },
    "limits.json": {
        "+DailyBulk*": _LATER_LIMITS,
        "order HourlyODataCallout": "the recording has Max first in every limit but this one",
    },
    "metadata/upsert-customfields-response.xml": {
        "*}created": _OTHER_ORG,
    },
    "metadata/write-permissionset-response.xml": {
        "*}created": _OTHER_ORG,
    },
}
"""File → pattern of differences, as `compare.differences` names them → reason."""
