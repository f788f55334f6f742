"""getUpdated and getDeleted: Ids of the records changed or deleted in a span of time (D).

Seconds are ignored on both ends (D, getUpdated); the span may begin 30 days back (15 for deleted
ones, which is what the recycle bin keeps) and must be longer than a minute. Both go by
SystemModstamp.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.errors import ApiError
from crm_sync.localorg.records import values
from crm_sync.localorg.routing import Answer, Request, Route
from crm_sync.localorg.schema import ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_IDS = 600_000
DAYS_UPDATED, DAYS_DELETED = 30, 15


def updated(org: "Org", request: Request, object_name: str) -> Answer:
    object_type = org.object_type(object_name, request)
    start, end = _span(org, request, object_type)
    found = org.store.stamped(object_type, start, end, deleted=False)
    if len(found) > MOST_IDS:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"Too many ids: more than {MOST_IDS}")
    return Answer(200, {"ids": [i for i, _ in found], "latestDateCovered": _covered(org, end)})


def deleted(org: "Org", request: Request, object_name: str) -> Answer:
    object_type = org.object_type(object_name, request)
    start, end = _span(org, request, object_type)
    found = org.store.stamped(object_type, start, end, deleted=True)
    earliest = org.clock() - timedelta(days=DAYS_DELETED)
    body: dict[str, Any] = {
        "deletedRecords": [{"deletedDate": stamp, "id": i} for i, stamp in found],
        "earliestDateAvailable": values.format_datetime(earliest),
        "latestDateCovered": _covered(org, end),
    }
    return Answer(200, body)


def _span(org: "Org", request: Request, object_type: ObjectType) -> tuple[str, str]:
    """Start and end as they are stored, to the minute."""
    if not object_type.facts.get("replicateable", True):
        raise ApiError(
            400, "INVALID_TYPE_FOR_OPERATION", f"{object_type.name} is not replicateable"
        )
    start, end = (_moment(request, name) for name in ("start", "end"))
    if end < start + timedelta(minutes=1):
        raise _bad_date("endDate must be at least one minute greater than the startDate")
    if start < org.clock() - timedelta(days=DAYS_UPDATED):
        raise _bad_date("startDate cannot be more than 30 days ago")
    return values.format_datetime(start), values.format_datetime(end)


def _covered(org: "Org", end: str) -> str:
    """Up to when an answer is whole: the end, or the minute that runs, if the end is yet to come
    (D, GetDeletedResult: where the next call should begin, at most the end)."""
    return min(end, values.format_datetime(org.clock().replace(second=0)))


def _moment(request: Request, name: str) -> datetime:
    # A plus sign that was not encoded arrives as a blank.
    text = request.query.get(name, "").strip().replace(" ", "+")
    moment = values.parse_datetime(text)
    if moment is None:
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"Invalid {name} date: {text}")
    return moment.replace(second=0)


def _bad_date(message: str) -> ApiError:
    """Code D, sentences 3."""
    return ApiError(400, "INVALID_REPLICATION_DATE", message)


ROUTES = [
    Route("GET", "/sobjects/{object_name}/updated", updated),
    Route("GET", "/sobjects/{object_name}/deleted", deleted),
]
