"""What can be looked at: each view reads the org and names a template with its contents."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_sync.localorg.errors import not_found
from crm_sync.localorg.page import calls, forms, jobs, levers, lists, record, show
from crm_sync.localorg.page.visit import Reply, Visit
from crm_sync.localorg.records.store import Record, quote
from crm_sync.localorg.schema import ObjectType

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

RECENT = 8
"""Calls and jobs on the first page."""
CANDIDATES = 12
"""Records offered to merge with, or to convert into."""


def show_page(visit: Visit, parts: Sequence[str]) -> Reply:
    """The view at a path below ``/page``; no parts are the first page."""
    match parts:
        case []:
            return _home(visit)
        case ["objects", name]:
            return _list(visit, visit.org.object_type(name))
        case ["records", record_id]:
            return _record(visit.org, record_id)
        case ["records", record_id, "edit"]:
            return edit_form(visit.org, record_id)
        case ["records", record_id, "convert"]:
            return _convert(visit, record_id)
        case ["records", record_id, "merge"]:
            return _merge(visit, record_id)
        case ["calls"]:
            return _calls(visit)
        case ["calls", number]:
            return Reply("call", {"call": calls.in_full(visit.org, number)})
        case ["jobs"]:
            return Reply("jobs", {"jobs": jobs.jobs(visit.org, visit.router)})
        case ["jobs", job_id]:
            return _job(visit, job_id)
        case ["jobs", job_id, name]:
            info = jobs.job(visit.org, visit.router, job_id)
            result, body = jobs.result(visit.org, visit.router, info, name)
            return Reply("results", {"job": info, "label": result.label, "body": body})
        case _:
            raise not_found()


def _job(visit: Visit, job_id: str) -> Reply:
    info = jobs.job(visit.org, visit.router, job_id)
    return Reply("job", {"job": info, "facts": jobs.facts(info), "results": jobs.results(info)})


def _home(visit: Visit) -> Reply:
    org = visit.org
    return Reply(
        "home",
        {
            "objects": [
                (o, org.store.count(o.name), _in_bin(org, o)) for o in show.all_objects(org)
            ],
            "calls": calls.recent(org).rows[:RECENT],
            "jobs": jobs.jobs(org, visit.router)[:RECENT],
            "sessions": org.sessions.count(org.accounts.policies.session_seconds),
            "rules": levers.rules(org),
            "presets": levers.PRESETS,
        },
    )


def _in_bin(org: "Org", object_type: ObjectType) -> int:
    if not object_type.soft_delete:
        return 0
    # The object's name is the schema's own.
    sql = f'select count(*) from {quote(object_type.name)} where "IsDeleted" = 1'  # noqa: S608
    return int(org.store.rows(sql)[0][0])


def _list(visit: Visit, object_type: ObjectType) -> Reply:
    wish = lists.Wish.of(visit.query)
    pointed = None
    if wish.field and wish.value:
        lookup = object_type.find(wish.field)
        if lookup is None or lookup.type != "reference":
            raise not_found()
        pointed = show.links(visit.org, [(lookup, wish.value)]).get(wish.value)
        if pointed is None:
            raise not_found()
    return Reply(
        "list",
        {
            "object": object_type,
            "wish": wish,
            "listed": lists.records(visit.org, object_type, wish),
            "pointed": pointed,
        },
    )


def _record(org: "Org", record_id: str) -> Reply:
    object_type, found = record.find(org, record_id)
    shown = record.fields(org, object_type, found)
    related = record.related(org, object_type, found)
    return Reply(
        "record",
        {
            **_about(org, object_type, found),
            "filled": [f for f in shown if f.value.text is not None],
            "empty": [f for f in shown if f.value.text is None],
            "related": [r for r in related if r.total],
            "without": [r for r in related if not r.total],
        },
    )


def _about(org: "Org", object_type: ObjectType, found: Record) -> dict[str, object]:
    """What every page about one record shows of it."""
    pointing = (object_type.find(n) for n in ("MasterRecordId", "ConvertedAccountId"))
    known = show.links(org, ((f, found.get(f.name)) for f in pointing if f is not None))
    is_deleted = bool(found.get("IsDeleted"))
    is_converted = bool(found.get("IsConverted"))
    is_lead = object_type.name == "Lead"
    return {
        "object": object_type,
        "record": found,
        "name": show.name_of(object_type, found),
        "is_deleted": is_deleted,
        "is_converted": is_converted,
        "master": known.get(found.get("MasterRecordId") or ""),
        "account": known.get(found.get("ConvertedAccountId") or ""),
        "can_edit": not is_deleted and bool(forms.editable(object_type)),
        "can_delete": not is_deleted and object_type.facts.get("deletable", True),
        "can_undelete": is_deleted,
        "can_convert": is_lead and not is_deleted and not is_converted,
        "can_merge": not is_deleted and bool(object_type.facts.get("mergeable")),
    }


def edit_form(
    org: "Org",
    record_id: str,
    *,
    texts: dict[str, str] | None = None,
    shown: str = "",
    refusal: dict[str, object] | None = None,
) -> Reply:
    """The form over a record's editable fields; with ``texts`` as they were typed and refused."""
    object_type, found = record.find(org, record_id)
    about = _about(org, object_type, found)
    if not about["can_edit"]:
        raise not_found()
    start = forms.shown(object_type, found)
    known = show.links(org, ((f, found.get(f.name)) for f in object_type.stored))
    names: object = (refusal or {}).get("fields")
    refused = frozenset(names if isinstance(names, list) else [])
    return Reply(
        "edit",
        {
            **about,
            "inputs": forms.inputs(object_type, texts or start, known, refused),
            "shown": shown or forms.as_text(start),
            "refusal": refusal,
        },
        status=400 if refusal else 200,
    )


def _convert(visit: Visit, record_id: str) -> Reply:
    org = visit.org
    object_type, lead = record.find(org, record_id)
    about = _about(org, object_type, lead)
    if not about["can_convert"]:
        raise not_found()
    search = visit.query.get("q", str(lead["Company"])).strip()
    accounts = _alike(org, org.schema["Account"], search)
    return Reply("convert", {**about, "search": search, "accounts": accounts})


def _merge(visit: Visit, record_id: str) -> Reply:
    org = visit.org
    object_type, found = record.find(org, record_id)
    about = _about(org, object_type, found)
    if not about["can_merge"]:
        raise not_found()
    words = show.name_of(object_type, found).split()
    search = visit.query.get("q", words[0]).strip()
    others = [r for r in _alike(org, object_type, search) if r.id != found["Id"]]
    columns = lists.columns_of(object_type)
    own = lists.shown_rows(org, object_type, [found], columns)[0]
    return Reply(
        "merge",
        {**about, "search": search, "columns": columns, "own": own, "others": others},
    )


def _alike(org: "Org", object_type: ObjectType, search: str) -> list[lists.Row]:
    return lists.records(org, object_type, lists.Wish(search=search)).rows[:CANDIDATES]


def _calls(visit: Visit) -> Reply:
    wish = lists.Wish.of(visit.query)
    refused = visit.query.get("refused") == "1"
    listed = calls.recent(visit.org, search=wish.search, refused=refused, page=wish.page)
    return Reply("calls", {"listed": listed, "search": wish.search, "refused": refused})
