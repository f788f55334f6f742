"""Describe: one object, all objects, and the conditional requests on them (D, R).

The keys are those of recorded describes. All describes of an org share one ETag and one
Last-Modified, which change with its schema (R, CumulusCI); here that is when the org was started.
The ETag ends in ``--gzip`` where the answer may be zipped, so never in a composite (R, CumulusCI).
"""

import hashlib
import json
from collections.abc import Iterable
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from crm_sync.localorg.records import recordtypes
from crm_sync.localorg.rest import conditions, recent
from crm_sync.localorg.routing import Answer, Request, Route
from crm_sync.localorg.schema import ObjectType, Schema

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

MASTER_RECORD_TYPE = "012000000000000AAA"

_FLAGS: dict[str, Any] = {
    "activateable": False,
    "associateEntityType": None,
    "associateParentEntity": None,
    "createable": True,
    "custom": False,
    "customSetting": False,
    "deepCloneable": False,
    "deletable": True,
    "deprecatedAndHidden": False,
    "feedEnabled": False,
    "hasSubtypes": False,
    "isInterface": False,
    "isSubtype": False,
    "layoutable": True,
    "mergeable": False,
    "mruEnabled": True,
    "queryable": True,
    "replicateable": True,
    "retrieveable": True,
    "searchable": True,
    "triggerable": True,
    "undeletable": True,
    "updateable": True,
}
"""What a global describe says of an object, where the description does not say otherwise."""

_MORE: dict[str, Any] = {
    "actionOverrides": [],
    "compactLayoutable": True,
    "defaultImplementation": None,
    "extendedBy": None,
    "extendsInterfaces": None,
    "implementedBy": None,
    "implementsInterfaces": None,
    "listviewable": None,
    "lookupLayoutable": None,
    "namedLayoutInfos": [],
    "networkScopeFieldName": None,
    "searchLayoutable": True,
    "sobjectDescribeOption": "FULL",
}
"""What only the describe of one object says."""

_SINCE = {
    **dict.fromkeys(("associateEntityType", "associateParentEntity"), 49),
    **dict.fromkeys(
        (
            "aiPredictionField", "deepCloneable", "defaultImplementation", "developerName",
            "extendedBy", "extendsInterfaces", "formulaTreatNullNumberAsZero", "implementedBy",
            "implementsInterfaces", "isInterface",
        ),
        43,
    ),
}  # fmt: skip
"""The first version after the last one that was recorded without the fact (R, grouparoo v42;
CumulusCI v48); it may be a later one that brought it."""

_RESOURCES = {
    "compactLayouts": "/describe/compactLayouts",
    "rowTemplate": "/{ID}",
    "approvalLayouts": "/describe/approvalLayouts",
    "namedLayouts": "/describe/namedLayouts/{LayoutName}",
    "passwordUtilities": "/{ID}/password",
    "eventSeriesUpdates": "/{ID}/fromThisEventOnwards",
    "listviews": "/listviews",
    "describe": "/describe",
    "quickActions": "/quickActions",
    "layouts": "/describe/layouts",
    "sobject": "",
}
"""Name of a URL of a describe → what follows the object's own."""

_ALWAYS = ("rowTemplate", "describe", "sobject")
_USUAL = ("compactLayouts", "approvalLayouts", "listviews", "quickActions", "layouts")

_ORDER = (
    "compactLayouts", "rowTemplate", "approvalLayouts", "namedLayouts", "passwordUtilities",
    "uiDetailTemplate", "uiEditTemplate", "eventSeriesUpdates", "listviews", "describe",
    "uiNewRecord", "quickActions", "layouts", "sobject",
)  # fmt: skip


def describe_global(org: "Org", request: Request) -> Answer:
    headers, is_unchanged = _conditional(org, request)
    if is_unchanged:
        return Answer(304, None, headers)
    sobjects = [
        {**_flags(org, request, o), "urls": _short_urls(o, request.base)}
        for o in sorted(org.view(request).objects, key=lambda o: o.name)
    ]
    body = {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": sobjects}
    return Answer(200, body, headers)


def describe_object(org: "Org", request: Request, object_name: str) -> Answer:
    object_type = org.object_type(object_name, request)
    headers, is_unchanged = _conditional(org, request)
    if is_unchanged:
        return Answer(304, None, headers)
    body: dict[str, Any] = {
        **_flags(org, request, object_type),
        **_known(request, _MORE),
        "childRelationships": _children(org.view(request), object_type),
        "fields": [_known(request, dict(sorted(f.describe.items()))) for f in object_type.fields],
        "recordTypeInfos": [
            _known(request, r) for r in _record_types(org, object_type, request.base)
        ],
        "supportedScopes": [
            {"label": label, "name": name} for name, label in object_type.facts["supportedScopes"]
        ],
        "urls": _urls(org, object_type, request.base),
    }
    return Answer(200, dict(sorted(body.items())), headers)


def basic(org: "Org", request: Request, object_name: str) -> Answer:
    """GET /sobjects/X: what the object is, and the records the caller saw last."""
    object_type = org.object_type(object_name, request)
    described = {
        **_flags(org, request, object_type),
        "urls": _short_urls(object_type, request.base),
    }
    seen = recent.items(org, request, object_type)
    return Answer(200, {"objectDescribe": described, "recentItems": seen})


def fingerprint(schema: Schema) -> str:
    """A short text that changes when a described field does."""
    facts = [[o.name, [f.describe for f in o.fields]] for o in schema.objects]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]


def _conditional(org: "Org", request: Request) -> tuple[dict[str, str], bool]:
    fingerprint_seen, since_seen = org.describe_state(request)
    etag = f'"{fingerprint_seen}"'
    is_zipped = "gzip" in request.headers.get("accept-encoding", "")
    told = f'"{fingerprint_seen}--gzip"' if is_zipped else etag
    headers = {"ETag": told, "Last-Modified": format_datetime(since_seen, usegmt=True)}
    since = request.headers.get("if-modified-since")
    if since:
        try:
            return headers, parsedate_to_datetime(since) >= since_seen
        except ValueError:
            return headers, False
    return headers, etag in conditions.tags(request.headers.get("if-none-match", ""))


def _flags(org: "Org", request: Request, object_type: ObjectType) -> dict[str, Any]:
    """The object's own facts, less what the caller may not do."""
    facts = object_type.facts
    flags = {key: facts.get(key, value) for key, value in _FLAGS.items()}
    may = org.permissions(request.user_id)
    flags["createable"] &= may.may_create(object_type.name)
    flags["updateable"] &= may.may_edit(object_type.name)
    flags["deletable"] &= may.may_delete(object_type.name)
    return _known(request, dict(sorted({**flags, **_names(object_type)}.items())))


def _known(request: Request, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts that the version of the request tells."""
    return {key: v for key, v in facts.items() if _SINCE.get(key, 0) <= request.api_version}


def _names(object_type: ObjectType) -> dict[str, Any]:
    return {
        "keyPrefix": object_type.prefix,
        "label": object_type.label,
        "labelPlural": object_type.facts["labelPlural"],
        "name": object_type.name,
    }


def unconditional(object_type: ObjectType, base: str) -> dict[str, Any]:
    """The facts of an object that nobody's permissions narrow, as the Tooling API has them."""
    facts = object_type.facts
    return {
        **{key: facts.get(key, value) for key, value in _FLAGS.items()},
        **_names(object_type),
        "urls": _short_urls(object_type, base),
    }


def _children(schema: Schema, object_type: ObjectType) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": object_type.name in field.cascade,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.children.get(object_type.name),
            "restrictedDelete": False,
        }
        for child in sorted(schema.objects, key=lambda o: o.name)
        for field in sorted(child.fields, key=lambda f: f.name)
        if object_type.name in field.reference_to
        # What was merged away is no child of the record that stayed (R, CumulusCI).
        and field.name != "MasterRecordId"
    ]


def _record_types(org: "Org", object_type: ObjectType, base: str) -> list[dict[str, Any]]:
    """Its record types and, last, the master; the first is the caller's default (R, Account)."""
    named = recordtypes.of_object(org.store, object_type)
    rows = [(r["Id"], r["Name"], r["DeveloperName"], False) for r in named]
    rows.append((MASTER_RECORD_TYPE, "Master", "Master", True))
    layouts = f"{base}/sobjects/{object_type.name}/describe/layouts"
    return [
        {
            "active": True,
            "available": True,
            "defaultRecordTypeMapping": number == 0,
            "developerName": developer_name,
            "master": is_master,
            "name": name,
            "recordTypeId": record_type_id,
            "urls": {"layout": f"{layouts}/{record_type_id}"},
        }
        for number, (record_type_id, name, developer_name, is_master) in enumerate(rows)
    ]


def _short_urls(object_type: ObjectType, base: str) -> dict[str, str]:
    """Where the list of all objects says that an object's resources are (R, nango)."""
    url = f"{base}/sobjects/{object_type.name}"
    offered = _resources(object_type)
    return {
        name: f"{url}{path}"
        for name, path in _RESOURCES.items()
        if name in _ALWAYS or name in offered
    }


def _urls(org: "Org", object_type: ObjectType, base: str) -> dict[str, str]:
    """The same, and the pages of a browser, in the order of recorded describes."""
    pages = {
        "uiDetailTemplate": f"{org.instance_url}/{{ID}}",
        "uiEditTemplate": f"{org.instance_url}/{{ID}}/e",
        "uiNewRecord": f"{org.instance_url}/{object_type.prefix}/e",
    }
    known = {**_short_urls(object_type, base), **pages}
    return {name: known[name] for name in _ORDER if name in known}


def _resources(object_type: ObjectType) -> Iterable[str]:
    """``"resources"`` of a description; else those of most objects, if it has layouts (R)."""
    named: Iterable[str] | None = object_type.facts.get("resources")
    if named is not None:
        return named
    return _USUAL if object_type.facts.get("layoutable", True) else ()


ROUTES = [
    Route("GET", "/sobjects", describe_global),
    Route("GET", "/sobjects/{object_name}", basic),
    Route("GET", "/sobjects/{object_name}/describe", describe_object),
]
