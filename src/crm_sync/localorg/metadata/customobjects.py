"""Objects as documents: what the org has, to be read and listed; it makes no new ones."""

from typing import TYPE_CHECKING

from crm_sync.localorg.errors import RowError
from crm_sync.localorg.metadata import listviews
from crm_sync.localorg.metadata.components import Body
from crm_sync.localorg.metadata.customfields import ACTIVITIES, ACTIVITY
from crm_sync.localorg.routing import Request
from crm_sync.localorg.signin.permissions import takes_object_permissions

if TYPE_CHECKING:
    from crm_sync.localorg.org import Org

TYPE = "CustomObject"


def names(org: "Org") -> list[str]:
    """Objects with a page in Setup: those that take permissions, activities, and Activity."""
    found = [o.name for o in org.schema.objects if takes_object_permissions(o)]
    return sorted([*found, *(n for n in ACTIVITIES if org.schema.find(n)), ACTIVITY])


def read(org: "Org", full_name: str) -> Body | None:
    """Its custom fields and list views; a custom field of Task or Event stands with Activity."""
    name = {n.lower(): n for n in names(org)}.get(full_name.lower())
    if name is None:
        return None
    object_type = org.schema.find(name)
    views = [c for c in org.components.all(listviews.TYPE) if c.full_name.startswith(f"{name}.")]
    body: Body = {
        "fullName": name,
        "fields": [
            {"fullName": c.full_name.partition(".")[2], **c.body}
            for c in org.custom_fields.components()
            if c.full_name.partition(".")[0] == name
        ],
        "label": object_type.label if object_type else ACTIVITY,
        "listViews": [{"fullName": c.full_name.partition(".")[2], **c.body} for c in views],
        "sharingModel": "ReadWrite",
    }
    return {key: value for key, value in body.items() if value != []}


def refuse(org: "Org", request: Request, full_name: str, body: Body) -> None:
    """Objects come with the org, or from a saved describe."""
    raise RowError(
        "UNKNOWN_EXCEPTION",
        f"The local org makes and changes no objects ({full_name}); custom fields go in as "
        "CustomField.",
    )


def refuse_delete(org: "Org", request: Request, full_name: str) -> None:
    refuse(org, request, full_name, {})
