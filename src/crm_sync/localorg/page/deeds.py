"""What can be done: each button posts here, and the browser is sent on to what came of it.

The deeds are those of ``records.people`` and the org's levers; a refusal is told in Salesforce's
words.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError, RowError, not_found
from crm_sync.localorg.page import forms, levers, record, views
from crm_sync.localorg.page.visit import Reply, Visit
from crm_sync.localorg.records import conversion, people, values
from crm_sync.localorg.schema import ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_MERGED = 3
"""Records that Salesforce merges at once, the master included (D, Merge Duplicate Accounts)."""

SENTENCES = {
    "edited": "Saved, as someone in Salesforce would have.",
    "unchanged": "Nothing was changed, so nothing was saved.",
    "deleted": "Deleted. It is in the recycle bin.",
    "undeleted": "Taken out of the recycle bin.",
    "converted": "Converted.",
    "merged": "Merged. What pointed to the others points here now.",
    "limit-used-up": "The day's API calls are used up: every call is refused from now on.",
    "limit-reset": "The day's API calls are counted from 0 again.",
    "sessions-expired": "Every session has ended: clients have to sign in again.",
    "calls-forgotten": "The log of calls is empty.",
    "fault-on": "The fault is in force.",
    "fault-off": "The fault is switched off.",
    "faults-off": "All faults are switched off.",
    "rule-on": "The rule is switched on.",
    "rule-off": "The rule is switched off.",
}
"""What was done, by the code that stands in the address after it."""


def do(visit: Visit, parts: Sequence[str]) -> Reply:
    """Carry out what a form at a path below ``/page`` asks for."""
    match parts:
        case ["levers", lever]:
            done = levers.pull(visit.org, lever, visit.form)
            if done is None:
                raise not_found()
            place = "/page/calls" if lever == "forget-calls" else "/"
            return Reply(location=f"{place}?done={done}")
        case ["records", record_id, deed]:
            object_type, found = record.find(visit.org, record_id)
            return _do(visit, deed, object_type.name, found["Id"])
        case _:
            raise not_found()


def _do(visit: Visit, deed: str, object_name: str, record_id: str) -> Reply:
    org = visit.org
    match deed:
        case "edit":
            return _edit(visit, record_id)
        case "delete":
            people.delete(org, record_id)
            if org.store.record(record_id) is None:  # an object without a recycle bin
                return Reply(location=f"/page/objects/{object_name}?done=deleted")
            return _to(record_id, "deleted")
        case "undelete":
            people.undelete(org, record_id)
            return _to(record_id, "undeleted")
        case "convert":
            account_id = visit.typed("account")
            conversion.convert_lead(
                org, record_id, account_id or None, opportunity=bool(visit.typed("opportunity"))
            )
            return _to(record_id, "converted")
        case "merge":
            return _merge(org, visit.typed("master"), visit.form.get("merged", []))
        case _:
            raise not_found()


def _to(record_id: str, done: str) -> Reply:
    return Reply(location=f"/page/records/{record_id}?done={done}")


def _edit(visit: Visit, record_id: str) -> Reply:
    object_type, _ = record.find(visit.org, record_id)
    try:
        changes = forms.changes(object_type, visit.form)
    except ValueError:
        raise ApiError(400, "BAD_CONTROL_REQUEST", "This form is not whole.") from None
    if not changes:
        return _to(record_id, "unchanged")
    try:
        people.edit(visit.org, record_id, changes)
    except ApiError as error:
        return views.edit_form(
            visit.org,
            record_id,
            texts=forms.typed(object_type, visit.form),
            shown=visit.form["shown"][0],
            refusal=_named(object_type, changes, error.body[0]),
        )
    return _to(record_id, "edited")


def _named(
    object_type: ObjectType, changes: dict[str, Any], refusal: dict[str, Any]
) -> dict[str, Any]:
    """The refusal with its field, which that of a value of the wrong kind does not name."""
    if refusal.get("fields"):
        return refusal
    for name, value in changes.items():
        field = object_type[name]
        try:
            values.parser(field)(value)
        except RowError as error:
            if error.message == refusal["message"]:
                message = f"{field.label}: {error.message}"
                return {**refusal, "message": message, "fields": [name]}
    return refusal


def _merge(org: "Org", master: str, merged: Sequence[str]) -> Reply:
    losers = [record_id for record_id in dict.fromkeys(merged) if record_id != master]
    if not master or not losers:
        raise ApiError(400, "INVALID_OPERATION", "Choose at least two records, one as the master.")
    if len(losers) >= MOST_MERGED:
        text = f"At most {MOST_MERGED} records can be merged at once."
        raise ApiError(400, "INVALID_OPERATION", text)
    with org.store.transaction():
        for loser in losers:
            people.merge(org, master, loser)
    return _to(master, "merged")
