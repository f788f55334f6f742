"""What Salesforce does to a record beyond its field types, one small module per object.

A module offers ``apply(change)``, which completes ``change.new`` or raises RowError, and may offer
``complete(store, records)`` for what needs a look at other records, once for all rows, and
``after(store, records)`` for what follows from rows that are written. An object without a module
has no rules.
"""

from crm_sync.localorg.records.rules import (
    access,
    campaignmember,
    contact,
    event,
    lead,
    opportunity,
    task,
    user,
)
from crm_sync.localorg.records.rules.change import Change, Rules
from crm_sync.localorg.schema import ObjectType

__all__ = ["Change", "of"]

_NONE = Rules()
_BY_OBJECT = {
    "CampaignMember": Rules(campaignmember.apply, refuse=campaignmember.refuse),
    "Contact": Rules(contact.apply),
    "Event": Rules(event.apply, event.complete),
    "FieldPermissions": Rules(access.apply_field, after=access.drop_empty),
    "Lead": Rules(lead.apply),
    "ObjectPermissions": Rules(access.apply_object, after=access.drop_empty),
    "Opportunity": Rules(opportunity.apply),
    "PermissionSetAssignment": Rules(access.apply_assignment),
    "Task": Rules(task.apply, task.complete),
    "User": Rules(user.apply),
}


def of(object_type: ObjectType) -> Rules:
    """The rules of an object."""
    return _BY_OBJECT.get(object_type.name, _NONE)
