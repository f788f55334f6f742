"""The types of metadata that the org has, and what can be done with each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sync.localorg.metadata import customobjects, listviews, permissionsets
from crm_sync.localorg.metadata.components import Body
from crm_sync.localorg.metadata.shapes import (
    CUSTOM_FIELD,
    CUSTOM_OBJECT,
    LIST_VIEW,
    PERMISSION_SET,
    Shape,
)
from crm_sync.localorg.routing import Request

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

Write = Callable[["Org", Request, str, Body], None]
"""(org, who asks, full name, body); RowError when it is refused."""


@dataclass(frozen=True)
class Listed:
    """A component in a list: its Id, and when and by whom it was made and changed."""

    full_name: str
    id: str
    created_at: str
    created_by: str
    changed_at: str
    changed_by: str


@dataclass(frozen=True)
class MetadataType:
    """One type. ``directory`` and ``suffix`` are those of its files in a package (D)."""

    name: str
    shape: Shape
    directory: str
    suffix: str
    children: tuple[str, ...]
    list_all: Callable[["Org"], list[Listed]]
    read: Callable[["Org", str], Body | None]
    create: Write
    update: Write
    delete: Callable[["Org", Request, str], None]
    parent: str | None = None
    """The type that it is a part of, whose files it stands in."""


def of(name: str) -> MetadataType | None:
    return TYPES.get(name)


# Custom fields ---------------------------------------------------------------------------------


def _read_field(org: "Org", full_name: str) -> Body | None:
    found = org.custom_fields.find(full_name)
    return None if found is None else {"fullName": found.full_name, **found.body}


def _create_field(org: "Org", request: Request, full_name: str, body: Body) -> None:
    org.custom_fields.create(request.user_id, full_name, _definition(body))


def _update_field(org: "Org", request: Request, full_name: str, body: Body) -> None:
    org.custom_fields.update(request.user_id, full_name, _definition(body))


def _delete_field(org: "Org", request: Request, full_name: str) -> None:
    org.custom_fields.delete(request.user_id, full_name)


def _definition(body: Body) -> Body:
    return {key: value for key, value in body.items() if key != "fullName"}


# Lists -----------------------------------------------------------------------------------------


def _list_fields(org: "Org") -> list[Listed]:
    return [
        Listed(c.full_name, c.id, c.created_at, c.created_by, c.changed_at, c.changed_by)
        for c in org.custom_fields.components()
    ]


def _list_views(org: "Org") -> list[Listed]:
    return [
        Listed(c.full_name, c.id, c.created_at, c.created_by, c.changed_at, c.changed_by)
        for c in org.components.all(listviews.TYPE)
    ]


def _list_sets(org: "Org") -> list[Listed]:
    return [
        Listed(
            r["Name"],
            r["Id"],
            r["CreatedDate"],
            r["CreatedById"],
            r["LastModifiedDate"],
            r["LastModifiedById"],
        )
        for r in org.store.records("PermissionSet")
        if not r["IsOwnedByProfile"]
    ]


def _list_objects(org: "Org") -> list[Listed]:
    """An object that came with the org has no Id, and nobody made it (U)."""
    epoch = "1970-01-01T00:00:00.000+0000"
    return [
        Listed(name, "", epoch, org.admin_id, epoch, org.admin_id)
        for name in customobjects.names(org)
    ]


TYPES: Mapping[str, MetadataType] = {
    t.name: t
    for t in (
        MetadataType(
            "CustomObject",
            CUSTOM_OBJECT,
            "objects",
            "object",
            ("CustomField", "ListView"),
            _list_objects,
            customobjects.read,
            customobjects.refuse,
            customobjects.refuse,
            customobjects.refuse_delete,
        ),
        MetadataType(
            "CustomField",
            CUSTOM_FIELD,
            "objects",
            "object",
            (),
            _list_fields,
            _read_field,
            _create_field,
            _update_field,
            _delete_field,
            "CustomObject",
        ),
        MetadataType(
            "ListView",
            LIST_VIEW,
            "objects",
            "object",
            (),
            _list_views,
            listviews.read,
            listviews.create,
            listviews.update,
            listviews.delete,
            "CustomObject",
        ),
        MetadataType(
            "PermissionSet",
            PERMISSION_SET,
            "permissionsets",
            "permissionset",
            (),
            _list_sets,
            permissionsets.read,
            permissionsets.create,
            permissionsets.update,
            permissionsets.delete,
        ),
    )
}
