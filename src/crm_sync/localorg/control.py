"""Control end points under /local: the levers for tests and for people, in no way Salesforce's.

They need no session, count as no API call, and are not in the log of calls.
"""

from typing import TYPE_CHECKING, Any

from crm_sync.localorg import kinds
from crm_sync.localorg.errors import ApiError, not_found
from crm_sync.localorg.records import conversion, people
from crm_sync.localorg.rest import recent
from crm_sync.localorg.routing import Answer, Request
from crm_sync.localorg.signin import levers

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org


def answer(org: "Org", request: Request) -> Answer:
    """Carry out a control request; a refusal has the form of Salesforce's."""
    try:
        return _answer(org, request)
    except ApiError as error:
        return Answer(error.status, error.body)
    except ValueError as error:
        return Answer(400, [{"errorCode": "BAD_CONTROL_REQUEST", "message": str(error)}])


def _answer(org: "Org", request: Request) -> Answer:
    parts = request.path.rstrip("/").split("/")[2:]
    body: Any = request.body if request.body is not None else {}
    match request.method, parts:
        case "GET", ["calls"]:
            return Answer(200, [call.as_json() for call in list(org.calls)])
        case "POST", ["calls", "reset"]:
            org.calls.clear()
            return Answer(204)
        case "GET", ["faults"]:
            return Answer(200, org.faults.as_json())
        case "POST", ["faults"]:
            kinds.check(kinds.LIST, request.body, "The body")
            org.faults.replace(body)
            return Answer(200, {"rules": len(org.faults)})
        case "GET", ["rules"]:
            return Answer(200, org.rules)
        case "POST", ["rules"]:
            kinds.check(kinds.LIST, request.body, "The body")
            org.rules = body
            return Answer(200, org.rules)
        case "GET", ["records", name]:
            object_type = org.object_type(name)
            with_deleted = request.query.get("deleted") == "true"
            found = org.store.records(object_type.name, deleted=with_deleted)
            return Answer(200, [people.shown(object_type, record) for record in found])
        case "GET", ["jobs"]:
            return Answer(200, org.bulk.infos())
        case "GET", ["counts"]:
            return Answer(200, {o.name: org.store.count(o.name) for o in org.schema.objects})
        case method, ["policies" | "users" | "certificate" | "refresh-token" as part]:
            return levers.answer(org, method, part, body)
        case "POST", [action]:
            with org.store.lock:
                return Answer(200, _act(org, action, body))
        case _:
            raise not_found()


_ID = {"id": kinds.TEXT}
_NEEDED: dict[str, kinds.Kinds] = {
    "edit": {**_ID, "fields": kinds.MAP},
    "delete": _ID,
    "undelete": _ID,
    "view": _ID,
    "convert-lead": _ID,
    "merge": {"winner": kinds.TEXT, "loser": kinds.TEXT},
    "daily-limit": {"remaining": kinds.COUNT},
}
_TEXT_OR_NULL = kinds.either(kinds.TEXT, kinds.NOTHING)
_OPTIONAL: dict[str, kinds.Kinds] = {
    "edit": {"object": kinds.TEXT},  # said by some, though the Id says it
    "view": {"user_id": kinds.TEXT},
    "convert-lead": {
        "account_id": _TEXT_OR_NULL,
        "contact_id": _TEXT_OR_NULL,
        "opportunity": kinds.either(kinds.TEXT, kinds.FLAG),
    },
}


def _act(org: "Org", action: str, body: Any) -> Any:
    if action in _NEEDED:
        kinds.check_map(body, _NEEDED[action], _OPTIONAL.get(action))
    match action:
        case "edit":
            return _shown(org, people.edit(org, body["id"], body["fields"]))
        case "delete":
            people.delete(org, body["id"])
            return {"deleted": body["id"]}
        case "undelete":
            return _shown(org, people.undelete(org, body["id"]))
        case "purge":
            return {"purged": people.purge(org)}
        case "view":
            recent.view(org, body.get("user_id", org.integration_user_id), body["id"])
            return {"viewed": body["id"]}
        case "convert-lead":
            lead = conversion.convert_lead(
                org,
                body["id"],
                body.get("account_id"),
                contact_id=body.get("contact_id"),
                opportunity=body.get("opportunity", False),
            )
            return _shown(org, lead)
        case "merge":
            return _shown(org, people.merge(org, body["winner"], body["loser"]))
        case "expire-sessions":
            return {"expired": org.expire_sessions()}
        case "daily-limit":
            org.set_remaining(body["remaining"])
            return {"remaining": org.daily_limit - org.daily_used}
        case _:
            raise not_found()


def _shown(org: "Org", record: dict[str, Any]) -> dict[str, Any]:
    object_type = org.schema.of_id(record["Id"])
    if object_type is None:
        raise not_found()
    return people.shown(object_type, record)
