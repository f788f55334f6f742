"""Recently viewed records: those that a person opened, last first (D, Recently Viewed Items).

In Salesforce what REST reads or writes one by one is seen, too (D, MRU Header); here a write sets
``LastViewedDate`` and lists nothing. :func:`view` is for who shows a record to a person.
"""

from typing import TYPE_CHECKING, Any

from crm_sync.localorg.records import values
from crm_sync.localorg.rest import read
from crm_sync.localorg.routing import Answer, Request, Route
from crm_sync.localorg.schema import ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MOST_RECENT = 200


def view(org: "Org", user_id: str, record_id: str) -> None:
    """Note that the user looked at a record; LastViewedDate is his own in Salesforce, too."""
    object_type = org.schema.of_id(record_id)
    record = org.store.record(record_id)
    if object_type is None or record is None:
        return
    org.store.execute(
        "insert or replace into local_viewed values (?, ?, (select coalesce(max(turn), 0) + 1 "
        "from local_viewed))",
        [user_id, record["Id"]],
    )
    seen = values.format_datetime(org.clock())
    named = [n for n in ("LastViewedDate", "LastReferencedDate") if object_type.find(n)]
    if named:
        org.store.update(object_type, [{**record, **dict.fromkeys(named, seen)}])


def recent(org: "Org", request: Request) -> Answer:
    """GET /recent?limit=N: records of every object."""
    asked = request.query.get("limit", "")
    most = min(int(asked), MOST_RECENT) if asked.isdigit() else MOST_RECENT
    return Answer(200, items(org, request, None)[:most])


def items(org: "Org", request: Request, object_type: ObjectType | None) -> list[dict[str, Any]]:
    """{attributes, Id, name} of the living records that the caller saw, of one object or all."""
    seen = org.store.rows(
        "select record_id from local_viewed where user_id = ? order by turn desc limit ?",
        [request.user_id, MOST_RECENT * 5],
    )
    shown: list[dict[str, Any]] = []
    readable = org.view(request)
    for (record_id,) in seen:
        record_type = readable.of_id(record_id)
        record = org.store.record(record_id)
        if record_type is None or record is None or record.get("IsDeleted"):
            continue
        if object_type is None or record_type.name == object_type.name:
            item = {"attributes": read.attributes(record_type, record_id, request.base)}
            name = record_type.name_field
            named = {} if name is None else {name.name: record.get(name.name)}
            shown.append({**item, "Id": record_id, **named})
    return shown[:MOST_RECENT]


ROUTES = [Route("GET", "/recent", recent)]
