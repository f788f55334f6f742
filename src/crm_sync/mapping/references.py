"""Lookups to records that are not ours, against what the org says of those records' objects.

In: a mapping and the facts of the objects that it writes and names. Out: MappingError or
OrgAccessError with the line of the mapping file.
"""

from __future__ import annotations

from collections.abc import Mapping as Map

from crm_sync.errors import MappingError
from crm_sync.mapping.model import Mapping
from crm_sync.names import nearest
from crm_sync.salesforce.describe import ObjectFacts

__all__ = ["check_references"]

TEXTS = frozenset(
    {
        "combobox",
        "email",
        "encryptedstring",
        "id",
        "phone",
        "picklist",
        "reference",
        "string",
        "url",
    }
)
"""Types whose values a query compares with text (SOQL and SOSL Reference, fieldExpression)."""


def check_references(mapping: Mapping, facts: Map[str, ObjectFacts]) -> None:
    """Raises where a record could not be searched by the field that `by` names, and where a field
    that is never empty would be left empty.
    """
    for name, reference in mapping.references.items():
        where = mapping.where("lookups", name)
        known = facts[reference.object].fields
        field = known.get(reference.by)
        if field is None:
            raise MappingError(
                f"{reference.object} has no field {reference.by} in this org, or our user may not "
                f"see it.{nearest(reference.by, known)}",
                "Correct the name, or let a permission set grant the field.",
                where,
            )
        if field.type not in TEXTS or not field.filterable:
            raise MappingError(
                f"{reference.object} records cannot be found by {reference.by}: Salesforce does "
                f"not search a {field.type} field for a text.",
                "Name a field that holds a short text, such as Email, Name or DeveloperName.",
                where,
            )
        own = facts[mapping.object].fields[name]
        if reference.otherwise == "blank" and not own.nillable:
            raise MappingError(
                f"{mapping.object}.{name} cannot be empty, so it cannot be left blank.",
                "Say otherwise: default, or otherwise: error.",
                where,
            )
