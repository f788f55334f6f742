"""List views: kept as documents and given back; nothing here shows records by them."""

import re
from typing import TYPE_CHECKING

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.metadata.components import Body
from crm_sync.localorg.metadata.customfields import NEEDS
from crm_sync.localorg.records import values
from crm_sync.localorg.routing import Request

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

TYPE, PREFIX = "ListView", "00B"
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_REQUIRED = ("label", "filterScope")


def read(org: "Org", full_name: str) -> Body | None:
    found = org.components.find(TYPE, full_name)
    return None if found is None else {"fullName": found.full_name, **found.body}


def create(org: "Org", request: Request, full_name: str, body: Body) -> None:
    name = _checked(org, request, full_name, body)
    if org.components.find(TYPE, name) is not None:
        shown = name.partition(".")[2]
        raise RowError(
            "DUPLICATE_DEVELOPER_NAME",
            f"The List View Unique Name, {shown}, is already in use.",
            ["fullName"],
        )
    stamp = values.format_datetime(org.clock())
    org.components.add(
        TYPE, PREFIX, name, _without_name(body), state="", stamp=stamp, user_id=request.user_id
    )


def update(org: "Org", request: Request, full_name: str, body: Body) -> None:
    _checked(org, request, full_name, body)
    found = org.components.find(TYPE, full_name)
    if found is None:
        raise no_such_view(full_name)
    stamp = values.format_datetime(org.clock())
    org.components.change(
        found, _without_name(body), state="", stamp=stamp, user_id=request.user_id
    )


def delete(org: "Org", request: Request, full_name: str) -> None:
    _allow(org, request)
    found = org.components.find(TYPE, full_name)
    if found is None:
        raise no_such_view(full_name)
    org.components.remove(found)


def no_such_view(full_name: str) -> RowError:
    return RowError("INVALID_CROSS_REFERENCE_KEY", f"no ListView named {full_name} found")


def _checked(org: "Org", request: Request, full_name: str, body: Body) -> str:
    """The name as the org writes it; RowError where there can be no such view."""
    _allow(org, request)
    owner, _, name = full_name.partition(".")
    object_type = org.schema.find(owner)
    if object_type is None:
        raise RowError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"Entity Enumeration Or ID: bad value for restricted picklist field: {owner}",
            ["fullName"],
        )
    if not _NAME.fullmatch(name):
        raise RowError(
            "FIELD_INTEGRITY_EXCEPTION",
            "The List View Unique Name can only contain underscores and alphanumeric characters. "
            "It must be unique, begin with a letter, not include spaces, not end with an "
            "underscore, and not contain two consecutive underscores.",
            ["fullName"],
        )
    for key in _REQUIRED:
        if not body.get(key):
            raise RowError("REQUIRED_FIELD_MISSING", f"Required field is missing: {key}", [key])
    return f"{object_type.name}.{name}"


def _allow(org: "Org", request: Request) -> None:
    if not org.permissions(request.user_id).has(NEEDS):
        raise RowError("INSUFFICIENT_ACCESS", "insufficient access rights on object id")


def _without_name(body: Body) -> Body:
    return {key: value for key, value in body.items() if key != "fullName"}
